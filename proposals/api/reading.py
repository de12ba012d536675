"""What programs read."""

import hashlib
import json
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema

from waltzflow.replica import pieces_from_replica

from ..forms.filters import (
    DataTypeListFilter,
    FlowFilter,
    PhysicalFlowFilter,
    ProposalFilter,
    SpecificationFilter,
    SystemListFilter,
)
from ..forms.list_filter import ListFilter
from ..history import ledger
from ..models import (
    DataType,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    System,
    Transition,
    pieces,
)
from . import written
from .access import Call, reads
from .lists import Cursor, Limit, page, parameters_of
from .schemas import (
    DataTypeOut,
    Feed,
    FlowOut,
    PhysicalFlowOut,
    ProposalInFull,
    ProposalOut,
    SpecificationOut,
    SystemOut,
    page_of,
)

# One for writing too: an address answers by one router.
router = Router(auth=reads)

SYSTEMS = System.objects.select_related("organisational_unit").order_by("name", "pk")
FLOWS = LogicalFlow.objects.with_consent().with_data_types().by_route()
SPECIFICATIONS = (
    PhysicalSpecification.objects.select_related("owner")
    .prefetch_related("data_types")
    .order_by("pk")  # no index orders them by name
)
PHYSICAL = PhysicalFlow.objects.select_related(
    "logical_flow__source", "logical_flow__target", "specification"
).order_by("pk")
DATA_TYPES = DataType.objects.select_related("parent").order_by("name", "pk")


def _add_list(
    name: str,
    summary: str,
    row: type[Schema],
    filters: type[ListFilter],
    rows: QuerySet,
    write: Callable[[Any], written.Written],
) -> None:
    """A list of the register at /`name`, the same for everybody: the filters of its page, a cursor
    instead of links.
    """

    def operation(request: Call, cursor: str = Cursor, limit: int = Limit) -> dict[str, Any]:
        # A copy: `rows` is made once, and would keep what it was the first time.
        chosen = filters(request.GET, rows.all(), request=request)
        return page(request, chosen, write, cursor, limit)

    # The document of the API names an operation by its function.
    operation.__name__ = name.replace("-", "_")
    extra = parameters_of(filters)
    router.get(f"/{name}", response=page_of(row), summary=summary, openapi_extra=extra)(operation)


_add_list("systems", "Systems", SystemOut, SystemListFilter, SYSTEMS, written.system)
_add_list("flows", "Logical flows", FlowOut, FlowFilter, FLOWS, written.flow)
_add_list(
    "physical-flows",
    "Physical flows",
    PhysicalFlowOut,
    PhysicalFlowFilter,
    PHYSICAL,
    written.physical_flow,
)
_add_list(
    "specifications",
    "Specifications",
    SpecificationOut,
    SpecificationFilter,
    SPECIFICATIONS,
    written.specification,
)
_add_list(
    "data-types", "Data types", DataTypeOut, DataTypeListFilter, DATA_TYPES, written.data_type
)


@router.get(
    "/proposals",
    response=page_of(ProposalOut),
    summary="Proposals that the owner of the token may see",
    openapi_extra=parameters_of(ProposalFilter),
)
def proposals(request: Call, cursor: str = Cursor, limit: int = Limit):
    visible = Proposal.objects.visible_to(request.user).listed().prefetch_related("data_types")
    chosen = ProposalFilter(request.GET, visible.order_by("-pk"), request=request)
    return page(request, chosen, written.proposal, cursor, limit)


@router.get(
    "/proposals/{int:number}",
    response=ProposalInFull,
    summary="One proposal: who may decide, what the owner of the token may do, what has happened",
)
def proposal(request: Call, number: int, response: HttpResponse):
    row = get_object_or_404(Proposal.objects.visible_to(request.user).listed(), pk=number)
    content = written.proposal_in_full(row, request.user)
    response["ETag"] = tag_of(content)
    return content


def tag_of(content: written.Written) -> str:
    """The ETag of a proposal in full: how many steps and remarks it has, and a hash of all."""
    text = json.dumps(content, sort_keys=True, cls=DjangoJSONEncoder)
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    return f'"{len(content["transitions"])}-{len(content["remarks"])}-{digest}"'


@router.get(
    "/transitions",
    response=Feed,
    summary="Transitions of what the owner of the token may see, oldest first, since a cursor",
)
def transitions(
    request: Call,
    cursor: int = Query(0, ge=0, le=2**63 - 1, description="`next` of the answer before."),
    limit: int = Limit,
):
    """Only those that the ledger knows: an id is given before its transaction commits, so of others
    a lower one could still appear, and would be missed.
    """
    settled = ledger.settled_marks().get(Transition._meta.db_table, 0)
    steps = Transition.objects.visible_to(request.user).select_related("by", "on_behalf_of")
    found = list(steps.filter(pk__gt=cursor, pk__lte=settled).order_by("pk")[:limit])
    return {
        "items": [written.transition(step) for step in found],
        "next": str(found[-1].pk if found else cursor),
    }


# What a line is -> rows and how one is written.
REGISTER: dict[str, tuple[QuerySet, Callable[[Any], written.Written]]] = {
    "system": (SYSTEMS, written.system),
    "data_type": (DATA_TYPES, written.data_type),
    "specification": (SPECIFICATIONS, written.specification),
    "flow": (FLOWS, written.flow),
    "physical_flow": (PHYSICAL, written.physical_flow),
}
LINES = "application/x-ndjson"


@router.get(
    "/register",
    summary="The whole register as JSON lines; the last line says how many came before it",
    openapi_extra={
        "responses": {200: {"content": {LINES: {"schema": {"type": "string"}}}}},
    },
)
def register(request: Call):
    return StreamingHttpResponse(pieces_from_replica(_lines()), content_type=LINES)


def _lines() -> Iterator[str]:
    number = 0
    for kind, (rows, write) in REGISTER.items():
        for row in chain.from_iterable(pieces(rows.all())):
            number += 1
            yield _line({"line": kind, **write(row)})
    yield _line({"line": "end", "rows": number})


def _line(content: dict) -> str:
    return json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False) + "\n"
