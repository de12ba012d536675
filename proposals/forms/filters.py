"""What a list can be narrowed by; the filter lives in the URL."""

from datetime import timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property

from ..models import (
    FLOW_ATTRIBUTES,
    DataType,
    FlowLifecycle,
    Format,
    Lifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    ProposalType,
    Reason,
    State,
    System,
    SystemKind,
    SystemLifecycle,
    User,
    ids_of,
    is_looked_up,
    label,
    with_below,
)
from ..reports.quality import Question
from .list_filter import (
    NEWEST_FIRST,
    DataTypeFilter,
    IdFilter,
    ListFilter,
    OnlyFilter,
    SystemFilter,
    TextFilter,
    UnitFilter,
    order_filter,
)

# Attributes of a physical flow that one chooses from a list.
CHOSEN = [
    field
    for field in (PhysicalFlow._meta.get_field(attribute.name) for attribute in FLOW_ATTRIBUTES)
    if getattr(field, "choices", None)
]
OPEN_OR_CLOSED = [("OPEN", "Any open state"), ("CLOSED", "Any end state")]


class ProposalFilter(ListFilter):
    MORE = ["type", "system", "unit", "data_type", "only", "maker", "older_than", "rounds"]
    KEPT = []
    ORDERS = {
        "oldest": ("Oldest first", ["pk"]),
        "waiting": ("Open, longest waiting first", ["submitted_at", "pk"]),
        "deadline": ("Open, by deadline", ["due_at", "pk"]),
        "deadline-down": ("Open, last deadline first", ["-due_at", "-pk"]),
        "route": ("By source and target", ["source__name", "target__name", "pk"]),
        "route-down": ("By source and target, Z first", ["-source__name", "-target__name", "-pk"]),
    }
    OF_OPEN_ONES = ["waiting", "deadline", "deadline-down"]
    q = TextFilter(label="Search", method="search", max_length=200)
    state = django_filters.ChoiceFilter(
        label="State", choices=OPEN_OR_CLOSED + State.choices, method="in_state", empty_label="Any"
    )
    whose = django_filters.ChoiceFilter(
        label="Whose",
        choices=[("mine", "Mine"), ("team", "My team's"), ("unit", "My organisational unit's")],
        method="made_by",
        empty_label="Everybody's",
    )
    order = order_filter(ORDERS, empty_label="Newest first")
    type = django_filters.ChoiceFilter(choices=ProposalType.choices, empty_label="Any")
    system = SystemFilter(label="System", queryset=System.objects.all(), method="on_system")
    unit = UnitFilter()
    data_type = DataTypeFilter()
    only = OnlyFilter("Only this data type or unit")
    maker = TextFilter(label="Maker", max_length=200, method="by_maker")
    older_than = django_filters.NumberFilter(
        label="Older than (days)", method="older", min_value=0, max_value=36500
    )

    rounds = django_filters.BooleanFilter(
        label="Every round", method="narrow_nothing", widget=forms.CheckboxInput()
    )

    class Meta:
        model = Proposal
        fields: list[str] = []

    @property
    def found(self) -> QuerySet:
        """Of a proposal that was revised only the newest round, unless every one is asked for; who
        asks for a state, or searches, finds all that there are.
        """
        asked = self.form.cleaned_data if self.is_valid() else {}
        shows_all = any(asked.get(name) for name in ("rounds", "state", "q"))
        return super().found if shows_all else super().found.newest_rounds()

    def by_maker(self, proposals, name, value):
        return proposals.filter(maker__in=User.objects.matching(value).order_by().values("pk"))

    def ordered(self, proposals, name, value):
        asked = proposals.open() if value in self.OF_OPEN_ONES else proposals
        return super().ordered(asked, name, value)

    def carrying(self, proposals, name, value):
        carriers = Proposal.data_types.through.objects.filter(datatype__in=self.meant_by(value))
        return proposals.filter(pk__in=carriers.values("proposal"))

    def in_state(self, proposals, name, value):
        groups = {"OPEN": proposals.open, "CLOSED": proposals.closed}
        if value in groups:
            return groups[value]()
        in_state = proposals.filter(state=value)
        if value == State.PROPOSED_CREATE and not self.request.user.is_superuser:
            # Says nothing new (see visible_to), but of drafts a reader's own are found by an index.
            return in_state.filter(maker=self.request.user)
        return in_state

    def on_system(self, proposals, name, value):
        return proposals.touching(value)

    def of_unit(self, proposals, name, value):
        systems = self.systems_in(value)
        if isinstance(systems, list):
            return proposals.filter(Q(source__in=systems) | Q(target__in=systems))
        # Of a large unit: asked of the systems that a row is read with anyway, since as a subquery
        # all of them would be read beforehand.
        units = self.meant_by(value)
        at_source, at_target = (f"{side}__organisational_unit__in" for side in ("source", "target"))
        return proposals.filter(Q((at_source, units)) | Q((at_target, units)))

    def older(self, proposals, name, value):
        return proposals.filter(submitted_at__lt=timezone.now() - timedelta(days=int(value)))

    def made_by(self, proposals, name, value):
        return proposals.filter(maker__in=self._makers(self.request.user, value))

    def _makers(self, me: User, whose: str) -> Any:
        if whose == "team":
            return me.people_below()
        if whose == "mine":
            return [me.pk]
        unit = me.organisational_unit
        return ids_of(User.objects.filter(organisational_unit__in=with_below(unit))) if unit else []


class InboxFilter(ListFilter):
    """Narrows what waits for the reader: few rows, so that each is asked by itself."""

    MORE = ["maker", "reason", "round", "only"]
    KEPT = []
    ORDERS = {
        "deadline": ("By deadline", ["due_at", "pk"]),
        "newest": ("Newest first", ["-submitted_at", "-pk"]),
        "route": ("By source and target", ["source__name", "target__name", "pk"]),
    }
    system = SystemFilter(label="System", queryset=System.objects.all(), method="on_system")
    data_type = DataTypeFilter()
    order = order_filter(ORDERS, empty_label="Oldest first")
    maker = TextFilter(label="Maker", max_length=200, method="by_maker")
    reason = django_filters.ModelChoiceFilter(
        label="Reason", queryset=Reason.objects.all(), empty_label="Any"
    )
    round = django_filters.ChoiceFilter(
        label="Round",
        choices=[("first", "Asked for the first time"), ("later", "Revised")],
        method="of_round",
        empty_label="Any",
    )
    only = OnlyFilter("Only this data type")

    class Meta:
        model = Proposal
        fields: list[str] = []

    def on_system(self, proposals, name, value):
        return proposals.touching(value)

    def carrying(self, proposals, name, value):
        # What waits first: with it in one query, every proposal that names the type was read.
        waiting = list(proposals.order_by().values_list("pk", flat=True))
        named = Proposal.data_types.through.objects.filter(datatype__in=self.meant_by(value))
        ids = named.filter(proposal__in=waiting).values_list("proposal", flat=True)
        return proposals.filter(pk__in=set(ids))

    def by_maker(self, proposals, name, value):
        return proposals.filter(maker__in=ids_of(User.objects.matching(value)))

    def of_round(self, proposals, name, value):
        return proposals.filter(first_round__isnull=value == "first")


class SystemListFilter(ListFilter):
    MORE = ["data_type", "way"]
    ORDERS = {
        "name-down": ("By name, Z first", ["-name", "-pk"]),
        "code": ("By code", ["code_folded", "pk"]),
        "code-down": ("By code, Z first", ["-code_folded", "-pk"]),
    }
    order = order_filter(ORDERS)
    q = TextFilter(label="Search", method="search", max_length=200)
    kind = django_filters.ChoiceFilter(choices=SystemKind.choices, empty_label="Any")
    organisational_unit = UnitFilter()
    only = OnlyFilter("Only this data type or unit")
    data_type = DataTypeFilter()
    way = django_filters.ChoiceFilter(
        label="The data type",
        choices=[("into", "Comes in"), ("out", "Goes out")],
        method="narrow_nothing",
        empty_label="Comes in or goes out",
    )
    lifecycle = django_filters.ChoiceFilter(choices=SystemLifecycle.choices, empty_label="Any")

    class Meta:
        model = System
        fields: list[str] = []

    def of_unit(self, systems, name, value):
        return systems.filter(organisational_unit__in=self.meant_by(value))

    def carrying(self, systems, name, value):
        flows = LogicalFlow.objects.living()
        flows = flows.carrying(self.meant_by(value), PhysicalFlow.objects.active())
        systems = systems.at_an_end_of(flows, self.form.cleaned_data["way"])
        return systems if self._is_sorted(systems) else systems.order_by(*NEWEST_FIRST)

    def _is_sorted(self, systems) -> bool:
        """Not where very many have to do with the data type, as with flows."""
        places = ("order", "organisational_unit", "q")
        return is_looked_up(systems) or any(map(self.form.cleaned_data.get, places))


class FlowFilter(ListFilter):
    """What is asked of a physical flow (its attributes, its specification, and what that carries)
    is asked of one and the same, and of one that is active.
    """

    MORE = ["unit", "border", "specification", "format", *(field.name for field in CHOSEN)]
    ORDERS = {
        "route-down": ("By route, Z first", ["-source__name", "-target__name", "-pk"]),
    }
    order = order_filter(ORDERS)
    q = TextFilter(label="Search", method="search", max_length=200)
    lifecycle = django_filters.ChoiceFilter(
        choices=FlowLifecycle.choices, method="in_lifecycle", empty_label="Any"
    )
    system = SystemFilter(label="System", queryset=System.objects.all(), method="on_system")
    way = django_filters.ChoiceFilter(
        label="Which way",
        choices=[("into", "Into the system"), ("out", "Out of it")],
        method="narrow_nothing",
        empty_label="Both",
    )
    data_type = DataTypeFilter()
    only = OnlyFilter("Only this data type or unit")
    origin = django_filters.ChoiceFilter(
        label="Consent",
        choices=[("approved", "Approved by both sides"), ("imported", "Imported, not approved")],
        method="of_origin",
        empty_label="Any",
    )
    unit = UnitFilter()
    border = django_filters.ChoiceFilter(
        label="Across the unit's border",
        choices=[("into", "Into the unit"), ("out", "Out of it")],
        method="narrow_nothing",
        empty_label="Within it too",
    )
    specification = TextFilter(label="Specification", max_length=200, method="narrow_nothing")
    format = django_filters.ChoiceFilter(
        label="Format",
        choices=Format.choices,
        method="narrow_nothing",
        empty_label="Any",
    )

    class Meta:
        model = LogicalFlow
        fields: list[str] = []

    @classmethod
    def get_filters(cls):
        """With one for each attribute of a physical flow that is chosen from a list."""
        return super().get_filters() | {
            field.name: django_filters.ChoiceFilter(
                label=label(field),
                choices=field.choices,
                method="narrow_nothing",
                empty_label="Any",
            )
            for field in CHOSEN
        }

    def filter_queryset(self, flows):
        flows = super().filter_queryset(flows)
        if self._attributes or self._specifications is not None:
            flows = flows.sending(self._sent(), self._specifications)
        return flows if self._is_sorted(flows) else flows.order_by(*NEWEST_FIRST)

    def _is_sorted(self, flows) -> bool:
        """Not where very many send the same: by route they may begin anywhere, and everything
        before would be read for a page.
        """
        chosen = self.form.cleaned_data
        places = ("order", "system", "unit", "q")  # which say themselves where to look
        is_rare = bool(
            chosen["data_type"] or self._attributes or self._specifications is not None
        ) or chosen["lifecycle"] not in ("", FlowLifecycle.ACTIVE)
        return not is_rare or any(map(chosen.get, places)) or is_looked_up(flows)

    def carrying(self, flows, name, value):
        sent = self._sent()
        if self._specifications is not None:
            sent = sent.filter(specification__in=ids_of(self._specifications))
        return flows.carrying(self.meant_by(value), sent)

    def _sent(self) -> Any:
        return PhysicalFlow.objects.active().filter(**self._attributes)

    @cached_property
    def _attributes(self) -> dict[str, str]:
        """What is asked of the physical flow itself."""
        chosen = self.form.cleaned_data
        return {field.name: chosen[field.name] for field in CHOSEN if chosen[field.name]}

    @cached_property
    def _specifications(self) -> Any:
        """Of which it has to be one; None if any will do."""
        chosen = self.form.cleaned_data
        if not chosen["format"] and not chosen["specification"]:
            return None
        found = PhysicalSpecification.objects.matching(chosen["specification"])
        return found.filter(format=chosen["format"]) if chosen["format"] else found

    def of_unit(self, flows, name, value):
        if way := self.form.cleaned_data["border"]:
            return flows.across(self.meant_by(value), way)
        return flows.at(self.meant_by(value))

    def in_lifecycle(self, flows, name, value):
        return flows.in_lifecycle(value)

    def on_system(self, flows, name, value):
        end = {"into": "target", "out": "source"}.get(self.form.cleaned_data.get("way", ""))
        if end is None:
            return flows.touching(value)
        # Ordered by the other end alone: with the one that is the same in every row among what it
        # is ordered by, all flows of a hub would be read for a page.
        other = [path for path in flows.query.order_by if path.lstrip("-") != f"{end}__name"]
        return flows.filter(**{end: value}).order_by(*other)

    def of_origin(self, flows, name, value):
        return flows.filter(has_consent=value == "approved")


class PhysicalFlowFilter(ListFilter):
    q = TextFilter(label="Search", method="search", max_length=200)
    lifecycle = django_filters.ChoiceFilter(choices=Lifecycle.choices, empty_label="Any")
    logical_flow = IdFilter(label="Logical flow (id)")
    specification = IdFilter(label="Specification (id)")

    class Meta:
        model = PhysicalFlow
        fields: list[str] = []


class SpecificationFilter(ListFilter):
    q = TextFilter(label="Search", method="search", max_length=200)
    owner = SystemFilter(label="Owner", queryset=System.objects.all())
    format = django_filters.ChoiceFilter(choices=Format.choices, empty_label="Any")
    lifecycle = django_filters.ChoiceFilter(choices=Lifecycle.choices, empty_label="Any")

    class Meta:
        model = PhysicalSpecification
        fields: list[str] = []


class DataTypeListFilter(ListFilter):
    q = TextFilter(label="Search", method="search", max_length=200)

    class Meta:
        model = DataType
        fields: list[str] = []


class QualityFilter(ListFilter):
    """Narrows the rows of one question; the question says where its systems and its age are."""

    MORE = ["older_than"]

    q = TextFilter(label="Search", method="search", max_length=200)
    whose = django_filters.ChoiceFilter(
        label="Whose systems",
        choices=[("mine", "Those I am involved in")],
        method="involved",
        empty_label="Everybody's",
    )
    unit = UnitFilter()
    only = OnlyFilter("Only this unit")
    older_than = django_filters.NumberFilter(
        label="Older than (days)", method="older", min_value=0, max_value=36500
    )

    def __init__(self, *args, question: Question, **kwargs) -> None:
        self.question = question
        super().__init__(*args, **kwargs)

    def involved(self, rows, name, value):
        parts = self.request.user.involvements.open().order_by()
        return self._on(rows, ids_of(System.objects.filter(pk__in=parts.values("system"))))

    def of_unit(self, rows, name, value):
        return self._on(rows, self.systems_in(value))

    def _on(self, rows, systems):
        return rows.filter(
            Q(*[(f"{path}__in", systems) for path in self.question.systems], _connector=Q.OR)
        )

    def older(self, rows, name, value):
        return rows.filter(since__lt=timezone.now() - timedelta(days=int(value)))
