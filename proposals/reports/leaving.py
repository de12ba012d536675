"""What would be without somebody if people left: before they are deactivated, and on the page of a
person.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Q, QuerySet
from django.utils import timezone

from ..models import (
    LAST_ADMINISTRATOR,
    STEWARDS,
    Delegation,
    Proposal,
    RightsContext,
    Side,
    System,
    User,
    able_to_approve,
    active_stewards,
    prefetch_rights,
    rights_on,
)
from .catalogue_pages import First
from .sentences import Parts, in_words, listed

MOST = 10  # of each kind are named
MOST_LOOKED_THROUGH = 100  # of open proposals that wait for a person, those that waited longest


@dataclass(frozen=True)
class Stuck:
    """An open proposal that nobody could approve any more for `sides`."""

    proposal: Proposal
    sides: list[Side]

    @property
    def parts(self) -> Parts:
        sides = " and ".join(f"the {side.label.lower()}" for side in self.sides)
        return [self.proposal, f" (for {sides})"]


@dataclass(frozen=True)
class Leaving:
    """`systems` that nobody else may approve for, `stuck` proposals, `drafts` that nobody but their
    makers can submit, and delegations that end; `roles` in sentences. `forbidden` says why they
    cannot leave.
    """

    people: list[User]
    systems: First
    stuck: First
    drafts: First
    delegations: list[Delegation]
    roles: list[str]
    forbidden: str = ""

    @property
    def lines(self) -> list[Parts]:
        """Everything as sentences in parts; none if nobody would miss them."""
        named: list[tuple[str, First]] = [
            ("Nobody else may approve for", self.systems),
            ("Open proposals that nobody could approve any more:", self.stuck),
            ("Drafts that nobody else can submit:", self.drafts),
        ]
        lines = [_line(begin, first) for begin, first in named if first.rows]
        lines += [["A delegation ends: ", *_of(row), "."] for row in self.delegations]
        return lines + [[role] for role in [*self.roles, self.forbidden] if role]

    @property
    def sentences(self) -> list[str]:
        return [in_words(line) for line in self.lines]


def _line(begin: str, first: First) -> Parts:
    names = listed(getattr(row, "parts", row) for row in first.rows)
    return [f"{begin} ", *names, " and more." if first.has_more else "."]


def _of(delegation: Delegation) -> Parts:
    until = f" until {timezone.localtime(delegation.ends_at):%-d %b %Y, %H:%M %Z}"
    where = [" on ", delegation.system] if delegation.system else []
    return [delegation.delegate, " decides for ", delegation.delegator, *where, until]


def leaving(people: Iterable[User]) -> Leaving:
    """Of the active ones among `people`, if they left together. Reads what is theirs alone."""
    people = [person for person in people if person.is_active]
    keys = {person.pk for person in people}
    return Leaving(
        people=people,
        systems=First.of(_systems_left_alone(keys), MOST),
        stuck=_stuck(people, keys),
        drafts=First.of(_drafts(keys), MOST),
        delegations=list(_delegations(keys)[:MOST]),
        roles=_roles(keys),
        forbidden=LAST_ADMINISTRATOR if User.objects.are_last_administrators(keys) else "",
    )


def _systems_left_alone(keys: set[int]) -> QuerySet[System]:
    theirs = set(
        able_to_approve().filter(user__in=keys).order_by().values_list("system_id", flat=True)
    )
    others = able_to_approve().filter(system__in=theirs).exclude(user__in=keys).order_by()
    alone = theirs - set(others.values_list("system_id", flat=True))
    return System.objects.taking_flows().filter(pk__in=alone).order_by("name", "pk")


def _stuck(people: list[User], keys: set[int]) -> First:
    waiting: set[int] = set()
    for person in people:
        theirs = Proposal.objects.awaiting(person).order_by("submitted_at", "pk")
        waiting |= set(theirs.values_list("pk", flat=True)[:MOST_LOOKED_THROUGH])
    rows = Proposal.objects.listed().filter(pk__in=waiting).order_by("submitted_at", "pk")
    stuck = []
    for proposal in prefetch_rights(list(rows)):
        before = set(_sides_to_approve(proposal))
        # The same judgement as always of other facts: no second notion of who may decide.
        proposal.rights = _without(keys, proposal.rights)
        after = _sides_to_approve(proposal)
        if sides := [side for side in Side if side in before and side not in after]:
            stuck.append(Stuck(proposal, sides))
    return First(stuck[:MOST], len(stuck) > MOST)


def _without(keys: set[int], rights: RightsContext) -> RightsContext:
    """What decides who may decide, as if they were not active."""
    stewards = [user for user in rights.stewards if user.pk not in keys]
    deciders = [row for row in rights.deciders if row.user_id not in keys]
    delegations = rights.delegations.without(keys)
    return replace(
        rights,
        read_deciders=lambda: deciders,
        read_delegations=lambda: delegations,
        read_stewards=lambda: stewards,
    )


def _sides_to_approve(proposal: Proposal) -> list[Side]:
    """Those undecided for which somebody may approve."""
    return [
        side
        for side in proposal.undecided_sides
        if any(right.may_approve for right in rights_on(proposal, side))
    ]


def _drafts(keys: set[int]) -> QuerySet[Proposal]:
    drafts = Proposal.objects.filter(maker__in=keys, submitted_at=None, closed_at=None)
    return drafts.select_related("source", "target", "maker").order_by("-pk")


def _delegations(keys: set[int]) -> QuerySet[Delegation]:
    """Running ones and those to come, given or taken."""
    concerned = Q(delegator__in=keys) | Q(delegate__in=keys)
    rows = Delegation.objects.filter(concerned, ends_at__gt=timezone.now())
    return rows.select_related("delegator", "delegate", "system").order_by("ends_at", "pk")


def _roles(keys: set[int]) -> list[str]:
    stewards = {person.pk for person in active_stewards()}
    if not stewards & keys:
        return []
    left = len(stewards - keys)
    if not left:
        return [f"No active member of {STEWARDS} is left: name another steward first."]
    return [f"{left} other active member{'s' if left > 1 else ''} of {STEWARDS} would be left."]
