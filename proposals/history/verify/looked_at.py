"""How much there was to look at."""

from pathlib import Path

from ...guards import GUARDS
from ...guards.record import TRACKED
from ...models import ImportBatch, LedgerLeaf, Notice, Remark, Transition
from ..ledger import CheckpointBroken, kept_checkpoints, rows_behind


def looked_at(folder: Path | None) -> dict[str, int]:
    """What, in the plural, and how many of it."""
    models = [*TRACKED, Transition, Remark, Notice, ImportBatch]
    counts = {str(model._meta.verbose_name_plural): model._base_manager.count() for model in models}
    versions = sum(model.history.model._base_manager.count() for model in TRACKED)
    return counts | {
        "versions in the histories": versions,
        "leaves of the ledger": LedgerLeaf.objects.count(),
        "rows that wait for a leaf": rows_behind(),
        "checkpoints": _checkpoints(folder),
        "guards": len(GUARDS),
    }


def _checkpoints(folder: Path | None) -> int:
    try:
        return len(kept_checkpoints(folder)) if folder else 0
    except CheckpointBroken:
        return 0
