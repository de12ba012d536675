"""Watching a system or a proposal: one is told of it without having a part in it."""

from django.db import transaction
from django.utils import timezone

from ..errors import Conflict
from ..models import Proposal, System, User, Watch


@transaction.atomic
def watch(watched: System | Proposal, *, by: User) -> None:
    """From now on `by` is told. Once is enough: a second time changes nothing.

    Refused: Conflict for a draft, which nobody but its maker sees.
    """
    if isinstance(watched, System):
        named = {"system_id": watched.pk}
    elif watched.is_draft:
        raise Conflict("A draft is watched once it is submitted.", watched)
    else:
        named = {"proposal_id": watched.first_round_id or watched.pk}
    Watch.objects.get_or_create(user=by, **named, defaults={"since": timezone.now()})


def stop_watching(watched: System | Proposal, *, by: User) -> None:
    Watch.objects.on(watched).filter(user=by).delete()
