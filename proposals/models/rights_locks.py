"""What gives rights kept as it is until a transaction ends, so that a decision under it is judged
by what it is recorded with.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet
from django.utils import timezone

from .catalogue import System
from .delegations import RunningDelegation, RunningDelegations
from .involvements import Delegation, Involvement
from .people import User
from .policy import Policy


class Held(NamedTuple):
    """What `lock_rights` keeps as it is: systems by their ids, whether the people involved in them
    are active, and the running delegations that these gave.
    """

    systems: dict[int, System]
    people: dict[int, bool]
    delegations: RunningDelegations


def lock_rights(systems: Iterable[int]) -> Held:
    """Keep what gives rights on `systems` (ids) as it is until the transaction ends: the policy,
    involvements of the systems, the people involved, their delegations. Others may hold it too, and
    nobody changes it meanwhile. It is told as it is now.

    The systems themselves come first, as in an import, so that the two never wait for each other
    crosswise; they are locked for this transaction alone, since with a last approval their flows
    change.
    """
    # no_key: a draft that only refers to one of them need not wait.
    locked = System.objects.select_for_update(no_key=True).filter(pk__in=systems).order_by("pk")
    by_id = {system.pk: system for system in locked}
    _locked_rows(Policy.objects.values_list("pk"))
    involved = Involvement.objects.open().filter(system__in=systems).order_by("pk")
    people = dict(_locked_rows(involved.values_list("user_id", "user__is_active")))
    # Those that have not begun are held too: they may begin while this transaction waits.
    given = Delegation.objects.filter(delegator__in=people, ends_at__gt=timezone.now())
    told = given.order_by("pk").values_list(
        *RunningDelegation._fields, "delegate__is_active", "delegate__name", "starts_at", "ends_at"
    )
    rows, at = _locked_rows(told, of=Delegation), timezone.now()
    running = [
        (name, RunningDelegation._make(kept))
        for *kept, is_active, name, starts_at, ends_at in rows
        if is_active and starts_at <= at < ends_at
    ]
    return Held(by_id, people, RunningDelegations(kept for _, kept in sorted(running)))


def lock_person(user: User, held: Held) -> None:
    """Keep `user` as active or inactive as the database says now until the transaction ends, after
    `lock_rights`; `user` is told.
    """
    # The request read its user before it waited for the lock; they may have been deactivated since.
    user.is_active = held.people.get(user.pk, False)
    if user.pk not in held.people:
        rows = _locked_rows(User.objects.filter(pk=user.pk).values_list("is_active"))
        user.is_active = any(is_active for (is_active,) in rows)


def _locked_rows(queryset: QuerySet, of: type[Model] | None = None) -> list[tuple]:
    """Its rows, as tuples of values, locked FOR SHARE where the database can (Django's ORM has no
    word for it); SQLite has one writer. Locked are those `of` one model alone, if it is said.
    """
    if connection.vendor != "postgresql":
        return list(queryset)
    tables = f" OF {of._meta.db_table}" if of else ""
    try:
        sql, params = queryset.query.sql_with_params()
    except EmptyResultSet:  # of nobody: there is nothing to hold
        return []
    with connection.cursor() as cursor:
        # Not FOR UPDATE: all decisions would then wait for each other at the one row of the policy.
        cursor.execute(f"{sql} FOR SHARE{tables}", params)
        return cursor.fetchall()
