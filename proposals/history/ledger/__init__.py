"""The ledger: an append-only list of fingerprints of the whole record, in the order in which it was
taken down, with a Merkle tree over them.

Whoever keeps a signed checkpoint of the tree can tell later whether what was in it then is in it
still, word for word, whatever the owner of the database did.
"""

from .canonical import RECORDED, Recorded, fingerprint, members_of, text_of, texts_of
from .checkpoints import (
    STAMP,
    Checkpoint,
    CheckpointBroken,
    Kept,
    kept_checkpoints,
    newest_name,
    public_keys,
    public_keys_file,
    sign_checkpoint,
)
from .keys import make_key, read_key
from .notes import NoteBroken, PrivateKey, PublicKey, opened
from .sequencer import extend, extend_ledger, rows_behind, settled_marks
from .state import ledger_state
from .stored import LedgerBroken, size, stored_tree
from .timestamps import (
    Service,
    TimestampBroken,
    stamp,
    stamp_of,
    stamped_at,
    timestamp_service,
    unstamped,
)
from .tree import Growing, Tree, leaf_hash, node_hash
