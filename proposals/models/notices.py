"""Who was told of what."""

from django.db import models
from django.db.models import Q
from post_office.models import Email

from .fields import FreeTextField
from .people import User


class Notice(models.Model):
    """Somebody is told of an event. Unique, so that nobody is told twice.

    Without a `mail` it waits for the recipient's next daily digest, which says `summary`.
    """

    event = models.CharField(max_length=100)
    recipient = models.ForeignKey(User, models.PROTECT, related_name="notices")
    proposal = models.ForeignKey("Proposal", models.PROTECT, related_name="notices")
    summary = FreeTextField()
    at = models.DateTimeField()
    mail = models.ForeignKey(Email, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "recipient"], name="notice_once_per_event_and_recipient"
            )
        ]
        indexes = [
            models.Index(
                fields=["recipient", "at"], condition=Q(mail=None), name="notice_waiting_for_digest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.recipient}"
