"""Constraints, indexes, columns and references of PostgreSQL.

It keeps conditions in words of its own, which differ from version to version. So both, what is
there and what is declared, are put before its planner, which brings them into one form: EXPLAIN
reads no row, and asks for no right but to read.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models import CheckConstraint, F, UniqueConstraint

from .declared import (
    CHANGED,
    GONE,
    columns_of,
    declared,
    own_models,
    references,
    unique_columns,
)

NOT_VALID = "It is there and not valid."
HERE = "relnamespace = current_schema()::regnamespace"
INDEXES = f"""SELECT t.relname, k.relname, m.amname, i.indisunique, i.indimmediate,
    i.indisvalid AND i.indisready,
    ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY u (number, place)
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number
            AND u.number <> 0
        WHERE u.place <= i.indnkeyatts ORDER BY u.place),
    i.indoption::int2[],
    (SELECT bool_and(o.opcdefault) FROM pg_opclass o WHERE o.oid = ANY (i.indclass::oid[])),
    pg_get_expr(i.indpred, i.indrelid)
    FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid JOIN pg_am m ON m.oid = k.relam
    JOIN pg_class t ON t.oid = i.indrelid WHERE t.{HERE}"""
CHECKS = f"""SELECT t.relname, c.conname, c.convalidated, pg_get_expr(c.conbin, c.conrelid)
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
    WHERE c.contype = 'c' AND t.{HERE}"""
REFERENCES = f"""SELECT t.relname, a.attname, f.relname, c.convalidated,
    c.confdeltype = 'a' AND c.confupdtype = 'a' AND c.condeferred
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
    JOIN pg_class f ON f.oid = c.confrelid
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND cardinality(c.conkey) = 1 AND t.{HERE}"""
COLUMNS = f"""SELECT t.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND t.relkind = 'r' AND t.{HERE}"""
DESCENDING = 3  # with the empty ones first, as PostgreSQL has it
Difference = tuple[str, str, str]


@dataclass(frozen=True)
class Index:
    """An index that is there; `condition` as PostgreSQL words it."""

    method: str
    is_unique: bool
    is_immediate: bool
    is_valid: bool
    columns: list[str | None]
    options: list[int]
    has_usual_operators: bool
    condition: str | None

    @property
    def is_plain_unique(self) -> bool:
        """Nothing that is equal gets past it."""
        return self.is_unique and self.is_immediate and self.is_valid and self.condition is None

    def is_over(self, columns: list[str], options: list[int]) -> bool:
        same = (self.columns, self.options) == (columns, options)
        return same and self.method == "btree" and self.has_usual_operators


@dataclass(frozen=True)
class Check:
    is_valid: bool
    condition: str


def differences() -> Iterator[Difference]:
    """(name, table, sentence) of each."""
    indexes: dict[str, dict[str, Index]] = defaultdict(dict)
    for table, name, *about in _rows(INDEXES):
        indexes[table][name] = Index(*about)
    checks: dict[str, dict[str, Check]] = defaultdict(dict)
    for table, name, *about in _rows(CHECKS):
        checks[table][name] = Check(*about)
    references = _grouped(REFERENCES)
    columns = _grouped(COLUMNS)
    for model in own_models():
        table = model._meta.db_table
        if columns[table]:  # else it is no table, which is said elsewhere
            yield from _declared(model, indexes[table], checks[table])
            yield from _unique(model, indexes[table])
            yield from _references(model, references[table])
            yield from _columns(model, columns[table])


def _declared(
    model: type[models.Model], indexes: dict[str, Index], checks: dict[str, Check]
) -> Iterator[Difference]:
    table = model._meta.db_table
    compared: list[tuple[str, str, str]] = []
    editor = connection.schema_editor()
    for one in declared(model):
        if isinstance(one, CheckConstraint):
            check = checks.get(one.name)
            if check is None or not check.is_valid:
                yield one.name, table, NOT_VALID if check else GONE
            else:
                wanted = one._get_check_sql(model, editor)  # type: ignore[attr-defined]
                compared.append((one.name, check.condition, wanted))
            continue
        index = indexes.get(one.name)
        if index is None or not index.is_valid:
            yield one.name, table, NOT_VALID if index else GONE
            continue
        wanted = one._get_condition_sql(model, editor)  # type: ignore[union-attr]
        is_unique = isinstance(one, UniqueConstraint)
        shape = index.is_over(*_key(model, one)) and index.is_immediate
        if not shape or index.is_unique != is_unique or bool(wanted) != bool(index.condition):
            yield one.name, table, CHANGED
        elif wanted:
            compared.append((one.name, str(index.condition), wanted))
    for name in _others(table, compared):
        yield name, table, CHANGED


def _key(model: type[models.Model], one: Any) -> tuple[list[str], list[int]]:
    """(columns, options) of an index or a unique constraint."""
    if isinstance(one, UniqueConstraint):
        return columns_of(model, one.fields), [0] * len(one.fields)
    terms: list[Any] = [term for term in one.expressions if isinstance(term, F)]
    plain = [(term.name, "") for term in terms]
    parts = one.fields_orders or plain
    orders = [DESCENDING if order else 0 for _, order in parts]
    return columns_of(model, [name for name, _ in parts]), orders


def _others(table: str, conditions: list[tuple[str, str, str]]) -> Iterator[str]:
    """The names of those (name, condition there, condition wanted) that do not say the same."""
    if not conditions:
        return
    both = ", ".join(f"({there}), ({wanted})" for _, there, wanted in conditions)
    name = connection.ops.quote_name(table)
    [[plan]] = _rows(f"EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT {both} FROM {name}")
    [explained] = json.loads(plan) if isinstance(plan, str) else plan
    output = explained["Plan"]["Output"]
    for place, (named, _, _) in enumerate(conditions):
        if output[2 * place] != output[2 * place + 1]:
            yield named


def _unique(model: type[models.Model], indexes: dict[str, Index]) -> Iterator[Difference]:
    plain = {tuple(index.columns) for index in indexes.values() if index.is_plain_unique}
    for columns in unique_columns(model) - plain:
        yield f"unique ({', '.join(columns)})", model._meta.db_table, GONE
    key = (str(model._meta.pk.column),)
    if key not in plain:
        yield "primary key", model._meta.db_table, GONE


def _references(model: type[models.Model], there: list[tuple]) -> Iterator[Difference]:
    for column, target in references(model).items():
        same = [about for name, *about in there if name == column]
        name = f"reference of {column}"
        if not same:
            yield name, model._meta.db_table, GONE
        elif [target, True, True] not in same:
            is_valid = any(valid for _, valid, _ in same)
            yield name, model._meta.db_table, CHANGED if is_valid else NOT_VALID


def _columns(model: type[models.Model], there: list[tuple]) -> Iterator[Difference]:
    kept = {name: tuple(about) for name, *about in there}
    for field in model._meta.local_concrete_fields:
        kind = str(field.db_type(connection)).replace("varchar", "character varying")
        wanted = (kind, field.primary_key or not field.null)
        if kept.get(str(field.column)) != wanted:
            yield f"column {field.column}", model._meta.db_table, CHANGED


def _rows(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def _grouped(sql: str) -> dict[str, list[tuple]]:
    """By the table, which comes first."""
    grouped = defaultdict(list)
    for table, *about in _rows(sql):
        grouped[table].append(tuple(about))
    return grouped
