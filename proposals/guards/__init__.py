"""What the database itself refuses, whoever writes: triggers, installed anew after every migrate.

The same guards serve PostgreSQL and SQLite; what must agree at commit (state, transitions, results,
history, register) is judged on PostgreSQL alone; elsewhere `manage.py verify_audit` finds it. Lists
of states, steps and columns come from the models. A refusal reads "sentence [name of the guard]"
and reaches Python as IntegrityError.
"""

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from . import people, proposals, record, register, transitions
from .guard import POSTGRESQL, PREFIX, Guard, name_of

__all__ = ["GUARDS", "Guard", "definitions", "install", "installed", "name_of", "remove"]

GUARDS = [
    *proposals.guards(),
    *transitions.guards(),
    *register.guards(),
    *people.guards(),
    *record.guards(),
]
INSTALLED = {
    POSTGRESQL: f"""SELECT DISTINCT t.tgname, c.relname FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND t.tgenabled <> 'D' AND t.tgname LIKE '{PREFIX}%'""",
    "sqlite": f"""SELECT name, tbl_name FROM sqlite_master
        WHERE type = 'trigger' AND name LIKE '{PREFIX}%'""",
}


def installed(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """The triggers of guards that are there and enabled, each with its table."""
    with connection.cursor() as cursor:
        cursor.execute(INSTALLED[connection.vendor])
        return dict(cursor.fetchall())


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
                f"DROP FUNCTION {name}() CASCADE" if on_postgresql else f"DROP TRIGGER {name}"
            )
