"""Every answer carries the whole set of headers, whatever answers and whatever goes wrong."""

import json
import subprocess
import sys

import pytest
from django.test import Client

from .run import PRODUCTION, ROOT

HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
POLICY = {
    *(
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
    ),
    *("connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"),
}


def check(response, status: int) -> None:
    assert response.status_code == status
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert set(response.headers["Content-Security-Policy"].split("; ")) == POLICY
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in response.headers
    assert "max-age=31536000" not in response.headers["Cache-Control"]


@pytest.fixture
def browser(cast):
    made = Client(raise_request_exception=False)
    made.force_login(cast.superuser)
    return made


ANSWERS = {
    "a page": (200, {"path": "/inbox/"}),
    "a page of the admin": (200, {"path": "/admin/"}),
    "a redirect": (301, {"path": "/inbox"}),
    "not there": (404, {"path": "/nowhere/"}),
    "no such thing": (404, {"path": "/proposals/4711/"}),
    "not there in the admin": (404, {"path": "/admin/nowhere/"}),
    "a method nobody knows": (405, {"path": "/inbox/", "REQUEST_METHOD": "BREW"}),
    "a method not for this page": (405, {"path": "/inbox/", "REQUEST_METHOD": "POST"}),
    "another host": (400, {"path": "/inbox/", "HTTP_HOST": "evil.example"}),
    "a malformed host": (400, {"path": "/inbox/", "HTTP_HOST": "a b"}),
    "a strange charset": (400, {"path": "/inbox/", "CONTENT_TYPE": "text/plain; charset=rot13"}),
    "not yours": (403, {"path": "/admin/proposals/proposal/add/"}),
    "alive": (200, {"path": "/healthz"}),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_every_answer_carries_the_headers(browser, what):
    status, request = ANSWERS[what]
    check(browser.request(**{"PATH_INFO": request["path"]} | request), status)


def test_a_refusal_carries_the_headers(browser, cast, proposal):
    browser.force_login(cast.maker)
    check(browser.get(f"/proposals/{proposal.pk}/edit/"), 409)
    check(browser.get(f"/proposals/{proposal.pk}/approve/"), 403)
    check(browser.post("/proposals/new/", {}), 400)


def test_a_form_without_its_token_is_refused_with_the_headers(cast):
    browser = Client(enforce_csrf_checks=True)
    response = browser.post("/sign-in/", {"username": "x", "password": "y"})
    check(response, 403)
    assert "Please send it again" in response.content.decode()


def broken(*args, **kwargs):
    raise RuntimeError("broken for a test")


@pytest.mark.parametrize(
    "place",
    [
        "proposals.views.inbox.counted_page",
        "django.contrib.sessions.middleware.SessionMiddleware.process_request",
        "django.contrib.auth.middleware.AuthenticationMiddleware.process_request",
        "django.contrib.auth.middleware.LoginRequiredMiddleware.process_view",
        "axes.middleware.AxesMiddleware.__call__",
        "django.middleware.security.SecurityMiddleware.process_request",
        "whitenoise.middleware.WhiteNoiseMiddleware.__call__",
    ],
)
def test_whatever_breaks_the_page_that_says_so_carries_the_headers(browser, monkeypatch, place):
    monkeypatch.setattr(place, broken)
    response = browser.get("/inbox/")
    check(response, 500)
    assert "Something broke on our side" in response.content.decode()


def test_a_static_file_carries_the_headers_and_may_be_kept(settings):
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = True
    response = Client().get("/static/waltzflow.css")
    assert b":root" in b"".join(response.streaming_content)
    check(response, 200)
    assert response.headers["Cache-Control"] == "max-age=60, public"


@pytest.mark.parametrize(
    "path", ["/inbox/", "/proposals/", "/nowhere/", "/admin/", "/me/", "/proposals/new/"]
)
def test_pages_stay_on_no_disk_and_forms_do_not_either(browser, path):
    assert "no-store" in browser.get(path).headers["Cache-Control"]


ASK = """
import json, django
from django.conf import settings
storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.STORAGES["staticfiles"]["BACKEND"] = storage
django.setup()
from django.test import Client
def told(path, **request):
    response = Client().get(path, HTTP_HOST="waltzflow.example", **request)
    cookies = {name: dict(morsel) for name, morsel in response.cookies.items()}
    return {"status": response.status_code, "headers": dict(response.headers), "cookies": cookies}
print(json.dumps({
    "page": told("/sign-in/", secure=True), "plain": told("/sign-in/?a=1"),
    "evil": told("/x", HTTP_X_FORWARDED_HOST="evil.example"),
    "forged": told("/sign-in/", HTTP_X_FORWARDED_PROTO="https"),
    "session": [
        getattr(settings, "SESSION_COOKIE_" + name)
        for name in ["NAME", "SECURE", "HTTPONLY", "SAMESITE", "DOMAIN", "PATH"]
    ],
}))
"""


@pytest.fixture(scope="module")
def production():
    """What a site under https:// answers."""
    environ = PRODUCTION | {"DJANGO_SETTINGS_MODULE": "waltzflow.settings", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_under_https_browsers_are_told_to_stay_there(production):
    headers = production["page"]["headers"]
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert HEADERS.items() <= headers.items()


def test_plain_http_is_redirected_to_the_site_s_own_name(production):
    assert production["plain"]["status"] == 301
    assert production["plain"]["headers"]["Location"] == "https://waltzflow.example/sign-in/?a=1"
    assert production["evil"]["headers"]["Location"] == "https://waltzflow.example/x"
    assert production["forged"]["status"] == 301, (
        "Nobody said that there is a proxy to be believed."
    )


def test_cookies_are_bound_to_the_host_and_out_of_reach_of_scripts(production):
    assert production["session"] == ["__Host-sessionid", True, True, "Lax", None, "/"]
    [(name, cookie)] = production["page"]["cookies"].items()
    assert (name, cookie["secure"], cookie["httponly"]) == ("__Host-csrftoken", True, True)
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "")
