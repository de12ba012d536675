"""The pack: a ZIP of rows of the record with the proof that the ledger took them down, and all that
somebody needs to check it who has neither the product nor its database.
"""

import csv
import io
import json
import zipfile
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from ...errors import Refused
from ...history import approvals, ledger
from ...history.ledger import Checkpoint, CheckpointBroken, LedgerBroken, Recorded, Tree
from ...models import (
    LedgerLeaf,
    LogicalFlow,
    PhysicalFlow,
    Proposal,
    Transition,
)
from ..cells import BYTE_ORDER_MARK
from ..download import plain
from . import rows

HERE = Path(__file__).parent
CHUNK = 500


@dataclass(frozen=True)
class Proven:
    """A row with its leaf: what the row says, and the way from the leaf to the root."""

    name: str
    text: str
    number: int
    salt: str
    path: list[str]


@dataclass(frozen=True)
class Signed:
    """A checkpoint with its file."""

    name: str
    note: str
    checkpoint: Checkpoint


@dataclass
class Pack:
    """Files by name, and the rows that no checkpoint contains yet."""

    files: dict[str, bytes] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)

    def zipped(self, at: datetime) -> bytes:
        """Compressed; the files in the order of their names."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for name, content in sorted(self.files.items()):
                # Named for each file: a ZipInfo does not follow what its archive was opened with.
                dated = zipfile.ZipInfo(name, at.timetuple()[:6])
                archive.writestr(dated, content, compress_type=zipfile.ZIP_DEFLATED)
        return made.getvalue()


Subject = Proposal | LogicalFlow | PhysicalFlow


def name_of(subject: Subject) -> str:
    """Of the file: "evidence-proposal-17.zip"."""
    kind = str(subject._meta.verbose_name).replace(" ", "-")
    return f"evidence-{kind}-{subject.pk}.zip"


def pack_of(
    subject: Subject, folder: Path | None, at: datetime, sizes: Collection[int] = ()
) -> Pack:
    """All that the ledger proves of it by the newest checkpoint in `folder`, with the checkpoints
    of these `sizes` besides; Refused, with a sentence, where one cannot be used.
    """
    if folder is None:
        raise Refused("The site does not know where its checkpoints are: LEDGER_CHECKPOINTS.")
    signed = _signed(folder)
    newest, pack = signed[-1], Pack()
    keys = _keys_of(subject)
    try:
        tree = ledger.stored_tree(newest.checkpoint.size)
        if tree.root() != newest.checkpoint.root:
            raise Refused(f"The ledger is not the one that {newest.name} signed. Run verify_audit.")
        proven = [row for part in ledger.RECORDED for row in _proven(part, keys, tree, pack)]
        chosen = _chosen(signed, [row.number for row in proven], sizes)
        consistency = {
            one.name: [hashed.hex() for hashed in tree.consistency(one.checkpoint.size)]
            for one in chosen
        }
    except LedgerBroken as broken:
        raise Refused(str(broken)) from broken
    pack.files |= {row.name: row.text.encode() for row in proven}
    pack.files |= {f"checkpoints/{one.name}": one.note.encode() for one in chosen}
    pack.files |= _stamps(folder, chosen)
    pack.files["proofs.json"] = _proofs(newest, consistency, proven, pack.waiting)
    pack.files |= _trails(keys[Transition])
    pack.files["README.txt"] = _explanation(subject, at)
    pack.files["verify.py"] = (HERE / "verify.py").read_bytes()
    pack.files["public-keys.txt"] = ledger.public_keys_file(folder).read_bytes()
    pack.files["manifest.json"] = _json(
        {name: sha256(content).hexdigest() for name, content in pack.files.items()}
    )
    return pack


def _keys_of(subject: Subject) -> rows.Keys:
    if isinstance(subject, Proposal):
        return rows.of_proposal(subject)
    if isinstance(subject, LogicalFlow):
        return rows.of_logical_flow(subject)
    return rows.of_physical_flow(subject)


def _explanation(subject: Subject, at: datetime) -> bytes:
    about = f"{subject._meta.verbose_name} {subject.pk}: {subject}"
    made = at.astimezone(UTC).strftime("%-d %B %Y, %H:%M UTC")
    return (HERE / "README.txt").read_text().format(about=about, made=made).encode()


def _proofs(
    newest: Signed, consistency: dict[str, list[str]], proven: list[Proven], waiting: list[str]
) -> bytes:
    """What `verify.py` checks: where each row stands in the tree of the newest checkpoint, and that
    the trees of the others are beginnings of it.
    """
    return _json(
        {
            "checkpoint": newest.name,
            "consistency": consistency,
            "rows": {
                row.name: {"number": row.number, "salt": row.salt, "path": row.path}
                for row in proven
            },
            "waiting": sorted(waiting),
        }
    )


def _signed(folder: Path) -> list[Signed]:
    """Every checkpoint there is, the newest last."""
    try:
        kept = ledger.kept_checkpoints(folder)
    except CheckpointBroken as broken:
        raise Refused(str(broken)) from broken
    for one in kept:
        if one.checkpoint is None:
            raise Refused(f"The checkpoint {one.path.name} cannot be used. {one.why}")
    if not kept:
        raise Refused("No checkpoint has been signed yet. The worker signs one every hour.")
    return [Signed(one.path.name, one.note, one.checkpoint) for one in kept if one.checkpoint]


def _chosen(signed: list[Signed], numbers: list[int], wanted: Collection[int]) -> list[Signed]:
    """The newest, of each row the first that contains it (by then at the latest it was written),
    and those of the `wanted` sizes.
    """
    sizes = [one.checkpoint.size for one in signed]
    for size in set(wanted) - set(sizes):
        raise Refused(f"No checkpoint of {size} leaves is kept here.")
    places = {bisect_right(sizes, number) for number in numbers} | {len(signed) - 1}
    places |= {sizes.index(size) for size in wanted}
    return [signed[place] for place in sorted(places)]


def _stamps(folder: Path, chosen: list[Signed]) -> dict[str, bytes]:
    """What others signed of the moments of these checkpoints."""
    stamps = [ledger.stamp_of(folder / one.name) for one in chosen]
    return {f"timestamps/{path.name}": path.read_bytes() for path in stamps if path.exists()}


def _proven(recorded: Recorded, keys: rows.Keys, tree: Tree, pack: Pack) -> Iterator[Proven]:
    """The rows of a table that are in the tree; the others are noted in the pack."""
    wanted = sorted(keys.get(recorded.model, ()))
    for start in range(0, len(wanted), CHUNK):
        ids = wanted[start : start + CHUNK]
        leaves = {
            leaf.row: leaf
            for leaf in LedgerLeaf.objects.filter(
                table=recorded.table, row__in=ids, number__lt=tree.size
            ).select_related("form")
        }
        pack.waiting += [f"{recorded.table} {key}" for key in ids if key not in leaves]
        texts = ledger.texts_of(recorded, {key: leaf.form for key, leaf in leaves.items()})
        for key, text in texts.items():
            leaf = leaves[key]
            path = [hashed.hex() for hashed in tree.inclusion(leaf.number)]
            name = f"rows/{leaf.number:09}-{recorded.table}-{key}.json"
            yield Proven(name, text, leaf.number, leaf.salt, path)


def _trails(steps: set[int]) -> dict[str, bytes]:
    """The trail of each proposal for a spreadsheet."""
    concerned = Proposal.objects.filter(transitions__in=steps).distinct()
    files = {}
    for proposal in concerned.select_related("result_logical_flow").order_by("pk"):
        table = io.StringIO(newline="")
        written = csv.writer(table)
        written.writerow(approvals.FACT_HEADER)
        written.writerows(
            [plain(value) for value in row] for row in approvals.proposal_table(proposal)
        )
        text = BYTE_ORDER_MARK + table.getvalue()
        files[f"trail-{proposal.pk}.csv"] = text.encode()
    return files


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()
