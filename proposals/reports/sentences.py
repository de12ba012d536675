"""Sentences that name things: their parts are texts, and things whose names a page makes links."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Parts = list[Any]
MOST = 5  # things that a sentence names


@dataclass(frozen=True)
class Called:
    """A thing by another text than its name: a system by its code."""

    thing: Any
    text: str

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        return self.thing.get_absolute_url()


def listed(things: Iterable[Any], between: str = ", ") -> Parts:
    """One after the other, each a part or a sentence of its own."""
    parts: Parts = []
    for thing in things:
        parts += [*([between] if parts else []), *(thing if isinstance(thing, list) else [thing])]
    return parts


def first_listed(things: Sequence[Any], said: Callable[[Any], Any] = lambda thing: thing) -> Parts:
    """The first of them, each as it is `said`, and how many more there are."""
    more = len(things) - MOST
    return [*listed(map(said, things[:MOST])), *([f" and {more:,} more"] if more > 0 else [])]


def in_words(parts: Parts) -> str:
    return "".join(map(str, parts))
