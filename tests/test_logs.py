"""What the log says of what was refused and of what broke: who, what, why, when; in one line."""

import logging
import re

import pytest
from django.test import Client

from waltzflow.logs import Line

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
