"""What a change of a rule or of the policy would do: who could then decide and who no longer. It is
carried out, looked at and taken back.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q, QuerySet

from ..models import (
    ApproverRule,
    Proposal,
    System,
    User,
    decisive_involvements,
    pieces,
    prefetch_rights,
    rights_on,
)

MOST_PROPOSALS = 1000  # open ones, the newest, that are looked through
MOST_NAMED = 5
Part = tuple[int, int, str]  # person, system, "approve" or "reject"
Turn = tuple[int, int, str, str]  # person, proposal, side, "approve" or "reject"


@dataclass(frozen=True)
class Standing:
    """Who may decide: for systems by what rules make of involvements, and on open proposals."""

    parts: set[Part] = field(default_factory=set)
    turns: set[Turn] = field(default_factory=set)


@dataclass(frozen=True)
class Share:
    """Those who gain, or those who lose."""

    people: int
    names: list[str]
    systems: int
    proposals: int

    def sentence(self, verb: str) -> str:
        if not self.people:
            return f"Nobody {verb}s a right to decide."
        who = f"{_number(self.people, 'person')} {verb}{'s' if self.people == 1 else ''}"
        more = self.people - len(self.names)
        named = ", ".join(self.names) + (f" and {more} more" if more else "")
        counts = {"system": self.systems, "open proposal": self.proposals}
        on = " and ".join(_number(number, noun) for noun, number in counts.items() if number)
        return f"{who} rights to decide on {on}: {named}."


@dataclass(frozen=True)
class Effect:
    """`is_cut`: there are more open proposals than were looked through."""

    gained: Share
    lost: Share
    is_cut: bool

    @property
    def sentences(self) -> list[str]:
        cut = f"Of open proposals the newest {MOST_PROPOSALS:,} were looked through."
        told = [self.gained.sentence("gain"), self.lost.sentence("lose")]
        return [*told, cut] if self.is_cut else told


def effect_of(change: Callable[[], object], rules: Iterable[ApproverRule] = ()) -> Effect:
    """What `change` would do. `rules` are those it touches, as they read before and after."""
    systems = _ruled_by(list(rules))
    before = _standing(systems)
    with transaction.atomic():
        change()
        after = _standing(systems)
        transaction.set_rollback(True)
    is_cut = Proposal.objects.open().order_by().values("pk")[: MOST_PROPOSALS + 1].count()
    return Effect(_share(before, after), _share(after, before), is_cut > MOST_PROPOSALS)


def _ruled_by(rules: list[ApproverRule]) -> QuerySet[System]:
    kinds = {rule.system_kind for rule in rules if rule.system_id is None}
    named = {rule.system_id for rule in rules if rule.system_id is not None}
    return System.objects.filter(Q(kind__in=kinds) | Q(pk__in=named))


def _standing(systems: QuerySet[System]) -> Standing:
    standing = Standing()
    columns = ("user_id", "system_id", "may_approve", "may_reject")
    decisive = decisive_involvements().filter(system__in=systems.order_by().values("pk"))
    for user, system, may_approve, may_reject in decisive.values_list(*columns):
        ways = {"approve": may_approve, "reject": may_reject}
        standing.parts.update((user, system, way) for way, may in ways.items() if may)
    newest = Proposal.objects.open().order_by("-pk").select_related("source", "target", "maker")
    for chunk in pieces(newest, MOST_PROPOSALS):
        for proposal in prefetch_rights(chunk):
            standing.turns.update(_turns(proposal))
    return standing


def _turns(proposal: Proposal) -> set[Turn]:
    turns: set[Turn] = set()
    for side in proposal.undecided_sides:
        for right in rights_on(proposal, side):
            ways = {"approve": right.may_approve, "reject": right.may_reject}
            if right.user:
                person = right.user.pk
                turns |= {(person, proposal.pk, side, way) for way, may in ways.items() if may}
    return turns


def _share(fewer: Standing, more: Standing) -> Share:
    """What `more` has and `fewer` has not."""
    parts, turns = more.parts - fewer.parts, more.turns - fewer.turns
    people = {part[0] for part in parts} | {turn[0] for turn in turns}
    named = User.objects.filter(pk__in=people).order_by("name", "pk")[:MOST_NAMED]
    systems, proposals = {part[1] for part in parts}, {turn[1] for turn in turns}
    return Share(len(people), list(map(str, named)), len(systems), len(proposals))


def _number(number: int, noun: str) -> str:
    plural = "people" if noun == "person" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
