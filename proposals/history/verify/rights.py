"""Whether whoever decided had, at that moment, the involvement and the delegation the decision
rests on.

Which rule made the involvement decisive is written into the transition, word by word; membership of
the stewards has no dates, so of a steward only the words are there.
"""

from collections.abc import Iterator

from django.db.models import Case, Exists, F, Model, OuterRef, Q, When
from django.db.models.functions import Coalesce

from ...models import Delegation, Involvement, Side, Transition
from .breach import Breach

# By name, not as people: an auditor's account may not read their passwords.
NAMED = ["number", "proposal_id", "by__name", "on_behalf_of__name"]


def breaches() -> Iterator[Breach]:
    decided = Transition.objects.exclude(side="").filter(automatic=False)
    system = Case(When(side=Side.SOURCE, then=F("proposal__source")), default=F("proposal__target"))
    holder = Coalesce("on_behalf_of", "by")
    decided = decided.annotate(system=system, holder=holder).order_by("pk")
    part = Q(system=OuterRef("system"), user=OuterRef("holder"), started_at__lte=OuterRef("at"))
    part &= Q(ended_at=None) | Q(ended_at__gte=OuterRef("at"))
    lent = Q(delegator=OuterRef("on_behalf_of"), delegate=OuterRef("by"))
    lent &= Q(starts_at__lte=OuterRef("at"), ends_at__gte=OuterRef("at"))
    without = decided.exclude(_stood(Involvement, part)).exclude(capacity__startswith="Steward")
    for number, proposal, by, other in without.values_list(*NAMED).iterator(chunk_size=2000):
        sentence = f"Transition {number}: {other or by} had no part in the system then."
        yield Breach("I2", f"proposal {proposal}", sentence)
    undelegated = decided.exclude(on_behalf_of=None).exclude(_stood(Delegation, lent))
    for number, proposal, by, other in undelegated.values_list(*NAMED).iterator(chunk_size=2000):
        yield Breach(
            "I2",
            f"proposal {proposal}",
            f"Transition {number}: {other} had not delegated to {by} then.",
        )


def _stood(model: type[Model], condition: Q) -> Q:
    """A row that gave the right stood there at that moment, as it reads now or as its history knew
    it then.

    To date the end of a right back, or to write it while a decision that came first is under way,
    undoes no decision.
    """
    known = model.history.model.objects.filter(history_date__lte=OuterRef("at"))
    then = Q(
        id=OuterRef("id"),
        history_id__gt=OuterRef("history_id"),
        history_date__lte=OuterRef(OuterRef("at")),
    )
    newer = model.history.model.objects.filter(then)
    return Q(Exists(model.objects.filter(condition))) | Q(
        Exists(known.filter(condition, ~Exists(newer)))
    )
