"""How pages look: light or dark, which is kept in a cookie since the next browser may stand in
another room, and in whose time, which is kept with the person and, for who is not signed in, in a
cookie too.
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ..forms.me import THEMES
from ..models import zones

YEAR = 365 * 24 * 3600  # seconds


class PersonalTime:
    """Times are shown, and understood, in the zone that was chosen; else in the site's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Not taken back afterwards: a file is written after this has returned. The next request of
        # the thread begins with its own.
        zone = request.user.zone if request.user.is_authenticated else _of_visitor(request)
        if zone:
            timezone.activate(zone)
        else:
            timezone.deactivate()
        return self.get_response(request)


def _of_visitor(request: HttpRequest) -> ZoneInfo | None:
    name = request.COOKIES.get("zone", "")
    return ZoneInfo(name) if name in zones() else None


def theme(request: HttpRequest) -> dict[str, str]:
    """Context processor: `theme` is light, dark, or empty for that of the system."""
    name = request.COOKIES.get("theme", "")
    return {"theme": name if name in dict(THEMES) else ""}


def keep(response: HttpResponse, **chosen: str) -> HttpResponse:
    for name, value in chosen.items():
        response.set_cookie(
            name,
            value,
            max_age=YEAR if value else 0,
            path=settings.SESSION_COOKIE_PATH,
            secure=settings.IS_HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response
