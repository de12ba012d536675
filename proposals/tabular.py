"""Tables for a spreadsheet, as a download: whatever people typed is text in it, never a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain, islice
from numbers import Number
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from .catalogue_files import escaped

BOM = "\ufeff"  # without it spreadsheets take UTF-8 for something else
ROWS_AT_ONCE = 500


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """The download `name` (with its ".csv"), written while it is sent: `rows` may be a generator of any length.

    UTF-8 with a byte order mark. A row holds any values; `plain` says how each is written.
    """
    made = StreamingHttpResponse(_written(chain([header], rows)), content_type="text/csv; charset=utf-8")
    made["Content-Disposition"] = content_disposition_header(True, name)
    return made


def plain(value: Any) -> str | Number:
    """What a cell says: numbers as they are, moments in ISO 8601 with their offset, all else as text.

    A text that a spreadsheet might take for a formula gets the leading apostrophe of the catalogue files.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        return value
    if isinstance(value, datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else escaped(str(value))


def _written(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The text of the file in pieces of some hundred rows."""
    yield BOM
    rest = iter(rows)
    while some := list(islice(rest, ROWS_AT_ONCE)):
        piece = io.StringIO(newline="")
        csv.writer(piece).writerows([plain(value) for value in row] for row in some)
        yield piece.getvalue()
