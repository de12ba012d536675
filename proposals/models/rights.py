"""Who may decide. The predicate and its set form stand side by side and share one query.

A *role* is what the table of transitions names as its `permission`. Asked with a proposal and a user it answers with
the Right that person has, or None; it says who holds it, and which sentence a person without it reads. A new role is
a new class here and a row in the table. Being a superuser is no role.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When

from .catalogue import System
from .people import ApproverRule, Involvement, User


@dataclass(frozen=True)
class Right:
    """`user` may act, for `on_behalf_of` if that is set; `capacity` says by what right, as it reads this moment."""

    user: User
    capacity: str
    on_behalf_of: User | None = None


def decisive_involvements(decision: Q) -> QuerySet[Involvement]:
    """Open involvements of active people that a rule makes decisive, each with `rule_id`, the rule that does.

    `decision` narrows the rules: Q(may_approve=True) and so on. A rule naming the system replaces the general ones.
    """
    of_kind = ApproverRule.objects.filter(involvement_kind=OuterRef("kind"))
    naming_system = ApproverRule.objects.filter(system=OuterRef("system"))
    particular = of_kind.filter(decision, system=OuterRef("system"))
    general = of_kind.filter(decision, system=None, system_kind=OuterRef("system__kind"))
    return (
        Involvement.objects.open()
        .filter(user__is_active=True)
        .annotate(
            rule_id=Case(
                When(Exists(naming_system), then=Subquery(particular.values("pk")[:1])),
                default=Subquery(general.values("pk")[:1]),
            )
        )
        .filter(rule_id__isnull=False)
    )


def rights_through(involvements: QuerySet[Involvement]) -> list[Right]:
    """Rights in words, one per involvement, ordered by person; two queries whatever the number."""
    found = list(involvements.select_related("user", "kind", "system").order_by("user__name", "user_id", "kind__name"))
    rules = ApproverRule.objects.select_related("involvement_kind", "system").in_bulk({row.rule_id for row in found})
    return [Right(row.user, f"{row.kind} of {row.system}; rule: {rules[row.rule_id]}") for row in found]


@dataclass(frozen=True)
class Maker:
    """The one who proposes."""

    who = "the maker"

    def __call__(self, proposal, user: User) -> Right | None:
        return Right(user, "Maker") if user.is_active and user.pk == proposal.maker_id else None

    def refusal(self, proposal, user: User) -> str:
        return f"Only its maker, {proposal.maker}, can do this."


@dataclass(frozen=True)
class Approver:
    """Somebody whose involvement in the system of one side decides, by an approver rule. Never the maker."""

    side: str
    decision: str

    @property
    def who(self) -> str:
        verb = self.decision.removeprefix("may_")
        return f"who may {verb} for the {self.side.lower()} by an approver rule, except the maker"

    def __call__(self, proposal, user: User) -> Right | None:
        return next(iter(rights_through(self._involvements(proposal).filter(user=user))), None)

    def holders(self, proposal) -> list[Right]:
        """Everybody who has the right on this proposal, by name."""
        return rights_through(self._involvements(proposal))

    def refusal(self, proposal, user: User) -> str:
        if user.pk == proposal.maker_id:
            return "You proposed this flow, so others decide."
        verb = self.decision.removeprefix("may_")
        return f"You may not {verb} for the {self.side.lower()}, {proposal.system(self.side)}."

    def _involvements(self, proposal) -> QuerySet[Involvement]:
        deciding = decisive_involvements(Q(**{self.decision: True}))
        return deciding.filter(system=proposal.system_id(self.side)).exclude(user=proposal.maker_id)


@dataclass(frozen=True)
class Automatic:
    """Nobody may do this: it follows by itself, or the clock does it."""

    who: str

    def __call__(self, proposal, user: User) -> None:
        return None

    def refusal(self, proposal, user: User) -> str:
        return f"Nobody can do this: it {self.who}."


def systems_decided_by(user: User, decision: Q) -> list[int]:
    """The set form of Approver: ids of the systems for which `user` may decide (on proposals of others)."""
    if not user.is_active:
        return []
    mine = decisive_involvements(decision).filter(user=user)
    return list(mine.order_by().values_list("system_id", flat=True).distinct())


def deciders(systems: Iterable[System]) -> QuerySet[Involvement]:
    """Whose involvement decides for any of `systems`, whichever way: for pages that name people."""
    any_decision = Q(may_approve=True) | Q(may_reject=True)
    return decisive_involvements(any_decision).filter(system__in=systems)
