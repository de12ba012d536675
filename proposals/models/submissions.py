"""Forms that had their effect."""

import hashlib
import json
from collections.abc import Iterable
from uuid import UUID, uuid5

from django.db import models

from .people import User


class Receipt(models.Model):
    """A form that had its effect: the same content sent again with it leads to the same page.

    `form` is the key the form was given out with, `key` follows from it and from what was sent. A
    browser keeps pages for its Back button, so one form may be filled in twice: other content with
    the same key is another act, not a repetition.
    `results` is what a form about many proposals did with each: [number, whether it was decided,
    sentence].
    """

    key = models.UUIDField(primary_key=True)
    form = models.UUIDField(db_index=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_index=True)
    page = models.TextField(blank=True)  # of a list it names all filters
    results = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.by}: {self.page}"

    @staticmethod
    def key_of(form: UUID, content: Iterable[tuple[str, list[str]]]) -> UUID:
        """What identifies one submission of a form: `content` is every field with its values."""
        written = json.dumps(sorted((name, list(values)) for name, values in content))
        # A field may hold half a character, of which strict UTF-8 would make an error.
        return uuid5(form, hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest())
