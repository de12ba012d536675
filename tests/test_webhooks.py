"""Other programs are told what happens: signed, once it is certain, until they have taken it."""

import socket
import threading
import time
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from post_office.models import Email
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from proposals import workflow
from proposals.models import User, WebhookDelivery, WebhookEndpoint, kinds_of_events
from proposals.workflow import posting
from proposals.workflow.webhooks import PAUSES, forget_deliveries, send_webhooks

from . import factories
from .receiver import receiving
from .timestamping import openssl

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def this_machine(settings):
    """Where the receivers of the tests are."""
    settings.WEBHOOK_PRIVATE_ADDRESSES = [ip_network("127.0.0.1/32")]
    settings.WEBHOOK_HTTP = True


def endpoint_of(receiver, **fields) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(address=receiver.url, **fields)


def only_delivery() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def later(seconds: float = 0):
    return timezone.now() + timedelta(seconds=seconds)


@pytest.fixture
def events():
    """As if so many decisions had been taken."""

    def make(number: int) -> None:
        at = timezone.now()
        for endpoint in list(WebhookEndpoint.objects.all()) * number:
            WebhookDelivery.objects.create(
                endpoint=endpoint, kind="proposal.approved", body="{}", at=at, due_at=at
            )

    return make


def test_an_approval_is_told_to_whoever_asked_for_it(cast, proposal):
    with receiving() as receiver, receiving() as other:
        endpoint = endpoint_of(receiver)
        endpoint_of(other, kinds=["proposal.rejected"])
        endpoint_of(other, is_active=False)
        done = workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
        assert send_webhooks(later()) == (3, 0)
        told = receiver.events(endpoint.secrets[0])
        assert other.taken == []
    assert [event["type"] for event in told] == [
        *("proposal.approved", "proposal.approved", "proposal.completed")
    ]
    assert told[-1]["data"] == {
        "proposal": done.pk,
        "address": f"http://127.0.0.1:8000/api/v1/proposals/{done.pk}",
        "transition": done.steps[-1].pk,
        "action": "complete",
        "side": "",
        "state": "FULLY_APPROVED",
        "logical_flow": done.result_logical_flow_id,
        "physical_flow": done.result_physical_flow_id,
    }
    assert [event["data"]["side"] for event in told] == ["SOURCE", "TARGET", ""]
    assert {row.state for row in WebhookDelivery.objects.all()} == {"DELIVERED"}
    assert send_webhooks(later(9999)) == (0, 0)


KINDS = [
    *("proposal.submitted", "proposal.approved", "proposal.completed", "proposal.returned"),
    *("proposal.rejected", "proposal.cancelled", "proposal.timed_out"),
]


def test_every_step_of_a_proposal_is_an_event_but_what_becomes_of_a_draft(cast, source, target):
    assert kinds_of_events() == KINDS
    WebhookEndpoint.objects.create(address="https://a.example/")
    first, second, third, fourth = (
        factories.proposed(cast.maker, source, target, specification_name=f"{number}.csv")
        for number in range(4)
    )
    workflow.reject(first, side="SOURCE", by=cast.source_approver, comment="No")
    workflow.request_changes(second, side="TARGET", by=cast.target_approver, comment="More")
    workflow.cancel(third, by=cast.maker)
    workflow.time_out(fourth, at=later(99 * 24 * 3600))
    workflow.cancel(factories.draft(cast.maker, source, target), by=cast.maker)
    told = list(WebhookDelivery.objects.order_by("pk").values_list("kind", flat=True))
    assert told == ["proposal.submitted"] * 4 + [
        *("proposal.rejected", "proposal.returned", "proposal.cancelled", "proposal.timed_out")
    ]


def test_names_and_what_people_wrote_stay_here(cast, proposal):
    WebhookEndpoint.objects.create(address="https://a.example/")
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver, comment="Fine by me")
    body = only_delivery().body
    about = [proposal.source, proposal.target, cast.maker, cast.source_approver, "Fine by me"]
    assert [str(what) for what in about if str(what) in body] == []


def test_nothing_is_sent_of_what_was_undone(cast, proposal):
    WebhookEndpoint.objects.create(address="https://a.example/")
    with transaction.atomic():
        workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
        assert WebhookDelivery.objects.count() == 1
        transaction.set_rollback(True)
    assert WebhookDelivery.objects.count() == 0


def statements_of_an_approval(cast, proposal) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    return [row["sql"] for row in asked if "webhook" in row["sql"]]


def test_without_an_endpoint_an_approval_asks_once_and_writes_nothing(cast, proposal):
    [asked] = statements_of_an_approval(cast, proposal)
    assert asked.startswith("SELECT")


def test_both_secrets_sign_until_the_old_one_ends(cast, proposal):
    with receiving() as receiver:
        endpoint = endpoint_of(receiver)
        [old] = endpoint.secrets
        endpoint.renew_secret()
        new, also_old = endpoint.secrets
        assert (also_old, new) == (old, new)
        assert new != old
        workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
        send_webhooks(later())
        assert receiver.events(old) == receiver.events(new)
        WebhookEndpoint.objects.update(salt_before=None)
        workflow.approve(proposal, sides=["TARGET"], by=cast.target_approver)
        send_webhooks(later())
        assert len(receiver.events(new)) == 3
        with pytest.raises(WebhookVerificationError):
            receiver.events(old)


def test_what_was_changed_on_the_way_is_not_verified(cast, proposal):
    with receiving() as receiver:
        [secret] = endpoint_of(receiver).secrets
        workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
        send_webhooks(later())
        headers, body = receiver.taken[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace(b"SOURCE", b"TARGET"), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers | {"webhook-id": "msg_x"})


def test_what_is_not_taken_is_sent_again_with_growing_pauses_for_three_days(events, caplog):
    with receiving(status=503) as receiver:
        endpoint_of(receiver)
        events(1)
        at, pauses = later(), []
        while only_delivery().state == "WAITING":
            due_at = only_delivery().due_at
            assert send_webhooks(due_at - timedelta(seconds=1)) == (0, 0)
            pauses.append(due_at - at)
            at = due_at
            send_webhooks(at)
        assert len(receiver.taken) == len(pauses) == 10
        assert len(set(receiver.numbers())) == 1
    assert pauses[1:] == sorted(PAUSES)
    assert timedelta(days=2, hours=22) < sum(pauses, timedelta()) < timedelta(days=3)
    assert (only_delivery().state, only_delivery().answer) == ("GIVEN_UP", "Status 503.")
    assert "is given up: Status 503." in caplog.text


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        *(("120", 120), (" 7 ", 7), ("0", 0), ("999999999999", 86_400), ("-5", 0), ("soon", 0)),
        *(("", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400)),
        ("٣", 0),
    ],
)
def test_the_pause_that_a_receiver_asks_for_is_a_day_at_most(said, seconds):
    with receiving(status=429, headers={"Retry-After": said.encode().decode("latin-1")}) as it:
        answer = posting.post(it.url, b"{}", {})
    assert answer == posting.Answer(429, timedelta(seconds=seconds))


def test_a_receiver_is_left_alone_for_as_long_as_it_asks(events):
    with receiving(status=503, headers={"Retry-After": "1000"}) as receiver:
        endpoint = endpoint_of(receiver)
        events(3)
        at = later()
        send_webhooks(at)
        receiver.status = 204
        events(1)
        assert send_webhooks(at + timedelta(seconds=990)) == (0, 0)
        assert len(receiver.taken) == 1
        assert send_webhooks(at + timedelta(seconds=1020)) == (4, 0)
    endpoint.refresh_from_db()
    assert endpoint.paused_until - at == pytest.approx(timedelta(seconds=1000), rel=0.02)


def test_a_short_pause_makes_no_try_come_sooner(events):
    with receiving(status=503, headers={"Retry-After": "1"}) as receiver:
        endpoint_of(receiver)
        events(1)
        WebhookDelivery.objects.update(tries=1)
        at = later()
        send_webhooks(at)
    assert only_delivery().due_at == at + PAUSES[1]


def test_administrators_hear_once_a_day_of_an_endpoint_that_takes_nothing(cast, events):
    admin = factories.user("Ada", is_superuser=True, is_staff=True)
    with receiving(status=500) as receiver:
        endpoint = endpoint_of(receiver, description="Gateway")
        events(3)
        WebhookDelivery.objects.update(tries=len(PAUSES))
        at = later()
        for seconds in (0, 5):
            assert send_webhooks(at + timedelta(seconds=seconds)) == (0, 1)
        [mail] = Email.objects.filter(to=admin.email)
        assert send_webhooks(at + timedelta(days=1, seconds=10)) == (0, 1)
    assert Email.objects.filter(to=admin.email).count() == 2
    assert Email.objects.exclude(to__in=User.objects.administrators().values("email")).count() == 0
    text = mail.message
    assert f"{endpoint} did not take a webhook" in text
    assert "Status 500." in text
    assert receiver.url not in text


def test_administrators_hear_of_an_endpoint_that_wants_no_more(cast, events):
    admin = factories.user("Ada", is_superuser=True, is_staff=True)
    with receiving(status=410) as receiver:
        endpoint_of(receiver)
        events(2)
        WebhookDelivery.objects.filter(pk=WebhookDelivery.objects.last().pk).update(
            state="GIVEN_UP", due_at=None, tried_at=later()
        )
        send_webhooks(later())
    assert "Status 410." in Email.objects.get(to=admin.email).message


def test_one_that_is_down_gets_it_when_it_is_up_again(events):
    with receiving() as receiver:
        endpoint_of(receiver)
    events(1)
    assert send_webhooks(later()) == (0, 0)
    assert only_delivery().answer == "The connection failed: ConnectionRefusedError."
    with receiving() as receiver:
        WebhookEndpoint.objects.update(address=receiver.url)
        assert send_webhooks(later(1)) == (0, 0)
        assert send_webhooks(later(6)) == (1, 0)
        assert len(receiver.taken) == 1


def test_a_redirect_is_not_followed(events):
    with receiving() as elsewhere, receiving(status=307) as receiver:
        receiver.headers = {"Location": elsewhere.url}
        endpoint_of(receiver)
        events(1)
        assert send_webhooks(later()) == (0, 0)
        assert (len(receiver.taken), elsewhere.taken) == (1, [])
    assert only_delivery().answer == "Status 307: it points elsewhere, which is not followed."


def test_one_that_is_gone_is_switched_off(events):
    with receiving(status=410) as receiver:
        endpoint = endpoint_of(receiver)
        events(3)
        assert send_webhooks(later()) == (0, 1)
        assert len(receiver.taken) == 1
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.off_because) == (
        False,
        "The receiver answered 410 (Gone): it wants no more.",
    )
    assert {row.state for row in WebhookDelivery.objects.all()} == {"GIVEN_UP"}


def test_a_slow_receiver_holds_up_nobody_for_long(events, monkeypatch):
    monkeypatch.setattr(posting, "IN_ALL", 0.5)
    with receiving() as slow, receiving() as quick:
        slow.released.clear()
        endpoint_of(slow)
        endpoint_of(quick)
        events(5)
        began = time.monotonic()
        assert send_webhooks(later()) == (5, 0)
        assert time.monotonic() - began < 3
        assert (len(slow.taken), len(quick.taken)) == (1, 5)
    waiting = WebhookDelivery.objects.filter(answer="No answer in time.")
    assert waiting.count() == 1


def test_one_that_speaks_a_letter_at_a_time_is_cut_short(monkeypatch):
    monkeypatch.setattr(posting, "IN_ALL", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        began = time.monotonic()
        stop = drip(server)
        with pytest.raises(posting.NotPosted, match=r"No answer in time\."):
            posting.post(address, b"{}", {})
        assert time.monotonic() - began < 3
        stop()


def drip(server):
    """Answers whoever comes with a letter every 0.1 seconds, until what it returns is called."""
    ended = threading.Event()

    def speak() -> None:
        stream, _ = server.accept()
        with stream:
            for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 999:
                if ended.wait(0.1):
                    return
                try:
                    stream.sendall(bytes([letter]))
                except OSError:
                    return

    thread = threading.Thread(target=speak, daemon=True)
    thread.start()

    def stop() -> None:
        ended.set()
        thread.join()

    return stop


def certificate(folder: Path) -> Path:
    """Of localhost by itself, with its key."""
    file = folder / "localhost.pem"
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    whose = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    openssl(folder, "req", *kind, *whose, "-keyout", "key.pem", "-out", "crt.pem")
    file.write_text((folder / "key.pem").read_text() + (folder / "crt.pem").read_text())
    return file


def test_a_receiver_shows_a_certificate_of_its_name(tmp_path, monkeypatch):
    file = certificate(tmp_path)
    with receiving(certificate=file) as receiver:
        with pytest.raises(posting.NotPosted, match="certificate is not accepted: self-signed"):
            posting.post(receiver.url, b"{}", {})
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert posting.post(receiver.url, b"{}", {}).status == 204
        with pytest.raises(posting.NotPosted, match="certificate is not accepted: IP address mis"):
            posting.post(receiver.url.replace("localhost", "127.0.0.1"), b"{}", {})
        assert len(receiver.taken) == 1


PRIVATE = [
    *("http://127.0.0.2/", "https://10.0.0.1/", "https://192.168.1.1:8443/x", "https://[::1]/"),
    *("https://169.254.169.254/latest", "https://[fe80::1]/", "https://[::ffff:10.0.0.1]/"),
    *("https://100.64.0.1/", "https://0.0.0.0/", "https://[fd00::1]/", "https://224.0.0.1/"),
    *("https://[fec0::1]/", "https://[::a00:1]/", "https://[::ffff:0:a00:1]/"),
    *("https://[64:ff9b:1::a00:1]/", "https://192.0.0.192/"),
    *("https://[64:ff9b::a00:1]/", "https://[2002:a00:1::]/", "https://localhost/"),
    *("https://2130706434/", "https://127.2/"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_connected_to(address, settings, monkeypatch):
    settings.WEBHOOK_PRIVATE_ADDRESSES = [ip_network("10.1.0.0/16")]
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("It connected."))
    with pytest.raises(posting.NotPosted, match="is a private one"):
        posting.post(address, b"", {})


def test_a_name_that_means_another_machine_the_second_time_leads_nowhere_new(events, monkeypatch):
    really, answers = socket.getaddrinfo, iter(["127.0.0.1", "127.0.0.3"])

    def answer(host, *arguments, **options):
        return really(next(answers) if host == "a.example" else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with receiving() as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        WebhookEndpoint.objects.create(address=f"http://a.example:{port}/hooks")
        events(2)
        assert send_webhooks(later()) == (1, 0)
        headers, _ = receiver.taken[0]
        assert headers["Host"] == f"a.example:{port}"
        assert len(receiver.taken) == 1
    refused = WebhookDelivery.objects.get(state="WAITING")
    assert "is a private one" in refused.answer


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://a.example/", "has to begin with https"),
        ("ftp://a.example/", "has to look like"),
        ("https://me:secret@a.example/", "has to look like"),
        ("https://a.example/a b", "has to look like"),
        ("https://a.example/#x", "has to look like"),
        ("https://a.example/\r\nX: y", "has to look like"),
        ("https://a.example:99999/", "port of the address is too large"),
        ("https://10.0.0.1/", "is a private one"),
    ],
)
def test_an_address_that_cannot_be_is_refused_when_it_is_entered(address, sentence, settings):
    settings.WEBHOOK_HTTP = False
    with pytest.raises(posting.NotPosted, match=sentence):
        posting.require_postable(address)


def test_deliveries_go_after_thirty_days_unless_they_wait(events):
    WebhookEndpoint.objects.create(address="https://a.example/")
    WebhookEndpoint.objects.create(address="https://b.example/", is_active=False)
    events(2)
    WebhookDelivery.objects.filter(pk=WebhookDelivery.objects.first().pk).update(
        state="DELIVERED", due_at=None
    )
    assert forget_deliveries(later(29 * 24 * 3600)) == (0, 0)
    forget_deliveries(later(31 * 24 * 3600))
    left = WebhookDelivery.objects.values_list("endpoint__address", "state")
    assert set(left) == {("https://a.example/", "WAITING")}
