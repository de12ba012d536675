"""The races: who runs for what, and what is wrong in the end if anything is.

A race makes one round: its acts, each a function for a racer, and the judge, who is given what
became of each act and answers with what is wrong, a sentence each.
"""

from collections import Counter
from datetime import timedelta
from functools import partial
from itertools import count
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from proposals import workflow
from proposals.errors import Refused
from proposals.models import LogicalFlow, PhysicalFlow, Proposal, end_states
from proposals.workflow.retry import retrying_transaction

from .. import factories

SIDES = [["SOURCE"], ["TARGET"], ["SOURCE", "TARGET"]]


class Company:
    """People enough for as many racers as there are. Each decides for both ends of what `proposed`
    makes.
    """

    def __init__(self, racers):
        factories.rule("Data Owner")
        self.racers, self.types = racers, [factories.data_type()]
        self.maker, self.people = self.person(), [self.person() for _ in range(racers)]

    def person(self):
        return factories.user(notices_wanted="NONE")

    def proposed(self, deciders, **fields):
        """A proposal between two new systems."""
        source, target = factories.system(), factories.system()
        for person in deciders:
            factories.involve(person, source)
            factories.involve(person, target)
        return factories.proposed(self.maker, source, target, self.types, **fields)


# For one end. An act is (verb, who, function), and the clock is nobody.


def approve(proposal, person, place):
    return (
        "approve",
        person,
        partial(workflow.approve, proposal, sides=SIDES[place % len(SIDES)], by=person),
    )


def reject(proposal, person, place):
    side = ["SOURCE", "TARGET"][place // 2 % 2]
    return "reject", person, partial(workflow.reject, proposal, side=side, by=person, comment="No.")


def cancel(proposal, person, place):
    return "cancel", proposal.maker, partial(workflow.cancel, proposal, by=proposal.maker)


def time_out(proposal, person, place):
    """With the time at which the pass of the clock began: meanwhile somebody may have decided."""
    return "time_out", None, partial(workflow.time_out, proposal, at=timezone.now())


def approve_against(other, company, **fields):
    """One half approves, the other half does `other`."""
    proposal = company.proposed(company.people, **fields)
    acts = [
        (approve, other)[place % 2](proposal, person, place)
        for place, person in enumerate(company.people)
    ]
    return [act for _, _, act in acts], lambda outcomes: [*of_an_end(proposal, acts, outcomes)]


def of_an_end(proposal, acts, outcomes):
    """One legal history, one end, at most one flow, and everybody told what is so."""
    yield from of_a_history(proposal, outcomes)
    steps = list(proposal.transitions.exclude(action__in=["propose", "complete"]))
    done = Counter(
        (verb, who)
        for (verb, who, _), outcome in zip(acts, outcomes, strict=True)
        if is_done(outcome)
    )
    trail = {(step.action.removesuffix(f"_{step.side.lower()}"), step.by) for step in steps}
    if set(done) != trail or max(done.values(), default=0) > 1:
        yield f"told as done: {done}, but the trail says {trail}"
    if Proposal.objects.get(pk=proposal.pk).state not in end_states():
        yield "it has not ended"


def of_a_history(proposal, outcomes):
    proposal = Proposal.objects.get(pk=proposal.pk)
    steps = list(proposal.transitions.order_by("number"))
    yield from untold(outcomes)
    yield from broken(proposal, steps)
    yield from doubled(proposal, steps)


def is_done(outcome):
    return not isinstance(outcome, Exception)


def untold(outcomes):
    """Losers to whom nobody said why."""
    failed = [
        outcome for outcome in outcomes if not is_done(outcome) and not isinstance(outcome, Refused)
    ]
    return [f"not told, but {outcome!r}" for outcome in failed]


def broken(proposal, steps):
    """The trail is numbered without gap, each step from where the last went, the last to the state;
    time goes on.
    """
    states = ["PROPOSED_CREATE", *(step.to_state for step in steps)]
    chained = [(number, start) for number, start in enumerate(states[:-1], 1)]
    if [(step.number, step.from_state) for step in steps] != chained or states[
        -1
    ] != proposal.state:
        yield f"the chain is broken: {steps}, but {proposal.state}"
    if sorted(steps, key=lambda step: step.at) != steps:
        yield f"time runs backwards: {[(step.number, step.at.isoformat()) for step in steps]}"


def doubled(proposal, steps):
    """More than one end, more than one decision for a side, or flows that are not what the end
    says.
    """
    ends = [step.to_state for step in steps if step.to_state in end_states()]
    if len(ends) > 1:
        yield f"ended more than once: {ends}"
    if max(Counter(step.side for step in steps if step.side).values(), default=0) > 1:
        yield f"a side decided twice: {steps}"
    flows = LogicalFlow.objects.filter(source=proposal.source, target=proposal.target).count()
    physical = PhysicalFlow.objects.filter(logical_flow__source=proposal.source).count()
    expected = int(proposal.state == "FULLY_APPROVED")
    if (flows, physical) != (expected, expected):
        yield f"{flows} logical and {physical} physical flows, but {proposal.state}"


# For a right


def withdraw_approve(company):
    """Each approver decides while what gives the right is taken away: the involvement, the account,
    the delegation.
    """
    people = [company.person() for _ in range(company.racers // 2)]
    proposal, tickets = company.proposed(people), count(1)
    pairs = [
        [own, account, delegation][place % 3](company, person)
        for place, person in enumerate(people)
    ]
    acts = []
    for place, (decides, withdraw) in enumerate(pairs):
        _, _, decide = approve(proposal, decides, place)
        acts += [ticketed(decide, tickets), ticketed(withdraw, tickets)]
    return acts, lambda outcomes: [*of_a_history(proposal, outcomes), *of_rights(outcomes)]


def ticketed(act, tickets):
    """The act as one transaction that draws a number as the last thing it does.

    As long as one of two acts waits for the other, the first has the lower number.
    """

    @retrying_transaction
    def drawing():
        act()
        return next(tickets)

    return drawing


def own(company, person):
    def end():
        for involvement in person.involvements.order_by("pk"):
            involvement.ended_at = timezone.now()
            involvement.save()

    return person, end


def account(company, person):
    def deactivate():
        person.is_active = False
        person.save()

    return factories.User.objects.get(pk=person.pk), deactivate


def delegation(company, person):
    """Ended on the page of the one who gave it."""
    given, giver = factories.delegate(person, company.person()), signed_in(person)
    end = partial(giver.post, f"/me/delegations/{given.pk}/end/", {"form_key": str(uuid4())})
    return given.delegate, end


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def of_rights(outcomes):
    """Whoever lost the right first decides nothing; and to take it away always succeeds."""
    for decided, withdrawn in zip(outcomes[::2], outcomes[1::2], strict=True):
        if not is_done(withdrawn):
            yield f"the right could not be withdrawn: {withdrawn!r}"
        elif is_done(decided) and withdrawn < decided:
            yield f"decided ({decided}) after the right was withdrawn ({withdrawn})"


# For one proposal


def submit_submit(company):
    """The same from everybody: as a draft long kept, and written just now."""
    source, target = factories.system(), factories.system()
    acts = []
    for place, person in enumerate(company.people):
        if place % 2:
            draft = factories.draft(person, source, target, company.types)
            acts.append(partial(workflow.propose, draft, by=person))
        else:
            wish = factories.wish(
                maker=person, source=source, target=target, reason=factories.reason()
            )
            acts.append(partial(workflow.submit, wish, company.types, by=person))
    return acts, lambda outcomes: [
        *untold(outcomes),
        *of_twins(Proposal.objects.filter(source=source), outcomes),
    ]


def of_twins(proposals, outcomes):
    done, submitted = sum(map(is_done, outcomes)), proposals.submitted().count()
    if (done, submitted) != (1, 1):
        yield f"{done} were told that they proposed it, and {submitted} stand"


def form(source, target, types):
    wanted = {
        "source": str(source),
        "target": str(target),
        "with_physical_flow": "True",
        "submit": "1",
    }
    wanted |= {
        "reason": factories.reason().pk,
        "data_types": [made.pk for made in types],
        "form_key": str(uuid4()),
    }
    return factories.WISH | wanted


def one_form(company):
    """One form, sent as often as there are racers, has one effect and leads to one page."""
    source, target = factories.system(), factories.system()
    sent = form(source, target, company.types)
    first = signed_in(company.maker)
    cookie = {"cookie": f"sessionid={first.cookies['sessionid'].value}"}
    acts = [lambda: Client(headers=cookie).post("/proposals/new/", sent)] * company.racers

    def judge(outcomes):
        yield from untold(outcomes)
        answers = {
            (answer.status_code, answer.headers.get("Location"))
            for answer in outcomes
            if is_done(answer)
        }
        pages = {(302, made.get_absolute_url()) for made in Proposal.objects.filter(source=source)}
        if answers != pages or len(pages) != 1:
            yield f"the answers lead to {answers}, but there is {pages}"

    return acts, lambda outcomes: [*judge(outcomes)]


RACES = {
    "approve/approve": partial(approve_against, approve),
    "approve/reject": partial(approve_against, reject),
    "approve/cancel": partial(approve_against, cancel),
    "approve/time-out": lambda company: approve_against(
        time_out, company, at=timezone.now() - timedelta(days=40)
    ),
    "withdraw right/approve": withdraw_approve,
    "submit/submit": submit_submit,
    "one form sent by all": one_form,
}
