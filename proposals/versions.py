"""What a tracked row has been: each version beside the one before it, field by field."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

MOST = 25
UNTOLD = {"id", "content_key"}  # says nothing to a reader


@dataclass(frozen=True)
class Change:
    """One field that became different; `old` and `new` as a reader sees them, empty where there is nothing."""

    what: str
    old: str
    new: str


@dataclass(frozen=True)
class Version:
    """One row of a history table. `changes` is empty where the row began, and where only a save was recorded.

    `of` says what it is a version of where the histories of several things are told together.
    """

    row: models.Model
    changes: list[Change]
    of: str = ""


def versions(*tracked: models.Model, most: int = MOST) -> list[Version]:
    """The newest `most` versions of one thing, or of several told together, newest first.

    Two queries a thing, and one more for each many-to-many field it tracks.
    """
    told = [version for thing in tracked for version in _of_one(thing, most, len(tracked) > 1)]
    return sorted(told, key=lambda it: (it.row.history_date, it.row.pk), reverse=True)[:most]


def _of_one(thing: models.Model, most: int, named: bool) -> list[Version]:
    foreign = [field.name for field in _fields(thing) if field.is_relation]
    rows = list(thing.history.select_related("history_user", *foreign)[: most + 1])
    told = _readings(thing, rows)
    of = str(thing._meta.verbose_name).capitalize() if named else ""
    pairs = zip(rows, [*rows[1:], None], strict=True)
    return [Version(row, differences(told[row.pk], told[older.pk]) if older else [], of) for row, older in pairs][:most]


def differences(new: dict[str, str], old: dict[str, str]) -> list[Change]:
    """What reads otherwise in `new` than in `old`: two readings of the same thing, label -> text."""
    return [Change(what, old[what], new[what]) for what in new if new[what] != old[what]]


def _readings(thing: models.Model, rows: list) -> dict[int, dict[str, str]]:
    """How each history row reads: its id -> (label -> text)."""
    told = {row.pk: {label(field): reading(row, field.name) for field in _fields(thing)} for row in rows}
    for field in rows[0]._history_m2m_fields if rows else []:
        for pk, names in _sets(field, list(told)).items():
            told[pk][label(field)] = ", ".join(sorted(names))
    return told


def _fields(thing: models.Model) -> list[models.Field]:
    kept = {field.name for field in thing.history.model._meta.concrete_fields}
    return [field for field in thing._meta.concrete_fields if field.name in kept - UNTOLD]


def _sets(field: models.ManyToManyField, versions: Iterable[int]) -> dict[int, list[str]]:
    """Id of a history row -> the names of what its many-to-many field held."""
    rows, related = HistoricalRecords.m2m_models[field].objects, field.m2m_reverse_field_name()
    found: dict[int, list[str]] = {pk: [] for pk in versions}
    for link in rows.filter(history_id__in=found).select_related(related):
        found[link.history_id].append(str(getattr(link, related)))
    return found


def label(field: models.Field) -> str:
    name = str(field.verbose_name)
    return name[:1].upper() + name[1:]


def reading(row: models.Model, name: str) -> str:
    """The field as a reader sees it: a choice by its label, a key by what it names, a moment with its zone."""
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%-d %b %Y, %H:%M %Z}"
    return "" if value is None else str(value)
