"""Catalogue files that came by the browser: the dry run and then the import of the command, carried
out by the worker.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from ...errors import Conflict, NoRight, Refused
from ...models import Upload, UploadState
from .importing import Moved, Progress, Report, import_catalogue
from .problems import BadCatalogue

MOST_KEPT = 10_000  # differences, warnings or problems
EVERY = 1.0  # seconds between two signs of progress


def work_on(upload: Upload) -> int:
    """Judge it, or import it once that was confirmed: how many rows its files have."""
    contents = {file.name: bytes(file.data) for file in upload.files.order_by("pk")}
    try:
        if upload.state == UploadState.CONFIRMED:
            report = _imported(upload, contents)
        else:
            report = _judged(upload, contents)
    except Moved:
        report = _judged(upload, contents, has_moved=True)
    except BadCatalogue as bad:
        _end(upload, [str(problem) for problem in bad.problems[:MOST_KEPT]])
        return 1
    except Refused as no:
        _end(upload, [no.sentence])
        return 1
    return sum(tally.read for tally in report.tallies) or 1


def _judged(upload: Upload, contents: dict[str, bytes], has_moved: bool = False) -> Report:
    """What would change now. It `has_moved` where something else was shown and confirmed."""
    report = import_catalogue(contents, by=upload.by, dry_run=True)
    upload.rows_total = sum(tally.read for tally in report.tallies)
    upload.state = UploadState.JUDGED if report.changes else UploadState.DONE
    upload.report = _told(report) | {"has_moved": has_moved}
    upload.save()
    return report


def _told(report: Report) -> dict[str, Any]:
    """What a page shows of it."""
    differences = iter(report.differences)
    kept = [asdict(difference) for difference in islice(differences, MOST_KEPT)]
    return {
        "digest": report.digest,
        "tallies": [asdict(tally) for tally in report.tallies],
        "changes": report.changes,
        "activated": report.activated,
        "warnings": [str(warning) for warning in report.warnings[:MOST_KEPT]],
        "differences": kept,
        "more": sum(1 for _ in differences),
    }


def _imported(upload: Upload, contents: dict[str, bytes]) -> Report:
    """All of it or nothing, and that it was done with it: so it is never imported twice."""
    if not (upload.by.is_active and upload.by.is_superuser):
        raise NoRight(f"{upload.by} may no longer import.")
    seen: dict[str, Any] = upload.report or {}
    with _progress_of(upload) as progress, transaction.atomic():
        report = import_catalogue(
            contents, by=upload.by, progress=progress, expected=seen["digest"]
        )
        kept = seen | {"batch": report.batch.pk if report.batch else None}
        confirmed = Upload.objects.filter(pk=upload.pk, state=UploadState.CONFIRMED)
        if not confirmed.update(state=UploadState.DONE, report=kept, finished_at=timezone.now()):
            raise Conflict("Somebody else is at it.")
    upload.files.all().delete()
    return report


def _end(upload: Upload, problems: list[str]) -> None:
    """It can be used no further; it is mended, and brought again."""
    Upload.objects.filter(pk=upload.pk).update(
        state=UploadState.BAD, problems=problems, finished_at=timezone.now()
    )
    upload.files.all().delete()


@contextmanager
def _progress_of(upload: Upload) -> Iterator[Progress]:
    """What an import calls with rows done and rows in all. The import is one transaction that
    nobody sees into, so it is told by another connection; SQLite has one writer, and tells nothing.
    """
    if connection.vendor != "postgresql":
        yield lambda done, total: None
        return
    teller = connection.copy()
    try:
        yield _telling(upload, teller)
    finally:
        teller.close()


def _telling(upload: Upload, teller: Any) -> Progress:
    last = time.monotonic()
    sql = "UPDATE proposals_upload SET rows_done = %s, rows_total = %s WHERE id = %s"

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > EVERY:
            last = time.monotonic()
            with teller.cursor() as cursor:
                cursor.execute(sql, [done, total, upload.pk])

    return tell
