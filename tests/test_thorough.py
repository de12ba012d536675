"""`make test` tries one of each kind, and `make test-long` leaves out nothing."""

import importlib
from itertools import pairwise
from pathlib import Path

import pytest

from . import conftest, run, thorough

SUITS = ["hearts", "spades"]
DECK = [f"{rank} of {suit}" for suit in SUITS for rank in range(1, 8)]


def suit(card: str) -> str:
    return card.split()[-1]


def test_one_of_each_kind_is_the_first():
    assert thorough.one_of_each(DECK, suit, "") == ["1 of hearts", "1 of spades"]


def test_of_what_is_of_no_kind_there_is_none():
    hearts = thorough.one_of_each(DECK, lambda card: suit(card) == "hearts" or None, "")
    assert hearts == ["1 of hearts"]


def test_for_one_thing_it_is_always_the_same_and_for_many_all_of_them():
    hands = [thorough.one_of_each(DECK, suit, f"thing {number}") for number in range(100)]
    assert hands[0] == thorough.one_of_each(DECK, suit, "thing 0")
    assert all(list(map(suit, hand)) == SUITS for hand in hands)
    assert any(one != other for one, other in pairwise(hands))
    assert {card for hand in hands for card in hand} == set(DECK)


def test_with_trials_long_it_is_all_of_them(monkeypatch):
    monkeypatch.setattr(thorough, "LONG", True)
    assert thorough.cases(iter(DECK), suit) == DECK
    assert thorough.cases(DECK, lambda _: None, of="thing") == DECK


@pytest.fixture
def long(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("long")


def test_every_part_of_test_long_tries_all_cases(long, monkeypatch):
    asked = []
    monkeypatch.setattr(long, "suite", lambda name, url, *how, **more: asked.append(more))
    for part in long.PARTS:
        assert part.all_files(), part
        long.run(part, "postgres://somewhere")
    assert len(asked) == len(long.PARTS)
    assert {more["TRIALS"] for more in asked} == {"long"}
    assert not any("SHARE_OUT" in more for more in asked)


def test_what_make_test_tries_and_what_it_leaves_out_is_all_in_test_long(long, request):
    """On both databases, but for what is of one only or takes so long that once is enough."""
    everything = request.config.stash[conftest.COLLECTED]
    assert request.node.nodeid in {nodeid for nodeid, _ in everything}
    tried = {
        (file, is_long): {part.database for part in long.PARTS if part.tries(file, long=is_long)}
        for file, is_long in {(nodeid.split("::")[0], is_long) for nodeid, is_long in everything}
    }
    assert {case: found for case, found in tried.items() if not found} == {}
    once = {case[0] for case, found in tried.items() if len(found) == 1 and not case[1]}
    assert once <= {"tests/test_container.py", "tests/trials/test_postgres_killed.py"}
    there = {path.relative_to(run.ROOT).as_posix() for path in run.ROOT.glob("tests/**/test_*.py")}
    covered = {file for part in long.PARTS for file in part.all_files()}
    assert there == covered
