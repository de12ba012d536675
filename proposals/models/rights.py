"""Who may decide. For one proposal (`rights_on`) and as a set (`decidable_by`): the two share one
query and stand side by side.

The proposal is handed in; `rights` of it is the RightsContext. Being a superuser gives no right.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from django.db import models
from django.db.models import (
    BigIntegerField,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce
from simple_history.models import HistoricalRecords

from .delegations import RunningDelegation, RunningDelegations, delegations_of, running_delegations
from .history import Tracked
from .involvements import (
    ApproverRule,
    Delegation,
    Involvement,
    InvolvementKind,
    decision_wording,
)
from .people import User
from .policy import MakerDecides, Policy, SideWithoutApprover

STEWARDS = "Stewards"
# The columns of a rule by which somebody decides, and what each allows, as a sentence says it.
DECISIONS = {"may_approve": "approve", "may_reject": "reject"}
# The history of who belongs to which group, one row for each history row of the person.
STEWARDSHIPS = HistoricalRecords.m2m_models[User._meta.get_field("groups")]


class Basis(models.TextChoices):
    """What somebody acts by. Code reads this; the words in `capacity` are for people."""

    MAKER = "MAKER"
    INVOLVEMENT = "INVOLVEMENT"
    STEWARD = "STEWARD"
    EXTERNAL = "EXTERNAL", "External system"
    BOTH_SIDES = "BOTH_SIDES", "Both sides have approved"
    CLOCK = "CLOCK"


@dataclass(frozen=True)
class Decider:
    """An open involvement of somebody active that a rule makes decisive: who may decide for a
    system, and which way.
    """

    involvement: Involvement
    rule_id: int
    rule_names_system: bool
    may_approve: bool
    may_reject: bool

    @property
    def user(self) -> User:
        return self.involvement.user

    @property
    def user_id(self) -> int:
        return self.involvement.user_id

    @property
    def system_id(self) -> int:
        return self.involvement.system_id

    @property
    def kind(self) -> InvolvementKind:
        return self.involvement.kind

    @property
    def may(self) -> str:
        return decision_wording(self.may_approve, self.may_reject)

    @cached_property
    def capacity(self) -> str:
        """The involvement and the rule that gives the right, in words."""
        system = self.involvement.system
        where = system if self.rule_names_system else f"every {system.get_kind_display().lower()}"
        return f"{self.kind} of {system}; rule: {self.kind} of {where} {self.may}"


@dataclass(frozen=True)
class Right:
    """`user` may act; `capacity` says by what right, as it reads this moment.

    INVOLVEMENT names the `decider`, and with a `delegation` the right is that of its delegator.
    """

    user: User | None
    basis: Basis
    capacity: str
    decider: Decider | None = None
    delegation: RunningDelegation | None = None

    @property
    def user_id(self) -> int | None:
        """Known without reading who it is."""
        if self.delegation:
            return self.delegation.delegate_id
        return self.user.pk if self.user else None

    @property
    def on_behalf_of(self) -> User | None:
        return self.decider.user if self.decider and self.delegation else None

    @property
    def part(self) -> str:
        """The short form of the capacity: "Data Owner", "Steward"."""
        return str(self.decider.kind) if self.decider else self.basis.label

    @property
    def may_approve(self) -> bool:
        return self.decider.may_approve if self.decider else self.basis == Basis.STEWARD

    @property
    def may_reject(self) -> bool:
        return self.decider.may_reject if self.decider else self.basis == Basis.STEWARD

    @property
    def may(self) -> str:
        return decision_wording(self.may_approve, self.may_reject)

    @property
    def people(self) -> set[int]:
        """Ids of who acts and for whom."""
        return {person.pk for person in (self.user, self.on_behalf_of) if person}


def decisive_involvements() -> QuerySet[Involvement]:
    """Open involvements of active people that an approver rule makes decisive.

    Each with the rule's `rule_id`, `may_approve` and `may_reject`, and `rule_names_system`: whether
    the rule is the system's own. As soon as one rule names a system, the general ones count no more
    for it.
    """
    return _decisive().all()


@cache  # to put it together takes as long as to write its SQL, at every look at a proposal
def _decisive() -> QuerySet[Involvement]:
    # Joins, of at most one row each by the unique constraints: with subqueries Django needed three
    # times as long to write the SQL, at every look at a proposal.
    rule = "kind__approverrule"
    own = Q(**{f"{rule}__system": F("system")})
    general = Q(**{f"{rule}__system": None, f"{rule}__system_kind": F("system__kind")})
    named = ApproverRule.objects.filter(system=OuterRef("system"))
    return (
        Involvement.objects.open()
        .filter(user__is_active=True)
        .annotate(own=FilteredRelation(rule, condition=own))
        .annotate(general=FilteredRelation(rule, condition=general))
        .filter(Q(own__isnull=False) | ~Exists(named))
        .annotate(
            rule_id=Coalesce("own__pk", "general__pk"),
            rule_names_system=Q(own__isnull=False),
            may_approve=Coalesce("own__may_approve", "general__may_approve"),
            may_reject=Coalesce("own__may_reject", "general__may_reject"),
        )
        .filter(Q(may_approve=True) | Q(may_reject=True))
    )


def able_to_approve() -> QuerySet[Involvement]:
    """Those of the decisive involvements that may approve."""
    return decisive_involvements().filter(Q(may_approve=True))


def deciders(systems: Iterable[int]) -> list[Decider]:
    """Who decides for any of `systems` (ids), ordered by person; one query."""
    involvements = (
        decisive_involvements().filter(system__in=systems).select_related("user", "kind", "system")
    )
    return [
        Decider(row, row.rule_id, row.rule_names_system, row.may_approve, row.may_reject)
        for row in involvements.order_by("user__name", "user_id", "kind__name")
    ]


def active_stewards() -> QuerySet[User]:
    return User.objects.filter(groups__name=STEWARDS, is_active=True).order_by("name", "pk")


def stewards() -> list[User]:
    return list(active_stewards())


@dataclass(frozen=True)
class RightsContext:
    """What decides who may decide on one proposal, each read once: the policy in force, the
    decisions taken so far and, where they are asked for, who decides for its two systems and their
    running delegations. A submission seldom asks for these: the policy alone settles it.
    """

    policy: Policy
    decisions: list
    read_deciders: Callable[[], list[Decider]]
    read_delegations: Callable[[], RunningDelegations]
    read_stewards: Callable[[], list[User]]

    @property
    def deciders(self) -> list[Decider]:
        return self.read_deciders()

    @property
    def delegations(self) -> RunningDelegations:
        return self.read_delegations()

    @property
    def stewards(self) -> list[User]:
        """Read only when a side is without an approver, and once for all that share the reading."""
        return self.read_stewards()

    @classmethod
    def of(
        cls, systems: Iterable[int], decisions: list, held: RunningDelegations | None = None
    ) -> "RightsContext":
        """Of a proposal between `systems` (ids); `held` are the delegations, where `lock_rights`
        has read them.
        """
        rows = cache(lambda: deciders(systems))
        given_by = delegations_of if held is None else held.of
        delegations = cache(lambda: given_by({row.user_id for row in rows()}))
        return cls(Policy.in_force(), decisions, rows, delegations, cache(stewards))


def barred(proposal, side: str) -> set[int]:
    """Ids of those who decide nothing on this side, neither for themselves nor through another.

    The maker, unless the policy is WALTZ; and where two decisions need two people, who took part in
    the other one.
    """
    policy = proposal.rights.policy
    people = set() if policy.maker_decides == MakerDecides.WALTZ else {proposal.maker_id}
    if not policy.one_person_both_sides:
        others = [row for row in proposal.rights.decisions if row.side != side]
        people |= {
            person for row in others for person in (row.by_id, row.on_behalf_of_id) if person
        }
    return people


@dataclass(frozen=True)
class Able:
    """Who may decide for a side: deciders, each with the delegation through which somebody else
    does it for them, own rights first; and `stewards` where nobody else may approve.
    """

    pairs: list[tuple[Decider, RunningDelegation | None]]
    stewards: list[User]


def _able(proposal, side: str, only: User | None = None) -> Able:
    """Through an involvement of their own, or of somebody who delegates to them; and the stewards,
    where nobody else may approve and the policy says so.
    """
    barred_people, system = barred(proposal, side), proposal.system_id(side)
    rows = [
        row
        for row in proposal.rights.deciders
        if row.system_id == system and row.user_id not in barred_people
    ]
    pairs: list[tuple[Decider, RunningDelegation | None]] = [
        (row, None) for row in rows if only is None or row.user_id == only.pk
    ]
    delegations = proposal.rights.delegations
    given = (
        delegations.given_by
        if only is None
        else lambda person: delegations.between(person, only.pk)
    )
    pairs += [
        (row, running)
        for row in rows
        for running in given(row.user_id)
        if running.covers(system) and running.delegate_id not in barred_people
    ]
    # Judged after the barred are left out: a side whose only approver made the proposal has none.
    # Who stands in for others adds nothing to that: they may approve if those may.
    without = not any(row.may_approve for row in rows)
    if not without or proposal.rights.policy.side_without_approver != SideWithoutApprover.STEWARD:
        return Able(pairs, [])
    stewards = [
        user
        for user in proposal.rights.stewards
        if user.pk not in barred_people and only in (None, user)
    ]
    return Able(pairs, stewards)


def rights_on(proposal, side: str, *, only: User | None = None) -> list[Right]:
    """Everybody, or `only` this person, who may decide for `side` of `proposal` and by what right,
    by name; a person by two rights twice.
    """
    able = _able(proposal, side, only)
    delegations = proposal.rights.delegations
    rights = [
        by_involvement(row, running, only or delegations.delegate(running.delegate_id))
        if running
        else by_involvement(row)
        for row, running in able.pairs
    ]
    return [*rights, *(_of_steward(user, side) for user in able.stewards)]


def approvers_on(proposal, side: str) -> Sequence[User]:
    """Those of them who may approve, each once."""
    able = _able(proposal, side)
    people: dict[int, User | None] = {}
    for row, running in able.pairs:
        if not row.may_approve:
            continue
        if running:
            people.setdefault(running.delegate_id, None)
        else:
            people.setdefault(row.user_id, row.user)
    people |= {user.pk: user for user in able.stewards}
    return _People(people, proposal.rights.delegations)


class _People(Sequence[User]):
    """Those of some ids; delegates, of whom only the id is known, are read once they are named."""

    def __init__(self, known: dict[int, User | None], delegations: RunningDelegations) -> None:
        self._known, self._delegations = list(known.items()), delegations

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self._user(*row) for row in self._known[place]]
        return self._user(*self._known[place])

    def _user(self, person: int, user: User | None) -> User:
        return user or self._delegations.delegate(person)


def by_involvement(
    decider: Decider, delegation: RunningDelegation | None = None, delegate: User | None = None
) -> Right:
    user = decider.user if delegate is None else delegate
    return Right(user, Basis.INVOLVEMENT, decider.capacity, decider, delegation)


def _of_steward(user: User, side: str) -> Right:
    capacity = f"Steward, since nobody else may approve for the {side.lower()}"
    return Right(user, Basis.STEWARD, capacity)


def evidence(right: Right) -> dict[str, int]:
    """What gives `right`, as it stands: fields of a Transition -> ids of history rows. One query.

    To be asked under the locks of `lock_rights`: nobody changes meanwhile what is named.
    """
    named: dict[str, Subquery] = {}
    if right.decider:
        named["involvement_id"] = _newest(Involvement, right.decider.involvement.pk)
        named["rule_id"] = _newest(ApproverRule, right.decider.rule_id)
    if right.delegation:
        named["delegation_id"] = _newest(Delegation, right.delegation.pk)
    if right.basis == Basis.STEWARD and right.user:
        rows = STEWARDSHIPS.objects.filter(user=right.user.pk, group__name=STEWARDS)
        named["stewardship_id"] = Subquery(rows.order_by("-history_id").values("pk")[:1])
    # All from the one row of the policy, as a row for the subqueries to stand beside.
    return Policy.objects.annotate(**named).values(*named).get() if named else {}


def _newest(model: Tracked, pk: int) -> Subquery:
    """The id of the newest history row of one row of `model`."""
    rows = model.history.filter(id=pk).order_by("-history_id")
    return Subquery(rows.values("history_id")[:1])


@dataclass(frozen=True)
class Decidable:
    """What one user decides, as ids for a query: systems by the person in whose right (the user or
    a delegator).
    """

    policy: Policy
    systems: dict[int, list[int]]
    is_steward: bool


def decidable_by(user: User) -> Decidable:
    """The set form of Approver, for ProposalQuerySet.awaiting: read once, then a literal list of
    systems.
    """
    policy = Policy.in_force()
    if not user.is_active:
        return Decidable(policy, {}, False)
    # Their ids first: asked for in the same query, they made it read every involvement there is.
    taken = running_delegations().filter(delegate=user).order_by()
    lent = set(taken.values_list("delegator_id", "system_id"))
    people = {user.pk, *(delegator for delegator, _ in lent)}
    involvements = decisive_involvements().filter(user__in=people).order_by()
    decisive = involvements.values_list("user_id", "system_id")
    # One query for both: a row without system says that the user is a steward.
    nowhere = Cast(Value(None), BigIntegerField())
    steward = (
        User.objects.filter(pk=user.pk, groups__name=STEWARDS).order_by().values_list("pk", nowhere)
    )
    systems: dict[int, list[int]] = {}
    for person, system in decisive.union(steward):
        systems.setdefault(person, []).append(system)
    is_steward = None in systems.get(user.pk, [])
    whole = {user.pk, *(delegator for delegator, system in lent if system is None)}
    systems = {
        person: [
            system for system in listed if system and (person in whole or (person, system) in lent)
        ]
        for person, listed in systems.items()
    }
    return Decidable(
        policy, systems, is_steward and policy.side_without_approver == SideWithoutApprover.STEWARD
    )
