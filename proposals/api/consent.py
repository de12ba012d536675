"""May this flow be? Asked by gateways and in CI, for many pairs at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Literal

from django.db.models import Q, QuerySet
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from ..models import (
    DataType,
    FlowLifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    ProposalType,
    State,
    System,
    folded,
)
from .access import Call, reads

router = Router(auth=reads)
MOST = 1000
AT_ONCE = 250  # routes of one statement: SQLite takes no more than 1000 terms
Route = tuple[int, int]


class Pair(Schema):
    model_config = ConfigDict(extra="forbid")

    source: str = Field(max_length=64, description="Code of the system that sends.")
    target: str = Field(max_length=64, description="Code of the system that receives.")
    data_type: str = Field("", max_length=64, description="Code; empty for any.")


class Asked(Schema):
    model_config = ConfigDict(extra="forbid")

    pairs: list[Pair] = Field(min_length=1, max_length=MOST)


class Consent(Schema):
    """APPROVED by `proposal` since `since`, WAITING for the systems named since `since`, IMPORTED
    into the register without consent, REMOVED, or UNKNOWN.
    """

    source: str
    target: str
    data_type: str
    answer: Literal["APPROVED", "WAITING", "IMPORTED", "REMOVED", "UNKNOWN"]
    proposal: int | None = None
    since: datetime | None = None
    waiting_for: list[str] = []


class Consents(Schema):
    answers: list[Consent]


@router.post("/consent", response=Consents, summary="May these flows be? In the order asked")
def consent(request: Call, sent: Asked):
    known = Known.of(sent.pairs)
    return {"answers": [known.answer(pair) for pair in sent.pairs]}


class Known:
    """What the register and open proposals say of some routes; the same number of queries for one
    and for some hundred.
    """

    def __init__(self, systems: dict[str, int], types: dict[str, int]) -> None:
        self.systems, self.types = systems, types
        self.flows: dict[Route, LogicalFlow] = {}
        self.approved: dict[int, tuple[int, datetime | None]] = {}
        self.carried: dict[int, set[int]] = defaultdict(set)
        self.waiting: dict[Route, list[Proposal]] = defaultdict(list)

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> "Known":
        pairs = list(pairs)
        codes = {folded(code) for pair in pairs for code in (pair.source, pair.target)}
        types = {folded(pair.data_type) for pair in pairs} - {""}
        by_code = ("code_folded", "pk")
        systems = System.objects.filter(code_folded__in=codes).values_list(*by_code)
        data_types = DataType.objects.filter(code_folded__in=types).values_list(*by_code)
        known = cls(dict(systems), dict(data_types))
        routes = {route for pair in pairs if (route := known.route(pair))}
        if routes:
            known._read(sorted(routes))
        return known

    def route(self, pair: Pair) -> Route | None:
        ends = [self.systems.get(folded(code)) for code in (pair.source, pair.target)]
        return (ends[0], ends[1]) if ends[0] and ends[1] else None

    def answer(self, pair: Pair) -> dict[str, Any]:
        said = pair.model_dump()
        route, data_type = self.route(pair), self.types.get(folded(pair.data_type))
        if route is None or (pair.data_type and data_type is None):
            return said | {"answer": "UNKNOWN"}
        flow = self.flows.get(route)
        is_living = flow is not None and flow.lifecycle != FlowLifecycle.REMOVED
        if flow and is_living and (data_type is None or data_type in self.carried[flow.pk]):
            number, since = self.approved.get(flow.pk, (None, None))
            answer = "APPROVED" if number else "IMPORTED"
            return said | {"answer": answer, "proposal": number, "since": since}
        for proposal in self.waiting[route]:
            if data_type is None or data_type in {row.pk for row in proposal.data_types.all()}:
                return said | self._waiting(proposal)
        return said | {"answer": "REMOVED" if flow and not is_living else "UNKNOWN"}

    def _waiting(self, proposal: Proposal) -> dict[str, Any]:
        systems = [proposal.system(side).code for side in proposal.undecided_sides]
        said = {"answer": "WAITING", "proposal": proposal.pk, "since": proposal.submitted_at}
        return said | {"waiting_for": systems}

    def _read(self, routes: list[Route]) -> None:
        flows = _along(LogicalFlow.objects.order_by(), routes)
        self.flows = {(flow.source_id, flow.target_id): flow for flow in flows}
        ids = [flow.pk for flow in self.flows.values()]
        agreed = Proposal.objects.filter(
            result_logical_flow__in=ids, type=ProposalType.CREATE, state=State.FULLY_APPROVED
        )
        # Row by row and not MIN() of both columns, which may be those of two proposals.
        first_come = agreed.order_by("closed_at", "pk")
        rows = first_come.values_list("result_logical_flow", "pk", "closed_at")
        for flow, number, since in rows:
            self.approved.setdefault(flow, (number, since))
        self._read_types(ids)
        asked = Proposal.objects.open().filter(type=ProposalType.CREATE).order_by("pk")
        asked = asked.select_related("source", "target").prefetch_related("data_types")
        for proposal in _along(asked, routes):
            self.waiting[proposal.source_id, proposal.target_id].append(proposal)

    def _read_types(self, flows: list[int]) -> None:
        declared = LogicalFlow.declared_data_types.through.objects.filter(logicalflow__in=flows)
        for flow, data_type in declared.values_list("logicalflow", "datatype"):
            self.carried[flow].add(data_type)
        sent = PhysicalFlow.objects.active().filter(logical_flow__in=flows).order_by()
        flows_by_specification: dict[int, set[int]] = defaultdict(set)
        for flow, specification in sent.values_list("logical_flow", "specification"):
            flows_by_specification[specification].add(flow)
        described = PhysicalSpecification.data_types.through.objects.filter(
            physicalspecification__in=list(flows_by_specification)
        )
        for specification, data_type in described.values_list("physicalspecification", "datatype"):
            for flow in flows_by_specification[specification]:
                self.carried[flow].add(data_type)


def _along(rows: QuerySet, routes: list[Route]) -> Iterator[Any]:
    """Those with one of the routes, each looked up by index."""
    for start in range(0, len(routes), AT_ONCE):
        wanted = [Q(source=s, target=t) for s, t in routes[start : start + AT_ONCE]]
        yield from rows.filter(Q(*wanted, _connector=Q.OR))
