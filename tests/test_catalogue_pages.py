"""The pages of what the register speaks of: data types, specifications, people, units."""

import pytest

from proposals import workflow
from proposals.models import System
from proposals.views import catalogue

from . import factories, worlds
from .test_lists import turned
from .test_pages import queries, text


@worlds.shared
def market(cast, source, target):
    """Prices flow from the Ledger to the Risk Engine, by their own name alone."""
    parent = factories.data_type("Market data")
    prices = factories.data_type("Prices", parent=parent)
    done = factories.proposed(cast.maker, source, target, [prices])
    workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both)
    done.refresh_from_db()
    return parent, prices, done


def test_a_data_type_names_who_sends_and_receives_what_lies_below_it(as_, cast, market):
    parent, prices, done = market
    page = as_(cast.stranger).get(parent.get_absolute_url())
    details = page.context["details"]
    assert [row.name for row in details.senders.rows] == ["Ledger"]
    assert [row.name for row in details.receivers.rows] == ["Risk Engine"]
    assert page.context["page"].rows == [done.result_logical_flow]
    assert f'href="{prices.get_absolute_url()}"' in page.content.decode()
    below = as_(cast.stranger).get(prices.get_absolute_url()).content.decode()
    assert f'<a href="{parent.get_absolute_url()}">Market data</a>' in below


def test_a_data_type_names_what_is_proposed_with_it_and_still_open(as_, cast, market, source):
    _, prices, _ = market
    asked = factories.proposed(
        cast.maker, source, factories.system("Reports"), [prices], specification_name="r.csv"
    )
    page = as_(cast.stranger).get(prices.get_absolute_url())
    assert page.context["details"].proposals == [asked]


@pytest.mark.parametrize(
    ("way", "names"),
    [("into", ["Risk Engine"]), ("out", ["Ledger"]), ("", ["Ledger", "Risk Engine"])],
)
def test_systems_can_be_filtered_by_what_comes_in_or_goes_out(as_, cast, market, way, names):
    factories.system("Neither")
    parent, _, _ = market
    page = as_(cast.stranger).get("/systems/", {"data_type": parent.pk, "way": way})
    assert [row.name for row in page.context["page"].rows] == names


def test_a_specification_names_its_owner_its_flows_and_its_types(as_, cast, market):
    _, prices, done = market
    specification = done.result_specification
    page = as_(cast.stranger).get(specification.get_absolute_url())
    assert page.context["page"].rows == [done.result_physical_flow]
    shown = page.content.decode()
    for thing in (specification.owner, prices, done.target):
        assert f'href="{thing.get_absolute_url()}"' in shown


def test_a_code_that_was_made_up_is_not_shown(as_, cast, market, source):
    _, _, done = market
    made_up = done.result_specification
    assert made_up.code not in text(as_(cast.stranger).get(made_up.get_absolute_url()))
    own = factories.specification(source, "idle.csv", code="SPEC-OWN")
    assert "SPEC-OWN" in text(as_(cast.stranger).get(own.get_absolute_url()))


def test_a_person_shows_how_to_reach_them_what_waits_and_what_they_decided(as_, cast, proposal):
    person = cast.source_approver
    before = as_(cast.stranger).get(person.get_absolute_url())
    assert f'href="mailto:{person.email}"' in before.content.decode()
    assert [row.system.name for row in before.context["page"].rows] == ["Ledger"]
    assert before.context["details"].waiting.rows == [proposal]
    workflow.approve(proposal, sides=["SOURCE"], by=person)
    after = as_(cast.stranger).get(person.get_absolute_url()).context["details"]
    assert after.waiting.rows == []
    assert [step.proposal for step in after.decisions.rows] == [proposal]


def test_a_draft_on_the_page_of_its_maker_is_for_its_maker_alone(as_, cast, source, target):
    draft = factories.draft(cast.maker, source, target)
    for reader, seen in ((cast.maker, [draft]), (cast.stranger, [])):
        page = as_(reader).get(cast.maker.get_absolute_url())
        assert page.context["details"].proposals.rows == seen


def test_a_unit_shows_what_crosses_its_border_and_not_what_stays_within(as_, cast, market, source):
    _, _, done = market
    unit = factories.unit("Finance")
    System.objects.filter(pk=source.pk).update(organisational_unit=unit)
    details = as_(cast.stranger).get(unit.get_absolute_url()).context["details"]
    assert (details.out.rows, details.into.rows) == ([done.result_logical_flow], [])
    System.objects.filter(pk=done.target_id).update(organisational_unit=unit)
    details = as_(cast.stranger).get(unit.get_absolute_url()).context["details"]
    assert (details.out.rows, details.into.rows) == ([], [])


def test_flows_across_a_border_count_those_of_systems_without_a_unit(as_, cast, market, target):
    unit = factories.unit("Risk")
    System.objects.filter(pk=target.pk).update(organisational_unit=unit)
    found = as_(cast.stranger).get("/flows/", {"unit": unit.pk, "border": "into"})
    assert [row.target for row in found.context["page"].rows] == [target]


def test_a_system_shows_its_specifications_and_everybody_who_has_a_part(as_, cast, source):
    factories.involve(cast.stranger, source, "Reader")
    specification = factories.specification(source, "positions.csv")
    page = as_(cast.maker).get(source.get_absolute_url())
    assert page.context["page"].rows == [specification]
    others = {row.user: str(row.kind) for row in page.context["other_parts"].rows}
    deciding = {row.user for row in page.context["deciders"]}
    assert others[cast.stranger] == "Reader"
    assert cast.source_approver in deciding - set(others)


def test_pages_take_as_many_queries_for_many_rows_as_for_few(as_, cast, market, source):
    _, prices, _ = market
    client = as_(cast.stranger)
    urls = [thing.get_absolute_url() for thing in (prices, cast.maker, source)]
    few = {url: queries(client, url) for url in urls}
    for number in range(8):
        receiver, name = factories.system(f"S{number}"), f"{number}.csv"
        factories.involve(cast.both, receiver)
        other = factories.proposed(cast.maker, source, receiver, [prices], specification_name=name)
        workflow.approve(other, sides=["SOURCE"], by=cast.both)
    many = {url: queries(client, url) for url in urls}
    assert all(many[url] <= few[url] + 8 for url in urls), (few, many)


def test_of_very_many_parts_the_newest_come_first(as_, cast, monkeypatch):
    person = factories.user("Busy Bee")
    for number in range(60):
        factories.involve(person, factories.system(f"{60 - number:03}"))
    client, url = as_(cast.stranger), f"/people/{person.pk}/"
    for most in (59, 60):
        monkeypatch.setattr(catalogue, "MOST_COUNTED", most)
        answer = client.get(url)
        assert ("Newest first" in text(answer)) == (most < 60)
        shown = [part.system.name for page in turned(client, url) for part in page.rows]
        assert len(shown) == 60
        by_age = [part.system.name for part in person.involvements.order_by("-pk")]
        assert shown == (by_age if most < 60 else sorted(by_age))
