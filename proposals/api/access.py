"""Who calls: a token, and what it may do."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from ..models import Scope, Token, User
from .problems import Problem

CHALLENGE = {"WWW-Authenticate": "Bearer"}


class Call(HttpRequest):
    """A request that a token let in."""

    user: User  # who owns the token
    auth: Token


class Bearer(HttpBearer):
    """Lets a token with the scope in, so many times a minute; the request is then its owner's."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        super().__init__()

    def __call__(self, request: HttpRequest) -> Any:
        token = super().__call__(request)
        if token is None:
            raise Problem(401, headers=CHALLENGE)
        return token

    def authenticate(self, request: HttpRequest, token: str) -> Token:
        now = timezone.now()
        shown = Token.shown(token, now)
        if shown is None:
            raise Problem(401, headers=CHALLENGE)
        most = settings.API_REQUESTS_PER_MINUTE
        # Before the scope is asked, so that what is refused counts too.
        if not shown.count_use(now, most):
            # Uses are counted by the minute of the clock.
            wait = {"Retry-After": str(60 - now.second)}
            raise Problem(429, f"A token is used at most {most:,} times a minute.", headers=wait)
        if not shown.allows(self.scope):
            raise Problem(403, f"This token was not made to {self.scope}. Make one that is.")
        request.user = shown.owner
        return shown


reads, proposes, decides = Bearer(Scope.READ), Bearer(Scope.PROPOSE), Bearer(Scope.DECIDE)
