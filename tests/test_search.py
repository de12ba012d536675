"""One search over everything: what it finds, in which order, and who may see it."""

import pytest
from django.urls import reverse

from proposals.models import OrganisationalUnit, System
from proposals.reports import search
from proposals.reports.search import KINDS, MOST_OF_ONE, MOST_RANKED, MOST_SHOWN

from . import factories, worlds


@worlds.shared
def register(cast, source, target):
    """A flow with all that belongs to it, and a draft nobody else may read."""
    trades = factories.data_type("Counterparties", code="PARTY")
    OrganisationalUnit.objects.create(name="Ledger Control", code="LC")
    specification = factories.specification(source, "positions.csv")
    flow = factories.flow(source, target, physical=1)
    waiting = factories.proposed(cast.maker, source, target, [trades])
    draft = factories.draft(cast.maker, target, source, specification_name="secret.csv")
    return {
        "type": trades,
        "specification": specification,
        "flow": flow,
        "waiting": waiting,
        "draft": draft,
    }


def found(text: str, reader, only: str = "") -> dict[str, list[str]]:
    """Kind -> names of what is shown, in their order."""
    return {
        matches.kind.slug: [str(match.thing) for match in matches.shown]
        for matches in search.matches(text, reader, only)
    }


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("ledger", "systems", "Ledger (LEDGER)"),
        ("LEDG", "systems", "Ledger (LEDGER)"),
        ("Ledger (LEDGER)", "systems", "Ledger (LEDGER)"),
        ("risk ledger", "flows", "Ledger → Risk Engine"),
        ("Ledger → Risk Engine", "flows", "Ledger → Risk Engine"),
        ("LEDGER → RISK", "flows", "Ledger → Risk Engine"),
        ("positions", "specifications", "positions.csv"),
        ("counterparties", "data-types", "Counterparties"),
        ("who counterparty", "data-types", None),
        ("counterparty data", "data-types", "Counterparties"),
        ("mia", "people", "Mia Maker"),
        ("mia maker", "people", "Mia Maker"),
        ("lc", "units", "Ledger Control"),
        ("le", "systems", "Ledger (LEDGER)"),
        ("ger", "systems", "Ledger (LEDGER)"),
        ("er", "systems", None),  # too short to be looked for within words
        ("nowhere", "systems", None),
        ("\x00\u200b", "systems", None),
        ("(", "systems", None),
    ],
)
def test_each_kind_is_found_by_what_people_and_the_product_write(cast, register, text, kind, name):
    names = found(text, cast.stranger).get(kind, [])
    assert name in names if name else names == []


def test_exact_codes_come_first_then_beginnings_then_words_then_the_rest(db):
    reader = factories.user("Rita Reader")
    names = [
        ("Subledger", "X1"),
        ("Old Ledger", "X2"),
        ("Ledger Archive", "X3"),
        ("Zebra", "LEDGER"),
    ]
    for name, code in names:
        factories.system(name, code=code)
    codes = [match.thing.code for match in search.matches("ledger", reader)[0].shown]
    assert codes == ["LEDGER", "X3", "X2", "X1"]


def test_the_kind_with_the_best_match_stands_first(cast, register):
    kinds = list(found("ledger control", cast.stranger))
    assert kinds[0] == "units"
    assert next(iter(found("positions.csv", cast.stranger))) == "specifications"


def test_of_a_draft_nobody_else_reads(as_, cast, register):
    draft = register["draft"]
    assert found("secret", cast.maker)["proposals"] == [str(draft)]
    assert found("secret", cast.stranger) == {}
    assert as_(cast.stranger).get(f"/search/?q={draft.pk}").status_code == 200
    assert as_(cast.maker).get(f"/search/?q={draft.pk}").url == draft.get_absolute_url()


@pytest.mark.parametrize(
    "written", ["{}", "#{}", "No. {}", "no {}", "Proposal {}", " proposal #{} "]
)
def test_a_number_alone_leads_to_its_proposal(as_, cast, register, written):
    waiting, client = register["waiting"], as_(cast.stranger)
    text = written.format(waiting.pk)
    assert client.get("/search/", {"q": text}).url == waiting.get_absolute_url()
    typed = client.get("/search/", {"q": text}, headers={"HX-Request": "true"})
    assert f"{waiting.pk}:" in typed.content.decode()  # who still types is led nowhere
    assert client.get("/search/", {"q": written.format(10**17)}).status_code == 200


def test_of_many_the_best_are_shown_and_all_are_a_link_away(as_, cast):
    System.objects.bulk_create(
        System(code=f"E{n}", name=f"Engine {n:04}", search_text=f"\nengine {n:04}\ne{n}\n")
        for n in range(MOST_RANKED + 5)
    )
    late = factories.system("The best engine", code="ENGINE")
    (matches,) = search.matches("engine", cast.stranger)
    assert len(matches.shown) == MOST_SHOWN
    assert matches.shown[0].thing == late  # by its code, though it came last
    assert matches.all_in_words == f"All {MOST_RANKED:,}+ systems that match"
    page = as_(cast.stranger).get("/search/?q=engine").content.decode()
    assert f'href="{reverse("systems")}?q=engine"' in page
    page = as_(cast.stranger).get("/search/?q=engine&kind=systems").content.decode()
    assert page.count("<li>") == MOST_OF_ONE


def test_what_has_no_list_is_listed_by_the_search_itself(as_, cast):
    for number in range(MOST_SHOWN + 3):
        factories.data_type(f"Trades of kind {number}")
    page = as_(cast.stranger).get("/search/?q=trades").content.decode()
    assert "All 11 data types that match" in page
    assert "/search/?q=trades&amp;kind=data-types" in page
    assert len(found("trades", cast.stranger, "data-types")["data-types"]) == MOST_SHOWN + 3


def test_every_kind_asks_few_questions(as_, cast, register, django_assert_max_num_queries):
    client = as_(cast.stranger)
    client.get("/search/?q=ledger")
    with django_assert_max_num_queries(3 + 3 * len(KINDS)):
        client.get("/search/?q=e")
