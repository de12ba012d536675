"""The frame of every page: its header in one row, on a telephone with the menu behind a button."""

import pytest
from playwright.sync_api import expect

from .browsing import Visitor


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def visitor(request, chromium, live_server, people):
    made = Visitor(chromium, live_server.url, request.param).sign_in(people.maker)
    yield made
    made.context.close()


def place_of(locator) -> dict:
    return locator.bounding_box()


def test_on_a_telephone_the_header_is_one_row_and_its_menu_moves_nothing(visitor):
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/proposals/")
    header, heading = page.locator("header.masthead"), page.get_by_role("heading", name="Proposals")
    assert place_of(header)["height"] <= 56
    before, systems = place_of(heading), page.get_by_role("link", name="Systems")
    expect(systems).to_be_hidden()
    button = page.locator("summary", has_text="Menu")
    assert place_of(button)["height"] >= 40
    button.focus()
    page.keyboard.press("Enter")
    expect(systems).to_be_visible()
    assert (place_of(heading), place_of(header)["height"] <= 56) == (before, True)
    visitor.check()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Inbox")).to_be_focused()
    if visitor.script:
        page.keyboard.press("Escape")
        expect(systems).to_be_hidden()
        expect(button).to_be_focused()
        button.click()
        page.mouse.click(200, 700)
        expect(systems).to_be_hidden()
        button.click()
    systems.click()
    expect(page.get_by_role("heading", name="Systems")).to_be_visible()
    assert visitor.complaints == []


def test_where_there_is_room_the_menu_needs_no_button(visitor):
    page = visitor.page
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/proposals/")
    expect(page.locator("summary", has_text="Menu")).to_be_hidden()
    expect(page.get_by_role("link", name="Systems")).to_be_visible()
    assert place_of(page.locator("header.masthead"))["height"] <= 56
