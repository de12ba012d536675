"""Whether whoever decided had, at that moment, the right that the transition names.

A decision names the history rows of what gave the right (`Transition.basis`). They must fit the
person, the side's system and the way of the decision, and must have been in force at that moment.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, In

from ...models import (
    STEWARDS,
    STEWARDSHIPS,
    Approver,
    Basis,
    Delegation,
    Involvement,
    Maker,
    Side,
    System,
    Token,
    Tracked,
    Transition,
    User,
    actions,
)
from .breach import Breach

# By name, not as people: an auditor's account may not read their passwords.
NAMED = ["number", "proposal_id", "by__name", "on_behalf_of__name"]


def breaches() -> Iterator[Breach]:
    system = Case(When(side=Side.SOURCE, then=F("proposal__source")), default=F("proposal__target"))
    decided = Transition.objects.exclude(side="").annotate(
        system=system, holder=Coalesce("on_behalf_of", "by")
    )
    yield from _named(
        Transition.objects.exclude(_rests_on_what_it_asks()),
        "It rests on a right by which this is not done.",
    )
    for person in ("by", "on_behalf_of"):
        yield from _named(
            Transition.objects.filter(_had_left(person)), f"{{{person}}} was not active then."
        )
    by_involvement = decided.filter(basis=Basis.INVOLVEMENT)
    yield from _named(
        by_involvement.filter(automatic=False).exclude(_stood(Involvement, _part_of_holder())),
        "{holder} had no part in the system then.",
    )
    yield from _named(
        by_involvement.annotate(kind_then=_kind_then()).exclude(_names_what_fits()),
        "It names no involvement of {holder} in the system with a rule that allows this.",
    )
    yield from _named(
        Transition.objects.exclude(token="").exclude(Exists(_tokens_that_may())),
        "{by} had no token of the name it gives that may do this.",
    )
    yield from _named(
        by_involvement.exclude(on_behalf_of=None).exclude(
            _stood(Delegation, _lent()) & _names_what_was_lent()
        ),
        "{holder} had not delegated this to {by} then.",
    )
    yield from _named(
        decided.filter(basis=Basis.STEWARD)
        .exclude(_was_steward())
        .filter(_memberships_were_kept()),
        "{by} was no steward then.",
    )
    yield from _named(
        decided.filter(basis=Basis.EXTERNAL, automatic=False),
        "{by} decided for an external system without a right.",
    )


def _named(decisions: QuerySet, sentence: str) -> Iterator[Breach]:
    rows = decisions.order_by("pk").values_list(*NAMED)
    for number, proposal, by, other in rows.iterator(chunk_size=2000):
        words = sentence.format(holder=other or by, by=by, on_behalf_of=other)
        yield Breach("I2", f"proposal {proposal}", f"Transition {number}: {words}")


def _tokens_that_may() -> QuerySet:
    """Of a transition that names one: those it can mean, in force at its moment."""
    makers = [action.name for action in actions().values() if isinstance(action.role, Maker)]
    follows = Q(Exact(OuterRef("automatic"), True))
    decides = ~Q(Exact(OuterRef("side"), Value(""))) & Q(may_decide=True)
    proposes = Q(In(OuterRef("action"), makers)) & Q(may_propose=True)
    at = OuterRef("at")
    return Token.objects.filter(
        follows | decides | proposes,
        Q(withdrawn_at=None) | Q(withdrawn_at__gte=at),
        owner=OuterRef("by"),
        name=OuterRef("token"),
        created_at__lte=at,
        expires_at__gt=at,
    )


def _rests_on_what_it_asks() -> Q:
    rests = Q(pk__in=[])
    for action in actions().values():
        rests |= Q(action=action.name, basis__in=action.role.bases)
    return rests


def _had_left(person: str) -> Any:
    """Whoever stands in this column was not active by the history of that moment."""
    known = User.history.filter(id=OuterRef(person), history_date__lte=OuterRef("at"))
    then = Subquery(known.order_by("-history_id").values("is_active")[:1])
    return Exact(then, Value(False))


def _part_of_holder() -> Q:
    part = Q(system=OuterRef("system"), user=OuterRef("holder"), started_at__lte=OuterRef("at"))
    return part & (Q(ended_at=None) | Q(ended_at__gte=OuterRef("at")))


def _lent() -> Q:
    lent = Q(delegator=OuterRef("on_behalf_of"), delegate=OuterRef("by"))
    lent &= Q(system=None) | Q(system=OuterRef("system"))
    return lent & Q(starts_at__lte=OuterRef("at"), ends_at__gte=OuterRef("at"))


def _names_what_was_lent() -> Q:
    """What a transition of before 0.2 does not name is judged by the histories alone."""
    people = Q(delegation__delegator=F("on_behalf_of"), delegation__delegate=F("by"))
    here = Q(delegation__system=None) | Q(delegation__system=F("system"))
    return Q(delegation=None) | people & here


def _kind_then() -> Coalesce:
    """The kind of the side's system at that moment: one that became an actor since then was decided
    for as the application it was. Of a moment before its history began, the kind of now.
    """
    known = System.history.filter(id=OuterRef("system"), history_date__lte=OuterRef("at"))
    now = System.objects.filter(pk=OuterRef("system"))
    return Coalesce(
        Subquery(known.order_by("-history_id").values("kind")[:1]), Subquery(now.values("kind"))
    )


def _names_what_fits() -> Q:
    of_rule = Q(rule__system=F("system")) | Q(rule__system=None, rule__system_kind=F("kind_then"))
    may: Any = Q(pk__in=[])
    for action in actions().values():
        if isinstance(action.role, Approver):
            for decision in action.role.decisions:
                may |= Q(action=action.name, **{f"rule__{decision}": True})
    return (
        Q(involvement__user=F("holder"), involvement__system=F("system"))
        & Q(rule__involvement_kind=F("involvement__kind"))
        & of_rule
        & may
    )


def _was_steward() -> Q:
    return Q(stewardship__user=F("by"), stewardship__group__name=STEWARDS)


def _memberships_were_kept() -> Q:
    """Version 0.1 kept no membership: of its decisions by stewards only the basis is known."""
    kept = STEWARDSHIPS.objects.filter(history__history_date__lte=OuterRef("at"))
    return Q(Exists(kept)) | Q(stewardship__isnull=False)


def _stood(model: Tracked, condition: Q) -> Q:
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
