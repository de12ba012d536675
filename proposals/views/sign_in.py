"""The one door into the site, and its lock: who guesses a password too often waits, whether the
name exists or not.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from math import ceil

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.forms import TextInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views import csrf

from ..forms import UserNameInput
from ..models import User, folded
from ..workflow import passwords, provider
from .single_sign_on import ID_TOKEN

WITH_PORT = re.compile(r"(?:(?P<v4>[0-9.]+)|\[(?P<v6>[^\]]+)\])(?::[0-9]*)?")


class SignInForm(AuthenticationForm):
    """A name longer than any is nobody's, and is not tried: the log of tries could not hold it."""

    username = UserNameInput(
        label="User name or mail address", max_length=150, widget=TextInput({"autofocus": True})
    )
    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": (
            "Nobody has this user name or mail address with this password. Mind capitals in the "
            "password. If you have none yet, or have forgotten it, set a new one."
        )
    }


class SignIn(LoginView):
    authentication_form = SignInForm
    template_name = "proposals/sign_in.html"
    http_method_names = ["get", "head", "post"]

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        passwords.refuse_where_off()
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(oidc=settings.OIDC, **kwargs)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The token of a form is too old; Django's answer to it. Whoever signed in in another tab
    meanwhile is led where this sign-in would have led.
    """
    if request.path == reverse("sign-in") and request.user.is_authenticated:
        sign_in = SignIn()
        sign_in.setup(request)
        return redirect(sign_in.get_success_url())
    return csrf.csrf_failure(request, reason)


class SignOut(LogoutView):
    """Takes what the browser kept of the pages with it: the next person at the machine turns back
    to nothing.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        # Of who was signed in by the provider the session ends there too.
        token = request.session.get(ID_TOKEN, "") if settings.OIDC else ""
        response = super().post(request, *args, **kwargs)
        if token and (farewell := provider.farewell(token)):
            response = redirect(farewell)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


def locked(request: HttpRequest, response: HttpResponse, credentials: dict) -> HttpResponse:
    """Instead of the sign-in page, also for the right password: how long to wait, and nothing
    else.
    """
    tried = AccessAttempt.objects.filter(
        username=person_tried(request, credentials), ip_address=address(request)
    )
    last = max((attempt.attempt_time for attempt in tried), default=timezone.now())
    seconds = max((last + settings.AXES_COOLOFF_TIME - timezone.now()).total_seconds(), 1)
    page = render(request, "proposals/locked.html", {"minutes": ceil(seconds / 60)}, status=429)
    page.headers["Retry-After"] = str(ceil(seconds))
    return page


def person_tried(request: HttpRequest, credentials: dict | None = None) -> str | None:
    """The name that tries are counted under: for whoever it means their user name, by whichever
    name and in whatever case they are tried; for nobody what was typed.
    """
    typed = (credentials or request.POST).get("username")
    if typed is None:
        return None
    try:
        # By one name, or somebody would have as many tries again by their mail address.
        return User.objects.get_by_natural_key(typed).username
    except User.DoesNotExist:
        # Counted for a name that nobody has as well: else the pause would tell which names exist.
        return folded(typed)[:150]


def address(request: HttpRequest) -> str | None:
    """The address that tries are counted by; None if there is none (a socket file).

    Behind a proxy the last one in X-Forwarded-For, which the proxy itself saw; whatever stands
    before it, and the whole header without a proxy, is what the caller says. Of IPv6 the network:
    its owner has all addresses in it.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    # Some proxies add the port; left unread, everybody would be counted as the proxy itself.
    caller = _parsed(forwarded.rpartition(",")[2]) or _parsed(request.META.get("REMOTE_ADDR", ""))
    if isinstance(caller, IPv6Address):
        network = IPv6Network((int(caller), 64), strict=False)
        return str(caller.ipv4_mapped or network.network_address)
    return caller and str(caller)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address, with or without a port: 192.0.2.1:4711, [2001:db8::1]:4711."""
    text = text.strip()
    match = WITH_PORT.fullmatch(text)
    try:
        return ip_address(match["v4"] or match["v6"] if match else text)
    except ValueError:
        return None
