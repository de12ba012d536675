"""No secret is in the log: not of a sign-in, nor where one fails, nor where something breaks."""

import re
from datetime import timedelta
from unittest import mock

import pytest
from django.db import InterfaceError
from django.test import Client
from django.utils import timezone

from proposals.models import ImportBatch
from proposals.workflow import checkpoints, identities
from waltzflow.logs import JsonLine, Line, in_sight

from .identity_provider import SECRET, Wrong
from .test_passwords import NEW, ask, link_sent_to, set_by, signs_in
from .test_single_sign_on import sign_in, to_provider

TOKEN = "a-token-for-figures"
pytestmark = pytest.mark.once(on="sqlite")


@pytest.fixture
def written(caplog):
    """Everything that the log says of what was done meanwhile, either way it can be written."""

    def lines() -> str:
        ways = [Line(), JsonLine()]
        return "\n".join(way.format(record) for record in caplog.records for way in ways)

    caplog.set_level("INFO")
    return lines


def without(secrets: list[str], text: str) -> None:
    assert all(secrets)
    assert [secret for secret in secrets if secret in text] == []


def test_a_password_is_in_no_line(mia, written):
    mia.set_password(NEW)
    mia.save()
    browser = Client()
    sent = {"username": mia.username, "password": NEW}
    browser.post("/sign-in/", sent)
    with mock.patch(
        "proposals.views.sign_in.SignIn.form_valid", side_effect=RuntimeError("broken")
    ):
        assert Client(raise_request_exception=False).post("/sign-in/", sent).status_code == 500
    for _ in range(6):
        wrong = Client().post("/sign-in/", sent | {"password": f"{NEW}, mistyped"})
    assert wrong.status_code == 429
    assert "RuntimeError: broken" in written()
    without([NEW, browser.session.session_key], written())


def test_the_link_by_which_a_password_is_set_is_in_no_line(mia, written):
    ask(mia.username)
    link = link_sent_to(mia)
    secret = link.split("/")[-2]
    with mock.patch(
        "proposals.views.passwords.SetPassword.get_user", side_effect=InterfaceError("away")
    ):
        assert Client().get(link).status_code == 503
    with mock.patch(
        "proposals.views.passwords.SetPassword.get_user", side_effect=RuntimeError("broken")
    ):
        assert Client(raise_request_exception=False).get(link).status_code == 500
    assert set_by(link, "password").status_code == 400
    assert set_by(link).status_code == 302
    assert signs_in(mia)
    assert Client().get(link, follow=True).status_code == 404
    assert written().count("GET /password/set/(hidden)/") >= 6
    without([secret, NEW], written())


def test_nothing_that_the_provider_and_this_site_tell_each_other_is_in_a_line(mia, idp, written):
    told: list[str] = []
    for wrong in (Wrong(), Wrong({"nonce": "x"}), Wrong(status=400), Wrong(error="server_error")):
        idp.wrong, browser = wrong, Client()
        sign_in(browser)
        told.append(browser.session.session_key)
    idp.wrong = Wrong()
    broken = Client(raise_request_exception=False)
    back = to_provider(broken)
    told += re.findall(r"(?:code|state)=(\w+)", back)
    with mock.patch.object(identities, "person_of", side_effect=RuntimeError("broken")):
        assert broken.get(back).status_code == 500
    assert "RuntimeError: broken" in written()
    assert "status 400 invalid_grant" in written()
    without([SECRET, *idp.issued, *told], written())


def test_an_address_that_is_written_down_as_it_was_asked_for_hides_its_secrets():
    address = "GET /sign-in/provider/done/?state=abc&code=def HTTP/1.1, /password/set/MQ/c-9f/"
    assert in_sight(address) == (
        "GET /sign-in/provider/done/?state=(hidden)&code=(hidden) HTTP/1.1, /password/set/(hidden)/"
    )


def test_the_token_of_the_figures_and_the_key_of_the_ledger_are_in_no_line(place, written, cast):
    place.METRICS_TOKEN = TOKEN
    for given in (TOKEN, f"{TOKEN}, mistyped"):
        Client().get("/metrics", headers={"Authorization": f"Bearer {given}"})
    ImportBatch.objects.create(outcome="1 flow added")
    key = place.LEDGER_KEY.read_text().strip()
    assert checkpoints.sign_when_due(timezone.now()) == (1, 0)
    place.LEDGER_KEY.write_text(key[:-9])
    ImportBatch.objects.create(outcome="1 flow added")
    tomorrow = timezone.now() + timedelta(days=1)
    assert checkpoints.sign_when_due(tomorrow) == (0, 1)
    assert "No checkpoint is signed" in written()
    without([TOKEN, key, key.split("+", 4)[4][:20], place.SECRET_KEY], written())
