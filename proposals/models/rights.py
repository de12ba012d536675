"""Who may decide. The predicate and its set form stand side by side and share one query.

A *role* is what the table of transitions names as its `permission`. Asked with a proposal and a user it answers with
the Right that person has, or None; it says who holds it, and which sentence a person without it reads. A new role is
a new class here and a row in the table. Being a superuser is no role.
"""

from dataclasses import dataclass

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When

from .people import ApproverRule, Involvement, User, decision_wording


@dataclass(frozen=True)
class Right:
    """`user` may act, for `on_behalf_of` if that is set; `capacity` says by what right, as it reads this moment."""

    user: User | None
    capacity: str
    on_behalf_of: User | None = None


def decisive_involvements() -> QuerySet[Involvement]:
    """Open involvements of active people that an approver rule makes decisive.

    Each with `may_approve` and `may_reject`, and `rule_names_system`: whether the rule is the system's own. As soon as
    one rule names a system, the general ones count no more for it.
    """
    of_kind = ApproverRule.objects.filter(involvement_kind=OuterRef("kind"))
    own = of_kind.filter(system=OuterRef("system"))
    general = of_kind.filter(system=None, system_kind=OuterRef("system__kind"))

    def of_rule(field: str) -> Case:
        return Case(
            When(rule_names_system=True, then=Subquery(own.values(field)[:1])),
            default=Subquery(general.values(field)[:1]),
        )

    return (
        Involvement.objects.open()
        .filter(user__is_active=True)
        .annotate(rule_names_system=Exists(ApproverRule.objects.filter(system=OuterRef("system"))))
        .annotate(may_approve=of_rule("may_approve"), may_reject=of_rule("may_reject"))
        .filter(Q(may_approve=True) | Q(may_reject=True))
    )


def deciders(*systems: int) -> list[Involvement]:
    """Whose involvement decides for any of `systems` (ids), ordered by person; one query.

    Each with `may` ("may approve and reject") and `capacity` (the involvement and the rule that gives the right).
    """
    found = decisive_involvements().filter(system__in=systems).select_related("user", "kind", "system")
    found = list(found.order_by("user__name", "user_id", "kind__name"))
    for row in found:
        row.may = decision_wording(row.may_approve, row.may_reject)
        row.capacity = _capacity(row)
    return found


def systems_decided_by(user: User) -> list[int]:
    """The set form of Approver: ids of the systems for which `user` decides on proposals of others."""
    if not user.is_active:
        return []
    return list(decisive_involvements().filter(user=user).order_by().values_list("system_id", flat=True).distinct())


def _capacity(row: Involvement) -> str:
    where = row.system if row.rule_names_system else f"every {row.system.get_kind_display().lower()}"
    return f"{row.kind} of {row.system}; rule: {row.kind} of {where} {row.may}"


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
        return next((right for right in self.holders(proposal) if right.user == user), None)

    def holders(self, proposal) -> list[Right]:
        """Everybody who has the right on this proposal, by name; a person with two involvements twice."""
        system = proposal.system_id(self.side)
        return [
            Right(row.user, row.capacity)
            for row in proposal.deciders
            if row.system_id == system and getattr(row, self.decision) and row.user_id != proposal.maker_id
        ]

    def refusal(self, proposal, user: User) -> str:
        if user.pk == proposal.maker_id:
            return "You proposed this flow, so others decide."
        verb = self.decision.removeprefix("may_")
        return f"You may not {verb} for the {self.side.lower()}, {proposal.system(self.side)}."


@dataclass(frozen=True)
class Automatic:
    """Nobody may do this: it follows by itself, or the clock does it."""

    who: str

    def __call__(self, proposal, user: User) -> None:
        return None

    def refusal(self, proposal, user: User) -> str:
        return f"Nobody can do this: it {self.who}."
