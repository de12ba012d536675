"""The key that signs checkpoints: the private half in a file that only the worker reads, the public
one beside the checkpoints.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

from .checkpoints import CheckpointBroken, public_keys_file
from .notes import NoteBroken, PrivateKey


def read_key(path: Path) -> PrivateKey:
    try:
        return PrivateKey.parse(path.read_text())
    except FileNotFoundError:
        raise CheckpointBroken(
            f"There is no private key in {path}. manage.py ledger_key makes one."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointBroken(f"The private key in {path} cannot be read: {error}") from error
    except NoteBroken as error:
        raise CheckpointBroken(f"{path} holds no private key: {error}") from error


def make_key(path: Path, folder: Path, *, name: str, at: datetime) -> PrivateKey:
    """A new key in `path`, in place of the one that is there, and its public half in the list.

    The list knows it before it signs; if this is cut short between the two, nothing can be signed
    until it is done again.
    """
    key = PrivateKey.new(name)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.new")
        unfinished.unlink(missing_ok=True)
        # Born with these rights: of a file that gets them later others could read the first bytes.
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"{key}\n")
        since = at.astimezone(UTC).replace(microsecond=0)
        with public_keys_file(folder).open("a") as keys:
            keys.write(f"{since:%Y-%m-%dT%H:%M:%SZ} {key.public}\n")
        unfinished.replace(path)
    except OSError as error:
        raise CheckpointBroken(f"The key cannot be written: {error}") from error
    return key
