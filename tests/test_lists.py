"""The lists: in which order, how far one can turn their pages, and what a download of them
holds.
"""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from proposals import workflow
from proposals.models import LogicalFlow, Proposal, System
from proposals.views import lists

from . import factories
from .test_pages import text

NOW = timezone.now()


def csv_rows(response) -> list[list[str]]:
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    content = b"".join(response).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content, newline="")))


def xlsx_rows(response) -> list[list]:
    content = io.BytesIO(b"".join(response))
    return [[cell.value for cell in row] for row in load_workbook(content).active.rows]


@pytest.fixture
def four(cast, source, target):
    """Proposals 10, 20, 5 and 1 days old: the first waits for the target since yesterday, the last
    is cancelled.
    """
    made = [
        factories.proposed(
            cast.maker, source, target, name=f"{days} days", at=NOW - timedelta(days=days)
        )
        for days in (10, 20, 5, 1)
    ]
    workflow.approve(made[0], sides=["SOURCE"], by=cast.source_approver, at=NOW - timedelta(days=1))
    workflow.cancel(made[3], by=cast.maker)
    return [proposal.pk for proposal in made]


@pytest.mark.parametrize(
    ("order", "expected"),
    [("", [3, 2, 1, 0]), ("oldest", [0, 1, 2, 3]), ("waiting", [1, 2, 0]), ("deadline", [1, 0, 2])],
)
def test_proposals_come_in_the_order_asked_for(as_, cast, four, order, expected):
    page = as_(cast.stranger).get("/proposals/", {"order": order}).context["page"]
    assert [four.index(row.pk) for row in page.rows] == expected


def test_by_route_is_by_the_names_of_source_then_target(as_, cast, source, target):
    ends = [(target, source), (source, target), (source, factories.system("Archive 2"))]
    made = [factories.proposed(cast.maker, *pair).pk for pair in ends]
    page = as_(cast.stranger).get("/proposals/?order=route").context["page"]
    assert [made.index(row.pk) for row in page.rows] == [2, 1, 0]


def test_an_order_of_its_own_shows_the_first_rows_and_asks_to_filter(as_, cast, monkeypatch):
    monkeypatch.setattr(lists, "MOST", 60)
    for number in range(58):
        factories.system(f"System {number:02}")
    client, seen = as_(cast.stranger), []
    for number in (1, 2):
        response = client.get("/systems/", {"page": number})
        seen += [row.name for row in response.context["page"].rows]
    assert seen == [
        "Archive",
        "Ledger",
        "Risk Engine",
        *(f"System {number:02}" for number in range(57)),
    ]
    page = text(response)
    assert "More than 60 systems" in page
    assert "Page 2 of 2" in page
    assert (
        "These are the first 60 systems in this order, and there are more. "
        "Filter to see the others." in page
    )
    assert "Filter to see the others" not in text(client.get("/systems/"))


@pytest.mark.parametrize(
    ("asked", "shown"), [("2", 2), ("99", 2), ("0", 1), ("-1", 1), ("x", 1), ("9" * 30, 1)]
)
def test_a_page_there_is_not_counts_as_the_nearest(as_, cast, asked, shown):
    for _ in range(60):
        factories.system()
    page = as_(cast.maker).get("/systems/", {"page": asked}).context["page"]
    assert (page.number, page.pages, page.total) == (shown, 2, 63)


def test_the_systems_count_their_living_flows(as_, cast, source, target, proposal):
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    rows = {row.code: row for row in as_(cast.maker).get("/systems/").context["page"].rows}
    assert [(rows[code].number_in, rows[code].number_out) for code in ("LEDGER", "RISK")] == [
        (0, 1),
        (1, 0),
    ]


@pytest.mark.parametrize(
    "url",
    ["/systems/?kind=X", "/flows/?lifecycle=X", "/proposals/?order=X", "/flows/?q=" + "x" * 300],
)
def test_a_filter_that_cannot_be_used_shows_nothing_and_says_so(as_, cast, source, imported, url):
    assert "The filter cannot be used like this" in text(as_(cast.maker).get(url))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("/systems/?q=nowhere", "No system matches"),
        ("/flows/?q=nowhere", "No flow matches"),
        ("/flows/", "The register is empty Propose the first flow"),
        ("/proposals/?q=nowhere", "No proposal matches"),
        ("/proposals/", "Nobody has proposed a flow yet Propose the first"),
        ("/proposals/?before=1", "No proposal is on this page Show the newest"),
    ],
)
def test_an_empty_list_says_why_and_what_helps(as_, cast, url, sentence):
    assert sentence in text(as_(cast.maker).get(url))


def test_more_filters_are_open_when_one_of_them_is_in_use(as_, cast):
    client = as_(cast.maker)
    assert "<details open>" not in client.get("/proposals/?q=x").content.decode()
    assert "<details open>" in client.get("/proposals/?maker=x").content.decode()


def test_the_links_to_files_keep_the_filter_and_drop_the_page(as_, cast, proposal):
    page = as_(cast.maker).get("/proposals/?state=OPEN&before=999").content.decode()
    assert 'href="?state=OPEN&amp;as=csv"' in page
    assert 'href="?state=OPEN&amp;as=xlsx"' in page


def test_a_file_of_proposals_holds_what_is_filtered_with_whom_it_waits_for(
    as_, cast, source, target
):
    made = factories.proposed(
        cast.maker,
        source,
        target,
        [factories.data_type("Trades"), factories.data_type("Limits")],
        justification="=1+1",
    )
    factories.draft(cast.other, target, source)
    header, row = csv_rows(as_(cast.maker).get("/proposals/?as=csv&q=ledger"))
    told = dict(zip(header, row, strict=True))
    assert told | {"Submitted": "", "Due": "", "In this state since": ""} == {
        "Number": str(made.pk),
        "Type": "New flow",
        "State": "Pending approvals",
        "Source": "Ledger",
        "Source code": "LEDGER",
        "Target": "Risk Engine",
        "Target code": "RISK",
        "Data types": "Limits, Trades",
        "With a physical flow": "true",
        "Specification": "trades.csv",
        "Flow name": "",
        "Transport": "File transport",
        "Frequency": "Daily",
        "Basis offset": "T+1",
        "Flow description": "",
        "External id": "",
        "Criticality": "Medium",
        "Reason": "Regulation",
        "Justification": "'=1+1",
        "Maker": "Mia Maker",
        "Submitted": "",
        "Due": "",
        "Closed": "",
        "Source waits for": "Bo Both, Sam Source, Dee Delegate",
        "Target waits for": "Bo Both, Tess Target",
        "In this state since": "",
    }
    assert told["Submitted"] == timezone.localtime(made.submitted_at).isoformat(timespec="seconds")


def test_a_file_of_systems_names_their_approvers(as_, cast, source, target, proposal):
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    header, *rows = xlsx_rows(as_(cast.maker).get("/systems/?as=xlsx&q=engine"))
    assert [dict(zip(header, row, strict=True)) for row in rows] == [
        {
            "Code": "RISK",
            "Name": "Risk Engine",
            "Kind": "Application",
            "External": False,
            "Organisational unit": None,
            "Lifecycle": "Active",
            "Flows in": 1,
            "Flows out": 0,
            "Approvers": "Bo Both, Tess Target",
        }
    ]


def test_a_file_of_flows_holds_their_data_types_declared_and_sent(
    as_, cast, source, target, imported
):
    zones = [factories.data_type("Zones")]
    factories.store(imported, at=imported.origin_batch.at, declared_data_types=zones)
    wanted = factories.proposed(cast.maker, source, target, [factories.data_type("Trades")])
    workflow.approve(wanted, sides=["SOURCE", "TARGET"], by=cast.both)
    assert csv_rows(as_(cast.maker).get("/flows/?as=csv"))[1:] == [
        *(
            [
                [
                    "Ledger",
                    "LEDGER",
                    "Risk Engine",
                    "RISK",
                    "Active",
                    "Trades, Zones",
                    "1",
                    "approved by both sides",
                ]
            ]
        )
    ]


@pytest.mark.once(on="sqlite")
def test_a_file_costs_the_same_number_of_queries_for_1_and_25_rows(
    as_, cast, source, target, django_assert_max_num_queries
):
    def queries(url):
        with django_assert_max_num_queries(10) as counted:
            csv_rows(client.get(url))
        return len(counted)

    def rows(number):
        for _ in range(number):
            factories.proposed(
                cast.maker, source, target, specification_name=f"{Proposal.objects.count()}.csv"
            )
            done = factories.proposed(cast.maker, factories.system(), target)
            factories.involve(cast.both, done.source)
            workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both)

    client = as_(cast.target_approver)
    urls = [
        "/proposals/?as=csv",
        "/proposals/?order=oldest&as=csv",
        "/systems/?as=csv",
        "/flows/?as=csv",
    ]
    rows(1)
    few = {url: queries(url) for url in urls}
    rows(24)
    assert {url: queries(url) for url in urls} == few
    assert (System.objects.count() > 25, LogicalFlow.objects.count()) == (True, 25)


def test_an_unknown_kind_of_file_is_a_page(as_, cast):
    assert as_(cast.maker).get("/systems/?as=exe")["Content-Type"] == "text/html; charset=utf-8"
