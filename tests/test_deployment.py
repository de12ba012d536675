"""What stands around the site: proxies, probes, a database that goes away, wrong settings."""

import os
import subprocess
import sys

import psycopg
import pytest
from django.db import OperationalError, connections
from django.test import Client

from waltzflow import environment

from .run import PRODUCTION, ROOT
from .test_settings import start


@pytest.mark.parametrize("host", ["testserver", "10.134.200.129:8103", "127.0.0.1", "a b", ""])
def test_probes_ask_by_address(db, host):
    answer = Client().get("/healthz", HTTP_HOST=host)
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert Client().head("/healthz", HTTP_HOST=host).status_code == 200
    assert Client().post("/healthz", HTTP_HOST=host).status_code == 405


def gone(*args, **kwargs):
    raise OperationalError("connection refused") from psycopg.OperationalError("refused")


PATHS = ["/inbox/", "/sign-in/", "/admin/", "/proposals/new/", "/nowhere/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["get", "post"])
def test_without_the_database_every_page_says_so_and_comes_back(
    cast, monkeypatch, caplog, path, method
):
    browser = Client()
    browser.force_login(cast.superuser)
    before = getattr(browser, method)(path).status_code
    with monkeypatch.context() as away:
        away.setattr(connections["default"], "ensure_connection", gone)
        caplog.clear()
        answer = getattr(browser, method)(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert "The database cannot be reached." in answer.content.decode()
        assert "no-store" in answer.headers["Cache-Control"]
        assert len(caplog.records) == 1
        probe = browser.get("/healthz")
        assert (probe.status_code, probe.headers["Retry-After"]) == (503, "5")
    assert getattr(browser, method)(path).status_code == before
    assert browser.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "place",
    [
        "proposals.views.inbox.offset_page",
        "django.contrib.sessions.middleware.SessionMiddleware.process_response",
        "django.contrib.auth.middleware.LoginRequiredMiddleware.process_view",
        "axes.middleware.AxesMiddleware.__call__",
    ],
)
def test_a_database_that_goes_in_the_middle_of_a_request_is_said_as_well(
    as_, cast, monkeypatch, place
):
    browser = as_(cast.maker)
    browser.raise_request_exception = False
    monkeypatch.setattr(connections["default"], "vendor", "postgresql")
    monkeypatch.setattr(place, gone)
    answer = browser.get("/inbox/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


def test_a_mistake_in_a_query_is_no_absence(as_, cast, monkeypatch):
    browser = as_(cast.maker)
    browser.raise_request_exception = False

    def wrong(*args):
        raise OperationalError("no such table: x") from psycopg.errors.UndefinedTable("x")

    monkeypatch.setattr("proposals.views.inbox.offset_page", wrong)
    assert browser.get("/inbox/").status_code == 500


BAD = {
    "BASE_URL": [
        ("https://elsewhere.example", "ALLOWED_HOSTS"),
        ("waltzflow.example", "it has to look like"),
        ("https://waltzflow.example/a b", "it has to look like"),
    ],
    "DATABASE_URL": [
        ("postgres://u:p@host:port/name", "DATABASE_URL cannot be read"),
        ("nonsense", "DATABASE_URL cannot be read"),
        ("mysql://u:p@host/name", "DATABASE_URL names no PostgreSQL"),
        ("postgres://u:p@host/", "DATABASE_URL names no PostgreSQL"),
    ],
    "EMAIL_URL": [
        ("smtp://user:password@host:port", "EMAIL_URL cannot be read"),
        ("nonsense", "EMAIL_URL cannot be read"),
        ("smtp://user:password@:587", "EMAIL_URL names no host"),
        ("pigeon://host:25", "EMAIL_URL cannot be read"),
    ],
    "MAIL_FROM": [
        ("nobody", "MAIL_FROM is"),
        ("a@b\nBcc: x@y.example", "MAIL_FROM is"),
        ("Data <>", "MAIL_FROM is"),
        ("Müller, Data <x@y.example>", "MAIL_FROM is"),
    ],
    "TIME_ZONE": [("Mars/Olympus", "TIME_ZONE is"), ("../etc/passwd", "TIME_ZONE is")],
    "SIGN_IN_TRIES": [("five", "SIGN_IN_TRIES is")],
    "SECRET_KEY": [("short", "too easy to guess")],
}


@pytest.mark.parametrize("name", BAD)
def test_a_setting_that_cannot_work_stops_the_start_in_one_sentence(name):
    for value, words in BAD[name]:
        refused = start(**{name: value})
        assert refused.returncode == 1, value
        assert refused.stdout == ""
        [line] = refused.stderr.splitlines()
        assert words in line, line


def test_gunicorn_stops_in_the_same_sentence():
    environ = {"PATH": os.environ["PATH"]} | PRODUCTION | {"EMAIL_URL": "nonsense"}
    refused = subprocess.run(
        [sys.executable, "-m", "gunicorn"], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert refused.returncode == 1
    [line] = refused.stderr.splitlines()
    assert line.startswith("EMAIL_URL cannot be read")


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("waltzflow@company.example", "waltzflow@company.example"),
        ("Waltzflow <x@y.example>", "Waltzflow <x@y.example>"),
        ('"Müller, Data" <x@y.example>', '"Müller, Data" <x@y.example>'),
        ("Data (flows) <x@y.example>", '"Data (flows)" <x@y.example>'),
        ("", "waltzflow@localhost"),
    ],
)
def test_any_legal_name_may_send(monkeypatch, text, sender):
    monkeypatch.setenv("MAIL_FROM", text)
    assert environment.sender("waltzflow@localhost") == sender
