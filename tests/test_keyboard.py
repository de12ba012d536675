"""Without a mouse: pickers, shortcuts, and the whole story from the maker to the register."""

import pytest
from playwright.sync_api import expect

from . import factories
from .browsing import Visitor


@pytest.fixture
def visitor(chromium, live_server, people):
    made = Visitor(chromium, live_server.url, script=True)
    yield made
    made.context.close()


# the picker of systems, as the ARIA Authoring Practices describe a combobox


@pytest.fixture
def picker(visitor, people, source, target):
    """The source field of an empty form, in focus, with two systems that begin with "led"."""
    factories.system("Ledger Archive", code="LEDARC")
    visitor.sign_in(people.maker).page.goto("/proposals/new/")
    visitor.check()
    field = visitor.page.get_by_role("combobox", name="Source")
    field.focus()
    return field


def offers(visitor, **which):
    return visitor.page.get_by_role("listbox", name="Systems").get_by_role("option", **which)


def test_arrows_move_and_enter_takes(visitor, picker):
    keys = visitor.page.keyboard
    expect(picker).to_have_attribute("aria-expanded", "false")
    keys.type("led")
    expect(offers(visitor)).to_have_count(2)
    expect(picker).to_have_attribute("aria-expanded", "true")
    expect(visitor.page.get_by_role("status").filter(has_text="2 found. Choose with the arrow keys.")).to_have_count(1)
    expect(offers(visitor, name="Ledger LEDGER")).to_have_attribute("aria-selected", "true")
    visitor.check()
    keys.press("ArrowDown")
    chosen = offers(visitor, selected=True)
    expect(chosen).to_have_text("Ledger Archive LEDARC")
    expect(picker).to_have_attribute("aria-activedescendant", chosen.get_attribute("id"))
    for key in ("ArrowDown", "ArrowUp", "ArrowUp", "ArrowDown"):
        keys.press(key)
    keys.press("Enter")
    expect(picker).to_have_value("Ledger Archive (LEDARC)")
    expect(picker).to_have_attribute("aria-expanded", "false")
    expect(picker).to_be_focused()
    assert visitor.page.url.endswith("/proposals/new/")


def test_escape_closes_and_keeps_what_was_typed(visitor, picker):
    visitor.page.keyboard.type("led")
    expect(offers(visitor)).to_have_count(2)
    visitor.page.keyboard.press("Escape")
    expect(picker).to_have_attribute("aria-expanded", "false")
    expect(picker).to_have_value("led")
    visitor.page.keyboard.press("ArrowDown")
    expect(picker).to_have_attribute("aria-expanded", "true")


def test_enter_before_the_list_has_come_submits_nothing(visitor, picker):
    visitor.page.keyboard.type("LEDARC")
    visitor.page.keyboard.press("Enter")
    expect(offers(visitor)).to_have_count(1)
    visitor.page.keyboard.press("Tab")
    expect(picker).to_have_value("Ledger Archive (LEDARC)")
    expect(visitor.page.get_by_label("Target")).to_be_focused()


def test_a_name_nobody_has_is_said_at_once(visitor, picker):
    visitor.page.keyboard.type("nowhere")
    expect(visitor.page.get_by_text("No system has this in its name, code or unit.")).to_be_visible()
    expect(picker).to_have_attribute("aria-expanded", "false")
    visitor.check()


def test_a_finger_chooses_too(visitor, picker):
    visitor.page.set_viewport_size({"width": 390, "height": 800})
    visitor.page.keyboard.type("arch")
    offers(visitor, name="Ledger Archive").click()
    expect(picker).to_have_value("Ledger Archive (LEDARC)")
    expect(offers(visitor)).to_have_count(0)


def test_after_an_error_focus_is_at_the_summary_and_its_links_lead_to_the_fields(visitor, people, source, target):
    page = visitor.sign_in(people.maker).page
    page.goto("/proposals/new/")
    page.get_by_label("Target").fill("nowhere")
    page.get_by_role("button", name="Submit for approval").press("Enter")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    visitor.complaints.clear()  # Chromium logs the 400
    visitor.check()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Source")).to_be_focused()
    expect(page.get_by_label("Target")).to_have_value("nowhere")
