"""Proposals whose time is running out, or has."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from itertools import islice

from django.conf import settings
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from ...models import Proposal, Side, User, prefetch_rights
from ..sentences import Parts, first_listed, in_words, listed
from .common import Line, Question, Remedy, Row, mail_to

NEARLY = timedelta(days=3)
MOST_ASKED = 10  # in one mail
# Whom a proposal waits for, as Proposal.pending_approvers.
Pending = Sequence[tuple[Side, Sequence[User]]]


class Overdue(Question):
    """The clock ends a proposal soon after its deadline; so those it will end next are found
    too.
    """

    slug = "overdue"
    title = "Proposals overdue or due within 3 days"
    short = "Overdue"
    hint = "Without a decision they time out, and their makers have to start again."
    of = "open proposals"
    noun = "proposal"
    since_label = "Submitted"
    since_means = "Those past their deadline come first, then the next to reach it."
    header = ["Number", "Source", "Source code", "Target", "Target code", "State", "Maker", "Due"]
    header += ["Source waits for", "Target waits for"]
    systems = ["source", "target"]
    order = ["due_at", "pk"]

    def population(self) -> QuerySet:
        return Proposal.objects.open()

    def matches(self) -> QuerySet:
        return (
            self.population()
            .filter(due_at__lt=timezone.now() + NEARLY)
            .annotate(since=F("submitted_at"))
        )

    def rows(self) -> QuerySet:
        return super().rows().listed()

    def prepare(self, rows: list) -> list:
        return prefetch_rights(rows)

    def lines(self, rows: list, user: User) -> list[Line]:
        administrators = cache(_administrators)  # asked for once, and only if a row needs them
        return [self._line(row, user, administrators) for row in prefetch_rights(rows)]

    def _line(self, row: Row, user: User, administrators: Callable[[], list[User]]) -> Line:
        left = row.due_at - timezone.now()
        due = f"{timezone.localtime(row.due_at):%-d %b %Y, %H:%M %Z}"
        note = f"Overdue since {due}" if left < timedelta() else f"Due {due}"
        pending = row.pending_approvers  # put together at each look, of thousands perhaps
        waits = listed(
            (
                [*(first_listed(people, _asked) or ["nobody"]), f" ({side.lower()})"]
                for side, people in pending
            ),
            "; ",
        )
        sub = [f"No. {row.pk} · {row.get_state_display()} · by ", row.maker]
        return Line(
            f"{row.source.name} → {row.target.name}",
            row.get_absolute_url(),
            sub,
            ["Waits for ", *waits],
            row.since,
            self._remedies(row, pending, user, administrators),
            note,
        )

    def _remedies(
        self, row: Row, pending: Pending, user: User, administrators: Callable[[], list[User]]
    ) -> list[Remedy]:
        """Whoever decides is led to the decision; all others write to those who do."""
        if row.waits_for(user):
            return [Remedy("Decide", row.get_absolute_url())]
        able = (person for _, people in pending for person in people)
        ready = list(islice((person for person in able if not person.cannot_sign_in), MOST_ASKED))
        remedies = [_way_to_ask(row, ready)] if ready else []
        if any(people and _all_silent(people) for _, people in pending):
            remedies += _ways_to_invite(row, user, administrators)
        return remedies or [Remedy("See who decides", row.get_absolute_url())]

    def csv_row(self, row: Row) -> list:
        waits = {
            side: in_words(first_listed(people)) or "nobody can"
            for side, people in row.pending_approvers
        }
        route = [row.source.name, row.source.code, row.target.name, row.target.code]
        facts = [row.pk, *route, row.get_state_display(), row.maker, row.due_at]
        return [*facts, waits.get(Side.SOURCE, ""), waits.get(Side.TARGET, "")]


def _all_silent(people: Sequence[User]) -> bool:
    return all(person.cannot_sign_in for person in people)


def _way_to_ask(row: Row, people: list[User]) -> Remedy:
    asked = mail_to(
        list(dict.fromkeys(people)),
        f"Proposal {row.pk} waits for you: {row.source.name} → {row.target.name}",
        f"It is due on {timezone.localtime(row.due_at):%-d %B %Y, %H:%M %Z} and times out "
        "without your decision.",
        f"{settings.ORIGIN}{row.get_absolute_url()}",
    )
    return Remedy("Ask for a decision by mail", asked)


def _administrators() -> list[User]:
    return list(User.objects.administrators().order_by("name", "pk")[:5])


def _ways_to_invite(row: Row, user: User, administrators: Callable[[], list[User]]) -> list[Remedy]:
    """Of a proposal with a side for which nobody who may approve can sign in."""
    people = f"{reverse('admin:proposals_user_changelist')}?can_sign_in=no"
    if user.is_administrator:
        return [Remedy("Invite who decides", people)]
    if not administrators():
        return []
    asked = mail_to(
        administrators(),
        f"Nobody can sign in to decide on proposal {row.pk}",
        f"Those who may decide on {row.source.name} → {row.target.name} cannot sign in yet.",
        "Please invite them:",
        f"{settings.ORIGIN}{people}",
    )
    return [Remedy("Ask an administrator to invite them", asked)]


def _asked(person: User) -> Parts:
    return [person, " (cannot sign in yet)"] if person.cannot_sign_in else [person]
