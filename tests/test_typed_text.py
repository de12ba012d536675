"""What is typed is kept in the browser until it has arrived, and never turns up anywhere else."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from proposals import workflow
from proposals.models import Proposal, System

from . import factories
from .browsing import Visitor

BAR = "Restored from"
ROUTE = {"source": "LEDGER", "target": "RISK"}


@pytest.fixture
def visitor(chromium, live_server):
    made = Visitor(chromium, live_server.url, script=True)
    yield made
    # Chromium logs each answer that refuses something.
    assert [text for text in made.complaints if "status of 400" not in text] == []
    made.context.close()


@pytest.fixture
def page(visitor, people):
    return visitor.sign_in(people.maker).page


def write(page, url: str, text: str) -> None:
    page.goto(url)
    page.get_by_label("Justification").fill(text)


def new(**named: str) -> str:
    """The form of a new flow of which both systems are known, so that all of it is asked."""
    route = {side: System.objects.get(code=code).pk for side, code in (named or ROUTE).items()}
    return f"/proposals/new/?{urlencode(route)}"


def bar(page):
    return page.get_by_role("status").filter(has_text=BAR)


def kept(page) -> str:
    """All that this browser keeps."""
    return page.evaluate("localStorage.getItem('kept') ?? ''")


def until(page, is_so) -> None:
    for _ in range(50):
        if is_so():
            return
        page.wait_for_timeout(200)
    raise AssertionError(kept(page))


def test_what_was_typed_comes_back_with_a_bar_and_is_kept_for_its_object_alone(
    visitor, page, source, target
):
    kept = factories.specification(source, "positions.csv")
    page.goto(f"/proposals/new/?source={source.pk}")
    page.get_by_label("Target").fill("Risk Engine (RISK)")
    page.get_by_label("Target").blur()
    page.get_by_label("Justification").fill("Half a thought.")
    page.get_by_label("Specification", exact=True).select_option(str(kept.pk))
    page.get_by_role("link", name="Systems").click()
    page.goto(f"/proposals/new/?source={target.pk}")
    expect(page.get_by_label("Justification")).to_have_value("")
    expect(bar(page)).to_have_count(0)
    page.goto(f"/proposals/new/?source={source.pk}")
    expect(bar(page)).to_be_visible()
    expect(page.get_by_label("Justification")).to_have_value("Half a thought.")
    expect(page.get_by_label("Target")).to_have_value("Risk Engine (RISK)")
    expect(page.get_by_label("Specification", exact=True)).to_have_value(str(kept.pk))
    expect(page.get_by_text("Bo Both, Tess Target can approve.")).to_be_visible()  # judged with it
    visitor.check()


def test_a_source_that_was_typed_brings_its_specification_back(page, source):
    kept = factories.specification(source, "positions.csv")
    page.goto("/proposals/new/")
    page.get_by_label("Source").fill("Ledger (LEDGER)")
    page.get_by_label("Target").fill("Risk Engine (RISK)")
    page.get_by_label("Target").blur()
    page.get_by_label("Specification", exact=True).select_option(str(kept.pk))
    page.goto("/systems/")
    page.goto("/proposals/new/")
    expect(page.get_by_label("Source")).to_have_value("Ledger (LEDGER)")
    expect(page.get_by_label("Specification", exact=True)).to_have_value(str(kept.pk))


def test_back_brings_it_back_too(page):
    write(page, new(), "Half a thought.")
    page.get_by_role("link", name="Systems").click()
    page.go_back()
    expect(page.get_by_label("Justification")).to_have_value("Half a thought.")


def test_the_same_form_untouched_in_another_tab_takes_nothing_away(visitor, page):
    other = visitor.context.new_page()
    other.goto(new())
    write(page, new(), "Half a thought.")
    page.goto("/systems/")
    other.goto("/systems/")
    page.goto(new())
    expect(page.get_by_label("Justification")).to_have_value("Half a thought.")


@pytest.mark.parametrize("how", ["Discard", "Leave without keeping it"])
def test_what_was_left_on_purpose_is_gone(page, how):
    write(page, new(), "Half a thought.")
    page.goto("/systems/")
    page.goto(new())
    expect(bar(page)).to_be_visible()
    page.get_by_text(how, exact=True).click()
    page.wait_for_load_state()
    page.goto(new())
    expect(page.get_by_label("Justification")).to_have_value("")
    expect(bar(page)).to_have_count(0)


def test_what_has_arrived_is_gone(page, source, target):
    write(page, f"/proposals/new/?source={source.pk}&target={target.pk}", "All of it.")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_text("saved as a draft")).to_be_visible()
    page.goto(f"/proposals/new/?source={source.pk}&target={target.pk}")
    expect(page.get_by_label("Justification")).to_have_value("")


def test_what_was_refused_is_not_gone(visitor, page):
    write(page, new(), "Half a thought.")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.goto("/systems/")
    page.goto(new())
    expect(page.get_by_label("Justification")).to_have_value("Half a thought.")


def test_signing_out_forgets_all_and_nobody_else_sees_it(visitor, page, people):
    write(page, new(), "For nobody else.")
    visitor.sign_in(people.both)
    page.goto(new())
    expect(page.get_by_label("Justification")).to_have_value("")
    visitor.sign_in(people.maker)
    page.goto(new())  # who came between has taken it away
    expect(page.get_by_label("Justification")).to_have_value("")
    page.get_by_label("Justification").fill("Until I go.")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert kept(page) == ""


def test_a_comment_and_a_delegation_are_kept(visitor, page, people, proposal):
    visitor.sign_in(people.source_approver)
    page.goto(proposal.get_absolute_url())
    page.get_by_label("Comment").fill("Let me ask.")
    page.goto("/me/")
    page.get_by_label("Note").fill("On holiday.")
    page.goto(proposal.get_absolute_url())
    expect(page.get_by_label("Comment")).to_have_value("Let me ask.")
    page.goto("/me/")
    expect(page.get_by_label("Note")).to_have_value("On holiday.")
    page.goto(proposal.get_absolute_url())
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Waits for the target")).to_be_visible()
    assert "Let me ask." not in kept(page)


def test_what_changed_meanwhile_wins_and_what_was_typed_stands_beside_it(page, people, proposal):
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=people.both)
    proposal.refresh_from_db()
    flow = proposal.result_physical_flow
    page.goto(f"{flow.get_absolute_url()}edit/")
    page.get_by_text("Name, description, external id").click()
    page.locator("#id_name").fill("typed name")
    page.get_by_label("Frequency").select_option("MONTHLY")
    page.goto("/systems/")
    edit = factories.edited(flow, people.maker, factories.day(9), name="newer name")
    workflow.approve(edit, sides=["SOURCE", "TARGET"], by=people.both)
    page.goto(f"{flow.get_absolute_url()}edit/")
    expect(page.locator("#id_name")).to_have_value("newer name")
    expect(page.get_by_text("Changed meanwhile. You had typed: typed name.")).to_be_visible()
    expect(page.get_by_label("Frequency")).to_have_value("MONTHLY")
    expect(page.get_by_text("Before: Daily.")).to_be_visible()
    page.get_by_role("button", name="Use what you typed").click()
    expect(page.locator("#id_name")).to_have_value("typed name")


def draft_of(people, source, target) -> Proposal:
    return factories.draft(people.maker, source, target)


def test_a_draft_saves_itself(visitor, page, people, source, target):
    draft = draft_of(people, source, target)
    rows = draft.history.count()
    write(page, f"/proposals/{draft.pk}/edit/", "It saves itself.")
    expect(page.get_by_text("Saved ")).to_be_visible()
    draft.refresh_from_db()
    assert (draft.justification, draft.state) == ("It saves itself.", "PROPOSED_CREATE")
    assert draft.history.count() == rows + 1
    page.get_by_label("Justification").fill("And again.")
    expect(page.get_by_role("link", name="Close")).to_be_visible()
    until(page, lambda: "And again." in kept(page))
    until(page, lambda: "And again." not in kept(page))  # it has arrived
    draft.refresh_from_db()
    assert draft.justification == "And again."
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_text("saved as a draft")).to_be_visible()


def test_a_button_waits_for_the_save_that_is_on_its_way(page, people, source, target):
    draft = draft_of(people, source, target)
    rows, held = draft.history.count(), []

    def hold(route):
        is_save = "keep" in (route.request.post_data or "")
        held.append(route) if is_save else route.continue_()

    page.route(f"**/proposals/{draft.pk}/edit/", hold)
    write(page, f"/proposals/{draft.pk}/edit/", "Saved by itself.")
    until(page, lambda: held)
    page.get_by_role("button", name="Save as draft").click()
    held.pop().continue_()
    expect(page.get_by_text("saved as a draft")).to_be_visible()
    draft.refresh_from_db()
    assert draft.justification == "Saved by itself."
    assert draft.history.count() == rows + 2  # one after the other


def test_a_draft_open_twice_does_not_save_itself_over_the_other(
    visitor, page, people, source, target
):
    draft = draft_of(people, source, target)
    write(page, f"/proposals/{draft.pk}/edit/", "Of the one tab.")
    changed = Proposal.objects.get(pk=draft.pk)
    changed.justification = "Of the other tab."
    workflow.save_draft(changed, [], by=people.maker)
    expect(page.get_by_text("Not saved: this draft has changed elsewhere.")).to_be_visible()
    draft.refresh_from_db()
    assert draft.justification == "Of the other tab."
    expect(page.get_by_label("Justification")).to_have_value("Of the one tab.")
