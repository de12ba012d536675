"""What PostgreSQL says it did for a statement."""

from collections.abc import Iterator
from typing import Any

from django.db import connection


def explained(sql: str, params: Any) -> dict:
    """The plan of a query, which is carried out for it."""
    with connection.connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        return cursor.fetchone()[0][0]["Plan"]


def in_words(sql: str) -> str:
    with connection.connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


def rows_of(plan: dict) -> int:
    """Rows taken from tables and indexes, those thrown away too."""
    read = 0
    for node in _nodes(plan):
        if "Relation Name" in node:
            thrown_away = node.get("Rows Removed by Filter", 0)
            thrown_away += node.get("Rows Removed by Index Recheck", 0)
            read += node["Actual Loops"] * (node["Actual Rows"] + thrown_away)
    return round(read)


def is_query(sql: str) -> bool:
    return sql.lstrip("(").startswith(("SELECT", "WITH"))


def _nodes(plan: dict) -> Iterator[dict]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
