"""What a maker asks for, and everything that has happened to it."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.timesince import timesince
from post_office.models import Email
from simple_history.models import HistoricalRecords

from . import rights
from .catalogue import DataType, System, one_of
from .people import User
from .policy import Policy, Reason
from .register import (
    FlowAttributes,
    Format,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    attribute_checks,
    same_text,
)
from .states import (
    DRAFT,
    Action,
    ProposalStates,
    Side,
    State,
    actions,
    end_states,
    open_states,
    states,
    undecided_states,
)

OPEN, END = open_states(), end_states()


class ProposalQuerySet(models.QuerySet):
    """Read each as the end of the sentence "proposals ..."."""

    def open(self):
        return self.filter(state__in=OPEN)

    def closed(self):
        return self.filter(state__in=END)

    def submitted(self):
        return self.exclude(submitted_at=None)

    def visible_to(self, user: User):
        """Everybody reads what was submitted; a draft is its maker's and the administrators'."""
        return self if user.is_superuser else self.filter(Q(submitted_at__isnull=False) | Q(maker=user))

    def awaiting(self, user: User):
        """Open, and `user` can decide for a side that has not decided. The set form of the table's roles."""
        systems = rights.systems_decided_by(user)
        waiting = Q(pk__in=[])
        for side in Side:
            waiting |= Q(state__in=undecided_states(side), **{f"{side.lower()}__in": systems})
        return self.filter(waiting).exclude(maker=user)

    def of_route(self, source, target):
        return self.filter(source=source, target=target)

    def touching(self, system: System):
        return self.filter(Q(source=system) | Q(target=system))

    def matching(self, text: str):
        """Each word is its number, or occurs in its systems, maker, justification, flow or specification."""
        found = self
        for word in text.split():
            number = Q(pk=int(word)) if word.isascii() and word.isdigit() and len(word) < 19 else Q()
            fields = ["source__name", "source__code", "target__name", "target__code", "maker__name"]
            fields += ["justification", "name", "specification_name", "specification__name"]
            found = found.filter(Q(*[(f"{field}__icontains", word) for field in fields], _connector=Q.OR) | number)
        return found

    def listed(self):
        """With what a row of a list shows, in one query."""
        return self.select_related("source", "target", "maker", "reason", "specification")


class ProposalType(models.TextChoices):
    CREATE = "CREATE"
    EDIT = "EDIT"
    DELETE = "DELETE", "Remove"


class Proposal(ProposalStates, FlowAttributes):
    """A maker's wish to create, edit or remove a flow.

    After submission only `state`, `closed_at` and, once, the results change: what approvers read is what is applied.
    """

    type = models.CharField(max_length=10, choices=ProposalType, default=ProposalType.CREATE)
    source = models.ForeignKey(System, models.PROTECT, related_name="proposals_out")
    target = models.ForeignKey(System, models.PROTECT, related_name="proposals_in")
    maker = models.ForeignKey(User, models.PROTECT, related_name="proposals")
    reason = models.ForeignKey(Reason, models.PROTECT, null=True, blank=True)
    justification = models.TextField(max_length=4000, blank=True, help_text="What the approvers should know.")
    data_types = models.ManyToManyField(DataType, blank=True, related_name="proposals")

    with_physical_flow = models.BooleanField("with a physical flow", default=True)
    specification = models.ForeignKey(
        PhysicalSpecification, models.PROTECT, null=True, blank=True, related_name="proposals"
    )
    specification_name = models.CharField(max_length=200, blank=True)
    specification_format = models.CharField(max_length=20, choices=Format, blank=True)
    specification_description = models.TextField(max_length=4000, blank=True)

    concerned_physical_flow = models.ForeignKey(
        PhysicalFlow, models.PROTECT, null=True, editable=False, related_name="changes_proposed"
    )
    concerned_logical_flow = models.ForeignKey(
        LogicalFlow, models.PROTECT, null=True, editable=False, related_name="removals_proposed"
    )
    read_physical_flow_version = models.BigIntegerField(null=True, editable=False)
    read_specification_version = models.BigIntegerField(null=True, editable=False)
    read_logical_flow_version = models.BigIntegerField(null=True, editable=False)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    submitted_at = models.DateTimeField(null=True, editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    result_logical_flow = models.ForeignKey(
        LogicalFlow, models.PROTECT, null=True, editable=False, related_name="proposals"
    )
    result_specification = models.ForeignKey(
        PhysicalSpecification, models.PROTECT, null=True, editable=False, related_name="resulted_from"
    )
    result_physical_flow = models.ForeignKey(
        PhysicalFlow, models.PROTECT, null=True, editable=False, related_name="resulted_from"
    )
    history = HistoricalRecords(m2m_fields=["data_types"])
    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            *attribute_checks("proposal", filled=Q(submitted_at__isnull=False, with_physical_flow=True)),
            models.CheckConstraint(condition=Q(state__in=states()), name="proposal_state"),
            one_of("type", ProposalType, "proposal_type"),
            models.CheckConstraint(
                condition=Q(specification_format__in=["", *Format.values]),
                name="proposal_specification_format",
            ),
            models.CheckConstraint(
                condition=~Q(type="CREATE") | ~Q(source=F("target")), name="proposal_create_between_two_systems"
            ),
            models.CheckConstraint(
                condition=Q(type="CREATE", concerned_physical_flow=None, concerned_logical_flow=None)
                | Q(type="EDIT", concerned_physical_flow__isnull=False, concerned_logical_flow=None)
                | Q(type="DELETE", concerned_physical_flow__isnull=False, concerned_logical_flow=None)
                | Q(type="DELETE", concerned_physical_flow=None, concerned_logical_flow__isnull=False),
                name="proposal_names_the_flow_concerned",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[DRAFT, State.CANCELLED], submitted_at=None, due_at=None)
                | (
                    Q(submitted_at__isnull=False, due_at__isnull=False, reason__isnull=False)
                    & ~Q(state=DRAFT)
                    & ~Q(content_key="")
                ),
                name="proposal_complete_when_submitted",
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None)
                | ~Q(type="CREATE")
                | Q(with_physical_flow=False, specification=None, specification_name="")
                | (Q(with_physical_flow=True) & ~Q(specification=None, specification_name=""))
                & (Q(specification=None) | Q(specification_name="")),
                name="proposal_names_one_specification",
            ),
            models.CheckConstraint(
                condition=Q(state__in=END, closed_at__isnull=False) | (~Q(state__in=END) & Q(closed_at=None)),
                name="proposal_closed_in_end_states",
            ),
            models.CheckConstraint(
                condition=Q(state=State.FULLY_APPROVED, result_logical_flow__isnull=False)
                | (
                    ~Q(state=State.FULLY_APPROVED)
                    & Q(result_logical_flow=None, result_specification=None, result_physical_flow=None)
                ),
                name="proposal_results_when_fully_approved",
            ),
            models.UniqueConstraint(
                fields=["content_key"], condition=Q(type="CREATE", state__in=OPEN), name="proposal_no_open_twin"
            ),
            models.UniqueConstraint(
                fields=["concerned_physical_flow"],
                condition=Q(type__in=["EDIT", "DELETE"], state__in=OPEN),
                name="proposal_one_open_change_per_physical_flow",
            ),
            models.UniqueConstraint(
                fields=["concerned_logical_flow"],
                condition=Q(type="DELETE", state__in=OPEN),
                name="proposal_one_open_removal_per_logical_flow",
            ),
        ]
        indexes = [
            models.Index(
                fields=["source", "submitted_at", "id"],
                condition=Q(state__in=undecided_states(Side.SOURCE)),
                name="proposal_waiting_for_source",
            ),
            models.Index(
                fields=["target", "submitted_at", "id"],
                condition=Q(state__in=undecided_states(Side.TARGET)),
                name="proposal_waiting_for_target",
            ),
        ]

    def __str__(self) -> str:
        return f"Proposal {self.pk}: {self.source.name} → {self.target.name}"

    def get_absolute_url(self) -> str:
        return reverse("proposal", args=[self.pk])

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
    def age(self) -> str:
        """How long ago it was submitted, in its largest unit: "3 weeks"."""
        return timesince(self.submitted_at, depth=1) if self.submitted_at else ""

    def system(self, side: str) -> System:
        return {Side.SOURCE: self.source, Side.TARGET: self.target}[side]

    def system_id(self, side: str) -> int:
        return {Side.SOURCE: self.source_id, Side.TARGET: self.target_id}[side]

    @property
    def undecided_sides(self) -> list[Side]:
        """The sides an open proposal waits for."""
        return [side for side in Side if self.state in undecided_states(side)]

    @cached_property
    def deciders(self) -> list:
        """Whose involvement decides for its source or target, as read once for this object."""
        return rights.deciders(self.source_id, self.target_id)

    def actions_of(self, user: User) -> list[tuple[Action, rights.Right]]:
        """What `user` may do to it in its present state, and by what right."""
        possible = [(action, action.role(self, user)) for action in actions().values() if self.state in action.sources]
        return [(action, right) for action, right in possible if right]

    def set_content_key(self) -> None:
        specification = None
        if self.with_physical_flow:
            specification = self.specification_id or same_text(self.specification_name)
        self.content_key = self.twin_key(self.source_id, self.target_id, specification)

    def last_transition(self) -> "Transition | None":
        return self.transitions.order_by("-number").select_related("by").first()


class Transition(models.Model):
    """One change of state. Appended, never changed; a draft has none."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="transitions")
    number = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=30)
    from_state = models.CharField(max_length=30, choices=State)
    to_state = models.CharField(max_length=30, choices=State)
    side = models.CharField(max_length=10, choices=Side, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="transitions", help_text="Empty: the clock.")
    on_behalf_of = models.ForeignKey(User, models.PROTECT, null=True, related_name="transitions_by_delegates")
    capacity = models.TextField(help_text="The right it was done by, as it read that moment.")
    policy = models.ForeignKey(Policy.history.model, models.PROTECT, related_name="transitions")
    comment = models.TextField(max_length=4000, blank=True)
    automatic = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["proposal_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "number"], name="transition_numbered_once"),
            models.UniqueConstraint(
                fields=["proposal", "side"], condition=~Q(side=""), name="transition_one_decision_per_side"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="transition_numbered_from_one"),
            models.CheckConstraint(condition=Q(side__in=["", *Side.values]), name="transition_side"),
            models.CheckConstraint(condition=Q(action__in=list(actions())), name="transition_action"),
            models.CheckConstraint(
                condition=Q(from_state__in=states(), to_state__in=states()), name="transition_states"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal_id}/{self.number}: {self.to_state}"

    @property
    def done(self) -> str:
        """What happened, in the past tense: "approved for the source"."""
        return actions()[self.action].done

    @property
    def sentence(self) -> str:
        """Who did what, and when: "Anna Berg approved for the source on 3 November 2026, 14:05 UTC."."""
        who = str(self.by) if self.by else "The clock"
        return f"{who} {self.done} on {timezone.localtime(self.at):%-d %B %Y, %H:%M %Z}."


class Notice(models.Model):
    """Somebody was told of an event. Unique, so that nobody is told twice."""

    event = models.CharField(max_length=100)
    recipient = models.ForeignKey(User, models.PROTECT, related_name="notices")
    mail = models.ForeignKey(Email, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "recipient"], name="notice_once_per_event_and_recipient")
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.recipient}"
