"""Finding something from the front page with the keyboard, and without JavaScript."""

import pytest
from playwright.sync_api import expect

from . import factories
from .browsing import Visitor


@pytest.fixture
def register(people, source, target):
    """Counterparty data goes from the ledger to the risk engine."""
    party = factories.data_type("Counterparties", code="PARTY")
    factories.flow(source, target, 1, factories.specification(source, "parties.csv", [party]))


@pytest.fixture
def visitor(chromium, live_server):
    made = Visitor(chromium, live_server.url, script=True)
    yield made
    made.context.close()


@pytest.mark.usefixtures("register")
def test_who_receives_counterparty_data_in_three_steps_from_the_front_page(visitor, people):
    page = visitor.sign_in(people.maker).page
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("counterparty data")
    page.keyboard.press("Enter")  # 1
    expect(page.get_by_role("link", name="Counterparties")).to_be_visible()
    visitor.check()
    page.keyboard.press("ArrowDown")  # 2
    expect(page.get_by_role("link", name="Counterparties")).to_be_focused()
    page.keyboard.press("Enter")  # 3
    expect(page.get_by_role("heading", name="Who receives it")).to_be_visible()
    expect(page.get_by_role("link", name="Risk Engine").first).to_be_visible()
    assert visitor.complaints == []


@pytest.mark.usefixtures("register")
def test_what_one_typed_before_the_scripts_came_is_searched(visitor, people):
    page, held = visitor.sign_in(people.maker).page, []
    page.route("**/htmx-2*.js", lambda route: held.append(route))
    page.goto("/search/", wait_until="commit")
    page.get_by_role("searchbox", name="Search everything").last.press_sequentially("ledg")
    held.pop().continue_()
    expect(page.get_by_role("link", name="Ledger (LEDGER)")).to_be_visible()
    assert visitor.complaints == []


@pytest.mark.usefixtures("register")
def test_results_come_as_one_types_and_the_address_follows(visitor, people):
    page = visitor.sign_in(people.maker).page
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/systems/")
    page.get_by_role("button", name="Search everything").click()
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("ledg")
    expect(page.get_by_role("link", name="Ledger (LEDGER)")).to_be_visible()
    expect(
        page.get_by_role("status").filter(has_text="Systems: 1, Specifications: 1, Flows: 1")
    ).to_have_count(1)
    page.wait_for_url("**/search/?q=ledg")
    visitor.check_on_a_telephone()
    page.get_by_role("searchbox").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("xx")
    expect(page.get_by_role("heading", name="Nothing matches “ledgxx”")).to_be_visible()
    visitor.check()


@pytest.mark.usefixtures("register")
def test_without_javascript_the_search_is_a_form(chromium, live_server, people):
    visitor = Visitor(chromium, live_server.url, script=False).sign_in(people.maker)
    page = visitor.page
    page.get_by_role("searchbox", name="Search everything").fill("party")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Counterparties").click()
    expect(page.get_by_role("heading", name="Who receives it")).to_be_visible()
    visitor.context.close()
