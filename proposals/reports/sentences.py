"""Sentences that name things: their parts are texts, and things whose names a page makes links."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Parts = list[Any]


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


def in_words(parts: Parts) -> str:
    return "".join(map(str, parts))
