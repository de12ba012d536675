"""From the bytes of a CSV file to lines of cells, and what can be wrong with a file before any cell is understood."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from .problems import Problem, Unreadable, quoted
from .tables import Table

MOST_BYTES = 64 * 1024 * 1024


@dataclass
class Sheet:
    """One file read. `lines` are (line in the file, cells); unless `complete`, an unknown part of it is missing."""

    file: str
    header: list[str] = field(default_factory=list)
    lines: list[tuple[int, list[str]]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True


def read_sheet(table: Table, data: bytes) -> Sheet:
    """Everything that can be read of it, with the problems found on the way."""
    sheet = Sheet(table.file)
    try:
        records = _records(_decoded(data))
        line, header = next(records, (1, []))
        sheet.header = [name.strip() for name in header]
        sheet.problems += _header_problems(table, sheet.header, line)
        sheet.complete = not sheet.problems
        sheet.lines.extend(records)
    except Unreadable as error:
        sheet.problems.append(Problem(table.file, error.line, "", error.reason))
        sheet.complete = False
    return sheet


def _decoded(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MiB.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("The file is not UTF-8.", data.count(b"\n", 0, error.start) + 1) from None


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line it begins on, cells) of every record, empty lines left out; Unreadable where it stops being CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(f"This is no CSV ({error}); the file was not read any further.", line) from None
        if cells:
            yield line, cells


def _header_problems(table: Table, header: list[str], line: int) -> Iterator[Problem]:
    if not header:
        raise Unreadable("The file is empty: not even a header row.", line)
    for separator, name in {";": "semicolons", "\t": "tabs"}.items():
        if len(header) == 1 and separator in header[0]:
            raise Unreadable(f"Its cells are separated by {name}; commas are expected.", line)
    known = ", ".join(table.by_name)
    for name in dict.fromkeys(header):
        if name not in table.by_name:
            yield Problem(table.file, line, name, f"The column {quoted(name)} is unknown. Known are: {known}.")
        elif header.count(name) > 1:
            yield Problem(table.file, line, name, "The column is there more than once.")
    for column in table.columns:
        if column.name not in header and not column.optional:
            yield Problem(table.file, line, column.name, "The column is missing.")
