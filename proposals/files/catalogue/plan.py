"""What an import would do, judged row by row against what is already here; nothing is written.

Values are those of the columns: a reference is the key of the row it means, so rows that do not
exist yet can be judged like all others. A row that cannot be understood is reported once; whatever
refers to it is left in peace.
"""

import hashlib
import pickle
from collections.abc import Hashable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from ...models import among, folded
from ..cells import unescaped
from .columns import Code, Column
from .problems import BadCatalogue, Problem, Unreadable, quoted
from .reading import Sheet
from .staging import Stage, Staged
from .tables import TABLES, Table

MOST_PROBLEMS = 10_000
NAMES_AT_ONCE = 5_000  # in one query
OBJECTS_AT_ONCE = 1_000


@dataclass
class Row:
    """`absent`: the columns that its file does not have and that stay as they are."""

    line: int
    texts: dict[str, str]
    values: dict
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Difference:
    """A field that an import changes, in words."""

    file: str
    line: int
    row: str
    column: str
    before: str
    after: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}, {self.row}, {self.column}"
        return f"{place}: {self.before} becomes {self.after}"


@dataclass
class TablePlan:
    """The part of the plan that is of one table: its rows as they are in the database, as a file
    has them, and what follows from the two.
    """

    table: Table
    stage: Stage
    file: str = ""  # as problems name it
    header: tuple[str, ...] = ()  # the columns that the file has
    # Of what is here, and as soon as it is written of what is added.
    ids: MutableMapping = field(default_factory=dict)  # key -> id
    objects: dict = field(default_factory=dict)  # key -> object; see `hold`
    before: MutableMapping = field(default_factory=dict)  # key -> values
    # The keys, each -> True, of what is here but no longer in force, and of what is not yet.
    removed: MutableMapping = field(default_factory=dict)
    pending: MutableMapping = field(default_factory=dict)
    rows: MutableMapping = field(default_factory=dict)  # key -> Row, of the file
    # The texts of rows nobody can understand.
    broken: list[dict[str, str]] = field(default_factory=list)
    complete: bool = True
    read: int = 0
    repeated: int = 0
    added: MutableMapping = field(default_factory=dict)  # keys, each -> True
    changed: dict = field(default_factory=dict)  # key -> the columns that differ
    renamed: dict = field(default_factory=dict)  # key before this import -> key
    whole: bool = False  # whether the whole table was read

    def __post_init__(self) -> None:
        if self.table.is_fixed:
            # There are too many of them for the memory.
            self.rows = self.stage.table(self._dump_row, self._load_row)
            self.before = self.stage.table(self._dump_values, self._load_values)
            self.ids, self.added = self.stage.table(), self.stage.table()
            self.removed, self.pending = self.stage.table(), self.stage.table()

    def _dump_row(self, row: Row) -> bytes:
        # Without the names of the columns, which are the same in each.
        return pickle.dumps((row.line, [*row.texts.values()], [*row.values.values()], row.absent))

    def _load_row(self, dumped: bytes) -> Row:
        line, texts, values, absent = pickle.loads(dumped)
        named = dict(zip(self.header, texts, strict=True))
        return Row(line, named, dict(zip(self.table.by_name, values, strict=True)), absent)

    def _dump_values(self, values: dict) -> bytes:
        return pickle.dumps([values[name] for name in self.table.by_name])

    def _load_values(self, dumped: bytes) -> dict:
        return dict(zip(self.table.by_name, pickle.loads(dumped), strict=True))

    def load(self, renamed: dict) -> None:
        """Read the whole table. `renamed`: the keys of people that this import changes, old ->
        new.
        """
        self.whole = True
        self._read(self.table.objects(removed=True), renamed, {})

    def look_up(self, names: Staged, renamed: dict) -> None:
        """Read the rows of a large table that these may mean: one text for each path of its
        `lookup`.
        """
        wanted = iter(()) if self.whole else names.grouped()
        while few := list(islice(wanted, NAMES_AT_ONCE)):
            # What each of them may be, one by one: of all that one of them is, a hub has too many.
            parts = zip(self.table.lookup, map(set, zip(*few, strict=True)), strict=True)
            conditions = {f"{path}__in": among(texts) for path, texts in parts}
            self._read(self.table.objects(removed=True).filter(**conditions), renamed, names)

    def _read(self, objects: QuerySet, renamed: dict, names: Mapping) -> None:
        of_people = [column.name for column in self.table.of_codes if column.of == "people"]
        for obj in objects.iterator(chunk_size=OBJECTS_AT_ONCE):
            values = self.table.values(obj)
            for name in of_people:
                values[name] = renamed.get(values[name], values[name])
            key = self.table.key_of(values)
            if self.table.is_fixed and not self._is_meant(key, names):
                continue
            if key not in self.ids or self.is_removed(key):
                self._remember(key, obj, values)

    def _is_meant(self, key, names: Mapping) -> bool:
        return key in self.rows or (key if isinstance(key, tuple) else (key,)) in names

    def _remember(self, key, obj: Any, values: dict) -> None:
        self.ids[key], self.before[key] = obj.pk, values
        if not self.table.is_fixed:
            self.objects[key] = obj
        if self.table.only_added:
            for keys, lifecycle in ((self.removed, "REMOVED"), (self.pending, "PENDING")):
                if obj.lifecycle == lifecycle:
                    keys[key] = True
                else:
                    keys.pop(key, None)

    def hold(self, keys: Iterable) -> None:
        """Let `objects` be those of these keys. Of a table whose rows are only added there are too
        many to hold them all; of any other they are there anyway.
        """
        if self.table.is_fixed:
            ids = {key: self.ids[key] for key in keys}
            rows = self.table.objects(removed=True).prefetch_related(None)
            found = rows.in_bulk(ids.values())
            self.objects = {key: found[pk] for key, pk in ids.items()}

    def rename(self, old, new) -> None:
        """The object with the key `old` is meant by the rows of the key `new`."""
        self.ids[new] = self.ids.pop(old)
        self.objects[new] = self.objects.pop(old)
        self.before[new] = self.before.pop(old)
        self.renamed[old] = new

    def hang_below_renamed(self) -> None:
        """What is below those that were renamed still is."""
        if self.renamed:
            above = self.table.above
            for values in self.before.values():
                values[above] = self.renamed.get(values[above], values[above])

    def shown(self, key) -> str:
        """The key as it was written, first here and else in the file."""
        values = self.before.get(key) or self.after[key]
        return " ".join(str(values[name]) for name in self.table.key if values[name] != "")

    def is_removed(self, key) -> bool:
        """Whether it is here but no longer in force."""
        return key in self.removed

    @property
    def after(self) -> "After":
        """key -> values as they will be. To be asked once the whole file is read."""
        return After(self)

    def key_called(self, name: str, text: str) -> Hashable:
        """The key of the row with this folded text in its column `name`: None where the row itself
        is broken, empty where there is none.
        """
        if self.table.key == (name,) and text in self.after:
            return text
        return self._keys_by(name).get(text, "")

    def _keys_by(self, name: str) -> dict:
        """As `key_called`; without the keys that are themselves what their rows are called."""
        if name not in self._keys:
            fold = self.table.by_name[name].fold
            keys = {fold(row[name]): None for row in self.broken if row.get(name)}
            if self.table.key != (name,):
                keys |= {
                    fold(values[name]): key for key, values in self.after.items() if values[name]
                }
            self._keys[name] = keys
        return self._keys[name]

    @cached_property
    def _keys(self) -> dict:
        return {}

    @cached_property
    def broken_keys(self) -> set:
        """The keys of broken rows, as far as they can be made out."""
        return {
            self.table.key_of({name: row.get(name, "") for name in self.table.key})
            for row in self.broken
        }


@dataclass(frozen=True)
class After(Mapping):
    """What a file says, and what is here and not in the file; in this order."""

    part: TablePlan

    def __getitem__(self, key) -> dict:
        rows = self.part.rows
        return rows[key].values if key in rows else self.part.before[key]

    def __iter__(self) -> Iterator:
        yield from self.part.rows
        yield from (key for key in self.part.before if key not in self.part.rows)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        return key in self.part.rows or key in self.part.before


class Plan:
    """All sheets together. Only one without `problems` may be carried out."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.parts: dict[str, TablePlan] = {}
        self.taken: list[TablePlan] = []  # those a file was read for, in the order of the tables
        self.warnings: list[Problem] = []  # what is probably not meant, and comes in
        self._stage = Stage()

    @property
    def files_of_rights(self) -> list[str]:
        """The files that change something by which people may decide."""
        return [
            part.file
            for part in self.taken
            if part.table.gives_rights and (part.added or part.changed)
        ]

    def part(self, name: str) -> TablePlan:
        """Read from the database when it is first asked for; a large table by what is named."""
        if name not in self.parts:
            self.parts[name] = TablePlan(TABLES[name], self._stage)
            if not TABLES[name].lookup:
                self.parts[name].load(self._renamed)
        return self.parts[name]

    @property
    def _renamed(self) -> dict:
        people = self.parts.get("people")
        return people.renamed if people else {}

    def take(self, sheet: Sheet, table: Table) -> None:
        """Read every cell of a file, without the spaces around it: nobody sees them, and no form
        keeps them. Beside what is here those rows are set by `settle`.
        """
        part = self.part(table.name)
        part.file = sheet.file
        part.header = tuple(dict.fromkeys(filter(None, sheet.header)))
        self.taken.append(part)
        for line, cells in sheet.lines:
            part.read += 1
            texts = sheet.texts(cells)
            misfit = sheet.misfit(cells)
            if misfit:
                self.report(table, line, "", misfit)
            values = None if misfit else self._values(table, line, texts)
            if values is None:
                # What it is called is kept, so that whatever refers to it is not reported as
                # unknown too.
                part.broken.append({name: unescaped(text) for name, text in texts.items()})
            else:
                self._place(part, Row(line, texts, values))
        part.complete = sheet.complete
        self.problems += sheet.problems
        if table.name == "people":
            # At once, since the files after it may call people by an address that it changes.
            part.load({})
            self._follow_employee_ids(part)

    def named(self, large: str) -> Staged:
        """What the files call rows of this large table, each name -> True."""
        named = self._stage.table()
        for part in self.taken:
            for columns in part.table.names.get(large, ()):
                for name in self._names(part, columns):
                    named[name] = True
        return named

    def _names(self, part: TablePlan, columns: tuple[str, ...]) -> Iterator[tuple]:
        key = part.table.key
        if columns == key[: len(columns)]:
            # They are there already.
            names = (name if len(key) > 1 else (name,) for name in part.rows)
            return (name[: len(columns)] for name in names)
        return (part.table.folded(row.values, columns) for _, row in part.rows.items())

    def settle(self) -> None:
        """Read the rows of large tables that the files may mean, and keep of what is here what the
        files do not say.
        """
        for name, table in TABLES.items():
            if table.lookup:
                self.part(name).look_up(self.named(name), self._renamed)
        for part in self.taken:
            for key, row in part.rows.items():
                if self._keep_absent(part, key, row):
                    part.rows[key] = row

    def _values(self, table: Table, line: int, texts: dict[str, str]) -> dict | None:
        """None if a cell cannot be understood, or a column is missing."""
        values = {}
        for column in table.columns:
            if column.name in texts or column.optional:
                try:
                    values[column.name] = column.value_in(texts)
                except Unreadable as error:
                    self.report(table, line, column.name, error.reason)
        return values if len(values) == len(table.columns) else None

    def _place(self, part: TablePlan, row: Row) -> None:
        self._follow_renamed(part.table, row.values)
        key = part.table.key_of(row.values)
        if key not in part.rows:
            part.rows[key] = row
            return
        earlier = part.rows[key]
        if _folded(earlier) == _folded(row):
            part.repeated += 1
        else:
            column = part.table.key[0] if len(part.table.key) == 1 else ""
            reason = (
                f"Line {earlier.line} has the same key ({', '.join(part.table.key)}) with other "
                "content."
            )
            self.report(part.table, row.line, column, reason)

    def _follow_renamed(self, table: Table, values: dict) -> None:
        """A mail address that this import changes still means the same person."""
        for column in table.of_codes:
            if column.of == "people" and column.by == "email":
                renamed, name = self.part("people").renamed, column.fold(values[column.name])
                values[column.name] = renamed.get(name, values[column.name])

    def _follow_employee_ids(self, part: TablePlan) -> None:
        """Somebody with a new mail address is the one who has that employee id, unless the file has
        a row for the old address too.
        """
        fold = part.table.by_name["employee_id"].fold
        owners = {
            fold(values["employee_id"]): key
            for key, values in part.before.items()
            if values["employee_id"]
        }
        for key, row in part.rows.items():
            owner = owners.get(fold(row.values["employee_id"]))
            # Where somebody here has the new address already, the row is theirs.
            if owner is None or key in part.ids or owner in part.rows:
                continue
            if owner in part.ids:
                employee_id, before = row.values["employee_id"], part.before[owner]["email"]
                part.rename(owner, key)
                reason = (
                    f"The mail address of {quoted(row.values['name'])} changes from "
                    f"{quoted(before)}: the employee id {quoted(employee_id)} is the same."
                )
                self.warn(part, row, "email", reason)
        part.hang_below_renamed()

    def _keep_absent(self, part: TablePlan, key, row: Row) -> bool:
        """A column that the file does not have leaves the field of what is here as it is. Whether
        there is one.
        """
        if key not in part.ids:
            return False
        names = [column.name for column in part.table.columns if column.name not in row.texts]
        row.absent = frozenset(names) - set(part.table.key)
        before = part.before[key] if row.absent else {}
        row.values |= {name: before[name] for name in row.absent}
        return bool(row.absent)

    def warn(self, part: TablePlan, row: Row, column: str, reason: str) -> None:
        """As of problems, the first say enough."""
        if len(self.warnings) < MOST_PROBLEMS:
            self.warnings.append(Problem(part.file, row.line, column, reason))

    def report(self, table: Table, line: int, column: str, reason: str) -> None:
        """Of a file that is wrong from top to bottom the first problems say enough."""
        self.problems.append(Problem(self.part(table.name).file, line, column, reason))
        if len(self.problems) >= MOST_PROBLEMS:
            raise self.refusal()

    def refusal(self) -> BadCatalogue:
        """All problems, in the order of the files and their lines."""
        order = [part.file for part in self.taken]
        problems = sorted(
            self.problems, key=lambda problem: (order.index(problem.file), problem.line)
        )
        return BadCatalogue(problems, complete=len(problems) < MOST_PROBLEMS)

    def compare(self, part: TablePlan, rows: Iterable) -> None:
        """Sort `rows`, keys of sound rows, into added and changed; refuse what only a proposal may
        change.
        """
        for key in rows:
            if key not in part.ids:
                part.added[key] = True
            elif part.is_removed(key):
                self.report(
                    part.table,
                    part.rows[key].line,
                    "",
                    "This has been removed; it needs a new proposal.",
                )
            elif different := self._different(part, key):
                self._change(part, key, different)

    def _different(self, part: TablePlan, key) -> list[Column]:
        now, wanted = part.before[key], part.rows[key].values
        own = [column for column in part.table.columns if column.is_own]
        return [column for column in own if column.differs(now[column.name], wanted[column.name])]

    def _change(self, part: TablePlan, key, different: list[Column]) -> None:
        if not part.table.only_added:
            part.changed[key] = different
            return
        names = ", ".join(column.name for column in different)
        reason = f"This is already in the register with other content ({names}); propose a change."
        self.report(part.table, part.rows[key].line, "", reason)

    def differences(self) -> Iterator[Difference]:
        """Every field that changes, in the order of the files; of an added row none."""
        for part in self.taken:
            for key, columns in part.changed.items():
                row, before = part.rows[key], part.before[key]
                for column in columns:
                    old, new = (
                        self._words(column, values[column.name]) for values in (before, row.values)
                    )
                    yield Difference(part.file, row.line, part.shown(key), column.name, old, new)

    @property
    def digest(self) -> str:
        """Another one for everything else that would be added or changed."""
        digest = hashlib.sha256()
        for part in self.taken:
            for key in part.added:
                digest.update(f"{part.file} {key}\n".encode())
        for difference in self.differences():
            digest.update(f"{difference}\n".encode())
        return digest.hexdigest()

    def _words(self, column: Column, value: Any) -> str:
        """A value in words; a reference as the row it means is written."""
        if isinstance(column, Code) and value:
            value = self.part(column.of).shown(value)
        return column.shown(value)

    def find(self, name: str, key) -> Any:
        """The saved object; those to be added are there once their table is written."""
        return self.parts[name].objects[key]

    @cached_property
    def routes_gaining(self) -> Staged:
        """(source, target) of the physical flows to be added, each -> True."""
        part, routes = self.parts.get("physical_flows"), self._stage.table()
        for key in part.added if part else ():
            routes[key[:2]] = True
        return routes

    @property
    def routes_activated(self) -> Iterator[tuple[str, str]]:
        """Those among them whose logical flow is here and waits for its first physical flow."""
        pending = self.part("logical_flows").pending
        return (route for route in pending if route in self.routes_gaining)


def _folded(row: Row) -> dict[str, str]:
    return {name: folded(text) for name, text in row.texts.items()}
