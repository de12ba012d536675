"""What is asked of the provider of identities (OpenID Connect), and what of its answers is
believed. Nothing here writes a token or a secret anywhere.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import jwt
import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.urls import reverse
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.utils import generate_code_challenge

from waltzflow.oidc import Oidc, is_encrypted

from ..errors import NotSignedIn

TIMEOUT = 10  # seconds
DESCRIBED_FOR = 3600  # seconds; how long a description of the provider is believed
NEEDED = ["authorization_endpoint", "token_endpoint", "jwks_uri"]
SENT_TO = [*NEEDED, "userinfo_endpoint"]
ERROR_CODE = re.compile(r"[a-z_]{1,40}")

AWAY = "The provider that signs people in does not answer. Try again in some minutes."
REFUSED = "The provider that signs people in refused to say who you are. Start again."
UNREADABLE = (
    "What the provider answered could not be verified, so it counts for nothing. Start again."
)


def trusted() -> Oidc:
    """The provider that the operator names."""
    if settings.OIDC is None:
        raise NotSignedIn("No provider of identities signs people in here.", status=404)
    return settings.OIDC


_descriptions: dict[str, tuple[float, dict[str, Any]]] = {}


@contextmanager
def _told_in_words() -> Iterator[None]:
    """Whatever goes wrong between us and the provider, as a refusal; the answers themselves, which
    may hold tokens, are not repeated.
    """
    try:
        yield
    except (requests.ConnectionError, requests.Timeout) as error:
        raise NotSignedIn(AWAY, reason=type(error).__name__, status=503) from None
    except requests.RequestException as error:
        raise NotSignedIn(REFUSED, reason=_refusal(error), status=502) from None
    except jwt.PyJWTError as error:
        raise NotSignedIn(UNREADABLE, reason=f"{type(error).__name__}: {error}") from None
    except (SuspiciousOperation, LookupError, TypeError, ValueError, AttributeError) as error:
        raise NotSignedIn(UNREADABLE, reason=type(error).__name__) from None


def _refusal(error: requests.RequestException) -> str:
    """The status and the code of the error, if it is one."""
    if error.response is None:
        return type(error).__name__
    try:
        code = str(error.response.json().get("error", ""))
    except (ValueError, AttributeError):
        code = ""
    return f"status {error.response.status_code} {known_code(code)}".strip()


def known_code(code: str) -> str:
    """An error as OAuth names it; what is none is not repeated."""
    return code if ERROR_CODE.fullmatch(code) else ""


def description() -> dict[str, Any]:
    """The addresses of the provider: as the operator names them, or as it describes itself."""
    oidc = trusted()
    if set(NEEDED) <= oidc.endpoints.keys():
        return oidc.endpoints
    at, described = _descriptions.get(oidc.issuer, (0.0, {}))
    if time.monotonic() - at > DESCRIBED_FOR or not described:
        with _told_in_words():
            described = _described(oidc.issuer)
        _descriptions[oidc.issuer] = time.monotonic(), described
    return described | oidc.endpoints


def _described(issuer: str) -> dict[str, Any]:
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    answer = requests.get(address, timeout=TIMEOUT)
    answer.raise_for_status()
    described = answer.json()
    if described["issuer"] != issuer or any(name not in described for name in NEEDED):
        wrong = "It describes another provider, or half of one."
        raise NotSignedIn(UNREADABLE, reason=wrong)
    if not all(is_encrypted(described[name]) for name in SENT_TO if name in described):
        wrong = "It has an address to which secrets would go unencrypted."
        raise NotSignedIn(UNREADABLE, reason=wrong)
    return described


def callback_address() -> str:
    return f"{settings.ORIGIN}{reverse('sign-in-provider-done')}"


def question(state: str, nonce: str, verifier: str) -> str:
    """Where the browser asks the provider who sits before it."""
    asked = {
        "response_type": "code",
        "scope": trusted().scopes,
        "client_id": trusted().client_id,
        "redirect_uri": callback_address(),
        "state": state,
        "nonce": nonce,
        "code_challenge": generate_code_challenge(verifier, "S256"),
        "code_challenge_method": "S256",
    }
    address = description()["authorization_endpoint"]
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def farewell(id_token: str) -> str:
    """Where the session ends at the provider too; empty if it has no such address, does not answer,
    or has it on a host to which forms of this site may not lead.
    """
    try:
        address = str(description().get("end_session_endpoint", ""))
    except NotSignedIn:
        return ""
    if not any(address.startswith(f"{origin}/") for origin in trusted().origins):
        return ""
    back = f"{settings.ORIGIN}{reverse('sign-in')}"
    told = {"client_id": trusted().client_id, "post_logout_redirect_uri": back}
    return f"{address}?{urlencode(told | {'id_token_hint': id_token})}"


def _require_asked_by_us(claims: dict[str, Any]) -> None:
    """A token for several audiences names whoever asked for it, who could be another of them."""
    audience, asker = claims["aud"], claims.get("azp")
    is_shared = isinstance(audience, list) and len(audience) > 1
    if (is_shared or asker is not None) and asker != trusted().client_id:
        raise jwt.InvalidAudienceError("Another one asked for it")


class Conversation(OIDCAuthenticationBackend):
    """The half of a sign-in between this site and the provider. The library verifies the signature
    and the nonce; who issued the token, for whom and until when is verified here.
    """

    def __init__(self) -> None:
        described = description()
        methods = described.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        self.options = {
            "OIDC_TIMEOUT": TIMEOUT,
            "OIDC_TOKEN_USE_BASIC_AUTH": "client_secret_post" not in methods,
        }
        self.OIDC_OP_TOKEN_ENDPOINT = described["token_endpoint"]
        self.OIDC_OP_USER_ENDPOINT = described.get("userinfo_endpoint", "")
        self.OIDC_OP_JWKS_ENDPOINT = described["jwks_uri"]
        self.OIDC_RP_CLIENT_SECRET = trusted().client_secret
        self.OIDC_RP_SIGN_ALGO = trusted().algorithm
        self.OIDC_RP_IDP_SIGN_KEY = None

    def get_settings(self, attr: str, *default: Any) -> Any:
        """The library's options are not Django's settings: ours say all that is to be said."""
        return self.options.get(attr, *default)

    def retrieve_matching_jwk(self, token: str) -> jwt.PyJWK:
        """The published key that the token names; where it names none, the only one there is. The
        library's way needs a name, which a provider with one key may leave out.
        """
        answer = requests.get(self.OIDC_OP_JWKS_ENDPOINT, timeout=TIMEOUT)
        answer.raise_for_status()
        algorithm, name = trusted().algorithm, jwt.get_unverified_header(token).get("kid")
        [key] = [
            key
            for key in answer.json()["keys"]
            if key.get("use", "sig") == "sig"
            and key.get("alg", algorithm) == algorithm
            and (name is None or key.get("kid") == name)
        ]
        return jwt.PyJWK(key, algorithm)

    def get_payload_data(self, token: str, key: Any) -> dict[str, Any]:
        claims = jwt.decode(
            token,
            key,
            algorithms=[trusted().algorithm],
            audience=trusted().client_id,
            issuer=trusted().issuer,
            leeway=30,
            options={"require": ["exp", "iat", "aud", "iss", "sub", "nonce"]},
        )
        _require_asked_by_us(claims)
        return claims

    def claims(self, code: str, nonce: str, verifier: str) -> tuple[dict[str, Any], str]:
        """What the provider says of the person, and the token in which it said so."""
        asked = {
            "client_id": trusted().client_id,
            "client_secret": trusted().client_secret,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback_address(),
            "code_verifier": verifier,
        }
        with _told_in_words():
            answer = self.get_token(asked)
            token = answer["id_token"]
            claims = self.verify_token(token, nonce=nonce)
            if self.OIDC_OP_USER_ENDPOINT:
                more = self.get_userinfo(answer["access_token"], token, claims)
                if more["sub"] != claims["sub"]:
                    raise NotSignedIn(UNREADABLE, reason="It speaks of somebody else.")
                if "email" in claims and claims["email"] != more.get("email"):
                    more.pop("email_verified", None)  # says nothing of the address in the token
                claims = more | claims
            return claims, token
