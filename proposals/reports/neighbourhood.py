"""What lies around a system or a route in the register. Nothing is loaded whole: of each group of
flows the busiest (those with most physical flows) are read, and how many there are.
"""

from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber

from ..models import LogicalFlow, PhysicalFlow, PhysicalSpecification, System

OF_A_SYSTEM, OF_A_ROUTE = 25, 7  # read of each group


@dataclass(frozen=True)
class FlowGroup:
    """The first `flows` of a group, busiest first, and how many it has in all."""

    flows: list[LogicalFlow] = field(default_factory=list)
    total: int = 0

    @property
    def by_route(self) -> list[LogicalFlow]:
        return sorted(self.flows, key=by_route)

    @property
    def left_out(self) -> int:
        return self.total - len(self.flows)


def by_route(flow: LogicalFlow) -> tuple:
    return flow.source.name, flow.target.name, flow.pk or 0


def _busiest(groups: dict[str, Q], most: int) -> dict[str, FlowGroup]:
    """The first `most` living flows of each group; a flow that fits several belongs to the first.
    One query.
    """
    active = (
        PhysicalFlow.objects.active()
        .filter(logical_flow=OuterRef("pk"))
        .order_by()
        .values("logical_flow")
    )
    number = Coalesce(
        Subquery(active.annotate(n=Count("pk")).values("n")), 0, output_field=IntegerField()
    )
    whens = [When(condition, then=Value(name)) for name, condition in groups.items()]
    living = LogicalFlow.objects.living().filter(reduce(or_, groups.values())).with_consent()
    flows = living.annotate(number_physical=number, group=Case(*whens)).annotate(
        place=Window(
            RowNumber(),
            partition_by="group",
            order_by=[F("number_physical").desc(), "source__name", "target__name", "pk"],
        ),
        total=Window(Count("pk"), partition_by="group"),
    )
    found: dict[str, list[Any]] = {name: [] for name in groups}
    for flow in flows.filter(place__lte=most).order_by("place"):
        found[flow.group].append(flow)
    return {name: FlowGroup(rows, rows[0].total if rows else 0) for name, rows in found.items()}


def around_system(system: System, most: int = OF_A_SYSTEM) -> dict[str, FlowGroup]:
    """The flows `into` and `out` of a system, and its flow to `itself`. One query."""
    into, out = Q(target=system), Q(source=system)
    return _busiest({"itself": into & out, "into": into, "out": out}, most)


def around_route(source: System, target: System) -> dict[str, FlowGroup]:
    """The `route` itself and what lies around it: the flow `back`, those `into` its source and
    `out` of its target, and beside it those out of its source (`also_out`) and into its target
    (`also_into`). One query.
    """
    around = {
        "back": Q(source=target, target=source),
        "into": Q(target=source),
        "out": Q(source=target),
        "also_out": Q(source=source),
        "also_into": Q(target=target),
    }
    to_another = ~Q(source=F("target"))
    route = {"route": Q(source=source, target=target)}
    return _busiest(
        route | {name: there & to_another for name, there in around.items()}, OF_A_ROUTE
    )


def route_is_living() -> Exists:
    """Of proposals: whether the register has their route."""
    return Exists(
        LogicalFlow.objects.living().filter(source=OuterRef("source"), target=OuterRef("target"))
    )


@dataclass(frozen=True)
class Sent:
    """The first active physical flows `along` a route and those that share a specification
    `elsewhere`; and how many there are in all on the route, and of the specification on any route.
    """

    along: list[PhysicalFlow]
    elsewhere: list[PhysicalFlow]
    of_route: int
    of_specification: int


def sent_along(source: System, target: System, specification: PhysicalSpecification | None) -> Sent:
    """What is sent along a route, and elsewhere with the same specification, if one is named. One
    query.
    """
    route = Q(logical_flow__source=source, logical_flow__target=target)
    shares = Q(specification=specification.pk if specification else 0)  # 0 is nobody's
    found = (
        PhysicalFlow.objects.active()
        .filter(route | shares)
        .select_related("specification", "logical_flow__source", "logical_flow__target")
        .annotate(is_along=Case(When(route, then=True), default=False))
        .annotate(
            place=Window(
                RowNumber(), partition_by="is_along", order_by=["specification__name", "pk"]
            ),
            of_route=Window(Count("pk", filter=route)),
            of_specification=Window(Count("pk", filter=shares)),
        )
    )
    rows = list(found.filter(place__lte=OF_A_ROUTE).order_by("place"))
    numbers = (rows[0].of_route, rows[0].of_specification) if rows else (0, 0)
    return Sent(
        [row for row in rows if row.is_along], [row for row in rows if not row.is_along], *numbers
    )
