"""What a list can be narrowed by; the filter lives in the URL."""

from datetime import timedelta

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone

from ..models import (
    DataType,
    FlowLifecycle,
    LineInput,
    LogicalFlow,
    OrganisationalUnit,
    Proposal,
    ProposalType,
    State,
    System,
    SystemKind,
    SystemLifecycle,
    User,
)
from ..reports.quality import Question
from . import SystemField

OPEN_OR_CLOSED = [("OPEN", "Any open state"), ("CLOSED", "Any end state")]


class TextFilter(django_filters.CharFilter):
    field_class = LineInput


class SystemFilter(django_filters.ModelChoiceFilter):
    field_class = SystemField


class ListFilter(django_filters.FilterSet):
    """What the page of a list asks of its filter. `MORE` names the fields shown only when asked
    for.
    """

    MORE: list[str] = []

    def search(self, rows, name, value):
        return rows.matching(value)

    @property
    def found(self) -> QuerySet:
        """What it leaves of the list; nothing where it cannot be understood."""
        return self.qs if self.is_valid() else self.queryset.none()

    @property
    def first_fields(self) -> list:
        return [field for field in self.form if field.name not in self.MORE]

    @property
    def more_fields(self) -> list:
        return [field for field in self.form if field.name in self.MORE]

    @property
    def uses_more(self) -> bool:
        return any(self.data.get(name) for name in self.MORE)

    @property
    def in_use(self) -> bool:
        return any(self.data.get(field.name) for field in self.form)


class ProposalFilter(ListFilter):
    MORE = ["type", "system", "unit", "maker", "data_type", "older_than"]
    ORDERS = {
        "oldest": ("Oldest first", ["pk"]),
        "waiting": ("Open, by waiting time", ["moved_at", "pk"]),
        "deadline": ("Open, by deadline", ["due_at", "pk"]),
        "route": ("By source and target", ["source__name", "target__name", "pk"]),
    }
    q = TextFilter(label="Search", method="search", max_length=200)
    state = django_filters.ChoiceFilter(
        label="State", choices=OPEN_OR_CLOSED + State.choices, method="in_state", empty_label="Any"
    )
    whose = django_filters.ChoiceFilter(
        label="Whose",
        choices=[("mine", "Mine"), ("team", "My team's")],
        method="made_by",
        empty_label="Everybody's",
    )
    order = django_filters.ChoiceFilter(
        label="Order",
        choices=[(name, label) for name, (label, _) in ORDERS.items()],
        method="ordered",
        empty_label="Newest first",
    )
    type = django_filters.ChoiceFilter(choices=ProposalType.choices, empty_label="Any")
    system = SystemFilter(label="System", queryset=System.objects.all(), method="on_system")
    unit = django_filters.ModelChoiceFilter(
        label="Organisational unit",
        queryset=OrganisationalUnit.objects.all(),
        method="of_unit",
        empty_label="Any",
    )
    maker = TextFilter(label="Maker", max_length=200, method="by_maker")
    data_type = django_filters.ModelChoiceFilter(
        label="Data type", queryset=DataType.objects.all(), method="carrying", empty_label="Any"
    )
    older_than = django_filters.NumberFilter(
        label="Older than (days)", method="older", min_value=0, max_value=36500
    )

    class Meta:
        model = Proposal
        fields: list[str] = []

    @property
    def in_another_order(self) -> bool:
        """Other than newest first."""
        return bool(self.is_valid() and self.form.cleaned_data["order"])

    def by_maker(self, proposals, name, value):
        return proposals.filter(maker__in=User.objects.matching(value).order_by().values("pk"))

    def ordered(self, proposals, name, value):
        _, fields = self.ORDERS[value]
        return (proposals.open() if value in ("waiting", "deadline") else proposals).order_by(
            *fields
        )

    def carrying(self, proposals, name, value):
        carriers = Proposal.data_types.through.objects.filter(datatype=value)
        return proposals.filter(pk__in=carriers.values("proposal"))

    def in_state(self, proposals, name, value):
        groups = {"OPEN": proposals.open, "CLOSED": proposals.closed}
        return groups[value]() if value in groups else proposals.filter(state=value)

    def on_system(self, proposals, name, value):
        return proposals.touching(value)

    def of_unit(self, proposals, name, value):
        return proposals.filter(
            Q(source__organisational_unit=value) | Q(target__organisational_unit=value)
        )

    def older(self, proposals, name, value):
        return proposals.filter(submitted_at__lt=timezone.now() - timedelta(days=int(value)))

    def made_by(self, proposals, name, value):
        me = self.request.user
        return proposals.filter(maker__in=me.people_below() if value == "team" else [me.pk])


class SystemListFilter(ListFilter):
    q = TextFilter(label="Search", method="search", max_length=200)
    kind = django_filters.ChoiceFilter(choices=SystemKind.choices, empty_label="Any")
    organisational_unit = django_filters.ModelChoiceFilter(
        queryset=OrganisationalUnit.objects.all(), empty_label="Any"
    )
    lifecycle = django_filters.ChoiceFilter(choices=SystemLifecycle.choices, empty_label="Any")

    class Meta:
        model = System
        fields: list[str] = []


class FlowFilter(ListFilter):
    q = TextFilter(label="Search", method="search", max_length=200)
    lifecycle = django_filters.ChoiceFilter(choices=FlowLifecycle.choices, empty_label="Any")
    system = SystemFilter(label="System", queryset=System.objects.all(), method="on_system")
    way = django_filters.ChoiceFilter(
        label="Which way",
        choices=[("into", "Into the system"), ("out", "Out of it")],
        method="go",
        empty_label="Both",
    )
    origin = django_filters.ChoiceFilter(
        label="Consent",
        choices=[("approved", "Approved by both sides"), ("imported", "Imported, not approved")],
        method="of_origin",
        empty_label="Any",
    )

    class Meta:
        model = LogicalFlow
        fields: list[str] = []

    def on_system(self, flows, name, value):
        ends = {"into": {"target": value}, "out": {"source": value}}
        way = self.form.cleaned_data.get("way")
        return flows.filter(**ends[way]) if way else flows.touching(value)

    def go(self, flows, name, value):
        """The way alone narrows nothing: it says which flows of the system are meant."""
        return flows

    def of_origin(self, flows, name, value):
        return flows.filter(has_consent=value == "approved")


class QualityFilter(ListFilter):
    """Narrows the rows of one question; the question says where its systems and its age are."""

    q = TextFilter(label="Search", method="search", max_length=200)
    whose = django_filters.ChoiceFilter(
        label="Whose systems",
        choices=[("mine", "Those I am involved in")],
        method="involved",
        empty_label="Everybody's",
    )
    unit = django_filters.ModelChoiceFilter(
        label="Organisational unit",
        queryset=OrganisationalUnit.objects.all(),
        method="of_unit",
        empty_label="Any",
    )
    older_than = django_filters.NumberFilter(
        label="Older than (days)", method="older", min_value=0, max_value=36500
    )

    def __init__(self, *args, question: Question, **kwargs) -> None:
        self.question = question
        super().__init__(*args, **kwargs)

    def involved(self, rows, name, value):
        return self._on(rows, self.request.user.involvements.open().values("system"))

    def of_unit(self, rows, name, value):
        return self._on(
            rows, System.objects.filter(organisational_unit=value).order_by().values("pk")
        )

    def _on(self, rows, systems):
        return rows.filter(
            Q(*[(f"{path}__in", systems) for path in self.question.systems], _connector=Q.OR)
        )

    def older(self, rows, name, value):
        return rows.filter(since__lt=timezone.now() - timedelta(days=int(value)))
