"""Each guard and each constraint is taken away in turn, and the attacks tell: what it alone stopped
passes then.

A constraint cannot be taken from a table of SQLite, so there it is the guards alone.
"""

import re
from contextlib import contextmanager

from django.db import IntegrityError, connection, transaction

from proposals import guards
from proposals.history import verify

from .. import attacks
from ..forgeries import FORGERIES
from ..test_guards import KEPT, ON_POSTGRESQL, carry_out, put_up, taken_down, without_guards
from . import constraints

__all__ = ["taken_down"]

ATTACKS_BY_GUARD = attacks.TABLE | ({} if ON_POSTGRESQL else attacks.REPLACING)
# Attacked by the application's account alone, and taken away in test_forgeries.py.
FORGED = {forgery.outcome for forgery in FORGERIES} - set(attacks.TABLE)


def stopper(sql):
    """The guard or constraint that stops it, or None if it passes; whatever it did is undone."""
    try:
        with transaction.atomic():
            carry_out(sql)
            transaction.set_rollback(True)
    except IntegrityError as stopped:
        guard = re.search(r"\[(\w+)\]", str(stopped))
        return guard[1] if guard else stopped.__cause__.diag.constraint_name
    return None


def attacks_on(guard, scene):
    """SQL: those of the table, and the ones on every table of the record."""
    rows, key = (
        guard.table,
        next((model._meta.pk.column for model in KEPT if model._meta.db_table == guard.table), ""),
    )
    on_every_table = {
        "unchanged": f"UPDATE {rows} SET {key} = {key}",
        "stays": f"TRUNCATE {rows} CASCADE" if ON_POSTGRESQL else f"DELETE FROM {rows}",
        "not_replaced": f"REPLACE INTO {rows} SELECT * FROM {rows}",
    }
    mine = [sql.format(**scene) for sql in ATTACKS_BY_GUARD.get(guard.name, [])]
    return mine or [sql for name, sql in on_every_table.items() if guard.name.endswith(f"_{name}")]


def take_down(guard):
    with connection.cursor() as cursor:
        for name in map(guard.trigger, guard.events_on(connection.vendor)):
            cursor.execute(
                f"DROP FUNCTION {name}() CASCADE" if ON_POSTGRESQL else f"DROP TRIGGER {name}"
            )


@contextmanager
def undone():
    connection.check_constraints()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def without_it(guard, sqls):
    """What stops each attack when this one of all guards is gone; and the audit says that it is."""
    with undone():
        take_down(guard)
        missing = {breach.rows.split(" on ")[0] for breach in verify.CHECKS["guards in place"]()}
        assert missing == set(map(guard.trigger, guard.events_on(connection.vendor)))
        return [stopper(sql) for sql in sqls]


def with_it_alone(guard, sqls):
    with undone():
        put_up(guard)
        return [stopper(sql) for sql in sqls]


def test_each_guard_taken_away_is_noticed(scene, taken_down, record_property):
    here = {
        guard: attacks_on(guard, scene)
        for guard in guards.GUARDS
        if guard.events_on(connection.vendor) and guard.name not in FORGED
    }
    others = {guard: without_it(guard, sqls) for guard, sqls in here.items()}
    without_guards()
    alone = {guard: with_it_alone(guard, sqls) for guard, sqls in here.items()}
    without = {guard: [stopper(sql) for sql in sqls] for guard, sqls in here.items()}
    unnoticed = []
    for guard in here:
        noticed = [number for number, name in enumerate(alone[guard], 1) if name == guard.name]
        noticed = [number for number in noticed if without[guard][number - 1] != guard.name]
        then = ", ".join(sorted({name or "nothing" for name in others[guard]}))
        print(
            f"guard {guard.name}: noticed by attack {noticed} on it and by verify_audit; "
            f"of the others stops it: {then}"
        )
        unnoticed += [] if noticed else [guard.name]
    record_property("figure", f"{len(here)} guards taken away in turn, {len(unnoticed)} unnoticed")
    assert unnoticed == []


def drop(table, name):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_constraint WHERE conname = %s AND conrelid = %s::regclass",
            [name, table],
        )
        cursor.execute(
            f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'
            if cursor.fetchone()
            else f'DROP INDEX "{name}"'
        )


if ON_POSTGRESQL:  # SQLite cannot drop a constraint

    def test_each_constraint_taken_away_is_noticed(scene, record_property):
        without_guards()
        there, unnoticed = constraints.constraints(), []
        for name, (table, own) in sorted(there.items()):
            known = constraints.IMPLIED.get(name, name)
            attack = constraints.TABLE[known].format(**scene)
            with undone():
                before = stopper(attack)
                drop(table, own)
                then = stopper(attack)
            if name in constraints.IMPLIED:
                print(f"constraint {name}: implied by {known}, which stops all that it would")
            else:
                print(
                    f"constraint {name}: noticed by the attack on it; "
                    f"in its place stops it {then or 'nothing'}"
                )
            unnoticed += [name] if before == then and name not in constraints.IMPLIED else []
        record_property(
            "figure", f"{len(there)} constraints taken away in turn, {len(unnoticed)} unnoticed"
        )
        assert unnoticed == []
