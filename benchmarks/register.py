"""What there is to look at in a grown register, and who looks."""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, Q

from proposals.models import (
    ApproverRule,
    DataType,
    LogicalFlow,
    OrganisationalUnit,
    PhysicalFlow,
    Proposal,
    System,
    User,
    open_states,
)

from .company import HUBS

ORDINARY, BUSY = "ordinary", "busiest percent"
LATE = 100  # rows before the last
BUSIEST = ["busiest", "second busiest", "third busiest"]


@dataclass(frozen=True)
class Things:
    """Of each kind one that stands for many, and a hub."""

    hub: System
    own: System  # of the ordinary person, with a few flows
    late: System  # of the last by name
    open: Proposal
    at_a_hub: Proposal
    edit: Proposal
    closed: Proposal
    later_round: Proposal
    flow: LogicalFlow  # into the hub
    sent: PhysicalFlow  # along it
    data_type: DataType  # the root of those that most flows carry
    rare_type: DataType
    unit: OrganisationalUnit  # the root of all
    person: User


def things() -> Things:
    hub = System.objects.get(code="DWH")
    waiting = Proposal.objects.filter(state__in=open_states()).exclude(type="EDIT")
    at_a_hub = waiting.filter(target__code__in=HUBS).first()
    flow = LogicalFlow.objects.filter(target=hub, lifecycle="ACTIVE").order_by("-pk").first()
    return Things(
        hub=hub,
        own=System.objects.get(code="ETRM-17"),
        late=System.objects.order_by("-name", "-pk")[LATE],
        open=waiting.exclude(source__code__in=HUBS).exclude(target__code__in=HUBS).first(),
        at_a_hub=at_a_hub or waiting.filter(source__code__in=HUBS).first(),
        edit=Proposal.objects.filter(type="EDIT", state__in=open_states()).first(),
        later_round=Proposal.objects.open().exclude(revises=None).order_by("pk")[0],
        closed=Proposal.objects.filter(state="FULLY_APPROVED").order_by("pk")[0],
        flow=flow,
        sent=PhysicalFlow.objects.filter(logical_flow=flow, lifecycle="ACTIVE").first(),
        data_type=DataType.objects.filter(parent=None).exclude(children=None).order_by("pk")[0],
        rare_type=DataType.objects.filter(children=None).order_by("pk")[0],
        unit=OrganisationalUnit.objects.filter(parent=None).order_by("pk")[0],
        person=People.of_register().ordinary,
    )


@dataclass(frozen=True)
class People:
    """Who looks, by how many parts they have by which somebody decides."""

    ordinary: User
    by_parts: list[User]  # the busiest percent of those who have any, the busiest first

    @classmethod
    def of_register(cls) -> "People":
        kinds = list(ApproverRule.objects.values_list("involvement_kind", flat=True).distinct())
        decisive = Q(involvements__ended_at=None, involvements__kind__in=kinds)
        parts = Count("involvements", filter=decisive)
        people = User.objects.filter(is_active=True).annotate(parts=parts).filter(parts__gt=0)
        busiest = people.order_by("-parts", "pk")[: max(people.count() // 100, len(BUSIEST))]
        return cls(people.filter(name__endswith="-17").order_by("pk")[0], list(busiest))

    @cached_property
    def named(self) -> dict[str, User]:
        few = {ORDINARY: self.ordinary, BUSY: self.by_parts[-1]}
        return few | dict(zip(BUSIEST, self.by_parts, strict=False))
