"""Who is told what.

A notice is queued in the transaction of its event (django-post-office keeps the mails in this
database), once per event and recipient, and never for something rolled back. What people wrote
reaches a mail as context only, so it can neither break nor steer it. Links come from BASE_URL
alone, and none of them decides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from post_office import mail
from post_office.models import STATUS, Email

from ..history.proposal_content import content_of, differences
from ..models import (
    Notice,
    Notices,
    PhysicalFlow,
    Proposal,
    Remark,
    Right,
    Side,
    Transition,
    User,
    actions,
    deciders,
    delegations_of,
    rights_on,
)

NEWS = timedelta(days=1)
# What has to be read with a notice to know what it tells, and whether that is still wanted.
READ_WITH: tuple[str, ...] = (
    "transition",
    "recipient",
    "delegation",
    "physical_flow__logical_flow",
    "remark__proposal",
    "proposal__source",
    "proposal__target",
    "proposal__maker",
)
GIVE_UP = timedelta(days=3)  # how long a mail is tried again that no server takes


@dataclass(frozen=True)
class News:
    """What is told of `step`, or `reminder_day` days after it as a reminder."""

    proposal: Proposal
    step: Transition
    at: datetime
    subject: str
    summary: str
    comment: str = ""
    reminder_day: int = 0


@dataclass(frozen=True)
class Ask:
    """That the reader may decide for a side, and by what right."""

    side: Side
    right: Right


def tell(proposal: Proposal, step: Transition) -> None:
    """After a step: those who can decide that it has reached them, or those it concerns what was
    done.
    """
    if actions()[step.action].submits:
        subject = f"Please decide: {route(proposal)}"
        which = f"proposal {proposal.pk}"
        if proposal.round_in_words:
            which += f" ({proposal.round_in_words})"
        summary = f"{proposal.maker} asks for your decision on {which}, {route(proposal)}."
        _queue(News(proposal, step, step.at, subject, summary), able_to_decide(proposal))
        return
    is_complete = proposal.result_logical_flow_id is not None
    done = "fully approved" if is_complete else step.done
    subject = f"Proposal {proposal.pk} {done}: {route(proposal)}"
    for person in _concerned(proposal, step):
        which = f"Your proposal {proposal.pk}"
        if person != proposal.maker:
            which = f"Proposal {proposal.pk} of {proposal.maker}"
        summary = f"{which}, {route(proposal)}: {step.sentence}"
        if is_complete:
            summary += " It is fully approved, and the register is up to date."
        _queue(News(proposal, step, step.at, subject, summary, step.comment), {person: []})


def _concerned(proposal: Proposal, step: Transition) -> list[User]:
    """The maker, and whoever decided before; where it ended without a decision, everybody who was
    asked for one. Never who took the step.
    """
    decisions = proposal.transitions.exclude(side="").select_related("by")
    people = [proposal.maker, *(decision.by for decision in decisions if decision.by)]
    if step.ends_undecided:
        asked = Notice.objects.filter(proposal=proposal, transition__action__in=submitting())
        people += User.objects.filter(pk__in=asked.values("recipient")).order_by("pk")
    return [person for person in dict.fromkeys(people) if person != step.by]


def able_to_decide(proposal: Proposal) -> dict[User, list[Ask]]:
    """Everybody who can decide now for a side that has not, and by what rights."""
    asks: dict[User, list[Ask]] = {}
    for side in proposal.undecided_sides:
        for right in rights_on(proposal, side):
            if right.user:
                asks.setdefault(right.user, []).append(Ask(side, right))
    return asks


def tell_of_addition(physical: PhysicalFlow, *, by: User, at: datetime) -> None:
    """Those who may approve on either side hear that a physical flow was added without a proposal.
    Never `by`, who added it.
    """
    if at < timezone.now() - NEWS:
        return
    flow = physical.logical_flow
    approvers = [row for row in deciders([flow.source_id, flow.target_id]) if row.may_approve]
    delegations = delegations_of({row.user_id for row in approvers})
    people = [row.user for row in approvers] + [row.delegate for row in delegations]
    recipients = [person for person in dict.fromkeys(people) if person != by]
    recipients = [person for person in recipients if wants_any(person)]
    summary = (
        f"{by} added the physical flow {physical} to {flow.source.name} → {flow.target.name}, "
        f"under the approval of proposal {physical.origin_proposal_id}. "
        "It was not itself approved."
    )
    subject = f"Physical flow added: {flow.source.name} → {flow.target.name}"
    content = {"summary": summary, "physical": physical, "link": link_to(physical)}
    mails = {
        person.pk: compose(person, subject, "addition", content)
        for person in recipients
        if wants_each(person)
    }
    Email.objects.bulk_create(mails.values())
    Notice.objects.bulk_create(
        Notice(
            physical_flow=physical,
            recipient=person,
            summary=summary,
            at=at,
            mail=mails.get(person.pk),
        )
        for person in recipients
    )


def tell_of_remark(remark: Remark, mentioned: Iterable[User]) -> None:
    """The maker, whoever remarked before in any round, and who is mentioned. Never who says it."""
    if remark.at < timezone.now() - NEWS:
        return
    proposal, by = remark.proposal, remark.by
    mentioned = set(mentioned)
    people = [proposal.maker, *mentioned]
    said = Remark.objects.filter(proposal__in=proposal.rounds()).values("by")
    people += User.objects.filter(pk__in=said).order_by("pk")
    people = [person for person in dict.fromkeys(people) if person != by and wants_any(person)]
    about = f" about “{remark.topic_label}”" if remark.topic else ""
    where = f"on proposal {proposal.pk}, {route(proposal)}{about}."
    summaries = {
        person.pk: f"{by} mentions you in a remark {where}"
        if person in mentioned
        else f"{by} remarks {where}"
        for person in people
    }
    subject = f"Remark on proposal {proposal.pk}: {route(proposal)}"
    content = {"remark": remark, "proposal": proposal, "link": link_to(remark)}
    mails = {
        person.pk: compose(
            person, subject, "remark", content | {"summary": summaries[person.pk]}, proposal
        )
        for person in people
        if wants_each(person)
    }
    Email.objects.bulk_create(mails.values())
    Notice.objects.bulk_create(
        Notice(
            remark=remark,
            recipient=person,
            proposal=proposal,
            summary=summaries[person.pk],
            at=remark.at,
            mail=mails.get(person.pk),
        )
        for person in people
    )


def is_wanted(notice: Notice) -> bool:
    """Whether its recipient still needs to hear it.

    Not who is no longer active; not a request for a decision that the recipient can no longer make;
    not the end of a proposal by somebody whose own request was never sent.
    """
    if not notice.recipient.is_active:
        return False
    if notice.transition is None or notice.proposal is None:
        return True
    if notice.asks:
        return notice.recipient in able_to_decide(notice.proposal)
    if notice.transition.ends_undecided and notice.recipient != notice.proposal.maker:
        asked = Notice.objects.filter(
            proposal=notice.proposal,
            recipient=notice.recipient,
            transition__action__in=submitting(),
        )
        decided = notice.proposal.transitions.exclude(side="").filter(by=notice.recipient)
        return asked.filter(mail__status=STATUS.sent).exists() or decided.exists()
    return True


def submitting() -> list[str]:
    """The names of the actions that ask for a decision."""
    return [action.name for action in actions().values() if action.submits]


@transaction.atomic
def remind(proposal: Proposal, at: datetime) -> int:
    """Remind those who still have to decide, on the days the policy says; how many were told.

    Each day of reminding is an event, so a second pass on the same day tells nobody twice.
    """
    if not proposal.is_open or not proposal.submitted_at:
        return 0
    every = proposal.policy.remind_after_days
    days = (at - proposal.submitted_at).days
    reminder_day = days // every * every
    if reminder_day < 1:
        return 0
    subject = f"Still waiting for you: {route(proposal)}"
    waiting = f"Proposal {proposal.pk}, {route(proposal)}, by {proposal.maker}"
    summary = f"{waiting} has waited for {days} {'day' if days == 1 else 'days'}. Please decide."
    submission = proposal.transitions.filter(action__in=submitting()).latest("number")
    news = News(proposal, submission, at, subject, summary, reminder_day=reminder_day)
    return _queue(news, able_to_decide(proposal))


def send_digests(at: datetime) -> int:
    """One mail for each person with notices that wait for the daily digest and are from before
    today; how many mails.

    Safe to run at any time and twice at once: what has gone into a digest waits no more.
    """
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    waiting = Notice.objects.filter(mail=None, withdrawn=False, at__lt=today)
    people = User.objects.filter(pk__in=waiting.values("recipient"), is_active=True)
    people = people.exclude(notices_wanted=Notices.NONE)
    return sum(_digest(person, today) for person in people if has_address(person))


@transaction.atomic
def _digest(person: User, before: datetime) -> int:
    """What is no longer wanted is left out; with nothing left there is no mail."""
    waiting = Notice.objects.select_for_update(of=("self",)).filter(
        mail=None, withdrawn=False, recipient=person, at__lt=before
    )
    waiting = waiting.select_related(*READ_WITH).order_by("at", "pk")
    wanted = {notice.pk: is_wanted(notice) for notice in waiting}
    Notice.objects.filter(pk__in=[pk for pk, is_so in wanted.items() if not is_so]).update(
        withdrawn=True
    )
    news = [notice for notice in waiting if wanted[notice.pk]]
    if not news:
        return 0
    items = [(notice.summary, link_to(notice)) for notice in news]
    subject = f"waltzflow: {len(news)} {'update' if len(news) == 1 else 'updates'}"
    made = compose(person, subject, "digest", {"items": items})
    made.save()
    Notice.objects.filter(pk__in=[notice.pk for notice in news]).update(mail=made)
    return 1


def tell_administrators(failures: Iterable[tuple[Email, str]]) -> None:
    """Queue a mail to every active superuser: whom no mail reaches, and why."""
    undeliverable = [(", ".join(email.to), email.subject, answer) for email, answer in failures]
    number = len(undeliverable)
    subject = f"waltzflow: {number} {'mail' if number == 1 else 'mails'} could not be delivered"
    content = {"undeliverable": undeliverable, "days": GIVE_UP.days}
    unreachable = {address for email, _ in failures for address in email.to}
    people = User.objects.filter(is_superuser=True, is_active=True)
    Email.objects.bulk_create(
        compose(person, subject, "undeliverable", content)
        for person in people.exclude(email__in=unreachable)
        if has_address(person)
    )


def _queue(news: News, people: Mapping[User, list[Ask]]) -> int:
    """A notice and, for those who want each event, its mail. Stories of the past are no news and
    queue nothing.
    """
    if news.at < timezone.now() - NEWS:
        return 0
    event = {"transition": news.step, "reminder_day": news.reminder_day}
    informed = set(Notice.objects.filter(**event).values_list("recipient", flat=True))
    recipients = [person for person in people if person.pk not in informed and wants_any(person)]
    at_once = [person for person in recipients if wants_each(person)]
    proposal = news.proposal
    content = {"news": news, "proposal": proposal, "link": link_to(proposal)}
    if at_once and proposal.is_open:
        content["lines"] = content_of([proposal])[proposal.pk]
        if proposal.revises:
            content["changes"] = differences(proposal.revises, proposal)
    mails = Email.objects.bulk_create(
        compose(person, news.subject, "notice", content | {"asks": people[person]}, proposal)
        for person in at_once
    )
    mail_of = {person.pk: made for person, made in zip(at_once, mails, strict=True)}
    Notice.objects.bulk_create(
        Notice(
            **event,
            recipient=person,
            proposal=proposal,
            summary=news.summary,
            at=news.at,
            mail=mail_of.get(person.pk),
            # What is asked waits in the inbox, and is not counted a second time.
            read_at=news.at if actions()[news.step.action].submits else None,
        )
        for person in recipients
    )
    return len(recipients)


def wants_any(person: User) -> bool:
    return person.is_active and person.notices_wanted != Notices.NONE


def wants_each(person: User) -> bool:
    """Whether there is a mail for each event; otherwise they wait for the digest."""
    is_each = wants_any(person) and person.notices_wanted == Notices.EACH
    return is_each and has_address(person)


def has_address(person: User) -> bool:
    """Whether a mail to them can be written. What no door would have let in, however it came, must
    not break the act that somebody else is told of.
    """
    try:
        validate_email(person.email)
    except ValidationError:
        return False
    return True


def compose(
    person: User, subject: str, template: str, content: dict, about: Proposal | None = None
) -> Email:
    """A mail in plain text and HTML, not saved; those `about` one proposal, its other rounds too,
    are shown together by whatever reads them. post-office renders what it is given, so it gets
    finished texts.
    """
    # The second is Exchange's own word for it: no absence notes, please.
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if about:
        # No mail has this id; mail programs put side by side what answers the same.
        first_round = about.first_round_id or about.pk
        thread = f"<proposal-{first_round}@{settings.POST_OFFICE['MESSAGE_ID_FQDN']}>"
        headers |= {"In-Reply-To": thread, "References": thread}
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
        headers=headers,
        commit=False,
    )


def route(proposal: Proposal) -> str:
    return f"{proposal.source.name} → {proposal.target.name}"


def link_to(shown: Proposal | PhysicalFlow | Remark | Notice) -> str:
    return f"{settings.ORIGIN}{shown.get_absolute_url()}"
