"""What periodic work remembers from one pass to the next, and what is left for it."""

from datetime import datetime
from typing import Any

from django.db import models

from .people import User


class PassResult(models.Model):
    """The last pass of one kind of periodic work that came to its end: as of which moment, and what
    it keeps for pages. Written anew by each pass.
    """

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    content = models.JSONField(null=True)

    # Names that others ask for.
    WORKER = "worker"  # it is at work
    AUDIT = "verify_audit"  # its content is how many disagreements it named

    class Meta:
        verbose_name = "result of a pass"
        verbose_name_plural = "results of passes"

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"

    @classmethod
    def keep(cls, name: str, at: datetime, content: Any = None) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": at, "content": content})


class RightsChange(models.Model):
    """Somebody changed who may decide; the worker asks those who can newly do so.

    `systems` are the ids of those it concerns, None for all. `by` is not asked: their act gave the
    right. `done_at` is when the others were.
    """

    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    systems = models.JSONField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(done_at=None), name="rights_change_not_done"
            )
        ]

    def __str__(self) -> str:
        return f"{self.by or 'The clock'} at {self.at}"
