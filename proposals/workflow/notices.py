"""Who is told what.

A notice is queued in the transaction of its event (django-post-office keeps the mails in this
database), once per event and recipient, and never for something rolled back.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
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
    Watch,
    WebhookEndpoint,
    actions,
    deciders,
    delegations_of,
    rights_on,
)
from .mails import compose, has_address, in_time_of, link_to

NEWS = timedelta(days=1)
COMPLETE = " It is fully approved, and the register is up to date."
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
class Event:
    """What people are told of, and the mail that tells it.

    `named` are the fields of their notices that name it; `content` makes what the template of the
    mail shows to everybody, and is called once, or not at all if nobody gets a mail; is it `read`
    from the start, nobody finds it among what is new; `in_digest` it waits for the daily digest of
    those too who want a mail for each event. Nobody was told before of one that `is_new`.
    """

    named: Mapping[str, object]
    at: datetime
    subject: str
    template: str
    content: Callable[[], Mapping[str, object]]
    proposal: Proposal | None = None
    read: bool = False
    in_digest: bool = False
    is_new: bool = False


@dataclass(frozen=True)
class Ask:
    """That the reader may decide for a side, and by what right."""

    side: Side
    right: Right


@dataclass(frozen=True)
class Message:
    """What one person is told of an event: in a sentence, and what they may decide."""

    summary: str
    asks: Sequence[Ask] = ()


def tell(proposal: Proposal, step: Transition, in_digest: bool = False) -> None:
    """After a step: those who can decide that it has reached them, or those it concerns what was
    done.
    """
    if actions()[step.action].submits:
        which = f"proposal {proposal.pk}"
        if proposal.round_in_words:
            which += f" ({proposal.round_in_words})"
        summary = f"{proposal.maker} asks for your decision on {which}, {route(proposal)}."
        subject = f"Please decide: {route(proposal)}"
        able = able_to_decide(proposal)
        ask(proposal, step, able, step.at, subject, summary, in_digest=in_digest, is_new=True)
        return
    is_complete = proposal.result_logical_flow_id is not None
    done = "fully approved" if is_complete else step.done
    messages: dict[User, Message] = {}
    for person in _concerned(proposal, step):
        which = f"Your proposal {proposal.pk}"
        if person != proposal.maker:
            which = f"Proposal {proposal.pk} of {proposal.maker}"
        messages[person] = Message(_news(which, proposal, step, person))
    which = f"Proposal {proposal.pk} of {proposal.maker}"
    for person, why in _watchers(proposal, step).items():
        if person != step.by:
            summary = _news(which, proposal, step, person)
            messages.setdefault(person, Message(f"{summary} {why}"))
    subject = f"Proposal {proposal.pk} {done}: {route(proposal)}"
    content = partial(_content, proposal, step.comment)
    event = Event(
        {"transition": step},
        step.at,
        subject,
        "notice",
        content,
        proposal,
        in_digest=in_digest,
        is_new=True,
    )
    announce(event, messages)


def _news(which: str, proposal: Proposal, step: Transition, person: User) -> str:
    """What was done with the proposal, for `person`, and when by their clock."""
    with in_time_of(person):
        news = f"{which}, {route(proposal)}: {step.sentence}"
    return news if proposal.result_logical_flow_id is None else news + COMPLETE


def ask(
    proposal: Proposal,
    submission: Transition,
    people: Mapping[User, Sequence[Ask]],
    at: datetime,
    subject: str,
    summary: str,
    reminder_day: int = 0,
    in_digest: bool = False,
    is_new: bool = False,
) -> int:
    """Tell people who can decide now what waits for them, and by what right; how many were told."""
    named = {"transition": submission, "reminder_day": reminder_day}
    # What is asked waits in the inbox, and is not counted a second time.
    content = partial(_content, proposal)
    event = Event(named, at, subject, "notice", content, proposal, True, in_digest, is_new)
    return announce(event, {person: Message(summary, asks) for person, asks in people.items()})


def _content(proposal: Proposal, comment: str = "") -> dict[str, object]:
    """Of a mail about a proposal. What is asked is the same for everybody, so that it is written
    once, however many are told.
    """
    content = {"proposal": proposal, "link": link_to(proposal), "comment": comment}
    if proposal.is_open:
        asked: dict[str, object] = {"lines": content_of([proposal])[proposal.pk]}
        if proposal.revises:
            asked["changes"] = differences(proposal.revises, proposal)
        for kind in ("txt", "html"):
            content[f"asked_{kind}"] = render_to_string(f"mail/_asked.{kind}", content | asked)
    return content


def _concerned(proposal: Proposal, step: Transition) -> list[User]:
    """The maker, and whoever decided before; where it ended without a decision, everybody who was
    asked for one. Never who took the step.
    """
    people = [proposal.maker, *(taken.by for taken in proposal.steps if taken.side and taken.by)]
    if step.ends_undecided:
        asked = Notice.objects.filter(proposal=proposal, transition__action__in=submitting())
        people += User.objects.filter(pk__in=asked.values("recipient")).order_by("pk")
    return [person for person in dict.fromkeys(people) if person != step.by]


def _watchers(proposal: Proposal, step: Transition) -> dict[User, str]:
    """Who hears of a step because they watch -> why. Of an end without a decision those who watch
    the proposal itself, as everybody else who waits for nothing more.
    """
    if step.ends_undecided:
        return Watch.objects.on(proposal).reasons()
    ends = [proposal.source_id, proposal.target_id]
    return Watch.objects.on_any(ends, proposal).reasons()


def able_to_decide(proposal: Proposal) -> dict[User, list[Ask]]:
    """Everybody who can decide now for a side that has not, and by what rights."""
    asks: dict[User, list[Ask]] = {}
    if proposal.undecided_sides:
        proposal.rights.delegations.read_all()
    for side in proposal.undecided_sides:
        for right in rights_on(proposal, side):
            if right.user:
                asks.setdefault(right.user, []).append(Ask(side, right))
    return asks


def tell_of_addition(physical: PhysicalFlow, *, by: User, at: datetime) -> None:
    """Those who may approve on either side, and who watches one of the systems, hear that a
    physical flow was added without a proposal. Never `by`, who added it.
    """
    flow = physical.logical_flow
    approvers = [row for row in deciders([flow.source_id, flow.target_id]) if row.may_approve]
    delegations = delegations_of({row.user_id for row in approvers})
    delegations.read_all()
    people = [row.user for row in approvers]
    people += [
        delegations.delegate(running.delegate_id)
        for row in approvers
        for running in delegations.given_by(row.user_id)
        if running.covers(row.system_id)
    ]
    summary = (
        f"{by} added the physical flow {physical} to {flow.source.name} → {flow.target.name}, "
        f"under the approval of proposal {physical.origin_proposal_id}. "
        "It was not itself approved."
    )
    subject = f"Physical flow added: {flow.source.name} → {flow.target.name}"
    event = Event(
        {"physical_flow": physical},
        at,
        subject,
        "addition",
        lambda: {"physical": physical, "link": link_to(physical)},
    )
    watchers = Watch.objects.on_any([flow.source_id, flow.target_id]).reasons()
    messages = {person: Message(f"{summary} {why}") for person, why in watchers.items()}
    messages |= {person: Message(summary) for person in people}
    messages.pop(by, None)
    announce(event, messages)


def tell_of_remark(remark: Remark, mentioned: Iterable[User]) -> None:
    """The maker, whoever remarked before in any round, who is mentioned, and who watches. Never who
    says it.
    """
    proposal, by = remark.proposal, remark.by
    mentioned = set(mentioned)
    speakers = Remark.objects.filter(proposal__in=proposal.rounds()).values("by")
    people = [proposal.maker, *mentioned, *User.objects.filter(pk__in=speakers).order_by("pk")]
    about = f" about “{remark.topic_label}”" if remark.topic else ""
    where = f"on proposal {proposal.pk}, {route(proposal)}{about}."
    subject = f"Remark on proposal {proposal.pk}: {route(proposal)}"
    event = Event(
        {"remark": remark},
        remark.at,
        subject,
        "remark",
        lambda: {"remark": remark, "link": link_to(remark)},
        proposal,
    )
    told = f"{by} remarks {where}", f"{by} mentions you in a remark {where}"
    watchers = Watch.objects.on(proposal).reasons()
    messages = {person: Message(f"{told[False]} {why}") for person, why in watchers.items()}
    messages |= {person: Message(told[person in mentioned]) for person in people}
    messages.pop(by, None)
    announce(event, messages)


def announce(event: Event, messages: Mapping[User, Message]) -> int:
    """A notice to each and, for those who want every event, its mail; how many were told. Who wants
    no mail finds it on the site.

    Nobody is told twice of one event, and nobody of one that is long past.
    """
    if event.at < timezone.now() - NEWS:
        return 0
    told = Notice.objects.none() if event.is_new else Notice.objects.filter(**event.named)
    informed = set(told.values_list("recipient", flat=True))
    recipients = [person for person in messages if person.pk not in informed and person.is_active]
    at_once = [p for p in recipients if wants_each(p) and not event.in_digest]
    mails = Email.objects.bulk_create(_mails(event, at_once, messages))
    mail_of = dict(zip(at_once, mails, strict=True))
    Notice.objects.bulk_create(
        Notice(
            **event.named,
            recipient=person,
            proposal=event.proposal,
            summary=messages[person].summary,
            at=event.at,
            mail=mail_of.get(person),
            withdrawn=not wants_any(person),
            read_at=event.at if event.read else None,
        )
        for person in recipients
    )
    return len(recipients)


def _mails(event: Event, people: list[User], messages: Mapping[User, Message]) -> list[Email]:
    """One for each of `people`; what is the same for all in one time zone is written once."""
    contents: dict[ZoneInfo | None, Mapping[str, object]] = {}
    for person in people:
        if person.zone not in contents:
            with in_time_of(person):
                contents[person.zone] = event.content()
    return [
        compose(
            person,
            event.subject,
            event.template,
            {
                **contents[person.zone],
                "summary": messages[person].summary,
                "asks": messages[person].asks,
            },
            event.proposal,
        )
        for person in people
    ]


def is_wanted(notice: Notice) -> bool:
    """Whether its recipient still needs to hear it.

    Not who is no longer active; not a request for a decision that the recipient can no longer make;
    not the end of a proposal by somebody whose own request was never sent, unless they watch it.
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
        watches = Watch.objects.on(notice.proposal).filter(user=notice.recipient)
        was_asked = asked.filter(mail__status=STATUS.sent)
        return was_asked.exists() or decided.exists() or watches.exists()
    return True


def submitting() -> list[str]:
    """The names of the actions that ask for a decision."""
    return [action.name for action in actions().values() if action.submits]


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
    _mail_administrators(subject, "undeliverable", content, but=unreachable)


def tell_of_lost_webhooks(endpoint: WebhookEndpoint, answer: str) -> None:
    """Queue a mail to every active superuser: what a receiver did not take is given up."""
    subject = "waltzflow: webhooks could not be delivered"
    # Not its address: that may hold what only the receiver should know.
    _mail_administrators(subject, "lost_webhooks", {"endpoint": endpoint, "answer": answer})


def _mail_administrators(
    subject: str, template: str, content: dict, but: Iterable[str] = ()
) -> None:
    people = User.objects.administrators().exclude(email__in=but)
    Email.objects.bulk_create(
        compose(person, subject, template, content) for person in people if has_address(person)
    )


def wants_any(person: User) -> bool:
    """Whether they get mails at all."""
    return person.is_active and person.notices_wanted != Notices.NONE


def wants_each(person: User) -> bool:
    """Whether there is a mail for each event; otherwise they wait for the digest."""
    is_each = wants_any(person) and person.notices_wanted == Notices.EACH
    return is_each and has_address(person)


def route(proposal: Proposal) -> str:
    return f"{proposal.source.name} → {proposal.target.name}"
