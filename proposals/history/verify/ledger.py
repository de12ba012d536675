"""The ledger against the record and against the checkpoints that were kept of it.

Each row is read again and must say what its leaf took down; the tree is built anew from the leaves,
and at the size of each checkpoint its root must be the one that was signed.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils import timezone

from ...models import LedgerForm, LedgerLeaf, LedgerNode
from ..ledger import (
    RECORDED,
    STAMP,
    Checkpoint,
    CheckpointBroken,
    Growing,
    Recorded,
    Service,
    TimestampBroken,
    fingerprint,
    kept_checkpoints,
    leaf_hash,
    members_of,
    settled_marks,
    stamp_of,
    stamped_at,
    text_of,
    timestamp_service,
)
from .breach import Breach

AT_ONCE = 1000
# Between the moment that dates a row and its leaf lie the rest of its transaction, which may be an
# import, and the worker's next pass.
GRACE = timedelta(hours=1)
# Clocks differ a little, and a service may be away for some days.
STAMPED_BEFORE, STAMPED_AFTER = timedelta(minutes=5), timedelta(days=7)
NO_CHECKPOINT = (
    "No checkpoint is there to compare the ledger with. Name their directory, or --first if none "
    "has been signed yet."
)


def breaches(folder: Path | None, *, is_first: bool) -> Iterator[Breach]:
    """`folder` holds the checkpoints; `is_first` says that there need be none yet."""
    checkpoints, broken = _kept(folder, is_first)
    yield from broken
    yield from _of_tree({checkpoint.size: (name, checkpoint) for name, checkpoint in checkpoints})
    yield from _of_checkpoints(checkpoints)
    stamping = timestamp_service()
    if folder and stamping:
        yield from _of_stamps(folder, checkpoints, stamping)
    dates = Dates([checkpoint for _, checkpoint in checkpoints])
    for recorded in RECORDED:
        yield from _of_table(recorded, dates)
    known = [recorded.table for recorded in RECORDED]
    for number, table in LedgerLeaf.objects.exclude(table__in=known).values_list("number", "table"):
        yield Breach("ledger", f"leaf {number}", f"It tells of “{table}”, which is not recorded.")


class Dates:
    """Which leaves a row of some date may have, as the checkpoints say and as the clock does."""

    def __init__(self, checkpoints: list[Checkpoint]) -> None:
        self.checkpoints = sorted(checkpoints, key=lambda checkpoint: checkpoint.at)
        self._moments = [checkpoint.at for checkpoint in self.checkpoints]
        self.marks = settled_marks()
        self.has_begun = LedgerLeaf.objects.exists()
        self._now = timezone.now()

    def first_after(self, at: datetime) -> Checkpoint | None:
        """The first checkpoint that must know what is dated then."""
        place = bisect_right(self._moments, at + GRACE)
        return self.checkpoints[place] if place < len(self.checkpoints) else None

    def must_have_leaf(self, recorded: Recorded, key: int, at: datetime) -> bool:
        is_settled = key <= self.marks.get(recorded.table, 0)
        # By the distance: what is dated far ahead would otherwise need no leaf until then.
        return self.has_begun and (is_settled or not abs(self._now - at) <= GRACE)


def _kept(folder: Path | None, is_first: bool) -> tuple[list[tuple[str, Checkpoint]], list[Breach]]:
    """(name of the file, checkpoint) of each that can be read, and what is wrong with others."""
    try:
        kept = kept_checkpoints(folder) if folder else []
    except CheckpointBroken as broken:
        missing = not (folder and folder.exists())
        return [], [] if is_first and missing else [Breach("ledger", "checkpoints", str(broken))]
    wrong = [Breach("ledger", one.path.name, one.why) for one in kept if one.checkpoint is None]
    if not kept and not is_first:
        wrong.append(Breach("ledger", "checkpoints", NO_CHECKPOINT))
    return [(one.path.name, one.checkpoint) for one in kept if one.checkpoint], wrong


def _of_tree(signed: dict[int, tuple[str, Checkpoint]]) -> Iterator[Breach]:
    """Numbers without gap, kept nodes, and the roots that were signed; `signed` is by size."""
    growing = Growing()
    # In memory, unlike the leaves: there is about one for 256 of those.
    nodes = {
        (level, place): sha256
        for level, place, sha256 in LedgerNode.objects.values_list(
            "level", "place", "sha256"
        ).iterator()
    }
    yield from _unlike_signed(growing, signed)
    leaves = LedgerLeaf.objects.order_by("number").values_list("number", "sha256")
    for number, sha256 in leaves.iterator(chunk_size=5000):
        if number != growing.size:
            yield Breach("ledger", f"leaf {growing.size}", "It is missing.")
            return
        for level, place, hashed in growing.add(leaf_hash(_bytes(sha256))):
            if nodes.pop((level, place), "") != hashed.hex():
                yield Breach(
                    "ledger", f"node {level}/{place}", "It is missing, or not that of its leaves."
                )
        yield from _unlike_signed(growing, signed)
    for level, place in nodes:
        yield Breach("ledger", f"node {level}/{place}", "It stands for leaves that are not there.")


def _unlike_signed(growing: Growing, signed: dict[int, tuple[str, Checkpoint]]) -> Iterator[Breach]:
    name, checkpoint = signed.get(growing.size, ("", None))
    if checkpoint and checkpoint.root != growing.root():
        sentence = (
            f"The first {checkpoint.size} leaves are not those that were signed on "
            f"{moment(checkpoint.at)}."
        )
        yield Breach("ledger", name, sentence)


def _of_checkpoints(checkpoints: list[tuple[str, Checkpoint]]) -> Iterator[Breach]:
    """Those that know more than there is, and those that contradict another one."""
    number, roots = LedgerLeaf.objects.count(), dict[int, bytes]()
    for name, checkpoint in checkpoints:
        if checkpoint.size > number:
            sentence = f"It knows {checkpoint.size} leaves, and the ledger has {number}."
            yield Breach("ledger", name, sentence)
        if roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            yield Breach("ledger", name, "Another checkpoint of the same size has another root.")


def _of_stamps(
    folder: Path, checkpoints: list[tuple[str, Checkpoint]], stamping: Service
) -> Iterator[Breach]:
    """Checkpoints that others did not see at the moment they name, and stamps left behind."""
    now, is_stamped = timezone.now(), False
    for name, checkpoint in sorted(checkpoints, key=lambda one: one[1].at):
        path = folder / name
        if stamp_of(path).exists():
            is_stamped = True
            yield from _of_stamp(path, checkpoint.at, stamping)
        elif is_stamped and now - checkpoint.at > STAMPED_AFTER:
            yield Breach("ledger", name, "It has no time stamp, as those before it have.")
    for stamp in sorted(folder.glob(f"*{STAMP}")):
        if not stamp.with_suffix(".txt").exists():
            sentence = "It is the stamp of a checkpoint that is not there."
            yield Breach("ledger", stamp.name, sentence)


def _of_stamp(path: Path, at: datetime, stamping: Service) -> Iterator[Breach]:
    try:
        stamped = stamped_at(path, stamping)
    except TimestampBroken as broken:
        yield Breach("ledger", stamp_of(path).name, str(broken))
        return
    if not at - STAMPED_BEFORE <= stamped <= at + STAMPED_AFTER:
        sentence = f"It says {moment(at)}, but it was stamped on {moment(stamped)}."
        yield Breach("ledger", path.name, sentence)


@dataclass(frozen=True)
class Form:
    """The columns that leaves tell of, and where in a row of today they stand; None if one is
    gone.
    """

    columns: list[str]
    places: list[int] | None

    @classmethod
    def of(cls, recorded: Recorded, columns: list[str]) -> "Form":
        there = {column: place for place, column in enumerate(recorded.columns)}
        is_whole = set(columns) <= set(there)
        return cls(columns, [there[column] for column in columns] if is_whole else None)

    def text(self, recorded: Recorded, values: tuple, sets: dict[str, list]) -> str | None:
        """What the row says by it."""
        if self.places is None:
            return None
        return text_of(recorded, self.columns, [values[place] for place in self.places], sets)


def _of_table(recorded: Recorded, dates: Dates) -> Iterator[Breach]:
    columns_of = LedgerForm.objects.filter(table=recorded.table).values_list("pk", "columns")
    forms = {key: Form.of(recorded, columns) for key, columns in columns_of}
    place = recorded.columns.index(recorded.key)
    date = recorded.columns.index(recorded.at)
    for values, members, leaf in _side_by_side(recorded, place):
        if values is None:
            yield _without_row(recorded, leaf)
            continue
        key, at = values[place], values[date]
        if leaf is None:
            if dates.must_have_leaf(recorded, key, at):
                sentence = f"It is dated {moment(at)}, and the ledger has no leaf of it."
                yield _breach(recorded, key, sentence)
            continue
        _, number, form, salt, sha256 = leaf
        text = forms[form].text(recorded, values, members)
        if text is None or not _fits(text, salt, sha256):
            yield _breach(recorded, key, f"It does not say what leaf {number} took down.")
        first = dates.first_after(at)
        if first and number >= first.size:
            sentence = (
                f"It is dated {moment(at)}, but the checkpoint of {moment(first.at)} does "
                "not contain it: it was written later."
            )
            yield _breach(recorded, key, sentence)


def _side_by_side(recorded: Recorded, place: int) -> Iterator[tuple[Any, Any, Any]]:
    """Rows of one table, each with its many-to-many sets and its leaf, in the order of their ids,
    which stand at `place` of a row. None stands for a leaf that is missing, or for a row.
    """
    leaves = LedgerLeaf.objects.filter(table=recorded.table).order_by("row")
    columns = ("row", "number", "form_id", "salt", "sha256")
    coming = iter(leaves.values_list(*columns).iterator(chunk_size=AT_ONCE))
    leaf = next(coming, None)
    rows = recorded.rows().values_list(*recorded.columns).iterator(chunk_size=AT_ONCE)
    # By pieces, whose sets are read in one query each.
    while piece := list(islice(rows, AT_ONCE)):
        sets = members_of(recorded, [values[place] for values in piece])
        for values in piece:
            key = values[place]
            while leaf and leaf[0] < key:
                yield None, None, leaf
                leaf = next(coming, None)
            if leaf and leaf[0] == key:
                yield values, sets[key], leaf
                leaf = next(coming, None)
            else:
                yield values, sets[key], None
    while leaf:
        yield None, None, leaf
        leaf = next(coming, None)


def _fits(text: str, salt: str, sha256: str) -> bool:
    try:
        return fingerprint(salt, text) == sha256
    except ValueError:  # a salt that is no hex
        return False


def _without_row(recorded: Recorded, leaf: tuple) -> Breach:
    row, number, *_ = leaf
    return _breach(recorded, row, f"Leaf {number} tells of it, and it is not there.")


def _breach(recorded: Recorded, key: int, sentence: str) -> Breach:
    return Breach("ledger", f"{recorded.noun} {key}", sentence)


def _bytes(sha256: str) -> bytes:
    """Of what is no hex, none: its tree then fits nothing."""
    try:
        return bytes.fromhex(sha256)
    except ValueError:
        return b""


def moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%-d %B %Y, %H:%M:%S %Z}"
