"""What the log says of what was refused and of what broke: who, what, why, when; in one line."""

import json
import logging
import re

import pytest
from django.test import Client

from proposals.views.sign_in import SignIn
from waltzflow.logs import JsonLine, Line
from waltzflow.request_ids import Numbered, request_id

WHEN = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+\d\d:\d\d"


@pytest.fixture
def lines(caplog):
    """What the console shows of all that is logged meanwhile."""
    return lambda: [Line().format(record) for record in caplog.records]


REFUSALS = {
    "the admin's own": ("maker", "GET", "/admin/", None),
    "a page of the admin": ("auditor", "GET", "/admin/proposals/system/add/", "403 .*no right"),
    "of a verb": ("maker", "GET", "/proposals/{}/approve/", "403 .*You made this proposal"),
    "too late": ("maker", "GET", "/proposals/{}/edit/", "409 .*submitted"),
    "not there": ("maker", "GET", "/proposals/4711/", "404 .*nothing there"),
    "not by this method": ("maker", "POST", "/systems/", "405 .*no such method"),
    "not understood": ("maker", "POST", "/proposals/new/", "400 .*incomplete"),
    "nobody": (None, "GET", "/nowhere/", r"404 GET /nowhere/ \(nobody signed in\)"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_a_refusal_is_one_line_with_person_reason_and_moment(cast, proposal, lines, what):
    role, method, path, words = REFUSALS[what]
    client, path = Client(), path.format(proposal.pk)
    person = getattr(cast, role) if role else None
    if person:
        client.force_login(person)
    answer = client.generic(method, path)
    written = [line for line in lines() if path in line]
    if words is None:
        assert answer.status_code == 302  # to the sign-in, which is no refusal
        return
    [line] = written
    assert re.match(rf"{WHEN} WARNING \S+: {answer.status_code} ", line), line
    assert "\n" not in line
    assert re.search(words, line), line
    assert (person.username if person else "nobody signed in") in line


@pytest.mark.django_db
def test_text_of_people_cannot_write_a_line_of_the_log(lines):
    path = "/nowhere/%0a2026-01-01T00:00:00+00:00 INFO forged%1b[31m%e2%80%ae/"
    Client().get(path)
    [line] = lines()
    assert "\n" not in line
    assert line.isprintable()
    assert "\\nforged" not in line
    assert "INFO forged" in line  # in sight, within the line


def test_a_traceback_is_indented_so_that_nothing_in_it_looks_like_a_line(lines):
    try:
        raise RuntimeError("one\n2026-01-01T00:00:00+00:00 INFO forged\x1b[31m")
    except RuntimeError:
        logging.getLogger("proposals").exception("It broke for a test.")
    first, *others = lines()[0].split("\n")
    assert re.match(f"{WHEN} ERROR proposals: It broke for a test.", first)
    assert all(line.startswith("    ") and line.isprintable() for line in others)
    assert any("INFO forged" in line for line in others)


@pytest.mark.parametrize(
    ("zone", "offset"),
    [("UTC", "+00:00"), ("Pacific/Auckland", "+13:00"), ("America/Los_Angeles", "-08:00")],
)
def test_the_moment_is_in_the_zone_of_the_site(settings, zone, offset):
    settings.TIME_ZONE = zone
    record = logging.makeLogRecord({"msg": "x", "created": 1_800_000_000.5, "levelname": "INFO"})
    assert Line().format(record).split(" ")[0].endswith(offset)


def console(record: logging.LogRecord) -> dict:
    """What the console says of it with LOG_FORMAT=json."""
    Numbered().filter(record)
    written = JsonLine().format(record)
    assert "\n" not in written
    return json.loads(written)


@pytest.fixture
def objects():
    """All that is logged meanwhile, as LOG_FORMAT=json writes it, when it happens."""
    kept = []

    class Keeping(logging.Handler):
        def emit(self, record):
            kept.append(console(record))

    handler = Keeping()
    logging.getLogger().addHandler(handler)
    yield kept
    logging.getLogger().removeHandler(handler)


def test_a_refusal_as_json_names_who_asked_for_what_in_which_request(cast, proposal, objects):
    client = Client()
    client.force_login(cast.maker)
    answer = client.get(f"/proposals/{proposal.pk}/approve/")
    [line] = objects
    assert re.fullmatch(WHEN, line.pop("time"))
    assert "You made this proposal" in line.pop("message")
    assert line == {
        "level": "WARNING",
        "logger": "django.request",
        "request_id": answer.headers["X-Request-ID"],
        "status": 403,
        "method": "GET",
        "path": f"/proposals/{proposal.pk}/approve/",
        "person": cast.maker.username,
    }


def test_an_error_as_json_has_its_traceback_in_the_one_line(objects):
    try:
        raise RuntimeError("one\ntwo\x1b[31m")
    except RuntimeError:
        logging.getLogger("proposals").exception("It broke for a test.")
    [line] = objects
    assert line["message"] == "It broke for a test."
    assert "RuntimeError: one" in line["traceback"]
    assert "request_id" not in line


@pytest.mark.django_db
def test_the_page_of_an_error_says_the_number_that_the_log_names(objects, monkeypatch):
    def broken(request):
        raise RuntimeError("broken for a test")

    monkeypatch.setattr(SignIn, "dispatch", lambda self, request: broken(request))
    client = Client(raise_request_exception=False)
    answer = client.get("/sign-in/")
    [line] = objects
    assert answer.status_code == line["status"] == 500
    assert f"<code>{line['request_id']}</code>" in answer.content.decode()
    assert answer.headers["X-Request-ID"] == line["request_id"]
    assert "broken for a test" in line["traceback"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("behind_proxy", "given", "is_kept"),
    [
        (True, "7f3a2c1e-1111-2222-3333-444455556666", True),
        (False, "7f3a2c1e-1111-2222-3333-444455556666", False),
        (True, "short", False),
        (True, "forged line%0a", False),
        (True, "x" * 65, False),
    ],
)
def test_only_a_proxy_that_is_believed_gives_the_number(settings, behind_proxy, given, is_kept):
    settings.BEHIND_PROXY = behind_proxy
    number = Client().get("/healthz", headers={"x-request-id": given}).headers["X-Request-ID"]
    assert (number == given) is is_kept
    assert re.fullmatch(r"[0-9a-f]{32}", number) or is_kept


def test_a_line_of_text_names_the_request_too():
    record = logging.makeLogRecord({"msg": "It happened.", "levelname": "INFO", "created": 1.0})
    token = request_id.set("0123456789abcdef")
    try:
        Numbered().filter(record)
    finally:
        request_id.reset(token)
    assert Line().format(record).endswith("It happened. [request 0123456789abcdef]")
