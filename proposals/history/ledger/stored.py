"""The tree of the leaves in the database."""

from functools import lru_cache

from ...models import LEVELS, LedgerLeaf, LedgerNode
from .tree import Tree, leaf_hash

WIDTH = 1 << LEVELS


class LedgerBroken(Exception):
    """Hashes that must be there are not."""


def size() -> int:
    """How many leaves there are."""
    last = LedgerLeaf.objects.order_by("-number").values_list("number", flat=True).first()
    return 0 if last is None else last + 1


def stored_tree(leaves: int) -> Tree:
    """The tree over the first `leaves`. Hashes are read 256 at once, and each such piece once."""

    @lru_cache(maxsize=256)
    def piece(level: int, place: int) -> list[bytes]:
        return _hashes(level, place * WIDTH, (place + 1) * WIDTH)

    def kept(level: int, begin: int, end: int) -> list[bytes]:
        # A part is complete and of at most 128 of its level, so it lies within one piece.
        first = begin % WIDTH
        hashes = piece(level, begin // WIDTH)[first : first + end - begin]
        if len(hashes) < end - begin:
            raise LedgerBroken(
                f"The ledger lacks hashes of level {level} between {begin} and {end}. "
                "verify_audit says what is wrong with it."
            )
        return hashes

    return Tree(leaves, kept)


def _hashes(level: int, begin: int, end: int) -> list[bytes]:
    if level == 0:
        leaves = LedgerLeaf.objects.filter(number__gte=begin, number__lt=end).order_by("number")
        return [leaf_hash(bytes.fromhex(h)) for h in leaves.values_list("sha256", flat=True)]
    nodes = LedgerNode.objects.filter(level=level, place__gte=begin, place__lt=end)
    return [bytes.fromhex(h) for h in nodes.order_by("place").values_list("sha256", flat=True)]
