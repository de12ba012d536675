"""Workbooks that somebody sends: read row by row, and no more unpacked than a catalogue needs.

A file of a kilobyte may claim thousands of millions of cells, so nothing it says of its own size is
believed: parts, unpacked bytes, rows and cells are counted.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import CELL_TAG, FORMULA_TAG, ROW_TAG, VALUE_TAG
from openpyxl.xml.functions import iterparse

from .problems import Unreadable, quoted

MOST_PARTS = 1000
MOST_UNPACKED = 64 * 1024 * 1024  # bytes of all parts
MOST_IN_PART = 2 * 1024 * 1024  # of a part that is neither a sheet nor the texts of the sheets
MOST_TEXTS = 16 * 1024 * 1024
MOST_RATIO = 100  # of a large part, unpacked to packed; real sheets have 10 to 30
LARGE = 1024 * 1024
MOST_CELLS = 10_000_000
MOST_ROWS = 500_000
# Read by nobody here, so they may be of any size.
UNREAD = ("xl/media/", "xl/drawings/", "xl/charts/", "xl/embeddings/", "xl/pivotcache/")
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
FORMULA = re.compile(rb"<(\w{1,20}:)?f[\s/>]")  # in the text of a sheet
LONGEST_TAG = 32
DIGITS = 15  # that a spreadsheet keeps of a number
BROKEN = "This is no workbook that can be read: it is damaged, or of another kind."


class NumberForText(str):
    """A cell that a spreadsheet keeps as a number of which it may have dropped digits: those beyond
    the fifteenth, or zeros at the end of a fraction.
    """


def is_workbook(data: bytes) -> bool:
    """Whether it is one by its first bytes, whatever its name."""
    return data.startswith((b"PK\x03\x04", OLD_EXCEL))


def sheets_of(data: bytes) -> list[ReadOnlyWorksheet]:
    """Its sheets; those without any cell are left out where others have some."""
    _require_harmless(data)
    with _refused_when_damaged():
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        if not book.worksheets:
            raise Unreadable("The workbook has no sheet with cells.")
        filled = [
            sheet
            for sheet in book.worksheets
            if next(_rows(sheet), None) or _formula_without_result(sheet)
        ]
        return filled or book.worksheets[:1]


def records(sheet: ReadOnlyWorksheet) -> Iterator[tuple[int, list[str]]]:
    """(row, its cells as a CSV file would say them) of every row that is not empty."""
    cells = 0
    with _refused_when_damaged():
        _refuse_formula_without_result(sheet)
        for number, row in _rows(sheet):
            cells += len(row)
            if cells > MOST_CELLS:
                raise Unreadable("The sheet has too many cells; bring it in by parts.", number)
            yield number, [_text(value) for value in row]


def _refuse_formula_without_result(sheet: ReadOnlyWorksheet) -> None:
    """It would read as an empty cell, which empties what is stored."""
    cell = _formula_without_result(sheet)
    if cell:
        raise Unreadable(
            f"The cell {cell} of the sheet {quoted(sheet.title)} holds a formula, and the file not "
            "what it comes to. Open the workbook in a spreadsheet, save it there and import it "
            "again, or write the value in place of the formula.",
            int(re.sub(r"\D", "", cell)[:7] or 0),
        )


def _formula_without_result(sheet: ReadOnlyWorksheet) -> str:
    """The first such cell, as "B4"; empty where there is none. A spreadsheet stores what each
    formula comes to beside it, an empty text too; other programs leave that out.
    """
    with sheet._get_source() as source:
        if not _has_formulas(source):
            return ""
    rows = 0
    with sheet._get_source() as source:
        for _, element in iterparse(source):
            if element.tag == CELL_TAG:
                is_formula = element.find(FORMULA_TAG) is not None
                if is_formula and element.get("t") != "str" and not element.findtext(VALUE_TAG):
                    return element.get("r", "?")
            elif element.tag == ROW_TAG:
                element.clear()
                rows += 1
                if rows > MOST_ROWS:
                    break
    return ""


def _has_formulas(source: Any) -> bool:
    end = b""
    while piece := source.read(LARGE):
        if FORMULA.search(end + piece):
            return True
        end = piece[-LONGEST_TAG:]
    return False


def _rows(sheet: ReadOnlyWorksheet) -> Iterator[tuple[int, tuple]]:
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > MOST_ROWS:
            raise Unreadable(f"The sheet has more than {MOST_ROWS:,} rows; bring it in by parts.")
        if any(value is not None for value in row):
            yield number, row


@contextmanager
def _refused_when_damaged() -> Iterator[None]:
    """What the library raises over a damaged file has no kind in common."""
    try:
        yield
    except (
        *(zipfile.BadZipFile, zlib.error, ParseError, KeyError, ValueError, TypeError, IndexError),
        *(AttributeError, OSError, EOFError, NotImplementedError, OverflowError),
    ):
        raise Unreadable(BROKEN) from None


def _require_harmless(data: bytes) -> None:
    if data.startswith(OLD_EXCEL):
        raise Unreadable(
            "This is an old workbook (.xls) or one with a password. Save it as XLSX without one."
        )
    if data.count(b"PK\x01\x02") > MOST_PARTS:
        raise Unreadable("The workbook has too many parts to be a catalogue.")
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Unreadable(BROKEN) from None
    if any(part.filename == "mimetype" for part in parts):
        raise Unreadable("This is an OpenDocument file. Save it as XLSX or as CSV.")
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        most = MOST_UNPACKED // 1024 // 1024
        raise Unreadable(f"The workbook holds more than {most} MiB; bring it in by parts.")
    for part in parts:
        if part.file_size > _most_in(part) or _is_inflated(part):
            raise Unreadable("The workbook unpacks to more than a catalogue can hold.")


def _most_in(part: zipfile.ZipInfo) -> int:
    name = part.filename.lower()
    if name.startswith("xl/worksheets/") or name.startswith(UNREAD):
        return MOST_UNPACKED
    return MOST_TEXTS if name == "xl/sharedstrings.xml" else MOST_IN_PART


def _is_inflated(part: zipfile.ZipInfo) -> bool:
    return part.file_size > LARGE and part.file_size > MOST_RATIO * part.compress_size


def _text(value: Any) -> str:
    """A cell as a CSV file would say it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float) and abs(value) >= 10**DIGITS:
        # As a spreadsheet shows it, so that nobody takes it for the number that somebody wrote.
        return NumberForText(f"{value:.{DIGITS}g}")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else NumberForText(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)
