"""What the operator says of the provider of identities (OpenID Connect), read and judged."""

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from .environment import flag, listed

ALGORITHMS = ["RS256", "ES256"]
MEMBERSHIPS = ["Stewards", "Auditors", "staff"]
THIS_MACHINE = ["127.0.0.1", "localhost", "::1"]
# The names that the provider's own description has for them.
ENDPOINTS = {
    "authorization_endpoint": "OIDC_AUTHORIZATION_ENDPOINT",
    "token_endpoint": "OIDC_TOKEN_ENDPOINT",
    "userinfo_endpoint": "OIDC_USERINFO_ENDPOINT",
    "jwks_uri": "OIDC_JWKS_ENDPOINT",
    "end_session_endpoint": "OIDC_END_SESSION_ENDPOINT",
}
# Not every provider has one; without it only the session here ends.
OPTIONAL = "end_session_endpoint"
NAMES = [
    *("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ALGORITHM", "OIDC_SCOPES", "OIDC_GROUPS"),
    *("OIDC_GROUPS_CLAIM", "OIDC_CREATE", "OIDC_ONLY", *ENDPOINTS.values()),
]


@dataclass(frozen=True)
class Oidc:
    """`groups` says what membership a group of the provider gives; `endpoints` those that are not
    asked of the provider. `is_only`: passwords are switched off.
    """

    issuer: str
    client_id: str
    # So that no report of an error shows it.
    client_secret: str = field(repr=False)
    algorithm: str = ALGORITHMS[0]
    scopes: str = "openid email profile"
    groups: dict[str, str] = field(default_factory=dict)
    groups_claim: str = "groups"
    endpoints: dict[str, str] = field(default_factory=dict)
    creates: bool = False
    is_only: bool = False

    @property
    def origins(self) -> list[str]:
        """Where a form may lead: the sign-out leads to the provider's."""
        addresses = [self.issuer, *self.endpoints.values()]
        return sorted({origin_of(address) for address in addresses})


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def oidc() -> Oidc | None:
    """None if no provider is named."""
    issuer = _text("OIDC_ISSUER")
    if not issuer:
        _refuse_without_issuer()
        return None
    for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"):
        if not _text(name):
            raise ImproperlyConfigured(
                f"OIDC_ISSUER is set without {name}: the provider has one for this site."
            )
    return Oidc(
        issuer=_address("OIDC_ISSUER"),
        client_id=_text("OIDC_CLIENT_ID"),
        client_secret=_text("OIDC_CLIENT_SECRET"),
        algorithm=_algorithm(),
        scopes=_scopes(),
        groups=_groups(),
        groups_claim=_text("OIDC_GROUPS_CLAIM") or "groups",
        endpoints=_endpoints(),
        creates=flag("OIDC_CREATE"),
        is_only=flag("OIDC_ONLY"),
    )


def _text(name: str) -> str:
    return os.environ.get(name, "").strip()


def _refuse_without_issuer() -> None:
    for name in NAMES:
        is_set = flag(name) if name in ("OIDC_CREATE", "OIDC_ONLY") else _text(name)
        if is_set:
            raise ImproperlyConfigured(
                f"{name} is set without OIDC_ISSUER, the address of the provider that signs "
                "people in."
            )


def _address(name: str) -> str:
    """What goes to an unencrypted one anybody on the way could read."""
    address = _text(name)
    if not _is_safe(address):
        raise ImproperlyConfigured(
            f"{name} is “{address}”: it has to look like https://login.company.example/realms/all."
        )
    return address


def _is_safe(address: str) -> bool:
    """Whether secrets may go there, and it can stand in a Content-Security-Policy."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.query or parts.fragment or set(address) & set(" ;,'\""):
        return False
    return is_encrypted(address)


def is_encrypted(address: str) -> bool:
    """Whether nobody on the way can read what is sent there; on this machine there is no way."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE)


def _algorithm() -> str:
    algorithm = _text("OIDC_ALGORITHM") or ALGORITHMS[0]
    if algorithm not in ALGORITHMS:
        raise ImproperlyConfigured(
            f"OIDC_ALGORITHM is “{algorithm}”, which is none of {', '.join(ALGORITHMS)}."
        )
    return algorithm


def _scopes() -> str:
    scopes = _text("OIDC_SCOPES") or "openid email profile"
    if not {"openid", "email"} <= set(scopes.split()):
        raise ImproperlyConfigured(
            f"OIDC_SCOPES is “{scopes}”: it needs openid and email, with spaces between."
        )
    return scopes


def _groups() -> dict[str, str]:
    """Of "flow-stewards=Stewards, flow-audit=Auditors"."""
    groups = {}
    for pair in listed("OIDC_GROUPS"):
        # By the last one: the name of a group may have one too.
        theirs, equals, ours = (part.strip() for part in pair.rpartition("="))
        if not (theirs and equals and ours in MEMBERSHIPS):
            raise ImproperlyConfigured(
                f"OIDC_GROUPS names “{pair}”: it has to look like flow-stewards=Stewards, comma "
                f"between several, and gives {', '.join(MEMBERSHIPS)}."
            )
        groups[theirs] = ours
    return groups


def _endpoints() -> dict[str, str]:
    named = {key: _address(name) for key, name in ENDPOINTS.items() if _text(name)}
    missing = [name for key, name in ENDPOINTS.items() if key not in named and key != OPTIONAL]
    if set(named) - {OPTIONAL} and missing:
        raise ImproperlyConfigured(
            f"Name all addresses of the provider or none: {', '.join(missing)} is missing."
        )
    return named
