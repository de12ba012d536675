"""Signed checkpoints of the ledger: how many leaves it had at a moment and the root over them, each
in a file of its own that is never written again.

The files lie in a directory, with the public keys in one file beside them; whoever owns the
database should not be able to write there. Their form is that of c2sp.org/tlog-checkpoint, with the
moment as a further line: what is dated before it, and not among its leaves, was written later.
"""

import base64
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from .notes import NoteBroken, PrivateKey, PublicKey, opened
from .stored import LedgerBroken, size, stored_tree

PUBLIC_KEYS = "public-keys.txt"
STAMP = ".tsr"  # what lies beside a checkpoint and says when others saw it
# Twelve digits, so that the order of names is that of sizes.
NAME = re.compile(r"(\d{12})-(\d{8}T\d{6}Z)\.txt")
MOMENT_OF_NAME = "%Y%m%dT%H%M%SZ"


class CheckpointBroken(Exception):
    """A checkpoint or its key is missing, cannot be read, or is not of this ledger."""


@dataclass(frozen=True)
class Checkpoint:
    """`at` is in whole seconds."""

    origin: str
    size: int
    root: bytes
    at: datetime

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        try:
            origin, number, root, moment = text.removesuffix("\n").split("\n")
            at = datetime.strptime(moment, "time %Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            made = cls(origin, int(number), base64.b64decode(root, validate=True), at)
        except ValueError as error:
            raise CheckpointBroken("It is no checkpoint of a ledger.") from error
        # int() and base64 read more than one text as the same, and only one was signed.
        if made.text != text:
            raise CheckpointBroken("It is no checkpoint of a ledger.")
        return made

    @property
    def text(self) -> str:
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\ntime {self.at:%Y-%m-%dT%H:%M:%SZ}\n"

    @property
    def name(self) -> str:
        """Of its file; in the order of names the files are in the order of their making."""
        return f"{self.size:012}-{self.at.strftime(MOMENT_OF_NAME)}.txt"


@dataclass(frozen=True)
class DatedKey:
    """A public key, and from when until when it signs; None if it still does."""

    key: PublicKey
    since: datetime
    until: datetime | None

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at <= self.until)


@dataclass(frozen=True)
class Kept:
    """A file with a checkpoint in it, or why it has none."""

    path: Path
    note: str = ""
    checkpoint: Checkpoint | None = None
    why: str = ""


def kept_checkpoints(folder: Path) -> list[Kept]:
    """Every file of the directory but those of keys and stamps and hidden ones, in order;
    CheckpointBroken if the directory or its keys cannot be read.
    """
    keys = public_keys(folder)
    return [read_checkpoint(path, keys) for path in sorted(checkpoint_files(folder))]


def read_checkpoint(path: Path, keys: list[DatedKey]) -> Kept:
    try:
        note = path.read_bytes().decode()
        text, signer = opened(note, [dated.key for dated in keys])
        checkpoint = Checkpoint.parse(text)
    except (OSError, UnicodeDecodeError) as error:
        return Kept(path, why=f"It cannot be read: {error}")
    except (NoteBroken, CheckpointBroken) as error:
        return Kept(path, why=str(error))
    if not any(dated.key == signer and dated.covers(checkpoint.at) for dated in keys):
        return Kept(path, note, why="It is signed by a key that was not in use at its time.")
    return Kept(path, note, checkpoint)


def public_keys_file(folder: Path) -> Path:
    return folder / PUBLIC_KEYS


def public_keys(folder: Path) -> list[DatedKey]:
    """In the order in which they came into use."""
    path = public_keys_file(folder)
    try:
        lines = path.read_text().splitlines()
        parts = [line.split(" ", 1) for line in lines if line.strip()]
        dated = [
            (datetime.fromisoformat(since).astimezone(UTC), PublicKey.parse(key))
            for since, key in parts
        ]
    except OSError as error:
        raise CheckpointBroken(
            f"The public keys of the ledger cannot be read: {error.strerror}: {path}. "
            "manage.py ledger_key makes the first."
        ) from error
    except (ValueError, NoteBroken) as error:
        raise CheckpointBroken(
            f"{path} is not a list of public keys, each line a moment and a key: {error}"
        ) from error
    if not dated:
        raise CheckpointBroken(f"{path} holds no public key.")
    ends: list[datetime | None] = [later for _, (later, _) in pairwise(dated)]
    return [
        DatedKey(key, since, until)
        for (since, key), until in zip(dated, [*ends, None], strict=True)
    ]


def newest_name(folder: Path) -> tuple[int, datetime] | None:
    """(size, moment) that the name of the newest checkpoint says, or None if there is none."""
    # By names alone: the worker asks at every pass, and to read means to check a signature.
    matches = filter(None, (NAME.fullmatch(path.name) for path in checkpoint_files(folder)))
    newest = max((match.groups() for match in matches), default=None)
    if newest is None:
        return None
    at = datetime.strptime(newest[1], MOMENT_OF_NAME).replace(tzinfo=UTC)
    return int(newest[0]), at


def newest_kept(folder: Path) -> Kept | None:
    """The newest checkpoint, read and its signature checked; None if there is none."""
    newest = newest_name(folder)
    if newest is None:
        return None
    name = f"{newest[0]:012}-{newest[1].strftime(MOMENT_OF_NAME)}.txt"
    return read_checkpoint(folder / name, public_keys(folder))


def sign_checkpoint(key: PrivateKey, folder: Path, at: datetime) -> Kept:
    """Of the ledger as it is now, which must be the newest one grown: a log that was rewritten is
    not signed for again.
    """
    if public_keys(folder)[-1].key != key.public:
        raise CheckpointBroken(
            f"The private key is not the newest of {public_keys_file(folder)}, so nothing is "
            "signed with it. manage.py ledger_key --rotate makes a new one."
        )
    leaves = size()
    last = newest_kept(folder)
    if last:
        if last.checkpoint is None:
            raise CheckpointBroken(f"{last.path}: {last.why} Nothing is signed after it.")
        require_grown(last.path, last.checkpoint, leaves)
    checkpoint = Checkpoint(
        key.name, leaves, _root(leaves), at.astimezone(UTC).replace(microsecond=0)
    )
    path = folder / checkpoint.name
    write_once(path, key.sign(checkpoint.text).encode())
    # Read again: another worker may have written a file of this name first.
    kept = read_checkpoint(path, public_keys(folder))
    if kept.checkpoint != checkpoint:
        raise CheckpointBroken(f"{path} is there already and says something else.")
    return kept


def require_grown(path: Path, last: Checkpoint, leaves: int) -> None:
    """CheckpointBroken unless the ledger of now, of so many leaves, begins as `last` knows it."""
    if leaves < last.size:
        raise CheckpointBroken(
            f"{path} knows {last.size} leaves, and the ledger has {leaves}. "
            "Nothing is signed; run verify_audit."
        )
    if _root(last.size) != last.root:
        raise CheckpointBroken(
            f"The first {last.size} leaves are not those that {path} knows. "
            "Nothing is signed; run verify_audit."
        )


def _root(leaves: int) -> bytes:
    try:
        return stored_tree(leaves).root()
    except LedgerBroken as error:
        raise CheckpointBroken(str(error)) from error


def write_once(path: Path, content: bytes) -> None:
    """The whole file, and never over another one, which stays; CheckpointBroken if it cannot be
    written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            # Before it gets its name, so that a file that is there is whole, even after a power
            # cut.
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o444)
        # A link and not a rename, which would take the place of what is there.
        os.link(unfinished, path)
    except FileExistsError:
        return
    except OSError as error:
        raise CheckpointBroken(f"{path} cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def checkpoint_files(folder: Path) -> Iterator[Path]:
    try:
        paths = list(folder.iterdir())
    except OSError as error:
        raise CheckpointBroken(
            f"The directory of checkpoints cannot be read: {error.strerror}: {folder}"
        ) from error
    return (
        path
        for path in paths
        if path.name != PUBLIC_KEYS and path.suffix != STAMP and not path.name.startswith(".")
    )
