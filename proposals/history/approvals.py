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
    label,
    pieces,
    value_in_words,
)
from .changes import Change, Difference, changes, newest_changes
from .proposal_content import Line, content_of

MOST_APPROVALS = 25
MOST_CHANGES = 100  # of each kind of thing
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class PolicyVersion:
    """A policy that was in force: the id of its history row, and (switch, what it said)."""

    pk: int
    switches: list[tuple[str, str]]


@dataclass(frozen=True)
class ProposalRecord:
    """One proposal with all that is on record of it: what it asked, its transitions, and the
    policies in force at them, each once.
    """

    proposal: Proposal
    content: list[Line]
    transitions: list[Transition]
    policies: list[PolicyVersion]


@dataclass(frozen=True)
class Trail:
    """What a page tells, oldest first.

    `applied` is what the one proposal of a page did to the register; `later` what changed after
    `since`, or ever if that is None. `cut`: there is more than fits.
    """

    records: list[ProposalRecord]
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
    records = records_of(approved[: MOST_APPROVALS + 1])
    since = records[0].proposal.closed_at if records else None
    later, cut = _newest(_kinds(flow, physical), since)
    is_cut = cut or len(records) > MOST_APPROVALS
    return Trail(records[:MOST_APPROVALS], since, later, cut=is_cut)


def of_proposal(proposal: Proposal) -> Trail:
    """What it asked for and what happened to it; if it was approved also what it did, and what
    changed since.
    """
    records = records_of(Proposal.objects.filter(pk=proposal.pk))
    if proposal.state != State.FULLY_APPROVED or not proposal.closed_at:
        return Trail(records, None, [])
    # A moment earlier, for what the approval itself wrote bears the moment of its end.
    newest, cut = _newest(_results(proposal), proposal.closed_at - MOMENT)
    own = [change for change in newest if change.proposal == proposal.pk]
    later = [change for change in newest if change.proposal != proposal.pk]
    return Trail(records, proposal.closed_at, later, own, cut)


def _results(proposal: Proposal) -> list[tuple[type, Iterable]]:
    physical = PhysicalFlow.objects.filter(resulted_from=proposal)
    flow = proposal.result_logical_flow
    return _kinds(flow, physical) if flow else []


def _kinds(flow: LogicalFlow, physical: QuerySet) -> list[tuple[type, Iterable]]:
    """(model, ids) of what counts for a flow. The ids themselves: by a subquery a database reads
    the whole history.
    """
    sent = list(physical.order_by().values_list("pk", flat=True))
    # Also those that a flow sent before it got one of its own.
    specifications = PhysicalFlow.history.filter(id__in=sent).order_by()
    return [
        (System, {flow.source_id, flow.target_id}),
        (PhysicalSpecification, set(specifications.values_list("specification_id", flat=True))),
        (LogicalFlow, [flow.pk]),
        (PhysicalFlow, sent),
    ]


def _newest(
    kinds: list[tuple[type, Iterable]], since: datetime | None
) -> tuple[list[Change], bool]:
    by_kind = [newest_changes(model, ids, since, most=MOST_CHANGES) for model, ids in kinds]
    in_order = sorted(
        chain.from_iterable(newest for newest, _ in by_kind), key=lambda change: change.at
    )
    return in_order, any(cut for _, cut in by_kind)


def records_of(proposals: QuerySet) -> list[ProposalRecord]:
    """Each with all that is on record of it; five queries for any number."""
    steps = Transition.objects.select_related("by", "on_behalf_of", "policy").order_by("number")
    related = proposals.select_related("source", "target", "maker", "reason", "specification")
    rows = list(related.prefetch_related("data_types", Prefetch("transitions", steps)))
    content = content_of(rows)
    return [
        ProposalRecord(row, content[row.pk], list(row.transitions.all()), _policies(row))
        for row in rows
    ]


def _policies(proposal: Proposal) -> list[PolicyVersion]:
    versions = {step.policy_id: step.policy for step in proposal.transitions.all()}
    switches = [field for field in Policy._meta.fields if not field.primary_key]
    return [
        PolicyVersion(
            pk, [(label(switch), value_in_words(version, switch.name)) for switch in switches]
        )
        for pk, version in versions.items()
    ]


STEP_HEADER = [
    *("proposal", "number", "at", "action", "from_state", "to_state", "side", "by", "by_mail"),
    *("on_behalf_of", "on_behalf_of_mail", "capacity", "policy_version", "comment", "automatic"),
    "token",
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
    "token",
]


def transitions_table(transitions: QuerySet) -> Iterator[list]:
    """A row of values under STEP_HEADER for each of any number of transitions, by time."""
    by_time = transitions.select_related("by", "on_behalf_of").order_by("at", "pk")
    for step in chain.from_iterable(pieces(by_time)):
        yield [step.proposal_id, step.number, step.at, step.action, *_step(step)]


def proposal_table(proposal: Proposal) -> Iterator[list]:
    """The whole trail of one proposal under FACT_HEADER.

    `part` says what a row tells: ASKED (a field the maker filled), TRANSITION, APPLIED (a field the
    approval changed in the register), SINCE (one that changed after it).
    """
    [record] = records_of(Proposal.objects.filter(pk=proposal.pk))
    yield from _asked(record)
    for step in record.transitions:
        yield ["TRANSITION", step.at, step.action, "", "", "", *_step(step)]
    if proposal.state == State.FULLY_APPROVED and proposal.closed_at:
        for model, ids in _results(proposal):
            for change in changes(model, ids, proposal.closed_at - MOMENT):
                part = "APPLIED" if change.proposal == proposal.pk else "SINCE"
                yield from _facts(part, change)


def _asked(record: ProposalRecord) -> Iterator[list]:
    proposal = record.proposal
    wish = [
        ("Reason", "", str(proposal.reason or "")),
        ("Justification", "", proposal.justification),
    ]
    content = [(line.what, line.old, line.new) for line in record.content]
    at, what = proposal.submitted_at or proposal.created_at, proposal.get_type_display()
    for line in content + wish:
        yield ["ASKED", at, what, *line, "", "", "", *_person(proposal.maker), *[""] * 7]


def _facts(part: str, change: Change) -> Iterator[list]:
    what = f"{change.done}: {change.kind} {change.subject}"
    for difference in change.differences or [Difference("", "", "")]:
        row = [
            part,
            change.at,
            what,
            difference.what,
            difference.old,
            difference.new,
            "",
            "",
            "",
            *_person(change.by),
        ]
        yield [*row, "", "", "", "", change.why, "", ""]


def _step(step: Transition) -> list:
    people = [*_person(step.by), *_person(step.on_behalf_of)]
    judged = [step.capacity, step.policy_id, step.comment, step.automatic, step.token]
    return [step.from_state, step.to_state, step.side, *people, *judged]


def _person(user: User | None) -> list[str]:
    return [user.name, user.email] if user else ["", ""]
