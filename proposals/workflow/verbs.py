"""The one door through which a proposal moves.

Each verb is one transaction: it locks the proposal, judges the right, makes the move, appends the
transition, writes the history and does what follows. It does all of that or, raising Refused, none.
`by` acts; `at` is now unless a story of the past is told. Now is read when the locks are held:
whoever waited for another comes after.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone
from django_fsm import TransitionNotAllowed

from ..errors import Conflict, Invalid, NoRight, Refused
from ..models import (
    Action,
    Basis,
    ChangeContext,
    DataType,
    Policy,
    Proposal,
    ProposalType,
    Right,
    RightsContext,
    Side,
    SideWithoutApprover,
    Transition,
    User,
    WebhookDelivery,
    actions,
    end_states,
    evidence,
    folded,
    lock_person,
    lock_rights,
    on_submission,
    rights_on,
    verbs,
)
from . import new_rights, notices, provisioning
from .retry import retrying_transaction


@retrying_transaction
def save_draft(
    proposal: Proposal, data_types: Iterable[DataType], *, by: User, at: datetime | None = None
) -> None:
    """Keep a new or changed draft. Only its maker may, and only while it is a draft: after that
    content is frozen.
    """
    _save_draft(proposal, data_types, by=by, at=at)


def _save_draft(
    proposal: Proposal, data_types: Iterable[DataType], *, by: User, at: datetime | None
) -> None:
    if proposal.pk:
        # The row as stored, not the one handed in: a form may have set fields of that one already.
        stored = _locked(proposal, by)
        _right(stored, actions()["propose"], by)
        if not stored.is_draft:
            raise Conflict("This proposal has been submitted; its content can no longer change.")
    elif proposal.maker_id != by.pk or not proposal.is_draft:
        raise NoRight("Everybody proposes for themselves.")
    elif proposal.revises:
        require_revisable(_locked(proposal.revises, by), by)
    at = at or timezone.now()
    if not proposal.pk:
        proposal.created_at = at
    if proposal.type == ProposalType.EDIT:
        proposal.settle_specification()
    context = ChangeContext(by, at, "Draft saved", proposal=proposal)
    context.store(proposal, data_types=_types_kept(proposal, data_types))


def _types_kept(proposal: Proposal, data_types: Iterable[DataType]) -> Iterable[DataType]:
    """Those of an existing specification that says what it carries, whatever is asked for."""
    if proposal.type == ProposalType.CREATE and proposal.specification:
        return list(proposal.specification.data_types.all()) or data_types
    return data_types


def check(proposal: Proposal, data_types: Iterable[DataType]) -> None:
    """Raise, on a look and without a lock, why its maker could not `submit` this draft now, if so.
    Nothing is written; it need not be saved.
    """
    proposal.set_content_key()
    provisioning.check_submission(proposal, _types_kept(proposal, data_types))
    automatic = {action.side for action, _ in on_submission(proposal, verbs()["approve"].actions)}
    _require_approvers(proposal, set(Side) - automatic)


def require_revisable(proposal: Proposal, by: User) -> None:
    """Raise why `by` cannot begin the next round of it, if they cannot."""
    if proposal.maker_id != by.pk:
        raise NoRight(f"Only its maker, {proposal.maker}, can revise it.", proposal)
    if not proposal.can_be_revised:
        raise Conflict("Only what was closed without agreement can be revised.", proposal)
    if proposal.next_round:
        raise Conflict("You have revised it already.", proposal.next_round)


@retrying_transaction
def submit(
    proposal: Proposal,
    data_types: Iterable[DataType],
    *,
    by: User,
    token: str = "",
    at: datetime | None = None,
    in_digest: bool = False,
) -> None:
    """Save the draft and propose it; if it cannot be proposed, it is not saved either."""
    is_new = proposal.pk is None
    _save_draft(proposal, data_types, by=by, at=at)
    try:
        _act(proposal, "propose", by=by, token=token, at=at, in_digest=in_digest)
    except Exception:
        if is_new:
            # The rollback took the row away; with its key kept, the next attempt would look for it.
            proposal.pk, proposal._state.adding = None, True
        raise
    # Moved was the locked copy, so the caller's object still says that it is a draft.
    proposal.refresh_from_db()


@retrying_transaction
def act(
    proposal: Proposal,
    verb: str,
    *,
    by: User,
    sides: Iterable[str] = (),
    comment: str = "",
    token: str = "",
    at: datetime | None = None,
    in_digest: bool = False,
) -> Proposal:
    """Do what `verb` names to the proposal, as the table says: for each of `sides` where its
    actions have one, each recorded as a transition of its own. With both sides approved the flow
    enters the register. `token` is the name of that of `by` through which it is done, if it is.
    `in_digest` it is one of many: nobody gets a mail for it alone.

    Refused (NoRight, Conflict, Invalid) without the right for every side named, in a state from
    which the table knows no such step, without a comment that the table asks for, and with the
    cause when what was proposed can no longer be applied: then nothing has changed. Of `proposal`
    only the key is asked; it need not have been read.
    """
    return _act(
        proposal, verb, by=by, sides=sides, comment=comment, token=token, at=at, in_digest=in_digest
    )


def _act(
    proposal: Proposal,
    verb: str,
    *,
    by: User,
    sides: Iterable[str] = (),
    comment: str = "",
    token: str,
    at: datetime | None,
    in_digest: bool,
) -> Proposal:
    proposal = _locked(proposal, by)
    at = at or timezone.now()
    if token and verbs()[verb].sides:
        require_api_decisions(proposal.policy)
    before = len(proposal.steps)
    judged = _judged(proposal, verb, set(sides), by=by, comment=comment)
    first, right = judged[0]
    if first.submits:
        steps = [_submitted(proposal, first, right=right, token=token, at=at)]
    else:
        steps = [
            _move(proposal, action, right=right, comment=comment, token=token, at=at)
            for action, right in judged
        ]
    _complete_if_agreed(proposal, by=by, token=token, at=at)
    _tell(proposal, steps, proposal.steps[before:], in_digest)
    if not proposal.policy.one_person_both_sides and not first.submits:
        # Who has decided is barred from the other side, which may be left to the stewards then.
        still_open = Proposal.objects.open().filter(pk=proposal.pk)
        new_rights.ask_newly_able(still_open, by=by, at=at)
    return proposal


def propose(
    proposal: Proposal,
    *,
    by: User,
    token: str = "",
    at: datetime | None = None,
    in_digest: bool = False,
) -> Proposal:
    """Put a draft before the approvers of both sides."""
    return act(proposal, "propose", by=by, token=token, at=at, in_digest=in_digest)


def approve(
    proposal: Proposal,
    *,
    sides: Iterable[str],
    by: User,
    comment: str = "",
    at: datetime | None = None,
) -> Proposal:
    """Approve for the sides named."""
    return act(proposal, "approve", by=by, sides=sides, comment=comment, at=at)


def reject(
    proposal: Proposal, *, side: str, by: User, comment: str, at: datetime | None = None
) -> Proposal:
    """End it for one side."""
    return act(proposal, "reject", by=by, sides=[side], comment=comment, at=at)


def request_changes(
    proposal: Proposal, *, side: str, by: User, comment: str, at: datetime | None = None
) -> Proposal:
    """End this round for one side, for its maker to revise it."""
    return act(proposal, "return", by=by, sides=[side], comment=comment, at=at)


def cancel(
    proposal: Proposal, *, by: User, comment: str = "", at: datetime | None = None
) -> Proposal:
    """The maker takes it back, from the draft or any open state."""
    return act(proposal, "cancel", by=by, comment=comment, at=at)


def _judged(
    proposal: Proposal, verb: str, sides: set[str], *, by: User, comment: str
) -> list[tuple[Action, Right]]:
    """The actions of the verb that are meant, each with the right of `by` to it; Refused, as `act`
    says, where one of them is not to be done.
    """
    chosen = _chosen(proposal, verb, sides)
    if chosen[0].comment_is_required and not folded(comment):
        raise Invalid(comment=chosen[0].comment_is_required)
    # Each side as it stands now, before the first of two decisions moves the state.
    rights = [_right(proposal, action, by) for action in chosen]
    # After the rights: whoever has none is refused for that, in every state.
    for action in chosen:
        _require_state(proposal, action)
    return list(zip(chosen, rights, strict=True))


def _chosen(proposal: Proposal, verb: str, sides: set[str]) -> list[Action]:
    """The actions of a verb that are meant, in the order of the table."""
    known = verbs()[verb]
    if not known.sides:
        return known.actions
    chosen = [action for action in known.actions if action.side in sides]
    if not chosen or (len(chosen) > 1 and not known.words.is_for_several_sides):
        raise Invalid(side=f"Say for which side you {verb}.")
    if len(chosen) > 1 and not proposal.policy.one_person_both_sides:
        raise NoRight(f"This proposal needs two people, so {verb} for one side.")
    return chosen


def _submitted(
    proposal: Proposal, action: Action, *, right: Right, token: str, at: datetime
) -> Transition:
    """The step that puts a draft before the approvers, and the decisions that follow from it."""
    proposal.set_content_key()
    # Read once: what is asked for goes into the mails too.
    prefetch_related_objects([proposal], "data_types")
    provisioning.check_submission(proposal, proposal.data_types.all())
    proposal.submitted_at = at
    # In UTC: a local moment would keep the hour on the wall, where summer time makes that another
    # number of hours than the database counts.
    proposal.due_at = at.astimezone(UTC) + timedelta(days=proposal.policy.time_out_days)
    try:
        # A savepoint: on PostgreSQL a refused statement ends the transaction for whatever comes
        # after it, and the twin must still be read.
        with transaction.atomic():
            step = _move(proposal, action, right=right, token=token, at=at)
    except IntegrityError:
        # Somebody submitted the same between our look and our write: the unique index saw it, and
        # now we see it too.
        provisioning.check_submission(proposal, proposal.data_types.all())
        raise Conflict("Somebody submitted the same at this very moment.") from None
    for approval, automatic in on_submission(proposal, verbs()["approve"].actions):
        _move(proposal, approval, right=automatic, token=token, at=at, automatic=True)
    # After the automatic approvals, since a side that they decide needs no approver.
    _require_approvers(proposal, proposal.undecided_sides)
    return step


def _require_approvers(proposal: Proposal, sides: Iterable[str]) -> None:
    """Where the policy refuses a side without approver: refuse it."""
    if proposal.policy.side_without_approver != SideWithoutApprover.REFUSE:
        return
    for side in sides:
        if not any(right.may_approve for right in rights_on(proposal, side)):
            system = proposal.system(side)
            raise Conflict(
                f"Nobody can approve for the {side.lower()}, {system}, so it cannot be submitted.",
                system,
            )


def _complete_if_agreed(proposal: Proposal, *, by: User, token: str, at: datetime) -> None:
    """With the approvals of both sides the proposal is applied and complete."""
    if {row.side for row in proposal.rights.decisions if row.approves} != set(Side.values):
        return
    # Words for readers alone; that the proposal was the cause is a foreign key of the history row.
    why = f"Proposal {proposal.pk}: fully approved"
    provisioning.apply(proposal, ChangeContext(by, at, why, proposal=proposal))
    right = Right(by, Basis.BOTH_SIDES, "Both sides have approved")
    _move(proposal, actions()["complete"], right=right, token=token, at=at, automatic=True)


@retrying_transaction
def time_out(proposal: Proposal, *, at: datetime | None = None) -> Proposal:
    """The clock ends it. Refused before `due_at`."""
    proposal = _locked(proposal)
    action = actions()["time_out"]
    _require_state(proposal, action)
    at = at or timezone.now()
    if proposal.due_at is None or at <= proposal.due_at:
        raise Refused("Its deadline has not passed.")
    right = Right(None, Basis.CLOCK, "Clock")
    step = _move(proposal, action, right=right, at=at, automatic=True)
    _tell(proposal, [step], [step])
    return proposal


def _tell(
    proposal: Proposal, done: list[Transition], all_steps: list[Transition], in_digest: bool = False
) -> None:
    """People of what was `done`, programs of that and of what followed from it too."""
    for step in done:
        notices.tell(proposal, step, in_digest)
    WebhookDelivery.objects.queue(proposal, all_steps)


def require_api_decisions(policy: Policy) -> None:
    """Raise that no program decides, where the policy says so."""
    if not policy.api_decisions:
        raise NoRight("The policy lets nobody decide through the API. Decide on the page.")


def refuse(proposal: Proposal, verb: str, by: User) -> None:
    """Raise, on a look and without a lock, what the verb would: the cause why `by` has none of its
    actions now.
    """
    possible = verbs()[verb].actions
    for action in possible:
        if action.role(proposal, by):
            _require_state(proposal, action)
    _right(proposal, possible[0], by)


def _locked(proposal: Proposal, by: User | None = None) -> Proposal:
    """The row as it is now, locked until the transaction ends; and with it whatever gives somebody
    a right on it.

    So a withdrawal of the right and a decision cannot cross: the order of commits decides. Locks
    are taken in one order everywhere (proposal, systems by id, then what gives rights), so that
    nobody waits in a circle.
    """
    locked = (
        # `of`: else every joined row is locked too, and PostgreSQL refuses that of the reason,
        # since there may be none.
        Proposal.objects.select_for_update(of=("self",))
        .select_related("maker", "reason", "specification")
        .get(pk=proposal.pk)
    )
    ends = [locked.source_id, locked.target_id]
    held = lock_rights(ends)
    locked.source, locked.target = (held.systems[end] for end in ends)
    if by:
        lock_person(by, held)
    # With who took them: the news of a step names those who decided before.
    locked.steps = list(locked.transitions.select_related("by"))
    decisions = [step for step in locked.steps if step.side]
    locked.rights = RightsContext.of(ends, decisions, held.delegations)
    return locked


def _right(proposal: Proposal, action: Action, by: User) -> Right:
    right = action.role(proposal, by)
    if right is None:
        raise NoRight(action.role.refusal(proposal, by))
    return right


def _require_state(proposal: Proposal, action: Action) -> None:
    if proposal.state in action.sources:
        return
    if proposal.is_draft:
        raise Conflict("This proposal has not been submitted yet.", proposal)
    last = proposal.last_transition()
    raise Conflict(last.sentence if last else "", proposal)


def _change_state(proposal: Proposal, action: Action) -> None:
    try:
        # django-fsm judges states only: it never asks who, so the right was judged before.
        getattr(proposal, action.name)()
    except TransitionNotAllowed:
        _require_state(proposal, action)
        raise


def _move(
    proposal: Proposal,
    action: Action,
    *,
    right: Right,
    at: datetime,
    comment: str = "",
    token: str = "",
    automatic: bool = False,
) -> Transition:
    """One row of the table carried out: state, history and transition."""
    before, last = proposal.state, proposal.last_transition()
    # The clocks of two servers differ a little, and the record runs forward.
    at = max(at, last.at) if last else at
    _change_state(proposal, action)
    if proposal.state in end_states():
        # By a clock that is ahead, a remark may be dated later than now: none comes after the end.
        newest_remark = proposal.remarks.order_by("-pk").values_list("at", flat=True).first()
        at = max(at, newest_remark) if newest_remark else at
        proposal.closed_at = at
    why = f"Proposal {proposal.pk}: {action.done}"
    ChangeContext(right.user, at, why, proposal=proposal).store(proposal)
    step = Transition.objects.create(
        proposal=proposal,
        # The lock on the proposal lets nobody else count at the same time.
        number=last.number + 1 if last else 1,
        action=action.name,
        from_state=before,
        to_state=proposal.state,
        side=action.side,
        by=right.user,
        on_behalf_of=right.on_behalf_of,
        capacity=right.capacity,
        basis=right.basis,
        **evidence(right),
        policy_id=proposal.policy.version_id,
        comment=comment.strip(),
        automatic=automatic,
        token=token,
        at=at,
    )
    # Read once, before this step; the second of two decisions has to know of the first.
    proposal.steps.append(step)
    if action.side:
        proposal.rights.decisions.append(step)
    return step
