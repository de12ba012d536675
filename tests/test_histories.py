"""Histories as readers see them: what became different, from what, to what."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from proposals import workflow
from proposals.history.changes import history_of
from proposals.models import OrganisationalUnit, PhysicalFlow, Proposal

from . import factories


def told(*things):
    return [
        [(it.what, it.old, it.new) for it in change.differences] for change in history_of(*things)
    ]


def test_a_change_says_which_fields_became_different_the_newest_first(source):
    source.name, source.is_external = "Big Ledger", True
    source.save()
    source.organisational_unit = OrganisationalUnit.objects.create(code="FIN", name="Finance")
    source.save()
    assert told(source)[:2] == [
        [("Organisational unit", "", "Finance")],
        [("Name", "Ledger", "Big Ledger"), ("External", "no", "yes")],
    ]
    assert history_of(source)[2].created


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
    assert told(physical)[0] == [("Transport", "File transport", "Messaging")]
    together = history_of(physical, physical.specification)
    assert [it.kind for it in together] == ["Physical flow", "Physical specification"] * 2
    assert [(it.what, it.old, it.new) for it in together[1].differences] == [
        ("Data types", "Trades", "Prices")
    ]
    assert {it.proposal for it in together[:2]} == {change.pk}


def test_the_page_tells_the_history_with_a_link_to_the_proposal(cast, client, physical):
    client.force_login(cast.stranger)
    page = client.get(physical.get_absolute_url()).content.decode()
    proposal = physical.origin_proposal
    assert (
        f'<a href="{proposal.get_absolute_url()}">Proposal {proposal.pk}: fully approved</a>'
        in page
    )


def test_only_the_newest_are_told_and_the_oldest_of_them_still_has_its_difference(source):
    for number in range(5):
        source.name = f"Ledger {number}"
        source.save()
    assert [[it.new for it in change.differences] for change in history_of(source, most=2)] == [
        ["Ledger 4"],
        ["Ledger 3"],
    ]


def test_a_long_history_costs_as_many_queries_as_a_short_one(physical, django_assert_num_queries):
    specification = physical.specification
    for number in range(30):
        specification.name = f"trades {number}.csv"
        factories.store(
            specification,
            by=None,
            why="told",
            at=timezone.now(),
            data_types=[factories.data_type()],
        )
    with django_assert_num_queries(2):
        assert len(history_of(specification)) == 25


@pytest.mark.once(on="postgresql")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one kind of integer")
def test_no_key_ends_after_two_thousand_million(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND table_name LIKE 'proposals_%' "
            "AND (column_name LIKE '%_id' OR column_name = 'id') AND data_type = 'integer'"
        )
        # Those of other packages' tables.
        others = {"group_id", "permission_id", "mail_id"}
        assert {column for _, column in cursor.fetchall()} == others
        cursor.execute(
            "SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema() "
            "AND sequencename LIKE 'proposals_%' AND data_type::text <> 'bigint'"
        )
        assert cursor.fetchall() == []


@pytest.mark.once(on="postgresql")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one kind of integer")
def test_a_key_that_was_widened_is_known_to_the_planner(source):
    """With its type go its statistics; without them an audit reads whole tables for each row."""
    table = "proposals_historicalsystem"
    migration = MigrationLoader(None).disk_migrations["proposals", "0039_long_histories"]
    [*_, widening] = migration.operations
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ALTER COLUMN history_id TYPE integer")
        widening.code(apps, connection.schema_editor())
        cursor.execute(
            "SELECT a.atttypid::regtype::text, s.n_distinct FROM pg_attribute a "
            "LEFT JOIN pg_stats s ON (s.tablename, s.attname) = (a.attrelid::regclass::text, "
            "a.attname) WHERE a.attrelid = %s::regclass AND a.attname = 'history_id'",
            [table],
        )
        assert cursor.fetchone() == ("bigint", -1)
