"""The lists: in which order, how far one can turn their pages, and what a download of them
holds.
"""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from openpyxl import load_workbook

from proposals import workflow
from proposals.forms.filters import ProposalFilter, SystemListFilter
from proposals.models import DataType, ImportBatch, LogicalFlow, Proposal, System, reading
from proposals.views import lists
from proposals.views.lists import Page

from . import factories, thorough
from .test_pages import text

NOW = timezone.now()
SIZE = 8  # of a page of the crowd


def csv_rows(response) -> list[list[str]]:
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    content = b"".join(response).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content, newline="")))


def xlsx_rows(response) -> list[list]:
    content = io.BytesIO(b"".join(response))
    return [[cell.value for cell in row] for row in load_workbook(content).active.rows]


@pytest.fixture
def four(cast, source, target):
    """Proposals 10, 20, 5 and 1 days old: the first waits for the target alone, the last is
    cancelled.
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
    [("", [3, 2, 1, 0]), ("oldest", [0, 1, 2, 3]), ("waiting", [1, 0, 2]), ("deadline", [1, 0, 2])],
)
def test_proposals_come_in_the_order_asked_for(as_, cast, four, order, expected):
    page = as_(cast.stranger).get("/proposals/", {"order": order}).context["page"]
    assert [four.index(row.pk) for row in page.rows] == expected


def test_by_route_is_by_the_names_of_source_then_target(as_, cast, source, target):
    ends = [(target, source), (source, target), (source, factories.system("Archive 2"))]
    made = [factories.proposed(cast.maker, *pair).pk for pair in ends]
    page = as_(cast.stranger).get("/proposals/?order=route").context["page"]
    assert [made.index(row.pk) for row in page.rows] == [2, 1, 0]


@pytest.fixture
def crowd(cast, source, target, monkeypatch):
    """Three pages of systems, most of which share their names, a flow to each and a proposal from
    each, many of the same moment; of every third system no history says since when it is there.
    """
    page = lists.keyset_page
    monkeypatch.setattr(lists, "keyset_page", lambda *of, **how: page(*of[:2], SIZE, **how))
    ends = [factories.system(f"System {n % 5}", code=f"S{n}") for n in range(14)]
    ends += System.objects.bulk_create(System(code=f"T{n}", name="System 9") for n in range(7))
    batch = ImportBatch.objects.create(outcome="21 logical flows added")
    for number, end in enumerate(ends):
        at = NOW - timedelta(days=number % 5)
        _new_flow(source, end, batch, at)
        factories.proposed(cast.maker, end, target, at=at)


def _new_flow(source, end, batch, at):
    flow = LogicalFlow(source=source, target=end, origin_batch=batch)
    factories.store(flow, by=None, why="imported by a test", at=at)


def turned(client, url: str, link: str = "next") -> Iterator[Page]:
    """The page at `url` and all that it leads to by `link`."""
    page = client.get(url).context["page"]
    yield page
    while query := getattr(page, link):
        page = client.get(url.split("?")[0] + query).context["page"]
        yield page


def found(client, url: str, person) -> list:
    """All rows of the list at `url`, of which a page shows some; the inbox is that of `person`."""
    context = client.get(url).context
    if "filter" in context:
        return list(context["filter"].found)
    return list(Proposal.objects.awaiting(person).order_by("submitted_at", "pk"))


LISTS = [
    *("/systems/", "/systems/?q=system", "/flows/", "/flows/?system=LEDGER&way=out", "/inbox/"),
    *("/proposals/", "/proposals/?q=system&state=OPEN"),
    *(f"/proposals/?order={order}" for order in ProposalFilter.ORDERS),
    *(f"/systems/?order={order}" for order in SystemListFilter.ORDERS),
    "/flows/?order=route-down",
    *("/quality/flows-without-physical-flow/", "/quality/systems-without-approver/"),
]


def test_the_pages_hold_every_row_once_there_and_back(as_, cast, crowd, subtests):
    client = as_(cast.target_approver)
    for url in LISTS:
        with subtests.test(url=url):
            rows = found(client, url, cast.target_approver)
            pages = list(turned(client, url))
            assert len(pages) >= 3
            assert [row for page in pages for row in page.rows] == rows
            assert pages[0].previous == pages[-1].next == ""
            before_last = url.split("?")[0] + pages[-1].previous
            back = list(turned(client, before_last, "previous"))
            assert [page.rows for page in back] == [page.rows for page in pages[-2::-1]]


def test_a_row_that_was_there_is_shown_once_while_others_come_and_go(
    as_, cast, source, target, crowd, subtests
):
    client, batch = as_(cast.target_approver), ImportBatch.objects.create(outcome="more")
    for url in thorough.cases(LISTS, lambda url: (url.split("?")[0], "order=" in url)):
        with subtests.test(url=url), transaction.atomic():
            there = {row.pk for row in found(client, url, cast.target_approver)}
            assert there
            seen: list[int] = []
            for number, page in enumerate(turned(client, url)):
                seen += [row.pk for row in page.rows]
                for name in ("Aaa", "System 3", "Zzz"):
                    system = factories.system(f"{name} {number}", code=f"{name[0]}-{number}")
                    at = NOW - timedelta(days=2)
                    if "flows" in url:
                        _new_flow(source, system, batch, at)
                    elif "systems" not in url:
                        factories.proposed(cast.maker, system, target, at=at)
                if url == "/inbox/":
                    workflow.approve(page.rows[0], sides=["TARGET"], by=cast.target_approver)
            assert sorted(pk for pk in seen if pk in there) == sorted(there)
            transaction.set_rollback(True)


NO_PLACES = ["after=x", "after=1", "after=a&after=1&after=1", "after=%00&after=1", "page=2"]
NO_PLACES += [f"after=a&after={'9' * 30}", "after=a&after=-1", "after=zz&after=1"]
NO_PLACES += ["before=!&before=1", "before=&before="]


MANY = [
    *("/flows/?data_type={type}", "/flows/?transport=WEB", "/flows/?format=JSON"),
    *("/flows/?specification=json", "/flows/?lifecycle=PENDING", "/systems/?data_type={type}"),
]


@pytest.fixture
def many(cast, crowd, target, monkeypatch) -> DataType:
    """Three pages of flows that send the same, one that still has to, and what they send."""
    monkeypatch.setattr(reading, "LOOKED_UP", 2)
    data_type, wish = factories.data_type("Trades"), {"transport": "WEB"}
    for number in range(20):
        source = factories.system(f"Sender {number % 3}", code=f"X{number}")
        for approver in (cast.both, cast.target_approver):
            factories.involve(approver, source)
        kind = {"specification_name": f"{number}.json", "specification_format": "JSON"}
        made = factories.proposed(cast.maker, source, target, [data_type], **wish, **kind)
        workflow.approve(made, sides=["SOURCE", "TARGET"], by=cast.both)
    return data_type


def test_what_too_many_have_in_common_is_shown_newest_first(as_, cast, many, subtests):
    """By name they may begin anywhere, and all before would be read."""
    client = as_(cast.maker)
    for url in MANY:
        with subtests.test(url=url):
            url = url.format(type=many.pk)
            page = text(client.get(url))
            assert "Newest first" in page
            assert "Older" in page
            pages = list(turned(client, url))
            shown = [row.pk for page in pages for row in page.rows]
            assert len(pages) >= 3
            assert shown == sorted(shown, reverse=True)
            assert len(set(shown)) == len(shown)
            back = list(turned(client, url.split("?")[0] + pages[-1].previous, "previous"))
            assert [page.rows for page in back] == [page.rows for page in pages[-2::-1]]
            by_name = "name-down" if "/systems/" in url else "route-down"
            sorted_ones = client.get(f"{url}&order={by_name}").context
            assert not sorted_ones["filter"].newest_first
            assert sorted_ones["heads"][0].query or sorted_ones["heads"][1].query


def test_what_names_no_place_of_a_list_leads_to_its_first_page(as_, cast, crowd, subtests):
    client = as_(cast.maker)
    for query in NO_PLACES:
        with subtests.test(query=query):
            first, page = (client.get(f"/systems/?{q}").context["page"] for q in ("", query))
            assert page.rows == first.rows
            assert page.previous == ""


def test_a_list_counts_its_rows_as_far_as_anybody_reads(as_, cast, crowd, monkeypatch):
    monkeypatch.setattr(lists, "MOST_COUNTED", 20)
    assert "More than 20 systems" in text(as_(cast.maker).get("/systems/"))
    monkeypatch.setattr(lists, "MOST_COUNTED", 24)
    assert "24 systems" in text(as_(cast.maker).get("/systems/"))


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
        "Round": "1",
        "First round": str(made.pk),
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
def test_a_file_costs_no_query_for_each_row(
    as_, cast, source, target, django_assert_max_num_queries
):
    def queries(url):
        with django_assert_max_num_queries(11) as counted:
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
    rows(4)
    assert {url: queries(url) for url in urls} == few
    assert (System.objects.count() > 5, LogicalFlow.objects.count()) == (True, 5)


def test_an_unknown_kind_of_file_is_a_page(as_, cast):
    assert as_(cast.maker).get("/systems/?as=exe")["Content-Type"] == "text/html; charset=utf-8"
