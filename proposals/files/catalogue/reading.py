"""From the bytes of a file to lines of cells, and what can be wrong with a file before any cell is
understood.

Whatever a file holds, little more than the bytes themselves is held in memory, and what is too much
is not read on.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from . import workbooks
from .encodings import encoding_of
from .problems import Problem, Unreadable, printable, quoted
from .sources import MOST_BYTES, Source
from .tables import Table

MOST_LINES = 500_000
MOST_IN_LINE = 256 * 1024  # characters
MOST_COLUMNS = 100
DELIMITERS = ",;\t"  # the first of those that explain the header best

Record = tuple[int, list[str]]  # line it begins on, cells


@dataclass
class Sheet:
    """One file being read. `lines` gives (line in the file, cells), once, without empty ones.

    `codes` are the columns in which a digit more or less is another thing. A name in the `header`
    is empty where the column has none. When it has ended: `problems` found on the way, and unless
    `complete` an unknown part of the file is missing.
    """

    file: str
    codes: frozenset[str] = frozenset()
    header: list[str] = field(default_factory=list)
    lines: Iterable[Record] = ()
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True

    def texts(self, cells: list[str]) -> dict[str, str]:
        """Column -> what the row says there."""
        return {name: cell.strip() for name, cell in zip(self.header, cells, strict=False) if name}

    def misfit(self, cells: list[str]) -> str:
        """How a row does not fit the header, in a sentence; empty if it does. Columns without a
        name are no fault as long as nothing is in them.
        """
        beyond = "".join(cells[len(self.header) :]).strip()
        if len(cells) < len(self.header) or beyond:
            held = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            return f"The row has {held}, the header has {len(self.header)}."
        for number, (name, cell) in enumerate(zip(self.header, cells, strict=False), start=1):
            if not name and cell.strip():
                return f"Column {number} has no name in the header, but holds {quoted(cell)}."
            if name in self.codes and isinstance(cell, workbooks.NumberForText):
                return (
                    f"{name}: the spreadsheet keeps this as a number and has rounded it to {cell}. "
                    "Format the column as text and type it anew."
                )
        return ""

    def stop(self, error: Unreadable) -> None:
        self.problems.append(Problem(self.file, error.line, "", error.reason))
        self.complete = False


def read_sheet(table: Table, source: Source) -> Sheet:
    """The header, and the promise of everything that can be read after it."""
    codes = frozenset(column.name for column in table.columns if column.is_code)
    sheet = Sheet(source.label, codes)
    try:
        records = _filled(_records(table, source))
        line, header = next(records, (1, []))
        sheet.header = _names(table, header)
        sheet.problems += _header_problems(table, sheet, line)
        sheet.complete = not sheet.problems
        sheet.lines = _rest(sheet, records)
    except Unreadable as error:
        sheet.stop(error)
    return sheet


def _names(table: Table, header: list[str]) -> list[str]:
    """Without the empty cells at the end, which a spreadsheet leaves when a column was emptied."""
    names = [name.strip() for name in header]
    # Only what is known in lower case: a refusal names what is unknown as it was written.
    names = [name.lower() if name.lower() in table.by_name else name for name in names]
    while names and not names[-1]:
        names.pop()
    return names


def _rest(sheet: Sheet, records: Iterator[Record]) -> Iterator[Record]:
    try:
        yield from records
    except Unreadable as error:
        sheet.stop(error)


def _filled(records: Iterator[Record]) -> Iterator[Record]:
    return ((line, cells) for line, cells in records if "".join(cells).strip())


def _records(table: Table, source: Source) -> Iterator[Record]:
    """Every record; Unreadable where it stops being one."""
    if len(source.data) > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // 1024 // 1024} MiB.")
    if source.sheet:
        yield from _as_wide_as_the_header(workbooks.records(source.sheet))
    else:
        yield from _csv_records(table, source.data)


def _as_wide_as_the_header(records: Iterator[Record]) -> Iterator[Record]:
    """A sheet ends its rows at their last filled cell."""
    wide = 0
    for line, cells in records:
        wide = wide or len(cells)
        yield line, cells + [""] * (wide - len(cells))


def _csv_records(table: Table, data: bytes) -> Iterator[Record]:
    # Counted in the bytes, before anything is decoded: a refusal should cost nothing.
    if max(data.count(b"\n"), data.count(b"\r")) > MOST_LINES:
        raise Unreadable(f"The file has more than {MOST_LINES:,} lines; bring it in by parts.")
    # newline: the csv module finds the ends of lines itself, those inside a cell included.
    stream = io.TextIOWrapper(io.BytesIO(data), encoding=encoding_of(data), newline="")
    lines = _lines(stream)
    before, first, delimiter = 0, "", ""
    for first in lines:
        if delimiter or first.strip("\r\n \t,;"):
            delimiter = delimiter or _announced(first) or _recognised(table, first)
            if not _announced(first):
                break
        before += 1
    # strict: otherwise an open quotation mark swallows the rest of the file as one cell.
    reader = csv.reader(chain([first], lines), delimiter=delimiter or ",", strict=True)
    while True:
        line = before + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(
                f"This is not CSV ({_in_words(error)}); the file was not read any further.", line
            ) from None
        yield line, cells


def _in_words(error: csv.Error) -> str:
    """What somebody can look for in a spreadsheet, where Python says what its parser expected."""
    text = str(error)
    if text == "unexpected end of data":
        return "a quotation mark is opened there and never closed"
    if text.endswith("expected after '\"'"):
        return 'a quotation mark within a quoted cell has to be written twice: ""'
    return text


def _announced(line: str) -> str:
    """The delimiter of a line like `sep=;`, which spreadsheets put before the header."""
    text = line.rstrip("\r\n").strip('"')
    is_announcement = text[:4].lower() == "sep=" and len(text) == 5 and text[4] in DELIMITERS
    return text[4] if is_announcement else ""


def _recognised(table: Table, header: str) -> str:
    """The delimiter that makes of this line most names of columns."""

    def names(delimiter: str) -> int:
        # Bounded, since nothing has said yet that it is a header at all.
        cells = header[: MOST_IN_LINE // 4].split(delimiter, MOST_COLUMNS)
        return sum(cell.strip(' "\r\n\t').lower() in table.by_name for cell in cells)

    return max(DELIMITERS, key=names)


def _lines(stream: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    # With a limit, since a file without any line break would be one line of its whole length.
    while line := stream.readline(MOST_IN_LINE + 1):
        number += 1
        if len(line) > MOST_IN_LINE:
            longest = f"longer than {MOST_IN_LINE:,} characters"
            raise Unreadable(f"The line is {longest}; the file was not read any further.", number)
        yield line


def _header_problems(table: Table, sheet: Sheet, line: int) -> Iterator[Problem]:
    header = sheet.header
    if not header:
        raise Unreadable("The file is empty: not even a header row.", line)
    if len(header) > MOST_COLUMNS:
        raise Unreadable(
            f"The header has {len(header):,} columns; no catalogue file has so many.", line
        )
    known = ", ".join(table.by_name)
    for name in filter(None, dict.fromkeys(header)):
        if name not in table.by_name:
            yield Problem(
                sheet.file,
                line,
                printable(name),
                f"The column {quoted(name)} is unknown. Known columns: {known}.",
            )
        elif header.count(name) > 1:
            yield Problem(sheet.file, line, name, "The column is there more than once.")
    for column in table.columns:
        if column.name not in header and not column.optional:
            yield Problem(sheet.file, line, column.name, "The column is missing.")
