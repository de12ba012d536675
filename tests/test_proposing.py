"""Proposing is quick and hard to get wrong: what the form finds, offers and warns of while somebody writes."""

import re
import time

import pytest

from proposals.models import OrganisationalUnit, Proposal, System

from . import factories


@pytest.fixture
def as_(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def text(response) -> str:
    """What a reader reads: without tags, spaces collapsed."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


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
    assert "Screens SCR · Trading Desk" in text(client.get("/systems/options/", {"target": "trading"}))
    assert client.get("/systems/options/", {"source": "a\x00b"}).status_code == 200


def test_with_nothing_typed_ones_own_systems_are_offered(as_, cast, systems, source, target):
    assert text(as_(cast.both).get("/systems/options/", {"source": ""})) == "Ledger LEDGER Risk Engine RISK"
    assert "Zeta TRADE" in text(as_(cast.stranger).get("/systems/options/", {"source": ""}))


def test_a_removed_system_is_not_offered(as_, cast, source):
    System.objects.filter(pk=source.pk).update(lifecycle="REMOVED")
    assert text(as_(cast.both).get("/systems/options/", {"source": "ledger"})) == ""


def test_among_50000_systems_one_is_found_as_one_types(as_, cast):
    System.objects.bulk_create(
        [System(code=f"APP-{n:05}", name=f"Application {n}", description="x" * 200) for n in range(50_000)],
        batch_size=2000,
    )
    client = as_(cast.maker)
    for typed in ("a", "application 4711", "APP-04711", "nothing like it"):
        started = time.perf_counter()
        offered = text(client.get("/systems/options/", {"source": typed}))
        assert time.perf_counter() - started < 1, typed
        assert ("Application 4711" in offered) == ("4711" in typed)


# what is wrong, and where

NEW = "/proposals/new/"


def test_the_errors_stand_together_above_with_links_to_their_fields(as_, cast, source):
    sent = {"source": "Ledger", "target": "nowhere", "basis_offset": "soon", "with_physical_flow": "True"}
    response = as_(cast.maker).post(NEW, sent | {"data_types": ["9999"], "submit": "1"})
    above = response.content.decode().split('id="errors"')[1].split("</div>")[0]
    assert re.findall(r'href="(#[^"]+)">([^<]+)</a>: ([^<]+)<', above) == [
        ("#id_target", "Target", "No system is called “nowhere”. Type a name or a code."),
        ("#id_data_types_0", "Data types", "Select a valid choice. 9999 is not one of the available choices."),
        ("#id_basis_offset", "Basis offset", "Enter a whole number."),
    ]
    assert "<title>Not yet: Propose a flow" in response.content.decode()


def test_what_the_page_hides_by_now_cannot_be_wrong(as_, cast, source, target):
    sent = {"source": "LEDGER", "target": "RISK", "draft": "1", "basis_offset": "soon", "specification_name": "x" * 300}
    as_(cast.maker).post(NEW, sent | {"with_physical_flow": "False"})
    mine = factories.specification(source)
    as_(cast.maker).post(NEW, sent | {"with_physical_flow": "True", "specification": mine.pk, "basis_offset": "0"})
    assert [(draft.basis_offset, draft.specification) for draft in Proposal.objects.all()] == [(0, mine), (None, None)]
