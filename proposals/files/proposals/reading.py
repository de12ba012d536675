"""From the bytes of a file to its rows. What is wrong with the file as a whole is said before any
row is looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ..catalogue.problems import BadCatalogue, Problem, Unreadable, printable
from ..catalogue.reading import Sheet, read_sheet
from ..catalogue.sources import Source
from ..catalogue.workbooks import is_workbook, sheets_of
from .table import TABLE

MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 20_000


@dataclass(frozen=True)
class FileRow:
    """`texts`: column -> what the row says there; `misfit`: how it does not fit the header, if
    so.
    """

    line: int
    texts: dict[str, str]
    misfit: str = ""


def read_rows(name: str, data: bytes) -> list[FileRow]:
    """Every row that is not empty, of a CSV file or workbook; BadCatalogue says what the whole file
    has to be mended in.
    """
    label = printable(name)
    if len(data) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise _bad(label, 0, f"The file is larger than {most} MiB; bring it in by parts.")
    try:
        source = _source(label, data)
    except Unreadable as error:
        raise _bad(label, error.line, error.reason) from None
    sheet = read_sheet(TABLE, source)
    # All of them before the problems are asked for, which come up while rows are read.
    rows = list(_rows(sheet))
    if sheet.problems:
        raise BadCatalogue(sheet.problems)
    if not rows:
        raise _bad(label, 0, "The file has no row below its header.")
    return rows


def _bad(label: str, line: int, reason: str) -> BadCatalogue:
    return BadCatalogue([Problem(label, line, "", reason)])


def _source(label: str, data: bytes) -> Source:
    if not is_workbook(data):
        return Source(label, data)
    sheets = sheets_of(data)
    named = [sheet for sheet in sheets if sheet.title.strip().lower() == TABLE.name]
    if not named and len(sheets) > 1:
        raise Unreadable(
            f"The workbook has more than one sheet, and none of them is named {TABLE.name}."
        )
    return Source(label, data, (named or sheets)[0])


def _rows(sheet: Sheet) -> Iterator[FileRow]:
    # Counted on the way: of a file that is too long the rest is never read.
    for number, (line, cells) in enumerate(sheet.lines, start=1):
        if number > MOST_ROWS:
            reason = f"The file has more than {MOST_ROWS:,} rows; bring it in by parts."
            raise _bad(sheet.file, line, reason)
        yield _row(line, sheet.texts(cells), sheet.misfit(cells))


def _row(line: int, texts: dict[str, str], misfit: str) -> FileRow:
    """Without NUL, which no database keeps in a text."""
    for name, text in texts.items():
        if "\0" in text:
            misfit = misfit or f"{name}: This contains a NUL character."
    return FileRow(line, {name: text.replace("\0", "") for name, text in texts.items()}, misfit)
