"""How the workflow does: every figure counted by hand, and every chart with the table that says the
same.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from proposals import workflow
from proposals.models import Proposal, open_states
from proposals.reports import charts, insights
from proposals.reports.insights import Week, in_words

from . import factories, thorough
from .test_pages import text

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)  # a Wednesday
MONDAY = datetime(2026, 3, 16, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def submitted(cast, source, target):
    """submitted(at, ...): a proposal submitted at that moment."""

    def make(at: datetime, **fields) -> Proposal:
        number = Proposal.objects.count()
        return factories.proposed(
            cast.maker, source, target, at=at, specification_name=f"{number}.csv", **fields
        )

    return make


@pytest.fixture
def decided(cast, submitted):
    """decided(at, took, verb): one that was decided at that moment, so long after its
    submission.
    """

    def make(at: datetime, took: timedelta, verb: str = "approve", **fields) -> Proposal:
        proposal = submitted(at - took, **fields)
        if verb == "approve":
            return workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both, at=at)
        if verb == "cancel":
            return workflow.cancel(proposal, by=cast.maker, at=at)
        side = verb.removeprefix("reject ").upper()
        return workflow.reject(proposal, side=side, by=cast.rejecter, comment="no", at=at)

    return make


# what is open

WAITING = ["PENDING_APPROVALS", "SOURCE_APPROVED", "TARGET_APPROVED"]


def test_open_proposals_by_age_and_state(cast, submitted):
    made = {
        days: submitted(NOW - days * DAY) for days in (0, 2.9, 3, 7.9, 8, 14.9, 15, 30, 31, 300)
    }
    workflow.approve(made[2.9], sides=["SOURCE"], by=cast.both)
    workflow.approve(made[31], sides=["TARGET"], by=cast.both)
    workflow.cancel(made[0], by=cast.maker)
    assert [
        (age.label, *(age.by_state[state] for state in WAITING), age.total)
        for age in insights.open_by_age(NOW)
    ] == [
        ("under 3 days", 0, 1, 0, 1),
        ("3 to 7 days", 2, 0, 0, 2),
        ("8 to 14 days", 2, 0, 0, 2),
        ("15 to 30 days", 2, 0, 0, 2),
        ("over 30 days", 1, 0, 1, 2),
    ]


# how long decisions take


def week(weeks: list[Week], monday: datetime) -> tuple:
    chosen = next(week for week in weeks if week.start == monday)
    return chosen.decided, chosen.half, chosen.nine


MEDIANS = [
    ([5], 5, 5),
    ([1, 9], 1, 9),
    ([9, 1, 2], 2, 9),
    ([4, 3, 2, 1], 2, 4),
    ([1, 2, 3, 4, 5, 6, 7, 8, 9], 5, 9),
    ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5, 9),
    ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 6, 10),
    ([*range(1, 21)], 10, 18),
    ([2, 2, 2, 2, 30], 2, 30),
]


def lies(case: tuple) -> tuple:
    """Where the middle of it falls, and the ninth of ten: on a row or between two."""
    took = len(case[0])
    return took % 2, took < 10, took % 10 == 0


@pytest.mark.parametrize(("took", "half", "nine"), thorough.cases(MEDIANS, lies))
def test_median_and_ninetieth_percentile_by_nearest_rank(decided, took, half, nine):
    for hours in took:
        decided(MONDAY + DAY, hours * HOUR)
    assert week(insights.time_to_decision(NOW), MONDAY) == (len(took), half * HOUR, nine * HOUR)


def test_a_week_begins_on_monday_at_midnight_and_26_of_them_count(decided):
    first = MONDAY - 25 * 7 * DAY
    decided(MONDAY - timedelta(seconds=1), 2 * HOUR)
    decided(MONDAY, 3 * HOUR)
    decided(first, 4 * HOUR)
    decided(first - timedelta(seconds=1), 5 * HOUR)
    weeks = insights.time_to_decision(NOW)
    assert [week.start for week in weeks] == [first + n * 7 * DAY for n in range(26)]
    assert week(weeks, MONDAY) == (1, 3 * HOUR, 3 * HOUR)
    assert week(weeks, MONDAY - 7 * DAY) == (1, 2 * HOUR, 2 * HOUR)
    assert week(weeks, first) == (1, 4 * HOUR, 4 * HOUR)
    assert sum(week.decided for week in weeks) == 3


def test_weeks_are_those_of_the_time_zone_of_the_site_across_summer_time(decided, settings):
    settings.TIME_ZONE = "America/New_York"
    with timezone.override("America/New_York"):
        decided(
            datetime(2026, 3, 9, 3, 30, tzinfo=UTC), HOUR
        )  # Sunday, 23:30 there, the clocks having changed
        decided(datetime(2026, 3, 9, 4, 30, tzinfo=UTC), 2 * HOUR)  # Monday, 00:30 there
        weeks = insights.time_to_decision(NOW)
    assert [(week.start.isoformat(), week.decided, week.half) for week in weeks[-3:]] == [
        ("2026-03-02T00:00:00-05:00", 1, HOUR),
        ("2026-03-09T00:00:00-04:00", 1, 2 * HOUR),
        ("2026-03-16T00:00:00-04:00", 0, None),
    ]


def test_only_approvals_and_rejections_are_decisions(decided, submitted):
    decided(MONDAY, HOUR)
    decided(MONDAY, 3 * HOUR, "reject target")
    decided(MONDAY, 9 * DAY, "cancel")
    late = submitted(MONDAY - 31 * DAY)
    workflow.time_out(late, at=MONDAY)
    submitted(MONDAY - 60 * DAY)
    assert week(insights.time_to_decision(NOW), MONDAY) == (2, HOUR, 3 * HOUR)


# what is rejected


def test_rejections_by_the_reason_of_the_proposal(cast, source, target, decided, submitted):
    audit = factories.reason("Audit finding")
    for _ in range(3):
        decided(NOW - DAY, HOUR)
    decided(NOW - DAY, HOUR, "reject source")
    decided(NOW - DAY, HOUR, "reject target", reason=audit)
    decided(NOW - DAY, HOUR, "cancel", reason=audit)
    workflow.time_out(submitted(NOW - 40 * DAY), at=NOW - DAY)
    decided(NOW - 300 * DAY, HOUR, "reject source")
    workflow.cancel(factories.draft(cast.maker, source, target), by=cast.maker, at=NOW - DAY)
    regulation, finding = ended = insights.outcomes(NOW)
    assert (regulation.reason, regulation.decided, regulation.rejected, regulation.percent) == (
        "Regulation",
        4,
        1,
        25.0,
    )
    assert regulation.by_state_label == [
        *[("Fully approved", 3), ("Changes requested", 0)],
        *[("Source rejected", 1), ("Target rejected", 0)],
        *[("Cancelled", 0), ("Timed out", 1)],
    ]
    assert (finding.reason, finding.decided, finding.rejected, finding.percent) == (
        "Audit finding",
        1,
        1,
        100.0,
    )
    every = insights.total(ended)
    assert (every.decided, every.rejected, every.percent) == (5, 2, 40.0)
    assert insights.total([]).percent == 0.0


# who waits


def test_who_waits_for_whom(cast, source, target, submitted):
    submitted(NOW - 5 * DAY)
    workflow.approve(submitted(NOW - 9 * DAY), sides=["SOURCE"], by=cast.source_approver)
    lonely = factories.system("Lonely")
    factories.proposed(cast.stranger, lonely, target, at=NOW - DAY)
    rows = insights.who_waits(insights.longest_queues())
    assert [(row.system.name, row.side, row.number, row.since) for row in rows] == [
        ("Risk Engine", "TARGET", 3, NOW - 9 * DAY),
        ("Ledger", "SOURCE", 1, NOW - 5 * DAY),
        ("Lonely", "SOURCE", 1, NOW - DAY),
    ]
    assert [[(str(maker), n) for maker, n in row.makers] for row in rows] == [
        [("Mia Maker", 2), ("Stan Stranger", 1)],
        [("Mia Maker", 1)],
        [("Stan Stranger", 1)],
    ]
    assert [[str(person) for person in row.approvers] for row in rows] == [
        ["Bo Both", "Tess Target"],
        ["Bo Both", "Sam Source"],
        [],
    ]


def test_the_ten_most_waited_for_and_three_makers_of_each_are_named(cast, source, target):
    for n in range(11):
        system = factories.system(f"System {n:02}")
        factories.proposed(factories.user(f"Maker {n:02}"), system, target, at=NOW - n * DAY)
    rows = insights.who_waits(insights.longest_queues())
    assert [row.system.name for row in rows] == [
        "Risk Engine",
        *(f"System {n:02}" for n in range(10, 1, -1)),
    ]
    assert (rows[0].number, rows[0].other_makers) == (11, 8)
    assert [(str(maker), n) for maker, n in rows[0].makers] == [
        ("Maker 00", 1),
        ("Maker 01", 1),
        ("Maker 02", 1),
    ]


# charts


def test_bars_share_the_width_of_the_longest():
    chart = charts.bars([("a", "3 things", {"x": 1, "y": 2}), ("b", "6 things", {"x": 0, "y": 6})])
    first, second = chart.bars
    assert first.parts == [("x", 0.0, 16.67), ("y", 16.67, 33.33)]
    assert second.parts == [("y", 0.0, 100.0)]
    assert (first.y, second.y, chart.height) == (22, 68, 92)
    assert charts.bars([("a", "25%", {"bar": 25}), ("b", "0%", {"bar": 0})], full=100).bars[
        0
    ].parts == [("bar", 0.0, 25.0)]
    assert charts.bars([("a", "0", {"bar": 0})]).bars[0].parts == []
    assert charts.bars([]).height == 0


def test_a_plot_has_round_lines_and_leaves_weeks_without_a_decision_out():
    weeks = [Week(MONDAY - 7 * DAY * n) for n in range(25, 0, -1)] + [
        Week(MONDAY, 2, 2 * DAY, 9 * DAY)
    ]
    plot = charts.plot(weeks)
    assert [line.label for line in plot.lines] == [
        "2 days",
        "4 days",
        "6 days",
        "8 days",
        "10 days",
    ]
    (mark,) = plot.marks
    assert (mark.half_y, mark.nine_y) == (20 + 220 * 0.8, 20 + 220 * 0.1)
    assert mark.x == 97.38
    assert [week.start for _, week in plot.dates] == [MONDAY - 35 * DAY * n for n in range(6)]


def test_a_plot_without_any_decision_is_empty():
    assert charts.plot([Week(MONDAY)] * 26).marks == []


@pytest.mark.parametrize(
    ("took", "words"),
    [
        (None, ""),
        (timedelta(), "under 1 hour"),
        (timedelta(minutes=59), "under 1 hour"),
        (HOUR, "1 hour"),
        (DAY, "1 day"),
        (30 * HOUR, "30 hours"),
        (2 * DAY, "2 days"),
        (2.5 * DAY, "2.5 days"),
        (12.4 * DAY, "12 days"),
    ],
)
def test_durations_are_said_in_words(took, words):
    assert in_words(took) == words


# the page


def test_each_chart_has_a_title_and_a_table_that_says_the_same(as_, cast, source, target):
    now = timezone.now()
    done = factories.proposed(cast.maker, source, target, at=now - 3 * DAY)
    workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both, at=now - timedelta(seconds=1))
    gone = factories.proposed(
        cast.maker, source, target, at=now - 4 * DAY, specification_name="2.csv"
    )
    workflow.reject(gone, side="TARGET", by=cast.rejecter, comment="no")
    factories.proposed(cast.maker, source, target, specification_name="3.csv")
    page = as_(cast.stranger).get("/insights/").content.decode()
    charts_of_page = re.findall(
        r'<svg[^>]*role="img"\s+aria-labelledby="([a-z]+)-title \1-desc">', page
    )
    assert charts_of_page == ["ages", "weeks", "outcomes", "waiting"]
    assert re.findall(r"<caption[^>]*>([^<]+)", page) == [
        *("Open proposals by state and age", "Time to decision per week"),
        *("How proposals ended, by their reasons", "Who waits for whom"),
    ]
    page_text = text(as_(cast.stranger).get("/insights/"))
    counts = " ".join("01"[state == "PENDING_APPROVALS"] for state in open_states())
    assert f"under 3 days {counts} 1" in page_text
    assert "1 of 2 decided was rejected, 50%" in page_text
    assert "Regulation 1 0 0 1 0 0 50%" in page_text
    assert "2 3 days 4 days" in page_text
    assert "Ledger LEDGER · as source 1 Bo Both, Sam Source Mia Maker" in page_text
    assert 'href="/proposals/?state=OPEN&amp;system=Ledger%20%28LEDGER%29"' in page


def test_without_anything_it_says_so(as_, maker):
    page_text = text(as_(maker).get("/insights/"))
    assert "Nothing is open." in page_text
    assert "Nothing has been decided in these 26 weeks." in page_text
    assert "Nothing has ended in these 26 weeks." in page_text
    assert "Nobody waits for anybody." in page_text


@pytest.mark.once(on="sqlite")
def test_the_page_costs_no_query_for_each_row(
    as_, cast, source, target, django_assert_max_num_queries
):
    client = as_(cast.stranger)

    def queries():
        with django_assert_max_num_queries(13) as counted:
            client.get("/insights/")
        return len(counted)

    def rows(number):
        for _ in range(number):
            other = factories.system()
            factories.involve(cast.both, other)
            factories.proposed(factories.user(), other, target)
            factories.proposed(factories.user(), source, other)
            done = factories.proposed(cast.maker, other, source)
            workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both)

    rows(1)
    few = queries()
    rows(4)
    assert queries() == few
