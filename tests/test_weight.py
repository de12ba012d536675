"""What a page weighs on its way to the browser: with all it needs on the first visit, and by itself
afterwards.
"""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client, override_settings

from proposals import workflow

from . import factories

MOST_AT_FIRST, MOST_AFTERWARDS = 60_000, 20_000  # bytes


@pytest.fixture
def crowded(cast, source, target):
    """More rows than a page shows, with names and reasons as long as people write them."""
    for number in range(30):
        asked = {"name": f"end of day, book {number}", "justification": "It is needed. " * 40}
        receiver = factories.system(f"Receiver of positions {number}")
        done = factories.proposed(
            cast.maker, source, receiver, specification_name=f"book {number}.csv", **asked
        )
        factories.involve(cast.both, done.target)
        done = workflow.approve(
            done, sides=["SOURCE", "TARGET"], by=cast.both, comment="Fine with us. " * 10
        )
        factories.proposed(
            cast.maker, source, target, specification_name=f"positions {number}.csv", **asked
        )
        factories.data_type(
            f"Positions of kind {number}", description="What it is, in a sentence or two. " * 3
        )
    return done


def assets(page: str) -> int:
    """Bytes of what the page links to, as they are sent."""
    links = set(re.findall(r'(?:src|href)="/static/([^"]+)"', page))
    return sum(len(gzip.compress(Path(finders.find(link)).read_bytes(), 6)) for link in links)


@pytest.mark.once(on="sqlite")
def test_a_page_is_light(as_, cast, source, crowded):
    client = as_(cast.source_approver)
    places = [crowded, source, crowded.result_logical_flow, crowded.result_physical_flow]
    urls = [
        "/inbox/",
        "/proposals/",
        "/proposals/new/",
        "/systems/",
        "/flows/",
        "/quality/",
        "/insights/",
        "/me/",
    ]
    for url in [*urls, *(place.get_absolute_url() for place in places)]:
        answer = client.get(url, headers={"accept-encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        weight, page = len(answer.content), gzip.decompress(answer.content).decode()
        assert weight < MOST_AFTERWARDS, url
        assert weight + assets(page) < MOST_AT_FIRST, url


@override_settings(DEBUG=True, WHITENOISE_AUTOREFRESH=True, WHITENOISE_USE_FINDERS=True)
def test_what_pages_need_is_sent_compressed_too():
    answer = Client().get("/static/waltzflow.css", headers={"accept-encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert (
        gzip.decompress(b"".join(answer.streaming_content))
        == Path(finders.find("waltzflow.css")).read_bytes()
    )
