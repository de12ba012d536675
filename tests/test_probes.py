"""What a load balancer and Prometheus ask: alive, ready, and in figures."""

import http.client
import re
from contextlib import closing
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from proposals import guards
from proposals.models import PassResult, WebhookEndpoint
from proposals.workflow import periodic

from . import factories
from .trials.site import serving, url_of_this_database

pytestmark = pytest.mark.django_db
TOKEN = "let-prometheus-in"


@pytest.fixture
def at_work():
    periodic.say_at_work(timezone.now())


def ready(**headers) -> tuple[int, str]:
    answer = Client().get("/readyz", **headers)
    return answer.status_code, answer.content.decode()


def test_ready_is_a_site_whose_worker_is_at_work_whatever_the_host(at_work):
    assert ready(HTTP_HOST="10.1.2.3") == (200, "ready\n")
    assert Client().post("/readyz").status_code == 405


def test_not_ready_without_a_worker(at_work):
    PassResult.objects.update(at=timezone.now() - timedelta(minutes=25, seconds=5))
    assert ready() == (503, "the worker was last seen 25 minutes ago\n")
    PassResult.objects.all().delete()
    assert ready() == (503, "the worker was never seen\n")


def test_not_ready_before_every_migration_is_applied(at_work):
    MigrationRecorder(connection).record_unapplied("proposals", "0001_initial")
    assert ready() == (503, "1 of the migrations are not applied\n")


def test_not_ready_with_a_guard_missing(at_work):
    guard = next(guard for guard in guards.GUARDS if guard.events_on(connection.vendor))
    event = guard.events_on(connection.vendor)[0]
    on_table = f" ON {guard.table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {guard.trigger(event)}{on_table}")
    assert ready() == (503, "1 of the guards of the database are missing or changed\n")


def figures(settings) -> dict[str, float]:
    """Name, labels included, -> value of what the database knows."""
    settings.METRICS_TOKEN = TOKEN
    answer = Client().get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    lines = re.findall(r"^(waltzflow_\S+) (\S+)$", answer.content.decode(), re.MULTILINE)
    return {name: float(value) for name, value in lines}


def test_the_figures_say_what_waits_and_since_when(settings, cast, source, target):
    long_ago = timezone.now() - timedelta(hours=2)
    factories.proposed(cast.maker, source, target, at=long_ago)
    known = figures(settings)
    assert known['waltzflow_open_proposals{state="PENDING_APPROVALS"}'] == 1
    assert known["waltzflow_oldest_open_proposal_seconds"] == pytest.approx(7200, abs=60)
    assert known["waltzflow_mails_waiting"] == 5
    assert 0 <= known["waltzflow_oldest_mail_waiting_seconds"] < 60
    assert known["waltzflow_webhooks_waiting"] == 0
    assert "waltzflow_oldest_webhook_waiting_seconds" not in known
    assert known["waltzflow_ledger_rows_behind"] > 20
    assert "waltzflow_worker_seen_seconds" not in known
    assert "waltzflow_audit_disagreements" not in known


def test_the_figures_say_which_webhooks_wait(settings, cast, source, target):
    WebhookEndpoint.objects.create(address="https://a.example/")
    factories.proposed(cast.maker, source, target, at=timezone.now() - timedelta(hours=2))
    known = figures(settings)
    assert known["waltzflow_webhooks_waiting"] == 1
    assert known["waltzflow_oldest_webhook_waiting_seconds"] == pytest.approx(7200, abs=60)


def test_the_figures_say_when_the_audit_was_done_and_what_it_found(settings, at_work, capsys):
    with pytest.raises(CommandError):  # no checkpoint has been kept
        call_command("verify_audit")
    known = figures(settings)
    assert known["waltzflow_audit_disagreements"] == 1
    assert 0 <= known["waltzflow_audit_done_seconds"] < 60
    assert 0 <= known["waltzflow_worker_seen_seconds"] < 60


def test_requests_are_counted_by_the_name_of_their_page(settings, as_, cast, proposal):
    page = 'waltzflow_request_seconds_count{method="GET",page="proposal",status="200"}'
    before = figures(settings).get(page, 0)
    as_(cast.maker).get(f"/proposals/{proposal.pk}/")
    Client().generic("PURGE", "/nowhere/at-all/")
    known = figures(settings)
    assert known[page] == before + 1
    assert known['waltzflow_request_seconds_count{method="other",page="none",status="405"}'] >= 1
    assert not [name for name in known if "nowhere" in name]


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
def test_the_figures_are_for_whoever_knows_the_token(settings, given):
    settings.METRICS_TOKEN = TOKEN
    answer = Client().get("/metrics", headers={"authorization": given})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert b"waltzflow_" not in answer.content


def test_without_a_token_there_are_no_figures():
    assert Client().get("/metrics").status_code == 404


@pytest.mark.once(on="postgresql")
@pytest.mark.django_db(transaction=True)
def test_the_requests_of_all_processes_are_added_up(tmp_path):
    environ = {"METRICS_TOKEN": TOKEN, "TMPDIR": str(tmp_path)}
    with serving(url_of_this_database(), "waltzflow.wsgi", workers=3, **environ) as port:
        for _ in range(30):
            assert asked(port, "/sign-in/")[0] == 200
        status, text = asked(port, "/metrics", Authorization=f"Bearer {TOKEN}")
    counted = 'waltzflow_request_seconds_count{method="GET",page="sign-in",status="200"} 30.0'
    assert (status, counted in text) == (200, True)
    assert not list(tmp_path.iterdir())  # what they were counted in is gone with them


def asked(port: int, path: str, **headers: str) -> tuple[int, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as browser:
        browser.request("GET", path, headers=headers)
        answer = browser.getresponse()
        return answer.status, answer.read().decode()
