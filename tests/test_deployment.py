"""What stands around the site: proxies, probes, a database that goes away, wrong settings."""

import http.client
import http.server
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.db import OperationalError, connections
from django.test import Client

from waltzflow import environment
from waltzflow.postgresql import base

from .run import PRODUCTION, ROOT
from .test_settings import start
from .trials.site import Browser, free_port, serving, url_of_this_database


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


@contextmanager
def going_at(number: int) -> Iterator[list[str]]:
    """The database answers `number` queries and is gone for the next; gives those it was asked."""
    asked: list[str] = []

    def answer(execute, sql, params, many, context):
        asked.append(sql)
        if len(asked) > number:
            gone()
        return execute(sql, params, many, context)

    with connections["default"].execute_wrapper(answer):
        yield asked


def test_a_database_that_goes_at_any_query_of_a_request_is_said_as_well(
    as_, cast, proposal, monkeypatch
):
    browser = as_(cast.source_approver)
    browser.raise_request_exception = False
    with going_at(1000) as asked:
        assert browser.get("/inbox/").status_code == 200
    assert len(asked) > 5
    # As PostgreSQL's own errors are read, whichever database runs the tests.
    monkeypatch.setattr(connections["default"], "vendor", "postgresql")
    for number in range(len(asked)):
        with going_at(number):
            answer = browser.get("/inbox/")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10"), asked[number]


@pytest.mark.parametrize(
    "place",
    [
        "django.contrib.sessions.middleware.SessionMiddleware.process_response",
        "django.contrib.auth.middleware.LoginRequiredMiddleware.process_view",
        "axes.middleware.AxesMiddleware.__call__",
    ],
)
def test_a_database_that_goes_in_a_middleware_is_said_as_well(as_, cast, monkeypatch, place):
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

    monkeypatch.setattr("proposals.views.inbox.counted_page", wrong)
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


@contextmanager
def proxy(target: int):
    """The port of a small proxy in front of `target`: it hands the path on as it came, and says who
    asks, with the port they ask from.
    """

    class Passing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            behind = http.client.HTTPConnection("127.0.0.1", target, timeout=30)
            caller = {"X-Forwarded-For": "{}:{}".format(*self.client_address)}
            behind.request(self.command, self.path, body, dict(self.headers) | caller)
            answer = behind.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name not in ("Transfer-Encoding", "Connection", "Content-Length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            behind.close()

        do_POST = do_GET

        def log_message(self, *args):
            """Says nothing on the console."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Passing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


LINKS = re.compile(r'(?:href|src|action|hx-get|hx-post|hx-action)="(/[^"]*)"')
PREFIX = "/flows-app"


@pytest.mark.django_db(transaction=True)
def test_below_a_path_of_a_shared_host_everything_stays_below_it(people):
    behind = free_port()
    with proxy(behind) as port:
        base = f"http://127.0.0.1:{port}{PREFIX}"
        served = serving(
            url_of_this_database(),
            "waltzflow.wsgi",
            port=behind,
            BASE_URL=base,
            BEHIND_PROXY="1",
        )
        with served:
            _, headers, _ = Browser(port)._ask("GET", f"{PREFIX}/sign-in/")
            assert f"Path={PREFIX}/;" in headers["Set-Cookie"] + ";"
            browser = Browser(port, people.maker)
            form = browser.form(f"{PREFIX}/me/") | {"notices_wanted": "DIGEST"}
            status, headers = browser.post(f"{PREFIX}/me/notices/", form)
            assert (status, headers["Location"]) == (302, f"{PREFIX}/me/")
            for path in ("inbox/", "proposals/new/", "me/", "flows/"):
                status, page = browser.get(f"{PREFIX}/{path}")
                links = LINKS.findall(page)
                assert status == 200
                assert links
                assert [link for link in links if not link.startswith(f"{PREFIX}/")] == []
            style = next(link for link in links if link.endswith(".css"))
            assert browser.get(style)[0] == 200
            assert browser.get(PREFIX)[0] == 200
            assert Browser(behind).get("/healthz")[0] == 200
            assert browser.get(f"{PREFIX}/healthz")[0] == 200


@pytest.mark.once(on="postgresql")
@pytest.mark.django_db(transaction=True)
def test_a_standby_behind_a_pooler_is_no_database_to_write_to(monkeypatch):
    wrapper = connections["default"]
    if wrapper.vendor != "postgresql":
        pytest.skip("has no standbys")
    with wrapper.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")  # as it is on a standby
    assert not wrapper.is_usable()
    wrapper.close()
    wanted = wrapper.settings_dict["OPTIONS"] | {"target_session_attrs": "read-write"}
    monkeypatch.setitem(wrapper.settings_dict, "OPTIONS", wanted)
    wrapper.ensure_connection()
    assert wrapper.is_usable()
    wrapper.close()
    # The pooler says that it leads to the primary, and it did.
    monkeypatch.setattr("waltzflow.postgresql.base._is_writable", lambda connection: False)
    answer = Client().get("/sign-in/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    wrapper.close()


@pytest.mark.once(on="postgresql")
@pytest.mark.django_db(transaction=True)
def test_a_pooler_whose_server_is_dead_keeps_nobody_from_the_next_host(monkeypatch):
    wrapper = connections["default"]
    if wrapper.vendor != "postgresql":
        pytest.skip("has no hosts")
    wrapper.close()
    params = wrapper.get_connection_params()
    host = params.get("host", "")
    asked = []

    def is_writable(connection):
        asked.append(connection)
        if len(asked) == 1:
            raise psycopg.OperationalError("server login has been failing")
        return len(asked) == 3  # the second is a standby

    monkeypatch.setattr("waltzflow.postgresql.base._is_writable", is_writable)
    several = {"host": f"{host},{host},{host}", "target_session_attrs": "read-write"}
    with closing(wrapper.get_new_connection(params | several)) as connection:
        assert connection is asked[-1]
    assert [one.closed for one in asked] == [True, True, True]
    # Nor does libpq pass by one that its pooler calls a standby.
    passed = [one["target_session_attrs"] for one in base._hosts(params | several)]
    assert passed == ["any", "any", "any"]
