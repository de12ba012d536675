"""The detail pages in a real Chromium: whether pictures fit their boxes, and how near a decision
is.
"""

import re

import pytest
from playwright.sync_api import expect

from proposals import workflow
from proposals.models import Proposal, System, User
from proposals.reports.quality import QUESTIONS

from . import factories
from .browsing import Visitor

NAMES = [
    *(
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWW",
        "Daily P&L Explain Workbook",
        "MMMM@@@@ QQQQ OOOO %%%%",
        "settlement_prices_eod.csv",
    ),
    *(
        "日本語の名前のシステムはとても長いことがあります",
        "Donaudampfschifffahrtsgesellschaft",
        "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii",
    ),
    *(
        "ÄÖÜß Ångström œuvre ŽŠČ",
        "0123456789012345678901234567890123456789",
        "<b>bold</b> & “quoted”",
        "Ежедневный отчёт рисков",
    ),
]
OUTSIDE = """() => [...document.querySelectorAll(".drawing g.box")].flatMap(box => {
    const room = box.querySelector("rect").getBBox();
    return [...box.querySelectorAll("text")].filter(text => {
        const it = text.getBBox();
        return it.x < room.x || it.x + it.width > room.x + room.width
            || it.y + it.height > room.y + room.height;
    }).map(text => text.textContent);
})"""


@pytest.fixture
def crowd(source, target):
    """The route with two physical flows among systems of all kinds of names."""
    flow = factories.flow(source, target, physical=2)
    for name in NAMES:
        factories.flow(factories.system(name), source, physical=1)
        factories.flow(target, factories.system(name), physical=1)
    return flow


@pytest.fixture
def change(people, crowd):
    wish = Proposal.change_of(crowd.physical_flows.first(), people.maker)
    wish.reason, wish.frequency, wish.justification = (
        factories.reason(),
        "MONTHLY",
        "Once a month is enough.",
    )
    workflow.submit(wish, [factories.data_type("Trades")], by=people.maker)
    return wish


def test_detail_pages_are_clean_and_their_pictures_fit(
    chromium, live_server, people, crowd, change
):
    visitor = Visitor(chromium, live_server.url, script=True).sign_in(people.both)
    for place in [change, crowd, crowd.source, crowd.physical_flows.first()]:
        assert visitor.page.goto(place.get_absolute_url()).status == 200
        visitor.check()
        assert visitor.page.evaluate(OUTSIDE) == []
        visitor.check_on_a_telephone()
    visitor.context.close()


def test_from_the_link_in_a_mail_one_click_decides(chromium, live_server, people, change):
    """The second of at most two; with the comment a rejection needs, it is one click as well."""
    visitor = Visitor(chromium, live_server.url, script=False).sign_in(people.source_approver)
    visitor.page.goto(change.get_absolute_url())
    visitor.page.get_by_role("button", name="Approve").click()
    expect(visitor.page.get_by_role("heading", name="Waits for the target")).to_be_visible()
    visitor.sign_in(people.target_approver).page.goto(change.get_absolute_url())
    visitor.page.get_by_label("Comment").fill("Daily it stays.")
    visitor.page.get_by_role("button", name="Reject").click()
    expect(visitor.page.get_by_role("heading", name="Target rejected")).to_be_visible()
    assert visitor.complaints == []
    visitor.context.close()


def test_a_rejection_without_a_comment_asks_for_it_and_keeps_the_side(
    chromium, live_server, people, change
):
    visitor = Visitor(chromium, live_server.url, script=False).sign_in(people.both)
    page = visitor.page
    page.goto(change.get_absolute_url())
    page.get_by_role("radio", name="Target").check()
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Say why you reject: the maker needs to know.")).to_be_visible()
    expect(page.get_by_role("radio", name="Target")).to_be_checked()
    visitor.context.close()


def test_the_keyboard_reaches_the_decision_at_once(chromium, live_server, people, change):
    visitor = Visitor(chromium, live_server.url, script=True).sign_in(people.source_approver)
    page = visitor.page
    page.goto(change.get_absolute_url())
    page.get_by_role("link", name="Skip to your decision").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Comment")).to_be_focused()
    page.keyboard.type("Fine.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Waits for the target")).to_be_visible()
    visitor.context.close()


def test_on_a_telephone_the_decision_is_under_the_thumb(chromium, live_server, people, change):
    visitor = Visitor(chromium, live_server.url, script=True).sign_in(people.source_approver)
    visitor.page.set_viewport_size({"width": 390, "height": 800})
    visitor.page.goto(change.get_absolute_url())
    for name in ("Approve…", "Reject…"):
        box = visitor.page.get_by_role("link", name=name).bounding_box()
        assert box["y"] + box["height"] <= 800 < box["y"] + 120
        assert box["height"] >= 44
    visitor.context.close()


def test_on_a_telephone_a_list_begins_in_sight_and_its_filters_are_one_tap_away(
    chromium, live_server, people, change
):
    visitor = Visitor(chromium, live_server.url, script=True).sign_in(people.maker)
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/flows/")
    assert page.locator("main .list .lead").first.bounding_box()["y"] < 800 / 2
    expect(page.get_by_label("Search", exact=True)).to_be_visible()
    lifecycle = page.get_by_role("combobox", name="Lifecycle", include_hidden=True)
    expect(lifecycle).to_be_hidden()
    page.get_by_text("More filters").click()
    lifecycle.select_option("ACTIVE")
    page.get_by_role("button", name="Filter").click()
    # What narrows the list is said above it.
    expect(page).to_have_url(re.compile("lifecycle=ACTIVE"))
    expect(lifecycle).to_be_visible()
    for slug in QUESTIONS:
        page.goto(f"/quality/{slug}/")
        assert page.locator("form.filters").bounding_box()["height"] < 140, slug
    visitor.context.close()


def test_bars_of_charts_are_as_high_as_they_are_drawn(chromium, live_server, people, change):
    """A class of the page that a bar happens to have would set its height, or hide it on paper."""
    visitor = Visitor(chromium, live_server.url, script=True).sign_in(people.superuser)
    other = """rects => rects.filter(rect => {
        const style = getComputedStyle(rect);
        return parseFloat(style.height) != rect.getAttribute("height") || style.display == "none";
    }).map(rect => rect.outerHTML)"""
    visitor.page.goto("/insights/")
    bars = visitor.page.locator("svg.chart rect[y]")
    assert bars.count() > 2
    for width, media in ((390, "screen"), (1280, "screen"), (1280, "print")):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.page.emulate_media(media=media)
        assert bars.evaluate_all(other) == []
    visitor.context.close()


def test_on_paper_there_is_what_was_asked_and_nothing_to_press(
    chromium, live_server, people, change
):
    visitor = Visitor(chromium, live_server.url, script=True).sign_in(people.both)
    visitor.page.goto(change.get_absolute_url())
    visitor.page.emulate_media(media="print", color_scheme="dark")
    expect(visitor.page.get_by_text("Once a month is enough.")).to_be_visible()
    expect(visitor.page.locator(".drawing")).to_be_visible()
    expect(visitor.page.get_by_role("button")).to_have_count(0)
    visitor.context.close()


def test_a_name_without_a_space_breaks_inside_its_column(
    chromium, live_server, people, source, target
):
    """Sixty letters, of a system, a specification, a person and a reason, on lists and pages."""
    word = "Abrechnungsschnittstellenverwaltungskontenabstimmungssoftware"
    System.objects.filter(pk=source.pk).update(name=word)
    User.objects.filter(pk__in=[people.maker.pk, people.source_approver.pk]).update(name=word)
    asked = {"specification_name": word, "justification": word, "reason": factories.reason(word)}
    proposal = factories.proposed(people.maker, source, target, **asked)
    visitor = Visitor(chromium, live_server.url, script=True).sign_in(people.both)
    page = visitor.page
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for url in ("/proposals/", "/inbox/", proposal.get_absolute_url(), "/me/", "/systems/"):
            page.goto(url)
            wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not page.evaluate(wide), (width, url)
    visitor.context.close()
