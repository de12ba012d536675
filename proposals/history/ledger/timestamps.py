"""Time stamps of checkpoints (RFC 3161): a service that is not ours signs that a file was there at
a moment.

Whoever has the key of the ledger and every copy of its checkpoints can write others and date them
back; the stamps they cannot write. A stamp lies beside its checkpoint, by the same name with .tsr,
and openssl can check it.
"""

import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates
from django.conf import settings
from rfc3161_client import (
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from .checkpoints import STAMP, checkpoint_files, write_once

SECONDS = 20  # to wait for the service
LARGEST = 100_000  # bytes; a stamp with its certificates has some five thousand


class TimestampBroken(Exception):
    """There is no valid stamp: it cannot be had, cannot be read, or is not of this file."""


@dataclass(frozen=True)
class Service:
    """Where stamps are asked for, and the file of the certificates that vouch for it."""

    url: str
    roots: Path

    def certificates(self) -> list[Certificate]:
        try:
            return load_pem_x509_certificates(self.roots.read_bytes())
        except (OSError, ValueError) as error:
            raise TimestampBroken(
                f"{self.roots} cannot be read as certificates in PEM: {error}"
            ) from error


def timestamp_service() -> Service | None:
    """The one of the settings."""
    url, roots = settings.LEDGER_TIMESTAMP_URL, settings.LEDGER_TIMESTAMP_ROOTS
    return Service(url, roots) if url and roots else None


def stamp_of(checkpoint: Path) -> Path:
    """The file of its stamp, which may not be there."""
    return checkpoint.with_suffix(STAMP)


def unstamped(folder: Path) -> Iterator[Path]:
    """The checkpoints without a stamp, the newest first; CheckpointBroken if the directory cannot
    be read.
    """
    # The stamp of the newest vouches for all leaves of those before it.
    files = sorted(checkpoint_files(folder), reverse=True)
    return (path for path in files if not stamp_of(path).exists())


def stamp(checkpoint: Path, service: Service) -> None:
    """Have the file stamped, and keep the stamp once it was checked; TimestampBroken if not."""
    content = checkpoint.read_bytes()
    request = TimestampRequestBuilder().data(content).nonce(nonce=True).build()
    answer = _asked(service.url, request.as_bytes())
    try:
        _check(decode_timestamp_response(answer), content, service, nonce=request.nonce)
    except (ValueError, VerificationError) as error:
        raise TimestampBroken(f"{service.url} sent no valid stamp: {error}") from error
    write_once(stamp_of(checkpoint), answer)


def stamped_at(checkpoint: Path, service: Service) -> datetime:
    """When it was stamped; TimestampBroken if the stamp is not of this file and this service."""
    try:
        response = decode_timestamp_response(stamp_of(checkpoint).read_bytes())
        _check(response, checkpoint.read_bytes(), service)
    except OSError as error:
        raise TimestampBroken(f"It cannot be read: {error.strerror}") from error
    except (ValueError, VerificationError) as error:
        raise TimestampBroken(f"It is no valid stamp of {checkpoint.name}: {error}") from error
    return response.tst_info.gen_time.astimezone(UTC)


def _check(
    response: TimeStampResponse, content: bytes, service: Service, nonce: int | None = None
) -> None:
    """`nonce`: that of the request, which an answer to another one does not have."""
    verifier = VerifierBuilder(roots=service.certificates(), nonce=nonce).build()
    verifier.verify_message(response, content)


def _asked(url: str, query: bytes) -> bytes:
    headers = {"Content-Type": "application/timestamp-query"}
    request = urllib.request.Request(url, query, headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return bytes(answer.read(LARGEST))
    except (OSError, HTTPException) as error:
        raise TimestampBroken(f"{url} does not answer: {error}") from error
