"""Long answers of the database, read while they are used."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import QuerySet

ROWS_AT_ONCE = 500


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
