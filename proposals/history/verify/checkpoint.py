"""A fingerprint of the log of transitions, kept outside the database: cutting the tail of the log
leaves the rest in perfect order, and only somebody who remembers how long it was can tell.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connection
from django.utils import timezone

from ...models import Transition

FIELDS = [field.attname for field in Transition._meta.concrete_fields]
PATIENCE = 60


class CheckpointBroken(Exception):
    """The file is not a checkpoint, or the log no longer holds what it held when the file was
    written.
    """


def compare(path: Path) -> int:
    """How many transitions the checkpoint holds, all of them still as they were; CheckpointBroken
    if they are not.
    """
    try:
        kept = json.loads(path.read_text())
        last, number, digest = kept["last_id"], kept["transitions"], kept["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointBroken(f"{path} cannot be read as a checkpoint: {error}") from error
    present, sha256 = fingerprint(last)
    if present < number:
        raise CheckpointBroken(
            f"{number - present} of {number} transitions are gone since {kept['at']}."
        )
    if (present, sha256) != (number, digest):
        raise CheckpointBroken(
            f"The {number} transitions known on {kept['at']} do not read as they did then."
        )
    return number


def take(path: Path) -> int:
    """Write the fingerprint of the log as it is now; how many transitions it holds."""
    last = settled()
    number, sha256 = fingerprint(last)
    kept = {
        "at": timezone.now().isoformat(),
        "last_id": last,
        "transitions": number,
        "sha256": sha256,
    }
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(kept, indent=1) + "\n")
    beside.replace(path)
    return number


def fingerprint(last: int) -> tuple[int, str]:
    """(how many, SHA-256) of the transitions up to this id, read as they come."""
    number, digest = 0, hashlib.sha256()
    for row in _up_to(last):
        number += 1
        digest.update(json.dumps(row, default=str).encode())
    return number, digest.hexdigest()


def _up_to(last: int) -> Iterator[tuple]:
    rows = Transition.objects.filter(pk__lte=last).order_by("pk").values_list(*FIELDS)
    return rows.iterator(chunk_size=5000)


def settled() -> int:
    """The newest id below which none can still appear: on PostgreSQL ids may be committed out of
    their order.
    """
    last = Transition.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if connection.vendor == "postgresql":
        _wait_for_those_under_way()
    return last


def _wait_for_those_under_way() -> None:
    """Until everybody who is writing transitions now has come to an end; CheckpointBroken after a
    minute.
    """
    writing = """SELECT virtualtransaction FROM pg_locks
        WHERE relation = %s::regclass AND mode = 'RowExclusiveLock'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND pid <> pg_backend_pid()"""

    def writers() -> set[str]:
        cursor.execute(writing, [Transition._meta.db_table])
        return {name for (name,) in cursor.fetchall()}

    with connection.cursor() as cursor:
        under_way = writers()
        for _ in range(PATIENCE * 10):
            if not under_way & writers():
                return
            time.sleep(0.1)
    raise CheckpointBroken(
        f"Transactions have been open for more than {PATIENCE} seconds; try again when they end."
    )
