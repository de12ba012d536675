"""The roles that the table of transitions names as its `permission`.

Asked with a proposal and a user, a role answers with the Right that person has, or None; it says
who holds it, and which sentence a person without it reads. A new role is a new class here and a row
in the table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .people import User
from .policy import MakerDecides
from .rights import DECISIONS, Basis, Right, barred, by_involvement, rights_on

# django-fsm declares what is called with (proposal, user) as a predicate; these answer with a Right
# or None, which says the same and more. Hence the types of their `__call__`.


@dataclass(frozen=True)
class Maker:
    """The one who proposes."""

    who = "the maker"
    bases = (Basis.MAKER,)

    def __call__(self, proposal: Any, user: Any) -> Any:
        is_maker = user.is_active and user.pk == proposal.maker_id
        return Right(user, Basis.MAKER, "Maker") if is_maker else None

    def refusal(self, proposal, user: User) -> str:
        return f"Only its maker, {proposal.maker}, can do this."


@dataclass(frozen=True)
class Approver:
    """Somebody who may decide for one side, in one of `decisions`, keys of DECISIONS."""

    side: str
    decisions: tuple[str, ...]
    bases = (Basis.INVOLVEMENT, Basis.STEWARD, Basis.EXTERNAL)

    @property
    def who(self) -> str:
        return f"who may {self._ways} for the {self.side.lower()}, as the rules and policies say"

    @property
    def _ways(self) -> str:
        return " or ".join(DECISIONS[decision] for decision in self.decisions)

    def __call__(self, proposal: Any, user: Any) -> Any:
        return next(iter(self.holders(proposal, only=user)), None) if user.is_active else None

    def holders(self, proposal, *, only: User | None = None) -> list[Right]:
        """Everybody, or `only` this person, who has the right on this proposal, by name; own rights
        before delegated ones.
        """
        rights = rights_on(proposal, self.side, only=only)
        return [right for right in rights if any(getattr(right, way) for way in self.decisions)]

    def refusal(self, proposal, user: User) -> str:
        if user.pk in barred(proposal, self.side):
            if user.pk == proposal.maker_id:
                return "You made this proposal, so others decide."
            return (
                "You took part in the decision of the other side, "
                "and this proposal needs two people."
            )
        system = proposal.system(self.side)
        return f"You may not {self._ways} for the {self.side.lower()}, {system}."


@dataclass(frozen=True)
class Automatic:
    """Nobody may do this: it follows by itself, or the clock does it; `basis` says which."""

    who: str
    basis: Basis

    @property
    def bases(self) -> tuple[Basis, ...]:
        return (self.basis,)

    def __call__(self, proposal: Any, user: Any) -> Any:
        return None

    def refusal(self, proposal, user: User) -> str:
        return f"Nobody can do this: it {self.who}."


def on_submission(proposal, approvals: Iterable) -> list[tuple]:
    """Those of `approvals` (actions of the table) that follow from the submission itself: (action,
    right), each to be recorded as automatic.

    The maker's own side before the external one, and at most one in all; under WALTZ more, but
    never two external ones, and never two at all where two decisions need two people.
    """
    policy = proposal.rights.policy
    by_maker = [] if policy.maker_decides == MakerDecides.NEVER else _of_maker(proposal, approvals)
    own_sides = {action.side for action, _ in by_maker}
    capacity = "External system, approved on submission as the policy says"
    outside = Right(proposal.maker, Basis.EXTERNAL, capacity)
    external = [
        (action, outside)
        for action in approvals
        if policy.external_auto_approval
        and action.side not in own_sides
        and proposal.system(action.side).is_external
    ]
    automatic = by_maker + external[:1]
    both = policy.maker_decides == MakerDecides.WALTZ and policy.one_person_both_sides
    return automatic if both else automatic[:1]


def _of_maker(proposal, approvals: Iterable) -> list[tuple]:
    own = [
        decider
        for decider in proposal.rights.deciders
        if decider.user_id == proposal.maker_id and decider.may_approve
    ]
    by_system = {decider.system_id: decider for decider in reversed(own)}
    return [
        (action, by_involvement(by_system[proposal.system_id(action.side)]))
        for action in approvals
        if proposal.system_id(action.side) in by_system
    ]
