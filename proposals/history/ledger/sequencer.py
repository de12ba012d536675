"""How leaves come to be: after the commit of what they tell, by the worker, in batches.

No row is missed. Ids are given before their transaction commits, so a lower one may become visible
after a higher one. Of each table therefore a mark is kept, below which every row has its leaf and
none can still appear; above it each batch asks for all rows without a leaf. The mark moves to an id
once those who were writing to the table when that id was seen have come to their end: whoever
inserts holds a lock on the table from before its id is given until the commit.
"""

import logging
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from ...models import LedgerForm, LedgerLeaf, LedgerNode, PassResult
from .canonical import RECORDED, Recorded, fingerprint, texts_of
from .stored import size, stored_tree
from .tree import Growing, leaf_hash

log = logging.getLogger(__name__)

PASS = "ledger"  # name of the PassResult that keeps the marks
AT_ONCE = 1000  # leaves of one transaction
BATCHES = 10  # of one pass: the worker has other work


@dataclass
class Mark:
    """Of one table: up to `settled` every row has its leaf. Up to `seen` it will be so when none of
    the transactions `writers` is under way any more.
    """

    settled: int = 0
    seen: int = 0
    writers: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Extension:
    """What a pass did: how many leaves were appended, and whether some rows still wait for one."""

    appended: int
    is_behind: bool


def extend(at: datetime, batches: int | None = None) -> Extension:
    """Append a leaf for each row that has none, at most so many batches of them."""
    appended, tried = 0, 0
    while batches is None or tried < batches:
        tried += 1
        number = append_batch(at)
        appended += number
        if number < AT_ONCE:
            return Extension(appended, False)
    return Extension(appended, True)


def extend_ledger(at: datetime) -> tuple[int, int]:
    """One pass of the worker: (how many leaves were appended, 0). The log says how far the ledger
    is behind if that was not enough.
    """
    extension = extend(at, BATCHES)
    if extension.is_behind:
        most = sum(most_waiting(recorded) for recorded in RECORDED)
        log.warning("The ledger is up to %s rows behind; the next pass goes on.", most)
    return extension.appended, 0


@transaction.atomic
def append_batch(at: datetime) -> int:
    """Leaves, nodes and marks together, or none of them."""
    marks = _lock_marks(at)
    newest = {recorded.table: _newest(recorded) for recorded in RECORDED}
    behind = [r for r in RECORDED if newest[r.table] > marks.setdefault(r.table, Mark()).settled]
    if not behind:
        return 0
    writers = _writers(recorded.table for recorded in behind)
    leaves: list[LedgerLeaf] = []
    for recorded in behind:
        mark, room = marks[recorded.table], AT_ONCE - len(leaves)
        # A new aim only when the last one is reached: where somebody always writes, an aim that
        # moves on is never reached.
        if mark.seen <= mark.settled:
            mark.seen, mark.writers = newest[recorded.table], writers[recorded.table]
        is_settled = not set(mark.writers) & set(writers[recorded.table])
        keys = _without_leaf(recorded, mark.settled, room)
        leaves += _leaves(recorded, keys)
        if is_settled and room:
            last = mark.seen if len(keys) < room else keys[-1]
            mark.settled = min(last, mark.seen)
    _append(leaves)
    PassResult.keep(PASS, at, {table: asdict(mark) for table, mark in marks.items()})
    return len(leaves)


def settled_marks() -> dict[str, int]:
    """Table -> the id up to which every row has its leaf."""
    kept = PassResult.objects.filter(name=PASS).first()
    content = kept.content if kept and kept.content else {}
    return {table: mark["settled"] for table, mark in content.items()}


def rows_behind() -> int:
    """How many rows wait for a leaf."""
    return sum(number for _, number in rows_waiting())


def rows_waiting(most: int | None = None) -> list[tuple[Recorded, int]]:
    """Of each table how many rows wait for a leaf, counted up to `most`."""
    marks = settled_marks()
    behind = [(recorded, marks.get(recorded.table, 0)) for recorded in RECORDED]
    return [
        (recorded, _those_without(recorded, settled).values("pk")[:most].count())
        for recorded, settled in behind
    ]


def most_waiting(recorded: Recorded) -> int:
    """How many rows of the table can wait for a leaf, without reading them."""
    return _newest(recorded) - settled_marks().get(recorded.table, 0)


def _lock_marks(at: datetime) -> dict[str, Mark]:
    """Two who append at once would give one number twice: the second waits for the first."""
    # Made first, since a row that is not there cannot be locked.
    PassResult.objects.get_or_create(name=PASS, defaults={"at": at, "content": {}})
    content = PassResult.objects.select_for_update().get(name=PASS).content or {}
    return {table: Mark(**kept) for table, kept in content.items()}


def _newest(recorded: Recorded) -> int:
    return recorded.rows().aggregate(newest=Max("pk"))["newest"] or 0


def _writers(tables: Iterable[str]) -> dict[str, list[str]]:
    """Table -> the transactions of others that may have written to it. SQLite has one writer, which
    is this one.
    """
    writers: dict[str, list[str]] = {table: [] for table in tables}
    if connection.vendor != "postgresql":
        return writers
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.relname, k.virtualtransaction FROM pg_locks k
            JOIN pg_class c ON c.oid = k.relation
            WHERE k.mode = 'RowExclusiveLock' AND k.granted AND c.relname = ANY(%s)
            AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND c.relnamespace = current_schema()::regnamespace
            AND k.pid IS DISTINCT FROM pg_backend_pid()""",
            [list(writers)],
        )
        for table, transaction_name in cursor.fetchall():
            writers[table].append(transaction_name)
    return writers


def _those_without(recorded: Recorded, settled: int) -> QuerySet:
    leaf = LedgerLeaf.objects.filter(table=recorded.table, row=OuterRef("pk"))
    return recorded.rows().filter(~Exists(leaf), pk__gt=settled)


def _without_leaf(recorded: Recorded, settled: int, room: int) -> list[int]:
    return list(_those_without(recorded, settled).values_list("pk", flat=True)[:room])


def _leaves(recorded: Recorded, keys: list[int]) -> list[LedgerLeaf]:
    """Not numbered yet."""
    if not keys:
        return []
    form = _form(recorded)
    leaves = []
    for key, text in texts_of(recorded, dict.fromkeys(keys, form)).items():
        # Without it, whoever has the fingerprints could try out what a short row says.
        salt = secrets.token_hex(16)
        leaf = LedgerLeaf(table=recorded.table, row=key, form=form, salt=salt)
        leaf.sha256 = fingerprint(salt, text)
        leaves.append(leaf)
    return leaves


def _form(recorded: Recorded) -> LedgerForm:
    """The newest of its table, or a new one if its columns are others by now."""
    newest = LedgerForm.objects.filter(table=recorded.table).order_by("-pk").first()
    if newest and newest.columns == recorded.columns:
        return newest
    return LedgerForm.objects.create(table=recorded.table, columns=recorded.columns)


def _append(leaves: list[LedgerLeaf]) -> None:
    """Numbered from the last on, with the nodes that become complete."""
    if not leaves:
        return
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A guard plans its look-up once in a session: made while the ledger was short, the
            # plan would read all of it for each leaf.
            cursor.execute("DISCARD PLANS")
    first = size()
    for number, leaf in enumerate(leaves, start=first):
        leaf.number = number
    tree = Growing.from_tree(stored_tree(first))
    closed = [node for leaf in leaves for node in tree.add(leaf_hash(bytes.fromhex(leaf.sha256)))]
    LedgerLeaf.objects.bulk_create(leaves)
    LedgerNode.objects.bulk_create(
        LedgerNode(level=level, place=place, sha256=hashed.hex()) for level, place, hashed in closed
    )
