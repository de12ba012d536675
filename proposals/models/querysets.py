"""Which proposals: each method ends the sentence "proposals ..."."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.expressions import Combinable

from . import rights
from .catalogue import System
from .people import User
from .policy import MakerDecides, Policy, SideWithoutApprover
from .reading import is_walked, looked_up, one_of_ids
from .register import PhysicalSpecification
from .search import SearchedQuerySet, along_route, by_number, containing, words
from .states import Side, State, end_states, open_states, undecided_states
from .transitions import Transition

NEWEST = 1_000  # open proposals that are looked at first


class ProposalQuerySet(SearchedQuerySet):
    model: Any

    def open(self):
        return self.filter(state__in=open_states())

    def submitted_between(self, start: datetime | None, end: datetime):
        """After `start`, if there is one, up to and including `end`."""
        proposals = self.filter(submitted_at__lte=end)
        return proposals if start is None else proposals.filter(submitted_at__gt=start)

    def closed(self):
        return self.filter(state__in=end_states())

    def submitted(self):
        return self.exclude(submitted_at=None)

    def not_given_up(self):
        """Other than a draft that was cancelled before anybody was asked: that is no round."""
        return self.exclude(state=State.CANCELLED, submitted_at=None)

    def newest_rounds(self):
        """Those that no later round has taken the place of."""
        later = self.model._default_manager.filter(
            revises=OuterRef("pk"), submitted_at__isnull=False
        )
        return self.filter(~Exists(later))

    def visible_to(self, user: User):
        """Everybody reads what was submitted; a draft is its maker's and the administrators'."""
        return (
            self
            if user.is_superuser
            else self.filter(Q(submitted_at__isnull=False) | Q(maker=user))
        )

    def awaiting(self, user: User):
        """Open, and `user` can decide for a side that has not decided. The set form of the table's
        roles.
        """
        decidable = rights.decidable_by(user)
        # Never true: whoever decides for nothing has nothing waiting, and an empty Q would mean
        # all.
        waiting: Any = Q(pk__in=[])
        own = set(decidable.systems.get(user.pk, ()))
        for person, lent in decidable.systems.items():
            # Where they decide themselves, nothing is barred that would not be for another too.
            systems = lent if person == user.pk else [pk for pk in lent if pk not in own]
            sides: list[Any] = [
                Q(state__in=undecided_states(side)) & Q(one_of_ids(side.lower(), systems))
                for side in Side
                if systems
            ]
            if not sides:
                continue
            waiting |= Q(*sides, _connector=Q.OR) & _not_barred({user.pk, person}, decidable.policy)
        if decidable.is_steward:
            sides = [
                Q(state__in=undecided_states(side)) & _without_approver(side, decidable.policy)
                for side in Side
            ]
            waiting |= Q(*sides, _connector=Q.OR) & _not_barred({user.pk}, decidable.policy)
        rows = self.filter(waiting)
        # Said once more, for the index that is walked then.
        return rows.open() if is_walked(rows) else rows

    def waiting_for_stewards(self):
        """Open, with a side for which nobody may approve and which the policy leaves to the
        stewards.
        """
        policy = Policy.in_force()
        if policy.side_without_approver != SideWithoutApprover.STEWARD:
            return self.none()
        sides: list[Any] = [
            Q(state__in=undecided_states(side)) & _without_approver(side, policy) for side in Side
        ]
        return self.filter(Q(*sides, _connector=Q.OR))

    def touching(self, system: System):
        return self.filter(Q(source=system) | Q(target=system))

    def newest_open_touching(self, system: System, most: int):
        """The `most` newest open ones with this system at either end."""
        return self._newest_open([Q(**{side.lower(): system}) for side in Side], most)

    def newest_open_touching_units(self, units: list[int], most: int):
        """The `most` newest open ones with a system of one of `units` (ids) at either end."""
        paths = [f"{side.lower()}__organisational_unit__in" for side in Side]
        return self._newest_open([Q(**{path: units}) for path in paths], most)

    def newest_open_sending(self, specification: PhysicalSpecification, most: int):
        """The `most` newest open ones that would send by it, or change or remove what does."""
        paths = ["specification", "concerned_physical_flow__specification"]
        return self._newest_open([Q(**{path: specification}) for path in paths], most)

    def newest_open_naming(self, data_types: list[int], most: int):
        """The `most` newest open ones that ask for one of `data_types` (ids)."""
        named = self.model.data_types.through.objects.filter(datatype__in=data_types).order_by()
        few = looked_up(named.values_list("proposal", flat=True))
        if few is not None:
            return self._newest_open([Q(pk__in=few)], most)
        # Of a common type some are among the newest open ones. Else all open ones are met with all
        # that name it; to ask each of the open ones in its turn took twice as long.
        opened = self.open().order_by("-pk").values("pk")
        for among in (opened[:NEWEST], opened.order_by()):
            ids = set(named.filter(proposal__in=among).values_list("proposal", flat=True))
            if len(ids) >= most:
                break
        return self.filter(pk__in=sorted(ids)[-most:]).order_by("-pk")

    def _newest_open(self, conditions: list[Q], most: int):
        # A look-up for each, of a few rows; one condition for all would read all open ones.
        ids = {
            pk
            for condition in conditions
            for pk in self.open()
            .filter(condition)
            .order_by("-pk")
            .values_list("pk", flat=True)[:most]
        }
        newest = sorted(ids, reverse=True)[:most]
        return self.filter(pk__in=newest).order_by("-pk")

    def matching(self, text: str):
        """Each word is its number, or occurs in its systems, maker, justification, flow or
        specification.
        """
        numbered, text = by_number(text)
        proposals = self.filter(numbered)
        route = along_route(text)
        if route is not None:
            return proposals.filter(route)
        for word in words(text):
            is_number = word.isascii() and word.isdigit() and len(word) < 19
            # Nineteen digits may be more than a key can hold.
            number = Q(pk=int(word)) if is_number else Q()
            proposals = proposals.filter(containing(word) | number)
        return proposals

    def listed(self):
        """With what a row of a list shows; `moved_at` is when its state last changed."""
        moves = Transition.objects.filter(proposal=OuterRef("pk")).order_by("-number")
        related = self.select_related("source", "target", "maker", "reason", "specification")
        return related.annotate(moved_at=Subquery(moves.values("at")[:1]))


def _not_barred(people: set[int], policy: Policy) -> Q | Combinable:
    """Proposals on which none of `people` is barred from deciding: the set form of
    rights.barred.
    """
    free = Q() if policy.maker_decides == MakerDecides.WALTZ else ~Q(maker__in=people)
    if policy.one_person_both_sides:
        return free
    took_part = Q(by__in=people) | Q(on_behalf_of__in=people)
    return free & ~Exists(
        Transition.objects.filter(took_part, proposal=OuterRef("pk")).exclude(side="")
    )


def _without_approver(side: str, policy: Policy) -> Combinable:
    """Proposals on which nobody may approve for `side`."""
    able = rights.able_to_approve().filter(system=OuterRef(side.lower()))
    if policy.maker_decides != MakerDecides.WALTZ:
        able = able.exclude(user=OuterRef("maker"))
    if not policy.one_person_both_sides:
        took_part = Q(by=OuterRef("user")) | Q(on_behalf_of=OuterRef("user"))
        decided = Transition.objects.filter(took_part, proposal=OuterRef(OuterRef("pk"))).exclude(
            side=""
        )
        able = able.exclude(Exists(decided))
    return ~Exists(able)
