"""Long answers of the database, read while they are used."""

import json
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, Func, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.lookups import In, IsNull

ROWS_AT_ONCE = 500
FEW = 500  # ids that a statement names one by one
MANY = 2_000  # ids that are no longer looked up one by one
LOOKED_UP = (
    10_000  # rows of a filtered list, at most, that are looked up by id instead of walked to
)


def pieces(queryset: QuerySet, most: int | None = None) -> Iterator[list]:
    """The rows in their order, some hundred at once, at most the first `most`; only ids are held in
    memory.

    The ids first, eight bytes each, then the rows of each piece by them. A cursor would need a
    session to live in, which a pooler gives nobody, or a transaction as long as the slowest reader.
    What no longer matches when its piece is read is left out.
    """
    for wanted in _ids_in_pieces(queryset, most):
        rows = {row.pk: row for row in queryset.order_by().filter(pk__in=wanted)}
        yield [rows[pk] for pk in wanted if pk in rows]


def pieces_of_values(
    queryset: QuerySet, paths: Iterable[str], most: int | None = None
) -> Iterator[list[tuple]]:
    """As `pieces`, of each row its key and the values at `paths`: a fraction of the work."""
    values = queryset.prefetch_related(None).select_related(None).order_by()
    for wanted in _ids_in_pieces(queryset, most):
        rows = {row[0]: row for row in values.filter(pk__in=wanted).values_list("pk", *paths)}
        yield [rows[pk] for pk in wanted if pk in rows]


def _ids_in_pieces(queryset: QuerySet, most: int | None) -> Iterator[list[int]]:
    keys = queryset.prefetch_related(None).values_list("pk", flat=True)[:most]
    ids = array("q", keys.iterator())
    for start in range(0, len(ids), ROWS_AT_ONCE):
        yield list(ids[start : start + ROWS_AT_ONCE])


def among(texts: Iterable[str]) -> RawSQL:
    """For an IN with any number of texts, where a list would have as many parameters."""
    wanted = sorted(texts)
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::text[])", [wanted])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(wanted)])


def among_ids(ids: Iterable[int]) -> RawSQL:
    """The same with ids, each to be looked up."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [_as_array(ids)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(ids))])


def _as_array(ids: Iterable[int]) -> str:
    # As a text, since the driver takes a list apart each time it is sent: 80 ms for 40,000 ids.
    return f"{{{','.join(map(str, ids))}}}"


class AmongMany(Func):
    """That a column holds one of very many ids, asked of each row in its turn: to look each of them
    up would read the index as often, and a page of a list that is walked in its order is soon full.
    """

    output_field = BooleanField()

    def __init__(self, column: str, ids: list[int]) -> None:
        super().__init__(column)
        self.ids = ids

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        column, params = compiler.compile(self.get_source_expressions()[0])
        among = f"{column} IN (SELECT value FROM json_each(%s))"
        return among, (*params, json.dumps(self.ids))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Of a sum no index knows; an array of its own type PostgreSQL hashes.
        column, params = compiler.compile(self.get_source_expressions()[0])
        return f"({column} + 0) = ANY(%s::bigint[])", (*params, _as_array(self.ids))


def one_of_ids(column: str, ids: list[int]) -> Q | Func:
    """That a column of the rows of a list holds one of these ids."""
    return Q(**{f"{column}__in": ids}) if len(ids) <= MANY else AmongMany(column, ids)


def ids_of(queryset: QuerySet) -> list[int] | QuerySet:
    """For an IN: the ids where they are few, since a database looks up in an index only what it can
    count; else their query.
    """
    ids = list(queryset.order_by().values_list("pk", flat=True)[: FEW + 1])
    return ids if len(ids) <= FEW else queryset.order_by().values("pk")


def looked_up(ids: QuerySet) -> list[int] | None:
    """What a query of ids finds, each once, where that is little; else None: then a page is sooner
    full by asking each row of the list in its turn.
    """
    first = list(ids[: LOOKED_UP + 1])
    return sorted(set(first)) if len(first) <= LOOKED_UP else None


def has_one(rows: QuerySet) -> IsNull:
    """EXISTS, but asked of each row in its turn, as `rows` look it up: of an EXISTS PostgreSQL may
    read all that there are beforehand.
    """
    return IsNull(Subquery(rows.order_by().values("pk")[:1]), False)


def is_looked_up(queryset: QuerySet) -> bool:
    """Whether its rows are among some named one by one by their ids."""
    return any(
        isinstance(condition, In)
        and condition.rhs_is_direct_value()
        and condition.lhs.target.primary_key
        for condition in queryset.query.where.children
    )


def is_walked(queryset: QuerySet) -> bool:
    """Whether its rows are found by walking along its order, of whom so many belong to it that the
    next one is soon met.
    """
    return _holds_many(queryset.query.where)


def _holds_many(condition: Any) -> bool:
    asked = getattr(condition, "lhs", None)  # that it is so: what is true or false is a lookup
    return isinstance(asked, AmongMany) or any(map(_holds_many, getattr(condition, "children", ())))


@contextmanager
def reading_by_cursor() -> Iterator[None]:
    """One transaction in which `.iterator()` reads by a cursor of the database: for commands that
    walk whole tables. The settings are those of every thread, so it is not for pages.
    """
    name = "DISABLE_SERVER_SIDE_CURSORS"
    before = connection.settings_dict[name]
    with transaction.atomic():
        connection.settings_dict[name] = False
        try:
            yield
        finally:
            connection.settings_dict[name] = before
