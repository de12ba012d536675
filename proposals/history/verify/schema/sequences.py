"""Whether the next number of each table is free. A restore that forgets where its sequences stood,
or somebody who sets one back, would give a new row the number of an old one.
"""

from collections.abc import Iterator

from django.db import connection

from ....models import Policy
from .declared import all_tables

ONLY_ONE = Policy._meta.db_table  # made with its number; there will be no other
# Those that this account may read: the owner's, who restores.
SEQUENCES = """SELECT c.relname, a.attname, q.relname
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_depend d ON d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')
    JOIN pg_class q ON q.oid = d.objid
    WHERE c.relname = ANY (%s) AND c.relnamespace = current_schema()::regnamespace
    AND CASE WHEN q.relkind = 'S' THEN has_sequence_privilege(q.oid, 'SELECT') ELSE FALSE END
    ORDER BY c.relname"""


def differences() -> Iterator[tuple[str, str]]:
    """(what, sentence) of each. Of PostgreSQL alone."""
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCES, [[table for table in all_tables() if table != ONLY_ONE]])
        for table, column, sequence in cursor.fetchall():
            quoted = {name: connection.ops.quote_name(name) for name in (table, column, sequence)}
            cursor.execute(
                "SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END, "
                f"(SELECT MAX({quoted[column]}) FROM {quoted[table]}) FROM {quoted[sequence]}"
            )
            following, highest = cursor.fetchone()
            if highest is not None and following <= highest:
                sentence = (
                    f"The next number would be {following}, and {highest} is there already. As the "
                    f"owner: SELECT setval('{sequence}', {highest})."
                )
                yield f"{column} of {table}", sentence
