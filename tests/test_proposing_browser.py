"""The form of a proposal in a real Chromium: how little it takes, and each of its states under
axe.
"""

import pytest
from playwright.sync_api import expect

from proposals.models import Proposal

from . import factories
from .browsing import Visitor


@pytest.fixture
def visitor(chromium, live_server):
    made = Visitor(chromium, live_server.url, script=True)
    yield made
    made.context.close()


def test_from_sign_in_to_a_submitted_proposal_it_takes_2_pages_and_12_fields(
    visitor, people, source, target
):
    """Counted with the two fields of the sign-in, and with nothing chosen for the maker
    beforehand.
    """
    factories.data_type("Trades")
    for name in ("Regulation", "Migration"):
        factories.reason(name)
    page, seen = visitor.page, []
    page.on("framenavigated", lambda frame: seen.append(frame.url.removeprefix(visitor.base)))
    visitor.sign_in_by_password(people.maker)
    page.get_by_role("link", name="Propose a flow").click()
    typed = {"Source": "LEDGER", "Target": "RISK", "Name": "trades.csv", "Basis offset": "1"}
    chosen = {
        "Format": "XML",
        "Transport": "Messaging",
        "Frequency": "Daily",
        "Criticality": "High",
    }
    chosen["Reason"] = "Regulation"
    for label, value in typed.items():
        page.get_by_label(label, exact=True).fill(value)
        page.get_by_label(label, exact=True).blur()
    for label, value in chosen.items():
        page.get_by_label(label, exact=True).select_option(value)
    page.get_by_role("checkbox", name="Trades").check()
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_role("heading", name="Waits for both sides")).to_be_visible()
    assert Proposal.objects.get().state == "PENDING_APPROVALS"
    pages = seen[seen.index("/inbox/") : -1]
    assert len(["User name or mail address", "Password", *typed, *chosen, "Trades"]) <= 12
    assert pages == ["/inbox/", "/proposals/new/"]


def test_the_form_is_clean_in_each_of_its_states(visitor, people, source, target, proposal):
    """Empty, advised, wrong, filtered, with a specification that says all, and without a physical
    flow.
    """
    for name in ["Forward curves", *(f"Type {n}" for n in range(15))]:
        factories.data_type(name, description="What it is.")
    done = factories.workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=people.both)
    factories.system("Lonely", code="LONE")
    page = visitor.sign_in(people.maker).page
    page.goto(f"/proposals/new/?source={source.pk}&target={target.pk}")
    visitor.check()
    page.get_by_label("Specification", exact=True).select_option(str(done.result_specification_id))
    expect(page.get_by_label("Data types")).to_be_hidden()
    page.get_by_role("button", name="Fill in the same").click()
    expect(page.get_by_label("Transport")).to_have_value("FILE_TRANSPORT")
    expect(page.get_by_role("complementary").get_by_text("Would be refused.")).to_be_visible()
    visitor.check()
    page.get_by_label("Target").fill("LONE")
    page.get_by_label("Target").blur()
    expect(
        page.get_by_role("complementary").get_by_text("Nobody can approve for it.")
    ).to_be_visible()
    page.get_by_label("Specification", exact=True).select_option("new")
    page.get_by_label("Filter the data types").fill("curve FORW")
    expect(page.get_by_text("1 of 17 shown.")).to_be_visible()
    page.get_by_role("checkbox", name="Forward curves").check()
    visitor.check()
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.locator("[aria-invalid=true]").first).to_be_focused()
    visitor.complaints.clear()  # Chromium logs the 400
    expect(page.get_by_label("Filter the data types")).to_have_value("curve FORW")
    page.get_by_label("Only that data flows").check()
    expect(page.get_by_label("Transport")).to_be_hidden()
    visitor.check()


def test_what_was_written_when_the_session_had_run_out_comes_back(visitor, people, source, target):
    kept = factories.specification(source, "positions.csv")
    page = visitor.sign_in(people.maker).page
    page.goto(f"/proposals/new/?source={source.pk}&target={target.pk}")
    page.get_by_label("Specification", exact=True).select_option(str(kept.pk))
    page.get_by_label("Justification").fill("Written over lunch.")
    visitor.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Submit for approval").click()
    visitor.give_password(people.maker)
    expect(page.get_by_label("Justification")).to_have_value("Written over lunch.")
    expect(page.get_by_label("Source")).to_have_value("Ledger (LEDGER)")
    expect(page.get_by_label("Specification", exact=True)).to_have_value(str(kept.pk))
    visitor.check()
    page.goto("/proposals/new/")
    expect(page.get_by_label("Justification")).to_have_value("")
    assert not Proposal.objects.exists()


def test_what_one_wrote_is_shown_to_nobody_else(visitor, people, source, target):
    page = visitor.sign_in(people.maker).page
    page.goto(f"/proposals/new/?source={source.pk}&target={target.pk}")
    page.get_by_label("Justification").fill("For nobody else.")
    visitor.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Submit for approval").click()
    visitor.give_password(people.both)
    expect(page.get_by_label("Justification")).to_have_value("")


def test_one_route_gets_a_specification_of_its_own_by_keys_alone(
    visitor, people, source, target, proposal
):
    """Refused once, with a name to begin with; sent again it is asked for, and approved."""
    cash = factories.data_type("Cash")
    done = factories.workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=people.both)
    archive = factories.system("Archive Two")
    factories.involve(people.both, archive)
    shared = {"specification": done.result_specification, "specification_name": ""}
    other = factories.proposed(people.maker, source, archive, [], **shared)
    factories.workflow.approve(other, sides=["SOURCE", "TARGET"], by=people.both)
    page = visitor.sign_in(people.maker).page
    page.goto(f"/physical-flows/{done.result_physical_flow_id}/edit/")
    visitor.check()
    page.get_by_role("checkbox", name="Cash").focus()
    page.keyboard.press("Space")
    page.get_by_label("Reason").focus()
    page.keyboard.type("R")
    page.get_by_role("button", name="Submit for approval").focus()
    page.keyboard.press("Enter")
    name = page.get_by_label("Name of a specification of its own")
    expect(name).to_be_focused()
    expect(name).to_have_value("trades.csv for Risk Engine")
    visitor.complaints.clear()  # Chromium logs the 400
    visitor.check()
    name.fill("risk.csv")
    page.get_by_role("button", name="Submit for approval").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("risk.csv (of its own)")).to_be_visible()
    expect(page.get_by_role("heading", name="Other routes keep trades.csv")).to_be_visible()
    visitor.check()
    asked = Proposal.objects.get(type="EDIT")
    assert (asked.specification_name, asked.state) == ("risk.csv", "PENDING_APPROVALS")
    assert cash in asked.data_types.all()
