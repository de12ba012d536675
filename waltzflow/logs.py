"""One line for each thing that happened: when, where in the program, and of a refusal who asked for
what and why it was not done.

Only an error of ours has more lines, its traceback, indented: no text that somebody sent can look
like a line of its own.
"""

import logging
import re
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from pythonjsonlogger.json import JsonFormatter

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

# What stands there in an address lets whoever reads it set somebody's password, or finish their
# sign-in by a provider.
SECRETS = [
    (re.compile(r"(/password/set/)[^/\s]+/[^/\s]+"), r"\1(hidden)"),
    (re.compile(r"\b(code|state|id_token_hint)=[^&\s]+"), r"\1=(hidden)"),
]


def in_sight(text: str) -> str:
    """What does not print (line breaks, escapes, direction marks) is written as its code; what is
    secret in an address is left out.
    """
    for secret, instead in SECRETS:
        text = secret.sub(instead, text)
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


class Line(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return moment_of(record)

    def formatException(self, ei) -> str:
        lines = super().formatException(ei).splitlines()
        return "\n".join(f"    {in_sight(line)}" for line in lines)

    def format(self, record: logging.LogRecord) -> str:
        """A copy is written, since other handlers get the record too."""
        copy = logging.makeLogRecord(record.__dict__)
        number = getattr(record, "request_id", "")
        copy.msg = sentence_of(record) + (f" [request {number}]" if number else "")
        copy.args = ()
        copy.exc_text = None  # another formatter's
        if not _is_error_of_ours(record):
            copy.exc_info = None
        return super().format(copy)


class JsonLine(JsonFormatter):
    """The same as one JSON object a line: `time`, `level`, `logger`, `message`; within a request
    its `request_id`; of a refusal or an error `status`, `method`, `path` and `person` (user name,
    null if nobody is signed in); of an error of ours its `traceback`.
    """

    def add_fields(self, log_data: dict, record: logging.LogRecord, message_dict: dict) -> None:
        log_data["time"] = moment_of(record)
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = sentence_of(record)
        if number := getattr(record, "request_id", ""):
            log_data["request_id"] = number
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            log_data["status"] = _status(record)
            log_data["method"] = request.method
            log_data["path"] = in_sight(request.path)
            log_data["person"] = _person(request)
        if record.exc_info and _is_error_of_ours(record):
            log_data["traceback"] = self.formatException(record.exc_info)


def moment_of(record: logging.LogRecord) -> str:
    """With its offset, in the zone in which the site shows times."""
    zone = ZoneInfo(settings.TIME_ZONE)
    return datetime.fromtimestamp(record.created, zone).isoformat(timespec="milliseconds")


def sentence_of(record: logging.LogRecord) -> str:
    """What happened, in one line; of a refusal who asked for what, and why it was not done."""
    request = getattr(record, "request", None)
    if not isinstance(request, HttpRequest):
        return in_sight(record.getMessage())
    person = _person(request) or "nobody signed in"
    asked = f"{_status(record)} {request.method} {request.path} ({person})"
    return in_sight(f"{asked}: {_reason(record, _status(record))}")


def _status(record: logging.LogRecord) -> int:
    return getattr(record, "status_code", 500)


def _is_error_of_ours(record: logging.LogRecord) -> bool:
    """Whether a traceback helps: not with a refusal, nor while the database is away."""
    is_of_request = isinstance(getattr(record, "request", None), HttpRequest)
    return not is_of_request or (_status(record) >= 500 and _status(record) != 503)


def _person(request: HttpRequest) -> str | None:
    # Not `request.user`: to find out might ask the database, which may be what is wrong.
    user = getattr(request, "_cached_user", None)
    return user.get_username() if user and user.is_authenticated else None


def _reason(record: logging.LogRecord, status: int) -> str:
    if record.name.startswith("django.security"):
        return str(record.args[0] if record.args else record.getMessage())
    error = record.exc_info and record.exc_info[1]
    return str(error or "") or REASONS.get(status) or record.getMessage()
