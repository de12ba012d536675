"""The running delegations of some people: who decides for them meanwhile."""

from collections.abc import Iterable
from typing import NamedTuple, cast

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from .involvements import Delegation
from .people import User


class RunningDelegation(NamedTuple):
    """A running delegation, as far as rights ask for it: of these somebody may have thousands."""

    pk: int
    delegator_id: int
    delegate_id: int
    system_id: int | None

    def covers(self, system: int) -> bool:
        return self.system_id in (None, system)


class RunningDelegations:
    """The running ones of some people, by the names of the delegates. Who those are is read once
    somebody is named: first the few of each delegator whom a page names, then ever more of them.
    """

    FEW = (8, 64, 512)

    def __init__(self, rows: Iterable[RunningDelegation] = ()) -> None:
        self._given: dict[int, list[RunningDelegation]] = {}
        self._between: dict[tuple[int, int | None], list[RunningDelegation]] = {}
        self._delegates: dict[int, User] = {}
        for row in rows:
            self._given.setdefault(row.delegator_id, []).append(row)
            self._between.setdefault((row.delegator_id, row.delegate_id), []).append(row)

    def given_by(self, person: int) -> list[RunningDelegation]:
        """All of this person (an id)."""
        return self._given.get(person, [])

    def between(self, person: int, delegate: int | None) -> list[RunningDelegation]:
        """Those that the one (an id) gave the other; none to somebody who is not stored."""
        return self._between.get((person, delegate), [])

    def of(self, people: Iterable[int]) -> "RunningDelegations":
        """Those that any of `people` (ids) gave."""
        return RunningDelegations(row for person in people for row in self.given_by(person))

    def without(self, delegates: set[int]) -> "RunningDelegations":
        rows = [row for given in self._given.values() for row in given]
        return RunningDelegations(row for row in rows if row.delegate_id not in delegates)

    def delegate(self, person: int) -> User:
        """Not read before something of this person is asked for."""
        return cast(User, SimpleLazyObject(lambda: self._named(person)))

    def read_all(self) -> None:
        """For who names each of them."""
        self._read(None)

    def _named(self, person: int) -> User:
        for few in (*self.FEW, None):
            if person not in self._delegates:
                self._read(few)
        return self._delegates[person]

    def _read(self, few: int | None) -> None:
        rows = [row for given in self._given.values() for row in given[:few]]
        if missing := {row.delegate_id for row in rows} - self._delegates.keys():
            self._delegates |= User.objects.in_bulk(missing)


def running_delegations() -> QuerySet[Delegation]:
    at = timezone.now()
    return Delegation.objects.filter(starts_at__lte=at, ends_at__gt=at, delegate__is_active=True)


def delegations_of(people: Iterable[int]) -> RunningDelegations:
    """The running delegations that any of `people` (ids) gave; one query."""
    given = running_delegations().filter(delegator__in=people).order_by("delegate__name", "pk")
    return RunningDelegations(
        map(RunningDelegation._make, given.values_list(*RunningDelegation._fields))
    )
