"""Who was told of what."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from post_office.models import Email

from .fields import FreeTextField
from .involvements import Delegation
from .people import User
from .register import PhysicalFlow
from .remarks import Remark
from .states import actions
from .transitions import Transition

CAUSES = ("transition", "delegation", "physical_flow", "remark")


def _exactly_one_cause() -> Q:
    """Of a transition, a reminder of one or a remark it names the proposal as well."""
    condition = Q()
    for cause in CAUSES:
        named = {f"{other}__isnull": other != cause for other in CAUSES}
        of_proposal = cause in ("transition", "remark")
        more = {} if cause == "transition" else {"reminder_day": 0}
        condition |= Q(**named, **more, proposal__isnull=not of_proposal)
    return condition


MOST_COUNTED = 99  # in the bar at the top of a page


class NoticeQuerySet(models.QuerySet):
    def unread(self):
        return self.filter(read_at=None)


class Notice(models.Model):
    """Somebody is told of a transition, of a delegation to them that was made or ended, of a
    physical flow added directly, or of a remark. Unique, so that nobody is told twice.

    Of a submission everybody is told who can decide, at once or as soon as they can. Without a
    `mail` it waits for the recipient's next daily digest, which says `summary`; unless it is
    `withdrawn`, for what it tells was no longer wanted when it was to be sent, or its recipient
    wanted no mails. The site lists it all the same.
    """

    transition = models.ForeignKey(Transition, models.PROTECT, null=True, related_name="notices")
    reminder_day = models.PositiveSmallIntegerField(
        default=0, help_text="Of a reminder: how many days after the submission. Otherwise 0."
    )
    delegation = models.ForeignKey(
        Delegation.history.model,
        models.PROTECT,
        null=True,
        related_name="notices",
        help_text="As it was made, or ended before its time.",
    )
    physical_flow = models.ForeignKey(
        PhysicalFlow, models.PROTECT, null=True, related_name="notices"
    )
    remark = models.ForeignKey(Remark, models.PROTECT, null=True, related_name="notices")
    recipient = models.ForeignKey(User, models.PROTECT, related_name="notices")
    proposal = models.ForeignKey("Proposal", models.PROTECT, null=True, related_name="notices")
    summary = FreeTextField()
    at = models.DateTimeField()
    mail = models.ForeignKey(Email, models.PROTECT, null=True, related_name="+")
    withdrawn = models.BooleanField(default=False)
    read_at = models.DateTimeField(
        null=True, help_text="When the recipient marked it as read; a request is, from the start."
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["transition", "reminder_day", "recipient"],
                name="notice_once_per_event_and_recipient",
            ),
            models.UniqueConstraint(
                fields=["delegation", "recipient"], name="notice_once_per_delegation"
            ),
            models.UniqueConstraint(
                fields=["physical_flow", "recipient"], name="notice_once_per_physical_flow"
            ),
            models.UniqueConstraint(fields=["remark", "recipient"], name="notice_once_per_remark"),
            models.CheckConstraint(condition=_exactly_one_cause(), name="notice_one_cause"),
        ]
        indexes = [
            models.Index(fields=["recipient", "-at", "-id"], name="notice_newest_of_recipient"),
            models.Index(
                fields=["recipient", "at"],
                condition=Q(mail=None, withdrawn=False),
                name="notice_waiting_for_digest",
            ),
            models.Index(
                fields=["recipient", "-at", "-id"],
                condition=Q(read_at=None),
                name="notice_not_read_yet",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.recipient}"

    def get_absolute_url(self) -> str:
        """Where one reads more of it."""
        if self.delegation_id:
            return reverse("me")
        shown = self.physical_flow or self.remark or self.proposal
        return shown.get_absolute_url() if shown else ""

    @classmethod
    def unread_count(cls, recipient: User) -> str:
        """For the bar at the top of each page: empty for none, and counted no further than it has
        room.
        """
        unread = cls.objects.filter(recipient=recipient).unread()
        number = unread.values("pk")[: MOST_COUNTED + 1].count()
        return f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number or "")

    @property
    def event(self) -> str:
        """What it tells, for readers: "submitted", "reminder on day 3"."""
        if self.delegation:
            return "delegation made" if self.delegation.history_type == "+" else "delegation ended"
        if self.physical_flow_id:
            return "physical flow added"
        if self.remark_id:
            return "remark"
        if self.reminder_day:
            return f"reminder on day {self.reminder_day}"
        return self.transition.done if self.transition else ""

    @property
    def asks(self) -> bool:
        """Whether it asks for a decision."""
        return self.transition is not None and actions()[self.transition.action].submits
