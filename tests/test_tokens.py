"""Tokens of programs: made and withdrawn by their owner, shown once, bound to the person."""

import html
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from proposals import workflow
from proposals.errors import NoRight
from proposals.history.verify import breaches
from proposals.models import Token, Transition, User

from . import factories
from .test_me import day
from .test_pages import text

SENT = {"name": "nightly", "may_read": "on", "may_propose": "on"}


def opened(text: str) -> Token | None:
    return Token.shown(text, timezone.now())


def test_a_token_is_shown_once_and_kept_as_a_keyed_hash(as_, cast):
    client = as_(cast.maker)
    page = client.post("/me/tokens/", SENT | {"expires_at": day(30)}, follow=True)
    [shown] = re.findall(r"waltzflow_\d+_[\w-]{43}", page.content.decode())
    token = opened(shown)
    assert (token.owner, token.scopes) == (cast.maker, ["read", "propose"])
    assert shown.rpartition("_")[2] not in repr(Token.objects.values())
    again = text(client.get("/me/tokens/"))
    assert "nightly" in again
    assert "never used" in again
    assert "waltzflow_" not in again
    assert opened(shown[:-1] + ("a" if shown[-1] != "a" else "b")) is None


def test_the_page_says_how_a_program_sends_it(as_, cast):
    page = as_(cast.maker).get("/me/tokens/").content.decode()
    [address] = re.findall(
        r'curl -H "Authorization: Bearer [^"]*" (\S+)</code>', html.unescape(page)
    )
    made = factories.token(cast.maker)
    asked = Client(headers={"Authorization": f"Bearer {made.text}"})
    codes = {row["code"] for row in asked.get(urlsplit(address).path).json()["items"]}
    assert {"LEDGER", "RISK"} < codes
    [document] = re.findall(r'href="(/api/[^"]+)"', page)
    assert Client().get(document).json()["openapi"].startswith("3.1")


def test_a_form_sent_twice_makes_one_token(as_, cast):
    sent = SENT | {"expires_at": day(30), "form_key": "9d5a5b5e-7b0c-4d9d-8a5e-3a5a0c6c7a11"}
    client = as_(cast.maker)
    assert [client.post("/me/tokens/", sent).status_code for _ in range(2)] == [302, 302]
    assert Token.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": " "}, "This field is required."),
        ({"name": "Taken "}, "You have had a token of this name"),
        ({"may_read": "", "may_propose": ""}, "Choose at least one thing"),
        ({"expires_at": day(367)}, "at most 366 days from now"),
        ({"expires_at": day(-1)}, "Choose a day that is not over"),
        ({"expires_at": "9999-12-31"}, "Choose a date from 1970 to 2099."),
        ({"may_read": "", "may_propose": "", "may_decide": "on"}, "Choose at least one thing"),
    ],
)
def test_what_cannot_be_a_token_is_refused_in_words(as_, cast, change, sentence):
    Token.objects.filter(pk=factories.token(cast.maker, "taken").token.pk).withdraw(by=cast.maker)
    page = as_(cast.maker).post("/me/tokens/", SENT | {"expires_at": day(30)} | change)
    assert (page.status_code, Token.objects.count()) == (400, 1)
    assert sentence in text(page)


def test_a_token_to_decide_is_offered_where_the_policy_lets_programs_decide(as_, cast):
    client = as_(cast.source_approver)
    assert "The policy lets no program decide." in text(client.get("/me/tokens/"))
    factories.policy(api_decisions=True)
    client.post("/me/tokens/", SENT | {"may_decide": "on", "expires_at": day(30)})
    assert Token.objects.get().scopes == ["read", "propose", "decide"]


def deactivate_and_back(person: User) -> None:
    for is_active in (False, True):
        person.is_active = is_active
        person.save()


def change_password(person: User) -> None:
    client = Client()
    client.force_login(person)
    person.set_password("before-it-was-9!")
    person.save()
    client.force_login(person)
    sent = {"old_password": "before-it-was-9!"} | dict.fromkeys(
        ["new_password1", "new_password2"], "something-else-77"
    )
    assert client.post("/me/password/", sent).status_code == 302
    assert client.get("/me/").status_code == 200  # this browser stays signed in


ENDS = {
    "its owner withdraws it": lambda token: Token.objects.filter(pk=token.pk).withdraw(
        by=token.owner
    ),
    "its owner is deactivated": lambda token: User.objects.filter(pk=token.owner_id).update(
        is_active=False
    ),
    "and does not come back with them": lambda token: deactivate_and_back(token.owner),
    "the password changes": lambda token: change_password(token.owner),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_token_ends_when(cast, end):
    made = factories.token(cast.maker)
    cast.maker.save()  # of itself no end
    assert opened(made.text) == made.token
    ENDS[end](Token.objects.get())
    assert opened(made.text) is None


def test_a_token_ends_with_its_day_and_outlives_a_password_that_is_hashed_anew(cast, settings):
    made = factories.token(cast.maker, days=30)
    cast.maker.set_password("before-it-was-9!")
    cast.maker._password = None  # as Django does where it hashes anew
    cast.maker.save(update_fields=["password"])
    assert opened(made.text) == made.token
    assert Token.shown(made.text, timezone.now() + timedelta(days=31)) is None
    settings.SECRET_KEY = "another, so that the table alone opens nothing"
    assert opened(made.text) is None


@pytest.mark.parametrize("wrong", ["", "x", "waltzflow_", "waltzflow_1", "waltzflow_²_x", "a_1_b"])
def test_what_is_no_token_opens_nothing(db, wrong):
    assert opened(wrong) is None
    assert opened(f"waltzflow_{'9' * 30}_x") is None


def test_uses_are_counted_by_the_minute(cast):
    token = factories.token(cast.maker).token
    now = timezone.now().replace(second=1)
    uses = [token.count_use(at, most=2) for at in [now] * 3 + [now + timedelta(minutes=1)]]
    assert uses == [True, True, False, True]
    token.refresh_from_db()
    assert (token.used, token.last_used_at.second) == (1, 0)


def test_an_administrator_withdraws_anybodys(as_, cast):
    made = factories.token(cast.maker)
    url = "/admin/proposals/token/"
    client = as_(cast.superuser)
    assert made.token.digest not in client.get(f"{url}{made.token.pk}/change/").content.decode()
    client.post(url, {"action": "withdraw", "_selected_action": made.token.pk})
    assert opened(made.text) is None
    assert f"withdrawn by {cast.superuser}" in text(as_(cast.maker).get("/me/tokens/"))


def test_a_step_names_the_token_it_was_done_with(as_, cast, proposal):
    factories.token(cast.maker, "nightly")
    workflow.act(proposal, "cancel", by=cast.maker, token="nightly")
    page = text(as_(cast.maker).get(f"/proposals/{proposal.pk}/"))
    assert "through the token “nightly”" in page
    assert "nightly" in text(as_(cast.superuser).get(f"/audit/proposals/{proposal.pk}/"))
    assert list(breaches()) == []


def test_a_program_decides_only_where_the_policy_says_so(cast, proposal):
    factories.token(cast.source_approver, "gateway", may_decide=True)
    named = {"sides": ["SOURCE"], "by": cast.source_approver, "token": "gateway"}
    with pytest.raises(NoRight, match="through the API"):
        workflow.act(proposal, "approve", **named)
    factories.policy(api_decisions=True)
    workflow.act(proposal, "approve", **named)
    assert Transition.objects.get(side="SOURCE").token == "gateway"
    assert list(breaches()) == []
