"""The ledger: an append-only list of fingerprints of the whole record, in the order in which it was
taken down, with a Merkle tree over them.

Whoever keeps a signed checkpoint of the tree can tell later whether what was in it then is in it
still, word for word, whatever the owner of the database did.
"""

from .canonical import RECORDED, Recorded, fingerprint, members_of, text_of
from .sequencer import Extension, extend, extend_ledger, rows_behind, settled_marks
from .stored import LedgerBroken, size, stored_tree
from .tree import Growing, Tree, leaf_hash, node_hash

__all__ = [
    "RECORDED",
    "Extension",
    "Growing",
    "LedgerBroken",
    "Recorded",
    "Tree",
    "extend",
    "extend_ledger",
    "fingerprint",
    "leaf_hash",
    "members_of",
    "node_hash",
    "rows_behind",
    "settled_marks",
    "size",
    "stored_tree",
    "text_of",
]
