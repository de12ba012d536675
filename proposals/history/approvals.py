"""How a flow came to be what it is: who approved it, by what right, what exactly, and what has
changed since.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from django.db.models import Prefetch, Q, QuerySet

from ..models import (
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Policy,
    Proposal,
    State,
    System,
    Transition,
    User,
)
from .as_of import ROWS_AT_ONCE
from .changes import Change, Difference, changes, label, newest_changes, shown
from .proposal_content import read_lines

MOST_APPROVALS = 25
MOST_CHANGES = 100  # of each kind of thing
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Trail:
    """What a page tells, oldest first.

    `proposals` have their `lines`, `steps` and `policies`. `applied` is what the one proposal of a
    page did to the register; `later` what changed after `since`, or ever if that is None. `cut`:
    there is more than fits.
    """

    proposals: list[Proposal]
    since: datetime | None
    later: list[Change]
    applied: list[Change] = field(default_factory=list)
    cut: bool = False


def of_logical_flow(flow: LogicalFlow) -> Trail:
    """Everything under it counts: its physical flows, their specifications and its two systems."""
    approved = Proposal.objects.filter(result_logical_flow=flow)
    return _of(approved, flow, PhysicalFlow.objects.filter(logical_flow=flow))


def of_physical_flow(flow: PhysicalFlow) -> Trail:
    """Its route and its specification count; so does the proposal under which it was added without
    one of its own.
    """
    approved = Proposal.objects.filter(Q(result_physical_flow=flow) | Q(pk=flow.origin_proposal_id))
    return _of(approved, flow.logical_flow, PhysicalFlow.objects.filter(pk=flow.pk))


def _of(proposals: QuerySet, flow: LogicalFlow, physical: QuerySet) -> Trail:
    approved = proposals.filter(state=State.FULLY_APPROVED).order_by("closed_at", "pk")
    told = told_in_full(approved[: MOST_APPROVALS + 1])
    since = told[0].closed_at if told else None
    later, cut = _newest(_kinds(flow, physical), since)
    return Trail(told[:MOST_APPROVALS], since, later, cut=cut or len(told) > MOST_APPROVALS)


def of_proposal(proposal: Proposal) -> Trail:
    """What it asked for and what happened to it; if it was approved also what it did, and what
    changed since.
    """
    told = told_in_full(Proposal.objects.filter(pk=proposal.pk))
    if proposal.state != State.FULLY_APPROVED:
        return Trail(told, None, [])
    found, cut = _newest(_results(proposal), proposal.closed_at - MOMENT)
    own = [change for change in found if change.proposal == proposal.pk]
    later = [change for change in found if change.proposal != proposal.pk]
    return Trail(told, proposal.closed_at, later, own, cut)


def _results(proposal: Proposal) -> list[tuple[type, Iterable]]:
    return _kinds(
        proposal.result_logical_flow,
        PhysicalFlow.objects.filter(pk=proposal.result_physical_flow_id),
    )


def _kinds(flow: LogicalFlow, physical: QuerySet) -> list[tuple[type, Iterable]]:
    """(model, ids) of what counts for a flow."""
    return [
        (System, {flow.source_id, flow.target_id}),
        (PhysicalSpecification, physical.values("specification")),
        (LogicalFlow, [flow.pk]),
        (PhysicalFlow, physical.values("pk")),
    ]


def _newest(
    kinds: list[tuple[type, Iterable]], since: datetime | None
) -> tuple[list[Change], bool]:
    found = [newest_changes(model, ids, since, most=MOST_CHANGES) for model, ids in kinds]
    in_order = sorted(chain.from_iterable(told for told, _ in found), key=lambda change: change.at)
    return in_order, any(cut for _, cut in found)


def told_in_full(proposals: QuerySet) -> list[Proposal]:
    """Each with its `lines`, its `steps` (transitions) and the `policies` in force at them; five
    queries for any.
    """
    steps = Transition.objects.select_related("by", "on_behalf_of", "policy").order_by("number")
    found = proposals.select_related("source", "target", "maker", "reason", "specification")
    found = list(found.prefetch_related("data_types", Prefetch("transitions", steps)))
    read_lines(found)
    for proposal in found:
        proposal.steps = list(proposal.transitions.all())
        proposal.policies = _policies(proposal.steps)
    return found


def _policies(steps: list[Transition]) -> list:
    """The history rows of the policy that were in force, each once, with what each switch said as
    `switches`.
    """
    found = list({step.policy_id: step.policy for step in steps}.values())
    for row in found:
        names = [switch for switch in Policy._meta.fields if not switch.primary_key]
        row.switches = [(label(switch), shown(row, switch.name)) for switch in names]
    return found


STEP_HEADER = [
    *("proposal", "number", "at", "action", "from_state", "to_state", "side", "by", "by_mail"),
    *("on_behalf_of", "on_behalf_of_mail", "capacity", "policy_version", "comment", "automatic"),
]
FACT_HEADER = [
    *(
        "part",
        "at",
        "what",
        "field",
        "old",
        "new",
        "from_state",
        "to_state",
        "side",
        "by",
        "by_mail",
    ),
    *("on_behalf_of", "on_behalf_of_mail", "capacity", "policy_version", "comment", "automatic"),
]


def transitions_table(transitions: QuerySet) -> Iterator[list]:
    """A row of values under STEP_HEADER for each of any number of transitions, by time."""
    told = transitions.select_related("by", "on_behalf_of").order_by("at", "pk")
    for step in told.iterator(chunk_size=ROWS_AT_ONCE):
        yield [step.proposal_id, step.number, step.at, step.action, *_step(step)]


def proposal_table(proposal: Proposal) -> Iterator[list]:
    """The whole trail of one proposal under FACT_HEADER.

    `part` says what a row tells: ASKED (a field the maker filled), TRANSITION, APPLIED (a field the
    approval changed in the register), SINCE (one that changed after it).
    """
    [told] = told_in_full(Proposal.objects.filter(pk=proposal.pk))
    yield from _asked(told)
    for step in told.steps:
        yield ["TRANSITION", step.at, step.action, "", "", "", *_step(step)]
    if told.state == State.FULLY_APPROVED:
        for model, ids in _results(told):
            for change in changes(model, ids, told.closed_at - MOMENT):
                yield from _facts("APPLIED" if change.proposal == told.pk else "SINCE", change)


def _asked(proposal: Proposal) -> Iterator[list]:
    wish = [
        ("Reason", "", str(proposal.reason or "")),
        ("Justification", "", proposal.justification),
    ]
    said = [(line.what, line.old, line.new) for line in proposal.lines]
    at, what = proposal.submitted_at or proposal.created_at, proposal.get_type_display()
    for line in said + wish:
        yield ["ASKED", at, what, *line, "", "", "", *_person(proposal.maker), *[""] * 6]


def _facts(part: str, change: Change) -> Iterator[list]:
    what = f"{change.done}: {change.kind} {change.subject}"
    for said in change.differences or [Difference("", "", "")]:
        row = [
            part,
            change.at,
            what,
            said.what,
            said.old,
            said.new,
            "",
            "",
            "",
            *_person(change.by),
        ]
        yield [*row, "", "", "", "", change.why, ""]


def _step(step: Transition) -> list:
    people = [*_person(step.by), *_person(step.on_behalf_of)]
    judged = [step.capacity, step.policy_id, step.comment, step.automatic]
    return [step.from_state, step.to_state, step.side, *people, *judged]


def _person(user: User | None) -> list[str]:
    return [user.name, user.email] if user else ["", ""]
