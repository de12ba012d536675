"""What gives rights kept as it is until a transaction ends, so that a decision under it is judged
by what it is recorded with.
"""

from collections.abc import Iterable

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from .catalogue import System
from .involvements import Delegation, Involvement
from .people import User
from .policy import Policy


def lock_rights(systems: Iterable[int]) -> dict[int, System]:
    """Keep what gives rights on `systems` (ids) as it is until the transaction ends: the policy,
    involvements of the systems, the people involved, their delegations. Others may hold it too, and
    nobody changes it meanwhile.

    The systems themselves come first, as in an import, so that the two never wait for each other
    crosswise; they are locked for this transaction alone, since with a last approval their flows
    change. By their ids, as they are now.
    """
    # no_key: a draft that only refers to one of them need not wait.
    locked = System.objects.select_for_update(no_key=True).filter(pk__in=systems).order_by("pk")
    by_id = {system.pk: system for system in locked}
    _locked_rows(Policy.objects.values_list("pk"))
    involved = Involvement.objects.open().filter(system__in=systems).order_by("pk")
    people = {
        person for person, _ in _locked_rows(involved.values_list("user_id", "user__is_active"))
    }
    # Those that have not begun are held too: they may begin while this transaction waits.
    given = Delegation.objects.filter(delegator__in=people, ends_at__gt=timezone.now())
    _locked_rows(given.order_by("pk").values_list("pk"))
    return by_id


def lock_person(user: User) -> None:
    """Keep `user` as active or inactive as the database says now until the transaction ends; `user`
    is told.
    """
    # The request read its user before it waited for the lock; they may have been deactivated since.
    user.is_active = any(
        is_active
        for (is_active,) in _locked_rows(User.objects.filter(pk=user.pk).values_list("is_active"))
    )


def _locked_rows(queryset: QuerySet) -> list[tuple]:
    """Its rows, locked FOR SHARE where the database can (Django's ORM has no word for it); SQLite
    has one writer.
    """
    try:
        sql, params = queryset.query.sql_with_params()
    except EmptyResultSet:  # of nobody: there is nothing to hold
        return []
    with connection.cursor() as cursor:
        # Not FOR UPDATE: all decisions would then wait for each other at the one row of the policy.
        cursor.execute(f"{sql} FOR SHARE" if connection.vendor == "postgresql" else sql, params)
        return cursor.fetchall()
