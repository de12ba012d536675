"""What machines ask, not people: whether this process lives, whether the site is ready to serve,
and how it does.
"""

import hmac
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.log import log_response
from django.views.decorators.http import require_safe

from proposals.history.verify import unapplied_migrations
from proposals.history.verify.register import missing_guards
from proposals.models import PassResult

from . import metrics

TEXT = "text/plain; charset=utf-8"


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 "ok" when the process answers and the database does, 503 otherwise; says nothing else."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception as error:
        return _database_away(request, error)
    return HttpResponse("ok\n", content_type=TEXT)


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 "ready" when the database is as the code wants it and the worker is at work; 503
    otherwise, and a line for each thing that is not so.
    """
    try:
        lacking = list(_lacking())
    except (OperationalError, InterfaceError) as error:
        return _database_away(request, error)
    if not lacking:
        return HttpResponse("ready\n", content_type=TEXT)
    answer = HttpResponse("".join(f"{line}\n" for line in lacking), status=503, content_type=TEXT)
    log_response("Not ready: %s", "; ".join(lacking), response=answer, request=request)
    return answer


def _lacking() -> Iterator[str]:
    if missing := len(unapplied_migrations()):
        yield f"{missing} of the migrations are not applied"
        return  # what else there is to ask may not be there yet
    if differing := len(list(missing_guards())):
        yield f"{differing} of the guards of the database are missing or changed"
    seen = PassResult.objects.filter(name=PassResult.WORKER).values_list("at", flat=True).first()
    if seen is None:
        yield "the worker was never seen"
        return
    since = timezone.now() - seen
    if since > timedelta(minutes=settings.WORKER_MINUTES):
        yield f"the worker was last seen {since // timedelta(minutes=1)} minutes ago"


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """For Prometheus, to whoever knows METRICS_TOKEN; where none is set there is no such page."""
    if not settings.METRICS_TOKEN:
        return HttpResponse("There is nothing here.\n", status=404, content_type=TEXT)
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    # In the same time for every guess, so that none tells how much of it was right.
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        return HttpResponse(
            "The token is missing or wrong.\n",
            status=401,
            content_type=TEXT,
            headers={"WWW-Authenticate": "Bearer"},
        )
    try:
        return HttpResponse(metrics.written(), content_type=metrics.CONTENT_TYPE)
    except (OperationalError, InterfaceError) as error:
        return _database_away(request, error)


def _database_away(request: HttpRequest, error: Exception) -> HttpResponse:
    answer = HttpResponse(
        "database not reachable\n", status=503, content_type=TEXT, headers={"Retry-After": "5"}
    )
    log_response("%s", error, response=answer, request=request, exception=error)
    return answer


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics_page,
}


class Probes:
    """Middleware: answers them before anything asks for a host name, https or a session.

    A load balancer asks by address, and may speak plain HTTP.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return PROBES.get(request.path_info, self.get_response)(request)
