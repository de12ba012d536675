import logging

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..refusals import Conflict, Refused

log = logging.getLogger(__name__)


class RefusalPages:
    """Middleware: a verb's refusal that no view handles becomes a page with its sentence, its link and its status."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.content_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            return self._bad(request)
        if "%00" in request.META.get("QUERY_STRING", "") and request.path.startswith("/admin/"):
            return self._bad(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OverflowError):
            return self._bad(request)  # SQLite says this of a number no column can hold
        if isinstance(exception, IntegrityError):
            log.warning("The database refused %s %s: %s", request.method, request.path, exception)
            exception = Conflict("The database refused this: something else changed at the same moment.")
        if not isinstance(exception, Refused):
            return None
        return render(request, "proposals/refused.html", {"refusal": exception}, status=exception.status)

    def _bad(self, request: HttpRequest) -> HttpResponse:
        return render(request, "400.html", status=400)
