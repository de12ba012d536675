"""Every change of a tracked row leaves one history row: what it became, who did it, why and
when.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from simple_history.models import HistoricalRecords


class Versioned(models.Model):
    """A tracked row that can say which version of it somebody reads now."""

    class Meta:
        abstract = True

    def version(self) -> int | None:
        """The id of its newest history row."""
        return self.history.order_by("-history_id").values_list("pk", flat=True).first()


@transaction.atomic(savepoint=False)
def store(obj: models.Model, *, by, why: str, at: datetime, **many) -> None:
    """Save `obj` and its many-to-many sets (`data_types=[...]`) and write exactly one history row
    for both.

    simple-history by itself writes a row for the save and another for every `.set()`.
    """
    created = obj._state.adding
    obj.save_without_historical_record()
    if many:
        obj.skip_history_when_saving = True
        for name, related in many.items():
            getattr(obj, name).set(related)
        del obj.skip_history_when_saving
    record([obj], created=created, by=by, why=why, at=at)


def record(objs: list, *, created: bool, by, why: str, at: datetime) -> None:
    """One history row per object, all of one model and already saved, many-to-many sets included;
    in bulk.
    """
    if not objs:
        return
    rows = objs[0].__class__.history.bulk_history_create(
        objs,
        update=not created,
        default_user=by,
        default_change_reason=why,
        default_date=at,
        batch_size=1000,
    )
    for field in rows[0]._history_m2m_fields:
        _record_many(field, {row.id: row for row in rows})


def _record_many(field: models.ManyToManyField, row_by_object: dict) -> None:
    through, history = field.remote_field.through, HistoricalRecords.m2m_models[field]
    owner, related = field.m2m_column_name(), field.m2m_reverse_name()
    ids, links = list(row_by_object), []
    for start in range(0, len(ids), 500):
        links += through.objects.filter(**{f"{owner}__in": ids[start : start + 500]}).values(
            "pk", owner, related
        )
    history.objects.bulk_create(
        [
            history(
                history_id=row_by_object[link[owner]].pk,
                id=link["pk"],
                **{owner: link[owner], related: link[related]},
            )
            for link in links
        ],
        batch_size=1000,
    )


@dataclass(frozen=True)
class ChangeContext:
    """By whom, when and why the register changes: what every history row of one verb says.

    `batch` is the import that does it, where one does.
    """

    by: models.Model | None
    at: datetime
    why: str
    batch: models.Model | None = None

    def store(self, obj: models.Model, **many) -> None:
        """Save one object with its many-to-many sets, as `store` does."""
        store(obj, by=self.by, why=self.why, at=self.at, **many)

    def record(self, objs: list, *, created: bool) -> None:
        """The history of objects saved in bulk; of a model without history there is none."""
        if objs and hasattr(type(objs[0]), "history"):
            record(objs, created=created, by=self.by, why=self.why, at=self.at)
