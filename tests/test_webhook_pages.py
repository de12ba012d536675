"""Endpoints and deliveries in the admin, and what docs/webhooks.md says of them."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from proposals import workflow
from proposals.models import WebhookDelivery, WebhookEndpoint, kinds_of_events
from proposals.workflow.webhooks import send_webhooks
from waltzflow.logs import JsonLine, Line

from . import factories
from .receiver import receiving
from .test_webhooks import this_machine  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.once(on="sqlite")]
ENDPOINTS = "/admin/proposals/webhookendpoint/"
DELIVERIES = "/admin/proposals/webhookdelivery/"
GUIDE = (Path(__file__).parent.parent / "docs" / "webhooks.md").read_text()


@pytest.fixture
def admin(client, cast):
    client.force_login(cast.superuser)
    return client


def do(client, page: str, action: str, row) -> str:
    """What the next page says."""
    chosen = {"action": action, "_selected_action": [row.pk]}
    return client.post(page, chosen, follow=True).content.decode()


def test_an_administrator_makes_an_endpoint_and_changes_its_secret(admin):
    fields = {"address": "https://a.example/x", "kinds": ["proposal.completed"], "is_active": "on"}
    assert admin.post(f"{ENDPOINTS}add/", fields).status_code == 302
    endpoint = WebhookEndpoint.objects.get()
    [old] = endpoint.secrets
    assert old in admin.get(f"{ENDPOINTS}{endpoint.pk}/change/").content.decode()
    assert old not in admin.get(ENDPOINTS).content.decode()
    assert "There is a new secret" in do(admin, ENDPOINTS, "renew_secret", endpoint)
    endpoint.refresh_from_db()
    page = admin.get(f"{ENDPOINTS}{endpoint.pk}/change/").content.decode()
    assert len(endpoint.secrets) == 2
    assert all(secret in page for secret in endpoint.secrets)
    assert "Old secrets ended: 1." in do(admin, ENDPOINTS, "end_old_secret", endpoint)
    endpoint.refresh_from_db()
    assert len(endpoint.secrets) == 1
    assert (old in endpoint.secrets, endpoint.kinds) == (False, ["proposal.completed"])


def test_an_address_that_cannot_be_is_refused_in_words(admin):
    page = admin.post(f"{ENDPOINTS}add/", {"address": "https://10.0.0.1/", "is_active": "on"})
    assert "is a private one" in page.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_an_auditor_reads_where_events_go_and_no_secret(client):
    auditor = factories.user(is_staff=True)
    auditor.groups.add(Group.objects.get(name="Auditors"))
    client.force_login(auditor)
    endpoint = WebhookEndpoint.objects.create(address="https://a.example/x")
    page = client.get(f"{ENDPOINTS}{endpoint.pk}/change/").content.decode()
    assert "https://a.example/x" in page
    assert endpoint.secrets[0] not in page
    do(client, ENDPOINTS, "renew_secret", endpoint)
    assert WebhookEndpoint.objects.get().secrets == endpoint.secrets


def test_what_was_given_up_is_sent_again(admin):
    endpoint = WebhookEndpoint.objects.create(address="https://a.example/x")
    at = timezone.now()
    delivery = endpoint.deliveries.create(
        kind="proposal.completed", body="{}", at=at, state="GIVEN_UP", tries=10
    )
    assert "Deliveries that are sent again: 1." in do(admin, DELIVERIES, "send_again", delivery)
    again = WebhookDelivery.objects.due(timezone.now()).get()
    assert (again.message_id, again.tries) == (delivery.message_id, 0)
    WebhookEndpoint.objects.update(is_active=False)
    said = do(admin, DELIVERIES, "send_again", delivery)
    assert "1 are for an endpoint that is switched off." in said


def test_neither_a_secret_nor_an_address_is_in_the_log(cast, proposal, caplog):
    caplog.set_level("DEBUG")
    with receiving(status=410) as receiver:
        endpoint = WebhookEndpoint.objects.create(address=receiver.url)
        workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
        assert send_webhooks(timezone.now()) == (0, 1)
    lines = "\n".join(way.format(line) for line in caplog.records for way in (Line(), JsonLine()))
    assert f"Endpoint {endpoint.pk} is switched off" in lines
    secret = endpoint.secrets[0].removeprefix("whsec_")
    assert [text for text in (secret, str(endpoint.salt), "of=flows") if text in lines] == []


def test_the_example_of_the_guide_verifies(cast, proposal):
    known: dict = {}
    exec(re.search(r"```python\n(.*?)```", GUIDE, re.S)[1], known)
    with receiving() as receiver:
        endpoint = WebhookEndpoint.objects.create(address=receiver.url)
        workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
        send_webhooks(timezone.now())
        headers, body = receiver.taken[0]
    event = known["event_of"](endpoint.secrets[0], headers, body)
    assert event["data"]["proposal"] == proposal.pk


def test_the_guide_names_every_event():
    assert [kind for kind in kinds_of_events() if f"`{kind}`" not in GUIDE] == []
