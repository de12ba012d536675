import logging
import sqlite3
import sys

from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.log import log_response

from ..errors import Conflict, Refused
from .appearance import theme

log = logging.getLogger(__name__)

METHODS = ["GET", "HEAD", "POST"]
RETRY_AFTER = 10  # seconds, until the database is likely to be back


class RefusalPages:
    """Middleware: what no view can make sense of, or refuses, becomes a page with a sentence and
    the right status.

    A verb's refusal keeps its own sentence, link and status.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in METHODS:
            return self._no_such_method(request, ", ".join(METHODS))
        # Django would decode the form by whatever charset the sender names.
        if request.content_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            return self._bad(request)
        if request.path_info.startswith("/admin/") and self._is_junk_to_the_admin(request):
            return self._bad(request)
        if error := connection_error():
            return database_away(request, error)
        response = self.get_response(request)
        # Django's own answer to a method that a view does not take is an empty page.
        if response.status_code == 405 and not response.content:
            page = self._no_such_method(request, response.headers["Allow"])
            page._has_been_logged = True  # by the view
            return page
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if is_database_away(exception):
            return database_away(request, exception)
        if isinstance(exception, OverflowError):
            return self._bad(request)  # SQLite says this of a number no column can hold
        if isinstance(exception, IntegrityError):
            # To the log alone: the words of the database name its columns and guards.
            log.warning("The database refused %s %s: %s", request.method, request.path, exception)
            exception = Conflict(
                "Something else changed at the same moment. Go back, "
                "load the page again and try once more."
            )
        if not isinstance(exception, Refused):
            return None
        page = render(
            request, "proposals/refused.html", {"refusal": exception}, status=exception.status
        )
        log_response("%s", exception, response=page, request=request, exception=exception)
        return page

    def _is_junk_to_the_admin(self, request: HttpRequest) -> bool:
        """What it would hand to the database, or take for the name of a field, unread."""
        query = request.META.get("QUERY_STRING", "")
        return "%00" in query or request.GET.get("_to_field", "id") == ""

    def _bad(self, request: HttpRequest) -> HttpResponse:
        return render(request, "400.html", status=400)

    def _no_such_method(self, request: HttpRequest, allowed: str) -> HttpResponse:
        page = render(request, "405.html", status=405)
        page.headers["Allow"] = allowed
        return page


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500, called while the error is handled: what goes wrong outside the views."""
    error = sys.exc_info()[1]
    if is_database_away(error):
        return database_away(request, error)
    return page_apart(request, "500.html", status=500)


def page_apart(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """One that asks nothing that may be what failed: database, context processors, the list of the
    files that collectstatic made.
    """
    try:
        stylesheet = static("waltzflow.css")
    except ValueError:
        stylesheet = ""
    content = {"request_id": request.request_id, "stylesheet": stylesheet, **theme(request)}
    return HttpResponse(render_to_string(template, content), status=status)


# SQLSTATE: shut down, crashed, starting up, too many connections.
AWAY = {"57P01", "57P02", "57P03", "53300"}
SQLITE_AWAY = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR}


def connection_error() -> Exception | None:
    """Why the database cannot be reached; None where it can.

    What the first query of a request would do anyway: connect, or ask whether the connection still
    works. Here it fails before anything else has begun.
    """
    try:
        connection.close_if_health_check_failed()
        connection.ensure_connection()
    except (OperationalError, InterfaceError) as error:
        return error
    return None


def is_database_away(error: BaseException | None) -> bool:
    """Whether the database cannot be reached for now; not a mistake in what it was asked."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    cause = error.__cause__
    if connection.vendor == "sqlite":
        # The lower byte is the kind, the rest its variety.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in SQLITE_AWAY
    state = getattr(cause, "sqlstate", None)
    return state is None or state in AWAY or state.startswith("08")


def database_away(request: HttpRequest, error: BaseException) -> HttpResponse:
    """A page that needs no database; who asks again later is served without any restart."""
    page = page_apart(request, "503.html", status=503)
    page.headers["Retry-After"] = str(RETRY_AFTER)
    log_response("%s", error, response=page, request=request, exception=error)
    return page
