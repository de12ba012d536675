"""What happens because time passes. Each function is one pass, safe to run at any time and twice at
once.
"""

import fcntl
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain

from django.db import connection
from django.db.models import Min, QuerySet

from .. import workflow
from ..errors import Refused
from ..models import PassResult, Policy, Proposal, Receipt, RightsChange, pieces
from . import new_rights, notices, reminders, sending

REMINDERS = "reminders"  # name of their PassResult

log = logging.getLogger(__name__)


def time_out_proposals(at: datetime) -> tuple[int, int]:
    """End every open proposal whose deadline has passed: (how many timed out, how many failed).

    Each is a transaction of its own. One that somebody decided meanwhile is left alone; a failure
    is logged and the others go on.
    """
    due = Proposal.objects.open().filter(due_at__lt=at).order_by("due_at", "pk")
    began = time.monotonic()

    def end(proposal: Proposal) -> int:
        # Each when it happens: the database refuses what is dated long before it is written.
        workflow.time_out(proposal, at=at + timedelta(seconds=time.monotonic() - began))
        return 1

    return _each(due, end)


def remind_approvers(at: datetime) -> tuple[int, int]:
    """Remind whoever still has to decide, on the days the policy says: (how many reminders, how
    many failures).

    Asked are only proposals that reached such a day since the last pass, so one that fails brings
    those of its own pass back into the next. After a change of the policy they are reminded from
    the next of its days on.
    """
    last = PassResult.objects.filter(name=REMINDERS).first()
    done = failed = 0
    for due in _due_for_reminder(last.at if last else None, at):
        reminded, broken = _each(due, lambda proposal: reminders.remind(proposal, at))
        done, failed = done + reminded, failed + broken
    if not failed:
        PassResult.keep(REMINDERS, at)
    return done, failed


def _due_for_reminder(last: datetime | None, at: datetime) -> Iterator[QuerySet[Proposal]]:
    """The open proposals that reached a day of reminding after `last`, or any at all if there was
    no pass yet; for each number of such days one look-up.
    """
    waiting = Proposal.objects.open().filter(due_at__gte=at)
    oldest = waiting.aggregate(oldest=Min("submitted_at"))["oldest"]
    every = timedelta(days=Policy.in_force().remind_after_days)
    listed = waiting.select_related("source", "target", "maker").order_by("submitted_at", "pk")
    if last is None or at - last >= every:
        yield listed.submitted_between(None, at - every)
        return
    reached = every
    while oldest and oldest <= at - reached:
        yield listed.submitted_between(last - reached, at - reached)
        reached += every


def ask_newly_able(at: datetime) -> tuple[int, int]:
    """Ask whoever can decide since rights were changed: (how many people, how many changes failed
    and are tried again).
    """
    done = failed = 0
    for change in RightsChange.objects.filter(done_at=None).order_by("pk"):
        try:
            done += new_rights.ask_after(change, at)
        except Exception:
            log.exception("Nobody was asked after rights change %s; tried again.", change.pk)
            failed += 1
    return done, failed


def ask_delegates(at: datetime) -> tuple[int, int]:
    """Ask those whose delegation has begun for what waits: (how many people, 0)."""
    return new_rights.ask_delegates(at), 0


def send_digests(at: datetime) -> tuple[int, int]:
    return notices.send_digests(at), 0


def send_mail(at: datetime) -> tuple[int, int]:
    """Send what is queued and still wanted: (how many were sent, how many will never be). What
    fails for now is tried again later.

    One pass at a time for one database; a second one leaves at once. A worker killed between
    sending a mail and recording it leaves one that is sent again: none is lost.
    """
    # Not post_office's own lock, which is per machine; workers may run on several.
    with alone("mail") as is_alone:
        return sending.send_queued(at) if is_alone else (0, 0)


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether no other process is inside by this name, for this database.

    Held by a transaction on a connection of its own, or on SQLite by the open file, so that it ends
    with the process however that dies. Not by the session: behind a pooler that would be whichever
    connection was free, and it would keep the lock.
    """
    if connection.vendor == "postgresql":
        holder = connection.copy()
        try:
            holder.set_autocommit(False)
            with holder.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [name])
                is_alone = cursor.fetchone()[0]
            yield is_alone
        finally:
            # Closed alone, the server lets the lock go when it comes to notice, which may be after
            # the next pass has asked for it.
            holder.rollback()
            holder.close()
        return
    with open(f"{connection.settings_dict['NAME']}-{name}", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_alone = True
        except BlockingIOError:
            is_alone = False
        yield is_alone


def say_at_work(at: datetime) -> tuple[int, int]:
    """That there is a worker, for /readyz and /metrics: (0, 0), nothing that anybody need hear."""
    PassResult.keep(PassResult.WORKER, at)
    return 0, 0


def forget_receipts(at: datetime) -> tuple[int, int]:
    """Nobody sends a form again after thirty days: (how many receipts went, 0)."""
    gone, _ = Receipt.objects.filter(at__lt=at - timedelta(days=30)).delete()
    return gone, 0


def _each(proposals: QuerySet[Proposal], act: Callable[[Proposal], int]) -> tuple[int, int]:
    """Each in a transaction of its own: (how many were done, how many failed)."""
    done = failed = 0
    for proposal in chain.from_iterable(pieces(proposals)):
        try:
            done += act(proposal)
        except Refused:
            continue
        except Exception:
            log.exception("Proposal %s could not be dealt with; the others go on.", proposal.pk)
            failed += 1
    return done, failed
