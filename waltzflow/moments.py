"""Moments as the databases give them, always such as can be shown in any time zone; and their zone
as pages write it, in any hour.

PostgreSQL holds moments that Python cannot read (after year 9999, before year 1, infinity), and
both hold some that no time zone but UTC can show. One such row would bring down every list it
stands in, so it reads as the nearest moment that can be shown; `verify_audit` names it.
"""

from datetime import datetime

from django.utils.dateformat import TimeFormat

EARLIEST, LATEST = datetime(2, 1, 1), datetime(9998, 12, 31)


def showable(moment: datetime) -> datetime:
    """The moment, or the nearest that can be shown in every time zone."""
    if EARLIEST.year < moment.year < LATEST.year:
        return moment
    nearest = min(max(moment.replace(tzinfo=None), EARLIEST), LATEST)
    return nearest.replace(tzinfo=moment.tzinfo)


def showable_text(value):
    """The same of the text in which SQLite keeps a moment; all else as it is."""
    year = value.partition("-")[0] if isinstance(value, str) else ""
    if not (year.isascii() and year.isdigit() and len(year) >= 4):
        return value
    if int(year[:9]) > LATEST.year:
        return str(LATEST)
    return value if int(year[:9]) >= EARLIEST.year else str(EARLIEST)


def always_write_zone() -> None:
    """Let `T` of a format be the zone in every hour, on pages, in mails and in the admin.

    Django leaves it out where the clock shows a time twice, since a naive time would not say which
    is meant: exactly where readers need it. A moment of ours always says it. No other letter of a
    format would do: all that name a zone or an offset are left out there.
    """
    TimeFormat.T = _zone  # type: ignore[method-assign]


def _zone(formatted: TimeFormat) -> str:
    moment = formatted.data
    return moment.tzname() or "" if isinstance(moment, datetime) else ""
