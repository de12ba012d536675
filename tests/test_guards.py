"""Raw SQL against the database itself: the guard an attack names stops it, and nothing but that
guard.

What PostgreSQL refuses only at commit, SQLite lets pass; there the audit must find it.
"""

import re
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from proposals import guards
from proposals.guards.record import histories
from proposals.history import ledger, verify
from proposals.models import (
    ImportBatch,
    ImportedFile,
    LedgerForm,
    LedgerLeaf,
    LedgerNode,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    Remark,
    Transition,
)

from . import attacks
from .attacks import ATTACKS, TABLE
from .forgeries import FORGERIES

ON_POSTGRESQL = connection.vendor == "postgresql"
BY_NAME = {guard.name: guard for guard in guards.GUARDS}


def carry_out(sql: str) -> None:
    """The attack as somebody with the application's account commits it: what is judged at commit
    speaks too.
    """
    connection.check_constraints()  # of what came before
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in sql.split("; "):
            cursor.execute(statement)
        if ON_POSTGRESQL:
            connection.check_constraints()


def without_guards() -> None:
    """Take all of them away, for this test alone; what is pending is judged first."""
    connection.check_constraints()
    guards.remove(connection)


def put_up(guard: guards.Guard) -> None:
    with connection.cursor() as cursor:
        for event in guard.events_on(connection.vendor):
            for statement in guard.statements(event, connection.vendor):
                cursor.execute(statement)


def judged_here(guard: guards.Guard) -> bool:
    return ON_POSTGRESQL or bool(guard.events_on(connection.vendor))


def undone(act, *args) -> None:
    """Carry it out and take it back: whether it passes is what counts."""
    with transaction.atomic():
        act(*args)
        transaction.set_rollback(True)


def test_the_guard_and_nothing_else_stops_the_attack(scene, subtests):
    without_guards()
    for name, sql in ATTACKS:
        with subtests.test(guard=name, sql=sql), transaction.atomic():
            undone(carry_out, sql.format(**scene))
            put_up(BY_NAME[name])
            if judged_here(BY_NAME[name]):
                assert refused(sql.format(**scene), rf"\[{name}\]")
            transaction.set_rollback(True)


def test_with_all_guards_no_attack_passes_unseen(scene, subtests):
    assert list(verify.breaches()) == []
    for name, sql in ATTACKS:
        with subtests.test(guard=name, sql=sql), transaction.atomic():
            if judged_here(BY_NAME[name]):
                assert refused(sql.format(**scene))
            else:
                carry_out(sql.format(**scene))
                assert list(verify.breaches()) != []
                transaction.set_rollback(True)


def refused(sql: str, why: str | None = None) -> bool:
    with pytest.raises(IntegrityError, match=why):
        carry_out(sql)
    return True


LEDGER = [LedgerForm, LedgerLeaf, LedgerNode]
REMARKS = [Remark, Remark.mentioned.through]
RECORD = [Transition, *REMARKS, ImportBatch, ImportedFile, *histories(), *LEDGER]
KEPT = [*RECORD, Proposal, LogicalFlow, PhysicalFlow, PhysicalSpecification]


@pytest.fixture
def taken_down(scene):
    """The scene with leaves in the ledger, and a node, as a larger one has."""
    ledger.extend(timezone.now())
    LedgerNode.objects.create(level=8, place=0, sha256="0" * 64)


def test_the_record_is_only_appended_to(taken_down, subtests):
    for model in RECORD:
        table, key, name = model._meta.db_table, model._meta.pk.column, guards.name_of(model)
        with subtests.test(table=table):
            assert model.objects.exists()
            assert refused(f"UPDATE {table} SET {key} = {key}", rf"\[{name}_unchanged\]")
            assert refused(f"DELETE FROM {table}", rf"\[{name}_stays\]")


def test_no_table_of_the_record_is_emptied_or_replaced_wholesale(taken_down, subtests):
    wholesale = (
        "TRUNCATE {table} CASCADE"
        if ON_POSTGRESQL
        else "REPLACE INTO {table} SELECT * FROM {table}"
    )
    for model in KEPT:
        with subtests.test(table=model._meta.db_table):
            assert refused(wholesale.format(table=model._meta.db_table))


if not ON_POSTGRESQL:

    def test_nothing_is_replaced_by_any_key_that_is_unique(scene, subtests):
        without_guards()
        for name, attacks_on_it in attacks.REPLACING.items():
            for sql in attacks_on_it:
                with subtests.test(guard=name, sql=sql), transaction.atomic():
                    undone(carry_out, sql.format(**scene))
                    put_up(BY_NAME[name])
                    assert refused(sql.format(**scene), rf"\[{name}\]")
                    transaction.set_rollback(True)


def test_every_guard_has_an_attack():
    attacked = {*TABLE, *attacks.REPLACING}
    whole = {
        f"{guards.name_of(model)}_{what}"
        for model in KEPT
        for what in ("unchanged", "stays", "not_replaced")
    }
    forged = {forgery.outcome for forgery in FORGERIES}
    assert set(BY_NAME) <= attacked | whole | forged
    assert attacked <= set(BY_NAME)


def test_every_guard_is_installed_after_migrate_and_none_twice(db):
    expected = {
        guard.trigger(event)
        for guard in guards.GUARDS
        for event in guard.events_on(connection.vendor)
    }
    assert set(guards.installed(connection)) == expected
    assert max(map(len, expected)) <= 63
    guards.install(connection)
    assert set(guards.installed(connection)) == expected


def changes_of_the_schema(act, *args) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        act(*args)
    return [query["sql"] for query in asked if re.match(r"\s*(CREATE|DROP|DO|ALTER)", query["sql"])]


def test_guards_that_are_as_they_should_be_are_left_in_peace(db):
    assert changes_of_the_schema(guards.install, connection) == []


def test_only_a_guard_that_differs_is_made_anew(db):
    expected = guards.installed(connection)
    one = BY_NAME["proposal_frozen_when_submitted"]
    guards.remove(connection)
    other = replace(one, refused="1 = 2")
    for guard in (other, *(guard for guard in guards.GUARDS if guard is not one)):
        put_up(guard)
    with connection.cursor() as cursor:
        gone = replace(one, name="of_an_older_version")
        for statement in gone.statements("UPDATE", connection.vendor):
            cursor.execute(statement)
    changed = changes_of_the_schema(guards.install, connection)
    assert guards.installed(connection) == expected
    assert all(one.name in sql or gone.name in sql for sql in changed), changed


if ON_POSTGRESQL:

    @pytest.mark.django_db(transaction=True)
    def test_who_holds_a_table_stops_the_guards_of_a_migrate_and_nobody_else(monkeypatch):
        monkeypatch.setattr(guards, "LOCK_SECONDS", 1)
        one = BY_NAME["proposal_frozen_when_submitted"]
        with connection.cursor() as cursor:
            cursor.execute(f"DROP FUNCTION {one.trigger('UPDATE')}() CASCADE")
        other = connection.copy()
        try:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {one.table} IN ROW EXCLUSIVE MODE")
            with pytest.raises(CommandError, match="somebody has held a table"):
                call_command("migrate", verbosity=0)
        finally:
            other.rollback()
            other.close()
        call_command("migrate", verbosity=0)
        assert one.trigger("UPDATE") in guards.installed(connection)


def test_a_temporary_table_does_not_stand_in_for_the_record(scene):
    """Names in a guard mean the tables of the project, even for somebody who puts others in front
    of them.
    """
    name = "proposals_user"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {name} AS SELECT * FROM {name}")
        cursor.execute(f"UPDATE {name} SET is_active = TRUE")
    assert refused(
        attacks.step(by_id="{inactive}").format(**scene), "transition_by_somebody_active"
    )
