"""Proposing is quick and hard to get wrong: what the form finds, offers and warns of while somebody
writes.
"""

import re
import time

import pytest

from proposals import workflow
from proposals.models import DataType, OrganisationalUnit, Proposal, System

from . import factories
from .test_pages import queries, text

UNNAMED = {"specification_name": "", "specification_format": ""}


# finding a system


@pytest.fixture
def systems(db):
    trading = OrganisationalUnit.objects.create(code="TR", name="Trading Desk")
    for name, code, unit in [
        ("Zeta", "TRADE", None),
        ("Trade Archive", "ARC", None),
        ("Old Trade Store", "OTS", None),
        ("Intrader", "INT", None),
        ("Limits", "TRADE-LIM", None),
        ("Screens", "SCR", trading),
        ("Payments (EU)", "PAY", None),
    ]:
        factories.system(name, code=code, organisational_unit=unit)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("trade", ["Zeta", "Limits", "Trade Archive", "Old Trade Store", "Intrader"]),
        ("TRADE-LIM", ["Limits"]),
        ("trading", ["Screens"]),
        ("desk trading", ["Screens"]),
        ("archive  trade", ["Trade Archive"]),
        ("Trade Archive (ARC)", ["Trade Archive"]),
        ("Payments (EU) (PAY)", ["Payments (EU)"]),
        ("%", []),
        ("_", []),
        ("nothing like it", []),
    ],
)
def test_an_exact_code_comes_first_then_what_begins_so(systems, typed, found):
    assert [system.name for system in System.objects.like(typed)] == found


def test_systems_are_offered_by_name_code_and_unit(as_, cast, systems, source):
    client = as_(cast.maker)
    offered = text(client.get("/systems/options/", {"source": "edg"}))
    assert "Ledger LEDGER" in offered
    assert "Zeta" not in offered
    assert "Screens SCR · Trading Desk" in text(
        client.get("/systems/options/", {"target": "trading"})
    )
    assert client.get("/systems/options/", {"source": "a\x00b"}).status_code == 200


def test_with_nothing_typed_ones_own_systems_are_offered(as_, cast, systems, source, target):
    assert (
        text(as_(cast.both).get("/systems/options/", {"source": ""}))
        == "Ledger LEDGER Risk Engine RISK"
    )
    assert "Zeta TRADE" in text(as_(cast.stranger).get("/systems/options/", {"source": ""}))


def test_a_removed_system_is_not_offered(as_, cast, source):
    System.objects.filter(pk=source.pk).update(lifecycle="REMOVED")
    assert text(as_(cast.both).get("/systems/options/", {"source": "ledger"})) == ""


def test_among_50000_systems_one_is_found_as_one_types(as_, cast):
    System.objects.bulk_create(
        [
            System(code=f"APP-{n:05}", name=f"Application {n}", description="x" * 200)
            for n in range(50_000)
        ],
        batch_size=2000,
    )
    client = as_(cast.maker)
    for typed in ("a", "application 4711", "APP-04711", "nothing like it"):
        started = time.perf_counter()
        offered = text(client.get("/systems/options/", {"source": typed}))
        assert time.perf_counter() - started < 3, typed  # 0.1 s on an idle machine
        assert ("Application 4711" in offered) == ("4711" in typed)


# what is wrong, and where

NEW = "/proposals/new/"


def test_the_errors_stand_together_above_with_links_to_their_fields(as_, cast, source):
    sent = {
        "source": "Ledger",
        "target": "nowhere",
        "basis_offset": "soon",
        "with_physical_flow": "True",
    }
    response = as_(cast.maker).post(NEW, sent | {"data_types": ["9999"], "draft": "1"})
    above = response.content.decode().split('id="errors"')[1].split("</div>")[0]
    assert re.findall(r'href="(#[^"]+)"\s*>([^<]+)</a>:\s*([^<]+?)\s*<', above) == [
        ("#id_target", "Target", "No system is called “nowhere”. Type a name or a code."),
        (
            "#id_data_types_0",
            "Data types",
            "Select a valid choice. 9999 is not one of the available choices.",
        ),
        ("#id_basis_offset", "Basis offset", "Enter a whole number."),
    ]
    assert "<title>Not yet: Propose a flow" in response.content.decode()


def test_what_the_page_hides_by_now_cannot_be_wrong(as_, cast, source, target):
    sent = {
        "source": "LEDGER",
        "target": "RISK",
        "draft": "1",
        "basis_offset": "soon",
        "specification_name": "x" * 300,
    }
    as_(cast.maker).post(NEW, sent | {"with_physical_flow": "False"})
    mine = factories.specification(source)
    as_(cast.maker).post(
        NEW, sent | {"with_physical_flow": "True", "specification": mine.pk, "basis_offset": "0"}
    )
    assert [(draft.basis_offset, draft.specification) for draft in Proposal.objects.all()] == [
        (0, mine),
        (None, None),
    ]


def test_a_change_that_changes_nothing_says_so(as_, cast, proposal):
    flow = workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both).result_physical_flow
    kept = {field: getattr(flow, field) for field in flow.REQUIRED}
    sent = kept | {
        "data_types": [t.pk for t in proposal.data_types.all()],
        "reason": proposal.reason_id,
        "submit": "1",
    }
    read = {
        "read_physical_flow_version": flow.version(),
        "read_logical_flow_version": flow.logical_flow.version(),
    }
    read |= {"read_specification_version": flow.specification.version()}
    response = as_(cast.maker).post(f"/physical-flows/{flow.pk}/edit/", sent | read)
    assert response.status_code == 400
    assert "Nothing is changed yet." in text(response)


def test_all_that_is_missing_is_said_at_once(as_, cast, source, target):
    sent = {"source": "LEDGER", "target": "RISK", "with_physical_flow": "True", "submit": "1"}
    page = text(as_(cast.maker).post(NEW, sent))
    for missing in [
        *(
            "Specification : Choose a specification, or name a new one.",
            "Data types : Choose at least one data type.",
        ),
        *("Transport : Give the transport of the physical flow.", "Reason : Choose a reason."),
    ]:
        assert missing in page


def test_the_only_reason_there_is_need_not_be_chosen(as_, cast):
    factories.reason("Regulation")
    assert "selected>Regulation" in as_(cast.maker).get(NEW).content.decode()
    factories.reason("Migration")
    assert "selected>Regulation" not in as_(cast.maker).get(NEW).content.decode()


# data types


@pytest.fixture
def tree(db):
    """Deals > Physical deals > Gas deals, Prices, and an outdated type."""
    deals = factories.data_type("Deals", code="DEAL")
    physical = factories.data_type("Physical deals", parent=deals)
    factories.data_type("Gas deals", parent=physical, code="GAS")
    factories.data_type("Prices")
    factories.data_type("Old fixings", is_deprecated=True)
    return {row.name: row for row in DataType.objects.all()}


def offered(response) -> list[tuple[str, bool, bool]]:
    """(name, whether chosen, whether hidden) of each data type, in order."""
    rows = re.findall(r"<label class=\"level-.*?</label>", response.content.decode(), re.DOTALL)
    names = [re.search(r"data-name>([^<]+)<", row)[1] for row in rows]
    return [
        (name, " checked" in row, " hidden>" in row) for name, row in zip(names, rows, strict=True)
    ]


def test_data_types_stand_under_their_parents(as_, cast, tree):
    names = ["Deals", "Physical deals", "Gas deals", "Prices"]
    assert offered(as_(cast.maker).get(NEW)) == [(name, False, False) for name in names]


def test_chosen_types_come_first_then_what_the_source_usually_sends(
    as_, cast, source, target, tree
):
    often, seldom = tree["Prices"], tree["Gas deals"]
    for name, types in [("one", [often, seldom]), ("two", [often])]:
        sent = factories.proposed(cast.maker, source, target, types, specification_name=name)
        workflow.approve(sent, sides=["SOURCE", "TARGET"], by=cast.both)
    typed = {"source": "LEDGER", "data_types": [tree["Deals"].pk]}
    part = as_(cast.maker).get("/proposals/new/source/", typed)
    assert offered(part) == [
        *(("Deals", True, False), ("Prices", False, False)),
        *(("Gas deals", False, False), ("Physical deals", False, False)),
    ]
    assert "Usually sent by Ledger, the most used first" in text(part)
    assert offered(as_(cast.maker).post(NEW, typed | {"show": "1"})) == offered(part)


def test_what_was_typed_into_the_filter_stays_and_hides_nothing_chosen(as_, cast, tree):
    for n in range(10):
        factories.data_type(f"Other {n}")
    sent = {"data_types_like": "DEALS gas", "data_types": [tree["Prices"].pk], "submit": "1"}
    response = as_(cast.maker).post(NEW, sent)
    assert [name for name, _, hidden in offered(response) if not hidden] == ["Prices", "Gas deals"]
    assert 'value="DEALS gas"' in response.content.decode()


def test_an_outdated_type_stays_where_it_is_and_is_marked(as_, cast, source, target, tree):
    draft = factories.draft(cast.maker, source, target, [tree["Prices"]])
    DataType.objects.filter(name="Prices").update(is_deprecated=True)
    page = as_(cast.maker).get(f"/proposals/{draft.pk}/edit/")
    assert offered(page)[0] == ("Prices", True, False)
    assert "Prices deprecated" in text(page)


def test_a_specification_that_says_what_it_carries_leaves_nothing_to_choose(
    as_, cast, source, tree
):
    factories.specification(source, "full.csv", [tree["Prices"]])
    factories.specification(source, "empty.csv")
    page = as_(cast.maker).get("/proposals/new/source/", {"source": "LEDGER"}).content.decode()
    assert re.findall(r"data-carries>([^<]+)<", page)[0].startswith("full.csv")
    assert page.count("data-carries") == 1


# what is missing


def test_all_that_is_missing_is_said_where_nothing_is_written_at_all(as_, cast):
    page = as_(cast.maker).post(
        NEW, {"submit": "1", "with_physical_flow": "True", "basis_offset": "soon"}
    )
    assert page.status_code == 400
    assert {field: errors[0] for field, errors in page.context["form"].errors.items()} == {
        "source": "Name the system that sends.",
        "target": "Name the system that receives.",
        "specification": "Choose a specification, or name a new one.",
        "transport": "Give the transport of the physical flow.",
        "frequency": "Give the frequency of the physical flow.",
        "basis_offset": "Enter a whole number.",
        "criticality": "Give the criticality of the physical flow.",
        "data_types": "Choose at least one data type.",
        "reason": "Choose a reason.",
    }


def test_a_draft_may_lack_all_but_its_route(as_, cast):
    page = as_(cast.maker).post(NEW, {"draft": "1", "with_physical_flow": "True"})
    assert set(page.context["form"].errors) == {"source", "target"}


# what it costs


MOST = {
    NEW: 7,
    # Of each side, who cannot sign in; and the few who stand in for others, where they are named.
    f"{NEW}?source={{source}}&target={{target}}": 22,
    f"{NEW}source/?source=LEDGER": 11,
    f"{NEW}advice/?source=LEDGER&target=RISK&with_physical_flow=True"
    "&specification={specification}": 18,
    "/systems/options/?source=e": 4,
}


@pytest.mark.once(on="sqlite")
def test_the_form_costs_no_query_for_each_of_anything(as_, cast, source, target):
    def more(number: int, start: int):
        for n in range(start, start + number):
            kept = factories.specification(source, f"spec {n}.csv", [factories.data_type()])
            wish = factories.proposed(cast.maker, source, target, specification=kept, **UNNAMED)
            workflow.approve(wish, sides=["SOURCE", "TARGET"], by=cast.both)
            factories.proposed(cast.maker, source, target, name=f"run {n}")
            factories.involve(factories.user(), source)
            factories.system()
        return kept

    there = {"source": source.pk, "target": target.pk, "specification": more(1, 0).pk}
    places, client = {url.format(**there): most for url, most in MOST.items()}, as_(cast.maker)
    few = {url: queries(client, url) for url in places}
    assert all(few[url] <= most for url, most in places.items()), few
    more(4, 1)
    # Fewer, where those who stand in for others are not named any more.
    assert all(queries(client, url) <= few[url] for url in places)
