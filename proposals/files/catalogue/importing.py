"""Brings a catalogue in: all of it or nothing."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from ...errors import Conflict, Invalid
from ...models import ChangeContext, ImportBatch, ImportedFile, System, User
from . import reading
from .plan import Plan, Shelf
from .problems import BadCatalogue, Problem, shown
from .rules import judge
from .saving import activate, carry_out
from .tables import TABLES

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Tally:
    """What became of the rows of one file: `read` is the sum of the others."""

    file: str
    read: int
    added: int
    changed: int
    unchanged: int
    repeated: int

    @classmethod
    def of(cls, shelf: Shelf) -> "Tally":
        added, changed = len(shelf.added), len(shelf.changed)
        unchanged = shelf.read - shelf.repeated - added - changed
        return cls(shelf.table.file, shelf.read, added, changed, unchanged, shelf.repeated)

    @property
    def outcome(self) -> str:
        counts = {"added": self.added, "changed": self.changed}
        return (
            f"{self.file}: "
            f"{', '.join(f'{count} {what}' for what, count in counts.items() if count)}."
        )

    def __str__(self) -> str:
        parts = [
            f"{self.read} rows",
            f"{self.added} added",
            f"{self.changed} changed",
            f"{self.unchanged} unchanged",
        ]
        return (
            f"{self.file}: {', '.join(parts + [f'{self.repeated} repeated'] * bool(self.repeated))}"
        )


@dataclass
class Report:
    """What an import did, or a dry run would have done. `batch` is None when nothing was written.

    `activated` counts the pending flows, here before, that got their first physical flow.
    """

    tallies: list[Tally] = field(default_factory=list)
    activated: int = 0
    batch: ImportBatch | None = None

    @property
    def changes(self) -> bool:
        return any(tally.added or tally.changed for tally in self.tallies)

    @property
    def outcome(self) -> str:
        """One sentence a file, only those that changed something."""
        told = [tally.outcome for tally in self.tallies if tally.added or tally.changed]
        if self.activated:
            told.append(f"Pending flows that became active: {self.activated}.")
        return " ".join(told) or "Nothing changed."


def _silent(done: int, total: int) -> None:
    """For callers who do not watch."""


def import_catalogue(
    contents: Mapping[str, bytes],
    *,
    by: User | None = None,
    at: datetime | None = None,
    dry_run: bool = False,
    progress: Progress = _silent,
) -> Report:
    """Bring in `contents`: name of a catalogue file without ".csv" -> its bytes; any of them, in
    any order.

    Everything or nothing: BadCatalogue names every problem of every file. `progress` is called with
    rows done and rows in all. A dry run judges like any other and writes nothing. Conflict if
    somebody else got in between.
    """
    _check_names(contents)
    try:
        with transaction.atomic():
            plan = _judged(contents)
            return (
                _reported(plan)
                if dry_run
                else _written(plan, contents, by, at or timezone.now(), progress)
            )
    except IntegrityError as error:
        raise Conflict(
            "The catalogue was changed at the same moment. Nothing was imported; try again."
        ) from error


def _check_names(contents: Mapping[str, bytes]) -> None:
    known = ", ".join(table.file for table in TABLES.values())
    if not contents:
        raise Invalid(files=f"There is no catalogue file. Known files: {known}.")
    strange = [name for name in contents if name not in TABLES]
    if strange:
        reason = f"This is not a catalogue file. Known files: {known}."
        raise BadCatalogue([Problem(f"{shown(name)}.csv", 0, "", reason) for name in strange])
    if sum(map(len, contents.values())) > reading.MOST_BYTES and len(contents) > 1:
        largest = max(contents, key=lambda name: len(contents[name]))
        reason = (
            f"The files together are larger than {reading.MOST_BYTES // 1024 // 1024} MiB; "
            "import them in parts."
        )
        raise BadCatalogue([Problem(TABLES[largest].file, 0, "", reason)])


def _judged(contents: Mapping[str, bytes]) -> Plan:
    """Holds the systems, so that no proposal is provisioned between the judgement and the
    writing.
    """
    list(System.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    plan = Plan()
    for name, table in TABLES.items():
        if name in contents:
            plan.take(reading.read_sheet(table, contents[name]), table)
    judge(plan)
    if plan.problems:
        raise plan.refusal()
    return plan


def _reported(plan: Plan) -> Report:
    pending = [route for route in plan.routes_gaining if plan.is_pending(route)]
    return Report([Tally.of(shelf) for shelf in plan.taken], len(pending))


def _written(
    plan: Plan, contents: Mapping[str, bytes], by: User | None, at: datetime, progress: Progress
) -> Report:
    report = _reported(plan)
    if not report.changes:
        return report
    report.batch = ImportBatch.objects.create(by=by, at=at, outcome=report.outcome)
    context, done, total = (
        ChangeContext(by, at, f"Import {report.batch.pk}", batch=report.batch),
        0,
        sum(tally.read for tally in report.tallies),
    )

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        progress(done, total)

    for shelf in plan.taken:
        carry_out(plan, shelf, context, advance)
    activate(plan, context)
    _keep_files(report, contents)
    return report


def _keep_files(report: Report, contents: Mapping[str, bytes]) -> None:
    ImportedFile.objects.bulk_create(
        ImportedFile(
            batch=report.batch,
            name=tally.file,
            sha256=hashlib.sha256(contents[tally.file.removesuffix(".csv")]).hexdigest(),
            rows=tally.read,
        )
        for tally in report.tallies
    )
