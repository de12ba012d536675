"""What machines ask, not people: whether this process can serve."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.log import log_response
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 "ok" when the process answers and the database does, 503 otherwise; says nothing else."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:
        answer = HttpResponse(
            "database not reachable\n",
            status=503,
            content_type="text/plain",
            headers={"Retry-After": "5"},
        )
        log_response("%s", error, response=answer, request=request, exception=error)
        return answer
    return HttpResponse("ok\n", content_type="text/plain")


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": healthz}


class Probes:
    """Middleware: answers them before anything asks for a host name, https or a session.

    A load balancer asks by address, and may speak plain HTTP.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return PROBES.get(request.path_info, self.get_response)(request)
