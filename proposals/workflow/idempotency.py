"""One form has one effect, however often it is sent."""

from collections.abc import Callable
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from ..errors import Invalid
from ..models import Receipt, User
from .retry import retrying_transaction


def one_effect(key: str, *, by: User, act: Callable[[Receipt], str | None]) -> str | None:
    """The page (a path) that a form sent with `key` leads to: as `act` says the first time, as it
    was kept afterwards.

    `act` carries out what the form asks, in the transaction that keeps the receipt. If it answers None, nothing was
    to be done: whatever it wrote is undone, no receipt is kept, and the form may be sent again. Two that arrive
    together wait for one another. Invalid if `key` is no key, or somebody else's.
    """
    try:
        number = UUID(key) if key else uuid4()
    except ValueError:
        raise Invalid(
            "This form is not the one this page made. Load the page again and fill it in anew."
        ) from None
    return _kept(number, by, act)


@retrying_transaction
def _kept(key: UUID, by: User, act: Callable[[Receipt], str | None]) -> str | None:
    receipt, first = Receipt.objects.get_or_create(
        key=key, defaults={"by": by, "at": timezone.now()}
    )
    if receipt.by_id != by.pk:
        raise Invalid("Somebody else opened this form. Load the page again.")
    if first:
        receipt.page = act(receipt) or ""
        if receipt.page:
            receipt.save()
        else:
            transaction.set_rollback(True)
    return receipt.page or None
