"""The life of a proposal: the one table from which buttons, diagram, matrix, index conditions and
guards follow.

A new state or action is a row here (and `makemigrations`), and a change to nothing that merely
displays it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models
from django_fsm import FSMField, FSMModelMixin, transition

from .rights import Approver, Automatic, Basis, Maker


class State(models.TextChoices):
    PROPOSED_CREATE = "PROPOSED_CREATE", "Draft"
    PENDING_APPROVALS = "PENDING_APPROVALS", "Pending approvals"
    SOURCE_APPROVED = "SOURCE_APPROVED", "Source approved"
    TARGET_APPROVED = "TARGET_APPROVED", "Target approved"
    FULLY_APPROVED = "FULLY_APPROVED", "Fully approved"
    SOURCE_REJECTED = "SOURCE_REJECTED", "Source rejected"
    TARGET_REJECTED = "TARGET_REJECTED", "Target rejected"
    CANCELLED = "CANCELLED", "Cancelled"
    TIMED_OUT = "TIMED_OUT", "Timed out"


class Side(models.TextChoices):
    SOURCE = "SOURCE"
    TARGET = "TARGET"


DRAFT = State.PROPOSED_CREATE
SOURCE_UNDECIDED = [State.PENDING_APPROVALS, State.TARGET_APPROVED]
TARGET_UNDECIDED = [State.PENDING_APPROVALS, State.SOURCE_APPROVED]


class ProposalStates(FSMModelMixin, models.Model):
    """The table. Each row: from, to, who (`permission`), and in `custom` its words and the side
    that decides.

    The methods change `state` and nothing else; `workflow.py` is the only caller.
    """

    state = FSMField(max_length=30, choices=State, default=DRAFT, protected=True)

    class Meta:
        abstract = True

    @transition(
        state,
        source=DRAFT,
        target=State.PENDING_APPROVALS,
        permission=Maker(),
        custom={"label": "Submit", "done": "submitted"},
    )
    def propose(self) -> None: ...

    @transition(
        state,
        source=SOURCE_UNDECIDED,
        target=State.SOURCE_APPROVED,
        permission=Approver(Side.SOURCE, "may_approve"),
        custom={
            "label": "Approve for the source",
            "done": "approved for the source",
            "side": Side.SOURCE,
        },
    )
    def approve_source(self) -> None: ...

    @transition(
        state,
        source=TARGET_UNDECIDED,
        target=State.TARGET_APPROVED,
        permission=Approver(Side.TARGET, "may_approve"),
        custom={
            "label": "Approve for the target",
            "done": "approved for the target",
            "side": Side.TARGET,
        },
    )
    def approve_target(self) -> None: ...

    @transition(
        state,
        source=[State.SOURCE_APPROVED, State.TARGET_APPROVED],
        target=State.FULLY_APPROVED,
        permission=Automatic("follows by itself when both sides have approved", Basis.BOTH_SIDES),
        custom={"label": "Complete", "done": "completed"},
    )
    def complete(self) -> None: ...

    @transition(
        state,
        source=SOURCE_UNDECIDED,
        target=State.SOURCE_REJECTED,
        permission=Approver(Side.SOURCE, "may_reject"),
        custom={
            "label": "Reject for the source",
            "done": "rejected for the source",
            "side": Side.SOURCE,
        },
    )
    def reject_source(self) -> None: ...

    @transition(
        state,
        source=TARGET_UNDECIDED,
        target=State.TARGET_REJECTED,
        permission=Approver(Side.TARGET, "may_reject"),
        custom={
            "label": "Reject for the target",
            "done": "rejected for the target",
            "side": Side.TARGET,
        },
    )
    def reject_target(self) -> None: ...

    @transition(
        state,
        source=[DRAFT, State.PENDING_APPROVALS, State.SOURCE_APPROVED, State.TARGET_APPROVED],
        target=State.CANCELLED,
        permission=Maker(),
        custom={"label": "Cancel", "done": "cancelled"},
    )
    def cancel(self) -> None: ...

    @transition(
        state,
        source=[State.PENDING_APPROVALS, State.SOURCE_APPROVED, State.TARGET_APPROVED],
        target=State.TIMED_OUT,
        permission=Automatic(
            "is done by the clock alone, when the deadline has passed", Basis.CLOCK
        ),
        custom={"label": "Time out", "done": "timed out"},
    )
    def time_out(self) -> None: ...


@dataclass(frozen=True)
class Action:
    """One method of the table with all its rows: the states it leads from, the one it leads to,
    who, and its words.
    """

    name: str
    sources: tuple[str, ...]
    target: str
    role: Maker | Approver | Automatic
    label: str
    done: str
    side: str

    @property
    def verb(self) -> str:
        """`approve` of approve_source: the part of the name that says what, without the side."""
        return self.name.removesuffix(f"_{self.side.lower()}") if self.side else self.name


def actions(table: type[models.Model] = ProposalStates) -> dict[str, Action]:
    """The table as data, in the order it is written; `table` may be an extended copy."""
    found = {}
    for cls in reversed(table.__mro__):
        for name, method in vars(cls).items():
            meta = getattr(method, "_django_fsm", None)
            if meta:
                row = next(iter(meta.transitions.values()))
                custom = {"label": name, "done": name, "side": "", **row.custom}
                found[name] = Action(
                    name,
                    tuple(map(str, meta.transitions)),
                    str(row.target),
                    row.permission,
                    **custom,
                )
    return found


def rows(table: type[models.Model] = ProposalStates) -> Iterator[tuple[str, Action]]:
    """(from, action), one per legal change of state."""
    return ((source, action) for action in actions(table).values() for source in action.sources)


def states(table: type[models.Model] = ProposalStates) -> list[str]:
    """Every state the table knows, in the order in which the table first leads to it."""
    return list(
        dict.fromkeys(state for source, action in rows(table) for state in (source, action.target))
    )


def open_states(table: type[models.Model] = ProposalStates) -> list[str]:
    """Submitted and not yet final."""
    leading_on = {source for source, _ in rows(table)}
    return [state for state in states(table) if state in leading_on and state != DRAFT]


def end_states(table: type[models.Model] = ProposalStates) -> list[str]:
    leading_on = {source for source, _ in rows(table)}
    return [state for state in states(table) if state not in leading_on]


def undecided_states(side: str, table: type[models.Model] = ProposalStates) -> list[str]:
    """The states in which `side` still has to decide."""
    return list(dict.fromkeys(source for source, action in rows(table) if action.side == side))
