"""Signing in by a provider of identities, which here is a real server that signs what it says."""

import re
import time
from dataclasses import replace

import pytest
import requests
from django.contrib.auth.models import Group
from django.test import Client
from playwright.sync_api import expect

from proposals.models import User
from proposals.workflow import passwords, provider

from . import factories
from .browsing import Visitor
from .identity_provider import SECRET, IdentityProvider, Wrong, new_key
from .test_pages import text

# What it says of the person is the same on both databases.
pytestmark = pytest.mark.once(on="sqlite")


def to_provider(client: Client, leads_to: str = "") -> str:
    """Where the provider sends the browser back to, as a path of this site."""
    sent = client.get("/sign-in/provider/", {"next": leads_to} if leads_to else {})
    assert sent.status_code == 302, text(sent)
    back = requests.get(sent.url, allow_redirects=False, timeout=5).headers["Location"]
    assert back.startswith("http://127.0.0.1:8000/sign-in/provider/done/?")
    return back.removeprefix("http://127.0.0.1:8000")


def sign_in(client: Client, leads_to: str = ""):
    return client.get(to_provider(client, leads_to))


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def test_who_has_the_verified_mail_address_is_signed_in_and_led_on(mia):
    client = Client()
    assert sign_in(client, "/flows/").url == "/flows/"
    assert who(client) == str(mia.pk)
    assert client.get("/inbox/").status_code == 200
    away = sign_in(Client(), "https://elsewhere.example/")
    assert (away.status_code, away.url) == (302, "/")


def test_the_other_algorithm_is_verified_too(mia, settings):
    other = IdentityProvider("ES256")
    other.claims = {"email": mia.email, "email_verified": True}
    settings.OIDC = replace(settings.OIDC, issuer=other.issuer, algorithm="ES256")
    client = Client()
    assert sign_in(client).status_code == 302
    assert who(client) == str(mia.pk)
    other.close()


@pytest.mark.parametrize(
    ("names_its_key", "others", "comes_in"),
    [
        (False, [], True),
        (False, [{"kty": "oct", "use": "enc"}], True),
        (False, ["another"], False),
        (True, ["another"], True),
    ],
)
def test_one_key_needs_no_name_and_several_do(mia, settings, names_its_key, others, comes_in):
    server, another = IdentityProvider(), IdentityProvider()
    server.claims = {"email": mia.email, "email_verified": True}
    server.names_its_key = names_its_key
    second = another.public_key() | {"kid": "second"}
    server.other_keys = [second if key == "another" else key for key in others]
    settings.OIDC = replace(settings.OIDC, issuer=server.issuer)
    client = Client()
    assert sign_in(client).status_code == (302 if comes_in else 403)
    assert who(client) == (str(mia.pk) if comes_in else None)
    server.close()
    another.close()


@pytest.mark.parametrize("audience", ["waltzflow", ["waltzflow"], ["another", "waltzflow"]])
def test_a_token_that_this_site_asked_for_may_be_for_others_too(mia, idp, audience):
    idp.wrong = Wrong({"aud": audience, "azp": "waltzflow"})
    client = Client()
    sign_in(client)
    assert who(client) == str(mia.pk)


def test_a_provider_to_which_secrets_would_go_unencrypted_is_not_asked(mia, idp, monkeypatch):
    described = idp.description() | {"token_endpoint": "http://login.example/token"}
    monkeypatch.setattr(idp, "description", lambda: described)
    answer = Client().get("/sign-in/provider/")
    assert (answer.status_code, "could not be verified" in text(answer)) == (403, True)


def test_the_addresses_may_be_named_instead_of_asked_for(mia, idp, settings):
    named = {name: url for name, url in idp.description().items() if name != "issuer"}
    settings.OIDC = replace(settings.OIDC, endpoints=named)
    client = Client()
    assert sign_in(client).status_code == 302
    assert who(client) == str(mia.pk)
    assert provider._descriptions == {}


LONG_AGO = int(time.time()) - 3600
UNVERIFIED = "could not be verified"
FAILURES = {
    "another audience": (Wrong({"aud": "another"}), 403, UNVERIFIED),
    "an audience of several": (Wrong({"aud": ["waltzflow", "another"]}), 403, UNVERIFIED),
    "another asker": (Wrong({"azp": "another"}), 403, UNVERIFIED),
    "another asker of several": (
        Wrong({"aud": ["waltzflow", "another"], "azp": "another"}),
        403,
        UNVERIFIED,
    ),
    "another address in the token": (Wrong({"email": "x@y.example"}), 403, "is verified"),
    "no audience": (Wrong({"aud": None}), 403, UNVERIFIED),
    "another issuer": (Wrong({"iss": "https://other.example"}), 403, UNVERIFIED),
    "another nonce": (Wrong({"nonce": "another"}), 403, UNVERIFIED),
    "no nonce": (Wrong({"nonce": None}), 403, UNVERIFIED),
    "an expired token": (Wrong({"exp": LONG_AGO}), 403, UNVERIFIED),
    "a token without an end": (Wrong({"exp": None}), 403, UNVERIFIED),
    "a token of the future": (Wrong({"nbf": 2 * LONG_AGO}), 403, UNVERIFIED),
    "another key": (Wrong(key=new_key("RS256")), 403, UNVERIFIED),
    "an algorithm anybody can sign by": (
        Wrong(key="x" * 32, algorithm="HS256"),
        403,
        UNVERIFIED,
    ),
    "claims of somebody else": (Wrong(subject="another"), 403, UNVERIFIED),
    "an error": (Wrong(error="access_denied"), 403, "did not sign you in. It says: access denied."),
    "an error that is none": (Wrong(error="<b>call 555</b>"), 403, "did not sign you in. Try"),
    "a refused code": (Wrong(status=400), 502, "refused to say who you are"),
    "a broken provider": (Wrong(status=500), 502, "refused to say who you are"),
}


def refused(idp, wrong: Wrong, caplog, told: str, status: int) -> None:
    """A page with a sentence and a way on; nobody is signed in, and no secret is in the log."""
    idp.wrong = wrong
    client = Client()
    answer = sign_in(client)
    assert answer.status_code == status, text(answer)
    assert told in text(answer)
    assert 'href="/sign-in/provider/">Try again' in answer.content.decode()
    assert who(client) is None
    assert "No sign-in by the provider: " in caplog.text
    assert not [secret for secret in [SECRET, *idp.issued] if secret in caplog.text]


def test_whatever_the_provider_gets_wrong_signs_nobody_in(mia, idp, caplog, subtests):
    for name, (wrong, status, told) in FAILURES.items():
        with subtests.test(name):
            caplog.clear()
            refused(idp, wrong, caplog, told, status)


def test_the_log_says_what_the_provider_got_wrong(mia, idp, caplog):
    refused(idp, Wrong(subject="another"), caplog, UNVERIFIED, 403)
    assert "No sign-in by the provider: It speaks of somebody else." in caplog.text


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"email_verified": False}, "does not say that your mail address is verified"),
        ({"email_verified": "true"}, "does not say that your mail address is verified"),
        ({"email_verified": None}, "does not say that your mail address is verified"),
        ({"email": None}, "does not say your mail address"),
        ({"email": ["x@example.com"]}, "does not say your mail address"),
        ({"email": "nobody@example.com"}, "Nobody here has the mail address nobody@example.com"),
    ],
)
def test_whoever_the_claims_do_not_name_is_told_why(mia, idp, caplog, claims, told):
    before = User.objects.count()
    idp.claims |= claims
    refused(idp, Wrong(), caplog, told, 403)
    assert User.objects.count() == before


def test_who_was_deactivated_is_told_so(mia, idp, caplog):
    User.objects.filter(pk=mia.pk).update(is_active=False)
    refused(idp, Wrong(), caplog, "Your account here is no longer active", 403)


def test_a_state_and_a_code_work_once_and_in_one_browser(mia):
    client = Client()
    back = to_provider(client)
    elsewhere = Client().get(back)
    assert (elsewhere.status_code, "was used already" in text(elsewhere)) == (400, True)
    assert client.get(back).status_code == 302
    client.logout()
    replayed = client.get(back)
    assert (replayed.status_code, who(client)) == (400, None)
    # The code again, with a state that is still good.
    fresh = re.search(r"state=(\w+)", to_provider(client))[1]
    code = re.search(r"code=(\w+)", back)[1]
    stolen = client.get("/sign-in/provider/done/", {"code": code, "state": fresh})
    assert (stolen.status_code, who(client)) == (502, None)


@pytest.mark.parametrize("at", ["the beginning", "the end"])
def test_a_provider_that_is_away_is_said_so(mia, settings, at):
    gone = IdentityProvider()
    settings.OIDC = replace(settings.OIDC, issuer=gone.issuer)
    client = Client()
    back = to_provider(client) if at == "the end" else "/sign-in/provider/"
    gone.close()
    answer = client.get(back)
    assert answer.status_code == 503
    assert "does not answer. Try again in some minutes." in text(answer)
    assert "Sign in with a password" in text(answer)


def test_nobody_is_made_unless_the_operator_wants_it(mia, idp, settings):
    settings.OIDC = replace(settings.OIDC, creates=True)
    idp.claims = {"email": "New.Person@Example.com", "email_verified": True, "name": "New Person"}
    idp.claims |= {"groups": ["flow-stewards"]}
    client = Client()
    assert sign_in(client).status_code == 302
    made = User.objects.get(email_folded="new.person@example.com")
    assert (str(made), made.has_usable_password(), made.is_superuser) == (
        "New Person",
        False,
        False,
    )
    assert [group.name for group in made.groups.all()] == ["Stewards"]
    whys = made.history.order_by("history_id").values_list("history_change_reason", flat=True)
    assert list(whys) == [
        "Signed in by the provider for the first time",
        "Groups at the provider: flow-stewards",
    ]
    assert sign_in(Client()).status_code == 302
    assert made.history.count() == 2
    idp.claims["email"] = "no address"
    unkept = sign_in(Client())
    assert (unkept.status_code, "cannot be kept here" in text(unkept)) == (403, True)


def test_groups_follow_the_claim_with_their_history_and_others_stay(mia, idp):
    own = Group.objects.create(name="Choir")
    mia.groups.add(own)
    steps = [
        (["flow-audit", "flow-admin", "unknown"], {"Choir", "Auditors"}, True),
        (["flow-stewards"], {"Choir", "Stewards"}, False),
        (None, {"Choir"}, False),
    ]
    for groups, expected, is_staff in steps:
        idp.claims |= {"groups": groups}
        sign_in(Client())
        person = User.objects.get(pk=mia.pk)
        assert {group.name for group in person.groups.all()} == expected
        assert person.is_staff == is_staff
    version = person.history.latest()
    assert version.history_change_reason == "Groups at the provider: none"
    assert [row.group.name for row in version.groups.all()] == ["Choir"]
    assert version.history_user is None


def test_the_claim_takes_nothing_from_the_last_administrator(mia, idp, cast):
    idp.claims = {"email": cast.superuser.email, "email_verified": True, "groups": []}
    assert sign_in(Client()).status_code == 302
    assert User.objects.administrators().get() == cast.superuser


def test_the_last_steward_who_loses_the_group_is_warned_of_in_the_log(
    mia, idp, cast, caplog, target
):
    factories.proposed(cast.maker, factories.system("Lonely", code="LONE"), target)
    idp.claims = {"email": cast.steward.email, "email_verified": True}
    sign_in(Client())
    assert "No active steward is left, and 1 open proposal waits for one" in caplog.text


def test_signing_out_ends_the_session_here_and_at_the_provider(mia, idp):
    client = Client()
    sign_in(client)
    answer = client.post("/sign-out/")
    assert who(client) is None
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert answer.url.startswith(f"{idp.issuer}/end?client_id=waltzflow&post_logout_redirect_uri=")
    requests.get(answer.url, allow_redirects=False, timeout=5)
    [farewell] = idp.farewells
    assert farewell["id_token_hint"] in idp.issued
    assert farewell["post_logout_redirect_uri"] == "http://127.0.0.1:8000/sign-in/"


def test_who_came_by_a_password_signs_out_here_alone(mia):
    client = Client()
    client.force_login(mia)
    assert client.post("/sign-out/").url == "/sign-in/"


def test_where_the_provider_alone_signs_in_passwords_are_switched_off(mia, settings, as_, cast):
    client, outside = as_(cast.superuser), Client()
    form = {"username": mia.username, "password": "x"}
    assert 'name="password"' in outside.get("/sign-in/").content.decode()
    settings.OIDC = replace(settings.OIDC, is_only=True)
    page = outside.get("/sign-in/").content.decode()
    assert "Use your company account" in page
    assert 'name="password"' not in page
    off = "Passwords are switched off here"
    for asked, url, sent in [
        (outside, "/sign-in/", form),
        (outside, "/password/forgotten/", form),
        (outside, "/password/set/MQ/x/", None),
        (client, "/me/password/", None),
        (client, "/admin/password_change/", None),
        (client, f"/admin/proposals/user/{mia.pk}/password/", None),
    ]:
        answer = asked.post(url, sent) if sent else asked.get(url)
        assert (answer.status_code, off in text(answer)) == (403, True), url
    assert "Invite the chosen" not in client.get("/admin/proposals/user/").content.decode()
    assert "Change my password" not in text(client.get("/me/"))
    assert passwords.send_link(mia, at=factories.day(1)) is False
    assert sign_in(Client()).status_code == 302


def test_who_has_a_mail_address_can_sign_in_where_there_is_a_provider(mia, settings, cast):
    with_mail, without = cast.both, cast.other
    User.objects.filter(pk__in=[with_mail.pk, without.pk]).update(password="!none")
    User.objects.filter(pk=without.pk).update(email="", email_folded="")
    assert set(User.objects.unable_to_sign_in()) == {without}
    User.objects.filter(pk=without.pk).update(password="md5$x$y")
    assert set(User.objects.unable_to_sign_in()) == set()
    settings.OIDC = replace(settings.OIDC, is_only=True)
    unable = {person for person in User.objects.all() if person.cannot_sign_in}
    assert set(User.objects.unable_to_sign_in()) == unable == {without}


@pytest.mark.django_db(transaction=True)
def test_in_a_browser_one_signs_in_by_the_provider_and_out_again(
    chromium, live_server, idp, settings
):
    settings.ORIGIN = live_server.url
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    targets = {"form-action": ["'self'", *settings.OIDC.origins]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives | targets}
    person = factories.user("Stella Steward")
    idp.claims = {"email": person.email, "email_verified": True, "groups": ["flow-stewards"]}
    visitor = Visitor(chromium, live_server.url, script=True)
    page = visitor.page
    page.goto("/inbox/")
    visitor.check()
    page.get_by_role("link", name="Use your company account").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    assert [group.name for group in person.groups.all()] == ["Stewards"]
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert len(idp.farewells) == 1
    idp.wrong = Wrong(error="access_denied")
    page.get_by_role("link", name="Use your company account").click()
    expect(page.get_by_text("It says: access denied.")).to_be_visible()
    visitor.complaints.clear()  # that the page came with 403
    visitor.check()
    visitor.check_on_a_telephone()
