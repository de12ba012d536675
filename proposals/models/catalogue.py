"""What flows start from and end at, and what they carry."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, When
from django.urls import reverse
from django.utils import timezone

from .fields import FoldedField, FreeTextField, LineField, OneOf
from .history import HistoryRecords, WithHistory
from .reading import is_looked_up
from .search import SearchedQuerySet, SearchField, containing, refresh_named_in, search_text, words
from .trees import refuse_cycle


def one_of(field: str, choices: type[models.TextChoices], name: str) -> models.CheckConstraint:
    """The database's own list of what an enumeration may hold, whoever writes."""

    return OneOf(condition=Q(**{f"{field}__in": choices.values}), name=name)


class OrganisationalUnit(WithHistory):
    code = LineField(max_length=64)
    code_folded = FoldedField(of="code")
    name = LineField(max_length=200)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    description = FreeTextField(blank=True)
    search_text = SearchField(reads=("name", "code"))
    history = HistoryRecords(excluded_fields=["code_folded", "search_text"])
    objects = SearchedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = "organisational unit"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("unit", args=[self.pk])

    def searched(self) -> list[str]:
        return [self.name, self.code]

    def clean(self) -> None:
        refuse_cycle(self, "parent")


class SystemKind(models.TextChoices):
    APPLICATION = "APPLICATION"
    ACTOR = "ACTOR"
    END_USER_APPLICATION = "END_USER_APPLICATION", "End-user application"


class SystemLifecycle(models.TextChoices):
    ACTIVE = "ACTIVE"
    PENDING = "PENDING"
    REMOVED = "REMOVED"


class SystemQuerySet(SearchedQuerySet):
    model: Any

    def taking_flows(self):
        return self.exclude(lifecycle=SystemLifecycle.REMOVED)

    def at_an_end_of(self, flows: models.QuerySet, way: str = ""):
        """Those that some of `flows` go "into" or "out" of, or either."""
        sides = {"into": ["target"], "out": ["source"]}.get(way, ["source", "target"])
        if is_looked_up(flows):
            pairs = flows.order_by().values_list(*(f"{side}_id" for side in sides))
            return self.filter(pk__in={pk for pair in pairs for pk in pair})
        ends = [Exists(flows.order_by().filter(**{side: OuterRef("pk")})) for side in sides]
        return self.filter(Q(*ends, _connector=Q.OR))

    def of(self, user):
        """Those `user` has a part in."""
        part = self.model.objects.filter(involvements__user=user, involvements__ended_at=None)
        return self.filter(pk__in=part.order_by().values("pk"))

    def matching(self, text: str):
        """Each word occurs in the name, the code or the description, or in the name of the unit."""
        systems = self
        for word in words(text):
            # The units first: a join would read all systems for each word.
            units = OrganisationalUnit.objects.filter(containing(word))
            within = Q(organisational_unit__in=list(units.order_by().values_list("pk", flat=True)))
            systems = systems.filter(containing(word) | within)
        return systems

    def like(self, text: str):
        """Those matching: an exact code first, then what begins so, then where a word does."""
        typed = " ".join(words(text))
        begins, word_begins = (
            Q(search_text__contains=f"\n{typed}"),
            Q(search_text__contains=f" {typed}"),
        )
        ranks = [
            When(Q(code_folded=typed), then=0),
            When(begins, then=1),
            When(word_begins, then=2),
        ]
        rank = Case(*ranks, default=3, output_field=models.IntegerField())
        matches = self.matching(text).select_related("organisational_unit")
        return matches.order_by(rank, "name", "pk")


class System(WithHistory):
    """Applications and external actors alike: the one thing flows start from and end at."""

    kind = models.CharField(max_length=30, choices=SystemKind, default=SystemKind.APPLICATION)
    code = LineField(max_length=64)
    code_folded = FoldedField(of="code")
    name = LineField(max_length=200)
    description = FreeTextField(blank=True)
    organisational_unit = models.ForeignKey(
        OrganisationalUnit, models.PROTECT, null=True, blank=True
    )
    is_external = models.BooleanField(
        "external", default=False, help_text="Outside the company, like a regulator."
    )
    lifecycle = models.CharField(
        max_length=10,
        choices=SystemLifecycle,
        default=SystemLifecycle.ACTIVE,
        help_text="A removed system takes no new proposal; its flows stay as they are.",
    )
    search_text = SearchField(reads=("name", "code", "description"))
    history = HistoryRecords(excluded_fields=["code_folded", "search_text"])
    objects = SystemQuerySet.as_manager()
    number_in: int  # by the list of systems
    number_out: int

    class Meta:
        ordering = ["name"]
        constraints = [
            one_of("kind", SystemKind, "system_kind"),
            one_of("lifecycle", SystemLifecycle, "system_lifecycle"),
        ]
        indexes = [
            models.Index("name", "id", name="system_by_name"),
            models.Index("kind", "name", "id", name="system_of_kind_by_name"),
            models.Index(
                fields=["lifecycle", "name", "id"],
                condition=~Q(lifecycle=SystemLifecycle.ACTIVE),
                name="system_inactive_by_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    def save(self, *args, **kwargs) -> None:
        # The stored search text is all that still says by which names it was found.
        is_renamed = not self._state.adding and not self.search_text.startswith(
            search_text([*self.names, ""])
        )
        super().save(*args, **kwargs)
        if is_renamed:
            refresh_named_in([self])

    def get_absolute_url(self) -> str:
        return reverse("system", args=[self.pk])

    def searched(self) -> list[str]:
        return [*self.names, self.description]

    @property
    def names(self) -> list[str]:
        """By which its flows and proposals are found too."""
        return [self.name, self.code]

    def clean(self) -> None:
        if self.pk and self.approver_rules.exclude(system_kind=self.kind).exists():
            raise ValidationError(
                {"kind": "An approver rule names this system by its kind. Delete that rule first."}
            )

    @property
    def is_removed(self) -> bool:
        return self.lifecycle == SystemLifecycle.REMOVED


class DataTypeQuerySet(SearchedQuerySet):
    model: Any

    def proposable(self):
        return self.filter(is_deprecated=False, is_unknown=False)


class DataType(WithHistory):
    code = LineField(max_length=64)
    code_folded = FoldedField(of="code")
    name = LineField(max_length=200)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    description = FreeTextField(blank=True)
    is_deprecated = models.BooleanField(
        "deprecated", default=False, help_text="Cannot be proposed any more; it stays where it is."
    )
    is_unknown = models.BooleanField(
        "unknown", default=False, help_text="Stands for “nobody knows yet”. Cannot be proposed."
    )
    search_text = SearchField(reads=("name", "code"))
    history = HistoryRecords(excluded_fields=["code_folded", "search_text"])
    objects = DataTypeQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = "data type"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("data-type", args=[self.pk])

    def searched(self) -> list[str]:
        return [self.name, self.code]

    def clean(self) -> None:
        refuse_cycle(self, "parent")


class ImportBatch(models.Model):
    """One run of the catalogue import that changed something; the origin of every flow it
    brought.
    """

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    outcome = FreeTextField()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "import batches"

    def __str__(self) -> str:
        return f"Import {self.pk}"


class ImportedFile(models.Model):
    batch = models.ForeignKey(ImportBatch, models.PROTECT, related_name="files")
    name = LineField(max_length=100)
    sha256 = models.CharField("SHA-256", max_length=64)
    rows = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name}, {self.rows} rows"
