"""As many as an office has, at the same moment on one proposal: one legal history, and every loser
told.
"""

import pytest
from django.db import connection

from proposals.history import verify

from ..thorough import LONG
from .races import RACES, Company
from .racing import track, unlocked

pytestmark = pytest.mark.django_db(transaction=True)

RACERS, ROUNDS = (32, 50 if LONG else 2) if connection.vendor == "postgresql" else (8, 2)


def run(name, rounds):
    """[(round, what was wrong), ...] of the bad rounds."""
    company, bad = Company(RACERS), []
    with track(RACERS) as racers:
        for number in range(1, rounds + 1):
            acts, judge = RACES[name](company)
            wrong = judge(racers.race(acts))
            if wrong:
                bad.append((number, wrong))
            if number % 10 == 0:
                print(f"{name}: {number} rounds, {len(bad)} bad", flush=True)
    return bad


@pytest.mark.parametrize("name", RACES)
def test_no_round_is_bad(name, record_property):
    rounds = ROUNDS if LONG or name.startswith("approve/") else 2
    bad = run(name, rounds)
    breaches = list(verify.breaches())
    figure = (
        f"{name}: {rounds} rounds of {RACERS} racers, {len(bad)} bad, "
        f"{len(breaches)} breaches in the audit"
    )
    record_property("figure", figure)
    assert bad == []
    assert breaches == []


if connection.vendor == "postgresql":  # SQLite has one writer at a time, who needs no locks

    def test_without_the_locks_the_harness_sees_bad_rounds(record_property):
        rounds = 10 if LONG else 1
        with unlocked():
            bad = run("approve/approve", rounds)
        record_property(
            "figure", f"approve/approve without locks and guards: {rounds} rounds, {len(bad)} bad"
        )
        assert bad
