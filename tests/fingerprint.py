"""Whether anything in the database has changed: what a refused request must never bring about."""

import hashlib
from contextlib import contextmanager

from django.apps import apps
from django.db import connection

from proposals.models import Proposal, Transition

# Who looks around leaves a session, and who fails to sign in a count of failures: neither is an
# effect.
ASIDE = {"django_session", "axes_accessattempt", "axes_accesslog"}


def fingerprint() -> dict:
    """The number of rows of every table, and of proposals and transitions all that is in them."""
    tables = sorted(
        {m._meta.db_table for m in apps.get_models(include_auto_created=True) if m._meta.managed}
        - ASIDE
    )
    counts = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(counts)
        content = dict(cursor.fetchall())
    for model in (Proposal, Transition):
        rows = repr(list(model.objects.order_by("pk").values_list()))
        content[f"what is in {model._meta.db_table}"] = hashlib.sha256(rows.encode()).hexdigest()
    return content


@contextmanager
def writes():
    """The statements within that try to change a table, but for those of ASIDE and for what was
    tried in a savepoint and taken back (to say what a change would do).
    """
    seen, savepoints = [], {}

    def note(execute, sql, params, many, context):
        verb, _, rest = sql.lstrip().partition(" ")
        if verb == "SAVEPOINT":
            savepoints[rest] = len(seen)
        elif sql.startswith("ROLLBACK TO SAVEPOINT "):
            del seen[savepoints[sql.removeprefix("ROLLBACK TO SAVEPOINT ")] :]
        if verb.upper() in ("INSERT", "UPDATE", "DELETE") and not any(
            f'"{table}"' in rest[:60] for table in ASIDE
        ):
            seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen
