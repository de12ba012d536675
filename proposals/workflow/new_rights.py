"""Rights change: whoever can now decide on what waits is asked, and a delegate is told.

To be called by every door through which rights come and go, in the transaction of the change. Who
has been asked already is what the notices of each submission say, so that it may be called at any
time; somebody whose request was withdrawn, for they could no longer decide, is asked again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from ..models import (
    Delegation,
    Involvement,
    Notice,
    Proposal,
    RightsChange,
    Side,
    Transition,
    User,
    extent_of,
    missing_stewards,
    pieces,
    prefetch_rights,
)
from . import notices
from .mails import compose, in_time_of, link_to
from .retry import retrying_transaction

# Of open proposals, looked through for people who can newly decide; whoever may decide on older
# ones finds them in the inbox, and is reminded.
MOST_LOOKED_THROUGH = 1000
MOST_LISTED = 25  # proposals in one mail


@dataclass(frozen=True)
class Waiting:
    """A proposal that waits for one person: its which submission, and by what rights of theirs."""

    proposal: Proposal
    submission: Transition
    asks: list[notices.Ask]

    @property
    def link(self) -> str:
        return link_to(self.proposal)


def rights_changed(*, by: User | None, at: datetime, systems: Iterable[int] | None = None) -> str:
    """Leave to the worker to ask those who can decide now, on `systems` (ids) or anywhere; and the
    warning that stewards are missing, empty if none are.
    """
    # What is told of the past is no news.
    if at >= timezone.now() - notices.NEWS:
        concerned = None if systems is None else sorted(systems)
        RightsChange.objects.create(by=by, at=at, systems=concerned)
    return missing_stewards()


@retrying_transaction
def ask_after(change: RightsChange, at: datetime) -> int:
    """Ask those who can decide since then; how many. Whoever comes second finds it done."""
    change = RightsChange.objects.select_for_update().get(pk=change.pk)
    if change.done_at:
        return 0
    concerned = change.systems
    proposals = Proposal.objects.open() if concerned is None else _open_on(concerned)
    asked = ask_newly_able(proposals, by=change.by, at=at)
    change.done_at = at
    change.save(update_fields=["done_at"])
    return asked


def ask_newly_able(proposals: QuerySet[Proposal], *, by: User | None, at: datetime) -> int:
    """Ask each person who can decide on open `proposals` and was not asked to, once for all of
    them; how many people. Never `by`, whose act gave the right.
    """
    if at < timezone.now() - notices.NEWS:
        return 0
    newly_able = _newly_able(proposals, by)
    for person, waiting in newly_able.items():
        number = len(waiting)
        what = "1 proposal" if number == 1 else f"{number} proposals"
        summary = f"You can now decide on {what} that {'waits' if number == 1 else 'wait'}."
        subject = f"Please decide: {what} you can now decide on"
        _inform(person, subject, summary, _requests(person, waiting, at), waiting)
    return len(newly_able)


def tell_of_delegations(delegations: Sequence[Delegation], *, by: User, at: datetime) -> None:
    """The delegate hears, once for those of one person over the same time, that they were made,
    and what then waits; or that they ended early.
    """
    delegation, where = delegations[0], extent_of(delegations)
    record = delegation.history.latest()
    person, giver = delegation.delegate, delegation.delegator
    waiting: list[Waiting] = []
    if delegation.ends_at > at:
        with in_time_of(person):
            summary = f"{giver} lets you decide for them{where} {delegation.period}."
        subject = f"You decide for {giver}"
        waiting = _newly_able(_open_on(_lent_systems(delegations)), by, only=person).get(person, [])
    else:
        summary = f"{giver} ended the delegation to you: you no longer decide for them{where}."
        subject = f"You no longer decide for {giver}"
    if not person.is_active or person == by:
        return
    made = Notice(delegation=record, recipient=person, summary=summary, at=at)
    _inform(person, subject, summary, [made, *_requests(person, waiting, at)], waiting)


def ask_delegates(at: datetime) -> int:
    """Ask those whose delegation has begun since yesterday; how many."""
    begun = Delegation.objects.filter(starts_at__gt=at - notices.NEWS, starts_at__lte=at)
    systems = _lent_systems(begun.filter(ends_at__gt=at))
    return ask_newly_able(_open_on(systems), by=None, at=at)


def _lent_systems(delegations: Iterable[Delegation]) -> set[int]:
    """The systems (ids) for which somebody may decide by one of these."""
    lent = {(delegation.delegator_id, delegation.system_id) for delegation in delegations}
    whole = [delegator for delegator, system in lent if system is None]
    parts = Involvement.objects.open().filter(user__in=whole)
    named = {system for _, system in lent if system is not None}
    return named | set(parts.values_list("system_id", flat=True))


def _open_on(systems: Iterable[int]) -> QuerySet[Proposal]:
    """The open proposals with one of `systems` (ids) at either end."""
    # Two look-ups by index; one condition for both ends would read all open ones.
    named, ids = set(systems), set()
    for side in Side:
        on_side = Proposal.objects.open().filter(**{f"{side.lower()}__in": named})
        ids |= set(on_side.values_list("pk", flat=True))
    return Proposal.objects.filter(pk__in=ids)


def _newly_able(
    proposals: QuerySet[Proposal], by: User | None, only: User | None = None
) -> dict[User, list[Waiting]]:
    """Who can decide on which of `proposals` without having been asked, but for `by`."""
    newly_able: dict[User, list[Waiting]] = {}
    newest = list(proposals.order_by("-pk").values_list("pk", flat=True)[:MOST_LOOKED_THROUGH])
    listed = Proposal.objects.filter(pk__in=newest)
    listed = listed.select_related("source", "target", "maker").order_by("submitted_at", "pk")
    for chunk in pieces(listed):
        prefetch_rights(chunk)
        submissions = _submissions(chunk)
        asked = set(
            Notice.objects.filter(
                transition__in=submissions.values(), reminder_day=0, withdrawn=False
            ).values_list("proposal", "recipient")
        )
        for proposal in chunk:
            for person, asks in notices.able_to_decide(proposal).items():
                is_meant = person != by and (only is None or person == only)
                if is_meant and notices.wants_any(person) and (proposal.pk, person.pk) not in asked:
                    waiting = Waiting(proposal, submissions[proposal.pk], asks)
                    newly_able.setdefault(person, []).append(waiting)
    return newly_able


def _submissions(proposals: list[Proposal]) -> dict[int, Transition]:
    """The submission of each, by its id."""
    steps = Transition.objects.filter(proposal__in=proposals, action__in=notices.submitting())
    return {step.proposal_id: step for step in steps.order_by("number")}


def _requests(person: User, waiting: list[Waiting], at: datetime) -> list[Notice]:
    return [
        Notice(
            transition=row.submission,
            proposal=row.proposal,
            recipient=person,
            summary=f"You can now decide on proposal {row.proposal.pk} of {row.proposal.maker}, "
            f"{notices.route(row.proposal)}.",
            at=at,
            read_at=at,
        )
        for row in waiting
    ]


def _inform(
    person: User, subject: str, summary: str, told: list[Notice], waiting: list[Waiting]
) -> None:
    """Keep what is told, and one mail for all of it where the person wants each event."""
    mail = None
    if notices.wants_each(person):
        content = {
            "summary": summary,
            "waiting": waiting[:MOST_LISTED],
            "more": len(waiting[MOST_LISTED:]),
        }
        mail = compose(person, subject, "waiting", content)
        mail.save()
    for notice in told:
        notice.mail, notice.withdrawn = mail, not notices.wants_any(person)
    Notice.objects.bulk_create(
        told,
        update_conflicts=True,
        unique_fields=["transition", "reminder_day", "recipient"],
        # Not what it says nor when: that is in the record since the first time.
        update_fields=["mail", "withdrawn"],
    )
