"""Constraints and indexes that the models declare, against those that are there.

PostgreSQL keeps them in words of its own, so there they are asked for by name and must be valid;
SQLite keeps the statements as they were written, which must be those that Django writes.
"""

import re
from collections.abc import Iterator
from functools import cache

from django.apps import apps
from django.db import connection, models
from django.db.models import BaseConstraint, Index

from ...guards.guard import in_one_line
from .breach import Breach

GONE = "It is not in place."
CHANGED = "It is not what the product declares."
NOT_VALID = """SELECT c.conname, c.conrelid::regclass::text FROM pg_constraint c
    WHERE NOT c.convalidated AND c.connamespace = current_schema()::regnamespace
    UNION ALL SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text FROM pg_index i
    JOIN pg_class k ON k.oid = i.indexrelid
    WHERE NOT (i.indisvalid AND i.indisready)
    AND k.relnamespace = current_schema()::regnamespace"""


def breaches() -> Iterator[Breach]:
    lost = _lost_on_postgresql if connection.vendor == "postgresql" else _lost_on_sqlite
    for name, table, sentence in lost():
        yield Breach("schema", f"{name} on {table}", sentence)


def _lost_on_postgresql() -> Iterator[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        for model in _models():
            table = model._meta.db_table
            there = connection.introspection.get_constraints(cursor, table)
            for name in _declared(model):
                if name not in there:
                    yield name, table, GONE
            unique = {tuple(about["columns"]) for about in there.values() if about["unique"]}
            for columns in _unique_columns(model) - unique:
                yield f"unique ({', '.join(columns)})", table, GONE
            foreign = {about["columns"][0] for about in there.values() if about["foreign_key"]}
            for column in _references(model) - foreign:
                yield f"reference of {column}", table, GONE
        cursor.execute(NOT_VALID)
        for name, table in cursor.fetchall():
            yield name, table, "It is there and not valid."


def _lost_on_sqlite() -> Iterator[tuple[str, str, str]]:
    written = dict.fromkeys((model._meta.db_table for model in _models()), "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index')")
        for table, sql in cursor.fetchall():
            if table in written and sql:
                written[table] += in_one_line(sql) + "; "
    for model in _models():
        table = model._meta.db_table
        text = written[table]
        for name, statements in _declared(model).items():
            if not any(statement in text for statement in statements):
                yield name, table, CHANGED if re.search(rf"\b{name}\b", text) else GONE
        for columns in _unique_columns(model):
            quoted = ", ".join(f'"{column}"' for column in columns)
            inline = rf"{quoted} [^,]*\bUNIQUE\b" if len(columns) == 1 else "$^"
            if not re.search(rf"UNIQUE[^;]* \({quoted}\)|{inline}", text):
                yield f"unique ({', '.join(columns)})", table, GONE
        for column in _references(model):
            if not re.search(rf'"{column}" [^,]*\bREFERENCES\b', text):
                yield f"reference of {column}", table, GONE


@cache
def _models() -> list[type[models.Model]]:
    return list(apps.get_app_config("proposals").get_models(include_auto_created=True))


@cache
def _declared(model: type[models.Model]) -> dict[str, list[str]]:
    """Name of each constraint and index -> the statements by which Django may have made it."""
    editor = connection.schema_editor()
    editor.deferred_sql = []
    declared: list[BaseConstraint | Index] = [*model._meta.constraints, *model._meta.indexes]
    statements = {}
    for one in declared:
        made = [one.create_sql(model, editor)]
        if isinstance(one, BaseConstraint):
            made.append(one.constraint_sql(model, editor))
        statements[one.name] = [in_one_line(str(sql)) for sql in made if sql]
    return statements


@cache
def _unique_columns(model: type[models.Model]) -> set[tuple[str, ...]]:
    """Of fields and sets of fields that are unique without a constraint of their own name."""
    columns = {field.name: str(field.column) for field in model._meta.local_concrete_fields}
    unique = {
        (str(field.column),)
        for field in model._meta.local_concrete_fields
        if field.unique and not field.primary_key
    }
    return unique | {
        tuple(columns[name] for name in names) for names in model._meta.unique_together
    }


@cache
def _references(model: type[models.Model]) -> set[str]:
    """The columns of its foreign keys that the database holds."""
    return {
        str(field.column)
        for field in model._meta.local_concrete_fields
        if field.remote_field and getattr(field, "db_constraint", False)
    }
