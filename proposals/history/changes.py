"""What became different in the register, field by field: who did it, when and why. Read from the
history tables.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice

from django.db import models
from django.db.models import Q

from ..models import (
    CausedHistory,
    HistoryRow,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    System,
    Tracked,
    User,
    label,
    pieces,
    types_of,
    value_in_words,
)
from .as_of import versions_at

# What the values and the title of a history row name, read with it; of other related rows the
# number is enough.
NAMED = {
    LogicalFlow: ["source", "target"],
    PhysicalFlow: ["logical_flow__source", "logical_flow__target", "specification", "added_by"],
    PhysicalSpecification: ["owner"],
    System: ["organisational_unit"],
}
# The number never changes, and the key follows from other columns.
NOT_COMPARED = {"id", "content_key"}
MOST = 25  # changes that a page shows


@dataclass(frozen=True)
class Difference:
    """One field: what it was and what it became, as a reader reads it."""

    what: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """One history row: `subject` is what changed, `kind` what kind of thing that is.

    `type` is that of simple-history: "+", "~" or "-". `proposal` is the number of the proposal that
    caused it, if one did. `differences` is None where the row before it is not at hand.
    """

    at: datetime
    kind: str
    subject: str
    type: str
    done: str
    by: User | None
    why: str
    proposal: int | None
    differences: list[Difference] | None

    @property
    def created(self) -> bool:
        return self.type == "+"


Objects = models.QuerySet | Iterable[int]


def changes(model: Tracked, objects: Objects, since: datetime | None = None) -> Iterator[Change]:
    """What happened to `objects` (ids) of `model` after `since`, or ever, in the order it was
    written.

    Read piece by piece, so there may be any number.
    """
    return _changes_in(model, pieces(_rows(model, objects, since).order_by("pk")), since)


def newest_changes(
    model: Tracked, objects: Objects, since: datetime | None = None, *, most: int
) -> tuple[list[Change], bool]:
    """The last of `changes`, at most `most` of them, and whether there may be more; two queries in
    any case.
    """
    # One more than is asked for: it tells what the oldest of them changed, and that there are
    # others.
    rows = list(_rows(model, objects, since).order_by("-pk")[: most + 1])
    read = list(_changes_in(model, [rows[::-1]], since))
    return read[-most:], len(rows) > most


def history_of(*things: Tracked, most: int = MOST) -> list[Change]:
    """The newest changes of one thing, or of several told together; newest first."""
    newest_first = [newest_changes(type(thing), [thing.pk], most=most)[0][::-1] for thing in things]
    return list(islice(merge(*newest_first, key=lambda change: change.at, reverse=True), most))


def changes_after(thing: HistoryRow, version: int) -> list[Change]:
    """What happened to `thing` after its history row `version`, oldest first."""
    fields = thing.history.model._meta.concrete_fields
    related = [field.name for field in fields if field.is_relation]
    # With the version itself, which tells what the next one changed.
    rows = thing.history.filter(pk__gte=version).select_related(*related)
    read = list(rows.order_by("pk")[: MOST + 1])
    return list(_changes_in(type(thing), [read], None))[1:]


def _rows(model: Tracked, objects: Objects, since: datetime | None) -> models.QuerySet:
    """The history rows after `since`, with the one before the first of each object, which tells
    what it changed.
    """
    history = model.history.filter(id__in=objects).select_related("history_user", *NAMED[model])
    if since is None:
        return history
    return history.filter(
        Q(history_date__gt=since) | Q(pk__in=versions_at(model, since, id=objects))
    )


def _changes_in(model: Tracked, chunks: Iterable[list], since: datetime | None) -> Iterator[Change]:
    before: dict[int, dict[str, str]] = {}
    for rows in chunks:
        types = types_of(model, [row.pk for row in rows])
        for row in rows:
            old, new = before.get(row.id), values_of(row, types[row.pk])
            before[row.id] = new
            if since is None or row.history_date > since:
                yield _change(row, dict.fromkeys(new, "") if row.history_type == "+" else old, new)


def _change(row: HistoryRow, old: dict[str, str] | None, new: dict[str, str]) -> Change:
    differences = None
    if old is not None:
        differences = [
            Difference(what, old[what], new[what]) for what in new if old[what] != new[what]
        ]
    kind = str(row.instance_type._meta.verbose_name).capitalize()
    return Change(
        at=row.history_date,
        kind=kind,
        subject=title_of(row),
        type=row.history_type,
        done=row.get_history_type_display(),
        by=row.history_user,
        why=row.history_change_reason or "",
        proposal=row.cause_proposal_id if isinstance(row, CausedHistory) else None,
        differences=differences,
    )


def values_of(row: HistoryRow, types: list[str]) -> dict[str, str]:
    """Label -> what a reader sees there, of every field but those kept for the machine."""
    fields = [field for field in row.tracked_fields if field.name not in NOT_COMPARED]
    values = {label(field): value_in_words(row, field.name) for field in fields}
    return values | {label(field): ", ".join(types) for field in row._history_m2m_fields}


def title_of(row: HistoryRow) -> str:
    """What str() of the object would say, without asking the database again."""
    if isinstance(row, LogicalFlow.history.model):
        return f"{row.source.name} → {row.target.name}"
    if isinstance(row, PhysicalFlow.history.model):
        return row.name or row.specification.name
    return str(getattr(row, "name", row.id))
