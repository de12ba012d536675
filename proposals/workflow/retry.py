"""One transaction, tried again where another crossed it."""

import random
import sqlite3
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

from ..errors import Conflict

ATTEMPTS = 6
P = ParamSpec("P")
R = TypeVar("R")
CROSSED = {"40001", "40P01"}  # SQLSTATE of a serialisation failure and of a deadlock


class Crossed(Exception):
    """Raised within such a transaction where it found that another was quicker, and that to start
    again is the way to go on.
    """


def retrying_transaction(function: Callable[P, R]) -> Callable[P, R]:
    """Make `function` one transaction: everything or, when it raises, nothing.

    Where the database gave it up because another transaction crossed it, it starts again, after a
    short random wait, so it must be able to; after six attempts it is refused (Conflict). Within
    the transaction of a caller it is a part of that one, which alone can start again.
    """

    @wraps(function)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        outermost = not connection.in_atomic_block
        for attempt in range(ATTEMPTS):
            try:
                with transaction.atomic():
                    return function(*args, **kwargs)
            except (OperationalError, Crossed) as error:
                if not outermost or not _crossed(error):
                    raise
                # At random, or the two that crossed would meet again at the same place.
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
        raise Conflict("Too many people changed the same things at this moment. Please try again.")

    return tried


def _crossed(error: OperationalError | Crossed) -> bool:
    """Whether trying again may succeed."""
    if isinstance(error, Crossed):
        return True
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        # The lower byte is the kind, the rest its variety.
        return cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(cause, "sqlstate", None) in CROSSED
