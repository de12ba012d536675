"""The three accounts of the README on PostgreSQL, by the statements of `docs/sql/`."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection

SQL = Path(__file__).parent.parent / "docs" / "sql"
ADMINISTRATOR_S, OWNER_S = (
    re.sub(r"^--.*\n", "", (SQL / name).read_text(), flags=re.MULTILINE)
    for name in ("accounts.sql", "rights.sql")
)
FOLLOWS = re.compile(
    r"ALTER DEFAULT PRIVILEGES FOR ROLE \w+ IN SCHEMA public\s+GRANT (.*) ON (\w+) TO (\w+)"
)


def separate(statements: str) -> list[str]:
    return [text.strip() for text in statements.split(";\n") if text.strip()]


def make_roles() -> None:
    """For the whole server, where each database of the tests has the same."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as administrator:
        for statement in separate(ADMINISTRATOR_S):
            if statement.startswith("CREATE ROLE"):
                try:
                    administrator.execute(statement)
                except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                    continue  # made by another worker of the tests


def open_database() -> list[str]:
    """What the administrator says of this database while it is empty; the statements."""
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    text = ADMINISTRATOR_S.split("\\connect waltzflow\n")[1]
    statements = separate(text.replace("DATABASE waltzflow", f"DATABASE {database}"))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    return statements


def grant() -> None:
    """All that the accounts may do, in this database, whose tables are there and somebody else's:
    what they let follow from a migrate is granted for what is there.
    """
    opened = open_database()
    with connection.cursor() as cursor:
        for statement in opened:
            if follows := FOLLOWS.match(statement):
                what, kind, role = follows.groups()
                cursor.execute(f"GRANT {what} ON ALL {kind} IN SCHEMA public TO {role}")
        for statement in separate(OWNER_S):
            cursor.execute(statement)


def become(role: str) -> None:
    """For the rest of the transaction."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")


def url_for(role: str, database: str) -> str:
    """DATABASE_URL for another process."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    server = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}@{server}", path=f"/{database}"))
