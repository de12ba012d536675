"""Tables for a spreadsheet, as a download: whatever people typed is text in it, never a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain, islice
from numbers import Number
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from waltzflow.replica import pieces_from_replica

from .cells import BYTE_ORDER_MARK, escaped
from .workbook import Sheet, written

ROWS_AT_ONCE = 500
Table = tuple[Sequence[str], Iterable[Sequence[Any]]]  # header and rows
# As many as a sheet of any spreadsheet holds below its header, with the sentence of a cut.
MOST_ROWS = 1_048_574
SHEET_TITLE = "Rows"
FORMS = ("csv", "xlsx")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """The download `name` (with its ".csv"), written while it is sent: `rows` may be a generator of
    any length.

    UTF-8 with a byte order mark. A row holds any values; `plain` says how each is written.
    """
    text = pieces_from_replica(_csv(chain([header], rows)))
    return _download(name, text, "text/csv; charset=utf-8")


def xlsx_response(
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    more: Mapping[str, Table] | None = None,
) -> StreamingHttpResponse:
    """The download `name` (with its ".xlsx"): one sheet, and by their titles what `more` there is;
    written while it is sent, as a CSV file is.
    """
    tables = {SHEET_TITLE: (header, rows), **(more or {})}
    sheets = [
        Sheet(title, heads, ([_kept(value) for value in row] for row in content))
        for title, (heads, content) in tables.items()
    ]
    return _download(name, pieces_from_replica(written(sheets)), XLSX)


def _download(
    name: str, content: Iterator[str] | Iterator[bytes], kind: str
) -> StreamingHttpResponse:
    made = StreamingHttpResponse(content, content_type=kind)
    made["Content-Disposition"] = content_disposition_header(True, name)
    return made


def table_response(
    form: str,
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    more: Mapping[str, Table] | None = None,
) -> StreamingHttpResponse:
    """The download `name` as "csv" or "xlsx", which may have `more` sheets; where one would be
    longer than MOST_ROWS its last row says so.
    """
    if form == "csv":
        return csv_response(f"{name}.csv", header, _cut(rows))
    sheets = {title: (heads, _cut(content)) for title, (heads, content) in (more or {}).items()}
    return xlsx_response(f"{name}.xlsx", header, _cut(rows), sheets)


def _cut(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    rest = iter(rows)
    yield from islice(rest, MOST_ROWS)
    # One row more is asked for rather than all counted: the rows come from a generator.
    if next(rest, None) is not None:
        yield [f"Only the first {MOST_ROWS:,} rows are here. Narrow the filter to get the others."]


def _kept(value: Any) -> Any:
    """For a workbook, which knows moments, dates, yes and no; all else as in a CSV file."""
    return value if isinstance(value, bool | date) else plain(value)


def plain(value: Any) -> str | Number:
    """What a cell says: numbers as they are, moments in ISO 8601 with their offset, all else as
    text.

    A text that a spreadsheet might take for a formula gets the leading apostrophe of the catalogue
    files.
    """
    # First what most cells are: whether something is a number, Python finds out slowly.
    if isinstance(value, str):
        return escaped(value)
    # Before numbers, since Python counts True and False among them.
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


def _csv(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The text of the file in pieces of some hundred rows."""
    yield BYTE_ORDER_MARK
    rest = iter(rows)
    while chunk := list(islice(rest, ROWS_AT_ONCE)):
        piece = io.StringIO(newline="")
        csv.writer(piece).writerows([plain(value) for value in row] for row in chunk)
        yield piece.getvalue()
