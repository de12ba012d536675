"""The register: which data goes from where to where, how, and by whose consent."""

import re
import secrets
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull
from django.urls import reverse
from django_fsm import FSMField, FSMModelMixin, transition

from .catalogue import DataType, ImportBatch, System, one_of
from .fields import FoldedField, FreeTextField, LineField
from .flow_attributes import FlowAttributes, attribute_checks
from .history import CausedRecords, WithHistory
from .people import User
from .reading import has_one, looked_up
from .search import RoutesQuerySet, SearchedQuerySet, SearchField, route_texts


class FlowLifecycle(models.TextChoices):
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    REMOVED = "REMOVED"


class Lifecycle(models.TextChoices):
    ACTIVE = "ACTIVE"
    REMOVED = "REMOVED"


class Format(models.TextChoices):
    BINARY = "BINARY"
    DATABASE = "DATABASE"
    FLAT_FILE = "FLAT_FILE", "Flat file"
    JSON = "JSON", "JSON"
    XML = "XML", "XML"
    UNSTRUCTURED = "UNSTRUCTURED"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


def exactly_one_origin(prefix: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(origin_proposal__isnull=False, origin_batch=None)
        | Q(origin_proposal=None, origin_batch__isnull=False),
        name=f"{prefix}_one_origin",
    )


ENDS = ("source", "target")


class LogicalFlowQuerySet(RoutesQuerySet):
    model: Any

    def living(self):
        return self.exclude(lifecycle=FlowLifecycle.REMOVED)

    def touching(self, system: System):
        return self.filter(Q(source=system) | Q(target=system))

    def across(self, units: list[int], way: str):
        """Those "into" or "out" of what belongs to one of `units` (ids), from or to elsewhere."""
        inner, outer = ("source", "target") if way == "out" else ("target", "source")
        leaving = self.filter(**{f"{inner}__organisational_unit__in": units})
        return leaving.exclude(**{f"{outer}__organisational_unit__in": units})

    def with_consent(self):
        """Each with `has_consent`: whether a fully approved CREATE proposal stands behind it."""
        # By the relation, since the module of proposals imports this one.
        consent = self.model.proposals.rel.related_model.objects.filter(
            result_logical_flow=OuterRef("pk"), type="CREATE", state="FULLY_APPROVED"
        )
        return self.select_related("source", "target").annotate(has_consent=has_one(consent))

    def by_route(self):
        return self.order_by("source__name", "target__name", "pk")

    def with_physical_count(self):
        """Each with `number_physical`, how many active physical flows it has."""
        active = PhysicalFlow.objects.active().filter(logical_flow=OuterRef("pk")).order_by()
        counted = active.values("logical_flow").annotate(number=Count("pk")).values("number")
        return self.annotate(number_physical=Coalesce(Subquery(counted), 0))

    def with_data_types(self):
        """Each with what `carried` names."""
        active = PhysicalFlow.objects.active().select_related("specification")
        sent = Prefetch("physical_flows", active.prefetch_related("specification__data_types"))
        return self.prefetch_related("declared_data_types", sent)

    def carrying(self, data_types: list[int], sent: Any):
        """Those with one of `data_types`: declared on them, or in the specification of a physical
        flow among `sent`.

        Few are looked up by index and named by their ids. Where they are many, each flow is asked
        in its turn, and a page is soon full; united, all of them would be read for it.
        """
        declared = self.model.declared_data_types.through.objects.filter(datatype__in=data_types)
        specifications = PhysicalSpecification.data_types.through.objects.filter(
            datatype__in=data_types
        )
        # Each step by itself: with a LIMIT on both at once PostgreSQL hopes to meet such flows soon
        # among all that there are.
        used = specifications.filter(_is_used("physicalspecification"))
        described = looked_up(used.values_list("physicalspecification", flat=True))
        if described is not None:
            flows = sent.order_by().filter(specification__in=described)
            ids = declared.values_list("logicalflow", flat=True).union(
                flows.values_list("logical_flow", flat=True), all=True
            )
            few = looked_up(ids)
            if few is not None:
                return self.filter(pk__in=few)
        of_specification = specifications.filter(physicalspecification=OuterRef("specification"))
        of_flow = sent.filter(Exists(of_specification), logical_flow=OuterRef("pk"))
        on_flow = declared.filter(logicalflow=OuterRef("pk"))
        return self.filter(Q(has_one(on_flow), has_one(of_flow), _connector=Q.OR))

    def in_lifecycle(self, lifecycle: str):
        """Those in it; of those that are not active few are named by their ids."""
        found = self.model.objects.filter(lifecycle=lifecycle).order_by()
        is_usual = lifecycle == FlowLifecycle.ACTIVE
        few = None if is_usual else looked_up(found.values_list("pk", flat=True))
        return self.filter(lifecycle=lifecycle) if few is None else self.filter(pk__in=few)

    def sending(self, sent: Any, specifications: Any = None):
        """Those with one of the physical flows `sent`; by one of `specifications`, if given."""
        ids = sent.order_by().values_list("logical_flow", flat=True)
        if specifications is not None:
            described = looked_up(
                specifications.filter(_is_used("pk")).order_by().values_list("pk", flat=True)
            )
            if described is None:  # so are their flows, as with `carrying`
                found = ids.filter(specification__in=specifications.order_by().values("pk"))
                return self.filter(pk__in=found)
            ids = ids.filter(specification__in=described)
        few = looked_up(ids)
        return self.filter(pk__in=ids if few is None else few)

    def at(self, units: list[int]):
        """Those from or to a system of one of `units` (ids)."""
        inside = System.objects.filter(organisational_unit__in=units).order_by()
        systems = looked_up(inside.values_list("pk", flat=True))
        if systems is not None:
            every = self.model.objects.order_by()
            ends = [every.filter(**{f"{side}__in": systems}) for side in ENDS]
            ids = [flows.values_list("pk", flat=True) for flows in ends]
            few = looked_up(ids[0].union(ids[1], all=True))
            if few is not None:
                return self.filter(pk__in=few)
        # Asked of the systems that a list is ordered by anyway: as a subquery PostgreSQL reads all
        # systems of the units beforehand.
        paths = [f"{side}__organisational_unit__in" for side in ENDS]
        return self.filter(Q(*((path, units) for path in paths), _connector=Q.OR))


class LogicalFlow(FSMModelMixin, WithHistory):
    """Data goes from A to B. One row per (source, target) for ever: a removed one is revived."""

    source = models.ForeignKey(System, models.PROTECT, related_name="flows_out")
    target = models.ForeignKey(System, models.PROTECT, related_name="flows_in")
    declared_data_types = models.ManyToManyField(DataType, blank=True, related_name="declared_on")
    lifecycle = FSMField(
        max_length=10, choices=FlowLifecycle, default=FlowLifecycle.PENDING, protected=True
    )
    origin_proposal = models.ForeignKey(
        "Proposal", models.PROTECT, null=True, related_name="originated_logical_flows"
    )
    origin_batch = models.ForeignKey(
        ImportBatch, models.PROTECT, null=True, related_name="logical_flows"
    )
    search_text = SearchField(
        reads=("source__name", "source__code", "target__name", "target__code")
    )
    history = CausedRecords(m2m_fields=["declared_data_types"], excluded_fields=["search_text"])
    objects = LogicalFlowQuerySet.as_manager()
    has_consent: bool  # by with_consent()
    number_physical: int  # by with_physical_count()

    class Meta:
        ordering = ["source__name", "target__name"]
        verbose_name = "logical flow"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "target"], name="logical_flow_once_per_route"
            ),
            one_of("lifecycle", FlowLifecycle, "logical_flow_lifecycle"),
            exactly_one_origin("logical_flow"),
        ]
        # The newest of a system, without reading all that a hub has; with the other end, so that
        # they are counted by the index alone.
        indexes = [
            models.Index(
                fields=[side, "id"],
                include=[other],
                condition=~Q(lifecycle="REMOVED"),
                name=f"logical_flow_living_{side}",
            )
            for side, other in (ENDS, ENDS[::-1])
        ] + [
            models.Index(
                fields=["id"],
                condition=Q(lifecycle=lifecycle),
                name=f"logical_flow_{lifecycle.lower()}",
            )
            for lifecycle in ("PENDING", "REMOVED")
        ]

    def __str__(self) -> str:
        return f"{self.source.name} → {self.target.name}"

    def get_absolute_url(self) -> str:
        return reverse("flow", args=[self.pk])

    @property
    def removed_ends(self) -> list[System]:
        """Its systems that have been removed; then all that can be proposed is that it goes too."""
        return [system for system in (self.source, self.target) if system.is_removed]

    def searched(self) -> list[str]:
        return route_texts(self.source, self.target)

    @transition(lifecycle, source=FlowLifecycle.PENDING, target=FlowLifecycle.ACTIVE)
    def activate(self) -> None:
        """With its first physical flow."""

    @transition(
        lifecycle,
        source=[FlowLifecycle.PENDING, FlowLifecycle.ACTIVE],
        target=FlowLifecycle.REMOVED,
    )
    def remove(self) -> None:
        """With its last physical flow."""

    @transition(lifecycle, source=FlowLifecycle.REMOVED, target=FlowLifecycle.PENDING)
    def revive(self) -> None:
        """When a new proposal for the pair is fully approved."""

    def consent(self):
        """The fully approved CREATE proposals behind this flow, newest first."""
        return self.proposals.filter(type="CREATE", state="FULLY_APPROVED").order_by(
            "-closed_at", "-pk"
        )

    def data_types(self):
        """Its declared types with those of the specifications of its active physical flows.
        Computed, never stored.
        """
        specifications = self.physical_flows.active().order_by().values("specification")
        described = PhysicalSpecification.data_types.through.objects.filter(
            physicalspecification__in=specifications
        )
        declared = LogicalFlow.declared_data_types.through.objects.filter(logicalflow=self)
        # Two look-ups united: joined under one OR they read every flow of every type.
        return DataType.objects.filter(
            pk__in=declared.values("datatype").union(described.values("datatype"))
        )

    def unfit_types(self):
        """Those that it declares itself and nobody may propose any more."""
        return self.declared_data_types.exclude(pk__in=DataType.objects.proposable())

    @property
    def carried(self) -> list[DataType]:
        """The same by name, of a row that `with_data_types` has read."""
        sent = [
            data_type
            for flow in self.physical_flows.all()
            for data_type in flow.specification.data_types.all()
        ]
        return sorted({*self.declared_data_types.all(), *sent}, key=str)


def types_carried(flows: Iterable[int]) -> dict[int, set[int]]:
    """Which data types logical flows (ids) carry, as `LogicalFlow.data_types`: their ids, of those
    flows that carry any. Two queries.
    """
    types: dict[int, set[int]] = defaultdict(set)
    declared = LogicalFlow.declared_data_types.through.objects.filter(logicalflow__in=flows)
    sent = PhysicalFlow.objects.active().filter(logical_flow__in=flows).order_by()
    described = sent.filter(specification__data_types__isnull=False)
    for flow, data_type in [
        *declared.values_list("logicalflow_id", "datatype_id"),
        *described.values_list("logical_flow_id", "specification__data_types"),
    ]:
        types[flow].add(data_type)
    return types


def _is_used(path: str) -> IsNull:
    """That something is sent by the specification at `path`."""
    return has_one(PhysicalFlow.objects.active().filter(specification=OuterRef(path)))


# Of this form are those of `save` and those that an import makes up.
MADE_UP_CODE = re.compile("SPEC-[0-9A-F]{10}")


class PhysicalSpecification(FSMModelMixin, WithHistory):
    """What is sent; several physical flows may share one."""

    owner = models.ForeignKey(System, models.PROTECT, related_name="specifications")
    code = LineField(max_length=64)
    code_folded = FoldedField(of="code")
    name = LineField(max_length=200)
    format = models.CharField(max_length=20, choices=Format, default=Format.UNKNOWN)
    description = FreeTextField(max_length=4000, blank=True)
    data_types = models.ManyToManyField(DataType, blank=True, related_name="specifications")
    lifecycle = FSMField(max_length=10, choices=Lifecycle, default=Lifecycle.ACTIVE, protected=True)
    search_text = SearchField(reads=("name", "code", "owner__name", "owner__code"))
    history = CausedRecords(
        m2m_fields=["data_types"], excluded_fields=["code_folded", "search_text"]
    )
    objects = SearchedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "code"]
        verbose_name = "physical specification"
        constraints = [
            one_of("format", Format, "specification_format"),
            one_of("lifecycle", Lifecycle, "specification_lifecycle"),
            models.CheckConstraint(condition=~Q(code=""), name="specification_has_code"),
        ]
        indexes = [models.Index(fields=["format"], name="specification_by_format")]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})" if self.has_own_code else self.name

    @property
    def has_own_code(self) -> bool:
        """Other than one that was made up because nobody gave one, which says nothing."""
        return not MADE_UP_CODE.fullmatch(self.code)

    def get_absolute_url(self) -> str:
        return reverse("specification", args=[self.pk])

    def searched(self) -> list[str]:
        return [self.name, self.code, *self.owner.names]

    def save(self, *args, **kwargs) -> None:
        self.code = self.code or f"SPEC-{secrets.token_hex(5).upper()}"
        super().save(*args, **kwargs)

    @transition(lifecycle, source=Lifecycle.ACTIVE, target=Lifecycle.REMOVED)
    def remove(self) -> None:
        """When nothing uses it any more."""


class PhysicalFlowQuerySet(RoutesQuerySet):
    def active(self):
        return self.filter(lifecycle=Lifecycle.ACTIVE)


class PhysicalFlow(FSMModelMixin, WithHistory, FlowAttributes):
    """How and when a specification is sent along a logical flow."""

    logical_flow = models.ForeignKey(LogicalFlow, models.PROTECT, related_name="physical_flows")
    specification = models.ForeignKey(
        PhysicalSpecification, models.PROTECT, related_name="physical_flows"
    )
    lifecycle = FSMField(max_length=10, choices=Lifecycle, default=Lifecycle.ACTIVE, protected=True)
    origin_proposal = models.ForeignKey(
        "Proposal", models.PROTECT, null=True, related_name="originated_physical_flows"
    )
    origin_batch = models.ForeignKey(
        ImportBatch, models.PROTECT, null=True, related_name="physical_flows"
    )
    added_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="added_physical_flows",
        help_text=(
            "Who added it later to an approved flow; empty when its proposal or an import made it."
        ),
    )
    search_text = SearchField(
        reads=(
            *("logical_flow__source__name", "logical_flow__source__code"),
            *("logical_flow__target__name", "logical_flow__target__code"),
            *("name", "external_id", "specification__name", "specification__code"),
        )
    )
    history = CausedRecords(excluded_fields=["search_text"])
    objects = PhysicalFlowQuerySet.as_manager()

    class Meta:
        ordering = ["logical_flow", "specification__name", "id"]
        verbose_name = "physical flow"
        constraints = [
            *attribute_checks("physical_flow", filled=Q(pk__isnull=False)),
            one_of("lifecycle", Lifecycle, "physical_flow_lifecycle"),
            exactly_one_origin("physical_flow"),
            models.CheckConstraint(
                condition=Q(added_by=None) | Q(origin_proposal__isnull=False),
                name="physical_flow_added_under_proposal",
            ),
            models.UniqueConstraint(
                fields=["content_key"],
                condition=Q(lifecycle="ACTIVE"),
                name="physical_flow_no_active_twin",
            ),
        ]
        indexes = [
            models.Index(
                fields=["specification", "id"],
                condition=Q(lifecycle="ACTIVE"),
                name="physical_flow_active_specified",
            ),
            # What lists are filtered by: of the rare values a walk through all flows would find
            # few.
            *(
                models.Index(
                    fields=[name, "logical_flow"],
                    condition=Q(lifecycle="ACTIVE"),
                    name=f"physical_active_{name}",
                )
                for name in ("transport", "frequency", "criticality")
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.specification.name

    def save(self, *args, **kwargs) -> None:
        self.set_content_key()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("physical-flow", args=[self.pk])

    def searched(self) -> list[str]:
        route, specification = self.logical_flow, self.specification
        own = [self.name, self.external_id, specification.name, specification.code]
        return [*route_texts(route.source, route.target), *own]

    def set_content_key(self) -> None:
        route = self.logical_flow
        self.content_key = self.twin_key(route.source_id, route.target_id, self.specification_id)

    @transition(lifecycle, source=Lifecycle.ACTIVE, target=Lifecycle.REMOVED)
    def remove(self) -> None:
        """By a fully approved DELETE."""
