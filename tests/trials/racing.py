"""Many at the same moment: a track of threads, each with a database connection of its own."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from unittest import mock

from django.db import connection
from django.db.models import QuerySet

from proposals import guards
from proposals.errors import Refused
from proposals.models import rights_locks


class Track:
    """As many racers as `size`; they stay, with their connections, from one race to the next."""

    def __init__(self, size):
        self.size, self.pool = size, ThreadPoolExecutor(size)

    def race(self, acts):
        """Run all acts at the same moment: of each, in order, what it returned, its Refused, or
        another exception.
        """
        assert len(acts) <= self.size
        barrier = threading.Barrier(len(acts))
        return list(self.pool.map(lambda act: self._run(barrier, act), acts, timeout=120))

    def _run(self, barrier, act):
        connection.ensure_connection()
        barrier.wait(timeout=60)
        try:
            return act()
        except Exception as error:
            if not isinstance(error, Refused):
                connection.close()
            return error

    def close(self):
        self.race([connection.close] * self.size)
        self.pool.shutdown()


@contextmanager
def track(size):
    """A track for some races; its connections are closed in the end, as the database is emptied
    after a test.
    """
    made = Track(size)
    try:
        yield made
    finally:
        made.close()


def at_once(*acts):
    """Run all at the same moment; "done" or the sentence of the refusal, in order. Any other
    exception fails.
    """
    with track(len(acts)) as racers:
        outcomes = racers.race(acts)
    failed = [
        outcome
        for outcome in outcomes
        if isinstance(outcome, Exception) and not isinstance(outcome, Refused)
    ]
    assert not failed, outcomes
    return [outcome.sentence if isinstance(outcome, Refused) else "done" for outcome in outcomes]


@contextmanager
def unlocked():
    """The workflow without its locks and guards, so that a race is seen to be lost where they are
    missing.
    """
    guards.remove(connection)
    with ExitStack() as stack:
        # Whatever happens meanwhile, or the tests that follow would miss the guards.
        stack.callback(guards.install, connection)
        stack.enter_context(
            mock.patch.object(QuerySet, "select_for_update", lambda rows, **options: rows.all())
        )
        stack.enter_context(
            mock.patch.object(rights_locks, "_locked_rows", lambda rows, of=None: list(rows))
        )
        yield
