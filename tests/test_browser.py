"""The main job in a real Chromium: maker -> source approver -> target approver -> register -> auditor."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from proposals.models import DataType, LogicalFlow, Proposal
from proposals.quality import QUESTIONS

from . import factories
from .browsing import Visitor


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def visitor(request, chromium, live_server):
    made = Visitor(chromium, live_server.url, request.param)
    yield made
    made.context.close()


def test_from_the_maker_to_the_auditor(visitor, people, source, target):
    factories.data_type("Trades")
    factories.reason("Regulation")
    factories.specification(source, "positions.csv")
    page = visitor.page

    visitor.sign_in(people.maker)
    page.get_by_role("link", name="Propose a flow").click()
    expect(page.get_by_role("heading", name="Propose a flow")).to_be_visible()
    visitor.check()
    page.get_by_label("Source").fill("Ledger (LEDGER)")
    page.get_by_label("Target").fill("risk")
    page.get_by_label("Reason").select_option("Regulation")
    page.get_by_label("Justification").fill("The risk report needs it.")
    page.get_by_role("checkbox", name="Trades").check()
    if not visitor.script:
        page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("Bo Both, Tess Target can approve.")).to_be_visible()
    expect(page.locator("#id_specification option", has_text="positions.csv")).to_have_count(1)
    page.get_by_label("Name", exact=True).fill("trades.csv")
    page.get_by_label("Format").select_option("XML")
    page.get_by_label("Transport").select_option("Messaging")
    page.get_by_label("Frequency").select_option("Daily")
    page.get_by_label("Criticality").select_option("High")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("The physical flow needs its basis offset.", exact=True)).to_be_visible()
    visitor.complaints.clear()  # Chromium logs the 400
    visitor.check()
    page.get_by_label("Basis offset").fill("1")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_role("heading", name="Waits for both sides")).to_be_visible()
    visitor.check()
    proposal = Proposal.objects.get()

    visitor.sign_in(people.source_approver)
    visitor.check()
    page.get_by_role("link", name="Ledger → Risk Engine").click()
    visitor.approve("source", "Ours, and fine.")
    expect(page.get_by_role("heading", name="Waits for the target")).to_be_visible()

    visitor.sign_in(people.target_approver)
    page.get_by_role("link", name="Ledger → Risk Engine").click()
    visitor.approve("target", "")
    expect(page.get_by_role("heading", name="In the register")).to_be_visible()
    visitor.check()

    page.get_by_role("link", name="Ledger → Risk Engine").click()
    expect(page.get_by_text("Sam Source approved for the source")).to_be_visible()
    expect(page.get_by_role("row", name="trades.csv")).to_contain_text("Messaging")
    visitor.check()
    page.get_by_role("link", name="trades.csv", exact=True).click()
    expect(page.get_by_text(f"Proposal {proposal.pk}: fully approved").first).to_be_visible()
    visitor.check()

    visitor.sign_in(people.auditor)
    page.goto(f"/admin/proposals/proposal/{proposal.pk}/change/")
    states = page.locator("#transitions-group .field-to_state").all_inner_texts()
    assert [state.strip() for state in states if state.strip()] == [
        *("Pending approvals", "Source approved", "Target approved", "Fully approved")
    ]
    expect(page.get_by_role("button", name=re.compile("Save|Delete"))).to_have_count(0)
    expect(page.get_by_text("Ours, and fine.")).to_be_visible()
    page.goto(f"/admin/proposals/logicalflow/{LogicalFlow.objects.get().pk}/history/")
    expect(page.get_by_text(f"Proposal {proposal.pk}: fully approved").first).to_be_visible()
    assert visitor.complaints == []


@pytest.fixture
def lacking(people, source, target):
    """Something on every list about quality."""
    lonely, unknown = factories.system("Lonely"), factories.data_type("Nobody knows")
    factories.specification(source, "idle.csv")
    bare = factories.proposed(people.maker, target, source, [unknown], **factories.BARE)
    factories.workflow.approve(bare, sides=["SOURCE", "TARGET"], by=people.both)
    DataType.objects.filter(pk=unknown.pk).update(is_unknown=True)
    factories.proposed(people.maker, lonely, target, at=timezone.now() - timedelta(days=28))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.usefixtures("lacking")
def test_every_page_is_clean_for_axe_and_the_console(chromium, live_server, people, source, target, proposal, scheme):
    done = factories.proposed(people.maker, target, source)
    done = factories.workflow.approve(done, sides=["SOURCE", "TARGET"], by=people.both, comment="good")
    draft = factories.draft(people.both, source, target, specification_name="later.csv")
    visitor = Visitor(chromium, live_server.url, script=True, scheme=scheme).sign_in(people.both)
    for url in [
        *("/inbox/", "/proposals/", "/proposals/?q=nothing", "/proposals/new/", "/systems/", "/flows/"),
        *(proposal.get_absolute_url(), done.get_absolute_url(), draft.get_absolute_url()),
        *(f"{proposal.get_absolute_url()}approve/", f"{proposal.get_absolute_url()}reject/"),
        *(f"{draft.get_absolute_url()}edit/", f"{draft.get_absolute_url()}propose/", source.get_absolute_url()),
        *(f"{source.get_absolute_url()}?history", done.result_logical_flow.get_absolute_url()),
        *(done.result_physical_flow.get_absolute_url(), f"/flows/{done.result_logical_flow_id}/physical/new/"),
        *(
            "/proposals/?order=oldest&maker=mia",
            "/quality/",
            "/insights/",
            *(f"/quality/{slug}/" for slug in QUESTIONS),
        ),
    ]:
        assert visitor.page.goto(url).status == 200, url
        visitor.check()
    visitor.page.set_viewport_size({"width": 390, "height": 800})
    narrow = ["/inbox/", "/proposals/", "/proposals/new/", proposal.get_absolute_url()]
    for url in [*narrow, "/systems/", "/flows/", "/quality/", "/quality/overdue/", "/insights/"]:
        visitor.page.goto(url)
        visitor.check()
        overflow = visitor.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not overflow, f"{url} scrolls sideways on a telephone"
    visitor.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_the_record_are_clean_for_axe_and_fit_a_telephone(chromium, live_server, people, story, scheme):
    visitor = Visitor(chromium, live_server.url, script=True, scheme=scheme).sign_in(people.auditor)
    page = visitor.page
    page.goto("/admin/")
    for name in ("Logical flows on a date", "Transitions between two dates"):
        page.get_by_role("link", name=name).click()
        visitor.check()
        page.go_back()
    for url in [
        *(f"logicalflow/{story.logical.pk}/trail/", f"physicalflow/{story.physical.pk}/trail/"),
        *(f"proposal/{story.edit.pk}/trail/", "physicalflow/register/?system=LEDGER", "transition/between/"),
    ]:
        page.set_viewport_size({"width": 1280, "height": 800})
        assert page.goto(f"/admin/proposals/{url}").status == 200, url
        visitor.check()
        page.set_viewport_size({"width": 390, "height": 800})
        overflow = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not overflow, f"{url} scrolls sideways on a telephone"
    visitor.context.close()


def test_what_is_ticked_while_an_answer_is_on_its_way_stays_ticked(chromium, live_server, people, source):
    factories.data_type("Trades")
    factories.specification(source, "positions.csv")
    visitor = Visitor(chromium, live_server.url, script=True).sign_in(people.maker)
    page, held = visitor.page, []
    page.goto("/proposals/new/")
    page.route("**/proposals/new/source/**", lambda route: held.append(route))
    with page.expect_request("**/proposals/new/source/**"):
        page.get_by_label("Source").fill("Ledger (LEDGER)")
        page.get_by_label("Target").focus()
    page.get_by_role("checkbox", name="Trades").check()
    held.pop().continue_()
    expect(page.locator("#id_specification option", has_text="positions.csv")).to_have_count(1)
    expect(page.get_by_role("checkbox", name="Trades")).to_be_checked()
    visitor.context.close()
