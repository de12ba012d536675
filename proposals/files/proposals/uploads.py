"""A file of proposals that came by the browser: looked at and carried out by the worker, slice by
slice. Killed in the middle it goes on where it was, and repeats no row.
"""

import logging
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count
from django.utils import timezone

from ...models import Outcome, Upload, UploadedRow, UploadState
from ...workflow.retry import retrying_transaction
from ..catalogue.problems import BadCatalogue
from .proposing import MANY, Proposing, RowResult
from .reading import FileRow, read_rows

AT_ONCE = 100  # rows that are looked at in one transaction
MOST_PROBLEMS = 100  # of a file as a whole that are kept
FAILED = "This could not be done, for a reason that is in the log of the site. Ask an operator."

log = logging.getLogger(__name__)


def counts_of(upload: Upload) -> dict[Outcome, int]:
    """How many rows have each outcome, in their order, without those that none has."""
    rows = upload.rows.order_by().values_list("outcome").annotate(number=Count("pk"))
    numbers = dict(rows)
    return {outcome: numbers[outcome] for outcome in Outcome if outcome in numbers}


def work_on(upload: Upload, until: float) -> int:
    """One slice, until that moment of `time.monotonic`: how many rows were dealt with."""
    if upload.state == UploadState.READING:
        return _read(upload) or _judge(upload, until)
    return _carry_out(upload, until)


def _read(upload: Upload) -> int:
    """The file becomes rows, and goes; 0 if it did before."""
    file = upload.files.first()
    if file is None:
        return 0
    try:
        rows = read_rows(file.name, bytes(file.data))
    except BadCatalogue as bad:
        upload.state = UploadState.BAD
        upload.problems = [str(problem) for problem in bad.problems[:MOST_PROBLEMS]]
        rows = []
    with transaction.atomic():
        UploadedRow.objects.bulk_create(
            (
                UploadedRow(
                    upload=upload,
                    line=row.line,
                    texts=row.texts,
                    outcome=Outcome.REFUSED if row.misfit else Outcome.WAITING,
                    sentence=row.misfit,
                )
                for row in rows
            ),
            batch_size=500,
        )
        file.delete()
        upload.rows_total = len(rows)
        upload.save()
    # Not 0, which would say that the file had been read before.
    return len(rows) or 1


def _judge(upload: Upload, until: float) -> int:
    proposing = Proposing(upload.by)
    known = upload.rows.exclude(key="").order_by("-line").values_list("key", "line")
    # The lowest line of a key comes last, and so is the one that stays.
    proposing.seen.update(known)
    done = 0
    while time.monotonic() < until:
        waiting = upload.rows.filter(outcome=Outcome.WAITING).order_by("line")[:AT_ONCE]
        rows = list(waiting)
        if not rows:
            # By a filter: whoever brought it may have discarded it meanwhile.
            Upload.objects.filter(pk=upload.pk, state=UploadState.READING).update(
                state=UploadState.JUDGED
            )
            break
        for row in rows:
            _keep(row, _attempt(proposing.preview, row))
        names = ["outcome", "sentence", "proposal", "key"]
        UploadedRow.objects.bulk_update(rows, names, batch_size=AT_ONCE)
        done += len(rows)
    return done


def _carry_out(upload: Upload, until: float) -> int:
    wanted = [Outcome.READY, *([Outcome.UNFINISHED] if upload.keeps_drafts else [])]
    many = upload.rows.filter(outcome__in=[Outcome.READY, Outcome.SUBMITTED]).count() > MANY
    proposing = Proposing(upload.by, keeps_drafts=upload.keeps_drafts, in_digest=many)
    done = 0
    while time.monotonic() < until:
        # Many at once: the first by its line of two outcomes costs a look at all that are left.
        left = upload.rows.filter(outcome__in=wanted).order_by("line").values_list("pk", flat=True)
        keys = list(left[:AT_ONCE])
        if not keys:
            Upload.objects.filter(pk=upload.pk).update(
                state=UploadState.DONE, finished_at=timezone.now()
            )
            break
        for key in keys:
            # Each by itself: what it found in the file is no hindrance any more, the register is.
            proposing.seen.clear()
            _do(key, wanted, proposing)
            done += 1
            if time.monotonic() >= until:
                break
    return done


def _do(pk: int, wanted: list[Outcome], proposing: Proposing) -> None:
    try:
        _carried_out(pk, wanted, proposing)
    except (OperationalError, InterfaceError):
        raise  # the database is away, and the row as it was
    except Exception:
        log.exception("Row %s of an upload could not be carried out; the others go on.", pk)
        UploadedRow.objects.filter(pk=pk).update(outcome=Outcome.REFUSED, sentence=FAILED)


@retrying_transaction
def _carried_out(pk: int, wanted: list[Outcome], proposing: Proposing) -> None:
    """The row and what it leads to, in one transaction: so it is never done twice."""
    row = UploadedRow.objects.select_for_update().filter(pk=pk, outcome__in=wanted).first()
    if row is not None:
        _keep(row, proposing.carry_out(_file_row(row)))
        row.save()


def _attempt(act: Callable[[FileRow], RowResult], row: UploadedRow) -> RowResult:
    try:
        return act(_file_row(row))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("Line %s of upload %s could not be judged.", row.line, row.upload_id)
        return RowResult(Outcome.REFUSED, FAILED)


def _file_row(row: UploadedRow) -> FileRow:
    return FileRow(row.line, row.texts)


def _keep(row: UploadedRow, result: RowResult) -> None:
    row.outcome, row.sentence, row.proposal = result.outcome, result.sentence, result.proposal
    row.key = result.key if result.outcome != Outcome.TWIN else ""
