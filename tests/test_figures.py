"""What takes long to count is counted by the worker, and its page says as of when."""

from datetime import timedelta

import pytest
from django.utils import timezone

from proposals import workflow
from proposals.models import PassResult
from proposals.reports import figures
from proposals.reports.figures import renew_figures
from proposals.reports.insights import Insights
from proposals.reports.quality import QUESTIONS, answers_from_json, answers_to_json
from proposals.views.quality import SURELY_MORE

from .test_pages import text

PAGES = ["/insights/", "/quality/"]


@pytest.fixture
def kept(monkeypatch, proposal):
    """Kept a day ago, when one proposal waited, though it is quick to count them."""
    monkeypatch.setattr(figures, "QUICK", 0)
    at = timezone.now() - timedelta(days=1)
    assert renew_figures(at) == (2, 0)
    return at


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_as_of_when_its_figures_are(as_, cast, kept, page):
    shown = text(as_(cast.stranger).get(page))
    assert f"As of {kept:%-d %b %Y, %H:%M} UTC · Count now" in shown
    assert "As of" not in text(as_(cast.stranger).get(f"{page}?now=on"))


def test_kept_figures_are_those_of_then(as_, cast, kept, proposal):
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    client = as_(cast.stranger)
    assert "1 is open." in text(client.get("/insights/"))
    assert "Nothing is open." in text(client.get("/insights/?now=on"))
    assert "Ledger LEDGER · as source 1" in text(client.get("/insights/"))


def test_what_is_quick_is_counted_for_each_reader(as_, cast, proposal, monkeypatch):
    monkeypatch.setattr(figures, "QUICK", 60)  # on a busy machine nothing is quick
    assert renew_figures(timezone.now()) == (0, 0)
    assert PassResult.objects.count() == 2
    for page in PAGES:
        assert "As of" not in text(as_(cast.stranger).get(page))


def test_figures_are_the_same_after_they_were_kept(proposal, imported):
    counted = Insights.counted(timezone.now()).to_json()
    assert counted["queues"]
    assert Insights.from_json(counted).to_json() == counted
    answers = [question.answer() for question in QUESTIONS.values()]
    assert answers_from_json(answers_to_json()) == answers
    assert any(answer.count for answer in answers)


def test_a_list_is_not_counted_where_the_worker_has_found_many(as_, cast, imported):
    content = answers_to_json()
    assert content["flows-without-physical-flow"]["count"] == 1
    client, url = as_(cast.stranger), "/quality/flows-without-physical-flow/"
    for count, shown in [(SURELY_MORE - 1, "1 flow "), (SURELY_MORE, "More than 1,000 flows ")]:
        content["flows-without-physical-flow"]["count"] = count
        PassResult.keep("quality", timezone.now(), content)
        assert shown in text(client.get(url))
    # What a filter leaves may be few of them.
    assert "1 flow " in text(client.get(f"{url}?q={imported.source.code}"))
