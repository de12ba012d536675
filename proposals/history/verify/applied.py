"""What the register was given against what was approved, column by column."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from django.db.models import OuterRef, Subquery
from simple_history.models import HistoricalRecords

from ...guards.proposals import FULL, asks_for_own
from ...models import (
    Cause,
    HistoryRow,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    ProposalType,
    State,
    Tracked,
    same,
)
from .breach import Breach, query_rows

AT_ONCE = 500


def breaches() -> Iterator[Breach]:
    done = Proposal.objects.filter(state=State.FULLY_APPROVED).order_by("pk")
    last = 0
    # By batches, since the history rows of many proposals are read together.
    while batch := list(done.filter(pk__gt=last).prefetch_related("data_types")[:AT_ONCE]):
        last = batch[-1].pk
        written = Written(batch)
        for proposal in batch:
            for sentence in CHECKS[proposal.type](proposal, written):
                yield Breach("I7", f"proposal {proposal.pk}", sentence)


def moved() -> Iterator[Breach]:
    """Physical flows that got another specification, and not by a change that asked for it."""
    kept, proposals = PhysicalFlow.history.model._meta.db_table, Proposal._meta.db_table
    rows = f"""SELECT h.id, h.specification_id, h.cause_proposal_id, LAG(h.specification_id)
        OVER (PARTITION BY h.id ORDER BY h.history_id) AS earlier FROM {kept} h"""
    asked = f"""SELECT 1 FROM {proposals} p WHERE p.id = m.cause_proposal_id
        AND p.concerned_physical_flow_id = m.id AND {asks_for_own("p")} AND p.state = {FULL}
        AND p.result_specification_id = m.specification_id"""
    sql = f"""SELECT DISTINCT m.id FROM ({rows}) m
        WHERE m.earlier <> m.specification_id AND NOT EXISTS ({asked})"""
    for (key,) in query_rows(sql):
        sentence = "It got another specification, which nobody approved."
        yield Breach("I7", f"physicalflow {key}", sentence)


class Written:
    """The history rows that the approvals of some proposals wrote, which one each came after, and
    those that the makers of changes had read.
    """

    def __init__(self, proposals: list[Proposal]) -> None:
        self.rows = {
            model: self._written(model, {getattr(proposal, field) for proposal in proposals})
            for model, field in (
                (PhysicalFlow, "result_physical_flow_id"),
                (PhysicalSpecification, "result_specification_id"),
                (LogicalFlow, "result_logical_flow_id"),
            )
        }
        changes = [proposal for proposal in proposals if proposal.type == ProposalType.EDIT]
        self.read_flows = PhysicalFlow.history.in_bulk(
            {change.read_physical_flow_version for change in changes} - {None}
        )
        read = {change.read_specification_version or 0 for change in changes}
        # Of all rows at once: each by itself would be a query.
        self.types = {
            LogicalFlow: _types_kept(LogicalFlow, self._versions(LogicalFlow)),
            PhysicalSpecification: _types_kept(
                PhysicalSpecification, self._versions(PhysicalSpecification) | read
            ),
        }

    def _written(self, model: Tracked, ids: set[int | None]) -> dict:
        history = model.history.model
        before = history.objects.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
        written = history.objects.filter(id__in=ids - {None}, cause=Cause.PROPOSAL)
        written = written.annotate(
            read=Subquery(before.order_by("-history_id").values("history_id")[:1])
        )
        # In their order, so that of several rows of one proposal the newest stays.
        return {(row.id, row.cause_proposal_id): row for row in written.order_by("history_id")}

    def _versions(self, model: Tracked) -> set[int]:
        return {row.history_id for row in self.rows[model].values()}

    def by(self, proposal: Proposal, model: Tracked, key: int | None) -> HistoryRow | None:
        """The newest history row of that object which this proposal wrote, or None."""
        return self.rows[model].get((key, proposal.pk))


def _types_kept(model: Tracked, versions: set[int]) -> dict[int, set[int]]:
    """Id of each history row -> ids of the data types that it keeps."""
    [field] = model.history.model._history_m2m_fields
    types = defaultdict(set)
    links = HistoricalRecords.m2m_models[field].objects.filter(history__in=versions)
    for version, data_type in links.values_list("history_id", "datatype_id"):
        types[version].add(data_type)
    return types


def _created(proposal: Proposal, written: Written) -> Iterator[str]:
    if proposal.with_physical_flow:
        yield from _as_wished(
            proposal, written.by(proposal, PhysicalFlow, proposal.result_physical_flow_id)
        )
        made = written.by(proposal, PhysicalSpecification, proposal.result_specification_id)
        yield from _specified(proposal, made, written)
        return
    flow = written.by(proposal, LogicalFlow, proposal.result_logical_flow_id)
    # At least these: a route that was there already keeps what it declared.
    if flow is None or not _types(proposal) <= written.types[LogicalFlow][flow.history_id]:
        yield "The logical flow did not get the data types that were approved."


def _as_wished(proposal: Proposal, row: HistoryRow | None) -> Iterator[str]:
    if row is None:
        yield "No physical flow was written by its approval."
        return
    for field in PhysicalFlow.ATTRIBUTES:
        if getattr(row, field) != getattr(proposal, field):
            yield (
                f"{field} was approved as “{getattr(proposal, field)}” and applied as "
                f"“{getattr(row, field)}”."
            )
    if proposal.specification_id and row.specification_id != proposal.specification_id:
        yield "Another specification than the one approved is sent."


def _specified(proposal: Proposal, row: HistoryRow | None, written: Written) -> Iterator[str]:
    """A new specification; one that was found equal has no row of this proposal and is not judged
    again.
    """
    if row is None or proposal.specification_id:
        return
    if not same(row.name, proposal.specification_name):
        yield (
            f"The specification was approved as “{proposal.specification_name}” and made as "
            f"“{row.name}”."
        )
    if (row.format, row.description) != (
        proposal.specification_format,
        proposal.specification_description,
    ):
        yield "Format or description of the specification are not what was approved."
    if written.types[PhysicalSpecification][row.history_id] != _types(proposal):
        yield "The specification did not get the data types that were approved."


def _changed(proposal: Proposal, written: Written) -> Iterator[str]:
    flow = written.by(proposal, PhysicalFlow, proposal.result_physical_flow_id)
    specification = written.by(proposal, PhysicalSpecification, proposal.result_specification_id)
    if flow is None and specification is None:
        yield "Its approval changed nothing."
        return
    # What it did not write must have been as it was asked for already.
    known = flow or written.read_flows.get(proposal.read_physical_flow_version)
    if known is not None:
        yield from _as_wished(proposal, known)
    if proposal.wants_own_specification:
        yield from _moved(proposal, flow, specification, written)
        return
    version = specification.history_id if specification else proposal.read_specification_version
    if version and written.types[PhysicalSpecification][version] != _types(proposal):
        yield "The specification did not get the data types that were approved."
    yield from _met_as_read(proposal, flow, specification)


def _moved(
    proposal: Proposal,
    flow: HistoryRow | None,
    specification: HistoryRow | None,
    written: Written,
) -> Iterator[str]:
    """`specification` is None where an equal one was there."""
    if flow is None or flow.specification_id != proposal.result_specification_id:
        yield "The physical flow did not get the specification of its own that was approved."
    yield from _specified(proposal, specification, written)
    yield from _met_as_read(proposal, flow, None)


def _removed(proposal: Proposal, written: Written) -> Iterator[str]:
    flow = written.by(proposal, PhysicalFlow, proposal.concerned_physical_flow_id)
    logical = written.by(proposal, LogicalFlow, proposal.result_logical_flow_id)
    if proposal.concerned_physical_flow_id and (flow is None or flow.lifecycle != "REMOVED"):
        yield "The physical flow was not removed by its approval."
    if proposal.concerned_logical_flow_id and (logical is None or logical.lifecycle != "REMOVED"):
        yield "The logical flow was not removed by its approval."
    specification = written.by(proposal, PhysicalSpecification, proposal.result_specification_id)
    yield from _met_as_read(proposal, flow, specification)


def _met_as_read(
    proposal: Proposal, flow: HistoryRow | None, specification: HistoryRow | None
) -> Iterator[str]:
    if flow is not None and flow.read != proposal.read_physical_flow_version:
        yield "The physical flow was not as it had been read when its approval changed it."
    if specification is not None and specification.read != proposal.read_specification_version:
        yield "The specification was not as it had been read when its approval changed it."


def _types(proposal: Proposal) -> set[int]:
    return {data_type.pk for data_type in proposal.data_types.all()}


CHECKS: dict[str, Callable[[Proposal, Written], Iterator[str]]] = {
    ProposalType.CREATE: _created,
    ProposalType.EDIT: _changed,
    ProposalType.DELETE: _removed,
}
