"""What happens because time passes. Each function is one pass, safe to run at any time and twice at once."""

import fcntl
import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection
from post_office.mail import get_queued, send_queued

from . import notices, workflow
from .models import Proposal, Receipt
from .refusals import Refused

log = logging.getLogger(__name__)


def time_out_proposals(at: datetime) -> tuple[int, int]:
    """End every open proposal whose deadline has passed: (how many timed out, how many failed).

    Each is a transaction of its own. One that somebody decided meanwhile is left alone; a failure is logged and the
    others go on.
    """
    due = Proposal.objects.open().filter(due_at__lt=at).order_by("due_at", "pk")
    return _each(due.iterator(), lambda proposal: workflow.time_out(proposal, at=at) and 1)


def remind_approvers(at: datetime) -> tuple[int, int]:
    """Remind whoever still has to decide, on the days the policy says: (how many reminders, how many failures)."""
    waiting = Proposal.objects.open().filter(due_at__gte=at).select_related("source", "target", "maker")
    return _each(waiting.order_by("submitted_at", "pk").iterator(), lambda proposal: notices.remind(proposal, at))


def send_digests(at: datetime) -> tuple[int, int]:
    return notices.send_digests(at), 0


def send_mail(at: datetime) -> tuple[int, int]:
    """Send what is queued: (0, 0), for the mails themselves record what became of them.

    One pass at a time for one database on one machine; a second one leaves at once. A worker killed between sending
    and recording it leaves mails that are sent again: none is lost, and a batch at most goes out twice.
    """
    database = hashlib.sha256(repr(sorted(connection.get_connection_params().items(), key=str)).encode()).hexdigest()
    with _alone(Path(tempfile.gettempdir()) / f"waltzflow-mail-{database[:12]}.lock") as alone:
        while alone and get_queued().exists():
            send_queued()
    return 0, 0


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Whether nobody else holds this file. The system lets go of it with the process, however that ends.

    The lock of django-post-office is a process id in a file, and stays shut for one that is started anew under the
    id of one that was killed, as in a container.
    """
    with path.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def forget_receipts(at: datetime) -> tuple[int, int]:
    """Nobody sends a form again after thirty days: (how many receipts went, 0)."""
    gone, _ = Receipt.objects.filter(at__lt=at - timedelta(days=30)).delete()
    return gone, 0


def _each(proposals: Iterator[Proposal], act: Callable[[Proposal], int]) -> tuple[int, int]:
    done = failed = 0
    for proposal in proposals:
        try:
            done += act(proposal)
        except Refused:
            continue
        except Exception:
            log.exception("Proposal %s could not be dealt with; the others go on.", proposal.pk)
            failed += 1
    return done, failed
