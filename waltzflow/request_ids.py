"""A number for each request, which the log names, and the page of an error too: who reports an
error says it, and whoever reads the log finds what happened.
"""

import logging
import re
import uuid
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
# As proxies write it: a UUID, or a trace's id.
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")

request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestIds:
    """Middleware, outermost: each request has its `request_id` before anything can go wrong.

    A proxy in front may have given it one already; whoever else sends one would choose what the log
    says.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "") if settings.BEHIND_PROXY else ""
        number = given if GIVEN.fullmatch(given) else uuid.uuid4().hex
        request.request_id = number
        token = request_id.set(number)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response.headers[HEADER] = number
        return response


class Numbered(logging.Filter):
    """Writes the number of the request under way on each record; none, outside of one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True
