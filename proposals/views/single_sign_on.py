"""Signing in by the provider of identities: there and back."""

import logging

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from mozilla_django_oidc.utils import add_state_and_verifier_and_nonce_to_session

from ..errors import NotSignedIn
from ..workflow import identities, provider

log = logging.getLogger(__name__)
BACKEND = "django.contrib.auth.backends.ModelBackend"
ID_TOKEN, NEXT, STATES = "oidc_id_token", "oidc_next", "oidc_states"  # in the session
USED = "This way of signing in was used already, or was begun too long ago. Start again."


@require_safe
@never_cache
@login_not_required
def begin(request: HttpRequest) -> HttpResponse:
    """To the provider, with a state, a nonce and a verifier (PKCE) that this session remembers."""
    _require_provider()
    state, nonce, verifier = (get_random_string(length) for length in (32, 32, 64))
    try:
        address = provider.question(state, nonce, verifier)
    except NotSignedIn as refusal:
        return _failed(request, refusal)
    asked = {"nonce": nonce, "code_challenge": ""}
    add_state_and_verifier_and_nonce_to_session(request, state, asked, verifier)
    request.session[NEXT] = _safe(request, request.GET.get("next", ""))
    return redirect(address)


@require_safe
@never_cache
@login_not_required
def done(request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    _require_provider()
    try:
        asked = _taken_state(request)
        if error := request.GET.get("error"):
            code = provider.known_code(error)
            told = f" It says: {code.replace('_', ' ')}." if code else ""
            sentence = f"The provider did not sign you in.{told}"
            raise NotSignedIn(sentence, reason=f"the provider says {code or 'an error'}")
        claims, token = provider.Conversation().claims(
            request.GET.get("code", ""), asked["nonce"], asked["code_verifier"]
        )
        person = identities.person_of(claims, at=timezone.now())
    except NotSignedIn as refusal:
        return _failed(request, refusal)
    leads_to = request.session.pop(NEXT, "")
    login(request, person, backend=BACKEND)
    request.session[ID_TOKEN] = token
    return redirect(leads_to or settings.LOGIN_REDIRECT_URL)


def _require_provider() -> None:
    if settings.OIDC is None:
        raise Http404


def _taken_state(request: HttpRequest) -> dict:
    """What was remembered when this sign-in began. It works once: before anything else is done it
    is forgotten.
    """
    states = request.session.get(STATES, {})
    asked = states.pop(request.GET.get("state", ""), None)
    if asked is None:
        raise NotSignedIn(USED, reason="unknown or used state", status=400)
    request.session[STATES] = states
    request.session.save()
    return asked


def _safe(request: HttpRequest, leads_to: str) -> str:
    is_ours = url_has_allowed_host_and_scheme(
        leads_to, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return leads_to if is_ours else ""


def _failed(request: HttpRequest, refusal: NotSignedIn) -> HttpResponse:
    log.warning("No sign-in by the provider: %s", refusal.reason)
    again = reverse("sign-in-provider")
    context = {"refusal": refusal, "again": again, "oidc": settings.OIDC}
    page = render(request, "proposals/sign_in_failed.html", context, status=refusal.status)
    page._has_been_logged = True  # type: ignore[attr-defined]  # just now, with its reason
    return page
