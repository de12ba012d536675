"""Remarks: each made while its proposal was open, by somebody active, within one conversation."""

from collections.abc import Iterator

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from ...models import Remark, User
from .breach import Breach


def breaches() -> Iterator[Breach]:
    for wrong, sentence in (
        (_while_not_open(), "is dated when the proposal was not open."),
        (_by_the_inactive(), "is by somebody who was not active."),
        (_astray(), "answers a remark on another proposal."),
    ):
        for remark in wrong.order_by("pk").iterator():
            yield Breach("I4", f"proposal {remark.proposal_id}", f"Remark {remark.pk} {sentence}")


def _while_not_open() -> QuerySet[Remark]:
    return Remark.objects.filter(
        Q(proposal__submitted_at=None)
        | Q(at__lt=F("proposal__submitted_at"))
        | Q(at__gt=F("proposal__closed_at"))
    )


def _by_the_inactive() -> QuerySet[Remark]:
    versions = User.history.filter(id=OuterRef("by"), history_date__lte=OuterRef("at"))
    newest = versions.order_by("-history_date", "-history_id").values("is_active")[:1]
    return Remark.objects.annotate(was_active=Subquery(newest)).filter(was_active=False)


def _astray() -> QuerySet[Remark]:
    answers = Remark.objects.exclude(answers=None)
    return answers.annotate(
        conversation=Coalesce("proposal__first_round", "proposal"),
        answered=Coalesce("answers__proposal__first_round", "answers__proposal"),
    ).exclude(conversation=F("answered"))
