"""An owner's deeds: each comes out as the tables say.

One company for all, committed before, in the ledger and under a checkpoint that is kept elsewhere;
what an owner does is taken back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import override_settings
from django.utils import timezone

from proposals import guards
from proposals.history import ledger, verify
from proposals.history.verify import schema
from proposals.history.verify.schema import declared, grants
from proposals.models import LedgerLeaf, LedgerNode, PassResult

from . import accounts, attacks, conftest, factories
from .owner_attacks import (
    ANEW,
    AUDIT,
    CHECKPOINT,
    DEEDS,
    EXTENDED,
    INHERENT,
    LEDGER,
    ON_POSTGRESQL,
    ON_SQLITE,
    REFUSED,
    Deed,
)
from .test_forgeries import BY_NAME, stopped_by
from .thorough import LONG

POSTGRESQL = connection.vendor == "postgresql"
ALL = [*DEEDS, *(ON_POSTGRESQL if POSTGRESQL else ON_SQLITE)]


@pytest.fixture(scope="module")
def company(request, django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("owner")
    place = {"LEDGER_KEY": folder / "key.txt", "LEDGER_CHECKPOINTS": folder / "checkpoints"}
    if POSTGRESQL:
        request.getfixturevalue("roles")
    with django_db_blocker.unblock(), override_settings(**place):
        with transaction.atomic():
            source = factories.system("Ledger", code="LEDGER")
            target = factories.system("Risk Engine", code="RISK")
            cast = factories.cast(source, target, factories.user("Mia Maker"))
            ids = vars(attacks.scene(cast, source, target))
            if POSTGRESQL:
                accounts.grant()
        call_command("ledger_key")
        call_command("checkpoint")
        yield SimpleNamespace(ids=ids, checkpoints=place["LEDGER_CHECKPOINTS"])
        conftest.empty_tables(None)


def outcome(deed: Deed, company) -> str:
    """One of the words of the tables, or what refused it; "" if nothing names it."""
    with transaction.atomic():
        try:
            with triggers_off() if deed in DEEDS else transaction.atomic():
                for statement in deed.sql.format(**company.ids).split("; "):
                    carry_out(statement)
            return named(company.checkpoints)
        except DatabaseError as error:
            return stopped_by(error)
        finally:
            transaction.set_rollback(True)


@contextmanager
def triggers_off() -> Iterator[None]:
    connection.check_constraints()
    with connection.cursor() as cursor:
        if POSTGRESQL:
            cursor.execute("SET LOCAL session_replication_role = replica")
        else:
            guards.remove(connection)
        yield
        if POSTGRESQL:
            cursor.execute("SET LOCAL session_replication_role = origin")
        else:
            guards.install(connection)


def carry_out(statement: str) -> None:
    if statement == ANEW:
        for model in (LedgerNode, LedgerLeaf, PassResult):
            model.objects.all().delete()
    if statement in (ANEW, EXTENDED):
        ledger.extend(timezone.now())
        return
    with connection.cursor() as cursor:
        cursor.execute(statement)


def named(checkpoints: Path) -> str:
    if any(breach for check in verify.CHECKS.values() for breach in check()):
        return AUDIT
    name = "ledger and checkpoints"
    if any(verify.checks(None, is_first=True)[name]()):
        return LEDGER
    if any(verify.checks(checkpoints, is_first=False)[name]()):
        return CHECKPOINT
    return ""


def test_each_comes_out_as_the_table_says(company, subtests):
    assert named(company.checkpoints) == ""
    for deed in ALL if LONG else sample(ALL):
        with subtests.test(kind=deed.kind, name=deed.name):
            expected = "" if deed.outcome == INHERENT else deed.outcome
            result = outcome(deed, company)
            assert result == expected or (expected == REFUSED and result in BY_NAME)
            assert bool(deed.why) == (deed.outcome == INHERENT)


def test_none_of_them_is_there_twice():
    named = [(deed.kind, deed.name) for deed in DEEDS + ON_POSTGRESQL]
    assert len(named) == len(set(named))
    assert len({deed.sql for deed in ALL}) == len(ALL)


if POSTGRESQL:

    def test_what_the_readme_gives_is_what_the_audit_allows(accounts):
        """To the word: what is given nowhere else would be missed, or named for nothing."""
        given: dict[tuple[str, str], set[str]] = {}
        tables = declared.all_tables()
        with connection.cursor() as cursor:
            cursor.execute(grants.GRANTED, [tables, tables])
            for table, column, role, privilege, _ in cursor.fetchall():
                if column is None:
                    given.setdefault((role, table), set()).add(privilege)
        assert list(schema.of_grants()) == []
        role = grants.APPLICATION
        assert {table: given[role, table] for table in tables} == {
            table: grants.allowed(table, role) for table in tables
        }
        role = grants.AUDITOR
        assert {table for table in tables if given.get((role, table)) != {"SELECT"}} == set(
            grants.NOT_FOR_AUDITORS
        )


def sample(deeds: list[Deed]) -> list[Deed]:
    """One of each kind and outcome: the others are tried by `make test-long`."""
    return list({(deed.kind, deed.outcome): deed for deed in deeds}.values())
