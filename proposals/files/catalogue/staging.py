"""Rows of large files, staged in a temporary file: in memory are only those that one is at."""

import marshal
import sqlite3
from collections.abc import Callable, Hashable, ItemsView, Iterator, MutableMapping
from itertools import count
from typing import Any

TOGETHER = 500  # read at once
CACHE = 16 * 1024  # KiB of the file that are kept in memory


def _same(value: Any) -> Any:
    return value


class Stage:
    """A temporary file for any number of tables, gone with this object.

    It is one of SQLite's whatever the database of the site is: rows are asked for one by one, by
    Python, and there each question would go through the network.
    """

    def __init__(self) -> None:
        # An import runs in one thread; what it leaves behind may be cleared away in another.
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._file.execute(f"PRAGMA cache_size = -{CACHE}")
        # Nothing in it is ever undone, or kept.
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("BEGIN")
        self._numbers = count()
        self.execute = self._file.execute

    def table(self, dump: Callable = _same, load: Callable = _same) -> "Staged":
        """A new one. `dump` makes of a value what SQLite holds, and `load` the value again."""
        return Staged(self, f"staged_{next(self._numbers)}", dump, load)


class Staged(MutableMapping):
    """Key -> value like a dict, in the order in which the keys were first set.

    Keys are texts, numbers, and tuples of these. A value that was changed has to be set anew; that
    may be done while one goes through them.
    """

    def __init__(self, stage: Stage, name: str, dump: Callable, load: Callable) -> None:
        self._execute, self._name, self._dump, self._load = stage.execute, name, dump, load
        self._length = 0
        self._execute(f"CREATE TABLE {name} (n INTEGER PRIMARY KEY, key BLOB UNIQUE, value)")
        self._get = f"SELECT value FROM {name} WHERE key = ?"
        self._add = f"INSERT OR IGNORE INTO {name} (key, value) VALUES (?, ?)"
        self._set = f"UPDATE {name} SET value = ? WHERE key = ?"

    def __getitem__(self, key: Hashable) -> Any:
        found = self._execute(self._get, (_bytes(key),)).fetchone()
        if found is None:
            raise KeyError(key)
        return self._load(found[0])

    def __setitem__(self, key: Hashable, value: Any) -> None:
        stored, dumped = _bytes(key), self._dump(value)
        if self._execute(self._add, (stored, dumped)).rowcount:
            self._length += 1
        else:
            self._execute(self._set, (dumped, stored))

    def __delitem__(self, key: Hashable) -> None:
        if not self._execute(f"DELETE FROM {self._name} WHERE key = ?", (_bytes(key),)).rowcount:
            raise KeyError(key)
        self._length -= 1

    def __iter__(self) -> Iterator:
        return (marshal.loads(key) for _, key in self._rows("n, key", "n", 0))

    def __len__(self) -> int:
        return self._length

    def __contains__(self, key: object) -> bool:
        return self._execute(self._get, (_bytes(key),)).fetchone() is not None

    def items(self) -> "_Items":
        return _Items(self)

    def pairs(self) -> Iterator[tuple]:
        for _, key, value in self._rows("n, key, value", "n", 0):
            yield marshal.loads(key), self._load(value)

    def grouped(self) -> Iterator:
        """The keys, those of the same beginning one after another."""
        return (marshal.loads(key) for (key,) in self._rows("key", "key", b""))

    def _rows(self, columns: str, order: str, last: Any) -> Iterator[tuple]:
        # Not one long SELECT: what is written to the table while that runs may or may not be seen.
        some = f"SELECT {columns} FROM {self._name} WHERE {order} > ? ORDER BY {order} LIMIT ?"
        while rows := self._execute(some, (last, TOGETHER)).fetchall():
            yield from rows
            last = rows[-1][0]


class _Items(ItemsView):
    _mapping: Staged

    def __iter__(self) -> Iterator[tuple]:
        return self._mapping.pairs()


def _bytes(key: Any) -> bytes:
    # Of this version equal keys have equal bytes; pickle's depend on which texts are one object.
    return marshal.dumps(key, 2)
