"""Files that come by the browser: kept in the database until the worker is done with them."""

import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from ..errors import Conflict
from ..models import Outcome, Upload, UploadedFile, UploadKind, UploadState, User, clean
from ..workflow.periodic import alone
from . import proposals
from .catalogue import uploads as catalogue_uploads
from .proposals import FAILED

MOST_UNFINISHED = 10  # of one person
LONGEST_NAME = 200
MOST_NAMED = 3  # files, in the name of all
SLICE = 5  # seconds for each upload, then it is the turn of the next, and of mails and deadlines
KEPT = timedelta(days=30)

log = logging.getLogger(__name__)


def receive(kind: str, files: Mapping[str, bytes], *, by: User) -> Upload:
    """Keep what somebody brought for the worker. Conflict if much of theirs is unfinished."""
    if Upload.objects.filter(by=by, kind=kind).unfinished().count() >= MOST_UNFINISHED:
        raise Conflict(
            f"{MOST_UNFINISHED} files of yours are not finished. Finish or discard one of them."
        )
    contents = hashlib.sha256()
    for name, data in sorted(files.items()):
        # With the lengths, or the same bytes cut into other files would give the same hash.
        contents.update(f"{name}\n{len(data)}\n".encode() + data)
    # The end of a long name, which says what kind of file it is.
    names = [clean(name)[-LONGEST_NAME:] or "file" for name in files]
    told = ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} files"
    made = Upload.objects.create(
        kind=kind, by=by, name=told[:LONGEST_NAME], sha256=contents.hexdigest()
    )
    UploadedFile.objects.bulk_create(
        UploadedFile(upload=made, name=name, data=data)
        for name, data in zip(names, files.values(), strict=True)
    )
    return made


@dataclass(frozen=True)
class Progress:
    """How far the worker is with a file of proposals: `done` of `total` rows."""

    done: int
    total: int

    @classmethod
    def of(cls, upload: Upload, counts: Mapping[Outcome, int]) -> "Progress":
        if upload.state == UploadState.READING:
            total = sum(counts.values())
            return cls(total - counts.get(Outcome.WAITING, 0), total)
        ahead = [Outcome.READY, *([Outcome.UNFINISHED] if upload.keeps_drafts else [])]
        done = [Outcome.SUBMITTED, *([Outcome.KEPT] if upload.keeps_drafts else [])]
        finished = sum(counts.get(outcome, 0) for outcome in done)
        return cls(finished, finished + sum(counts.get(outcome, 0) for outcome in ahead))


def work_on_uploads(at: datetime) -> tuple[int, int]:
    """A slice of each that waits for the worker: (how many rows were dealt with, 0)."""
    with alone("uploads") as is_alone:
        if not is_alone:
            return 0, 0
        uploads = Upload.objects.at_work().select_related("by").order_by("pk")
        return sum(_work_on(upload) for upload in uploads), 0


def _work_on(upload: Upload) -> int:
    try:
        return _slice_of(upload)
    except (OperationalError, InterfaceError):
        raise  # the database is away: as it was, at the next pass
    except Exception:
        # It would fail at every pass, and hold up the others.
        log.exception("Upload %s could not be dealt with; the others go on.", upload.pk)
        Upload.objects.filter(pk=upload.pk).update(state=UploadState.BAD, problems=[FAILED])
        return 1


def _slice_of(upload: Upload) -> int:
    if upload.kind == UploadKind.CATALOGUE:
        return catalogue_uploads.work_on(upload)  # one transaction, that cannot be sliced
    return proposals.work_on(upload, time.monotonic() + SLICE)


def forget_uploads(at: datetime) -> tuple[int, int]:
    """Nobody asks for one after thirty days: (how many went, 0). What was proposed stays."""
    old = Upload.objects.filter(at__lt=at - KEPT)
    number = old.count()
    old.delete()
    return number, 0
