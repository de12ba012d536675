"""Light or dark, chosen for one browser; and in whose time, chosen for the person."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect
from post_office.models import Email

from proposals import workflow
from proposals.models import Delegation, Notice, User
from proposals.views.sign_in import SignIn

from . import factories
from .browsing import Visitor
from .test_pages import text

JULY = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_zone_is_left():
    """The zone of a thread stays until its next request."""
    yield
    timezone.deactivate()


def choose(client, **chosen):
    return client.post("/me/appearance/", {"theme": "", "zone": ""} | chosen)


def test_times_are_shown_in_the_chosen_zone_and_without_in_that_of_the_site(
    as_, cast, source, target
):
    proposal = factories.proposed(cast.maker, source, target, at=JULY)
    client = as_(cast.stranger)
    assert "1 Jul 2026, 22:30 UTC" in text(client.get(proposal.get_absolute_url()))
    choose(client, zone="Asia/Tokyo")
    assert "2 Jul 2026, 07:30 JST" in text(client.get(proposal.get_absolute_url()))
    file = b"".join(client.get("/proposals/?columns=submitted&as=csv")).decode()
    assert "2026-07-02T07:30:00+09:00" in file
    choose(client)
    assert "1 Jul 2026, 22:30 UTC" in text(client.get(proposal.get_absolute_url()))


def test_a_delegation_is_entered_in_the_chosen_zone(as_, cast):
    client = as_(cast.source_approver)
    choose(client, zone="Asia/Tokyo")
    assert "from midnight to midnight in JST" in text(client.get("/me/"))
    wish = {"delegate": cast.stranger.email, "starts_at": "", "ends_at": "2090-01-01"}
    client.post("/me/", wish)
    made = Delegation.objects.get(delegate=cast.stranger)
    assert made.ends_at == datetime(2090, 1, 1, 15, 0, tzinfo=UTC)


def test_the_zone_goes_with_the_person_and_not_with_the_browser(as_, cast):
    client = as_(cast.stranger)
    choose(client, zone="Asia/Tokyo")
    another = Client()
    another.force_login(cast.stranger)
    assert "from midnight to midnight in JST" in text(another.get("/me/"))
    client.force_login(cast.maker)
    assert "from midnight to midnight in UTC" in text(client.get("/me/"))
    newest = User.objects.get(pk=cast.stranger.pk).history.latest()
    assert (newest.time_zone, newest.history_user, newest.history_change_reason) == (
        "Asia/Tokyo",
        cast.stranger,
        "Time zone chosen",
    )


def test_a_mail_is_in_the_time_of_whoever_gets_it(as_, cast, source, target):
    """Not in that of who acts: written once for all in one zone, and the notice is in it too."""
    User.objects.filter(pk=cast.target_approver.pk).update(time_zone="America/New_York")
    client = as_(cast.maker)
    choose(client, zone="Asia/Tokyo")
    proposal = factories.draft(cast.maker, source, target)
    client.post(f"/proposals/{proposal.pk}/propose/")
    asked = {mail.to[0]: mail.message for mail in Email.objects.all()}
    assert re.search(r"By when: .* E[SD]T$", asked[cast.target_approver.email], re.M)
    assert re.search(r"By when: .* UTC$", asked[cast.source_approver.email], re.M)
    by_source = as_(cast.source_approver)
    by_source.post(f"/proposals/{proposal.pk}/reject/", {"side": "SOURCE", "comment": "No."})
    told = Notice.objects.filter(recipient=cast.maker).latest("pk")
    assert "JST" in told.summary
    assert "JST" in told.mail.message
    with timezone.override("Asia/Tokyo"):
        workflow.tell_of_delegations(
            [cast.source_approver.delegations_given.get()], by=cast.source_approver, at=JULY
        )
        assert timezone.get_current_timezone_name() == "Asia/Tokyo"
    assert "UTC" in Email.objects.latest("pk").message


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "\x00", "localtime", "UTC"])
def test_a_zone_that_is_none_counts_as_none(as_, cast, zone):
    client = as_(cast.stranger)
    choose(client, zone=zone)
    client.cookies["zone"] = zone if zone.isprintable() else "x"
    client.cookies["theme"] = "pink"
    page = client.get("/me/")
    assert "from midnight to midnight in UTC" in text(page)
    assert "data-theme" not in page.content.decode()


def test_the_theme_is_in_the_page_itself_so_nothing_flashes(as_, cast):
    client = as_(cast.stranger)
    answer = choose(client, theme="dark")
    cookie = answer.cookies["theme"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    page = client.get("/systems/").content.decode()
    assert '<html lang="en" data-theme="dark">' in page
    assert '<meta name="color-scheme" content="dark">' in page
    choose(client)
    assert "data-theme" not in client.get("/systems/").content.decode()
    assert "data-theme" not in Client().get("/sign-in/").content.decode()


def test_dark_is_dark_whatever_the_system_has(chromium, live_server, people):
    visitor = Visitor(chromium, live_server.url, script=False).sign_in(people.maker)
    page = visitor.page
    page.emulate_media(color_scheme="light")
    page.goto("/me/")
    page.get_by_role("radio", name="Dark").check()
    page.get_by_role("button", name="Keep look and time").click()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    expect(page.locator("body")).to_have_css("background-color", "rgb(17, 20, 24)")
    visitor.context.close()


@pytest.mark.django_db
def test_a_page_of_an_error_looks_like_the_others_unless_that_is_what_failed(monkeypatch):
    def broken(request, *args, **kwargs):
        raise RuntimeError("broken for a test")

    monkeypatch.setattr(SignIn, "dispatch", broken)
    client = Client(raise_request_exception=False)
    client.cookies["theme"] = "dark"
    page = client.get("/sign-in/").content.decode()
    assert 'data-theme="dark"' in page
    assert re.search(r'rel="stylesheet" href="/static/waltzflow.*css"', page)
    monkeypatch.setattr("proposals.views.error_pages.connection_error", lambda: OSError("away"))
    away = client.get("/flows/")
    assert (away.status_code, away.headers["Retry-After"]) == (503, "10")
    assert 'rel="stylesheet"' in away.content.decode()
    monkeypatch.setattr("proposals.views.error_pages.static", broken_list)
    bare = client.get("/flows/")
    assert (bare.status_code, "stylesheet" in bare.content.decode()) == (503, False)
    assert "Back in a moment" in bare.content.decode()


def broken_list(name):
    raise ValueError(f"Missing staticfiles manifest entry for '{name}'")
