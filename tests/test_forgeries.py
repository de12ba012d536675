"""A careful forger with the application's account: each of the table comes out as it says.

One company for all, committed before; what a forger writes is taken back.
"""

import re

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from proposals import guards
from proposals.history import verify

from . import accounts, attacks, conftest, factories
from .attacks import PHYSICAL_GONE, copied, step
from .forgeries import (
    ANALYSTS_RULE,
    AUDIT,
    DENIED,
    FORGERIES,
    INHERENT,
    SAMS_PART,
    Forgery,
    added,
)

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite knows no accounts"
)
BY_NAME = {guard.name: guard for guard in guards.GUARDS}
STEWARDSHIP = (
    "(SELECT MAX(m2m_history_id) FROM proposals_historicaluser_groups WHERE user_id = {steward})"
)
SECOND_FLOW = copied("physicalflow", "{physical}", content_key="'5'", name="'second'")
REFUSED = [forgery for forgery in FORGERIES if forgery.outcome in BY_NAME]


@pytest.fixture(scope="module")
def company(roles, django_db_blocker):
    """Ids by name, for SQL."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            ids = made_company()
            accounts.grant()
        yield ids
        conftest.empty_tables(None)


def made_company() -> dict[str, int]:
    source = factories.system("Ledger", code="LEDGER")
    target = factories.system("Risk Engine", code="RISK")
    cast = factories.cast(source, target, factories.user("Mia Maker"))
    return vars(attacks.scene(cast, source, target))


def outcome(forgery: Forgery, ids: dict, without: guards.Guard | None = None) -> str:
    """The name of the guard that refuses it, or a word of the table; "" if it passes in silence.
    Nothing of it stays.
    """
    first, *statements = forgery.sql.format(**ids).split("; ")
    with transaction.atomic(), connection.cursor() as cursor:
        # Before anything else of the transaction, since it may be about the transaction itself.
        begins = first.startswith("SET TRANSACTION")
        cursor.execute(first if begins else "SELECT")
        if without:
            take_away(without)
        try:
            cursor.execute("SET LOCAL ROLE waltzflow_app")
            for statement in statements if begins else [first, *statements]:
                cursor.execute(statement)
            connection.check_constraints()
        except DatabaseError as error:
            transaction.set_rollback(True)
            return stopped_by(error)
        cursor.execute("RESET ROLE")
        named = forgery.outcome in (AUDIT, "") and any(verify.breaches())
        transaction.set_rollback(True)
    return AUDIT if named else ""


def stopped_by(error: DatabaseError) -> str:
    guard = re.search(r"\[(\w+)\]", str(error))
    return guard[1] if guard else str(error)


def take_away(guard: guards.Guard) -> None:
    with connection.cursor() as cursor:
        for name in map(guard.trigger, guard.events_on(connection.vendor)):
            cursor.execute(f"DROP TRIGGER {name} ON {guard.table}")


def test_each_comes_out_as_the_table_says(company, subtests):
    for forgery in FORGERIES:
        with subtests.test(kind=forgery.kind, name=forgery.name):
            result = outcome(forgery, company)
            expected = "" if forgery.outcome == INHERENT else forgery.outcome
            assert result == expected or (expected == DENIED and DENIED in result)
            assert bool(forgery.why) == (forgery.outcome == INHERENT)


def test_a_guard_taken_away_is_missed(company, subtests):
    for name in sorted({forgery.outcome for forgery in REFUSED}):
        own = [forgery for forgery in REFUSED if forgery.outcome == name]
        with subtests.test(guard=name):
            results = {outcome(forgery, company, BY_NAME[name]) for forgery in own}
            # Constraints of other tables may know the number too.
            assert "" in results or (name.endswith("_keeps_its_id") and name not in results)


# What the first of two transactions writes, and the second, before either commits.
CROSSING = {
    "two removals of the last two physical flows": (
        f"{SECOND_FLOW}; {PHYSICAL_GONE}; SET CONSTRAINTS guard_physicalflow_under_active_update "
        "IMMEDIATE",
        "UPDATE proposals_logicalflow SET lifecycle = lifecycle WHERE id = {flow}",
    ),
    "a data type and the submission": (
        "SELECT 1 FROM proposals_proposal WHERE id = {draft} FOR UPDATE",
        "INSERT INTO proposals_proposal_data_types (proposal_id, datatype_id) "
        "VALUES ({draft}, {unused_type})",
    ),
    "a decision and a policy": (
        step(),
        "UPDATE proposals_policy SET maker_decides = 'WALTZ'",
    ),
    "a decision and whoever decides": (
        step(),
        "UPDATE proposals_user SET is_active = FALSE, session_salt = 'x' "
        "WHERE id = {source_approver}",
    ),
    "a decision and the end of the involvement": (
        step(),
        f"UPDATE proposals_involvement SET ended_at = CURRENT_TIMESTAMP WHERE id = {SAMS_PART}",
    ),
    "a decision and a change of its rule": (
        step(),
        "UPDATE proposals_approverrule SET may_approve = FALSE WHERE may_approve",
    ),
    "a decision and a rule of the system in place of its own": (
        step(),
        added("approverrule", ANALYSTS_RULE, system_id="{source}"),
    ),
    "a decision and the steward's leaving": (
        step(
            by_id="{steward}",
            basis="'STEWARD'",
            involvement_id="NULL",
            rule_id="NULL",
            stewardship_id=STEWARDSHIP,
        ),
        "DELETE FROM proposals_user_groups WHERE user_id = {steward}",
    ),
}


@pytest.mark.parametrize("crossing", CROSSING)
def test_the_second_waits_for_the_first(company, crossing):
    first, second = (sql.format(**company) for sql in CROSSING[crossing])
    other = connection.copy()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in first.split("; "):
                cursor.execute(statement)
            with other.cursor() as waiting:
                waiting.execute("SET lock_timeout = 100")
                with pytest.raises(OperationalError, match="lock timeout"):
                    waiting.execute(second)
            transaction.set_rollback(True)
    finally:
        other.close()
