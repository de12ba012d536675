"""What lies around a system or a route in the register. Nothing is loaded whole: of each group of
flows the newest are considered, of these the busiest (those with most physical flows) are read, and
it is said how many there are.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import In

from ..models import FlowLifecycle, LogicalFlow, PhysicalFlow, PhysicalSpecification, System

OF_A_SYSTEM, OF_A_ROUTE = 25, 7  # read of each group
CONSIDERED = 200  # of each group, the newest
MOST_COUNTED = 1000  # a hub has a hundred thousand, and nobody minds how many exactly


@dataclass(frozen=True)
class FlowGroup:
    """The first `flows` of a group, busiest first, and how many it has in all: of more than
    MOST_COUNTED one more than that.
    """

    flows: list[LogicalFlow] = field(default_factory=list)
    total: int = 0

    @property
    def by_route(self) -> list[LogicalFlow]:
        return sorted(self.flows, key=by_route)

    @property
    def left_out(self) -> int:
        return self.total - len(self.flows)

    @property
    def is_sampled(self) -> bool:
        """Whether only the newest were considered."""
        return self.total > CONSIDERED

    @property
    def amount(self) -> str:
        return amount(self.total)


def amount(total: int, drawn: int = 0) -> str:
    """How many there are besides those `drawn`, in words, of a number that was counted so far and
    no further.
    """
    if total > MOST_COUNTED:
        return f"more than {MOST_COUNTED - drawn:,}"
    return f"{total - drawn:,}"


def by_route(flow: LogicalFlow) -> tuple:
    return flow.source.name, flow.target.name, flow.pk or 0


def _busiest(groups: dict[str, Q], most: int) -> dict[str, FlowGroup]:
    """The first `most` living flows of each group, of conditions that each have an index."""
    chosen: dict[str, list[int]] = {}
    totals: dict[str, int] = {}
    for name, condition in groups.items():
        chosen[name], totals[name] = _busiest_of(condition, most)
    # All together, by their ids: one condition for several groups would read the whole table.
    ids = [pk for pks in chosen.values() for pk in pks]
    flows = LogicalFlow.objects.filter(pk__in=ids).with_consent().with_physical_count()
    by_id: dict[int, Any] = {flow.pk: flow for flow in flows}
    return {
        name: FlowGroup(sorted((by_id[pk] for pk in pks), key=_busiest_first), totals[name])
        for name, pks in chosen.items()
    }


def _busiest_of(condition: Q, most: int) -> tuple[list[int], int]:
    """The ids of the busiest among the newest, and how many there are."""
    living = LogicalFlow.objects.living().filter(condition)
    # Counted for these only. Its own query, or the database counts first and limits afterwards.
    newest = list(living.order_by("-pk").values_list("pk", flat=True)[: CONSIDERED + 1])
    if len(newest) <= most:
        return newest, len(newest)
    counted = LogicalFlow.objects.filter(pk__in=newest[:CONSIDERED]).with_physical_count()
    first = counted.order_by("-number_physical", "pk")[:most]
    total = len(newest)
    if total > CONSIDERED:
        total = living.order_by()[: MOST_COUNTED + 1].count()
    return list(first.values_list("pk", flat=True)), total


def _busiest_first(flow: Any) -> tuple:
    return -flow.number_physical, *by_route(flow)


def around_system(system: System) -> dict[str, FlowGroup]:
    """The flows `into` and `out` of a system, and its flow to `itself`."""
    groups = {
        "itself": Q(source=system, target=system),
        "into": Q(target=system) & ~Q(source=system),
        "out": Q(source=system) & ~Q(target=system),
    }
    return _busiest(groups, OF_A_SYSTEM)


def around_route(source: System, target: System) -> dict[str, FlowGroup]:
    """The `route` itself and what lies around it: the flow `back`, those `into` its source and
    `out` of its target, and beside it those out of its source (`also_out`) and into its target
    (`also_into`). A flow from a system to itself is none of them, except as the route.
    """
    loops = Q(source=source, target=source) | Q(source=target, target=target)
    groups = {
        "route": Q(source=source, target=target),
        "back": Q(source=target, target=source) & ~loops,
        "into": Q(target=source) & ~Q(source__in=[source, target]),
        "out": Q(source=target) & ~Q(target__in=[source, target]),
        "also_out": Q(source=source) & ~Q(target__in=[source, target]),
        "also_into": Q(target=target) & ~Q(source__in=[source, target]),
    }
    return _busiest(groups, OF_A_ROUTE)


def route_is_living() -> In:
    """Of proposals: whether the register has their route."""
    # By the two ends alone, of which there is one flow at most: asked for what lives, PostgreSQL
    # may take the index of what lives at one end, and read all flows of a hub for each proposal.
    route = LogicalFlow.objects.filter(source=OuterRef("source"), target=OuterRef("target"))
    lifecycle = Coalesce(Subquery(route.values("lifecycle")), Value(FlowLifecycle.REMOVED))
    return In(lifecycle, [each for each in FlowLifecycle if each != FlowLifecycle.REMOVED])


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
    """What is sent along a route, and elsewhere with the same specification, if one is named."""
    # Ids first: through the join the database would rather read all that hubs send.
    route = LogicalFlow.objects.filter(source=source, target=target).order_by()
    route_ids = list(route.values_list("pk", flat=True))
    along = PhysicalFlow.objects.active().filter(logical_flow__in=route_ids)
    sharing = PhysicalFlow.objects.active().filter(
        specification=specification.pk if specification else 0  # 0 is nobody's
    )
    elsewhere = sharing.exclude(logical_flow__in=route_ids)
    return Sent(
        _first_sent(along.order_by("specification__name", "pk")),
        _first_sent(elsewhere.order_by("pk")),
        along.order_by()[: MOST_COUNTED + 1].count(),
        sharing.order_by()[: MOST_COUNTED + 1].count(),
    )


def _first_sent(flows: Any) -> list[PhysicalFlow]:
    related = ("specification", "logical_flow__source", "logical_flow__target")
    return list(flows.select_related(*related)[:OF_A_ROUTE])
