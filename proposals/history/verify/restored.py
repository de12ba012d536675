"""What somebody asks who has restored a backup, and an audit does not say: whether the code fits
the database, and what was recorded after the backup was made.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max

from ..ledger import RECORDED, Checkpoint, CheckpointBroken, kept_checkpoints, size
from .ledger import moment

Migration = tuple[str, str]  # app and name


def unapplied_migrations() -> set[Migration]:
    """Those of the code that the database lacks."""
    return _of_the_code() - set(MigrationRecorder(connection).applied_migrations())


def unknown_migrations() -> set[Migration]:
    """Those of the database that this code does not have: it is older than what wrote them."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    return {(app, name) for app, name in applied - _of_the_code() if app == "proposals"}


@cache
def _of_the_code() -> set[Migration]:
    """They do not change while it runs."""
    return set(MigrationLoader(None).disk_migrations)


@dataclass(frozen=True)
class Loss:
    """`ahead`: the checkpoints that know more leaves than there are, by name of the file, the one
    that knows most last. `back_to` is the last moment that the database knows of, None if it knows
    of nothing.
    """

    ahead: dict[str, Checkpoint]
    leaves: int
    back_to: datetime | None

    def __str__(self) -> str:
        name, last = list(self.ahead.items())[-1]
        back_to = moment(self.back_to) if self.back_to else "before its first row"
        count = len(self.ahead)
        know = f"{count} kept checkpoints know" if count > 1 else "1 kept checkpoint knows"
        return (
            f"The database goes back to {back_to}: its ledger has {self.leaves} leaves. {know} "
            f"more, {name} {last.size} leaves on {moment(last.at)}. What was recorded between is "
            "gone. Nothing is signed while they lie there: keep them elsewhere, as they prove the "
            "loss."
        )


def loss(folder: Path) -> Loss | None:
    """What the kept checkpoints prove to be missing; None where they prove nothing. What is wrong
    with themselves the audit says.
    """
    try:
        kept = kept_checkpoints(folder)
    except CheckpointBroken:
        return None
    leaves = size()
    ahead = {
        one.path.name: one.checkpoint
        for one in kept
        if one.checkpoint and one.checkpoint.size > leaves
    }
    return Loss(ahead, leaves, _last_moment()) if ahead else None


def _last_moment() -> datetime | None:
    """The date of the newest row of the record."""
    dates = [
        recorded.model._default_manager.aggregate(last=Max(recorded.at))["last"]
        for recorded in RECORDED
    ]
    return max(filter(None, dates), default=None)
