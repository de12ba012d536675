"""Long answers of the database, read while they are used."""

import json
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.lookups import In

ROWS_AT_ONCE = 500
FEW = 500  # ids that a statement names one by one
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
    keys = queryset.prefetch_related(None).values_list("pk", flat=True)[:most]
    ids = array("q", keys.iterator())
    for start in range(0, len(ids), ROWS_AT_ONCE):
        wanted = ids[start : start + ROWS_AT_ONCE]
        rows = {row.pk: row for row in queryset.order_by().filter(pk__in=wanted)}
        yield [rows[pk] for pk in wanted if pk in rows]


def among(texts: Iterable[str]) -> RawSQL:
    """For an IN with any number of texts, where a list would have as many parameters."""
    wanted = sorted(texts)
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::text[])", [wanted])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(wanted)])


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


def is_looked_up(queryset: QuerySet) -> bool:
    """Whether its rows are among some named one by one by their ids."""
    return any(
        isinstance(condition, In)
        and condition.rhs_is_direct_value()
        and condition.lhs.target.primary_key
        for condition in queryset.query.where.children
    )


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
