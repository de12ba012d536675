"""What the database itself refuses, whoever writes: triggers, brought up to date by every migrate.

The same guards serve PostgreSQL and SQLite; what must agree at commit (state, transitions, results,
history, register) is judged on PostgreSQL alone; elsewhere `manage.py verify_audit` finds it. Lists
of states, steps and columns come from the models. A refusal reads "sentence [name of the guard]"
and reaches Python as IntegrityError.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from . import causes, notices, people, proposals, record, register, remarks, tokens, transitions
from .guard import POSTGRESQL, PREFIX, Guard, in_one_line, name_of

GUARDS = [
    *proposals.guards(),
    *transitions.guards(),
    *register.guards(),
    *people.guards(),
    *tokens.guards(),
    *record.guards(),
    *causes.guards(),
    *remarks.guards(),
    *notices.guards(),
]
LOCK_SECONDS = 10
# Each trigger with its definition as `Guard.definition` puts it; one that is switched off, or whose
# function is another or reads elsewhere, has one that no guard has.
INSTALLED = {
    POSTGRESQL: f"""SELECT t.tgname, concat_ws(' ', pg_get_triggerdef(t.oid, true), p.prosrc,
            CASE WHEN t.tgenabled NOT IN ('O', 'A') THEN 'switched off' END,
            CASE WHEN p.proconfig IS DISTINCT FROM
                ARRAY[format('search_path=%I, pg_temp', current_schema())]
                THEN 'elsewhere' END,
            CASE WHEN p.prosecdef THEN 'as its owner' END, CASE WHEN l.lanname <> 'plpgsql'
                THEN 'in another language' END)
        FROM pg_trigger t
        JOIN pg_proc p ON p.oid = t.tgfoid
        JOIN pg_language l ON l.oid = p.prolang
        JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND t.tgname LIKE '{PREFIX}%'""",
    "sqlite": f"""SELECT name, sql FROM sqlite_master
        WHERE type = 'trigger' AND name LIKE '{PREFIX}%'""",
}


def installed(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """The triggers of guards that are there, each with its definition."""
    with connection.cursor() as cursor:
        cursor.execute(INSTALLED[connection.vendor])
        return {name: in_one_line(definition) for name, definition in cursor.fetchall()}


def definitions(connection: BaseDatabaseWrapper) -> list[str]:
    """The statements that would make the guards of this SQLite database again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sql FROM sqlite_master "
            f"WHERE type = 'trigger' AND name LIKE '{PREFIX}%' ORDER BY name"
        )
        return [sql for (sql,) in cursor.fetchall()]


def install(connection: BaseDatabaseWrapper) -> None:
    """Make those that are missing, and those that differ anew; take away what is no guard any more.
    All or none. A schema that is not migrated to the newest lacks tables, and has no guards on
    them.

    To put up a trigger PostgreSQL locks its table against everybody: what is there already stays,
    and who waits for a lock longer than LOCK_SECONDS gives up (OperationalError), before all others
    queue up behind.
    """
    vendor = connection.vendor
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if vendor == POSTGRESQL:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        tables = set(connection.introspection.table_names(cursor))
        wanted = {
            guard.trigger(event): (guard, event)
            for guard in GUARDS
            for event in guard.events_on(vendor)
            if guard.table in tables
        }
        there = installed(connection)
        same = {
            name
            for name, (guard, event) in wanted.items()
            if there.get(name) == guard.definition(event, vendor)
        }
        _take_away(connection, there.keys() - same)
        for name, (guard, event) in wanted.items():
            if name not in same:
                for statement in guard.statements(event, vendor):
                    cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take all of them away: for tests that must empty tables, and for SQLite before its tables are
    rebuilt.
    """
    _take_away(connection, installed(connection))


def _take_away(connection: BaseDatabaseWrapper, triggers: Iterable[str]) -> None:
    on_postgresql = connection.vendor == POSTGRESQL
    # CASCADE takes the trigger along that calls the function.
    with connection.cursor() as cursor:
        for name in triggers:
            cursor.execute(
                f"DROP FUNCTION IF EXISTS {name}() CASCADE"
                if on_postgresql
                else f"DROP TRIGGER {name}"
            )
