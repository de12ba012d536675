"""Sentences that name things: their parts are texts, and things whose names a page makes links."""

from collections.abc import Iterable
from typing import Any

Parts = list[Any]


def listed(things: Iterable[Any], between: str = ", ") -> Parts:
    """One after the other, each a part or a sentence of its own."""
    parts: Parts = []
    for thing in things:
        parts += [*([between] if parts else []), *(thing if isinstance(thing, list) else [thing])]
    return parts


def in_words(parts: Parts) -> str:
    return "".join(map(str, parts))
