"""Every change of a tracked row leaves one history row: what it became, who did it, why and
when.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from django.db import connection, models, transaction
from django.db.models import Q
from simple_history.manager import HistoryManager
from simple_history.models import HistoricalRecords

AT_ONCE = 500  # rows in one statement: SQLite has a limit of parameters

# simple-history has no types: a model with its history, and one row of that.
Tracked = Any
HistoryRow = Any


class Cause(models.TextChoices):
    """What made the register or a proposal change."""

    PROPOSAL = "PROPOSAL", "A proposal"
    IMPORT = "IMPORT", "An import"
    DIRECT = "DIRECT", "A direct addition"


def reference(model: str) -> models.ForeignKey:
    """To what caused a change, without a constraint, as simple-history makes all its references:
    the history would otherwise keep alive what only a guard may. That it leads somewhere is asked
    by verify_audit.
    """
    return models.ForeignKey(
        model,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )


class CausedHistory(models.Model):
    """What a history row of the register or of a proposal names as its cause: exactly one.

    The reason beside it is for people; code reads these columns.
    """

    cause = models.CharField(max_length=10, choices=Cause)
    cause_proposal = reference("proposals.Proposal")
    cause_batch = reference("proposals.ImportBatch")

    class Meta:
        abstract = True


class OnceMadeManager(HistoryManager):
    """Its class is made at the first look at a history; simple-history makes one at every look,
    which was a twelfth of the processor time of an approval.
    """

    @classmethod
    @cache
    def from_queryset(cls, queryset_class: type, class_name: str | None = None) -> Any:
        return super().from_queryset(queryset_class, class_name)


class HistoryRecords(HistoricalRecords):
    """The history of a model. Its keys are as wide as those of the model: it has more rows."""

    def __init__(self, **options) -> None:
        super().__init__(
            history_manager=OnceMadeManager, history_id_field=models.BigAutoField(), **options
        )

    def get_meta_options(self, model: type[models.Model]) -> dict:
        # As pages and the audit count them: "2 versions of systems", not "2 historical systems".
        return super().get_meta_options(model) | {
            "verbose_name": f"version of {model._meta.verbose_name}",
            "verbose_name_plural": f"versions of {model._meta.verbose_name_plural}",
        }


class CausedRecords(HistoryRecords):
    """A history whose rows name their cause; the database holds that it is exactly one."""

    def __init__(self, **options) -> None:
        super().__init__(bases=[CausedHistory], **options)

    def get_meta_options(self, model: type[models.Model]) -> dict:
        one_cause = models.CheckConstraint(
            condition=Q(cause=Cause.PROPOSAL, cause_proposal__isnull=False, cause_batch=None)
            | Q(cause=Cause.IMPORT, cause_proposal=None, cause_batch__isnull=False)
            | Q(cause=Cause.DIRECT, cause_proposal=None, cause_batch=None),
            name=f"historical_{model._meta.model_name}_one_cause",
        )
        return super().get_meta_options(model) | {"constraints": [one_cause]}


class WithHistory(models.Model):
    """A tracked row: saved or deleted, with its history row or not at all, whoever asks."""

    history: ClassVar[Any]

    class Meta:
        abstract = True

    @transaction.atomic(savepoint=False)
    def save(self, *args, **kwargs) -> None:
        super().save(*args, **kwargs)

    @transaction.atomic(savepoint=False)
    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        return super().delete(*args, **kwargs)

    def version(self) -> int | None:
        """The id of its newest history row: which version a page shows that is made now."""
        return self.history.order_by("-history_id").values_list("pk", flat=True).first()


@dataclass(frozen=True)
class ChangeContext:
    """By whom, when, why and because of what something changes: what each history row says.

    For the register and for proposals exactly one cause has to be named: `proposal`, `batch` (an
    import) or `direct` (a further physical flow that its maker added). Other models have none.
    """

    by: models.Model | None
    at: datetime
    why: str
    proposal: Any = None
    batch: Any = None
    direct: bool = False

    @transaction.atomic(savepoint=False)
    def store(self, obj: Tracked, **many: Iterable[models.Model]) -> None:
        """Save `obj` and its many-to-many sets (`data_types=[...]`), with one history row for both.

        simple-history by itself writes a row for the save and another for every `.set()`.
        """
        created = obj._state.adding
        obj.save_without_historical_record()
        sets = {name: list(related) for name, related in many.items()}
        if sets:
            obj.skip_history_when_saving = True
            for name, related in sets.items():
                if created:
                    _link(obj, name, related)
                else:
                    getattr(obj, name).set(related)
            del obj.skip_history_when_saving
        self.record([obj], created=created, has_sets=not created or any(sets.values()))

    def record(self, objs: list, *, created: bool, has_sets: bool = True) -> None:
        """One history row per object, all of one model and already saved, many-to-many sets
        included where it `has_sets`; in bulk. Of a model without history there is none.
        """
        if objs:
            self.record_rows(
                type(objs[0]), [obj.pk for obj in objs], created=created, has_sets=has_sets
            )

    def record_rows(
        self, model: Any, ids: list[int], *, created: bool, has_sets: bool = True
    ) -> None:
        """The same of rows that are known by their ids: the database copies what it holds."""
        if not hasattr(model, "history"):
            return
        for start in range(0, len(ids), AT_ONCE):
            few = ids[start : start + AT_ONCE]
            self._copy(model, few, "+" if created else "~")
            for field in model.history.model._history_m2m_fields if has_sets else ():
                _copy_set(field, few)

    def _copy(self, model: Tracked, ids: list[int], history_type: str) -> None:
        history = model.history.model
        facts = {
            "history_date": self.at,
            "history_change_reason": self.why,
            "history_type": history_type,
            "history_user": self.by and self.by.pk,
        } | (self._cause if issubclass(history, CausedHistory) else {})
        fields = {history._meta.get_field(name): value for name, value in facts.items()}
        values = [field.get_db_prep_save(value, connection) for field, value in fields.items()]
        kept = ", ".join(f'"{field.column}"' for field in history.tracked_fields)
        named = ", ".join(f'"{field.column}"' for field in fields)
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {history._meta.db_table} ({named}, {kept}) "
                f"SELECT {', '.join(['%s'] * len(values))}, {kept} "
                f"FROM {model._meta.db_table} WHERE id IN {_places(ids)} ORDER BY id",
                [*values, *ids],
            )

    @property
    def _cause(self) -> dict:
        kinds = {
            Cause.PROPOSAL: self.proposal is not None,
            Cause.IMPORT: self.batch is not None,
            Cause.DIRECT: self.direct,
        }
        return {
            "cause": next((kind for kind, is_named in kinds.items() if is_named), ""),
            "cause_proposal": self.proposal and self.proposal.pk,
            "cause_batch": self.batch and self.batch.pk,
        }


def _link(obj: Tracked, name: str, related: Iterable[models.Model]) -> None:
    """What `.set()` does, for a row that was just made and has no links that would be compared."""
    field: Any = obj._meta.get_field(name)
    through = field.remote_field.through
    owner, other = field.m2m_field_name(), field.m2m_reverse_field_name()
    through.objects.bulk_create(
        through(**{owner: obj, other: row}) for row in dict.fromkeys(related)
    )


def _copy_set(field: Any, ids: list[int]) -> None:
    """The set of each of these rows as it is now, beside its newest history row."""
    through, history = field.remote_field.through, HistoricalRecords.m2m_models[field]
    owner, related = field.m2m_column_name(), field.m2m_reverse_name()
    past = field.model.history.model._meta.db_table
    # A sum, or PostgreSQL may walk backwards through all history rows for the newest.
    newest = f"SELECT MAX(n.history_id + 0) FROM {past} n WHERE n.id = t.{owner}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {history._meta.db_table} (history_id, id, {owner}, {related}) "
            f"SELECT ({newest}), t.id, t.{owner}, t.{related} "
            f"FROM {through._meta.db_table} t WHERE t.{owner} IN {_places(ids)} ORDER BY t.id",
            ids,
        )


def _places(values: list) -> str:
    return f"({', '.join(['%s'] * len(values))})"


def types_of(model: Tracked, versions: Iterable[int]) -> dict[int, list[str]]:
    """Id of a history row of `model` -> the names of the data types (of a person: of the groups)
    it keeps, sorted; one query. They bear today's names.
    """
    names_of = defaultdict(list)
    for field in model.history.model._history_m2m_fields:
        links = HistoricalRecords.m2m_models[field].objects.filter(history__in=versions)
        name = f"{field.m2m_reverse_field_name()}__name"
        for version, text in links.order_by(name).values_list("history_id", name):
            names_of[version].append(text)
    return names_of
