"""Signed notes as C2SP describes them (c2sp.org/signed-note): a text, and the signature of its last
character and all before it, by Ed25519; keys in the form that goes with it, so that tools of others
read both.
"""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

ED25519 = b"\x01"  # what a key of this kind begins with
PRIVATE = "PRIVATE+KEY+"
DASH = "\N{EM DASH}"


class NoteBroken(Exception):
    """A text is no signed note, no key, or not signed by the key it names."""


@dataclass(frozen=True)
class PublicKey:
    """Written `name+hash+key`, the hash in hex, the key in base64."""

    name: str
    raw: bytes

    @classmethod
    def parse(cls, text: str) -> "PublicKey":
        name, _, rest = text.strip().partition("+")
        hashed, _, key = rest.partition("+")
        public = cls(name, _key_bytes(key, "public"))
        if not name or hashed != public.hash.hex():
            raise NoteBroken("A public key does not fit its own hash.")
        return public

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{_base64(ED25519 + self.raw)}"

    @property
    def hash(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def verify(self, text: str, signature: bytes) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text.encode())
        except InvalidSignature:
            raise NoteBroken(f"The signature of {self.name} is not valid.") from None


@dataclass(frozen=True)
class PrivateKey:
    """Written `PRIVATE+KEY+name+hash+key`."""

    name: str
    seed: bytes

    @classmethod
    def new(cls, name: str) -> "PrivateKey":
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "PrivateKey":
        text = text.strip()
        name, _, rest = text.removeprefix(PRIVATE).partition("+")
        hashed, _, key = rest.partition("+")
        if not text.startswith(PRIVATE) or not name:
            raise NoteBroken(f"A private key begins with {PRIVATE}.")
        private = cls(name, _key_bytes(key, "private"))
        if hashed != private.public.hash.hex():
            raise NoteBroken("A private key does not fit its own hash.")
        return private

    def __str__(self) -> str:
        hashed = self.public.hash.hex()
        return f"{PRIVATE}{self.name}+{hashed}+{_base64(ED25519 + self.seed)}"

    @property
    def public(self) -> PublicKey:
        key = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return PublicKey(self.name, key.public_bytes_raw())

    def sign(self, text: str) -> str:
        """The note: `text`, which ends with a line break, and the line of its signature."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return f"{text}\n{DASH} {self.name} {_base64(self.public.hash + signature)}\n"


def opened(note: str, keys: list[PublicKey]) -> tuple[str, PublicKey]:
    """(text, the key that signed it) of a note signed by one of `keys`; NoteBroken if none did."""
    # The last empty line: the text may have others.
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise NoteBroken("It has no signature.")
    for line in signatures.splitlines():
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        signature = _decoded(encoded)
        # Four bytes that name the key, and the 64 of a signature by Ed25519.
        if dash != DASH or len(signature) != 68:
            raise NoteBroken("A line after the text is no signature.")
        for key in keys:
            # Lines by other keys are passed over: witnesses may have signed too.
            if (key.name, key.hash) == (name, signature[:4]):
                key.verify(text + "\n", signature[4:])
                return text + "\n", key
    raise NoteBroken("It is signed by none of the known keys.")


def _key_bytes(encoded: str, kind: str) -> bytes:
    decoded = _decoded(encoded)
    if len(decoded) != 33 or decoded[:1] != ED25519:
        raise NoteBroken(f"A {kind} key is not one of Ed25519.")
    return decoded[1:]


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _decoded(text: str) -> bytes:
    """Strictly: no text but one stands for the same bytes."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteBroken("A key or signature is no base64.") from None
    if _base64(content) != text:
        raise NoteBroken("A key or signature is no base64.")
    return content
