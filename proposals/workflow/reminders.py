"""Reminding those who still have to decide: on the days of the policy, or when the maker asks."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from ..errors import Conflict, NoRight
from ..models import Notice, Proposal, Transition, User
from . import notices
from .notices import Ask
from .retry import retrying_transaction

APART = timedelta(days=1)  # between what one person hears of one proposal


@transaction.atomic
def remind(proposal: Proposal, at: datetime) -> int:
    """Remind those who still have to decide, on the days the policy says; how many were told.

    Each day of reminding is an event, so a second pass on the same day tells nobody twice.
    """
    if not proposal.is_open or not proposal.submitted_at:
        return 0
    every = proposal.policy.remind_after_days
    reminder_day = days_open(proposal, at) // every * every
    if reminder_day < 1:
        return 0
    return _tell(proposal, notices.able_to_decide(proposal), at, reminder_day)


@retrying_transaction
def remind_now(proposal: Proposal, *, by: User, at: datetime | None = None) -> int:
    """The maker has those reminded who still have to decide; how many. Nobody hears of it who was
    asked or reminded less than a day ago.

    Refused: NoRight for whoever is not the maker, Conflict where it is not open or nobody is left
    to be reminded.
    """
    at = at or timezone.now()
    # Locked, so that two who press at once do not both find the same people.
    locked = Proposal.objects.select_for_update(of=("self",), no_key=True)
    proposal = locked.select_related("source", "target", "maker").get(pk=proposal.pk)
    if by.pk != proposal.maker_id or not by.is_active:
        raise NoRight("Only its maker reminds the others of a proposal.")
    if not proposal.is_open:
        raise Conflict("It waits for nobody: only of an open proposal somebody is reminded.")
    people = due(proposal, at)
    if not people:
        raise Conflict("Everybody was asked or reminded less than a day ago.", proposal)
    return _tell(proposal, people, at, days_open(proposal, at), by)


def due(proposal: Proposal, at: datetime) -> dict[User, list[Ask]]:
    """Who may be reminded at the maker's wish."""
    if days_open(proposal, at) < 1:
        return {}
    lately = Notice.objects.filter(transition=_submission(proposal), at__gt=at - APART)
    informed = set(lately.values_list("recipient", flat=True))
    able = notices.able_to_decide(proposal)
    return {person: asks for person, asks in able.items() if person.pk not in informed}


def days_open(proposal: Proposal, at: datetime) -> int:
    return (at - (proposal.submitted_at or at)).days


def _submission(proposal: Proposal) -> Transition:
    return proposal.transitions.filter(action__in=notices.submitting()).latest("number")


def _tell(
    proposal: Proposal,
    people: dict[User, list[Ask]],
    at: datetime,
    reminder_day: int,
    by: User | None = None,
) -> int:
    days = days_open(proposal, at)
    since = f"has waited for {days} {'day' if days == 1 else 'days'}. Please decide."
    route = notices.route(proposal)
    summary = (
        f"{by} reminds you: proposal {proposal.pk}, {route}, {since}"
        if by
        else f"Proposal {proposal.pk}, {route}, by {proposal.maker} {since}"
    )
    subject = f"Still waiting for you: {route}"
    return notices.ask(proposal, _submission(proposal), people, at, subject, summary, reminder_day)
