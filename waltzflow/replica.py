"""Long reads from a standby (REPLICA_URL), which knows at that moment all that the primary had
acknowledged: so no page shows something as missing that was done before it was asked for.

A replica that is away, behind or no standby is left alone; the primary answers instead.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

REPLICA = "replica"  # in DATABASES

log = logging.getLogger(__name__)

LONGEST_WAIT = 0.5  # seconds for the replica to catch up
PAUSE = 30  # seconds for which one that failed is not asked
P = ParamSpec("P")
T = TypeVar("T")

_read_from: ContextVar[str] = ContextVar("read_from", default=DEFAULT_DB_ALIAS)
_left_alone_until = 0.0  # of time.monotonic()


class Router:
    """Only what is read goes to the replica, and only inside `from_replica`."""

    def db_for_read(self, model, **hints) -> str:
        return _read_from.get()

    def db_for_write(self, model, **hints) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one, other, **hints) -> bool:
        return True  # they are the same rows

    def allow_migrate(self, db: str, app_label: str, **hints) -> bool:
        return db == DEFAULT_DB_ALIAS


def from_replica(view: Callable[P, T]) -> Callable[P, T]:
    """A view that only reads, asked on the replica where there is one that knows all. If it fails
    there, the primary is asked.
    """

    @wraps(view)
    def shown(*args: P.args, **kwargs: P.kwargs) -> T:
        if not knows_all():
            return view(*args, **kwargs)
        try:
            with _reading_from(REPLICA):
                return view(*args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            _leave_alone(error)
        return view(*args, **kwargs)

    return shown


def pieces_from_replica(rows: Iterable[T]) -> Iterator[T]:
    """The same, where what is read is not a page but row after row as it is sent."""
    source = REPLICA if knows_all() else DEFAULT_DB_ALIAS
    rest = iter(rows)
    while True:
        # Around each step: between two of them other code runs in this thread.
        with _reading_from(source):
            try:
                row = next(rest)
            except StopIteration:
                return
        yield row


@contextmanager
def _reading_from(alias: str) -> Iterator[None]:
    token = _read_from.set(alias)
    try:
        yield
    finally:
        _read_from.reset(token)


def knows_all() -> bool:
    """Whether there is a replica that has taken over all that was acknowledged until now; waits
    LONGEST_WAIT at most.
    """
    if REPLICA not in settings.DATABASES or time.monotonic() < _left_alone_until:
        return False
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_flush_lsn()")
            [wanted] = cursor.fetchone()
        return _has_reached(wanted)
    except (OperationalError, InterfaceError) as error:
        _leave_alone(error)
        return False


def _has_reached(position: str) -> bool:
    end = time.monotonic() + LONGEST_WAIT
    while True:
        with connections[REPLICA].cursor() as cursor:
            # Nothing, if it is no standby.
            cursor.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [position])
            [has_reached] = cursor.fetchone()
        if has_reached or time.monotonic() > end:
            return bool(has_reached)
        time.sleep(0.02)


def _leave_alone(error: Exception) -> None:
    global _left_alone_until
    _left_alone_until = time.monotonic() + PAUSE
    log.warning("The replica is left alone for %s seconds: %s", PAUSE, type(error).__name__)
