"""What stands between whoever asks and the rows: a view or another relation in the place of a
table, row security, rules, triggers of somebody else, and settings that switch triggers off.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from .... import guards
from .declared import all_tables, own_models

SWITCHED_OFF = "session_replication_role"  # with "replica" no trigger speaks
FOREIGN = "This trigger is not the product's."
RELATIONS = """SELECT c.relname, n.nspname, n.nspname = current_schema(), c.relkind::text,
    c.relpersistence = 'p' AND NOT c.relispartition AND NOT EXISTS (SELECT 1 FROM pg_inherits i
        WHERE c.oid IN (i.inhrelid, i.inhparent)),
    c.relrowsecurity OR c.relforcerowsecurity
        OR EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid),
    EXISTS (SELECT 1 FROM pg_rewrite r WHERE r.ev_class = c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = ANY (%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND (n.nspname = current_schema()
        OR EXISTS (SELECT 1 FROM pg_roles r WHERE r.rolname = n.nspname))"""
TRIGGERS = """SELECT t.tgname, c.relname, t.tgisinternal, t.tgenabled IN ('O', 'A')
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relname = ANY (%s) AND c.relnamespace = current_schema()::regnamespace"""
SETTINGS = """SELECT COALESCE(r.rolname, 'everybody'), setting
    FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) setting
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND setting LIKE %s"""
ALLOWED = """SELECT CASE a.grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(a.grantee)::text END
    FROM pg_parameter_acl p, aclexplode(p.paracl) a WHERE p.parname = %s
    AND a.grantee NOT IN (SELECT oid FROM pg_roles WHERE rolsuper)"""
KINDS = {
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
    "p": "a partitioned one",
}


def differences() -> Iterator[tuple[str, str]]:
    """(what, sentence) of each."""
    if connection.vendor == "postgresql":
        yield from _relations()
        yield from _triggers()
        yield from _settings()
    else:
        yield from _of_sqlite()


def _relations() -> Iterator[tuple[str, str]]:
    there = set()
    for table, schema, is_here, kind, is_plain, is_secured, is_ruled in _rows(
        RELATIONS, all_tables()
    ):
        if not is_here:
            yield (
                f"{schema}.{table}",
                f"The account {schema} would read this in the place of the table.",
            )
            continue
        there.add(table)
        if kind != "r":
            yield table, f"It is no table but {KINDS[kind]}."
            continue
        if not is_plain:
            yield table, "It is not a table by itself: it inherits, is a part, or is not kept."
        if is_secured:
            yield table, "Row security decides who sees which of its rows."
        if is_ruled:
            yield table, "A rule makes something else of what is asked of it."
    for table in sorted({model._meta.db_table for model in own_models()} - there):
        yield table, "There is no such table."


def _triggers() -> Iterator[tuple[str, str]]:
    known = _of_guards()
    for name, table, is_internal, is_on in _rows(TRIGGERS, all_tables()):
        if is_internal and not is_on:
            yield f"{name} on {table}", "The trigger that holds a reference is switched off."
        elif not is_internal and (name, table) not in known:
            yield f"{name} on {table}", FOREIGN


def _settings() -> Iterator[tuple[str, str]]:
    for role, setting in _rows(SETTINGS, f"{SWITCHED_OFF}=%"):
        if not setting.endswith("=origin"):
            yield setting, f"It switches triggers off for {role}."
    for (role,) in _rows(ALLOWED, SWITCHED_OFF):
        yield SWITCHED_OFF, f"It lets {role} switch triggers off."


def _of_sqlite() -> Iterator[tuple[str, str]]:
    rows = _rows("SELECT type, name, tbl_name FROM sqlite_master WHERE type <> 'index'")
    kinds = {name: kind for kind, name, _ in rows if kind != "trigger"}
    for model in own_models():
        kind = kinds.get(model._meta.db_table)
        if kind != "table":
            sentence = "It is no table but a view." if kind else "There is no such table."
            yield model._meta.db_table, sentence
    # A guard that was moved is said to be another where guards are compared.
    known, tables = {name for name, _ in _of_guards()}, set(all_tables())
    for kind, name, table in rows:
        if kind == "trigger" and table in tables and name not in known:
            yield f"{name} on {table}", FOREIGN


def _of_guards() -> set[tuple[str, str]]:
    return {
        (guard.trigger(event), guard.table)
        for guard in guards.GUARDS
        for event in guard.events_on(connection.vendor)
    }


def _rows(sql: str, *parameters: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall()
