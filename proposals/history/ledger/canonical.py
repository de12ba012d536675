"""What the ledger takes down, and how: one text for each row, the same on every database and in
every year.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

from django.db import models
from simple_history.models import HistoricalRecords

from ...guards.record import TRACKED, sets_of
from ...models import (
    ImportBatch,
    ImportedFile,
    LedgerForm,
    Notice,
    Remark,
    Tracked,
    Transition,
)


@dataclass(frozen=True)
class Members:
    """What belongs to a row and was written with it: rows of `model` that name it by `owner`."""

    name: str
    model: type[models.Model]
    owner: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Recorded:
    """A table of the record: each of its rows has a leaf. `at` is the column that dates a row;
    `changing` are columns that say what became of it later, which no leaf tells.
    """

    model: type[models.Model]
    at: str
    members: tuple[Members, ...] = ()
    changing: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def key(self) -> str:
        return self.model._meta.pk.attname

    @property
    def noun(self) -> str:
        """How a report calls one of its rows."""
        return str(self.model._meta.verbose_name)

    @property
    def rows_in_words(self) -> str:
        """For example: transitions, versions of systems."""
        return str(self.model._meta.verbose_name_plural)

    @cached_property
    def columns(self) -> list[str]:
        names = [str(field.attname) for field in self.model._meta.local_concrete_fields]
        # By name: the order of the columns in a table depends on when each was added.
        return sorted(set(names) - set(self.changing))

    def rows(self) -> models.QuerySet:
        """Of any account: an auditor may not read every column of people."""
        return self.model._base_manager.order_by("pk")


def _past(model: Tracked) -> Recorded:
    members = tuple(
        Members(
            str(field.name),
            HistoricalRecords.m2m_models[field],
            "history_id",
            (field.m2m_reverse_name(),),
        )
        for field in sets_of(model)
    )
    return Recorded(model.history.model, "history_date", members)


RECORDED = [
    Recorded(Transition, "at"),
    *map(_past, TRACKED),
    Recorded(
        ImportBatch,
        "at",
        (Members("files", ImportedFile, "batch_id", ("id", "name", "rows", "sha256")),),
    ),
    Recorded(
        Remark,
        "at",
        (Members("mentioned", Remark.mentioned.through, "remark_id", ("user_id",)),),
    ),
    Recorded(Notice, "at", changing=("mail_id", "withdrawn", "read_at")),
]


def members_of(recorded: Recorded, keys: Sequence[int]) -> dict[int, dict[str, list]]:
    """Key of a row -> name of a set -> its members, of the rows with these keys."""
    sets: dict[int, dict[str, list]] = {
        key: {members.name: [] for members in recorded.members} for key in keys
    }
    for members in recorded.members:
        rows = members.model._base_manager.filter(**{f"{members.owner}__in": keys})
        for owner, *values in rows.values_list(members.owner, *members.columns):
            sets[owner][members.name].append(values if len(values) > 1 else values[0])
    return sets


def text_of(
    recorded: Recorded, columns: Iterable[str], values: Iterable, sets: dict[str, list]
) -> str:
    """JSON with sorted keys and no space between; moments in UTC with microseconds."""
    said: dict[str, Any] = {
        "table": recorded.table,
        "row": dict(zip(columns, values, strict=True)),
    }
    if recorded.members:
        # A set has no order in the database, and a text needs one.
        said["sets"] = {name: sorted(members) for name, members in sets.items()}
    return _encoded(said)


def texts_of(recorded: Recorded, forms: dict[int, LedgerForm]) -> dict[int, str]:
    """Key of a row -> its text by the form named for it, of those that are there."""
    names = sorted(recorded.columns)
    rows = recorded.rows().filter(pk__in=forms).values_list(*names)
    sets = members_of(recorded, list(forms))
    texts = {}
    for values in rows:
        said = dict(zip(names, values, strict=True))
        key = said[recorded.key]
        columns = forms[key].columns
        # A column that is gone since leaves a gap that no proof bridges.
        known = [said.get(column) for column in columns]
        texts[key] = text_of(recorded, columns, known, sets[key])
    return texts


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return in_utc.isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in the ledger.")


# Made once: json.dumps would make another for each row.
_encoded = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain
).encode


def fingerprint(salt: str, text: str) -> str:
    """SHA-256 over the salt (bytes in hex) and the text in UTF-8, in hex."""
    return sha256(bytes.fromhex(salt) + text.encode()).hexdigest()
