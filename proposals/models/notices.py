"""Who was told of what."""

from django.db import models
from django.db.models import Q
from post_office.models import Email

from .fields import FreeTextField
from .people import User
from .states import actions
from .transitions import Transition


class Notice(models.Model):
    """Somebody is told of a transition. Unique, so that nobody is told twice.

    Without a `mail` it waits for the recipient's next daily digest, which says `summary`; unless it
    is `withdrawn`, for what it tells was no longer wanted when it was to be sent.
    """

    transition = models.ForeignKey(Transition, models.PROTECT, related_name="notices")
    reminder_day = models.PositiveSmallIntegerField(
        default=0, help_text="Of a reminder: how many days after the submission. Otherwise 0."
    )
    recipient = models.ForeignKey(User, models.PROTECT, related_name="notices")
    proposal = models.ForeignKey("Proposal", models.PROTECT, related_name="notices")
    summary = FreeTextField()
    at = models.DateTimeField()
    mail = models.ForeignKey(Email, models.PROTECT, null=True, related_name="+")
    withdrawn = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["transition", "reminder_day", "recipient"],
                name="notice_once_per_event_and_recipient",
            )
        ]
        indexes = [
            models.Index(
                fields=["recipient", "at"],
                condition=Q(mail=None, withdrawn=False),
                name="notice_waiting_for_digest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.recipient}"

    @property
    def event(self) -> str:
        """What it tells, for readers: "submitted", "reminder on day 3"."""
        if self.reminder_day:
            return f"reminder on day {self.reminder_day}"
        return self.transition.done

    @property
    def asks(self) -> bool:
        """Whether it asks for a decision."""
        return actions()[self.transition.action].submits
