"""Constraints and indexes of SQLite, which keeps the statements as they were written: they must be
those that Django writes.
"""

import re
from collections.abc import Iterator
from functools import cache

from django.db import connection, models
from django.db.models import BaseConstraint

from ....guards.guard import in_one_line
from .declared import CHANGED, GONE, declared, own_models, references, unique_columns


def differences() -> Iterator[tuple[str, str, str]]:
    """(name, table, sentence) of each."""
    written = dict.fromkeys((model._meta.db_table for model in own_models()), "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index')")
        for table, sql in cursor.fetchall():
            if table in written and sql:
                written[table] += in_one_line(sql) + "; "
    for model in own_models():
        table = model._meta.db_table
        text = written[table]
        for name, statements in _statements(model).items():
            if not any(statement in text for statement in statements):
                yield name, table, CHANGED if re.search(rf"\b{name}\b", text) else GONE
        for columns in unique_columns(model):
            quoted = ", ".join(f'"{column}"' for column in columns)
            # Only one column alone can be unique beside its type; the other pattern fits nothing.
            inline = rf"{quoted} [^,]*\bUNIQUE\b" if len(columns) == 1 else "$^"
            if not re.search(rf"UNIQUE[^;]* \({quoted}\)(?! WHERE)|{inline}", text):
                yield f"unique ({', '.join(columns)})", table, GONE
        for column in references(model):
            if not re.search(rf'"{column}" [^,]*\bREFERENCES\b', text):
                yield f"reference of {column}", table, GONE


@cache
def _statements(model: type[models.Model]) -> dict[str, list[str]]:
    """Name of each constraint and index -> the statements by which Django may have made it."""
    editor = connection.schema_editor()
    editor.deferred_sql = []
    statements = {}
    for one in declared(model):
        made = [one.create_sql(model, editor)]
        if isinstance(one, BaseConstraint):
            made.append(one.constraint_sql(model, editor))
        statements[one.name] = [in_one_line(str(sql)) for sql in made if sql]
    return statements
