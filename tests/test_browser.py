"""The main job in a real Chromium: maker -> source approver -> target approver -> register ->
auditor.
"""

import re

import pytest
from django.db import connection
from playwright.sync_api import expect

from proposals.models import DataType, LogicalFlow, Proposal, verbs
from proposals.reports.quality import QUESTIONS

from . import factories, thorough
from .browsing import Visitor
from .test_urls import PAGES, make_things, page_url


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def visitor(request, chromium, live_server):
    made = Visitor(chromium, live_server.url, request.param)
    yield made
    made.context.close()


@pytest.mark.usefixtures("serving_as_the_application")
def test_from_the_maker_to_the_auditor(visitor, people, source, target):
    factories.data_type("Trades")
    factories.reason("Regulation")
    factories.specification(source, "positions.csv")
    page = visitor.page

    visitor.sign_in_by_password(people.maker)
    page.get_by_role("link", name="Propose a flow").click()
    expect(page.get_by_role("heading", name="Propose a flow")).to_be_visible()
    page.get_by_label("Source").fill("Ledger (LEDGER)")
    page.get_by_label("Target").fill("risk")
    page.get_by_label("Target").blur()
    if not visitor.script:
        expect(page.get_by_label("Transport")).to_be_hidden()
        page.get_by_role("button", name="Continue").click()
    page.get_by_label("Reason").select_option("Regulation")
    page.get_by_label("Justification").fill("The risk report needs it.")
    page.get_by_role("checkbox", name="Trades").check()
    expect(page.get_by_text("Bo Both, Tess Target can approve.")).to_be_visible()
    expect(page.locator("#id_specification option", has_text="positions.csv")).to_have_count(1)
    expect(page.get_by_label("Name", exact=True)).to_be_hidden()
    page.get_by_label("Specification", exact=True).select_option("new")
    page.get_by_label("Name", exact=True).fill("trades.csv")
    page.get_by_label("Format").select_option("XML")
    page.get_by_label("Transport").select_option("Messaging")
    page.get_by_label("Frequency").select_option("Daily")
    page.get_by_label("Criticality").select_option("High")
    page.get_by_role("button", name="Submit for approval").click()
    expect(
        page.get_by_text("Give the basis offset of the physical flow.", exact=True)
    ).to_be_visible()
    visitor.complaints.clear()  # Chromium logs the 400
    visitor.check()
    page.get_by_label("Basis offset").fill("1")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_role("heading", name="Waits for both sides")).to_be_visible()
    proposal = Proposal.objects.get()

    visitor.sign_in_by_password(people.source_approver)
    page.get_by_role("link", name="Ledger → Risk Engine").click()
    visitor.approve("source", "Ours, and fine.")
    expect(page.get_by_role("heading", name="Waits for the target")).to_be_visible()

    visitor.sign_in_by_password(people.target_approver)
    page.get_by_role("link", name="Ledger → Risk Engine").click()
    visitor.approve("target", "")
    expect(page.get_by_role("heading", name="In the register")).to_be_visible()

    page.get_by_role("link", name="Ledger → Risk Engine").click()
    expect(page.get_by_text("Sam Source approved for the source")).to_be_visible()
    expect(page.get_by_role("row", name="trades.csv")).to_contain_text("Messaging")
    page.get_by_role("link", name="trades.csv", exact=True).first.click()
    expect(page.get_by_text(f"Proposal {proposal.pk}: fully approved").first).to_be_visible()

    visitor.sign_in_by_password(people.auditor)
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


# Answered to scripts and machines, not to people.
NO_PAGES = {
    "inbox-count",
    "proposing-source",
    "proposing-advice",
    "system-options",
    "people-options",
    "proposal-import-template",
    "proposal-upload-progress",
}
STATES = [
    *(
        "/proposals/?q=nothing",
        "/proposals/?order=oldest&maker=mia",
        "/proposals/?page=99",
        "/flows/?q=nothing",
        "/inbox/?maker=nobody",
    ),
    *(
        "/systems/?q=nothing",
        "/quality/overdue/?q=nothing",
        *(f"/quality/{slug}/" for slug in QUESTIONS),
    ),
]


@pytest.fixture
def things(people, source, target):
    """Something for every page to show, on every list about quality too."""
    made = make_things(people, source, target)
    factories.specification(source, "idle.csv")
    unknown = factories.data_type("Nobody knows")
    factories.proposed(
        people.maker, factories.system("Lonely"), target, [unknown], at=factories.day(1)
    )
    DataType.objects.filter(pk=unknown.pk).update(is_unknown=True)
    return made


@pytest.fixture
def visited(chromium, live_server):
    """Somebody at a browser with JavaScript."""
    made = Visitor(chromium, live_server.url, script=True)
    yield made
    made.context.close()


def open_and_check(visitor, url: str, status: int = 200) -> None:
    """In both themes, and whether a telephone shows it without scrolling sideways; by axe on a
    telephone too on PostgreSQL, which `make test-long` alone asks for.
    """
    assert visitor.page.goto(url).status == status, url
    if status >= 400:
        visitor.complaints.clear()  # Chromium logs it
    if connection.vendor == "sqlite":
        visitor.check()
        visitor.check_width()
    else:
        visitor.check_on_a_telephone()


@pytest.mark.parametrize("role", ["maker", "source"])
def test_every_page_is_clean_for_axe_and_the_console_and_fits_a_telephone(
    visited, people, things, role
):
    """Each URL once, by the first who is let in."""
    visited.sign_in({"maker": people.maker, "source": people.source_approver}[role])
    rows = []
    for row, told in PAGES.items():
        lets_in = [who for who in ("maker", "source") if told.expected["GET"][who] == 200]
        if lets_in[:1] == [role] and row.split()[0] not in NO_PAGES:
            rows.append(row)
    for row in thorough.cases(rows, looks_like):
        name, *named = row.split()
        open_and_check(visited, page_url(name, *(things[thing].pk for thing in named)))


def looks_like(row: str) -> str:
    """The questions before a step of the workflow are one page, with another word."""
    verb = row.split()[0].removeprefix("proposal-")
    return "a question" if verb in verbs() and verb != "propose" else row


def test_every_answer_of_a_list_and_every_refusal_is_clean_too(visited, people, things):
    open_and_check(visited, "/sign-in/")
    visited.sign_in(people.maker)
    for url in thorough.cases(STATES, lambda url: url.split("/")[1]):
        open_and_check(visited, url)
    refused = {
        "/proposals/0/": 404,
        "/inbox/decide/": 400,
        "/inbox/decided/x/": 404,
        "/me/notices/": 405,
        f"/proposals/{things['waiting'].pk}/approve/": 403,
    }
    refused[f"/proposals/{things['closed'].pk}/cancel/"] = 409
    for url, status in thorough.cases(refused.items(), lambda case: case[1] == 404):
        open_and_check(visited, url, status)


def test_the_pages_of_the_record_are_clean_for_axe_and_fit_a_telephone(visited, people, story):
    visited.sign_in(people.auditor)
    span = "first=2024-03-01&last=2024-03-31"
    urls = [
        *("?q=ledger", "", "?q=nothing", "register/?of=physical&system=LEDGER", "register/"),
        *(f"difference/?{span}", "difference/", f"difference/?{span}&of=physicalspecification"),
        *(f"difference/?{span}&of=physicalflow", f"transitions/?{span}", "transitions/"),
        *(f"flows/{story.logical.pk}/", f"physical-flows/{story.physical.pk}/"),
        *(f"proposals/{story.edit.pk}/", f"proposals/{story.create.pk}/"),
    ]
    for url in thorough.cases(urls, lambda url: url.partition("?")[0].partition("/")[0]):
        open_and_check(visited, f"/audit/{url}")
    open_and_check(visited, "/audit/difference/?first=2024-03-31&last=2024-03-01", 400)
    page = visited.page
    page.goto("/admin/")
    page.get_by_role("link", name="Difference between two dates").click()
    expect(page.get_by_role("button", name="Compare")).to_be_visible()


def test_what_is_ticked_while_an_answer_is_on_its_way_stays_ticked(visited, people, source, target):
    factories.data_type("Trades")
    factories.specification(source, "positions.csv")
    page, held = visited.sign_in(people.maker).page, []
    page.goto(f"/proposals/new/?target={target.pk}")
    page.route("**/proposals/new/source/**", lambda route: held.append(route))
    with page.expect_request("**/proposals/new/source/**"):
        page.get_by_label("Source").fill("Ledger (LEDGER)")
        page.get_by_label("Target").focus()
    page.get_by_role("checkbox", name="Trades").check()
    held.pop().continue_()
    expect(page.locator("#id_specification option", has_text="positions.csv")).to_have_count(1)
    expect(page.get_by_role("checkbox", name="Trades")).to_be_checked()
