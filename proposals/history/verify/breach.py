"""What is wrong, and where."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from ...guards.guard import as_sqlite_says


@dataclass(frozen=True)
class Breach:
    """`invariant` is its number in the list of promises ("I3"), `rows` names what to look at:
    "proposal 17".
    """

    invariant: str
    rows: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.invariant}  {self.rows}: {self.sentence}"


def query_rows(sql: str) -> Iterator[tuple]:
    """The rows of a query whose answer is short when all is well; fetched as they come."""
    with connection.cursor() as cursor:
        cursor.execute(sql if connection.vendor == "postgresql" else as_sqlite_says(sql))
        while rows := cursor.fetchmany(1000):
            yield from rows
