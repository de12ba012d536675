"""Sheets of a workbook that is written row by row, never held in memory."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import chain, islice
from typing import Any

from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from .cells import storable

MEASURED_ROWS = 200  # that decide how wide the columns are
WIDEST, NARROWEST = 60, 8  # characters
FIRST_YEAR = 1900  # of the calendar of spreadsheets


def add_sheet(
    book: Workbook, title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Write one sheet; the number of its rows. The header is bold, stays in sight and filters.

    A text is written as it is: whoever hands one over has escaped it.
    """
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    rest = iter(rows)
    first = list(islice(rest, MEASURED_ROWS))
    for number, width in enumerate(_widths([header, *first]), start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([_bold(sheet, title) for title in header])
    count = 0
    for row in chain(first, rest):
        sheet.append([_cell(sheet, value) for value in row])
        count += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(header))}{count + 1}"
    return count


def _widths(rows: list[Sequence[Any]]) -> list[int]:
    widths = [NARROWEST] * len(rows[0])
    for row in rows:
        for number, value in enumerate(row[: len(widths)]):
            longest_line = max(map(len, str(value).splitlines()), default=0)
            widths[number] = max(widths[number], min(longest_line + 2, WIDEST))
    return widths


def _bold(sheet, title: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, title)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet, value: Any) -> Any:
    """What `sheet.append` takes: a moment stays one a spreadsheet can count with, and says its
    zone.
    """
    if isinstance(value, datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return _dated(
            sheet, local.replace(tzinfo=None), f'yyyy-mm-dd hh:mm "{local.tzname() or ""}"'
        )
    if isinstance(value, date):
        return _dated(sheet, value, "yyyy-mm-dd")
    return _text(sheet, value) if isinstance(value, str) else value


def _dated(sheet, value: date, number_format: str) -> Any:
    if value.year < FIRST_YEAR:
        return value.isoformat()
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = number_format
    return cell


def _text(sheet, value: str) -> WriteOnlyCell:
    """Text whatever it begins with: neither a formula nor an error of a spreadsheet (`#N/A`)."""
    cell = WriteOnlyCell(sheet, storable(value))
    cell.data_type = "s"
    return cell
