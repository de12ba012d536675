"""One line for each thing that happened: when, where in the program, and of a refusal who asked for
what and why it was not done.

Only an error of ours has more lines, its traceback, indented: no text that somebody sent can look
like a line of its own.
"""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest

# Where nothing more is known than the status.
REASONS = {
    400: "what was sent cannot be understood or is incomplete",
    403: "the account has no right to it",
    404: "there is nothing there, or nothing this account may see",
    405: "this address takes no such method",
    409: "it is no longer possible",
    413: "too much was sent",
    429: "too many failed sign-ins",
}


def in_sight(text: str) -> str:
    """What does not print (line breaks, escapes, direction marks) is written as its code."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


class Line(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """With its offset, in the zone in which the site shows times."""
        zone = ZoneInfo(settings.TIME_ZONE)
        return datetime.fromtimestamp(record.created, zone).isoformat(timespec="milliseconds")

    def formatException(self, ei) -> str:
        lines = super().formatException(ei).splitlines()
        return "\n".join(f"    {in_sight(line)}" for line in lines)

    def format(self, record: logging.LogRecord) -> str:
        """A copy is written, since other handlers get the record too."""
        copy = logging.makeLogRecord(record.__dict__)
        copy.msg, copy.args = in_sight(record.getMessage()), ()
        copy.exc_text = None  # another formatter's
        request = getattr(record, "request", None)
        status = getattr(record, "status_code", 500)
        if isinstance(request, HttpRequest):
            copy.msg = in_sight(f"{_asked(request, status)}: {_reason(record, status)}")
            if status < 500 or status == 503:
                copy.exc_info = None
        return super().format(copy)


def _asked(request: HttpRequest, status: int) -> str:
    # Not `request.user`: to find out might ask the database, which may be what is wrong.
    user = getattr(request, "_cached_user", None)
    person = user.get_username() if user and user.is_authenticated else "nobody signed in"
    return f"{status} {request.method} {request.path} ({person})"


def _reason(record: logging.LogRecord, status: int) -> str:
    if record.name.startswith("django.security"):
        return str(record.args[0] if record.args else record.getMessage())
    error = record.exc_info and record.exc_info[1]
    return str(error or "") or REASONS.get(status) or record.getMessage()
