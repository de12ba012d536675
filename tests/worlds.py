"""What many tests begin with, made once for those that follow one another, and not for each.

What a test writes is undone with its transaction. Around the transactions of tests that begin with
the same there is one more, in which that was made; each test gets copies of the objects, so that
what it does to them no other test sees.
"""

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction


@dataclass(frozen=True)
class Layer:
    """What was made for a fixture, on top of the layers before it."""

    make: Callable
    around: transaction.Atomic
    there: dict[str, Any]  # by name, with what those before it made


_makers: list[Callable] = []
_laid: list[Layer] = []
# What the test that runs has of it: fixtures look here before they make something.
_here: dict[str, Any] = {}


def shared(make: Callable) -> Callable:
    """A fixture that is made once for many tests: what it returns is copied for each of them. It
    writes to the database alone, and asks for nothing but others of this kind.
    """

    @wraps(make)
    def given(**needed):
        return _here[make.__name__] if make.__name__ in _here else make(**needed)

    given.make = make
    _makers.append(make)
    return pytest.fixture(given)


def wanted(item: pytest.Item) -> list[Callable]:
    """What makes the layers that the test begins with; nothing where it, or a fixture of its
    module, commits.
    """
    if _commits(item) or item.path in _modules_that_commit(item.session):
        return []
    known = item._fixtureinfo.name2fixturedefs
    asked = {getattr(definitions[-1].func, "make", None) for definitions in known.values()}
    chosen: list[Callable] = []
    for make in filter(asked.__contains__, _makers):
        if _needs(make) <= {before.__name__ for before in chosen}:
            chosen.append(make)
    return chosen


def _needs(make: Callable) -> set[str]:
    return set(inspect.signature(make).parameters) - {"db"}


def _commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs) or not {"transactional_db", "live_server"}.isdisjoint(
        item.fixturenames
    )


def _modules_that_commit(session: pytest.Session) -> set[Path]:
    """Those with a fixture that writes for more than one test."""
    if not hasattr(session, "modules_that_commit"):
        session.modules_that_commit = {
            item.path
            for item in session.items
            for [*_, newest] in item._fixtureinfo.name2fixturedefs.values()
            if newest.baseid
            and newest.scope in {"module", "class"}
            and not {"django_db_setup", "django_db_blocker"}.isdisjoint(newest.argnames)
        }
    return session.modules_that_commit


def lift(wanted: list[Callable]) -> None:
    """Undo what is laid, down to what `wanted` has in common with it."""
    _here.clear()
    same = (layer.make is make for layer, make in zip(_laid, wanted, strict=False))
    keep = len(list(takewhile(bool, same)))
    # A test may have closed the connection, and all is undone.
    if connection.closed_in_transaction:
        keep = 0
    while len(_laid) > keep:
        _undo(_laid.pop().around)


def lay(wanted: list[Callable]) -> None:
    """Make what is missing of `wanted`, and copies for the test that comes."""
    for make in wanted[len(_laid) :]:
        around = transaction.atomic()
        around._from_testcase = True  # as Django marks its own: what is durable may be inside
        around.__enter__()
        try:
            there = _copies()
            made = make(**{name: there.get(name) for name in inspect.signature(make).parameters})
            # What is judged at commit is judged now, and not again with every test.
            connection.check_constraints()
        except BaseException:
            _undo(around)
            raise
        _laid.append(Layer(make, around, there | {make.__name__: made}))
    _here.update(_copies())


def _copies() -> dict[str, Any]:
    return copy.deepcopy(_laid[-1].there) if _laid else {}


def _undo(around: transaction.Atomic) -> None:
    if not connection.closed_in_transaction:
        transaction.set_rollback(True)
    around.__exit__(None, None, None)
