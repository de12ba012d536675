"""What the administrators decide about the workflow itself."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery

from .catalogue import one_of
from .fields import CountField, FoldedField, FreeTextField, LineField
from .history import HistoryRecords, WithHistory


class MakerDecides(models.TextChoices):
    NEVER = "NEVER", "Never: others decide"
    OWN_SIDE = (
        "OWN_SIDE",
        "Own side: one side the maker may approve counts as approved on submission",
    )
    WALTZ = "WALTZ", "Both sides, as in FINOS Waltz"


class SideWithoutApprover(models.TextChoices):
    STEWARD = "STEWARD", "The stewards decide"
    REFUSE = "REFUSE", "It cannot be submitted"


class LaterPhysicalFlows(models.TextChoices):
    DIRECT = "DIRECT", "Straight from a maker"
    PROPOSAL = "PROPOSAL", "Through a proposal"


class Policy(WithHistory):
    """The switches of the workflow: exactly one row, which every transition names by its history
    row in force.
    """

    maker_decides = models.CharField(
        max_length=10,
        choices=MakerDecides,
        default=MakerDecides.NEVER,
        help_text="Whether the maker of a proposal may decide on it.",
    )
    one_person_both_sides = models.BooleanField(
        default=True, help_text="Whether one person may take both decisions of a proposal."
    )
    external_auto_approval = models.BooleanField(
        default=False, help_text="Whether the side of an external system is approved on submission."
    )
    side_without_approver = models.CharField(
        max_length=10,
        choices=SideWithoutApprover,
        default=SideWithoutApprover.STEWARD,
        help_text="What happens to a side nobody may approve for.",
    )
    physical_flow_required = models.BooleanField(
        default=False, help_text="Whether a new flow must be proposed with its physical flow."
    )
    later_physical_flows = models.CharField(
        max_length=10,
        choices=LaterPhysicalFlows,
        default=LaterPhysicalFlows.DIRECT,
        help_text="How an approved logical flow takes further physical flows.",
    )
    time_out_days = CountField(
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="Fixed for a proposal when it is submitted.",
    )
    remind_after_days = CountField(
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="The first reminder, and the days between reminders.",
    )
    api_decisions = models.BooleanField(
        "decisions through the API",
        default=False,
        db_default=False,
        help_text="Whether a program may decide for the person whose token it has.",
    )
    history = HistoryRecords()

    class Meta:
        verbose_name_plural = "policy"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="policy_is_one_row"),
            one_of("maker_decides", MakerDecides, "policy_maker_decides"),
            one_of("side_without_approver", SideWithoutApprover, "policy_side_without_approver"),
            one_of("later_physical_flows", LaterPhysicalFlows, "policy_later_physical_flows"),
            models.CheckConstraint(
                condition=Q(time_out_days__range=(1, 3650)),
                name="policy_time_out_days",
                violation_error_message="Choose 1 to 3650 days.",
            ),
            models.CheckConstraint(
                condition=Q(remind_after_days__range=(1, 3650)),
                name="policy_remind_after_days",
                violation_error_message="Choose 1 to 3650 days.",
            ),
        ]

    version_id: int  # by in_force()

    def __str__(self) -> str:
        return "Policy"

    @classmethod
    def in_force(cls) -> "Policy":
        """The row, with `version_id`: the history row that says how it reads now."""
        newest = cls.history.filter(id=OuterRef("pk")).order_by("-history_id")
        return cls.objects.annotate(version_id=Subquery(newest.values("pk")[:1])).get(pk=1)


class Reason(WithHistory):
    """Why a maker proposes: the administrators' list. Retired, never deleted."""

    name = LineField(max_length=100)
    name_folded = FoldedField(of="name")
    description = FreeTextField(blank=True)
    is_active = models.BooleanField("active", default=True)
    history = HistoryRecords(excluded_fields=["name_folded"])

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
