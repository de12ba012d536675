"""How the ledger is doing: how far it has come, what still waits for its leaf, and when it was last
signed. What the rows say is the audit's to compare.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ...models import PassResult
from .canonical import Recorded
from .checkpoints import CheckpointBroken, Kept, newest_kept, public_keys, require_grown
from .notes import PublicKey
from .sequencer import PASS, most_waiting, rows_waiting
from .stored import size

MOST_COUNTED = 100  # rows of one table that wait; of more the most there can be is told


@dataclass(frozen=True)
class Waiting:
    """Rows of one table that have no leaf yet: `number` of them, or if it `is_estimate` at most
    so many. `rows` names them, whatever their number: "transitions", "versions of systems".
    """

    rows: str
    number: int
    is_estimate: bool

    def __str__(self) -> str:
        return f"{self.rows}: {'up to ' if self.is_estimate else ''}{self.number}"


@dataclass(frozen=True)
class LedgerState:
    """`passed_at`: when the worker last looked for rows without a leaf. `newest` is the newest
    checkpoint, `key` what it is checked by; `trouble` says why there is none to rely on.
    """

    leaves: int
    passed_at: datetime | None
    waiting: list[Waiting]
    newest: Kept | None = None
    key: PublicKey | None = None
    trouble: str = ""

    @property
    def lag(self) -> int:
        return sum(waiting.number for waiting in self.waiting)

    @property
    def is_estimate(self) -> bool:
        return any(waiting.is_estimate for waiting in self.waiting)


def ledger_state(folder: Path | None) -> LedgerState:
    """`folder` holds the checkpoints."""
    last_pass = PassResult.objects.filter(name=PASS).first()
    waiting = [
        _waiting(recorded, number) for recorded, number in rows_waiting(MOST_COUNTED) if number
    ]
    leaves, passed_at = size(), last_pass.at if last_pass else None
    newest, key, trouble = _signed(folder, leaves)
    return LedgerState(leaves, passed_at, waiting, newest, key, trouble)


def _waiting(recorded: Recorded, counted: int) -> Waiting:
    is_estimate = counted == MOST_COUNTED
    number = most_waiting(recorded) if is_estimate else counted
    return Waiting(recorded.rows_in_words, number, is_estimate)


def _signed(folder: Path | None, leaves: int) -> tuple[Kept | None, PublicKey | None, str]:
    """The newest checkpoint, the key in use, and why the ledger cannot be relied on with them."""
    if folder is None:
        return None, None, "No directory is set for them: LEDGER_CHECKPOINTS."
    newest = key = None
    try:
        key = public_keys(folder)[-1].key
        newest = newest_kept(folder)
        if newest is None:
            return None, key, "None has been signed yet."
        if newest.checkpoint is None:
            return newest, key, f"{newest.path.name}: {newest.why}"
        require_grown(newest.path, newest.checkpoint, leaves)
    except CheckpointBroken as broken:
        return newest, key, str(broken)
    return newest, key, ""
