"""Rows of large files in little memory: at hand are only those that one is at."""

import pickle
import zlib
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

TOGETHER = 1000


class Packed(Mapping):
    """Key -> value like a dict, in the order in which the keys were first set.

    A thousand are packed together: whoever goes through them in order is quick, and whoever goes
    to and fro is slow. A value that was changed has to be set anew.
    """

    def __init__(self) -> None:
        self._chunks = [b""]
        self._chunk_of: dict[Hashable, int] = {}
        self._opened, self._open, self._is_changed = 0, dict[Hashable, Any](), False

    def __getitem__(self, key: Hashable) -> Any:
        return self._chunk(self._chunk_of[key])[key]

    def __setitem__(self, key: Hashable, value: Any) -> None:
        if key not in self._chunk_of:
            last = len(self._chunks) - 1
            if len(self._chunk(last)) == TOGETHER:
                last += 1
                self._chunks.append(_packed({}))
            self._chunk_of[key] = last
        self._chunk(self._chunk_of[key])[key] = value
        self._is_changed = True

    def __iter__(self) -> Iterator:
        return iter(self._chunk_of)

    def __len__(self) -> int:
        return len(self._chunk_of)

    def __contains__(self, key: object) -> bool:
        return key in self._chunk_of

    def _chunk(self, number: int) -> dict:
        if number != self._opened:
            if self._is_changed:
                self._chunks[self._opened] = _packed(self._open)
            self._opened, self._is_changed = number, False
            self._open = pickle.loads(zlib.decompress(self._chunks[number]))
        return self._open


def _packed(chunk: dict) -> bytes:
    # Quick rather than small: rows of one file resemble each other.
    return zlib.compress(pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL), 1)


class Apart(Mapping):
    """Key -> dict of values with the same `names` each; in any order, each packed by itself."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._values: dict[Hashable, bytes] = {}

    def __getitem__(self, key: Hashable) -> dict:
        return dict(zip(self._names, pickle.loads(self._values[key]), strict=True))

    def __setitem__(self, key: Hashable, values: dict) -> None:
        texts = tuple(values[name] for name in self._names)
        self._values[key] = pickle.dumps(texts, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._values
