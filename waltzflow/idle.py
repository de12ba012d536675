"""Whoever leaves a machine without signing out is signed out after a while."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

SEEN, BEGAN = "seen", "began"  # in the session: moments, ISO 8601
NOTED_EVERY = timedelta(minutes=1)  # a click is not written down at once, or each would write


class IdleSessions:
    """Middleware: ends a session in which nothing was asked for SESSION_IDLE_MINUTES.

    That it is used makes it last no longer than SESSION_HOURS after signing in.
    """

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._look_at(request, timezone.now())
        return self.get_response(request)

    def _look_at(self, request: HttpRequest, now: datetime) -> None:
        session = request.session
        # Until it is noted for the first time, signing in was the last that was asked.
        signed_in = request.user.last_login or now
        seen = _moment(session.get(SEEN)) or signed_in
        if now - seen > timedelta(minutes=settings.SESSION_IDLE_MINUTES):
            logout(request)
            idle = f"Nothing was asked for {settings.SESSION_IDLE_MINUTES} minutes"
            messages.info(
                request, f"{idle}, so you were signed out. What you typed is kept in this browser."
            )
        elif now - seen >= NOTED_EVERY:
            began = _moment(session.get(BEGAN)) or signed_in
            session[SEEN], session[BEGAN] = now.isoformat(), began.isoformat()
            left = began + timedelta(seconds=settings.SESSION_COOKIE_AGE) - now
            session.set_expiry(max(1, int(left.total_seconds())))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
