"""From the bytes of a CSV file to lines of cells, and what can be wrong with a file before any cell
is understood.

Whatever a file holds, little more than the bytes themselves is held in memory, and what is too much
is not read on.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .problems import Problem, Unreadable, quoted, shown
from .tables import Table

MOST_BYTES = 64 * 1024 * 1024  # of all files of one import together
MOST_LINES = 500_000
MOST_IN_LINE = 256 * 1024  # characters
MOST_COLUMNS = 100
CHUNK = 1024 * 1024


@dataclass
class Sheet:
    """One file being read. `lines` gives (line in the file, cells), once.

    When it has ended: `problems` found on the way, and unless `complete` an unknown part of the
    file is missing.
    """

    file: str
    header: list[str] = field(default_factory=list)
    lines: Iterable[tuple[int, list[str]]] = ()
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True

    def stop(self, error: Unreadable) -> None:
        self.problems.append(Problem(self.file, error.line, "", error.reason))
        self.complete = False


def read_sheet(table: Table, data: bytes) -> Sheet:
    """The header, and the promise of everything that can be read after it."""
    sheet = Sheet(table.file)
    try:
        _require_sane(data)
        records = _records(data)
        line, header = next(records, (1, []))
        sheet.header = [name.strip() for name in header]
        sheet.problems += _header_problems(table, sheet.header, line)
        sheet.complete = not sheet.problems
        sheet.lines = _rest(sheet, records)
    except Unreadable as error:
        sheet.stop(error)
    return sheet


def _rest(sheet: Sheet, records: Iterator) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from records
    except Unreadable as error:
        sheet.stop(error)


def _require_sane(data: bytes) -> None:
    if len(data) > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MiB.")
    if max(data.count(b"\n"), data.count(b"\r")) > MOST_LINES:
        raise Unreadable(f"The file has more than {MOST_LINES:,} lines; bring it in by parts.")
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), CHUNK):
        begun = len(decoder.getstate()[0])
        try:
            decoder.decode(data[start : start + CHUNK], final=start + CHUNK >= len(data))
        except UnicodeDecodeError as error:
            at = start - begun + error.start
            raise Unreadable("The file is not UTF-8.", data.count(b"\n", 0, at) + 1) from None


def _records(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """(line it begins on, cells) of every record, empty lines left out; Unreadable where it stops
    being CSV.
    """
    reader = csv.reader(
        _lines(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")), strict=True
    )
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(
                f"This is not CSV ({error}); the file was not read any further.", line
            ) from None
        if cells:
            yield line, cells


def _lines(stream: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := stream.readline(MOST_IN_LINE + 1):
        number += 1
        if len(line) > MOST_IN_LINE:
            longest = f"longer than {MOST_IN_LINE:,} characters"
            raise Unreadable(f"The line is {longest}; the file was not read any further.", number)
        yield line


def _header_problems(table: Table, header: list[str], line: int) -> Iterator[Problem]:
    if not header:
        raise Unreadable("The file is empty: not even a header row.", line)
    if len(header) > MOST_COLUMNS:
        raise Unreadable(
            f"The header has {len(header):,} columns; no catalogue file has so many.", line
        )
    for separator, name in {";": "semicolons", "\t": "tabs"}.items():
        if len(header) == 1 and separator in header[0]:
            raise Unreadable(f"Its cells are separated by {name}; commas are expected.", line)
    known = ", ".join(table.by_name)
    for name in dict.fromkeys(header):
        if name not in table.by_name:
            yield Problem(
                table.file,
                line,
                shown(name),
                f"The column {quoted(name)} is unknown. Known columns: {known}.",
            )
        elif header.count(name) > 1:
            yield Problem(table.file, line, name, "The column is there more than once.")
    for column in table.columns:
        if column.name not in header and not column.optional:
            yield Problem(table.file, line, column.name, "The column is missing.")
