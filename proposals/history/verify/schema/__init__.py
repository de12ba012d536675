"""Whether the database is made as the code makes it: tables, columns, constraints and indexes by
what they say and not by name, and on PostgreSQL what accounts may do, and what could show one
account another truth than the next.

What is more than the product makes, and harms nobody, is let be: another index, a table beside.
"""

from collections.abc import Iterator

from django.db import connection

from ..breach import Breach
from . import grants, postgresql, sequences, sqlite, tables


def breaches() -> Iterator[Breach]:
    """Of constraints, indexes, columns and references."""
    of = postgresql if connection.vendor == "postgresql" else sqlite
    for name, table, sentence in of.differences():
        yield Breach("schema", f"{name} on {table}", sentence)


def of_tables() -> Iterator[Breach]:
    """Of what stands between an account and the rows."""
    for name, sentence in tables.differences():
        yield Breach("schema", name, sentence)


def of_grants() -> Iterator[Breach]:
    """Of what accounts may do; SQLite knows none."""
    if connection.vendor == "postgresql":
        for name, sentence in grants.differences():
            yield Breach("grants", name, sentence)


def of_sequences() -> Iterator[Breach]:
    """Of the numbers of rows to come; SQLite looks at the rows for the next one."""
    if connection.vendor == "postgresql":
        for name, sentence in sequences.differences():
            yield Breach("schema", name, sentence)
