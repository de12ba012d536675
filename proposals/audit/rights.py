"""Whether whoever decided had, at that moment, the involvement and the delegation the decision rests on.

Which rule made the involvement decisive is written into the transition, word by word; membership of the stewards has
no dates, so of a steward only the words are there.
"""

from collections.abc import Iterator

from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import Coalesce

from ..models import Delegation, Involvement, Side, Transition
from .breach import Breach


def breaches() -> Iterator[Breach]:
    decided = Transition.objects.exclude(side="").filter(automatic=False)
    system = Case(When(side=Side.SOURCE, then=F("proposal__source")), default=F("proposal__target"))
    holder = Coalesce("on_behalf_of", "by")
    decided = decided.annotate(system=system, holder=holder).order_by("pk")
    involved = Involvement.objects.filter(system=OuterRef("system"), user=OuterRef("holder"))
    involved = involved.filter(Q(ended_at=None) | Q(ended_at__gte=OuterRef("at")), started_at__lte=OuterRef("at"))
    lent = Delegation.objects.filter(delegator=OuterRef("on_behalf_of"), delegate=OuterRef("by"))
    lent = lent.filter(starts_at__lte=OuterRef("at"), ends_at__gte=OuterRef("at"))
    without = decided.filter(~Exists(involved)).exclude(capacity__startswith="Steward")
    for step in without.select_related("by", "on_behalf_of").iterator(chunk_size=2000):
        sentence = f"Transition {step.number}: {step.on_behalf_of or step.by} had no part in the system then."
        yield Breach("I2", f"proposal {step.proposal_id}", sentence)
    undelegated = decided.exclude(on_behalf_of=None).filter(~Exists(lent))
    for step in undelegated.select_related("by", "on_behalf_of").iterator(chunk_size=2000):
        sentence = f"Transition {step.number}: {step.on_behalf_of} had not delegated to {step.by} then."
        yield Breach("I2", f"proposal {step.proposal_id}", sentence)
