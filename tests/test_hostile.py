"""Requests nobody would think of: never an error of ours, never an effect of what was refused.

300 of them, always the same; with TRIALS=long 5,000, others each time.
"""

import logging
import re
from collections import Counter

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import factories, thorough
from .fingerprint import fingerprint, writes
from .hostile import JUNK_QUERIES, MALFORMED, UNKNOWN, Sent, requests
from .test_admin_urls import MODELS, SITE, filled, model_url, site_url  # noqa: F401
from .test_urls import PAGES, address, world  # noqa: F401
from .thorough import LONG

TRIALS = settings(
    max_examples=5_000 if LONG else 300,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def known_urls(world) -> list[str]:  # noqa: F811
    of_models = [model_url(label, page) for label, pages in MODELS.items() for page in pages]
    pages = [address(world, row) for row in PAGES]
    # The pages of the site as often as all those of the admin together.
    return [*pages * 4, *(site_url(page) for page in SITE), *filter(None, of_models)]


def answered(world, sent: Sent) -> int:  # noqa: F811
    """The status; what was done is undone."""
    client, extra = world.clients[sent.role], dict(sent.headers)
    cookies = client.cookies.output()
    if "HTTP_COOKIE" in extra:
        client.cookies.load(extra.pop("HTTP_COOKIE").replace("\x00", ""))
    with transaction.atomic(), writes() as written:
        response = client.generic(
            sent.method,
            sent.path,
            sent.content,
            content_type=sent.kind,
            QUERY_STRING=sent.query,
            **extra,
        )
        if response.streaming:
            b"".join(response)  # what is made while it is sent can break too
        if written and (response.status_code >= 400 or sent.method != "POST"):
            assert fingerprint() == world.before, (
                f"{sent} is answered with {response.status_code} and has an effect"
            )
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.load(cookies.replace("Set-Cookie: ", ""))
    return response.status_code


@pytest.mark.django_db
def test_an_effect_would_be_seen():
    before = fingerprint()
    with writes() as written:
        factories.system("Made by nobody")
    assert [sql.split()[0] for sql in written] == ["INSERT", "INSERT"]  # the second is its history
    assert {key for key, found in fingerprint().items() if found != before[key]} == {
        *("proposals_system", "proposals_historicalsystem")
    }


@pytest.fixture
def quietly():
    """Without a line in the log for each refusal."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.once(on="postgresql")
@pytest.mark.django_db
@pytest.mark.usefixtures("quietly")
def test_nothing_that_is_sent_breaks_the_site_or_half_works(filled, record_property):  # noqa: F811
    filled.before = fingerprint()
    seen = Counter()

    @TRIALS
    @given(st.data())
    def attack(data):
        sent = data.draw(made_up)
        status = answered(filled, sent)
        assert status < 500, sent
        seen[sent.method, status] += 1

    made_up = requests(known_urls(filled))
    attack()
    told = ", ".join(
        f"{count} x {method} {status}" for (method, status), count in sorted(seen.items())
    )
    record_property(
        "figure", f"{sum(seen.values())} requests, no error of ours, no partial effect: {told}"
    )
    # It got in, was let do things and was refused: otherwise this would show nothing.
    assert {
        ("GET", 200),
        ("GET", 404),
        ("POST", 302),
        ("POST", 400),
        ("POST", 403),
    } <= set(seen)


@pytest.mark.once(on="postgresql")
@pytest.mark.django_db
@pytest.mark.usefixtures("quietly")
def test_no_address_breaks_over_a_malformed_body_or_junk_in_its_query(filled):  # noqa: F811
    """Every address with one of each in turn, and of all histories in the admin one; with
    TRIALS=long every one with all of them.
    """
    filled.before = fingerprint()
    broken = []
    urls = thorough.cases(dict.fromkeys(known_urls(filled)), made_alike)
    for number, url in enumerate([*urls, *UNKNOWN]):
        in_full = LONG or url in UNKNOWN
        bodies = rotated(MALFORMED, number)[: None if in_full else 1]
        queries = rotated(JUNK_QUERIES, number)[: None if in_full else 1]
        sent = [Sent("POST", "superuser", url, "", *body) for body in bodies]
        sent += [Sent("GET", "superuser", url, query) for query in queries]
        broken += [request for request in sent if answered(filled, request) >= 500]
    assert broken == []


def made_alike(url: str) -> str:
    """The pages of all histories in the admin are made of one class."""
    return re.sub(r"historical\w+|\d+", "x", url) if "/historical" in url else url


def rotated(things: list, number: int) -> list:
    start = number % len(things)
    return things[start:] + things[:start]
