"""What a maker asks for, and everything that has happened to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.timesince import timesince

from .catalogue import DataType, System, one_of
from .fields import FreeTextField, LineField
from .flow_attributes import FlowAttributes
from .history import CausedRecords, WithHistory
from .people import User
from .policy import Policy, Reason
from .proposal_constraints import CONSTRAINTS, END, INDEXES, OPEN
from .querysets import ProposalQuerySet
from .register import Format, LogicalFlow, PhysicalFlow, PhysicalSpecification
from .rights import (
    Right,
    RightsContext,
    approvers_on,
    rights_on,
)
from .search import SearchField, route_texts
from .states import (
    DRAFT,
    Action,
    ProposalStates,
    Side,
    State,
    Verb,
    look_of,
    undecided_states,
    verbs,
)
from .text import folded
from .transitions import Transition


class ProposalType(models.TextChoices):
    CREATE = "CREATE", "New flow"
    EDIT = "EDIT", "Change"
    DELETE = "DELETE", "Removal"


@dataclass(frozen=True)
class Offer:
    """What somebody can do to a proposal now: a verb with those of its actions that they have a
    right to, and that right for each.
    """

    verb: Verb
    rights: list[Right]

    @property
    def words(self) -> Action:
        return self.verb.words

    @property
    def right_by_side(self) -> dict[str, Right]:
        """Of a decision: label of each side -> by what right."""
        sides = [Side(side).label for side in self.verb.sides]
        return dict(zip(sides, self.rights, strict=True)) if sides else {}


class Proposal(ProposalStates, WithHistory, FlowAttributes):
    """A maker's wish to create, edit or remove a flow.

    After submission only `state`, `closed_at` and, once, the results change: what approvers read is
    what is applied.
    """

    type = models.CharField(max_length=10, choices=ProposalType, default=ProposalType.CREATE)
    source = models.ForeignKey(System, models.PROTECT, related_name="proposals_out")
    target = models.ForeignKey(System, models.PROTECT, related_name="proposals_in")
    maker = models.ForeignKey(User, models.PROTECT, related_name="proposals")
    reason = models.ForeignKey(Reason, models.PROTECT, null=True, blank=True)
    justification = FreeTextField(
        max_length=4000, blank=True, help_text="What the approvers should know."
    )
    data_types = models.ManyToManyField(DataType, blank=True, related_name="proposals")

    with_physical_flow = models.BooleanField("with a physical flow", default=True)
    specification = models.ForeignKey(
        PhysicalSpecification, models.PROTECT, null=True, blank=True, related_name="proposals"
    )
    specification_name = LineField(max_length=200, blank=True)
    specification_format = models.CharField(max_length=20, choices=Format, blank=True)
    specification_description = FreeTextField(max_length=4000, blank=True)

    concerned_physical_flow = models.ForeignKey(
        PhysicalFlow, models.PROTECT, null=True, editable=False, related_name="changes_proposed"
    )
    concerned_logical_flow = models.ForeignKey(
        LogicalFlow, models.PROTECT, null=True, editable=False, related_name="removals_proposed"
    )
    read_physical_flow_version = models.BigIntegerField(null=True, editable=False)
    read_specification_version = models.BigIntegerField(null=True, editable=False)
    read_logical_flow_version = models.BigIntegerField(null=True, editable=False)

    revises = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="revisions"
    )
    first_round = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="later_rounds"
    )
    round_number = models.PositiveSmallIntegerField(default=1, editable=False)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    submitted_at = models.DateTimeField(null=True, editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    result_logical_flow = models.ForeignKey(
        LogicalFlow, models.PROTECT, null=True, editable=False, related_name="proposals"
    )
    result_specification = models.ForeignKey(
        PhysicalSpecification,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="resulted_from",
    )
    result_physical_flow = models.ForeignKey(
        PhysicalFlow, models.PROTECT, null=True, editable=False, related_name="resulted_from"
    )
    search_text = SearchField(
        reads=(
            *("source__name", "source__code", "target__name", "target__code", "maker__name"),
            *("justification", "name", "specification__name", "specification_name"),
        )
    )
    history = CausedRecords(
        m2m_fields=["data_types"],
        excluded_fields=["search_text"],
        # Versions are looked up by their proposal and by time, never by what they refer to.
        no_db_index=[
            *("source", "target", "maker", "reason", "specification"),
            *("concerned_physical_flow", "concerned_logical_flow", "revises", "first_round"),
            *("result_logical_flow", "result_specification", "result_physical_flow"),
        ],
    )
    objects = ProposalQuerySet.as_manager()
    moved_at: datetime | None  # by listed()

    class Meta:
        ordering = ["-id"]
        constraints = [one_of("type", ProposalType, "proposal_type"), *CONSTRAINTS]
        indexes = INDEXES

    def __str__(self) -> str:
        return f"Proposal {self.pk}: {self.source.name} → {self.target.name}"

    @classmethod
    def change_of(cls, flow: PhysicalFlow, maker: User) -> "Proposal":
        """An EDIT (not saved) that wants `flow` as it is: route, specification and attributes come
        from it.
        """
        attributes = {field: getattr(flow, field) for field in cls.ATTRIBUTES}
        made = cls(
            type=ProposalType.EDIT,
            concerned_physical_flow=flow,
            specification=flow.specification,
            **attributes,
        )
        return made._of_route(flow.logical_flow, maker)

    @classmethod
    def removal_of(cls, flow: PhysicalFlow | LogicalFlow, maker: User) -> "Proposal":
        """A DELETE (not saved) of a physical flow, or of a logical flow that has none."""
        made = cls(type=ProposalType.DELETE, with_physical_flow=False)
        if isinstance(flow, LogicalFlow):
            made.concerned_logical_flow = flow
            return made._of_route(flow, maker)
        made.concerned_physical_flow = flow
        return made._of_route(flow.logical_flow, maker)

    def _of_route(self, logical: LogicalFlow, maker: User) -> "Proposal":
        self.source, self.target, self.maker = logical.source, logical.target, maker
        self.read_logical_flow_version = logical.version()
        if self.concerned_physical_flow:
            self.read_physical_flow_version = self.concerned_physical_flow.version()
            self.read_specification_version = self.concerned_physical_flow.specification.version()
        return self

    def revise(self, original: "Proposal") -> None:
        """Make this new draft the next round of `original`, which was closed without agreement."""
        self.revises = original
        self.first_round_id = original.first_round_id or original.pk
        self.round_number = original.round_number + 1

    @property
    def round_in_words(self) -> str:
        """ "round 3 of No. 91"; empty for the first."""
        if self.first_round_id is None:
            return ""
        return f"round {self.round_number} of No. {self.first_round_id}"

    def is_round_of(self, other: "Proposal") -> bool:
        """Whether both are rounds of one conversation."""
        return (self.first_round_id or self.pk) == (other.first_round_id or other.pk)

    @property
    def can_be_revised(self) -> bool:
        """Whether it was before the approvers and closed without agreement."""
        is_agreed = self.state == State.FULLY_APPROVED
        return self.is_closed and self.submitted_at is not None and not is_agreed

    @property
    def next_round(self) -> "Proposal | None":
        """The draft or proposal that revises it, other than a draft that was given up."""
        return self.revisions.not_given_up().first()

    def rounds(self) -> "models.QuerySet[Proposal]":
        """All of them, this one too."""
        first = self.first_round_id or self.pk
        return Proposal.objects.filter(Q(pk=first) | Q(first_round=first))

    def earlier_rounds(self) -> "models.QuerySet[Proposal]":
        """Newest first, with their steps and data types."""
        return (
            self.rounds()
            .filter(round_number__lt=self.round_number)
            .exclude(submitted_at=None)
            .select_related("source", "target", "maker", "reason", "specification")
            .prefetch_related("data_types", "transitions__by", "transitions__on_behalf_of")
            .order_by("-round_number", "-pk")
        )

    def get_absolute_url(self) -> str:
        return reverse("proposal", args=[self.pk])

    def searched(self) -> list[str]:
        """Its systems and maker, and what it says of itself; its number is asked for by key."""
        specification = self.specification.name if self.specification else self.specification_name
        own = [self.justification, self.name, specification]
        return [*route_texts(self.source, self.target), self.maker.name, *own]

    @property
    def concerned(self) -> PhysicalFlow | LogicalFlow | None:
        """The flow an EDIT or DELETE is about."""
        return self.concerned_physical_flow or self.concerned_logical_flow

    @property
    def changed_flow(self) -> PhysicalFlow:
        """The physical flow that an EDIT is about; so may be a DELETE."""
        assert self.concerned_physical_flow is not None
        return self.concerned_physical_flow

    @property
    def wants_own_specification(self) -> bool:
        """Whether it is an EDIT that gives its route a specification of its own."""
        return self.type == ProposalType.EDIT and bool(folded(self.specification_name))

    def settle_specification(self) -> None:
        """Of an EDIT: that of its flow; or a new one by the name it gives, otherwise like that."""
        present = self.changed_flow.specification
        is_own = self.wants_own_specification
        self.specification = None if is_own else present
        self.specification_name = self.specification_name if is_own else ""
        self.specification_format = present.format if is_own else ""
        self.specification_description = present.description if is_own else ""

    def concerns_the_same_as(self, other: "Proposal") -> bool:
        """Whether both want a new flow, or the same thing of the same flow."""
        return (self.type, self.concerned) == (other.type, other.concerned)

    @property
    def look(self) -> str:
        """How a page shows its state."""
        return look_of(self.state)

    @property
    def is_draft(self) -> bool:
        return self.state == DRAFT

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_closed(self) -> bool:
        return self.state in END

    @property
    def pending_approvers(self) -> list[tuple[Side, Sequence[User]]]:
        """Whom an open proposal waits for: each undecided side with the people who may approve for
        it, by name: before those who stand in for others, who may be thousands, those for whom they
        do. Each is read once something of them is asked for.
        """
        return [(side, approvers_on(self, side)) for side in self.undecided_sides]

    def waits_for(self, user: User) -> bool:
        """Whether this person may approve it for a side that has not decided."""
        rights = [
            right for side in self.undecided_sides for right in rights_on(self, side, only=user)
        ]
        return any(right.may_approve for right in rights)

    @property
    def due_soon(self) -> bool:
        soon = timezone.now() + timedelta(days=3)
        return self.is_open and self.due_at is not None and self.due_at < soon

    @property
    def age(self) -> str:
        """How long ago it was submitted, in its largest unit: "3 weeks"."""
        return timesince(self.submitted_at, depth=1) if self.submitted_at else ""

    def system(self, side: str) -> System:
        return self.source if side == Side.SOURCE else self.target

    def system_id(self, side: str) -> int:
        return self.source_id if side == Side.SOURCE else self.target_id

    @property
    def undecided_sides(self) -> list[Side]:
        """The sides an open proposal waits for."""
        return [side for side in Side if self.state in undecided_states(side)]

    # What the roles ask of it, each read once for this object.

    @cached_property
    def route_is_living(self) -> bool:
        """Whether the register has the route already."""
        return (
            LogicalFlow.objects.living()
            .filter(source=self.source_id, target=self.target_id)
            .exists()
        )

    @cached_property
    def steps(self) -> list[Transition]:
        """Its transitions in their order. Who adds one adds it here too."""
        return list(self.transitions.all()) if self.pk else []

    @cached_property
    def rights(self) -> RightsContext:
        """What the roles ask of it; of many proposals at once `prefetch_rights` reads it."""
        decisions = [step for step in self.steps if step.side]
        return RightsContext.of({self.source_id, self.target_id}, decisions)

    @property
    def policy(self) -> Policy:
        return self.rights.policy

    def offers_to(self, user: User) -> list[Offer]:
        """What `user` may do to it in its present state, in the order of the table."""
        offers = []
        for verb in verbs().values():
            rights_by_action = {
                action: action.role(self, user)
                for action in verb.actions
                if self.state in action.sources
            }
            held = {action: right for action, right in rights_by_action.items() if right}
            if held:
                offers.append(Offer(Verb(verb.name, list(held)), list(held.values())))
        return offers

    def clean_fields(self, exclude=None) -> None:
        """Whether a row that it names is there need not be asked of one that was read for it."""
        fields: list[Any] = list(self._meta.concrete_fields)
        known = {
            field.name
            for field in fields
            if field.is_relation and field.is_cached(self) and field.value_from_object(self)
        }
        super().clean_fields(known | set(exclude or ()))

    def set_content_key(self) -> None:
        specification = None
        if self.with_physical_flow:
            specification = self.specification_id or folded(self.specification_name)
        self.content_key = self.twin_key(self.source_id, self.target_id, specification)

    @property
    def state_before(self) -> str:
        """The state that its last transition led from: for an action back to where it was."""
        return self.transitions.order_by("-number").values_list("from_state", flat=True)[0]

    def last_transition(self) -> Transition | None:
        return self.steps[-1] if self.steps else None
