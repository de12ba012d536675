"""Long answers of the database, read while they are used."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import QuerySet

ROWS_AT_ONCE = 500
FEW = 500  # ids that a statement names one by one


def pieces(queryset: QuerySet, most: int | None = None) -> Iterator[list]:
    """The rows in their order, some hundred at once, at most the first `most`; only ids are held in
    memory.

    The ids first, then the rows of each piece by them. A cursor would need a session to live in,
    which a pooler gives nobody, or a transaction as long as the slowest reader. What no longer
    matches when its piece is read is left out.
    """
    ids = list(queryset.values_list("pk", flat=True)[:most])
    for start in range(0, len(ids), ROWS_AT_ONCE):
        wanted = ids[start : start + ROWS_AT_ONCE]
        rows = {row.pk: row for row in queryset.order_by().filter(pk__in=wanted)}
        yield [rows[pk] for pk in wanted if pk in rows]


def ids_of(queryset: QuerySet) -> list[int] | QuerySet:
    """For an IN: the ids where they are few, since a database looks up in an index only what it can
    count; else their query.
    """
    ids = list(queryset.order_by().values_list("pk", flat=True)[: FEW + 1])
    return ids if len(ids) <= FEW else queryset.order_by().values("pk")


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
