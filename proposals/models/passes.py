"""What periodic work remembers from one pass to the next."""

from datetime import datetime
from typing import Any

from django.db import models


class PassResult(models.Model):
    """The last pass of one kind of periodic work that came to its end: as of which moment, and what
    it keeps for pages. Written anew by each pass.
    """

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    content = models.JSONField(null=True)

    class Meta:
        verbose_name = "result of a pass"
        verbose_name_plural = "results of passes"

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"

    @classmethod
    def keep(cls, name: str, at: datetime, content: Any = None) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": at, "content": content})
