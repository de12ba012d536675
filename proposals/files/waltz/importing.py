"""Brings a Waltz database in as catalogue files, by the import of those: what that refuses has no
place here, and the rest comes in.
"""

import csv
import io
import re
from dataclasses import dataclass

from ...models import User
from ..catalogue import TABLES, BadCatalogue, Problem, Report, import_catalogue
from ..catalogue.columns import Code, Codes, Column, Text
from ..cells import escaped
from .catalogue import Catalogue, Row

# Without these a row still says what it is for; without any other it would say something else.
DISPENSABLE = {
    "parent_code",
    "manager_employee_id",
    "organisational_unit_code",
    "description",
    "title",
    "external_id",
}


@dataclass(frozen=True)
class CatalogueFile:
    """The bytes of one file, and where in it each row begins."""

    data: bytes
    lines: dict[int, Row]


def import_rows(catalogue: Catalogue, *, by: User | None, dry_run: bool) -> Report:
    """What of the catalogue comes in; what is refused is taken out of it, and counted there.

    A row that names a refused one is refused in the next round, so this ends: each round takes
    something out. BadCatalogue where a file as a whole cannot come in.
    """
    while True:
        files = {name: written(name, rows) for name, rows in catalogue.files.items() if rows}
        try:
            contents = {name: file.data for name, file in files.items()}
            return import_catalogue(contents, by=by, dry_run=dry_run)
        except BadCatalogue as bad:
            if not _take_out(catalogue, files, bad.problems):
                raise


def written(name: str, rows: list[Row]) -> CatalogueFile:
    """As an export would write it."""
    columns = TABLES[name].columns
    parts = [_line([column.name for column in columns])]
    lines, number = {}, 2
    for row in rows:
        part = _line([_cell(column, row[column.name]) for column in columns])
        parts.append(part)
        lines[number] = row
        number += part.count("\n")
    return CatalogueFile("".join(parts).encode(), lines)


def _line(cells: list[str]) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerow(cells)
    return stream.getvalue()


def _cell(column: Column, text: str) -> str:
    # One kind of line break within cells, so that lines can be counted.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return escaped(text) if isinstance(column, Text | Code | Codes) else text


def _take_out(
    catalogue: Catalogue, files: dict[str, CatalogueFile], problems: list[Problem]
) -> bool:
    """The rows and cells that are the cause; whether there are any."""
    found = False
    out: dict[str, set[int]] = {}
    for problem in problems:
        name = problem.file.removesuffix(".csv")
        row = files[name].lines.get(problem.line) if name in files else None
        if row is None:
            continue
        found = True
        kind, reason = name.replace("_", " "), _reason(problem)
        if problem.column in DISPENSABLE and row[problem.column]:
            row[problem.column] = ""
            catalogue.left.altered[kind, f"without the {problem.column}. {reason}"] += 1
        elif id(row) not in out.setdefault(name, set()):
            out[name].add(id(row))
            catalogue.left.out[kind, reason] += 1
    for name, ids in out.items():
        catalogue.files[name] = [row for row in catalogue.files[name] if id(row) not in ids]
    return found


def _reason(problem: Problem) -> str:
    reason = without_names(problem.reason)
    return f"{problem.column}: {reason}" if problem.column else reason


def without_names(sentence: str) -> str:
    """The same for all that is refused for the same reason."""
    return re.sub(r"\b[Ll]ine \d+", "another row", re.sub("“[^”]*”", "“…”", sentence))
