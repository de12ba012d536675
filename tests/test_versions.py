"""Histories as readers see them: what became different, from what, to what."""

import pytest
from django.utils import timezone

from proposals import workflow
from proposals.models import OrganisationalUnit, PhysicalFlow, Proposal, store
from proposals.versions import versions

from . import factories


def told(*tracked):
    return [[(change.what, change.old, change.new) for change in version.changes] for version in versions(*tracked)]


def test_a_version_says_which_fields_became_different(source):
    source.name, source.is_external = "Big Ledger", True
    source.save()
    source.organisational_unit = OrganisationalUnit.objects.create(code="FIN", name="Finance")
    source.save()
    assert told(source) == [
        [("Organisational unit", "", "Finance")],
        [("Name", "Ledger", "Big Ledger"), ("External", "no", "yes")],
        [],
    ]


def test_a_save_that_changed_nothing_says_so_by_silence(source):
    source.save()
    assert told(source) == [[], []]


@pytest.fixture
def physical(cast, source, target):
    done = factories.proposed(cast.maker, source, target, types=[factories.data_type("Trades")])
    return workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both).result_physical_flow


def test_an_approved_change_reads_as_choices_and_names_not_as_codes(cast, physical):
    change = Proposal.change_of(physical, cast.maker)
    change.transport, change.reason = "MESSAGING", factories.reason()
    workflow.submit(change, [factories.data_type("Prices")], by=cast.maker)
    workflow.approve(change, sides=["SOURCE", "TARGET"], by=cast.both)
    physical = PhysicalFlow.objects.get()
    assert told(physical) == [[("Transport", "File Transport", "Messaging")], []]
    together = versions(physical, physical.specification)
    assert [version.of for version in together[:2]] == ["Physical flow", "Physical specification"]
    assert [(c.what, c.old, c.new) for c in together[1].changes] == [("Data types", "Trades", "Prices")]
    assert together[0].row.history_change_reason == f"Proposal {change.pk}: fully approved"


def test_only_the_newest_are_told_and_the_oldest_of_them_still_has_its_difference(source):
    for number in range(5):
        source.name = f"Ledger {number}"
        source.save()
    assert [[c.new for c in version.changes] for version in versions(source, most=2)] == [["Ledger 4"], ["Ledger 3"]]


def test_a_long_history_costs_as_many_queries_as_a_short_one(physical, django_assert_num_queries):
    specification = physical.specification
    for number in range(30):
        specification.name = f"trades {number}.csv"
        types = [factories.data_type()]
        store(specification, by=None, why="told", at=timezone.now(), data_types=types)
    with django_assert_num_queries(2):
        assert len(versions(specification)) == 25
