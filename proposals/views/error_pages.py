import logging

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..errors import Conflict, Refused

log = logging.getLogger(__name__)

METHODS = ["GET", "HEAD", "POST"]


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
        if request.content_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            return self._bad(request)
        if "%00" in request.META.get("QUERY_STRING", "") and request.path.startswith("/admin/"):
            return self._bad(request)
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:
            return self._no_such_method(request, response.headers["Allow"])
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OverflowError):
            return self._bad(request)  # SQLite says this of a number no column can hold
        if isinstance(exception, IntegrityError):
            log.warning("The database refused %s %s: %s", request.method, request.path, exception)
            exception = Conflict(
                "Something else changed at the same moment. Go back, "
                "load the page again and try once more."
            )
        if not isinstance(exception, Refused):
            return None
        return render(
            request, "proposals/refused.html", {"refusal": exception}, status=exception.status
        )

    def _bad(self, request: HttpRequest) -> HttpResponse:
        return render(request, "400.html", status=400)

    def _no_such_method(self, request: HttpRequest, allowed: str) -> HttpResponse:
        page = render(request, "405.html", status=405)
        page.headers["Allow"] = allowed
        return page
