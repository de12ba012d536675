"""The life of a proposal: the one table from which all else follows.

Pages, buttons, the confirmation of an action, notices, the diagram, index conditions, guards and
the matrix of the tests read it. A new state or action is a row here (and `makemigrations`), and a
change to nothing that merely displays it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from django.db import models
from django_fsm import GET_STATE, RETURN_VALUE, FSMField, FSMModelMixin, transition

from .rights import Basis
from .roles import Approver, Automatic, Maker


class State(models.TextChoices):
    PROPOSED_CREATE = "PROPOSED_CREATE", "Draft"
    PENDING_APPROVALS = "PENDING_APPROVALS", "Pending approvals"
    SOURCE_APPROVED = "SOURCE_APPROVED", "Source approved"
    TARGET_APPROVED = "TARGET_APPROVED", "Target approved"
    FULLY_APPROVED = "FULLY_APPROVED", "Fully approved"
    SOURCE_REJECTED = "SOURCE_REJECTED", "Source rejected"
    TARGET_REJECTED = "TARGET_REJECTED", "Target rejected"
    RETURNED = "RETURNED", "Changes requested"
    CANCELLED = "CANCELLED", "Cancelled"
    TIMED_OUT = "TIMED_OUT", "Timed out"


class Side(models.TextChoices):
    SOURCE = "SOURCE"
    TARGET = "TARGET"


DRAFT = State.PROPOSED_CREATE
SOURCE_UNDECIDED = [State.PENDING_APPROVALS, State.TARGET_APPROVED]
TARGET_UNDECIDED = [State.PENDING_APPROVALS, State.SOURCE_APPROVED]

# The words of a verb are the same for both sides: a row adds only what was done, and where.
APPROVE = {
    "label": "Approve",
    "question": "Approve this proposal?",
    "explanation": "With the approvals of both sides the register changes.",
    "explanation_of_last": "Yours is the last approval: with it the register changes.",
    "is_for_several_sides": True,
    "verdict": "Approved",
    "event": "approved",
}
RETURN = {
    "label": "Request changes",
    "question": "Request changes to this proposal?",
    "explanation": "It goes back to its maker, who can revise it. Both sides then decide anew.",
    "style": "",
    "comment": "What should change? The maker will read it.",
    "comment_is_required": "Say what should change: the maker needs to know.",
    "verdict": "Changes requested",
    "event": "returned",
}
REJECT = {
    "label": "Reject",
    "question": "Reject this proposal?",
    "explanation": "Your rejection ends it, for both sides.",
    "style": "danger",
    "comment": "Why? The maker will read it.",
    "comment_is_required": "Say why you reject: the maker needs to know.",
    "verdict": "Rejected",
    "event": "rejected",
    "look": "bad",
}


class ProposalStates(FSMModelMixin, models.Model):
    """The table. Each row: from, to, who (`permission`), and in `custom` what `Action` declares:
    its words, its style, and the side that decides.

    The methods change `state` and nothing else; `workflow` is the only caller.
    """

    # Protected, so that no assignment elsewhere goes round the table.
    state = FSMField(max_length=30, choices=State, default=DRAFT, protected=True)

    class Meta:
        abstract = True

    @transition(
        state,
        source=DRAFT,
        target=State.PENDING_APPROVALS,
        permission=Maker(),
        custom={
            "label": "Submit",
            "button": "Submit for approval",
            "question": "Submit this proposal?",
            "explanation": "The approvers of both sides will be asked. "
            "Its content can no longer change after that.",
            "done": "submitted",
            "event": "submitted",
            "comment": "",
            "submits": True,
        },
    )
    def propose(self) -> None: ...

    @transition(
        state,
        source=SOURCE_UNDECIDED,
        target=State.SOURCE_APPROVED,
        permission=Approver(Side.SOURCE, ("may_approve",)),
        custom=APPROVE | {"done": "approved for the source", "side": Side.SOURCE},
    )
    def approve_source(self) -> None: ...

    @transition(
        state,
        source=TARGET_UNDECIDED,
        target=State.TARGET_APPROVED,
        permission=Approver(Side.TARGET, ("may_approve",)),
        custom=APPROVE | {"done": "approved for the target", "side": Side.TARGET},
    )
    def approve_target(self) -> None: ...

    @transition(
        state,
        source=[State.SOURCE_APPROVED, State.TARGET_APPROVED],
        target=State.FULLY_APPROVED,
        permission=Automatic("follows by itself when both sides have approved", Basis.BOTH_SIDES),
        custom={
            "label": "Complete",
            "done": "completed",
            "event": "completed",
            "look": "good",
        },
    )
    def complete(self) -> None: ...

    @transition(
        state,
        source=SOURCE_UNDECIDED,
        target=State.RETURNED,
        permission=Approver(Side.SOURCE, ("may_approve", "may_reject")),
        custom=RETURN | {"done": "requested changes for the source", "side": Side.SOURCE},
    )
    def return_source(self) -> None: ...

    @transition(
        state,
        source=TARGET_UNDECIDED,
        target=State.RETURNED,
        permission=Approver(Side.TARGET, ("may_approve", "may_reject")),
        custom=RETURN | {"done": "requested changes for the target", "side": Side.TARGET},
    )
    def return_target(self) -> None: ...

    @transition(
        state,
        source=SOURCE_UNDECIDED,
        target=State.SOURCE_REJECTED,
        permission=Approver(Side.SOURCE, ("may_reject",)),
        custom=REJECT | {"done": "rejected for the source", "side": Side.SOURCE},
    )
    def reject_source(self) -> None: ...

    @transition(
        state,
        source=TARGET_UNDECIDED,
        target=State.TARGET_REJECTED,
        permission=Approver(Side.TARGET, ("may_reject",)),
        custom=REJECT | {"done": "rejected for the target", "side": Side.TARGET},
    )
    def reject_target(self) -> None: ...

    @transition(
        state,
        source=[DRAFT, State.PENDING_APPROVALS, State.SOURCE_APPROVED, State.TARGET_APPROVED],
        target=State.CANCELLED,
        permission=Maker(),
        custom={
            "label": "Cancel proposal",
            "button": "Cancel the proposal",
            "question": "Cancel this proposal?",
            "explanation": "It ends here, for good. You can always propose again.",
            "done": "cancelled",
            "event": "cancelled",
            "style": "quiet",
            "shows_content": False,
        },
    )
    def cancel(self) -> None: ...

    @transition(
        state,
        source=[State.PENDING_APPROVALS, State.SOURCE_APPROVED, State.TARGET_APPROVED],
        target=State.TIMED_OUT,
        permission=Automatic(
            "is done by the clock alone, when the deadline has passed", Basis.CLOCK
        ),
        custom={"label": "Time out", "done": "timed out", "event": "timed_out"},
    )
    def time_out(self) -> None: ...


@dataclass(frozen=True)
class Action:
    """One method of the table with all its rows: the states it leads from, those it may lead to,
    who, and its words.

    `label` stands on the button that leads to the question, `button` on the one that answers it.
    `done` is what happened, in the past tense. `style` is the look of the button: primary, danger,
    quiet, or a plain one if empty. `comment` labels the field for a comment, empty where none is
    asked; `comment_is_required` says what a missing one is refused with. `verdict` is what a
    decision comes to, in one word. `look` is that of the state it leads to: open, good, bad or
    ended. An action that `submits` puts a draft before the approvers, who are then asked. `event`
    is what webhooks call it, for good: its verb if it has none.
    """

    name: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    role: Maker | Approver | Automatic
    label: str
    done: str
    side: str = ""
    button: str = ""
    question: str = ""
    explanation: str = ""
    explanation_of_last: str = ""
    style: str = "primary"
    comment: str = "Comment (optional)"
    comment_is_required: str = ""
    verdict: str = ""
    look: str = ""
    event: str = ""
    is_for_several_sides: bool = False
    submits: bool = False
    shows_content: bool = True

    @property
    def verb(self) -> str:
        """`approve` of approve_source: the part of the name that says what, without the side."""
        return self.name.removesuffix(f"_{self.side.lower()}") if self.side else self.name

    @property
    def kind_of_event(self) -> str:
        """The same for both sides."""
        return f"proposal.{self.event or self.verb}"

    @property
    def is_automatic(self) -> bool:
        return isinstance(self.role, Automatic)


@dataclass(frozen=True)
class Verb:
    """What somebody can do to a proposal: the actions that differ only in their side."""

    name: str
    actions: list[Action] = field(default_factory=list)

    @property
    def words(self) -> Action:
        """The actions of one verb share their words."""
        return self.actions[0]

    @property
    def sides(self) -> list[str]:
        return [action.side for action in self.actions if action.side]


Table = type[models.Model]


@cache
def actions(table: Table = ProposalStates) -> dict[str, Action]:
    """The table as data, in the order it is written; `table` may be an extended copy."""
    named = {}
    # By vars(), which keeps the order in which they are written, as dir() would not; a copy that
    # extends the table begins with what it extends.
    for cls in reversed(table.__mro__):
        for name, method in vars(cls).items():
            meta = getattr(method, "_django_fsm", None)
            if meta:
                # django-fsm keeps one entry for each source, alike in all but that.
                row = next(iter(meta.transitions.values()))
                words = {"label": name, "done": name} | row.custom
                words["button"] = words.get("button") or words["label"]
                sources = tuple(map(str, meta.transitions))
                named[name] = Action(name, sources, _targets(row), row.permission, **words)
    return named


def _targets(row) -> tuple[str, ...]:
    """Of an action that leads to one of several states, as GET_STATE or RETURN_VALUE list them."""
    if isinstance(row.target, GET_STATE | RETURN_VALUE):
        return tuple(map(str, row.target.allowed_states))
    return (str(row.target),)


@cache
def verbs(table: Table = ProposalStates) -> dict[str, Verb]:
    """What people can do, by name; not what follows by itself or what the clock does."""
    by_name: dict[str, Verb] = {}
    for action in actions(table).values():
        if not action.is_automatic:
            by_name.setdefault(action.verb, Verb(action.verb)).actions.append(action)
    return by_name


def rows(table: Table = ProposalStates) -> Iterator[tuple[str, Action, str]]:
    """(from, action, to), one per legal change of state."""
    for action in actions(table).values():
        for source in action.sources:
            for target in action.targets:
                # Of an action that may lead to several states, all but the one it is in.
                if source != target:
                    yield source, action, target


def states(table: Table = ProposalStates) -> list[str]:
    """Every state the table knows, in the order in which the table first leads to it."""
    return list(
        dict.fromkeys(state for source, _, target in rows(table) for state in (source, target))
    )


def open_states() -> list[str]:
    """Submitted and not yet final."""
    leading_on = {source for source, _, _ in rows()}
    return [state for state in states() if state in leading_on and state != DRAFT]


def end_states(table: Table = ProposalStates) -> list[str]:
    leading_on = {source for source, _, _ in rows(table)}
    return [state for state in states(table) if state not in leading_on]


@cache
def undecided_states(side: str) -> tuple[str, ...]:
    """The states in which `side` still has to decide."""
    return tuple(dict.fromkeys(source for source, action, _ in rows() if action.side == side))


def states_reached_by(verb: str) -> list[str]:
    """The states that the actions of this verb lead to."""
    return list(dict.fromkeys(target for _, action, target in rows() if action.verb == verb))


def kinds_of_events() -> list[str]:
    """What other programs can be told of, in the order of the table."""
    return list(dict.fromkeys(action.kind_of_event for action in actions().values()))


@cache  # asked for each row of a list
def look_of(state: str) -> str:
    """How a page shows a state: draft, open, good, bad or ended, or what the row that leads to it
    says. Each has its colour and sign, so a new state needs no style of its own.
    """
    if state == DRAFT:
        return "draft"
    looks = [action.look for _, action, target in rows() if target == state and action.look]
    return looks[0] if looks else "open" if state in open_states() else "ended"
