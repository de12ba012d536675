"""Light or dark, and in whose time: chosen for one browser."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect
from post_office.models import Email

from proposals import workflow
from proposals.models import Delegation

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
    assert "Times are in JST" in text(client.get("/me/"))
    wish = {"delegate": cast.stranger.email, "starts_at": "", "ends_at": "2090-01-01T09:00"}
    client.post("/me/", wish)
    made = Delegation.objects.get(delegate=cast.stranger)
    assert made.ends_at == datetime(2090, 1, 1, 0, 0, tzinfo=UTC)


def test_a_mail_is_in_the_time_of_the_site(as_, cast, proposal):
    client = as_(cast.source_approver)
    choose(client, zone="Asia/Tokyo")
    client.post(f"/proposals/{proposal.pk}/reject/", {"side": "SOURCE", "comment": "No."})
    mails = [mail.message for mail in Email.objects.filter(to=[cast.maker.email])]
    assert mails
    assert not any("JST" in mail for mail in mails)
    with timezone.override("Asia/Tokyo"):
        workflow.tell_of_delegation(
            cast.source_approver.delegations_given.first(), by=cast.source_approver, at=JULY
        )
        assert timezone.get_current_timezone_name() == "Asia/Tokyo"
    assert "JST" not in Email.objects.latest("pk").message


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "\x00", "localtime", "UTC"])
def test_a_zone_that_is_none_counts_as_none(as_, cast, zone):
    client = as_(cast.stranger)
    choose(client, zone=zone)
    client.cookies["zone"] = zone if zone.isprintable() else "x"
    client.cookies["theme"] = "pink"
    page = client.get("/me/")
    assert "Times are in UTC" in text(page)
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
    page.get_by_role("button", name="Keep for this browser").click()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    expect(page.locator("body")).to_have_css("background-color", "rgb(17, 20, 24)")
    visitor.context.close()
