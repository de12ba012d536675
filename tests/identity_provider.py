"""A provider of identities for tests: a real server on this machine that signs what it says, asks
for the secret, the verifier (PKCE) and the address to lead back to, and takes each code once.

What it says of the person, and what it gets wrong, is set from outside.
"""

import base64
import json
import threading
import time
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from proposals.workflow import provider
from waltzflow.oidc import Oidc

CLIENT, SECRET = "waltzflow", "a-secret-of-the-client"
GROUPS = {"flow-stewards": "Stewards", "flow-audit": "Auditors", "flow-admin": "staff"}


def new_key(algorithm: str) -> Any:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Wrong:
    """What it says falsely, for one sign-in after another."""

    token: dict[str, Any] = field(default_factory=dict)  # claims; None leaves one out
    key: Any = None  # another than the one it publishes
    algorithm: str = ""
    error: str = ""  # instead of a code
    subject: str = ""  # of whom it speaks in its second answer
    status: int = 0  # of the answer to a code


class IdentityProvider(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, algorithm: str = "RS256") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.algorithm, self.key = algorithm, new_key(algorithm)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.other_keys: list[dict[str, Any]] = []
        self.names_its_key = True
        self.claims: dict[str, Any] = {}
        self.wrong = Wrong()
        self.codes: dict[str, dict[str, str]] = {}
        self.issued: list[str] = []  # codes and tokens, which nobody should write down
        self.farewells: list[dict[str, str]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def description(self) -> dict[str, Any]:
        paths = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "userinfo_endpoint": "userinfo",
            "jwks_uri": "keys",
            "end_session_endpoint": "end",
        }
        addresses = {name: f"{self.issuer}/{path}" for name, path in paths.items()}
        return {"issuer": self.issuer} | addresses

    def public_keys(self) -> list[dict[str, Any]]:
        own = self.public_key()
        if not self.names_its_key:
            del own["kid"]
        return [own, *self.other_keys]

    def public_key(self) -> dict[str, Any]:
        algorithms = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm}
        key = algorithms[self.algorithm].to_jwk(self.key.public_key(), as_dict=True)
        return key | {"kid": "first", "use": "sig", "alg": self.algorithm}

    def begin(self, asked: dict[str, str]) -> str:
        """Where the browser goes next. Whoever sits there has signed in at the provider already."""
        if self.wrong.error:
            answer = {"error": self.wrong.error, "state": asked["state"]}
        else:
            code = self._issued(uuid4().hex)
            self.codes[code] = asked
            answer = {"code": code, "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def tokens(self, sent: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(sent.get("code", ""), None)
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        digest = sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if authorization != basic:
            return 401, {"error": "invalid_client"}
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != sent["redirect_uri"]
            or self.wrong.status
        ):
            return self.wrong.status or 400, {"error": "invalid_grant", "echo": sent}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "somebody",
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        } | self.wrong.token
        claims = {name: value for name, value in claims.items() if value is not None}
        algorithm = self.wrong.algorithm or self.algorithm
        key = self.wrong.key or self.key
        headers = {"kid": "first"} if self.names_its_key else {}
        token = self._issued(jwt.encode(claims, key, algorithm, headers=headers))
        access = self._issued(uuid4().hex)
        return 200, {"id_token": token, "access_token": access, "token_type": "Bearer"}

    def _issued(self, secret: str) -> str:
        self.issued.append(secret)
        return secret


class Handler(BaseHTTPRequestHandler):
    server: IdentityProvider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        provider = self.server
        match parts.path:
            case "/.well-known/openid-configuration":
                self._say(200, provider.description())
            case "/keys":
                self._say(200, {"keys": provider.public_keys()})
            case "/authorize":
                self._lead(provider.begin(asked))
            case "/userinfo":
                access = self.headers.get("Authorization", "").removeprefix("Bearer ")
                known = access in provider.issued
                subject = provider.wrong.subject or "somebody"
                self._say(200 if known else 401, {"sub": subject} | provider.claims)
            case "/end":
                provider.farewells.append(asked)
                self._lead(asked["post_logout_redirect_uri"])
            case _:
                self._say(404, {})

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        sent = {name: v[0] for name, v in parse_qs(self.rfile.read(length).decode()).items()}
        self._say(*self.server.tokens(sent, self.headers.get("Authorization", "")))

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _lead(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args) -> None:
        """Not to the console of the tests."""


@pytest.fixture(scope="session")
def idp_server():
    server = IdentityProvider()
    yield server
    server.close()


@pytest.fixture
def idp(idp_server, settings):
    """The provider that this site trusts."""
    idp_server.wrong, idp_server.issued, idp_server.farewells = Wrong(), [], []
    provider._descriptions.clear()
    settings.OIDC = Oidc(idp_server.issuer, CLIENT, SECRET, groups=GROUPS)
    return idp_server


@pytest.fixture
def mia(idp, cast):
    """The maker, of whom the provider says that she sits there."""
    idp.claims = {"email": cast.maker.email.upper(), "email_verified": True}
    return cast.maker
