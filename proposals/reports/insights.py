"""How the workflow does: what is open, how long decisions take, what is rejected, and who waits for
whom.

Whatever looks back looks back WEEKS weeks, the present one included. The databases count; no row is
read for a number.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Count, F, Min, Q, QuerySet, Window
from django.db.models.functions import RowNumber, TruncWeek
from django.utils import timezone
from django.utils.dateparse import parse_duration

from ..models import (
    Proposal,
    Side,
    State,
    System,
    User,
    deciders,
    end_states,
    open_states,
    rows,
    states_reached_by,
    undecided_states,
)

WEEKS = 26
AGES = [("under 3 days", 3), ("3 to 7 days", 8), ("8 to 14 days", 15), ("15 to 30 days", 31)]
OLDER = "over 30 days"
REJECTED = states_reached_by("reject")
# Once each: from every open state that leads there the table has a row.
REJECTED_BY_SIDE = {
    Side(action.side): target for _, action, target in rows() if action.verb == "reject"
}
DECIDED = [State.FULLY_APPROVED, *REJECTED]
ROWS_WAITED_FOR = 10
MAKERS_NAMED = 3


@dataclass(frozen=True)
class Age:
    """How many proposals have been open for so long, by state in the order of the table."""

    label: str
    by_state: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_state.values())


@dataclass(frozen=True)
class Week:
    """What was decided in the week that begins at `start`: half of it within `half`, nine of ten
    within `nine`.
    """

    start: datetime
    decided: int = 0
    half: timedelta | None = None
    nine: timedelta | None = None

    @property
    def half_words(self) -> str:
        return in_words(self.half)

    @property
    def nine_words(self) -> str:
        return in_words(self.nine)

    @property
    def summary(self) -> str:
        number = f"{self.decided} decided, half" if self.decided > 1 else "1 decided,"
        nine = f", 9 of 10 within {self.nine_words}" if self.decided > 1 else ""
        return f"Week of {self.start:%-d %b}: {number} within {self.half_words}{nine}"


@dataclass(frozen=True)
class Outcome:
    """How the proposals of one reason ended."""

    reason: str
    by_state: dict[str, int]

    @property
    def decided(self) -> int:
        return sum(self.by_state.get(state, 0) for state in DECIDED)

    @property
    def rejected(self) -> int:
        return sum(self.by_state.get(state, 0) for state in REJECTED)

    @property
    def by_state_label(self) -> list[tuple[str, int]]:
        """(end state in words, how many)."""
        return [(State(state).label, number) for state, number in self.by_state.items()]

    @property
    def percent(self) -> float:
        return 100 * self.rejected / self.decided if self.decided else 0.0


@dataclass(frozen=True)
class Makers:
    """Whose proposals wait: those who have most of them (ids), each with how many; and how many
    others there are.
    """

    named: list[tuple[int, int]] = field(default_factory=list)
    others: int = 0


@dataclass(frozen=True)
class Queue:
    """How many proposals wait for one system to decide as one side, since when, and whose."""

    system_id: int
    side: Side
    number: int
    since: datetime
    makers: Makers = field(default_factory=Makers)


@dataclass(frozen=True)
class Waiting:
    """What waits for one system to decide as one side: how much, since when, whose it is, and who
    could decide.
    """

    system: System
    side: Side
    number: int
    since: datetime
    makers: list[tuple[User, int]]
    other_makers: int
    approvers: list[User]


@dataclass(frozen=True)
class Insights:
    """All figures of the page that are counted over many proposals."""

    ages: list[Age]
    weeks: list[Week]
    outcomes: list[Outcome]
    queues: list[Queue]

    @classmethod
    def counted(cls, at: datetime) -> "Insights":
        return cls(open_by_age(at), time_to_decision(at), outcomes(at), longest_queues())

    def to_json(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self), cls=DjangoJSONEncoder))

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Insights":
        return cls(
            [Age(**row) for row in kept["ages"]],
            [_week(row) for row in kept["weeks"]],
            [Outcome(**row) for row in kept["outcomes"]],
            [_queue(row) for row in kept["queues"]],
        )


def _week(row: dict[str, Any]) -> Week:
    half, nine = (row[name] and parse_duration(row[name]) for name in ("half", "nine"))
    return Week(datetime.fromisoformat(row["start"]), row["decided"], half, nine)


def _queue(row: dict[str, Any]) -> Queue:
    since = datetime.fromisoformat(row["since"])
    # Figures that were kept before they had ids have names there.
    named = [(pk, number) for pk, number in row["makers"]["named"] if isinstance(pk, int)]
    makers = Makers(named, row["makers"]["others"])
    return Queue(row["system_id"], Side(row["side"]), row["number"], since, makers)


def in_words(took: timedelta | None) -> str:
    """ "under 1 hour", "30 hours" up to two days, then "2.5 days", from ten days on whole ones;
    empty for None.
    """
    if took is None:
        return ""
    hours, days = took / timedelta(hours=1), took / timedelta(days=1)
    if hours < 1:
        return "under 1 hour"
    number, unit = (
        (f"{hours:.0f}", "hour")
        if hours < 48 and days != 1
        else (f"{days:.1f}".removesuffix(".0"), "day")
    )
    if days >= 10:
        number = f"{days:.0f}"
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"


def open_by_age(now: datetime) -> list[Age]:
    """Every age, youngest first, with every open state."""
    edges = [now - timedelta(days=days) for _, days in AGES]
    reached = {
        f"under_{place}": Count("pk", filter=Q(submitted_at__gt=edge))
        for place, edge in enumerate(edges)
    }
    rows = Proposal.objects.open().order_by().values("state").annotate(**reached, all=Count("pk"))
    counted = {row["state"]: [row[name] for name in (*reached, "all")] for row in rows}
    none = [0] * (len(AGES) + 1)
    labels = [label for label, _ in AGES] + [OLDER]
    return [
        Age(label, {state: _step(counted.get(state, none), place) for state in open_states()})
        for place, label in enumerate(labels)
    ]


def _step(reached: list[int], place: int) -> int:
    return reached[place] - (reached[place - 1] if place else 0)


def window_start(now: datetime) -> datetime:
    """Midnight of the Monday with which the first of the WEEKS weeks begins, in the time zone of
    the site.
    """
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = (today - timedelta(days=today.weekday(), weeks=WEEKS - 1)).date()
    return timezone.make_aware(datetime.combine(monday, datetime.min.time()))


def closed(now: datetime) -> QuerySet[Proposal]:
    """What has been submitted and has ended within the window."""
    return Proposal.objects.submitted().filter(closed_at__gte=window_start(now), closed_at__lte=now)


def time_to_decision(now: datetime) -> list[Week]:
    """Every week of the window, oldest first: from submission to approval or rejection.

    By nearest rank, so each figure is one that occurred: at least half (nine tenths) took no
    longer.
    """
    week, took = TruncWeek("closed_at"), F("closed_at") - F("submitted_at")
    decided: Any = closed(now).filter(state__in=DECIDED).order_by()
    ranked = decided.annotate(week=week, took=took).annotate(
        place=Window(RowNumber(), partition_by=week, order_by=[took, "pk"]),
        number=Window(Count("pk"), partition_by=week),
    )
    # The place that is half of the number, or nine tenths, rounded up; in whole numbers, for those
    # are exact.
    ranked = ranked.annotate(
        of_half=F("place") * 2 - F("number"), of_nine=F("place") * 10 - F("number") * 9
    )
    figures = ranked.filter(Q(of_half__range=(0, 1)) | Q(of_nine__range=(0, 9)))
    return _weeks(now, list(figures.values_list("week", "place", "number", "took")))


def _weeks(now: datetime, ranked: list[tuple]) -> list[Week]:
    by_week: dict = {}
    for start, place, number, took in ranked:
        by_week.setdefault(timezone.localtime(start).date(), (number, {}))[1][place] = took
    weeks = []
    for step in range(WEEKS):
        # Counted in dates: the week in which the clock is changed has no 168 hours.
        monday = timezone.localtime(window_start(now)).date() + timedelta(weeks=step)
        start = timezone.make_aware(datetime.combine(monday, datetime.min.time()))
        number, took = by_week.get(monday, (0, {}))
        weeks.append(
            Week(start, number, took[min(took)], took[max(took)]) if number else Week(start)
        )
    return weeks


def outcomes(now: datetime) -> list[Outcome]:
    """How proposals ended within the window, by their reasons, the most frequent first."""
    rows = closed(now).order_by().values_list("reason__name", "state").annotate(number=Count("pk"))
    by_reason: dict[str, dict[str, int]] = {}
    for reason, state, number in rows:
        by_reason.setdefault(reason, dict.fromkeys(end_states(), 0))[state] = number
    ended = [Outcome(reason, by_state) for reason, by_state in by_reason.items()]
    return sorted(ended, key=lambda outcome: (-outcome.decided, outcome.reason))


def total(outcomes: list[Outcome]) -> Outcome:
    """All of them as one, without a reason."""
    return Outcome(
        "", {state: sum(outcome.by_state[state] for outcome in outcomes) for state in end_states()}
    )


def longest_queues() -> list[Queue]:
    """The sides that most open proposals wait for, the most waited for first."""
    every = [queue for side in Side for queue in _longest_queues(side)]
    queues = sorted(every, key=lambda queue: (-queue.number, queue.since))[:ROWS_WAITED_FOR]
    makers = {
        side: _makers(side, [queue.system_id for queue in queues if queue.side == side])
        for side in Side
    }
    return [replace(queue, makers=makers[queue.side][queue.system_id]) for queue in queues]


def who_waits(queues: list[Queue]) -> list[Waiting]:
    """With the systems they wait for, and who could decide now."""
    systems = System.objects.in_bulk({queue.system_id for queue in queues})
    approvers = _approvers(systems)
    people = User.objects.in_bulk({pk for queue in queues for pk, _ in queue.makers.named})
    return [
        Waiting(
            systems[queue.system_id],
            queue.side,
            queue.number,
            queue.since,
            [(people[pk], number) for pk, number in queue.makers.named],
            queue.makers.others,
            approvers.get(queue.system_id, []),
        )
        for queue in queues
    ]


def _undecided(side: Side) -> QuerySet[Proposal]:
    return Proposal.objects.filter(state__in=undecided_states(side)).order_by()


def _longest_queues(side: Side) -> list[Queue]:
    key = side.lower()
    groups = _undecided(side).values(key).annotate(number=Count("pk"), since=Min("submitted_at"))
    # As many of each side as are shown of both: the first of both are among them.
    longest = groups.order_by("-number", "since", key)[:ROWS_WAITED_FOR]
    return [Queue(group[key], side, group["number"], group["since"]) for group in longest]


def _makers(side: Side, systems: Iterable[int]) -> dict[int, Makers]:
    """By system (ids), those who have most proposals there."""
    key = side.lower()
    waiting = _undecided(side).filter(**{f"{key}__in": systems})
    counted = waiting.values(key, "maker__name", "maker").annotate(own=Count("pk"))
    ranked = counted.annotate(
        place=Window(
            RowNumber(), partition_by=F(key), order_by=[F("own").desc(), "maker__name", "maker"]
        ),
        makers=Window(Count("*"), partition_by=F(key)),
    )
    rows: dict[int, list[dict]] = {}
    # People may bear the same name, so it is their ids that are counted and only then named.
    for row in ranked.filter(place__lte=MAKERS_NAMED).order_by(key, "place"):
        rows.setdefault(row[key], []).append(row)
    return {
        system: Makers(
            [(row["maker"], row["own"]) for row in first], first[0]["makers"] - len(first)
        )
        for system, first in rows.items()
    }


def _approvers(systems: Iterable[int]) -> dict[int, list[User]]:
    """By system (ids), those who can approve for it, each once."""
    people: dict[int, dict[User, None]] = {}
    for row in deciders(systems):
        if row.may_approve:
            people.setdefault(row.system_id, {})[row.user] = None
    return {system: list(of_system) for system, of_system in people.items()}
