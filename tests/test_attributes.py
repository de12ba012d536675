"""Everything that can be said of a physical flow is asked, shown, compared, filed and kept alike:
each place that has one of its attributes follows one list.
"""

import csv
import html
import io
import re

import pytest

from proposals import workflow
from proposals.files.catalogue import TABLES
from proposals.forms import ChangeForm, ProposalForm, WishForm
from proposals.history.as_of import PhysicalRegister
from proposals.models import (
    FLOW_ATTRIBUTES,
    FlowAttributes,
    PhysicalFlow,
    Proposal,
    label,
    value_in_words,
)

from . import factories

MACHINE = {"content_key"}
FILLED = {
    "name": "end of day",
    "transport": "MESSAGING",
    "frequency": "WEEKLY",
    "basis_offset": 2,
    "criticality": "VERY_HIGH",
    "description": "All trades of the day.",
    "external_id": "JOB-17",
}
SHOWN = {
    "Flow name": "end of day",
    "Transport": "Messaging",
    "Frequency": "Weekly",
    "Basis offset": "T+2",
    "Criticality": "Very high",
    "Flow description": "All trades of the day.",
    "External id": "JOB-17",
}


def text(response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


@pytest.fixture
def filled(cast, source, target) -> Proposal:
    return factories.proposed(cast.maker, source, target, **FILLED)


@pytest.fixture
def physical(filled, cast) -> PhysicalFlow:
    return workflow.approve(filled, sides=["SOURCE", "TARGET"], by=cast.both).result_physical_flow


@pytest.fixture
def edit(physical, cast) -> Proposal:
    return factories.edited(physical, cast.maker, None, basis_offset=3)


def test_the_list_names_every_field_of_the_model_in_its_order():
    fields = [field.name for field in FlowAttributes._meta.local_fields]
    assert [attribute.name for attribute in FLOW_ATTRIBUTES] == [
        name for name in fields if name not in MACHINE
    ]
    assert list(FILLED) == FlowAttributes.ATTRIBUTES


def test_one_place_says_how_a_value_is_written():
    wish = factories.wish(**FILLED)
    names = [(label(wish._meta.get_field(name)), value_in_words(wish, name)) for name in FILLED]
    assert dict(names) == SHOWN
    assert dict(wish.attributes_shown) == SHOWN


@pytest.mark.parametrize("form", [WishForm, ProposalForm, ChangeForm])
def test_every_form_asks_for_each(form):
    assert set(FILLED) <= set(form.base_fields)


def test_the_pages_with_a_form_show_a_field_for_each(client, cast, physical):
    client.force_login(cast.maker)
    for url in (
        "/proposals/new/",
        f"/physical-flows/{physical.pk}/edit/",
        f"/flows/{physical.logical_flow_id}/physical/new/",
    ):
        page = client.get(url).content.decode()
        assert {name for name in FILLED if f'name="{name}"' not in page} == set(), url


def test_the_pages_of_a_flow_and_of_its_proposal_show_each(client, cast, filled, physical):
    client.force_login(cast.maker)
    for url in (filled.get_absolute_url(), physical.get_absolute_url()):
        page = text(client.get(url))
        assert {what for what, value in SHOWN.items() if f"{what} {value}" not in page} == set(), (
            url
        )


def test_a_change_is_compared_by_each(client, cast, edit):
    client.force_login(cast.maker)
    details = client.get(edit.get_absolute_url()).context["details"]
    comparison = [compared.line for compared in details.comparison]
    assert [(line.what, line.old) for line in comparison if line.what in SHOWN] == [*SHOWN.items()]
    assert [(line.old, line.new) for line in comparison if line.differs] == [("T+2", "T+3")]


def test_trail_and_page_say_the_same(client, cast, edit):
    client.force_login(cast.superuser)
    trail = text(client.get(f"/audit/proposals/{edit.pk}/"))
    assert "Basis offset T+2 T+3" in trail
    assert {what for what in SHOWN if what not in trail} == set()


def rows(response) -> list[dict]:
    content = b"".join(response).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def test_the_files_of_lists_and_trails_hold_each(client, cast, filled, edit):
    client.force_login(cast.superuser)
    listed = [row for row in rows(client.get("/proposals/?as=csv")) if row["Type"] == "New flow"]
    assert {what: listed[0][what] for what in SHOWN} == SHOWN
    trail = rows(client.get(f"/audit/proposals/{filled.pk}/?as=csv"))
    asked = {row["field"]: row["new"] for row in trail if row["part"] == "ASKED"}
    assert {what: asked[what] for what in SHOWN} == SHOWN


def test_the_catalogue_file_and_the_register_of_a_date_have_a_column_for_each():
    assert set(FILLED) <= {column.name for column in TABLES["physical_flows"].columns}
    assert set(FILLED) <= set(PhysicalRegister.HEADER)


def test_required_ones_and_those_of_the_key_are_the_same_everywhere():
    columns = TABLES["physical_flows"].by_name
    for attribute in FLOW_ATTRIBUTES:
        assert columns[attribute.name].optional != attribute.is_required
        assert (attribute.name in TABLES["physical_flows"].key) == attribute.is_in_key


@pytest.mark.parametrize("attribute", FLOW_ATTRIBUTES, ids=lambda attribute: attribute.name)
def test_only_what_is_in_the_key_makes_two_flows_different(attribute):
    other = {"basis_offset": 5, "transport": "MANUAL", "frequency": "DAILY", "criticality": "LOW"}
    wish = factories.wish(**FILLED)
    changed = factories.wish(**FILLED | {attribute.name: other.get(attribute.name, "other")})
    differ = wish.twin_key(1, 2, 3) != changed.twin_key(1, 2, 3)
    assert differ == attribute.is_in_key
