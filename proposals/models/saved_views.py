"""Filters, order and columns of a list that somebody keeps under a name."""

from django.db import models
from django.db.models import Q
from django.urls import reverse

from .catalogue import one_of
from .fields import LineField
from .people import User
from .text import same


class SavedList(models.TextChoices):
    """The lists that can be saved; each value is the name of its address."""

    PROPOSALS = "proposals"
    SYSTEMS = "systems"
    FLOWS = "flows"


class SavedView(models.Model):
    """What a list shows, as its address says it. It gives no right: whoever opens one that is
    shared sees what they may see.
    """

    owner = models.ForeignKey(User, models.PROTECT, related_name="saved_views")
    list_name = models.CharField("list", max_length=20, choices=SavedList)
    name = LineField(max_length=60)
    query = models.CharField(max_length=2000)
    is_shared = models.BooleanField("shared with everybody", default=False)

    class Meta:
        verbose_name = "saved view"
        ordering = ["name", "pk"]
        constraints = [
            one_of("list_name", SavedList, "saved_view_list"),
            models.UniqueConstraint(
                fields=["owner", "list_name", "name"], name="saved_view_once_per_name"
            ),
        ]
        indexes = [
            models.Index(
                fields=["list_name"], condition=Q(is_shared=True), name="saved_view_shared"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse(self.list_name)}?{self.query}"

    @classmethod
    def named(cls, owner: User, list_name: str, name: str) -> "SavedView":
        """The one that this person has by the name, in any case, or a new one."""
        own = cls.objects.filter(owner=owner, list_name=list_name)
        known = next((view for view in own if same(view.name, name)), None)
        return known or cls(owner=owner, list_name=list_name, name=name)
