"""Forms that had their effect."""

from django.db import models

from .people import User


class Receipt(models.Model):
    """A form that had its effect, by the key it was given out with: sent again it leads to the same
    page.

    `results` is what a form about many proposals did with each: [number, whether it was decided, sentence].
    """

    key = models.UUIDField(primary_key=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_index=True)
    page = models.CharField(max_length=500, blank=True)
    results = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.by}: {self.page}"
