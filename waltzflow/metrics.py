"""How the site does, in figures for Prometheus: its requests, as each process counts them, and what
the database knows.
"""

import os
import time
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from post_office.models import STATUS, Email
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Histogram,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from proposals.history.ledger import rows_behind
from proposals.models import PassResult, Proposal, WebhookDelivery

CONTENT_TYPE = CONTENT_TYPE_LATEST

REQUESTS = Histogram(
    "waltzflow_request_seconds",
    "Time until an answer was ready; of a download until its first piece.",
    ["page", "method", "status"],
)


class Measured:
    """Middleware: counts and times every request, by the name of its page, never by its address,
    which may be anything.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        page = (match and match.view_name) or "none"
        # A client may send any word as its method, and each would be a series for ever.
        method = request.method if request.method in ("GET", "HEAD", "POST") else "other"
        spent = time.perf_counter() - started
        REQUESTS.labels(page, method, str(response.status_code)).observe(spent)
        return response


def written() -> bytes:
    """All of them, as Prometheus reads them. With several processes (gunicorn.conf.py) the requests
    of all are added up.
    """
    registry = CollectorRegistry()
    registry.register(Known())
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        # Without REGISTRY: its figures of this process are among those of all.
        MultiProcessCollector(registry)
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(REGISTRY)


class Known(Collector):
    """What the database knows. Ages are in seconds; an age is left out where there is nothing."""

    def collect(self) -> Iterable[Metric]:
        now = timezone.now()
        waiting = Proposal.objects.open().order_by()
        states = GaugeMetricFamily(
            "waltzflow_open_proposals", "Proposals that wait for a decision.", labels=["state"]
        )
        for state, number in waiting.values_list("state").annotate(number=Count("pk")):
            states.add_metric([state], number)
        yield states
        yield from _age(
            "oldest_open_proposal",
            "Since the oldest of them was submitted.",
            waiting.aggregate(at=Min("submitted_at"))["at"],
            now,
        )
        mails = Email.objects.filter(status__in=[STATUS.queued, STATUS.requeued])
        queue = mails.aggregate(number=Count("pk"), at=Min("created"))
        yield _gauge("mails_waiting", "Mails that have not left yet.", queue["number"])
        yield from _age(
            "oldest_mail_waiting", "Since the oldest of them was queued.", queue["at"], now
        )
        hooks = WebhookDelivery.objects.waiting().order_by()
        queue = hooks.aggregate(number=Count("pk"), at=Min("at"))
        yield _gauge("webhooks_waiting", "Webhooks that were not taken yet.", queue["number"])
        yield from _age("oldest_webhook_waiting", "Since the oldest happened.", queue["at"], now)
        behind = "Rows of the record that the ledger has not taken down yet."
        yield _gauge("ledger_rows_behind", behind, rows_behind())
        passes = PassResult.objects.in_bulk([PassResult.WORKER, PassResult.AUDIT])
        for name, what, words in (
            (PassResult.WORKER, "worker_seen", "Since the worker was at work."),
            (PassResult.AUDIT, "audit_done", "Since verify_audit went through all."),
        ):
            yield from _age(what, words, passes[name].at if name in passes else None, now)
        if PassResult.AUDIT in passes:
            number = passes[PassResult.AUDIT].content
            yield _gauge("audit_disagreements", "What verify_audit named then.", number)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"waltzflow_{name}", words, value=value)


def _age(name: str, words: str, at: datetime | None, now: datetime) -> Iterator[Metric]:
    if at is not None:
        yield _gauge(f"{name}_seconds", words, (now - at).total_seconds())
