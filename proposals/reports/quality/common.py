"""What every question about the quality of the register has in common."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from ...models import Proposal, System, User, pieces
from ..list_columns import MOST
from ..sentences import Parts

AGES = [("up to 30 days", 30), ("31 to 90 days", 90)]
OLDER = "older"


@dataclass(frozen=True)
class Remedy:
    """What somebody can do about a row."""

    label: str
    link: str


@dataclass(frozen=True)
class Line:
    """A row as a page shows it, names in `sub` and `about` being links; `note` says what stands in
    the way or is already on its way.
    """

    name: str
    link: str
    sub: Parts | str
    about: Parts | str
    since: datetime | None
    remedies: list[Remedy] = field(default_factory=list)
    note: str = ""
    open_proposal_id: int | None = None

    @property
    def age(self) -> str:
        """In its largest unit: "3 weeks"; of a row without a history nobody knows."""
        return timesince(self.since, depth=1) if self.since else "unknown"


@dataclass(frozen=True)
class Answer:
    """How many rows a question finds, of how many, and how old they are."""

    question: "Question"
    count: int
    total: int
    oldest: datetime | None
    ages: list[tuple[str, int]]

    def to_json(self) -> dict[str, Any]:
        oldest = self.oldest and self.oldest.isoformat()
        return {"count": self.count, "total": self.total, "oldest": oldest, "ages": self.ages}

    @classmethod
    def from_json(cls, question: "Question", kept: dict[str, Any]) -> "Answer":
        oldest = kept["oldest"] and datetime.fromisoformat(kept["oldest"])
        ages = [(label, number) for label, number in kept["ages"]]
        return cls(question, kept["count"], kept["total"], oldest, ages)

    @property
    def percent(self) -> float:
        return 100 * self.count / self.total if self.total else 0.0

    @property
    def share(self) -> str:
        """The percentage in words a reader can trust: what is little is not nothing, what is not
        all is not 100%.
        """
        if not self.count or self.count == self.total:
            return f"{self.percent:.0f}%"
        return "under 1%" if self.percent < 1 else f"{min(round(self.percent), 99)}%"

    @property
    def bars(self) -> list[tuple[int, float, float]]:
        """(which age, where its part of a bar begins, how wide it is), in percent."""
        parts, start = [], 0.0
        for place, (_, number) in enumerate(self.ages):
            width = 100 * number / self.count if self.count else 0.0
            parts.append((place, round(start, 2), round(width, 2)))
            start += width
        return parts


# A row of `Question.rows`, with what the question annotates it with.
Row = Any


class Question:
    """One question: what it is asked of, which rows it finds, how they are shown and what remedies
    them.

    `matches` gives each row its `since`, from which its age counts: None, and among the oldest, for
    a row whose history somebody went past. `systems` are the paths from a
    row to the systems it concerns.
    """

    slug = title = short = hint = of = noun = since_label = since_means = ""
    header: list[str] = []
    systems: list[str] = []
    # As they entered the register: by age, each row there is would be dated for a page.
    order: list[Any] = ["pk"]

    def population(self) -> Any:
        raise NotImplementedError

    def matches(self) -> Any:
        raise NotImplementedError

    def rows(self) -> Any:
        """What it finds, in its order, with what `lines` and `csv_row` need."""
        return self.matches().order_by(*self.order)

    def prepare(self, rows: list) -> list:
        """Give some rows what can only be read for many at once."""
        return rows

    def lines(self, rows: list, user: User) -> list[Line]:
        raise NotImplementedError

    def csv_row(self, row: Any) -> list:
        raise NotImplementedError

    def answer(self) -> Answer:
        """Two queries, neither of which reads the rows."""
        now = timezone.now()
        edges = [now - timedelta(days=days) for _, days in AGES]
        young = {
            f"until_{n}": Count("pk", filter=Q(since__gte=edge)) for n, edge in enumerate(edges)
        }
        figures = (
            self.matches().order_by().aggregate(count=Count("pk"), oldest=Min("since"), **young)
        )
        # A row without a moment is young in no sense, so it counts among the oldest.
        reached = [0, *(figures[name] for name in young), figures["count"]]
        labels = [label for label, _ in AGES] + [OLDER]
        ages = [
            (label, after - before)
            for label, before, after in zip(labels, reached, reached[1:], strict=False)
        ]
        return Answer(
            self, figures["count"], self.population().order_by().count(), figures["oldest"], ages
        )

    def table(self, matches: QuerySet) -> tuple[list[str], Iterator[list]]:
        """Header and rows of the file of what a filter left."""
        header = [*self.header, self.since_label, "Days"]
        return header, (
            [*self.csv_row(row), row.since, days_since(row.since)]
            for chunk in pieces(matches, most=MOST)
            for row in self.prepare(chunk)
        )

    def get_absolute_url(self) -> str:
        return reverse("quality-list", args=[self.slug])


def days_since(moment: datetime | None) -> int | None:
    return max((timezone.now() - moment).days, 0) if moment else None


def asked_for(**same: str) -> Subquery:
    """The number of the newest open proposal with the same ...: `source="source"` compares it with
    the row's.
    """
    named = {name: OuterRef(path) for name, path in same.items()}
    return Subquery(Proposal.objects.open().filter(**named).order_by("-pk").values("pk")[:1])


def propose(source: System, **more: int) -> str:
    """Where one proposes a flow from `source`, with more of it filled in: target=...,
    specification=... (ids), bare=1.
    """
    return f"{reverse('proposal-new')}?{urlencode({'source': source.pk} | more)}"


def mail_to(people: list[User], subject: str, *lines: str) -> str:
    """A link that opens a mail to them, written and not sent."""
    to = ",".join(quote(person.email, safe="@") for person in people)
    body = quote("\r\n".join(lines))
    return f"mailto:{to}?subject={quote(subject)}&body={body}"
