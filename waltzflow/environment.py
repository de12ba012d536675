"""What the operator says, read and judged: a setting that cannot work stops the start with one
sentence.
"""

import os
import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import dj_database_url
import dj_email_url
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from django.http.request import validate_host

FOR_TRYING = "only-for-trying-things-on-your-own-machine-never-in-production"
ORIGIN = r"https?://(?P<host>[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?"
PATH = r"(/(?!\.)[A-Za-z0-9._~-]+)*"
BASE = re.compile(f"(?P<origin>(?i:{ORIGIN}))(?P<path>{PATH})")
ENGINES = ["django.db.backends.postgresql", "django.db.backends.sqlite3"]
DATABASE_HOST = re.compile(r"(?P<host>[\w.-]+|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?")
# Of a connection to PostgreSQL, in seconds: a host that does not answer, or is gone without a word,
# would hold each request for minutes.
NOT_FOR_EVER = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}
THIS_MACHINE = ["127.0.0.1", "localhost", "[::1]", "testserver"]


def flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in {"1", "true", "yes", "on"}


def listed(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def choice(name: str, values: list[str]) -> str:
    """One of `values`; the first unless another is named."""
    text = os.environ.get(name, "").strip().lower() or values[0]
    if text not in values:
        raise ImproperlyConfigured(f"{name} is “{text}”, which is none of {', '.join(values)}.")
    return text


def number(name: str, default: int) -> int:
    """A whole number, 1 or more."""
    text = os.environ.get(name, "").strip() or str(default)
    # Nine digits are enough for every setting and fit wherever a number goes.
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise ImproperlyConfigured(f"{name} is “{text}”, which is not a whole number from 1.")
    return int(text[:9])


def secret(debug: bool) -> str:
    """The key of sessions and signatures: whoever guesses it is anybody, so a weak one is none."""
    key = os.environ.get("SECRET_KEY", "")
    if debug:
        return key or FOR_TRYING
    if not key:
        raise ImproperlyConfigured(
            "Set SECRET_KEY to a long random text, or DEBUG=1 to try things on your machine."
        )
    if (
        len(key) < 50
        or len(set(key)) < 10
        or key == FOR_TRYING
        or key.startswith("django-insecure-")
    ):
        raise ImproperlyConfigured(
            "SECRET_KEY is too easy to guess: set it to 50 random characters or more."
        )
    return key


def hosts(debug: bool) -> list[str]:
    """The names under which the site is served; a request for any other is refused."""
    named = listed("ALLOWED_HOSTS")
    if debug:
        return named or THIS_MACHINE
    if not named:
        raise ImproperlyConfigured(
            "Set ALLOWED_HOSTS to the host names people use to reach the site, comma between."
        )
    if "*" in named:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS may not be “*”: name the hosts, or anybody forges the site's links."
        )
    return named


@dataclass(frozen=True)
class Base:
    """Where people reach the site: `https://host[:port]`, the host alone, and the path below it,
    empty or with a slash in front.
    """

    origin: str
    host: str
    path: str

    def __str__(self) -> str:
        return f"{self.origin}{self.path}"

    @property
    def is_https(self) -> bool:
        return self.origin.startswith("https://")


def base_url(debug: bool, served: list[str]) -> Base:
    """What links in mails begin with; its host has to be one of those `served`."""
    url = os.environ.get("BASE_URL", "").strip().rstrip("/") or "http://127.0.0.1:8000"
    match = BASE.fullmatch(url)
    if not match:
        raise ImproperlyConfigured(
            f"BASE_URL is “{url}”: it has to look like https://waltzflow.example or "
            "https://intranet.example/waltzflow."
        )
    base = Base(match["origin"].lower(), match["host"].lower(), match["path"])
    if debug and base.is_https:
        raise ImproperlyConfigured(
            "DEBUG shows the inside of the site to everybody: unset it where BASE_URL is https."
        )
    if not validate_host(base.host, served):
        raise ImproperlyConfigured(
            f"BASE_URL is “{base}”, but ALLOWED_HOSTS ({', '.join(served)}) does not have "
            f"“{base.host}”: name the same host in both."
        )
    return base


def database(default: str, name: str = "DATABASE_URL") -> dict[str, Any]:
    """Django's settings of the database that the variable `name` names.

    Nothing in it outlives a transaction, so that a pooler in transaction mode may stand between.
    """
    url = os.environ.get(name) or default
    wanted = "it has to look like postgres://user:password@host:5432/name."
    try:
        url, hosts_and_ports = several_hosts(url)
        settings: dict[str, Any] = dict(
            dj_database_url.parse(
                url, conn_max_age=600, conn_health_checks=True, disable_server_side_cursors=True
            )
        )
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} cannot be read: {wanted}") from error
    if settings["ENGINE"] not in ENGINES or not settings["NAME"]:
        raise ImproperlyConfigured(f"{name} names no PostgreSQL database: {wanted}")
    options = settings.setdefault("OPTIONS", {})
    if settings["ENGINE"] == ENGINES[0]:
        for option, value in NOT_FOR_EVER.items():
            options.setdefault(option, value)
    if hosts_and_ports:
        settings |= hosts_and_ports
        # The first that answers may be a standby, where nothing can be written.
        options.setdefault("target_session_attrs", "read-write")
    return settings


def replica(primary: dict[str, Any]) -> dict[str, Any] | None:
    """Django's settings of a standby of `primary` that REPLICA_URL names; None without one."""
    if not os.environ.get("REPLICA_URL", "").strip():
        return None
    settings = database("", "REPLICA_URL")
    if {primary["ENGINE"], settings["ENGINE"]} != {ENGINES[0]}:
        raise ImproperlyConfigured(
            "REPLICA_URL names a standby of PostgreSQL, so DATABASE_URL has to name its primary."
        )
    settings["OPTIONS"]["target_session_attrs"] = "prefer-standby"
    # Tests have one database.
    return settings | {"TEST": {"MIRROR": "default"}}


def several_hosts(url: str) -> tuple[str, dict[str, str]]:
    """`url` with one host instead of several, and those as libpq reads them: of `a:5433,b` the HOST
    is `a,b` and the PORT `5433,`. Of a single host the URL as it is, and nothing.
    """
    parts = urlsplit(url)
    account, at, named = parts.netloc.rpartition("@")
    if "," not in named:
        return url, {}
    matches = [DATABASE_HOST.fullmatch(one) for one in named.split(",")]
    if not all(matches):
        raise ValueError("not a host")
    hosts_and_ports = {
        "HOST": ",".join(match["host"].strip("[]") for match in matches if match),
        "PORT": ",".join(match["port"] or "" for match in matches if match),
    }
    return parts._replace(netloc=f"{account}{at}several").geturl(), hosts_and_ports


def mail(default: str) -> dict:
    """Django's settings of how mail is sent."""
    url = os.environ.get("EMAIL_URL") or default
    wanted = "it has to look like smtp://user:password@host:587/?tls=True, or console:."
    try:
        settings = dj_email_url.parse(url)
        parts = urlsplit(url)
    except (ValueError, KeyError, TypeError) as error:
        raise ImproperlyConfigured(f"EMAIL_URL cannot be read: {wanted}") from error
    if not settings.get("EMAIL_BACKEND"):
        raise ImproperlyConfigured(f"EMAIL_URL cannot be read: {wanted}")
    if parts.scheme.startswith("smtp") and not parts.hostname:
        raise ImproperlyConfigured(f"EMAIL_URL names no host: {wanted}")
    return settings


def sender(default: str) -> str:
    """Who mails come from: an address, or a name with the address in angle brackets.

    A name that mail takes only in quotation marks gets them.
    """
    text = os.environ.get("MAIL_FROM", "").strip() or default
    name, address = parseaddr(text)
    try:
        parts = Address(display_name=name, addr_spec=address)
        if not (parts.username and parts.domain and text.isprintable()):
            raise ValueError("no address")
    except (ValueError, IndexError, HeaderParseError) as error:
        raise ImproperlyConfigured(
            f"MAIL_FROM is “{text}”: it has to look like waltzflow@company.example or "
            '"Data, flows" <waltzflow@company.example>.'
        ) from error
    return str(parts)


def path(name: str) -> Path | None:
    """Of a file or directory; None if it is not set."""
    text = os.environ.get(name, "").strip()
    return Path(text).expanduser().absolute() if text else None


def addresses(name: str) -> list[str]:
    """Mail addresses, comma between."""
    named = listed(name)
    for address in named:
        try:
            validate_email(address)
        except ValidationError as error:
            raise ImproperlyConfigured(
                f"{name} names “{address}”, which is no mail address: it has to look like "
                "auditors@company.example, comma between several."
            ) from error
    return named


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Networks of addresses, comma between."""
    try:
        return [ip_network(text) for text in listed(name)]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} cannot be read: {error}. It has to look like 10.1.0.0/16, fd00:1::/32."
        ) from error


def timestamps() -> tuple[str | None, Path | None]:
    """(URL, file of certificates) of the service that stamps checkpoints; None if there is none."""
    url = os.environ.get("LEDGER_TIMESTAMP_URL", "").strip() or None
    roots = path("LEDGER_TIMESTAMP_ROOTS")
    if url and not re.fullmatch(rf"(?i:{ORIGIN})(/\S*)?", url):
        raise ImproperlyConfigured(
            f"LEDGER_TIMESTAMP_URL is “{url}”: it has to look like https://stamps.example/tsa."
        )
    if (url is None) != (roots is None):
        raise ImproperlyConfigured(
            "Set LEDGER_TIMESTAMP_URL and LEDGER_TIMESTAMP_ROOTS both or neither: where stamps are "
            "asked for, and the file of the certificates (PEM) that they must lead to."
        )
    if roots and not roots.is_file():
        raise ImproperlyConfigured(f"LEDGER_TIMESTAMP_ROOTS is “{roots}”, which is no file.")
    return url, roots


def time_zone(default: str) -> str:
    name = os.environ.get("TIME_ZONE", "").strip() or default
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ImproperlyConfigured(
            f"TIME_ZONE is “{name}”, which is no time zone: it has to look like Europe/Zurich."
        ) from error
    return name
