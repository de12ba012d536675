"""What an import would do, judged in memory against what is already here; nothing is written.

Values are those of the columns: a reference is the key of the row it means, so rows that do not
exist yet can be judged like all others. A row that cannot be understood is reported once; whatever
refers to it is left in peace.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import models

from ..cells import unescaped
from .columns import Column
from .problems import BadCatalogue, Problem, Unreadable
from .reading import Sheet
from .tables import TABLES, Table

MOST_PROBLEMS = 10_000


@dataclass
class Row:
    line: int
    texts: dict[str, str]
    values: dict


@dataclass
class Shelf:
    """The rows of one table: as they are in the database, as a file has them, and what follows from
    the two.
    """

    table: Table
    existing: dict = field(default_factory=dict)  # key -> object
    before: dict = field(default_factory=dict)  # key -> values
    rows: dict = field(default_factory=dict)  # key -> Row, of the file
    broken: list[dict[str, str]] = field(
        default_factory=list
    )  # the texts of rows nobody can understand
    complete: bool = True
    read: int = 0
    repeated: int = 0
    added: list = field(default_factory=list)  # keys
    changed: dict = field(default_factory=dict)  # key -> the columns that differ

    def load(self) -> None:
        for obj in self.table.objects(removed=True).iterator(chunk_size=1000):
            values = self.table.values(obj)
            key = self.table.key_of(values)
            if key not in self.existing or self.is_removed(key):
                self.existing[key], self.before[key] = obj, values

    def is_removed(self, key) -> bool:
        """Whether it is here but no longer in force."""
        obj = self.existing.get(key)
        return self.table.only_added and obj is not None and obj.lifecycle == "REMOVED"

    @cached_property
    def after(self) -> dict:
        """key -> values as they will be. To be asked once the whole file is read."""
        return self.before | {key: row.values for key, row in self.rows.items()}

    def keys_by(self, name: str) -> dict:
        """What a cell may call its rows by their column `name` -> key; None where the row itself is
        broken.
        """
        if name not in self._keys:
            fold = self.table.by_name[name].fold
            found = {fold(row[name]): None for row in self.broken if row.get(name)}
            found |= {fold(values[name]): key for key, values in self.after.items() if values[name]}
            self._keys[name] = found
        return self._keys[name]

    @cached_property
    def _keys(self) -> dict:
        return {}

    @cached_property
    def broken_keys(self) -> set:
        """The keys of broken rows, as far as they can be made out."""
        names = self.table.key
        texts = [tuple(row.get(name) for name in names) for row in self.broken]
        return {found[0] if len(names) == 1 else found for found in texts}


class Plan:
    """All sheets together. Only one without `problems` may be carried out."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.shelves: dict[str, Shelf] = {}
        self.taken: list[Shelf] = []  # those a file was read for, in the order of the tables

    def shelf(self, name: str) -> Shelf:
        """Read from the database when it is first asked for."""
        if name not in self.shelves:
            self.shelves[name] = Shelf(TABLES[name])
            self.shelves[name].load()
        return self.shelves[name]

    def take(self, sheet: Sheet, table: Table) -> None:
        """Read every cell of a file, without the spaces around it: nobody sees them, and no form
        keeps them.
        """
        shelf = self.shelf(table.name)
        self.taken.append(shelf)
        for line, cells in sheet.lines:
            shelf.read += 1
            texts = dict(zip(sheet.header, (cell.strip() for cell in cells), strict=False))
            values = (
                self._values(table, line, texts) if self._fits(table, sheet, line, cells) else None
            )
            if values is None:
                shelf.broken.append({name: unescaped(text) for name, text in texts.items()})
            else:
                self._place(shelf, Row(line, texts, values))
        shelf.complete = sheet.complete
        self.problems += sheet.problems

    def _fits(self, table: Table, sheet: Sheet, line: int, cells: list[str]) -> bool:
        if len(cells) != len(sheet.header):
            self.report(
                table,
                line,
                "",
                f"The row has {len(cells)} cells, the header has {len(sheet.header)}.",
            )
        return len(cells) == len(sheet.header)

    def _values(self, table: Table, line: int, texts: dict[str, str]) -> dict | None:
        """None if a cell cannot be understood, or a column is missing."""
        values = {}
        for column in table.columns:
            if column.name in texts or column.optional:
                try:
                    values[column.name] = _read(column, texts)
                except Unreadable as error:
                    self.report(table, line, column.name, error.reason)
        return values if len(values) == len(table.columns) else None

    def _place(self, shelf: Shelf, row: Row) -> None:
        key = shelf.table.key_of(row.values)
        earlier = shelf.rows.setdefault(key, row)
        if earlier is row:
            return
        if earlier.texts == row.texts:
            shelf.repeated += 1
        else:
            column = shelf.table.key[0] if len(shelf.table.key) == 1 else ""
            reason = (
                f"Line {earlier.line} has the same key ({', '.join(shelf.table.key)}) with other "
                "content."
            )
            self.report(shelf.table, row.line, column, reason)

    def report(self, table: Table, line: int, column: str, reason: str) -> None:
        """Of a file that is wrong from top to bottom the first problems say enough."""
        self.problems.append(Problem(table.file, line, column, reason))
        if len(self.problems) >= MOST_PROBLEMS:
            raise self.refusal()

    def refusal(self) -> BadCatalogue:
        """All problems, in the order of the files and their lines."""
        order = [table.file for table in TABLES.values()]
        found = sorted(self.problems, key=lambda problem: (order.index(problem.file), problem.line))
        return BadCatalogue(found, complete=len(found) < MOST_PROBLEMS)

    def compare(self, shelf: Shelf, rows: Iterable) -> None:
        """Sort `rows`, keys of sound rows, into added and changed; refuse what only a proposal may
        change.
        """
        for key in rows:
            if key not in shelf.existing:
                shelf.added.append(key)
            elif shelf.is_removed(key):
                self.report(
                    shelf.table,
                    shelf.rows[key].line,
                    "",
                    "This has been removed; it needs a new proposal.",
                )
            elif different := self._different(shelf, key):
                self._change(shelf, key, different)

    def _different(self, shelf: Shelf, key) -> list[Column]:
        now, wanted = shelf.before[key], shelf.rows[key].values
        own = [column for column in shelf.table.columns if column.is_own]
        return [column for column in own if now[column.name] != wanted[column.name]]

    def _change(self, shelf: Shelf, key, different: list[Column]) -> None:
        if not shelf.table.only_added:
            shelf.changed[key] = different
            return
        names = ", ".join(column.name for column in different)
        reason = f"This is already in the register with other content ({names}); propose a change."
        self.report(shelf.table, shelf.rows[key].line, "", reason)

    def find(self, name: str, key) -> models.Model:
        """The saved object; those to be added are there once their table is written."""
        return self.shelves[name].existing[key]

    @cached_property
    def routes_gaining(self) -> set[tuple[str, str]]:
        """(source, target) of the physical flows to be added."""
        shelf = self.shelves.get("physical_flows")
        return {key[:2] for key in shelf.added} if shelf else set()

    def is_pending(self, route: tuple[str, str]) -> bool:
        """Whether the logical flow is here already and waits for its first physical flow."""
        flow = self.shelf("logical_flows").existing.get(route)
        return flow is not None and flow.lifecycle == "PENDING"


def _read(column: Column, texts: dict[str, str]) -> Any:
    text = column.cell(texts)
    if "\0" in text:
        raise Unreadable("This contains a NUL character.")
    return column.read(text)
