"""One form has one effect, however often it is sent."""

from collections.abc import Callable, Iterable
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from ..errors import Invalid
from ..models import Receipt, User
from .retry import Crossed, retrying_transaction

Content = Iterable[tuple[str, list[str]]]


def one_effect(
    form_key: str, content: Content, *, by: User, act: Callable[[Receipt], str | None]
) -> str | None:
    """The page (a path) that a form leads to: as `act` says the first time, later as it was kept.

    `content` is what was sent, every field with its values. The same content with the same key is
    the same act; other content is another one. `act` carries out what the form asks, in the
    transaction that keeps the receipt. If it answers None, nothing was to be done: whatever it
    wrote is undone, no receipt is kept, and the form may be sent again. Two that arrive together
    wait for one another. Invalid if `form_key` is no key, or somebody else's.
    """
    try:
        # Who sends no key (no page of ours does) asks for no protection: each time is a new act.
        form = UUID(form_key) if form_key else uuid4()
    except ValueError:
        raise Invalid(
            "This form is not the one this page made. Load the page again and fill it in anew."
        ) from None
    return _page_after(form, Receipt.key_of(form, content), by, act)


@retrying_transaction
def _page_after(
    form: UUID, key: UUID, by: User, act: Callable[[Receipt], str | None]
) -> str | None:
    kept = {receipt.key: receipt for receipt in Receipt.objects.filter(form=form)}
    if any(receipt.by_id != by.pk for receipt in kept.values()):
        raise Invalid("Somebody else opened this form. Load the page again.")
    if key in kept:
        return kept[key].page or None
    receipt = Receipt(key=key, form=form, by=by, at=timezone.now())
    try:
        receipt.save(force_insert=True)
    except IntegrityError as error:
        # The unique key decides between two that arrive together: the second waits for the commit
        # of the first, starts again and then reads its receipt.
        raise Crossed from error
    receipt.page = act(receipt) or ""
    if receipt.page:
        receipt.save(update_fields=["page", "results"])
    else:
        # The view has its answer, so no exception may undo what it wrote.
        transaction.set_rollback(True)
    return receipt.page or None
