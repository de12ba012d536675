"""Which part somebody has in a system, and which parts let them decide."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.text import get_text_list

from .catalogue import System, SystemKind, one_of
from .fields import FoldedField, FreeTextField, LineField
from .history import HistoryRecords, WithHistory
from .moments import MomentField, beginning_in_words, end_in_words
from .people import User

MOST_NAMED = 5  # systems of several delegations, in a sentence


class InvolvementKind(WithHistory):
    name = LineField(max_length=100)
    name_folded = FoldedField(of="name")
    description = FreeTextField(blank=True)
    history = HistoryRecords(excluded_fields=["name_folded"])

    class Meta:
        ordering = ["name"]
        verbose_name = "kind of involvement"
        verbose_name_plural = "kinds of involvement"

    def __str__(self) -> str:
        return self.name


class InvolvementQuerySet(models.QuerySet):
    def open(self):
        return self.filter(ended_at=None)

    def beside(self, user: User):
        """Those in the systems in which this person has one."""
        return self.filter(system__in=self.filter(user=user).order_by().values("system"))


class Involvement(WithHistory):
    """A person's part in a system. It is ended, never deleted."""

    system = models.ForeignKey(System, models.PROTECT, related_name="involvements")
    user = models.ForeignKey(User, models.PROTECT, related_name="involvements")
    kind = models.ForeignKey(InvolvementKind, models.PROTECT)
    started_at = MomentField(default=timezone.now)
    ended_at = MomentField(
        null=True,
        blank=True,
        help_text="From this moment the involvement gives no right. Not in the future.",
    )
    history = HistoryRecords()
    objects = InvolvementQuerySet.as_manager()
    # By rights.decisive_involvements().
    rule_id: int
    rule_names_system: bool
    may_approve: bool
    may_reject: bool

    class Meta:
        ordering = ["system__name", "kind__name", "user__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["system", "user", "kind"],
                condition=Q(ended_at=None),
                name="involvement_once_while_open",
                violation_error_message="This person has this involvement in the system already.",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="involvement_ends_after_start",
                violation_error_message="An involvement does not end before it begins.",
            ),
        ]
        # The newest of somebody who may have thousands.
        indexes = [
            models.Index(
                fields=["user", "id"], condition=Q(ended_at=None), name="involvement_open_of_user"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind} of {self.system}"

    def clean(self) -> None:
        if self.started_at and self.started_at > timezone.now():
            raise ValidationError({"started_at": "An involvement cannot begin in the future."})
        if self.ended_at and self.ended_at > timezone.now():
            raise ValidationError(
                {"ended_at": "An involvement ends now or has ended; it cannot end in the future."}
            )


def decision_wording(may_approve: bool, may_reject: bool) -> str:
    return {
        (True, True): "may approve and reject",
        (True, False): "may approve",
        (False, True): "may reject",
        (False, False): "decides nothing",
    }[may_approve, may_reject]


class ApproverRule(WithHistory):
    """Which involvements decide. A rule that names a system replaces all general ones for that
    system.
    """

    involvement_kind = models.ForeignKey(InvolvementKind, models.PROTECT)
    system_kind = models.CharField(max_length=30, choices=SystemKind)
    system = models.ForeignKey(
        System,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="approver_rules",
        help_text=(
            "Leave empty for every system of the kind. "
            "Naming one replaces all general rules for it."
        ),
    )
    may_approve = models.BooleanField(default=True)
    may_reject = models.BooleanField(default=True)
    history = HistoryRecords()

    class Meta:
        ordering = ["system_kind", "system__name", "involvement_kind__name"]
        verbose_name = "approver rule"
        constraints = [
            one_of("system_kind", SystemKind, "approver_rule_system_kind"),
            models.UniqueConstraint(
                fields=["involvement_kind", "system_kind"],
                condition=Q(system=None),
                name="approver_rule_once_per_kind",
                violation_error_message="This involvement has a rule for such systems already.",
            ),
            models.UniqueConstraint(
                fields=["involvement_kind", "system"],
                condition=Q(system__isnull=False),
                name="approver_rule_once_per_system",
                violation_error_message="This involvement has a rule for this system already.",
            ),
        ]

    def __str__(self) -> str:
        where = self.system or f"every {self.get_system_kind_display().lower()}"
        return f"{self.involvement_kind} of {where} {self.wording}"

    @property
    def wording(self) -> str:
        return decision_wording(self.may_approve, self.may_reject)

    def clean(self) -> None:
        if self.system and self.system.kind != self.system_kind:
            raise ValidationError(
                {"system": f"{self.system} is not of the kind {self.get_system_kind_display()}."}
            )


class Delegation(WithHistory):
    """While it runs the delegate may decide with the delegator's involvement rights, in every
    system or in the one that it names; for several systems there are several.
    """

    delegator = models.ForeignKey(User, models.PROTECT, related_name="delegations_given")
    delegate = models.ForeignKey(User, models.PROTECT, related_name="delegations_taken")
    # One column of the row that a transition names: guards and the audit read it as it was then.
    system = models.ForeignKey(
        System, models.PROTECT, null=True, blank=True, related_name="delegations"
    )
    starts_at = MomentField(default=timezone.now)
    ends_at = MomentField()
    note = FreeTextField(blank=True)
    history = HistoryRecords()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("starts_at")),
                name="delegation_ends_after_start",
                violation_error_message="A delegation does not end before it begins.",
            ),
            models.CheckConstraint(
                condition=~Q(delegator=F("delegate")),
                name="delegation_to_another",
                violation_error_message="Nobody delegates to themselves.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delegate} for {self.delegator}"

    @property
    def extent(self) -> str:
        """Where it holds, to follow what it lets somebody do: nothing, or " on Ledger (LED)"."""
        return f" on {self.system}" if self.system else ""

    def covers(self, system: int) -> bool:
        """Whether it lends the rights in `system` (id)."""
        return self.system_id in (None, system)

    @property
    def period(self) -> str:
        """From when, if that is still to come, and until when, by the reader's clock."""
        is_to_come = self.starts_at > timezone.now()
        begins = f"from {beginning_in_words(self.starts_at)} " if is_to_come else ""
        return f"{begins}until {end_in_words(self.ends_at)}"


def extent_of(delegations: Sequence[Delegation]) -> str:
    """Where several hold that were made together, as `Delegation.extent` says it of one."""
    named = [str(delegation.system) for delegation in delegations if delegation.system]
    if len(named) > MOST_NAMED:
        named = [*named[:MOST_NAMED], f"{len(named) - MOST_NAMED} more systems"]
    return f" on {get_text_list(named, 'and')}" if named else ""
