"""When a checkpoint of the ledger is signed and stamped, and that the auditors get it by mail."""

import logging
from datetime import datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db import transaction
from post_office import mail

from ..history import ledger

HOURLY = timedelta(hours=1)
MOST_LEAVES = 10_000  # after the last checkpoint
STAMPED_AT_ONCE = 24  # checkpoints: after a day without the service, all of it

log = logging.getLogger(__name__)


def sign_when_due(at: datetime) -> tuple[int, int]:
    """One pass of the worker: (1 if a checkpoint was signed, 1 if that failed).

    Nothing where no key is set, nor before the ledger has caught up: what is not among the leaves
    of a checkpoint and dated long before it counts as written later.
    """
    if settings.LEDGER_KEY is None:
        return 0, 0
    try:
        if not _is_due(at) or ledger.extend(at, 1).is_behind:
            return 0, 0
        sign(at)
    except ledger.CheckpointBroken as broken:
        log.error("No checkpoint is signed: %s", broken)
        return 0, 1
    return 1, 0


@transaction.atomic
def sign(at: datetime) -> ledger.Kept:
    """A checkpoint of the ledger as it is, in its file, and queued for the auditors."""
    if settings.LEDGER_KEY is None or settings.LEDGER_CHECKPOINTS is None:
        raise ledger.CheckpointBroken(
            "Set LEDGER_KEY to the file of the private key, and LEDGER_CHECKPOINTS to the "
            "directory of the checkpoints."
        )
    key = ledger.read_key(settings.LEDGER_KEY)
    kept = ledger.sign_checkpoint(key, settings.LEDGER_CHECKPOINTS, at)
    if settings.LEDGER_MAIL and kept.checkpoint:
        mail.send(
            settings.LEDGER_MAIL,
            settings.DEFAULT_FROM_EMAIL,
            subject=f"Checkpoint of {key.name}: {kept.checkpoint.size} leaves",
            message=f"{kept.note}\nThe public key:\n{key.public}\n",
        )
    return kept


def stamp_missing(at: datetime) -> tuple[int, int]:
    """One pass of the worker: (how many checkpoints were stamped, 1 if that failed).

    The newest first, since they are the ones whose moment is not long ago; what cannot be stamped
    now is tried again in the next pass.
    """
    service, folder = ledger.timestamp_service(), settings.LEDGER_CHECKPOINTS
    if service is None or folder is None:
        return 0, 0
    stamped = 0
    try:
        for checkpoint in islice(ledger.unstamped(folder), STAMPED_AT_ONCE):
            ledger.stamp(checkpoint, service)
            stamped += 1
    except (ledger.TimestampBroken, ledger.CheckpointBroken) as broken:
        log.error("A checkpoint is not stamped: %s", broken)
        return stamped, 1
    return stamped, 0


def _is_due(at: datetime) -> bool:
    if settings.LEDGER_CHECKPOINTS is None:
        return True  # and then said to be missing
    newest = ledger.newest_name(settings.LEDGER_CHECKPOINTS)
    if newest is None:
        return True
    size, last = newest
    return at - last >= HOURLY or ledger.size() - size >= MOST_LEAVES
