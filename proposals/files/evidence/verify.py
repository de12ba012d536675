"""Checks an evidence pack: whether every row in it is what a signed checkpoint vouches for.

    python3 verify.py [--key KEY] [--checkpoint FILE] [--timestamps FILE]

It needs Python 3.8 or later and the program openssl (3.0 or later), and neither the database nor a
network. It says yes and exits with 0, or names what differs and exits with 1; with 2 if it cannot
check at all. README.txt says what a yes means.
"""

from __future__ import annotations  # it may run under an older Python than the product

import argparse
import base64
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

ED25519_DER = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what precedes the 32 bytes
TRANSITION = "proposals_transition"


class Differs(Exception):
    """What was looked at is not what it must be."""


class CannotCheck(Exception):
    """Something that the check itself needs is missing."""


# RFC 9162: the tree and its proofs


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_by_inclusion(leaf: bytes, number: int, size: int, path: list[bytes]) -> bytes:
    """The root of the tree of `size` leaves in which `leaf` has this number (2.1.3.2)."""
    if not 0 <= number < size:
        raise Differs("its number is not one of the tree")
    here, last, root = number, size - 1, leaf
    for other in path:
        if last == 0:
            raise Differs("its proof is too long")
        if here % 2 or here == last:
            root = node(other, root)
            while not here % 2 and here:
                here, last = here >> 1, last >> 1
        else:
            root = node(root, other)
        here, last = here >> 1, last >> 1
    if last:
        raise Differs("its proof is too short")
    return root


def roots_by_consistency(
    old_size: int, old_root: bytes, size: int, path: list[bytes]
) -> tuple[bytes, bytes]:
    """(root of the old tree, root of the tree) as the proof has them (2.1.4.2)."""
    if not 0 < old_size < size or not path:
        raise Differs("it has no proof")
    if old_size & (old_size - 1) == 0:
        path = [old_root, *path]
    here, last = old_size - 1, size - 1
    while here % 2:
        here, last = here >> 1, last >> 1
    old = new = path[0]
    for other in path[1:]:
        if last == 0:
            raise Differs("its proof is too long")
        if here % 2 or here == last:
            old, new = node(other, old), node(other, new)
            while not here % 2 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node(new, other)
        here, last = here >> 1, last >> 1
    if last:
        raise Differs("its proof is too short")
    return old, new


# Signed notes (c2sp.org/signed-note)


class Key:
    """A public key, written name+hash+key."""

    def __init__(self, text: str) -> None:
        name, _, rest = text.strip().partition("+")
        hashed, _, key = rest.partition("+")
        raw = decoded(key)
        own = sha256(name.encode() + b"\n" + raw).digest()[:4]
        if len(raw) != 33 or raw[:1] != b"\x01" or own.hex() != hashed:
            raise Differs("holds what is no public key")
        self.text, self.name, self.hash, self.raw = text.strip(), name, own, raw[1:]

    def has_signed(self, text: bytes, signature: bytes) -> bool:
        pem = b"-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n"
        with tempfile.TemporaryDirectory() as folder:
            files = {name: str(Path(folder, name)) for name in ("key", "text", "signature")}
            Path(files["key"]).write_bytes(pem % base64.b64encode(ED25519_DER + self.raw))
            Path(files["text"]).write_bytes(text)
            Path(files["signature"]).write_bytes(signature)
            command = ["pkeyutl", "-verify", "-pubin", "-inkey", files["key"]]
            command += ["-rawin", "-in", files["text"], "-sigfile", files["signature"]]
            done = openssl(*command)
        if "Signature Verified Successfully" in done.stdout:
            return True
        if "Signature Verification Failure" in done.stdout:
            return False
        raise CannotCheck(f"openssl cannot check signatures here: {done.stderr.strip()}")


class Checkpoint:
    """What a checkpoint says, once its signature was found valid."""

    def __init__(self, note: bytes, keys: list[tuple[str, Key]]) -> None:
        text, separator, signature = note.rpartition(b"\n\n")
        try:
            dash, name, encoded = signature.decode().split(" ")
            lines = text.decode().split("\n")
            self.origin, self.at = lines[0], lines[3][len("time ") :]
            self.size, self.root = int(lines[1]), decoded(lines[2])
        except (ValueError, IndexError):
            raise Differs("is no signed checkpoint") from None
        if (dash, encoded[-1:], len(lines)) != ("\u2014", "\n", 4) or not separator:
            raise Differs("is no signed checkpoint")
        signed = decoded(encoded[:-1])
        known = [key for _, key in keys if (key.name, key.hash) == (name, signed[:4])]
        if not known or not known[0].has_signed(text + b"\n", signed[4:]):
            raise Differs("is not signed by a key of public-keys.txt")
        self.key = known[0]
        uses = [(since, key.text) for since, key in keys]
        begin = next(since for since, text in uses if text == self.key.text)
        end = min((since for since, _ in uses if since > begin), default="9")
        if not begin <= self.at <= end:
            raise Differs("is signed by a key that was not in use at its time")


# Time stamps (RFC 3161)


def openssl(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["openssl", *command], capture_output=True, text=True, check=False)
    except OSError:
        raise CannotCheck(
            "The program openssl is not there, and signatures cannot be checked without."
        ) from None


def stamped_at(stamp: Path, checkpoint: Path, roots: Path) -> str:
    """The moment in the stamp, once it was found to be of this file and by this service."""
    files = ["-in", str(stamp), "-data", str(checkpoint), "-CAfile", str(roots)]
    done = openssl("ts", "-verify", *files)
    if "Verification: OK" not in done.stdout + done.stderr:
        raise Differs(f"is no stamp of {checkpoint.name} by the service that you trust")
    text = openssl("ts", "-reply", "-in", str(stamp), "-text").stdout
    return next(line for line in text.splitlines() if line.startswith("Time stamp: "))[12:]


def decoded(text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        raise Differs("holds what is no base64") from None
    if base64.b64encode(content).decode() != text:
        raise Differs("holds what is no base64")
    return content


# The pack


class Pack:
    """The files of a directory; `wrong` says what is wrong with them, a sentence for each thing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wrong: list[str] = []
        self.rows: dict[str, dict[str, Any]] = {}  # those proven, by the name of the file
        self.newest: Any = None
        self.waiting: list[str] = []
        self.stamps: dict[str, str] = {}  # name of a checkpoint -> when others saw it

    def check(
        self, own_key: str | None, own_checkpoint: Path | None, roots: Path | None = None
    ) -> None:
        self._check_files()
        keys = self._keys(own_key)
        checkpoints = self._checkpoints(keys, own_checkpoint)
        proofs = self._proofs()
        if proofs is None:
            return
        newest = checkpoints.get(proofs["checkpoint"])
        if newest is None:
            self.wrong.append("proofs.json names a checkpoint that is not there or not valid.")
            return
        for name, checkpoint in checkpoints.items():
            self._attempt(f"checkpoints/{name}", self._is_older, checkpoint, newest, name, proofs)
        for name in sorted(proofs["rows"]):
            self._attempt(name, self._check_row, name, proofs["rows"][name], newest)
        self._check_trails()
        if roots:
            self._check_stamps(roots)
        self.newest, self.waiting = newest, proofs["waiting"]

    def _attempt(self, name: str, check: Any, *arguments: Any) -> Any:
        """What `check` returns, or None and a sentence that says what is wrong with the file."""
        try:
            return check(*arguments)
        except Differs as differs:
            self.wrong.append(f"{name} {differs}.")
        except OSError:
            self.wrong.append(f"{name} cannot be read.")
        except (ValueError, KeyError, TypeError, AttributeError):
            self.wrong.append(f"{name} is not of the form it must have.")
        return None

    def _check_files(self) -> None:
        """All that the manifest lists is there as it was, and nothing else."""
        listed = self._attempt("manifest.json", self._manifest) or {}
        there = {
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        } - {"manifest.json"}
        for name in sorted(set(listed) | there if listed else set()):
            if name not in there:
                self.wrong.append(f"{name} is missing.")
            elif name not in listed:
                self.wrong.append(f"{name} does not belong to the pack.")
            elif sha256((self.folder / name).read_bytes()).hexdigest() != listed[name]:
                self.wrong.append(f"{name} is not the file that was packed.")

    def _manifest(self) -> dict[str, str]:
        text = (self.folder / "manifest.json").read_bytes()
        listed = json.loads(text)
        if (json.dumps(listed, indent=1, sort_keys=True) + "\n").encode() != text or not listed:
            raise Differs("is not as it was written")
        return dict(listed)

    def _keys(self, own: str | None) -> list[tuple[str, Key]]:
        """(since when, key) in the order in which they came into use."""
        keys = self._attempt("public-keys.txt", self._read_keys) or []
        if own and keys and own.strip() not in [key.text for _, key in keys]:
            self.wrong.append("public-keys.txt does not have the key that you keep.")
        return keys

    def _read_keys(self) -> list[tuple[str, Key]]:
        lines = (self.folder / "public-keys.txt").read_text(encoding="utf-8").splitlines()
        return [(line.split(" ")[0], Key(line.split(" ")[1])) for line in lines]

    def _checkpoints(self, keys: list[tuple[str, Key]], own: Path | None) -> dict[str, Checkpoint]:
        """Name -> checkpoint of each that is validly signed."""
        checkpoints = {}
        for path in sorted((self.folder / "checkpoints").glob("*")):
            name = f"checkpoints/{path.name}"
            checkpoint = self._attempt(name, lambda p: Checkpoint(p.read_bytes(), keys), path)
            if checkpoint:
                checkpoints[path.name] = checkpoint
        if own:
            self._attempt(str(own), self._compare, own, keys, checkpoints)
        return checkpoints

    def _compare(
        self, own: Path, keys: list[tuple[str, Key]], checkpoints: dict[str, Checkpoint]
    ) -> None:
        kept = Checkpoint(own.read_bytes(), keys)
        same_size = [one for one in checkpoints.values() if one.size == kept.size]
        if not same_size:
            raise Differs(f"is not in this pack; have one made with --leaves {kept.size}")
        if any(one.root != kept.root for one in same_size):
            raise Differs("has another root than the pack has for the same number of leaves")

    def _proofs(self) -> dict[str, Any] | None:
        def read() -> dict[str, Any]:
            proofs = json.loads((self.folder / "proofs.json").read_text(encoding="utf-8"))
            if set(proofs) != {"checkpoint", "consistency", "rows", "waiting"}:
                raise ValueError
            if set(proofs["rows"]) != {
                f"rows/{path.name}" for path in (self.folder / "rows").glob("*")
            }:
                raise Differs("does not prove the rows that are there")
            return dict(proofs)

        return self._attempt("proofs.json", read)

    def _is_older(
        self, checkpoint: Checkpoint, newest: Checkpoint, name: str, proofs: dict[str, Any]
    ) -> None:
        """The ledger of `checkpoint` is the beginning of that of `newest`."""
        if checkpoint.size == newest.size:
            old, new = checkpoint.root, checkpoint.root
        elif checkpoint.size == 0:
            return
        else:
            path = [bytes.fromhex(hashed) for hashed in proofs["consistency"][name]]
            old, new = roots_by_consistency(checkpoint.size, checkpoint.root, newest.size, path)
        if (old, new) != (checkpoint.root, newest.root):
            raise Differs("is not of the same ledger as the newest checkpoint")

    def _check_row(self, name: str, proof: dict[str, Any], newest: Checkpoint) -> None:
        """What it says is what its leaf took down, and the leaf is in the signed tree."""
        text = (self.folder / name).read_bytes()
        digest = sha256(bytes.fromhex(proof["salt"]) + text).digest()
        path = [bytes.fromhex(hashed) for hashed in proof["path"]]
        leaf = sha256(b"\x00" + digest).digest()
        try:
            is_proven = root_by_inclusion(leaf, proof["number"], newest.size, path) == newest.root
        except Differs as differs:
            raise Differs(f"is not proven: {differs}") from None
        if not is_proven:
            raise Differs(
                f"is not what leaf {proof['number']} of the ledger took down: "
                "the row differs, or its proof"
            )
        self.rows[name] = json.loads(text)

    def _check_trails(self) -> None:
        """The transitions of each proposal are numbered 1 to n, each from where the last led."""
        for proposal, steps in self.trails().items():
            numbers = [step["number"] for step in steps]
            if numbers != list(range(1, len(steps) + 1)):
                self.wrong.append(f"Of proposal {proposal} the transitions {numbers} are there.")
            for place, after in enumerate(steps[1:]):
                if steps[place]["to_state"] != after["from_state"]:
                    self.wrong.append(
                        f"Of proposal {proposal} transition {after['number']} does not go on "
                        "where the one before led."
                    )

    def _check_stamps(self, roots: Path) -> None:
        for stamp in sorted((self.folder / "timestamps").glob("*")):
            checkpoint = self.folder / "checkpoints" / f"{stamp.stem}.txt"
            name = f"timestamps/{stamp.name}"
            moment = self._attempt(name, stamped_at, stamp, checkpoint, roots)
            if moment:
                self.stamps[checkpoint.name] = moment
        if not self.stamps:
            self.wrong.append("timestamps has no stamp that could be checked.")

    def of(self, table: str) -> list[dict[str, Any]]:
        """The proven rows of a table."""
        return [row["row"] for row in self.rows.values() if row["table"] == table]

    def trails(self) -> dict[int, list[dict[str, Any]]]:
        trails: dict[int, list[dict[str, Any]]] = {}
        for step in sorted(
            self.of(TRANSITION), key=lambda row: (row["proposal_id"], row["number"])
        ):
            trails.setdefault(step["proposal_id"], []).append(step)
        return trails

    # what the rows tell

    def told(self) -> Iterator[str]:
        """The proven rows in words, so that nobody has to believe another file."""
        people = {row["id"]: row["name"] for row in self.of("proposals_historicaluser")}
        yield from self._told_of_proposals(people)
        notices = self.of("proposals_notice")
        if notices:
            yield "\nWho was told"
        for notice in sorted(notices, key=lambda row: str(row["at"])):
            recipient = notice["recipient_id"]
            yield f"  {notice['at']}  {people.get(recipient, recipient)}: {notice['summary']}"
        yield "\nVersions of what it led to, and of the systems"
        for kind in ("logicalflow", "physicalspecification", "physicalflow", "system"):
            versions = self.of(f"proposals_historical{kind}")
            for row in sorted(versions, key=lambda row: row["history_id"]):
                who = people.get(row["history_user_id"], row["history_user_id"] or "nobody")
                state = row.get("lifecycle", row.get("lifecycle_status", ""))
                yield (
                    f"  {row['history_date']}  {kind} {row['id']}, version {row['history_id']}, "
                    f"{state}, by {who}: {row['history_change_reason'] or ''}"
                )

    def _told_of_proposals(self, people: dict[int, str]) -> Iterator[str]:
        systems = {row["id"]: row["name"] for row in self.of("proposals_historicalsystem")}
        asked = {row["id"]: row for row in self.of("proposals_historicalproposal")}
        for proposal, steps in self.trails().items():
            yield f"\nProposal {proposal}"
            wish = asked.get(proposal)
            if wish:
                yield (
                    f"  {wish['type']}: {systems.get(wish['source_id'])} -> "
                    f"{systems.get(wish['target_id'])}, asked by "
                    f"{people.get(wish['maker_id'])}: \u201c{wish['justification']}\u201d"
                )
            for step in steps:
                by, other = step["by_id"], step["on_behalf_of_id"]
                who = people.get(by, by) if by else "the clock"
                whom = f" for {people.get(other, other)}" if other else ""
                comment = f" \u201c{step['comment']}\u201d" if step["comment"] else ""
                yield (
                    f"  {step['at']}  {step['action']} by {who}{whom}: {step['from_state']} -> "
                    f"{step['to_state']}; right: {step['capacity']}; policy version "
                    f"{step['policy_id']}.{comment}"
                )


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks the evidence pack it lies in.")
    parser.add_argument(
        "--key", help="The public key that you keep: it must be among those of the pack."
    )
    parser.add_argument(
        "--checkpoint", type=Path, help="A checkpoint that you keep: it must agree with the pack."
    )
    parser.add_argument(
        "--timestamps",
        type=Path,
        metavar="FILE",
        help="The certificates (PEM) of the time-stamping service, got from itself.",
    )
    options = parser.parse_args()
    pack = Pack(Path(__file__).resolve().parent)
    try:
        pack.check(options.key, options.checkpoint, options.timestamps)
    except CannotCheck as cannot:
        print(f"CANNOT BE CHECKED: {cannot}")
        return 2
    if pack.wrong:
        print("NO. What differs:")
        for sentence in pack.wrong:
            print(f"  {sentence}")
        return 1
    for line in pack.told():
        print(line)
    newest = pack.newest
    print(
        f"\nYES. {len(pack.rows)} rows are what the ledger took down, and the checkpoint of "
        f"{newest.at} over {newest.size} leaves vouches for them."
    )
    for name, moment in pack.stamps.items():
        print(f"A service of others saw {name} on {moment}.")
    if pack.waiting:
        print(f"Rows newer than that checkpoint, which are not in the pack: {len(pack.waiting)}.")
    if not options.key:
        print(f"It is signed by this key. Compare it with the one you keep:\n  {newest.key.text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
