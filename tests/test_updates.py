"""What one was told, on the site: read and unread, whichever mails one gets."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from proposals import workflow
from proposals.models import Notice
from proposals.models.notices import MOST_COUNTED
from proposals.workflow.notices import send_digests

from . import factories, worlds
from .browsing import Visitor

pytestmark = pytest.mark.django_db


@worlds.shared
def told(cast, proposal) -> list[Notice]:
    """The maker of two remarks and a decision, oldest first."""
    for text in ("One?", "Two?"):
        workflow.remark(proposal, text, by=cast.both)
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    return list(cast.maker.notices.order_by("pk"))


def listed(client, query: str = "") -> list[Notice]:
    return client.get(f"/updates/{query}").context["page"].rows


def counts(client) -> list[str]:
    """What the bar at the top shows: what waits, and what is unread."""
    return re.findall(r'class="count">(\d+\+?)', client.get("/inbox/count/").content.decode())


def test_everything_one_was_told_is_there_newest_first(client, cast, told):
    client.force_login(cast.maker)
    assert listed(client) == told[::-1]
    assert counts(client) == ["3"]
    client.force_login(cast.stranger)
    assert listed(client) == []


def test_opening_one_marks_it_as_read_and_leads_to_what_it_tells(client, cast, told, proposal):
    client.force_login(cast.maker)
    answer = client.post(f"/updates/{told[0].pk}/")
    assert answer.url == f"{proposal.get_absolute_url()}#remark-{told[0].remark_id}"
    assert listed(client, "?only=unread") == [told[2], told[1]]
    first = Notice.objects.get(pk=told[0].pk).read_at
    client.post(f"/updates/{told[0].pk}/")
    assert Notice.objects.get(pk=told[0].pk).read_at == first
    assert client.post(f"/updates/{told[2].pk}/").url == proposal.get_absolute_url()
    assert counts(client) == ["1"]


def test_all_are_marked_but_what_has_come_meanwhile(client, cast, told, proposal):
    client.force_login(cast.maker)
    newest = client.get("/updates/").context["newest"]
    late = workflow.remark(proposal, "Three?", by=cast.both)
    page = client.post("/updates/read/", {"newest": newest}, follow=True).content.decode()
    assert "3 updates marked as read." in page
    assert [row.remark for row in listed(client, "?only=unread")] == [late]


@pytest.mark.parametrize("newest", ["", "x", "-1", "9" * 30, "\u0661"])
def test_a_mark_that_names_no_place_marks_nothing(client, cast, told, newest):
    client.force_login(cast.maker)
    assert client.post("/updates/read/", {"newest": newest}).status_code == 400
    assert len(listed(client, "?only=unread")) == 3


def test_what_others_were_told_is_not_mine_to_open(client, cast, told):
    client.force_login(cast.stranger)
    assert client.post(f"/updates/{told[0].pk}/").status_code == 404
    client.post("/updates/read/", {"newest": told[-1].pk})
    assert not Notice.objects.filter(recipient=cast.maker).exclude(read_at=None).exists()


def test_who_wants_no_mail_finds_it_here_and_gets_none_later(client, cast, proposal):
    cast.maker.notices_wanted = "NONE"
    cast.maker.save()
    workflow.remark(proposal, "One?", by=cast.both)
    notice = cast.maker.notices.get()
    assert (notice.mail, notice.withdrawn) == (None, True)
    client.force_login(cast.maker)
    assert listed(client) == [notice]
    cast.maker.notices_wanted = "DIGEST"
    cast.maker.save()
    tomorrow = timezone.now() + timedelta(days=1)
    assert send_digests(tomorrow) == 0


def test_a_request_is_listed_and_not_counted_since_it_waits_in_the_inbox(client, cast, proposal):
    client.force_login(cast.source_approver)
    assert [row.transition.action for row in listed(client)] == ["propose"]
    assert counts(client) == ["1"]  # of the inbox


def test_the_count_ends_where_the_bar_has_no_more_room(cast, told):
    Notice.objects.bulk_create(
        Notice(
            remark=workflow.remark(told[0].proposal, f"{number}?", by=cast.stranger),
            recipient=cast.other,
            proposal=told[0].proposal,
            summary="A remark.",
            at=timezone.now(),
        )
        for number in range(MOST_COUNTED + 1)
    )
    assert Notice.unread_count(cast.other) == "99+"
    cast.other.notices.unread().filter(pk=cast.other.notices.first().pk).update(
        read_at=timezone.now()
    )
    assert Notice.unread_count(cast.other) == "99"


@pytest.mark.parametrize("script", [True, False])
def test_updates_are_read_by_keys_and_without_a_script(
    chromium, live_server, people, source, target, script
):
    made = factories.proposed(people.maker, source, target)
    remark = workflow.remark(made, "Is it daily?", by=people.both)
    visitor = Visitor(chromium, live_server.url, script=script)
    page = visitor.sign_in(people.maker).page
    if script:
        expect(page.get_by_role("link", name="Updates 1 unread")).to_be_visible()
        for key in "gu":
            page.keyboard.press(key)
        expect(page.get_by_role("heading", name="Updates")).to_be_visible()
        visitor.check()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
    else:
        page.get_by_role("link", name="Updates").click()
        page.get_by_role("button", name="Bo Both remarks").click()
    expect(page).to_have_url(f"{live_server.url}{remark.get_absolute_url()}")
    assert not people.maker.notices.unread().exists()
    visitor.context.close()
