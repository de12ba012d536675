"""Who wants to hear of what, without having a part in it."""

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q

from .catalogue import System
from .people import User
from .proposal import Proposal


class WatchQuerySet(models.QuerySet["Watch"]):
    def on(self, watched: System | Proposal):
        """Of a proposal, whichever of its rounds was looked at."""
        if isinstance(watched, System):
            return self.filter(system=watched)
        return self.filter(proposal=watched.first_round_id or watched.pk)

    def on_any(self, systems: Iterable[int], proposal: Proposal | None = None):
        """Of any of `systems` (ids), or of the proposal."""
        of_systems = self.filter(system__in=systems)
        return of_systems if proposal is None else of_systems | self.on(proposal)

    def reasons(self) -> dict[User, str]:
        """Who watches -> why they are told, in a sentence; of several that of the proposal, or
        else of the first one made.
        """
        by_weight = F("proposal").asc(nulls_first=True)
        watches = self.select_related("user", "system").order_by(by_weight, "-pk")
        return {watch.user: watch.reason for watch in watches}


class Watch(models.Model):
    """Somebody is told of what happens to a proposal, in all its rounds, or on a system. It gives
    no right; whoever stops watching leaves no row.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="watches")
    system = models.ForeignKey(System, models.PROTECT, null=True, related_name="watches")
    proposal = models.ForeignKey(
        Proposal,
        models.PROTECT,
        null=True,
        related_name="watches",
        help_text="The first round, which stands for all of them.",
    )
    since = models.DateTimeField()

    objects = WatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "watches"
        ordering = ["-since", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(system__isnull=True, proposal__isnull=False)
                | Q(system__isnull=False, proposal__isnull=True),
                name="watch_one_thing",
            ),
            models.UniqueConstraint(fields=["user", "system"], name="watch_once_per_system"),
            models.UniqueConstraint(fields=["user", "proposal"], name="watch_once_per_proposal"),
        ]

    def __str__(self) -> str:
        return f"{self.user} watches {self.watched}"

    @property
    def watched(self) -> System | Proposal | None:
        return self.system or self.proposal

    @property
    def reason(self) -> str:
        return f"You watch {self.system.name if self.system else 'this proposal'}."
