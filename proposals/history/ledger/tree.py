"""The Merkle tree of RFC 9162 (section 2.1) over hashes of leaves: its root, and proofs that a leaf
is in it (2.1.3) and that an older tree is its beginning (2.1.4).

Of a large tree the hashes of complete parts are kept, those of 256 leaves, of 256 * 256 and so on:
no root and no proof needs more than 255 hashes of each level.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from ...models import LEVELS

EMPTY = sha256().digest()


def leaf_hash(entry: bytes) -> bytes:
    # Another first byte than that of a node, so that none of the two can pass for the other.
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def complete_root(hashes: list[bytes]) -> bytes:
    """Of as many hashes as a power of two."""
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [node_hash(left, right) for left, right in pairs]
    return hashes[0]


@dataclass(frozen=True)
class Tree:
    """`kept(level, begin, end)` are the hashes of those places of a level: 0 the leaves, then every
    eighth.
    """

    size: int
    kept: Callable[[int, int, int], list[bytes]]

    def root(self) -> bytes:
        return self.part(0, self.size) if self.size else EMPTY

    def inclusion(self, number: int) -> list[bytes]:
        """The proof for the leaf of this number, from 0: the nodes beside its way to the root, the
        lowest first.
        """
        path, begin, end = [], 0, self.size
        while end - begin > 1:
            middle = begin + _split(end - begin)
            if number < middle:
                path.append(self.part(middle, end))
                end = middle
            else:
                path.append(self.part(begin, middle))
                begin = middle
        return path[::-1]

    def consistency(self, size: int) -> list[bytes]:
        """The proof that the first `size` leaves are a tree whose root was right, the lowest node
        first; empty if there is nothing to prove.
        """
        if not 0 < size < self.size:
            return []
        path, begin, end, is_known = [], 0, self.size, True
        while size != end:
            middle = begin + _split(end - begin)
            if size <= middle:
                path.append(self.part(middle, end))
                end = middle
            else:
                path.append(self.part(begin, middle))
                begin, is_known = middle, False
        if not is_known:
            path.append(self.part(begin, end))
        return path[::-1]

    def part(self, begin: int, end: int) -> bytes:
        """The root over the leaves from `begin` to before `end`."""
        width = end - begin
        if width & (width - 1):
            middle = begin + _split(width)
            return node_hash(self.part(begin, middle), self.part(middle, end))
        level = (width.bit_length() - 1) // LEVELS * LEVELS
        return complete_root(self.kept(level, begin >> level, end >> level))


def _split(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1


class Growing:
    """A tree to which leaves are added one by one; it holds no more than one hash for each bit of
    its size.
    """

    def __init__(self) -> None:
        self.size = 0
        self._complete: list[tuple[int, bytes]] = []  # (level, hash), the largest first

    @classmethod
    def from_tree(cls, tree: Tree) -> "Growing":
        """What `tree` becomes when leaves are added to it."""
        growing, begin = cls(), 0
        growing.size = tree.size
        for level in reversed(range(tree.size.bit_length())):
            if tree.size >> level & 1:
                growing._complete.append((level, tree.part(begin, begin + (1 << level))))
                begin += 1 << level
        return growing

    def add(self, hashed: bytes) -> list[tuple[int, int, bytes]]:
        """Of the complete parts that this leaf closes those that are kept: (level, place, hash)."""
        self.size += 1
        level, closed = 0, []
        while self._complete and self._complete[-1][0] == level:
            hashed = node_hash(self._complete.pop()[1], hashed)
            level += 1
            if level % LEVELS == 0:
                closed.append((level, (self.size >> level) - 1, hashed))
        self._complete.append((level, hashed))
        return closed

    def root(self) -> bytes:
        if not self._complete:
            return EMPTY
        *larger, (_, hashed) = self._complete
        for _, left in reversed(larger):
            hashed = node_hash(left, hashed)
        return hashed
