"""What people say to one another about a proposal."""

from django.db import models
from django.db.models import Q

from .display import label
from .fields import FreeTextField
from .people import User
from .proposal import Proposal

# The fields of a proposal that a remark may be about.
TOPICS = [
    *("source", "target", "data_types", "specification"),
    *Proposal.ATTRIBUTES,
    *("reason", "justification"),
]


def topic_label(topic: str) -> str:
    """What pages call the field; empty for the whole proposal."""
    return label(Proposal._meta.get_field(topic)) if topic else ""


class Remark(models.Model):
    """Said about an open proposal, or about one field of it. Appended, never changed, and nothing
    in the workflow depends on it.
    """

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="remarks")
    topic = models.CharField(
        max_length=30, blank=True, help_text="The field it is about; empty for the whole proposal."
    )
    answers = models.ForeignKey("self", models.PROTECT, null=True, related_name="answered_by")
    by = models.ForeignKey(User, models.PROTECT, related_name="remarks")
    text = FreeTextField(max_length=4000)
    at = models.DateTimeField()
    mentioned = models.ManyToManyField(User, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(topic__in=["", *TOPICS]), name="remark_topic"),
            models.CheckConstraint(condition=~Q(text=""), name="remark_says_something"),
        ]

    def __str__(self) -> str:
        return f"Remark {self.pk} on proposal {self.proposal_id}"

    def get_absolute_url(self) -> str:
        return f"{self.proposal.get_absolute_url()}#remark-{self.pk}"

    @property
    def topic_label(self) -> str:
        return topic_label(self.topic)
