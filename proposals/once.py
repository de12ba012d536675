"""One transaction, tried again where another crossed it; and one form, with one effect however often it is sent."""

import random
import time
from collections.abc import Callable
from functools import wraps
from uuid import UUID, uuid4

from django.db import OperationalError, connection, transaction
from django.utils import timezone

from .models import Receipt, User
from .refusals import Conflict, Invalid

ATTEMPTS = 6
CROSSED = {"40001", "40P01"}  # SQLSTATE of a serialisation failure and of a deadlock


def whole(function: Callable) -> Callable:
    """Make `function` one transaction: everything or, when it raises, nothing.

    Where the database gave it up because another transaction crossed it, it starts again, after a short random wait,
    so it must be able to; after six attempts it is refused (Conflict). Within the transaction of a caller it is a
    part of that one, which alone can start again.
    """

    @wraps(function)
    def tried(*args, **kwargs):
        outermost = not connection.in_atomic_block
        for attempt in range(ATTEMPTS):
            try:
                with transaction.atomic():
                    return function(*args, **kwargs)
            except OperationalError as error:
                if not outermost or not _crossed(error):
                    raise
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
        raise Conflict("Too many people changed the same things at this moment. Please try again.")

    return tried


def _crossed(error: OperationalError) -> bool:
    """Whether trying again may succeed."""
    return getattr(error.__cause__, "sqlstate", None) in CROSSED or "database is locked" in str(error)


def one_effect(key: str, *, by: User, act: Callable[[Receipt], str | None]) -> str | None:
    """The page (a path) that a form sent with `key` leads to: as `act` says the first time, as it was kept afterwards.

    `act` carries out what the form asks, in the transaction that keeps the receipt. If it answers None, nothing was
    to be done: whatever it wrote is undone, no receipt is kept, and the form may be sent again. Two that arrive
    together wait for one another. Invalid if `key` is no key, or somebody else's.
    """
    try:
        number = UUID(key) if key else uuid4()
    except ValueError:
        raise Invalid("This form is not the one this page made. Load the page again and fill it in anew.") from None
    return _kept(number, by, act)


@whole
def _kept(key: UUID, by: User, act: Callable[[Receipt], str | None]) -> str | None:
    receipt, first = Receipt.objects.get_or_create(key=key, defaults={"by": by, "at": timezone.now()})
    if receipt.by_id != by.pk:
        raise Invalid("Somebody else opened this form. Load the page again.")
    if first:
        receipt.page = act(receipt) or ""
        if receipt.page:
            receipt.save()
        else:
            transaction.set_rollback(True)
    return receipt.page or None
