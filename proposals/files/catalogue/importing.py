"""Brings a catalogue in: all of it or nothing."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from ... import workflow
from ...errors import Conflict
from ...models import (
    ChangeContext,
    ImportBatch,
    ImportedFile,
    Involvement,
    System,
    User,
    among,
)
from ...workflow.retry import retrying_transaction
from .plan import Difference, Plan, TablePlan
from .problems import Problem
from .reading import read_sheet
from .rules import judge
from .saving import activate, carry_out, slices
from .sources import Source, sources_of
from .suspicions import warn_of_damage
from .tables import TABLES

Progress = Callable[[int, int], None]
HELD_AT_ONCE = 1000  # in one query


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
    def of(cls, part: TablePlan) -> "Tally":
        added, changed = len(part.added), len(part.changed)
        unchanged = part.read - part.repeated - added - changed
        return cls(part.file, part.read, added, changed, unchanged, part.repeated)

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
    `warnings` name what came in and is probably not meant. `differences`: every field of a row that
    was here, before and after; they are read once, and of a dry run only.
    """

    tallies: list[Tally] = field(default_factory=list)
    activated: int = 0
    batch: ImportBatch | None = None
    warnings: list[Problem] = field(default_factory=list)
    differences: Iterable[Difference] = ()
    digest: str = ""  # the same for two dry runs that would change the same

    @property
    def changes(self) -> bool:
        return any(tally.added or tally.changed for tally in self.tallies)

    @property
    def outcome(self) -> str:
        """One sentence a file, only those that changed something."""
        sentences = [tally.outcome for tally in self.tallies if tally.added or tally.changed]
        if self.activated:
            sentences.append(f"Pending flows that became active: {self.activated}.")
        return " ".join(sentences) or "Nothing changed."


class Moved(Conflict):
    """The import would change something else than what somebody has seen."""


def _silent(done: int, total: int) -> None:
    """For callers who do not watch."""


@dataclass
class _Steps:
    """Tells `progress` of the rows: each is done once it is judged and, unless that is all that is
    asked for, written.
    """

    progress: Progress
    of_a_row: int
    total: int = 0
    done: int = 0

    def begin(self, plan: Plan) -> None:
        self.total, self.done = sum(part.read for part in plan.taken), 0

    def advance(self, rows: int) -> None:
        self.done += rows
        self.progress(self.done // self.of_a_row, self.total)


def import_catalogue(
    contents: Mapping[str, bytes],
    *,
    by: User | None = None,
    at: datetime | None = None,
    dry_run: bool = False,
    progress: Progress = _silent,
    expected: str = "",
) -> Report:
    """Bring in `contents`: name of a file -> its bytes; any files of the catalogue, in any order.

    A name without an ending is that of a CSV file. A workbook may bring one file by its name, or
    several by its sheets.

    Everything or nothing: BadCatalogue names every problem of every file. `progress` is called with
    rows done and rows in all. A dry run judges like any other and writes nothing. Conflict if
    somebody else got in between; Moved if it would change something else than the dry run with the
    digest `expected`.
    """
    sources = sources_of(contents)
    steps = _Steps(progress, of_a_row=1 if dry_run else 2)

    # Again, where it and a decision came to wait for each other.
    @retrying_transaction
    def imported() -> Report:
        plan = _judged(sources, steps)
        if expected and plan.digest != expected:
            raise Moved("What the import would change is no longer what was shown.")
        now = at or timezone.now()
        if dry_run:
            report = replace(_reported(plan), differences=plan.differences(), digest=plan.digest)
            if plan.files_of_rights:
                _try(plan, sources, by, now)
            return report
        return _written(plan, sources, by, now, steps.advance)

    try:
        return imported()
    # Systems and people are held: rules and other rows may be written by others meanwhile.
    except IntegrityError as error:
        raise Conflict(
            "The catalogue was changed at the same moment. Nothing was imported; try again."
        ) from error


def _judged(sources: Mapping[str, Source], steps: _Steps) -> Plan:
    """Holds the systems that the files name, so that no proposal between them is provisioned
    between the judgement and the writing; and the people of a file of people.
    """
    plan = _read(sources)
    people = _people_here(plan)
    codes = {code for (code,) in plan.named("systems")}
    named = System.objects.filter(code_folded__in=among(codes)).order_by()
    # Where one of them has a part a decision holds them; it comes before this import or after it,
    # or the two would wait for each other crosswise.
    _hold(System, {*named.values_list("pk", flat=True), *_parts_of(people)})
    _hold(User, people)
    if _were_changed(plan, people):
        plan = _read(sources)
    steps.begin(plan)
    plan.settle()
    judge(plan, steps.advance)
    if plan.problems:
        raise plan.refusal()
    warn_of_damage(plan)
    return plan


def _read(sources: Mapping[str, Source]) -> Plan:
    plan = Plan()
    for name, table in TABLES.items():
        if name in sources:
            plan.take(read_sheet(table, sources[name]), table)
    return plan


def _people_here(plan: Plan) -> set[int]:
    """The ids of those that a file of people is about."""
    parts = [part for part in plan.taken if part.table.model is User]
    return {part.ids[key] for part in parts for key in part.rows if key in part.ids}


def _were_changed(plan: Plan, people: set[int]) -> bool:
    """Whether one of them is no longer as they were read; somebody may have come before us until
    they were held.
    """
    if not people:
        return False
    read = {person.pk: vars(person) for person in plan.part("people").objects.values()}
    here = 0
    for few in slices(sorted(people), HELD_AT_ONCE):
        for values in User.objects.filter(pk__in=few).values():
            here += 1
            if any(read[values["id"]][name] != value for name, value in values.items()):
                return True
    return here < len(people)


def _parts_of(people: set[int]) -> Iterator[int]:
    """The ids of the systems in which they have a part."""
    for few in slices(sorted(people), HELD_AT_ONCE):
        open_ones = Involvement.objects.open().filter(user__in=few).order_by()
        yield from open_ones.values_list("system_id", flat=True)


def _hold(model: Any, ids: set[int]) -> None:
    # In the order of decisions, which wait for systems too.
    for few in slices(sorted(ids), HELD_AT_ONCE):
        rows = model.objects.select_for_update(no_key=True).filter(pk__in=few)
        list(rows.order_by("pk").values_list("pk"))


def _reported(plan: Plan) -> Report:
    activated = sum(1 for _ in plan.routes_activated)
    tallies = [Tally.of(part) for part in plan.taken]
    return Report(tallies, activated, warnings=plan.warnings)


def _written(
    plan: Plan,
    sources: Mapping[str, Source],
    by: User | None,
    at: datetime,
    advance: Callable[[int], None],
) -> Report:
    report = _reported(plan)
    if not report.changes:
        return report
    report.batch = ImportBatch.objects.create(by=by, at=at, outcome=report.outcome)
    context = ChangeContext(by, at, f"Import {report.batch.pk}", batch=report.batch)
    for part in plan.taken:
        carry_out(plan, part, context, advance)
    activate(plan, context)
    _keep_files(report, sources)
    if plan.files_of_rights:
        sentence = workflow.rights_changed(by=by, at=at)
        files = ", ".join(plan.files_of_rights)
        if sentence:
            plan.warnings.append(Problem(files, 0, "", sentence))
    return report


def _try(plan: Plan, sources: Mapping[str, Source], by: User | None, at: datetime) -> None:
    """Carry the plan out and undo it, for the warnings of what only a whole import can know: nobody
    can tell from its files alone who may still approve.
    """
    with transaction.atomic():
        _written(plan, sources, by, at, lambda rows: None)
        transaction.set_rollback(True)


def _keep_files(report: Report, sources: Mapping[str, Source]) -> None:
    ImportedFile.objects.bulk_create(
        ImportedFile(
            batch=report.batch,
            name=tally.file,
            sha256=hashlib.sha256(source.data).hexdigest(),
            rows=tally.read,
        )
        for tally in report.tallies
        for source in sources.values()
        if source.label == tally.file
    )
