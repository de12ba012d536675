"""Who is told what.

A notice is queued in the transaction of its event (django-post-office keeps the mails in this
database), once per event and recipient, and never for something rolled back. What people wrote
reaches a mail as context only, so it can neither break nor steer it. Links come from BASE_URL
alone, and none of them decides.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from post_office import mail
from post_office.models import Email

from ..models import Notice, Notices, Proposal, Transition, User, actions, rights_on

NEWS = timedelta(days=1)


def tell(proposal: Proposal, step: Transition) -> None:
    """After a step: those who can decide that it has reached them, or the maker what was done."""
    event = f"transition:{step.pk}"
    if actions()[step.action].submits:
        subject = f"Please decide: {_route(proposal)}"
        summary = (
            f"{proposal.maker} asks for your decision on proposal {proposal.pk}, "
            f"{_route(proposal)}."
        )
        _queue(proposal, event, able_to_decide(proposal), subject, summary, step.at)
    elif step.by != proposal.maker:
        is_complete = proposal.result_logical_flow_id is not None
        done = "fully approved" if is_complete else step.done
        subject = f"Proposal {proposal.pk} {done}: {_route(proposal)}"
        summary = f"Your proposal {proposal.pk}, {_route(proposal)}: {step.sentence}"
        if is_complete:
            summary += " It is fully approved, and the register is up to date."
        recipients = [proposal.maker]
        _queue(proposal, event, recipients, subject, summary, step.at, comment=step.comment)


def able_to_decide(proposal: Proposal) -> list[User]:
    """Everybody who can decide now for a side that has not, each once."""
    rights = [right for side in proposal.undecided_sides for right in rights_on(proposal, side)]
    return list(dict.fromkeys(right.user for right in rights if right.user))


@transaction.atomic
def remind(proposal: Proposal, at: datetime) -> int:
    """Remind those who still have to decide, on the days the policy says; how many were told.

    Each day of reminding is an event, so a second pass on the same day tells nobody twice.
    """
    if not proposal.is_open or not proposal.submitted_at:
        return 0
    every = proposal.policy.remind_after_days
    days = (at - proposal.submitted_at).days
    round_number = days // every
    if round_number < 1:
        return 0
    subject = f"Still waiting for you: {_route(proposal)}"
    waiting = f"Proposal {proposal.pk}, {_route(proposal)}, by {proposal.maker}"
    summary = (
        f"{waiting} has waited for {days} {'day' if days == 1 else 'days'}. "
        "Please approve or reject it."
    )
    event = f"reminder:{proposal.pk}:{round_number * every}"
    return _queue(proposal, event, able_to_decide(proposal), subject, summary, at)


def send_digests(at: datetime) -> int:
    """One mail for each person with notices that wait for the daily digest and are from before
    today; how many mails.

    Safe to run at any time and twice at once: what has gone into a digest waits no more.
    """
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    waiting = Notice.objects.filter(mail=None, at__lt=today)
    people = User.objects.filter(pk__in=waiting.values("recipient"), is_active=True).exclude(
        email=""
    )
    people = people.exclude(notices_wanted=Notices.NONE)
    return sum(_digest(person, today) for person in people)


@transaction.atomic
def _digest(person: User, before: datetime) -> int:
    waiting = Notice.objects.select_for_update(of=("self",)).filter(
        mail=None, recipient=person, at__lt=before
    )
    news = list(waiting.select_related("proposal").order_by("at", "pk"))
    if not news:
        return 0
    items = [(notice.summary, _link(notice.proposal)) for notice in news]
    made = _compose(
        person,
        f"waltzflow: {len(news)} {'update' if len(news) == 1 else 'updates'}",
        "digest",
        {"items": items},
    )
    made.save()
    Notice.objects.filter(pk__in=[notice.pk for notice in news]).update(mail=made)
    return 1


def _queue(
    proposal: Proposal,
    event: str,
    people: Iterable[User],
    subject: str,
    summary: str,
    at: datetime,
    comment: str = "",
) -> int:
    """A notice and, for those who want each event, its mail. Stories of the past are no news and
    queue nothing.
    """
    if at < timezone.now() - NEWS:
        return 0
    told = set(Notice.objects.filter(event=event).values_list("recipient", flat=True))
    wanted = [
        p for p in people if p.pk not in told and p.is_active and p.notices_wanted != Notices.NONE
    ]
    content = {
        "proposal": proposal,
        "summary": summary,
        "comment": comment,
        "link": _link(proposal),
    }
    at_once = [
        person for person in wanted if person.notices_wanted == Notices.EACH and person.email
    ]
    mails = Email.objects.bulk_create(
        [_compose(person, subject, "notice", content) for person in at_once]
    )
    mail_of = {person.pk: made for person, made in zip(at_once, mails, strict=True)}
    Notice.objects.bulk_create(
        Notice(
            event=event,
            recipient=p,
            proposal=proposal,
            summary=summary,
            at=at,
            mail=mail_of.get(p.pk),
        )
        for p in wanted
    )
    return len(wanted)


def _compose(person: User, subject: str, template: str, content: dict) -> Email:
    """A mail in plain text and HTML, not saved. post-office renders what it is given, so it gets
    finished texts.
    """
    content = content | {"person": person, "base_url": settings.BASE_URL}
    finished = {
        "subject": " ".join(subject.split())[:200],
        "text": render_to_string(f"mail/{template}.txt", content),
        "html": render_to_string(f"mail/{template}.html", content),
    }
    return mail.send(
        [person.email],
        settings.DEFAULT_FROM_EMAIL,
        subject="{{ subject|safe }}",
        message="{{ text|safe }}",
        html_message="{{ html|safe }}",
        context=finished,
        commit=False,
    )


def _route(proposal: Proposal) -> str:
    return f"{proposal.source.name} → {proposal.target.name}"


def _link(proposal: Proposal) -> str:
    return f"{settings.ORIGIN}{proposal.get_absolute_url()}"
