"""`kill -9` at any moment: nothing acknowledged is lost, nothing half done is seen, and the work
goes on.
"""

import http.client
import os
import subprocess
import sys

import pytest
from post_office.models import STATUS, Email

from proposals import workflow
from proposals.history import verify
from proposals.models import Notice, Proposal, WebhookDelivery, WebhookEndpoint

from .. import factories
from ..receiver import receiving
from ..thorough import LONG
from .races import Company, broken, doubled
from .site import ROOT, Browser, serving, until, url_of_this_database
from .smtp import sink

pytestmark = pytest.mark.django_db(transaction=True)

WORKER_KILLS = 100 if LONG else 4
UNANSWERED = (ConnectionError, http.client.HTTPException)


class LastApproval:
    """A proposal that lacks the approval of its target, and the form on which somebody gives it."""

    def __init__(self, company, browser):
        source, target = company.people
        proposal = company.proposed([source, target])
        self.proposal = workflow.approve(proposal, sides=["SOURCE"], by=source)
        self.path, self.browser = f"/proposals/{proposal.pk}/approve/", browser
        self.form = browser.form(self.path) | {"side": "TARGET", "comment": ""}
        self.told = self.notices()

    def send(self, die_at=""):
        """The answer: (status, headers), or None when there was none."""
        try:
            return self.browser.post(self.path, self.form, **{"X-Die-At": die_at})
        except UNANSWERED:
            return None

    def notices(self):
        return Notice.objects.filter(proposal=self.proposal).count()

    def wrong(self, done):
        """What is neither as before nor as after the approval."""
        proposal = Proposal.objects.get(pk=self.proposal.pk)
        steps = list(proposal.transitions.order_by("number"))
        yield from broken(proposal, steps)
        yield from doubled(proposal, steps)
        seen = (proposal.state, len(steps), self.notices() - self.told)
        # Told are the maker and, for the list of updates alone, who approved for the source.
        if seen != (("FULLY_APPROVED", 4, 2) if done else ("SOURCE_APPROVED", 2, 0)):
            yield f"seen {seen}"


def points(statements):
    """Where to kill: each statement and around the commit in the long trial, some of them
    otherwise.
    """
    every = ["commit", "committed", *map(str, range(statements, 0, -1))]
    step = 1 if LONG else len(every) // (WORKER_KILLS - 2)
    return (every[:2] + every[2::step] * WORKER_KILLS)[:WORKER_KILLS]


def test_a_web_worker_killed_within_the_last_approval(record_property):
    company, wrong = Company(2), []
    company.maker = factories.user()  # who gets a mail, which is a part of the effect
    with serving(url_of_this_database()) as port:
        browser = Browser(port, company.people[1])
        status, headers = LastApproval(company, browser).send()
        assert status == 302
        where = points(int(headers["X-Statements"]))
        for number, point in enumerate(where, 1):
            approval = LastApproval(company, browser)
            assert approval.send(die_at=point) is None, f"survived {point}"
            wrong += [(point, "killed", what) for what in approval.wrong(done=point == "committed")]
            status, _ = approval.send()
            wrong += [(point, "again", status)] if status != 302 else []
            wrong += [(point, "again", what) for what in approval.wrong(done=True)]
            if number % 10 == 0:
                print(f"{number} kills, {len(wrong)} wrong", flush=True)
    figure = (
        f"{len(where)} kills of a web worker at {len(set(where))} points of the last approval, "
        f"{len(wrong)} wrong"
    )
    record_property("figure", figure)
    assert wrong == []
    assert list(verify.breaches()) == []


def queue_mails(number):
    """A mail for each of so many approvals, and for each proposal one to its approver."""
    company = Company(2)
    company.people = [factories.user(), factories.user()]
    company.maker = factories.user()
    for _ in range(number):
        workflow.approve(
            company.proposed(company.people[:1]), sides=["SOURCE"], by=company.people[0]
        )
    return set(Email.objects.values_list("message_id", flat=True))


@pytest.mark.once(on="postgresql")
def test_a_mail_worker_killed_between_sending_and_recording_it(record_property):
    wanted = 20 if LONG else 2
    queued, workers, before = queue_mails(30 if LONG else 5), [], []

    def on_mail(number):
        """Each worker but the last is killed at its first, second or third mail."""
        if len(workers) <= wanted and number - before[-1] > len(workers) % 3:
            workers[-1].kill()

    with sink(on_mail) as server:
        while unsent().exists():
            assert len(workers) <= wanted, "killed, and more often than asked for"
            before.append(len(server.taken))
            # As if the time were over for which a killed one had claimed what it was sending.
            unsent().update(scheduled_time=None)
            workers.append(start_worker(server.port))
            until(lambda: workers[-1].poll() is not None or not unsent().exists(), seconds=60)
        workers[-1].terminate()
        assert workers[-1].wait(timeout=30) == 0
    kills, taken = len(workers) - 1, [message["Message-ID"] for message in server.taken]
    again = len(taken) - len(set(taken))
    record_property(
        "figure",
        f"{kills} kills of the mail worker, {len(queued)} mails, 0 lost, {again} sent again",
    )
    assert set(taken) == queued
    assert kills == wanted


@pytest.mark.once(on="postgresql")
def test_a_worker_killed_while_a_receiver_takes_an_event_loses_none(record_property):
    wanted, workers = (20 if LONG else 2), []
    company = Company(2)

    def on_taken(number):
        if len(workers) <= wanted:
            workers[-1].kill()

    with receiving(on_taken=on_taken) as receiver:
        secret = WebhookEndpoint.objects.create(address=receiver.url).secrets[0]
        company.proposed(company.people)
        events = set(WebhookDelivery.objects.values_list("message_id", flat=True))
        while WebhookDelivery.objects.waiting().exists():
            assert len(workers) <= wanted, "killed, and more often than asked for"
            workers.append(start_worker(0, WEBHOOK_PRIVATE_ADDRESSES="127.0.0.1", WEBHOOK_HTTP="1"))
            until(
                lambda: (
                    workers[-1].poll() is not None or not WebhookDelivery.objects.waiting().exists()
                ),
                seconds=60,
            )
        workers[-1].terminate()
        assert workers[-1].wait(timeout=30) == 0
        assert len(receiver.events(secret)) == len(workers) == wanted + 1
    assert set(receiver.numbers()) == {f"msg_{number.hex}" for number in events}
    record_property("figure", f"{wanted} kills of a worker that sends webhooks, 0 lost")


def unsent():
    return Email.objects.exclude(status=STATUS.sent)


def start_worker(port, **more):
    environ = os.environ | {"DATABASE_URL": url_of_this_database(), "DEBUG": "1"}
    environ |= {"EMAIL_URL": f"smtp://127.0.0.1:{port}"} | more
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(
        [sys.executable, "manage.py", "worker"], cwd=ROOT, env=environ, **silent
    )
