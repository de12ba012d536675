"""What the pages of a data type, a person and a unit show beside the lists that are turned."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from ..models import (
    DataType,
    Decider,
    Delegation,
    LogicalFlow,
    OrganisationalUnit,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    System,
    Transition,
    User,
    above,
    is_looked_up,
    prefetch_rights,
    with_below,
)
from .neighbourhood import route_is_living

MOST = 10  # of each part; its list has the rest
MOST_OPEN = 5  # proposals beside what they are about
MOST_SYSTEMS = 12
MOST_PARTS = 25
MOST_DELEGATIONS = 3  # beside a person's name


@dataclass(frozen=True)
class First:
    """The first of a list, and whether there are more."""

    rows: list
    has_more: bool

    @classmethod
    def of(cls, queryset: QuerySet, most: int) -> "First":
        rows = list(queryset[: most + 1])
        return cls(rows[:most], len(rows) > most)


@dataclass(frozen=True)
class DataTypeDetails:
    """Where a data type stands in its tree, and who sends and receives it or what lies below it.

    `flows` are the living ones that carry it. Where they are too many to be sorted, the newest of
    everything are shown.
    """

    above: list[DataType]
    below: list[DataType]
    flows: QuerySet
    is_sorted: bool
    senders: First
    receivers: First
    proposals: list[Proposal]


def data_type_details(data_type: DataType) -> DataTypeDetails:
    types = with_below(data_type)
    flows = LogicalFlow.objects.living().carrying(types, PhysicalFlow.objects.active())
    is_sorted = is_looked_up(flows)
    systems = System.objects.order_by(*(("name", "pk") if is_sorted else ("-pk",)))
    return DataTypeDetails(
        above=above(data_type),
        below=list(data_type.children.order_by("name", "pk")),
        flows=flows,
        is_sorted=is_sorted,
        senders=First.of(systems.at_an_end_of(flows, "out"), MOST_SYSTEMS),
        receivers=First.of(systems.at_an_end_of(flows, "into"), MOST_SYSTEMS),
        proposals=as_listed(Proposal.objects.newest_open_naming(types, MOST_OPEN)),
    )


def as_listed(proposals: Any) -> list[Proposal]:
    """With what a short list of open proposals shows."""
    return prefetch_rights(list(proposals.listed().annotate(route_is_living=route_is_living())))


@dataclass(frozen=True)
class PersonDetails:
    """What a person has to do with proposals: what waits for them, what they asked for and decided
    lately, and for whom they stand in.
    """

    waiting: First
    proposals: First
    decisions: First
    given: First
    taken: First


def person_details(person: User, reader: User) -> PersonDetails:
    """As `reader` may see it: a draft is its maker's alone."""
    running = running_of(person).order_by("ends_at", "pk")
    waiting = Proposal.objects.awaiting(person).order_by("submitted_at", "pk")
    made = Proposal.objects.visible_to(reader).filter(maker=person).order_by("-pk")
    decided = Transition.objects.filter(by=person).exclude(side="").order_by("-pk")
    related = ("proposal__source", "proposal__target", "on_behalf_of")
    return PersonDetails(
        waiting=_first_listed(waiting),
        proposals=_first_listed(made),
        decisions=First.of(decided.select_related(*related), MOST),
        given=First.of(running.filter(delegator=person), MOST_DELEGATIONS),
        taken=First.of(running.filter(delegate=person), MOST_DELEGATIONS),
    )


def running_of(person: User) -> QuerySet[Delegation]:
    """The delegations that run and that this person gave or took."""
    now = timezone.now()
    running = Delegation.objects.filter(Q(delegator=person) | Q(delegate=person))
    running = running.filter(starts_at__lte=now, ends_at__gt=now)
    return running.select_related("delegator", "delegate", "system")


def _first_listed(proposals: QuerySet) -> First:
    # First which: joined with all that a row shows, they were sought in the whole table.
    keys = list(proposals.values_list("pk", flat=True)[: MOST + 1])
    rows = Proposal.objects.listed().in_bulk(keys[:MOST])
    listed = [rows[pk] for pk in keys if pk in rows]
    return First(prefetch_rights(listed), len(keys) > MOST)


@dataclass(frozen=True)
class UnitDetails:
    """Where a unit stands in its tree, what flows across the border of it and of all below it, and
    which open proposals touch it. `units` are the ids of it and what lies below.
    """

    units: list[int]
    above: list[OrganisationalUnit]
    below: list[OrganisationalUnit]
    out: First
    into: First
    proposals: list[Proposal]


def unit_details(unit: OrganisationalUnit) -> UnitDetails:
    units = with_below(unit)
    return UnitDetails(
        units=units,
        above=above(unit),
        below=list(unit.children.order_by("name", "pk")),
        out=_across(units, "out"),
        into=_across(units, "into"),
        proposals=as_listed(Proposal.objects.newest_open_touching_units(units, MOST_OPEN)),
    )


def _across(units: list[int], way: str) -> First:
    flows = LogicalFlow.objects.living().across(units, way).order_by("-pk")
    # First which, as above.
    keys = First.of(flows.values_list("pk", flat=True), MOST)
    shown = LogicalFlow.objects.filter(pk__in=keys.rows).with_consent().with_physical_count()
    return First(list(shown.with_data_types().by_route()), keys.has_more)


def proposals_sending(specification: PhysicalSpecification) -> list[Proposal]:
    """The newest open ones that would send by it, or change or remove what does."""
    return as_listed(Proposal.objects.newest_open_sending(specification, MOST_OPEN))


def other_parts_in(system: System, deciders: list[Decider]) -> First:
    """The open parts in a system other than those by which somebody decides."""
    decisive = [row.involvement.pk for row in deciders]
    others = system.involvements.open().exclude(pk__in=decisive)
    return First.of(others.select_related("user", "kind").order_by("user__name", "pk"), MOST_PARTS)
