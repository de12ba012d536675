"""What the database itself refuses, whoever writes: triggers, installed anew after every migrate.

The same guards serve PostgreSQL and SQLite; what must agree at commit (state, transitions, results,
history, register) is judged on PostgreSQL alone; elsewhere `manage.py verify_audit` finds it. Lists
of states, steps and columns come from the models. A refusal reads "sentence [name of the guard]"
and reaches Python as IntegrityError.
"""

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from . import people, proposals, record, register, remarks, transitions
from .guard import POSTGRESQL, PREFIX, Guard, in_one_line, name_of

__all__ = ["GUARDS", "Guard", "definitions", "install", "installed", "name_of", "remove"]

GUARDS = [
    *proposals.guards(),
    *transitions.guards(),
    *register.guards(),
    *people.guards(),
    *record.guards(),
    *remarks.guards(),
]
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
    """Put all of them in place of whatever guards there are, all or none. A schema that is not
    migrated to the newest lacks tables, and has no guards on them.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        remove(connection)
        there = set(connection.introspection.table_names(cursor))
        for guard in (guard for guard in GUARDS if guard.table in there):
            for statement in guard.statements(connection.vendor):
                cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take all of them away: for tests that must empty tables, and for SQLite before its tables are
    rebuilt.
    """
    on_postgresql = connection.vendor == POSTGRESQL
    # CASCADE takes the trigger along that calls the function.
    with connection.cursor() as cursor:
        for name in installed(connection):
            cursor.execute(
                f"DROP FUNCTION IF EXISTS {name}() CASCADE"
                if on_postgresql
                else f"DROP TRIGGER {name}"
            )
