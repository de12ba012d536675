"""The columns of lists: chosen in the address, sorted by their heads, and the same in the files."""

import re

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from proposals.models import (
    ChangeContext,
    DataType,
    LogicalFlow,
    PhysicalFlow,
    System,
    types_carried,
)

from . import factories, worlds
from .test_lists import csv_rows
from .test_pages import text

URLS = ["/proposals/", "/systems/", "/flows/"]


@worlds.shared
def register(cast, source, target):
    """One flow that carries trades, and a proposal for trades beside it."""
    trades = factories.data_type("Trades")
    factories.flow(source, target, 2, factories.specification(source, "positions.csv", [trades]))
    return factories.proposed(cast.maker, source, target, [trades])


def heads(client, url: str) -> dict[str, str]:
    """Label of each head -> how its column is sorted."""
    page = client.get(url).content.decode()
    found = re.findall(r"<th\b([^>]*)>(.*?)</th>", page, re.S)
    return {
        " ".join(re.sub("<[^>]+>", "", label).split()): "".join(re.findall('sort="(.*?)"', with_))
        for with_, label in found
    }


@pytest.mark.parametrize(
    ("url", "labels"),
    [
        ("/proposals/", "No. Flow State Waits for Maker Submitted Due"),
        ("/proposals/?columns=data_types&columns=reason", "Flow Data types Reason"),
        ("/proposals/?columns=nonsense", "No. Flow State Waits for Maker Submitted Due"),
        ("/systems/?columns=approvers&columns=kind", "System Kind Approvers"),
        ("/flows/?columns=consent", "Flow Consent"),
    ],
)
def test_a_page_shows_the_columns_that_were_chosen(as_, cast, register, url, labels):
    assert " ".join(heads(as_(cast.stranger), url)) == labels


def test_every_column_of_every_list_can_be_shown(as_, cast, register):
    client = as_(cast.stranger)
    for url in URLS:
        every = [column.slug for column in client.get(url).context["columns"].every]
        page = client.get(url, {"columns": every})
        assert page.status_code == 200
        labels = [column.label for column, _ in page.context["columns"].choices]
        assert set(labels) <= set(heads(client, f"{url}?{page.request['QUERY_STRING']}"))


def test_the_names_in_a_chosen_column_are_links(as_, cast, register):
    client = as_(cast.stranger)
    page = client.get("/proposals/?columns=data_types").content.decode()
    assert re.search(r'<a href="/data-types/\d+/">Trades</a>', page)
    page = client.get("/systems/?columns=approvers").content.decode()
    assert f'<a href="{cast.both.get_absolute_url()}">Bo Both</a>' in page


@pytest.mark.parametrize(
    ("url", "head", "first", "second"),
    [
        ("/proposals/", "No.", "", "oldest"),
        ("/proposals/", "Flow", "route", "route-down"),
        ("/proposals/", "Due", "deadline", "deadline-down"),
        ("/systems/", "System", "", "name-down"),
        ("/flows/", "Flow", "", "route-down"),
    ],
)
def test_a_head_sorts_by_its_column_and_then_the_other_way(
    as_, cast, register, url, head, first, second
):
    client = as_(cast.stranger)
    sorts = [
        heads(client, f"{url}?q=e&order={order}" if order else url)[head]
        for order in (first, second)
    ]
    assert sorted(sorts) == ["ascending", "descending"]
    page = client.get(url, {"q": "e", "order": first, "after": "1"}).content.decode()
    link = re.search(rf'<a href="([^"]*)">{re.escape(head)}</a>', page)[1]
    assert link == f"?q=e&amp;order={second}"


def test_the_filter_keeps_order_and_columns_and_the_chooser_the_filter(as_, cast, register):
    url = "/systems/?q=led&order=code&columns=kind"
    page = as_(cast.stranger).get(url).content.decode()
    for name, value in [("order", "code"), ("columns", "kind"), ("q", "led")]:
        assert f'<input type="hidden" name="{name}" value="{value}">' in page
    assert 'name="columns" value="kind" checked' in page


def test_a_file_has_the_columns_of_the_page_and_its_order(as_, cast, register):
    client = as_(cast.stranger)
    rows = csv_rows(client.get("/systems/?columns=kind&order=code-down&as=csv"))
    assert rows[0] == ["Name", "Kind"]
    names = System.objects.order_by("-code_folded").values_list("name", flat=True)
    assert [row[0] for row in rows[1:]] == list(names)
    header = csv_rows(client.get("/proposals/?columns=waits&as=csv"))[0]
    assert header == [
        *("Source", "Source code", "Target", "Target code"),
        *("Source waits for", "Target waits for"),
    ]
    assert len(csv_rows(client.get("/proposals/?as=csv"))[0]) == 28


def test_a_file_of_flows_names_all_that_each_carries(as_, cast, register):
    """Declared on it, and sent by what is active."""
    [flow] = LogicalFlow.objects.all()
    declared = [factories.data_type("Cash"), DataType.objects.get(name="Trades")]
    ChangeContext(None, timezone.now(), "Declared", batch=flow.origin_batch).store(
        flow, declared_data_types=declared
    )
    lake = factories.system("Lake")
    old = factories.specification(lake, "old.csv", [factories.data_type("Gone")])
    bare = factories.flow(lake, flow.target, 1, old)
    removed = bare.physical_flows.get()
    empty = factories.specification(lake, "empty.csv")
    attributes = {field: getattr(removed, field) for field in PhysicalFlow.REQUIRED}
    left = PhysicalFlow(
        logical_flow=bare, specification=empty, origin_batch=flow.origin_batch, **attributes
    )
    ChangeContext(None, timezone.now(), "Added", batch=flow.origin_batch).store(left)
    removed.remove()
    ChangeContext(None, timezone.now(), "Removed", batch=flow.origin_batch).store(removed)
    file = as_(cast.stranger).get("/flows/?columns=data_types&as=csv")
    rows = {row[0]: row[4] for row in csv_rows(file)[1:]}
    assert rows == {flow.source.name: "Cash, Trades", "Lake": ""}
    assert types_carried([flow.pk, bare.pk]) == {flow.pk: {row.pk for row in declared}}


def test_a_workbook_of_flows_has_their_physical_flows_on_a_second_sheet(
    as_, cast, register, tmp_path
):
    file = tmp_path / "flows.xlsx"
    file.write_bytes(b"".join(as_(cast.stranger).get("/flows/?as=xlsx")))
    book = load_workbook(file)
    assert book.sheetnames == ["Rows", "Physical flows"]
    header, *rows = ([cell.value for cell in row] for row in book["Physical flows"].rows)
    assert header[:6] == [
        *("Source", "Source code", "Target", "Target code", "Specification"),
        "Specification code",
    ]
    assert [(row[0], row[2], row[4], row[7]) for row in rows] == [
        ("Ledger", "Risk Engine", "positions.csv", "Trades")
    ] * 2
    assert "T+1" in rows[0] or "same day" in " ".join(map(str, rows[0]))
    assert "Trades" in text(as_(cast.stranger).get("/flows/"))
