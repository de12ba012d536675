"""The list of people that an @ in a remark offers."""

import re

import pytest
from playwright.sync_api import expect

from proposals import workflow
from proposals.models import Remark, User
from proposals.workflow.remarks import mentions

from . import factories
from .browsing import Visitor

pytestmark = pytest.mark.django_db


def offered(client, typed: str) -> list[str]:
    page = client.get("/me/people/", {"mention": typed}).content.decode()
    return re.findall(r'data-mention="([^"]*)"', page)


def test_who_is_offered_is_who_the_server_understands(client, cast):
    """By name where that means nobody else."""
    namesakes = [factories.user("Alex Double"), factories.user("Alex  double")]
    factories.user("Somebody Else", username="alexis one")
    factories.user("Alexis One")
    factories.user("Alex Jr.")
    factories.user("Alex B C D E F G")
    gone = factories.user("Alex Single", is_active=False)
    factories.user("Alex Single")
    client.force_login(cast.maker)
    names = offered(client, "alex")
    assert {"Alex Single", *(person.email for person in namesakes)} <= set(names)
    assert "Alexis One" not in names
    assert gone.email not in names
    assert len(names) == 7
    for name in names:
        [person] = mentions(f"See @{name} and others")
        assert "alex" in f"{person.name} {person.username}".lower()


def test_with_nothing_typed_those_of_ones_own_systems_are_offered(client, cast):
    client.force_login(cast.source_approver)
    assert set(offered(client, "")) == {"Bo Both", "Rey Rejecter"}


def test_a_delegate_is_chosen_as_before(client, cast):
    client.force_login(cast.maker)
    page = client.get("/me/people/", {"delegate": "tess"}).content.decode()
    assert "data-mention" not in page
    assert f'data-value="Tess Target ({cast.target_approver.email})"' in page


@pytest.fixture
def remarking(chromium, live_server, people, source, target):
    """The maker at the field for a remark."""
    factories.user("Samira Stone")
    made = factories.proposed(people.maker, source, target)
    visitor = Visitor(chromium, live_server.url, script=True)
    page = visitor.sign_in(people.maker).page
    page.goto(made.get_absolute_url())
    page.get_by_label("Remark").focus()
    yield visitor
    assert visitor.complaints == []
    visitor.context.close()


def test_people_are_picked_by_keys_while_one_writes(remarking, people):
    page, keys = remarking.page, remarking.page.keyboard
    field = page.get_by_label("Remark")
    offers = page.get_by_role("listbox", name="People").get_by_role("option")
    keys.type("Please ask @sam")
    expect(offers).to_have_count(2)
    expect(offers.first).to_have_attribute("aria-selected", "true")
    remarking.check()
    remarking.check_on_a_telephone()
    keys.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", offers.nth(1).get_attribute("id"))
    keys.press("ArrowDown")  # round to the first
    chosen = offers.first.locator("span").first.inner_text()
    keys.press("Enter")
    expect(field).to_have_value(f"Please ask @{chosen} ")
    expect(field).to_be_focused()
    expect(offers).to_have_count(0)
    keys.type("first, then @tess")
    expect(offers).to_have_count(1)
    keys.press("Tab")
    expect(field).to_have_value(f"Please ask @{chosen} first, then @Tess Target ")
    keys.type("of mail@example.com")
    page.wait_for_timeout(400)
    expect(offers).to_have_count(0)
    page.get_by_role("button", name="Remark").click()
    expect(page.locator("li.remark")).to_contain_text("then @Tess Target of mail@example.com")
    told = set(Remark.objects.get().mentioned.values_list("name", flat=True))
    assert told == {chosen, "Tess Target"}


def test_escape_closes_the_list_and_enter_is_a_new_line_again(remarking):
    page, keys = remarking.page, remarking.page.keyboard
    offers = page.get_by_role("listbox", name="People").get_by_role("option")
    keys.type("@sam")
    expect(offers).to_have_count(2)
    keys.press("Escape")
    expect(offers).to_have_count(0)
    keys.press("Enter")
    keys.type("@ nobody")
    expect(page.get_by_label("Remark")).to_have_value("@sam\n@ nobody")
    page.wait_for_timeout(400)
    expect(offers).to_have_count(0)


def test_a_finger_picks_too(remarking):
    page = remarking.page
    page.keyboard.type("@tess")
    page.get_by_role("option", name="Tess Target").click()
    expect(page.get_by_label("Remark")).to_have_value("@Tess Target ")


def test_who_is_written_by_address_is_told(cast, proposal):
    other = factories.user("Tess Target")
    workflow.remark(proposal, f"@{other.email} what do you say?", by=cast.maker)
    assert User.objects.get(notices__remark__isnull=False) == other
