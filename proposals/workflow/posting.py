"""A message to another server, which nobody trusts: to a public address, within seconds, without
following where it points, and without reading what it answers.
"""

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from waltzflow.environment import ORIGIN

ADDRESS = re.compile(rf"(?i:{ORIGIN})(/[!-\"$-~]*)?")
TO_CONNECT, IN_ALL = 3, 8  # seconds
MOST_ADDRESSES = 2  # of one host, tried in turn
LONGEST_PAUSE = timedelta(days=1)  # that a receiver may ask for
NAT64 = IPv6Network("64:ff9b::/96")
# All that is given out so far. Python calls the rest global too: what was site-local once, other
# ways of carrying an IPv4 address, NAT64 of a company's own.
GIVEN_OUT = IPv6Network("2000::/3")
RESERVED = IPv4Network("192.0.0.0/24")  # for protocols; a cloud keeps its secrets there


@dataclass(frozen=True)
class Answer:
    """Its status, and how long its sender wants to be left alone, if it says so."""

    status: int
    retry_after: timedelta = timedelta()


class NotPosted(Exception):
    """In words, without the address, which may hold what only the receiver should know."""


def require_postable(address: str) -> SplitResult:
    """Its parts, or NotPosted, on a look: names are looked up when something is sent."""
    if not ADDRESS.fullmatch(address):
        raise NotPosted("The address has to look like https://receiver.example/path.")
    parts = urlsplit(address)
    if parts.scheme == "http" and not settings.WEBHOOK_HTTP:
        raise NotPosted("The address has to begin with https:// (or WEBHOOK_HTTP has to be set).")
    try:
        port_of(parts)
    except ValueError:
        raise NotPosted("The port of the address is too large.") from None
    with suppress(ValueError):  # most hosts are names, which are looked up later
        require_allowed([ip_address(parts.hostname or "")])
    return parts


def port_of(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def post(address: str, body: bytes, headers: dict[str, str]) -> Answer:
    """The answer, of which nothing else is read; or NotPosted."""
    parts = require_postable(address)
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    try:
        with _connected(parts) as stream:
            connection = http.client.HTTPConnection(parts.hostname or "", port_of(parts))
            connection.sock = stream
            own = {"Host": parts.netloc, "User-Agent": "waltzflow", "Connection": "close"}
            connection.request("POST", target, body, own | headers)
            response = connection.getresponse()
            return Answer(response.status, _pause(response.getheader("Retry-After", "")))
    except ssl.SSLCertVerificationError as error:
        raise NotPosted(f"Its certificate is not accepted: {error.verify_message}.") from None
    except TimeoutError:
        raise NotPosted("No answer in time.") from None
    except (OSError, http.client.HTTPException) as error:
        raise NotPosted(f"The connection failed: {type(error).__name__}.") from None


def _pause(said: str) -> timedelta:
    """What a Retry-After asks for, in seconds or until a moment; none where it cannot be read."""
    said = said.strip()
    if said.isascii() and said.isdigit():
        return min(timedelta(seconds=int(said[:9])), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return timedelta()
    pause = until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)
    return min(max(pause, timedelta()), LONGEST_PAUSE)


@contextmanager
def _connected(parts: SplitResult) -> Iterator[socket.socket]:
    """A connection that ends IN_ALL seconds from now, however slowly the other side speaks."""
    plain = _opened(parts)
    # A socket that becomes one of TLS is another object; this one ends the connection under both.
    handle, is_late = plain.dup(), threading.Event()

    def end() -> None:
        is_late.set()
        with suppress(OSError):  # it has ended just now
            handle.shutdown(socket.SHUT_RDWR)

    clock = threading.Timer(IN_ALL, end)
    clock.start()
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            plain = context.wrap_socket(plain, server_hostname=parts.hostname)
        yield plain
    except (OSError, http.client.HTTPException) as error:
        raise TimeoutError if is_late.is_set() else error from None
    finally:
        clock.cancel()
        handle.close()
        plain.close()


def _opened(parts: SplitResult) -> socket.socket:
    """Connected to an address that was checked: the name is looked up once, so that it cannot mean
    another machine by the time something is sent to it.
    """
    port = port_of(parts)
    failure: OSError = TimeoutError()
    for address in _addresses_of(parts.hostname or "", port)[:MOST_ADDRESSES]:
        try:
            opened = socket.create_connection((str(address), port), timeout=TO_CONNECT)
        except OSError as error:
            failure = error
            continue
        opened.settimeout(IN_ALL)
        return opened
    raise failure


def _addresses_of(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    try:
        known = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotPosted("Nobody knows the name of its host.") from None
    return require_allowed([ip_address(at[0]) for *_, at in known])


def require_allowed(
    addresses: list[IPv4Address | IPv6Address],
) -> list[IPv4Address | IPv6Address]:
    """Those of them that may be sent to; NotPosted if none is."""
    allowed = [address for address in dict.fromkeys(addresses) if _is_allowed(address)]
    if not allowed:
        raise NotPosted(
            "The address is a private one, which WEBHOOK_PRIVATE_ADDRESSES does not name."
        )
    return allowed


def _is_allowed(address: IPv4Address | IPv6Address) -> bool:
    """Public, or in a network that the operator names; so must be what it stands for."""
    if any(address in network for network in settings.WEBHOOK_PRIVATE_ADDRESSES):
        return True
    if isinstance(address, IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            carried = IPv4Address(int(address) & 0xFFFFFFFF)
        if carried is not None:
            return _is_allowed(carried)
        if address not in GIVEN_OUT:
            return False
    elif address in RESERVED:
        return False
    return address.is_global and not address.is_multicast
