"""What the front page shows one person: what waits for them, what is theirs, what happened."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from ..models import (
    Notice,
    Proposal,
    State,
    Transition,
    User,
    end_states,
    prefetch_rights,
)
from ..workflow.notices import submitting
from .setting_up import Task, unfinished

MOST = 5  # of each part; its list has the rest
RECENT = timedelta(days=30)
# How a proposal ends that its maker may want to revise; who cancels knows what comes next.
TO_REVISE = [
    state for state in end_states() if state not in (State.FULLY_APPROVED, State.CANCELLED)
]


@dataclass(frozen=True)
class ToRevise:
    """One of the reader's own that was closed without agreement, and the step that closed it."""

    proposal: Proposal
    closing: Transition


@dataclass(frozen=True)
class Home:
    """The parts of the front page; each holds at most MOST, and `more` names those with more."""

    waiting: list[Proposal]
    to_revise: list[ToRevise]
    own: list[Proposal]
    drafts: list[Proposal]
    news: list[Notice]
    tasks: list[Task]
    more: frozenset[str]


def home_of(user: User, now: datetime) -> Home:
    """Of `user`, as of `now`. Some twelve queries, however much there is."""
    own = Proposal.objects.filter(maker=user).order_by("-pk")
    parts = {
        "waiting": Proposal.objects.awaiting(user).order_by("submitted_at", "pk"),
        "to_revise": _to_revise(own, now),
        "own": own.open(),
        "drafts": own.filter(state=State.PROPOSED_CREATE),
    }
    # First which: joined with all that a row shows, they were sought in the whole table.
    found = {
        name: list(part.values_list("pk", flat=True)[: MOST + 1]) for name, part in parts.items()
    }
    keys = {name: pks[:MOST] for name, pks in found.items()}
    steps = Prefetch("transitions", Transition.objects.select_related("by"))
    listed = Proposal.objects.listed().prefetch_related(steps)
    rows = listed.in_bulk([pk for pks in keys.values() for pk in pks])
    prefetch_rights(list(rows.values()))
    shown = {name: [rows[pk] for pk in pks if pk in rows] for name, pks in keys.items()}
    return Home(
        waiting=shown["waiting"],
        to_revise=[ToRevise(row, list(row.transitions.all())[-1]) for row in shown["to_revise"]],
        own=shown["own"],
        drafts=shown["drafts"],
        news=list(_news(user, now)[:MOST]),
        tasks=unfinished() if user.is_superuser else [],
        more=frozenset(name for name, pks in found.items() if len(pks) > MOST),
    )


def _to_revise(own: QuerySet[Proposal], now: datetime) -> QuerySet[Proposal]:
    """Closed lately, and no round or draft of one has followed."""
    following = Proposal.objects.not_given_up().filter(revises=OuterRef("pk"))
    closed = own.filter(state__in=TO_REVISE, closed_at__gt=now - RECENT)
    return closed.filter(~Exists(following))


def _news(user: User, now: datetime) -> QuerySet[Notice]:
    """What the reader was told lately, but for requests, which wait in the inbox."""
    told = Notice.objects.filter(recipient=user, at__gt=now - RECENT)
    told = told.exclude(transition__action__in=submitting())
    return told.select_related("proposal", "physical_flow", "remark__proposal").order_by(
        "-at", "-pk"
    )
