"""Tables for a spreadsheet, as a download: whatever people typed is text in it, never a formula."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain, islice
from numbers import Number
from typing import Any

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from openpyxl import Workbook

from waltzflow.replica import pieces_from_replica

from .cells import BYTE_ORDER_MARK, escaped
from .workbook import add_sheet

ROWS_AT_ONCE = 500
Sheet = tuple[Sequence[str], Iterable[Sequence[Any]]]  # header and rows
MOST_ROWS = {"csv": 100_000, "xlsx": 20_000}
SHEET_TITLE = "Rows"


def csv_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """The download `name` (with its ".csv"), written while it is sent: `rows` may be a generator of
    any length.

    UTF-8 with a byte order mark. A row holds any values; `plain` says how each is written.
    """
    made = StreamingHttpResponse(
        pieces_from_replica(_written(chain([header], rows))), content_type="text/csv; charset=utf-8"
    )
    made["Content-Disposition"] = content_disposition_header(True, name)
    return made


def xlsx_response(
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    more: Mapping[str, Sheet] | None = None,
) -> FileResponse:
    """The download `name` (with its ".xlsx"): one sheet, as `add_sheet` makes it, and by their
    titles what `more` there is.

    It is written to a temporary file first, never held in memory.
    """
    book = Workbook(write_only=True)
    for title, (heads, content) in {SHEET_TITLE: (header, rows), **(more or {})}.items():
        cells = ([_kept(value) for value in row] for row in content)
        add_sheet(book, title, heads, pieces_from_replica(cells))
    file = tempfile.TemporaryFile()  # noqa: SIM115, the response closes it
    book.save(file)
    file.seek(0)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind)


def table_response(
    form: str,
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    more: Mapping[str, Sheet] | None = None,
) -> HttpResponseBase:
    """The download `name` as "csv" or "xlsx", which may have `more` sheets; where one would be
    longer than MOST_ROWS its last row says so.
    """
    most = MOST_ROWS[form]
    if form == "csv":
        return csv_response(f"{name}.csv", header, _cut(rows, most))
    sheets = {
        title: (heads, _cut(content, most)) for title, (heads, content) in (more or {}).items()
    }
    return xlsx_response(f"{name}.xlsx", header, _cut(rows, most), sheets)


def _cut(rows: Iterable[Sequence[Any]], most: int) -> Iterator[Sequence[Any]]:
    rest = iter(rows)
    yield from islice(rest, most)
    # One row more is asked for rather than all counted: the rows come from a generator.
    if next(rest, None) is not None:
        yield [f"Only the first {most:,} rows are here. Narrow the filter to get the others."]


def _kept(value: Any) -> Any:
    """For a workbook, which knows moments, dates, yes and no; all else as in a CSV file."""
    return value if isinstance(value, bool | date) else plain(value)


def plain(value: Any) -> str | Number:
    """What a cell says: numbers as they are, moments in ISO 8601 with their offset, all else as
    text.

    A text that a spreadsheet might take for a formula gets the leading apostrophe of the catalogue
    files.
    """
    # First, since Python counts True and False among the numbers.
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        return value
    # Before dates: every moment is a date too.
    if isinstance(value, datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).isoformat(
            timespec="seconds"
        )
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else escaped(str(value))


def _written(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The text of the file in pieces of some hundred rows."""
    yield BYTE_ORDER_MARK
    rest = iter(rows)
    while chunk := list(islice(rest, ROWS_AT_ONCE)):
        piece = io.StringIO(newline="")
        csv.writer(piece).writerows([plain(value) for value in row] for row in chunk)
        yield piece.getvalue()
