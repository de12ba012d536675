"""Who is told what, and what the clock does."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from html import unescape
from pathlib import Path
from threading import Thread

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError, connection, transaction
from django.test import override_settings
from django.test.signals import template_rendered
from django.utils import timezone
from post_office.models import STATUS, Email

from proposals import workflow
from proposals.errors import Conflict
from proposals.models import Notice, Proposal, User
from proposals.workflow import notices, periodic, reminders, sending

from . import factories
from .trials.smtp import sink

ROOT = Path(__file__).parent.parent


def told(**wanted):
    return sorted(str(notice.recipient) for notice in Notice.objects.filter(**wanted))


def mails_to(person):
    return [email for email in Email.objects.order_by("pk") if email.to == [person.email]]


def test_a_submission_tells_everybody_who_can_decide_once(cast, proposal):
    assert told() == ["Bo Both", "Dee Delegate", "Rey Rejecter", "Sam Source", "Tess Target"]
    [email] = mails_to(cast.source_approver)
    assert email.subject == "Please decide: Ledger → Risk Engine"
    for sent in (email.message, email.html_message):
        text = " ".join(sent.split())
        assert "Mia Maker asks for your decision" in text
        assert "Ledger (LEDGER) to Risk Engine (RISK)" in text
        assert "the source and the target" in text
        assert f"http://127.0.0.1:8000/proposals/{proposal.pk}/" in text
        assert "/approve" not in text


@pytest.mark.django_db(transaction=True)
def test_the_mails_about_one_proposal_are_read_as_one_conversation(cast, source, target):
    first = factories.proposed(cast.maker, source, target)
    other = factories.proposed(cast.maker, source, target, specification_name="other.csv")
    workflow.approve(first, sides=["SOURCE"], by=cast.source_approver)
    periodic.send_mail(timezone.now())
    threads: dict[str, set] = {}
    for sent in mail.outbox:
        headers = sent.message()
        assert headers["References"] == headers["In-Reply-To"] != headers["Message-ID"]
        threads.setdefault(headers["References"], set()).add(sent.subject)
    assert {thread: len(subjects) for thread, subjects in threads.items()} == {
        f"<proposal-{first.pk}@127.0.0.1>": 2,
        f"<proposal-{other.pk}@127.0.0.1>": 1,
    }


@pytest.mark.parametrize("address", ["nobody", "a@b", "a@example.com-1", "a b@example.com", ""])
def test_an_address_that_is_none_breaks_no_act_of_others(cast, source, target, address):
    User.objects.filter(pk=cast.both.pk).update(email=address)
    User.objects.filter(pk=cast.superuser.pk).update(email=f"x{address}")
    factories.proposed(cast.maker, source, target)
    assert "Bo Both" in told()
    assert Email.objects.count() == len(told()) - 1
    assert periodic.send_digests(timezone.now() + timedelta(days=1)) == (0, 0)
    notices.tell_administrators([(Email.objects.first(), "550 no such user")])


def test_what_is_asked_is_written_once_however_many_are_asked(cast, source, target):
    written = Counter()

    def count(template, **_):
        written[template.name] += 1

    template_rendered.connect(count)
    try:
        factories.proposed(cast.maker, source, target)
    finally:
        template_rendered.disconnect(count)
    mails = Email.objects.count()
    assert mails > 3
    assert written["mail/notice.txt"] == written["mail/notice.html"] == mails
    assert written["mail/_asked.txt"] == written["mail/_asked.html"] == 1


def test_stewards_are_told_where_nobody_else_can(cast, source, target):
    target.involvements.update(ended_at=timezone.now())
    factories.proposed(cast.maker, source, target)
    assert "Stella Steward" in told()


def test_the_maker_is_told_of_every_decision(cast, proposal):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver, comment="Ours.")
    workflow.approve(proposal, sides=["TARGET"], by=cast.target_approver)
    first, second = mails_to(cast.maker)
    assert "approved for the source" in first.subject
    assert "Sam Source approved for the source on" in first.message
    assert "They wrote:" in first.message
    assert "Ours." in first.message
    assert "It is fully approved, and the register is up to date." in second.message


def test_the_maker_is_told_of_a_rejection_with_its_reason(cast, proposal):
    workflow.reject(proposal, side="TARGET", by=cast.rejecter, comment="No such need.")
    [email] = mails_to(cast.maker)
    assert "No such need." in email.message
    assert "No such need." in email.html_message


def test_nothing_is_told_of_what_was_rolled_back(cast, source, target):
    with transaction.atomic():
        factories.proposed(cast.maker, source, target)
        transaction.set_rollback(True)
    assert (Email.objects.count(), Notice.objects.count()) == (0, 0)
    twin = factories.proposed(cast.maker, source, target)
    before = Email.objects.count()
    with pytest.raises(Conflict):
        factories.proposed(cast.other, source, target)
    assert Email.objects.count() == before
    assert twin.notices.count() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "text",
    [
        "{{ settings.SECRET_KEY }}{% load static %}{% nonsense %}",
        "a\r\nBcc: everybody@example.com\r\n\r\nbody",
        "<script>alert(1)</script> & more",
    ],
)
def test_what_people_write_neither_breaks_nor_steers_a_mail(cast, source, target, text):
    source.name = text[:200]
    source.save()
    proposal = factories.proposed(cast.maker, source, target, justification=text)
    periodic.send_mail(timezone.now())
    workflow.reject(proposal, side="SOURCE", by=cast.both, comment=text)
    periodic.send_mail(timezone.now())
    assert len(mail.outbox) == Email.objects.count() == 6
    for sent in mail.outbox:
        assert "\n" not in sent.subject
        assert sent.bcc == []
        [(html, _)] = sent.alternatives
        assert "<script>" not in html
        assert "SECRET_KEY }}" in html or "{{" not in text
    assert text.split()[0] in mail.outbox[-1].body


def test_whoever_decided_hears_what_the_other_side_decides(cast, proposal):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    workflow.reject(proposal, side="TARGET", by=cast.rejecter, comment="No such need.")
    _, news = mails_to(cast.source_approver)
    assert f"Proposal {proposal.pk} of Mia Maker" in news.message
    assert "No such need." in news.message


ASKED = ["Bo Both", "Dee Delegate", "Rey Rejecter", "Sam Source", "Tess Target"]


def test_a_cancellation_is_sent_to_everybody_who_was_asked(cast, proposal):
    periodic.send_mail(timezone.now())
    workflow.cancel(proposal, by=cast.maker, comment="Not needed.")
    mail.outbox.clear()
    periodic.send_mail(timezone.now())
    assert told(transition__action="cancel") == ASKED
    assert len(mail.outbox) == 5
    assert all("cancelled" in sent.subject for sent in mail.outbox)
    assert "Not needed." in mail.outbox[0].body


def test_whose_request_never_left_does_not_hear_of_the_cancellation(cast, proposal):
    Email.objects.exclude(to=cast.both.email).update(status=3, scheduled_time=timezone.now())
    Email.objects.filter(to=cast.both.email).update(status=0)
    workflow.cancel(proposal, by=cast.maker)
    periodic.send_mail(timezone.now())
    assert [sent.to for sent in mail.outbox] == [[cast.both.email]]
    assert Notice.objects.filter(withdrawn=True).count() == 8


def test_a_time_out_is_told_to_the_maker_and_everybody_who_was_asked(cast, source, target):
    now = timezone.now()
    proposal = factories.proposed(cast.maker, source, target)
    workflow.time_out(proposal, at=now + timedelta(days=31))
    assert told(transition__action="time_out") == sorted([*ASKED, "Mia Maker"])


def cancel(cast, proposal):
    workflow.cancel(proposal, by=cast.maker)


def decide(cast, proposal):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.both)


def end_the_right(cast, proposal):
    cast.source_approver.involvements.update(ended_at=timezone.now())


def deactivate(cast, proposal):
    cast.source_approver.is_active = False
    cast.source_approver.save()


@pytest.mark.parametrize("change", [cancel, decide, end_the_right, deactivate])
def test_a_request_no_longer_wanted_is_not_sent(cast, proposal, change):
    [request] = mails_to(cast.source_approver)
    change(cast, proposal)
    periodic.send_mail(timezone.now())
    assert all("Please decide" not in sent.subject for sent in sent_to(cast.source_approver))
    request.refresh_from_db()
    assert request.status is None
    assert Notice.objects.get(mail=request).withdrawn


def sent_to(person):
    return [sent for sent in mail.outbox if sent.to == [person.email]]


def test_a_digest_leaves_out_what_is_no_longer_wanted(cast, source, target):
    User.objects.filter(pk=cast.source_approver.pk).update(notices_wanted="DIGEST")
    first, second = (
        factories.proposed(cast.maker, source, target, specification_name=name)
        for name in ("one.csv", "two.csv")
    )
    workflow.cancel(first, by=cast.maker)
    tomorrow = timezone.now() + timedelta(days=1)
    assert periodic.send_digests(tomorrow) == (1, 0)
    [email] = mails_to(cast.source_approver)
    assert f"/proposals/{second.pk}/" in email.message
    assert f"/proposals/{first.pk}/" not in email.message


def test_a_request_shows_what_is_asked_and_by_what_right(cast, source, target):
    trades = factories.data_type("Trades")
    factories.proposed(cast.maker, source, target, [trades], justification="For the <new> report.")
    [email] = mails_to(cast.delegate)
    for text in (email.message, unescape(email.html_message)):
        words = " ".join(re.sub(r"</?(td|th|tr|br)[^>]*>", " ", text).split())
        assert "Reason: Regulation" in words
        assert "For the <new> report." in words
        for line in ("Data types:? Trades", "Specification name:? trades.csv", "Criticality:? Med"):
            assert re.search(line, words), line
        assert "for the source on behalf of" in words
        assert "Data Owner of Ledger" in words


def test_a_request_to_change_shows_old_and_new(cast, story):
    wish = factories.edited(story.physical, cast.maker, timezone.now(), criticality="LOW")
    request = Notice.objects.get(proposal=wish, recipient=cast.source_approver).mail
    assert f"Specification: {story.specification}" in request.message
    assert "Transport: File transport\nFrequency: Daily\n" in request.message
    assert "\nCriticality: High → Low (changed)\n" in request.message
    words = " ".join(request.html_message.split())
    assert "<td>High</td> <td> <strong>Low</strong> </td>" in words


def test_every_mail_says_that_a_program_wrote_it(cast, proposal):
    periodic.send_mail(timezone.now())
    assert {sent.extra_headers["Auto-Submitted"] for sent in mail.outbox} == {"auto-generated"}


@pytest.mark.django_db(transaction=True)
def test_what_a_server_refuses_for_good_is_given_up_and_administrators_know(
    cast, proposal, settings
):
    factories.user("Ada Admin", is_superuser=True, is_staff=True)
    administrators = set(User.objects.filter(is_superuser=True).values_list("email", flat=True))
    gone, full = cast.source_approver.email, cast.target_approver.email
    refusals = {gone: "550 5.1.1 no such user", full: "451 4.3.0 try later"}
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    now = timezone.now()
    with sink(refusals=refusals) as server:
        settings.EMAIL_PORT = server.port
        assert periodic.send_mail(now) == (3, 1)
        assert {m["Auto-Submitted"] for m in server.taken} == {"auto-generated"}
        assert {m["X-Auto-Response-Suppress"] for m in server.taken} == {"All"}
        assert status_of(gone) == STATUS.failed
        assert status_of(full) == STATUS.requeued
        assert periodic.send_mail(now) == (len(administrators), 0)
        assert {message["To"] for message in server.taken[3:]} == administrators
        report = server.taken[-1].get_body(("plain",)).get_content()
        assert gone in report
        assert "550 5.1.1 no such user" in report
        assert periodic.send_mail(now + timedelta(days=2, hours=23)) == (0, 0)
        assert status_of(full) == STATUS.requeued
        assert periodic.send_mail(now + timedelta(days=3, minutes=1)) == (0, 1)
        assert status_of(full) == STATUS.failed
        assert periodic.send_mail(now + timedelta(days=3, minutes=1)) == (len(administrators), 0)
        assert full in server.taken[-1].get_body(("plain",)).get_content()


def status_of(address):
    return Email.objects.get(to=address).status


@pytest.mark.django_db(transaction=True)
def test_administrators_whom_no_mail_reaches_are_not_told_of_it_for_ever(cast, proposal, settings):
    User.objects.filter(pk=cast.source_approver.pk).update(is_superuser=True, is_staff=True)
    User.objects.exclude(pk=cast.source_approver.pk).update(is_superuser=False)
    other = factories.user("Ada Admin", is_superuser=True, is_staff=True)
    refusals = {cast.source_approver.email: "550 no", other.email: "550 no"}
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    now = timezone.now()
    with sink(refusals=refusals) as server:
        settings.EMAIL_PORT = server.port
        assert [periodic.send_mail(now) for _ in range(3)] == [(4, 1), (0, 1), (0, 0)]


@pytest.mark.parametrize(
    ("choice", "mails", "kept"), [("EACH", 1, 1), ("DIGEST", 0, 1), ("NONE", 0, 1)]
)
def test_each_person_chooses(cast, source, target, choice, mails, kept):
    cast.source_approver.notices_wanted = choice
    cast.source_approver.save()
    factories.proposed(cast.maker, source, target)
    assert len(mails_to(cast.source_approver)) == mails
    assert cast.source_approver.notices.count() == kept


def test_a_digest_gathers_what_came_before_today_in_one_mail(cast, source, target):
    cast.source_approver.notices_wanted = "DIGEST"
    cast.source_approver.save()
    for name in ("one.csv", "two.csv"):
        factories.proposed(cast.maker, source, target, specification_name=name)
    now = timezone.now()
    assert periodic.send_digests(now) == (0, 0)
    assert periodic.send_digests(now + timedelta(days=1)) == (1, 0)
    [email] = mails_to(cast.source_approver)
    assert email.message.count("asks for your decision") == 2
    assert email.message.count("http://127.0.0.1:8000/proposals/") == 2
    assert periodic.send_digests(now + timedelta(days=1)) == (0, 0)
    assert periodic.send_digests(now + timedelta(days=2)) == (0, 0)


def test_who_wants_no_mail_any_more_gets_no_digest_of_what_waited(cast, source, target):
    for choice in ("DIGEST", "NONE"):
        User.objects.filter(pk=cast.source_approver.pk).update(notices_wanted=choice)
        if choice == "DIGEST":
            factories.proposed(cast.maker, source, target)
    assert cast.source_approver.notices.filter(mail=None).count() == 1
    assert periodic.send_digests(timezone.now() + timedelta(days=1)) == (0, 0)


def test_reminders_come_on_the_days_of_the_policy_and_once(cast, proposal):
    Email.objects.all().update(status=0)
    factories.policy(remind_after_days=3)
    start = proposal.submitted_at

    def remind(days):
        before = Notice.objects.filter(reminder_day__gt=0).count()
        reminders.remind(
            Proposal.objects.get(pk=proposal.pk), max(start + timedelta(days=days), timezone.now())
        )
        return Notice.objects.filter(reminder_day__gt=0).count() - before

    assert [remind(days) for days in (0, 2, 3, 3, 4, 6, 7, 9)] == [0, 0, 5, 0, 0, 5, 0, 5]
    assert "has waited for 9 days" in mails_to(cast.both)[-1].message


def test_only_those_who_still_have_to_decide_are_reminded(cast, proposal):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    periodic.remind_approvers(proposal.submitted_at + timedelta(days=3, minutes=1))
    assert told(reminder_day=3) == ["Bo Both", "Rey Rejecter", "Tess Target"]


def test_a_pass_asks_only_what_became_due_since_the_last(cast, source, target):
    factories.policy(remind_after_days=3)
    start = timezone.now()
    made = {
        days: factories.proposed(
            cast.maker,
            source,
            target,
            at=start - timedelta(days=days),
            specification_name=str(days),
        )
        for days in (0, 2, 5, 8)
    }

    def due(last: float | None, now: float) -> set[float]:
        """Of those `made`, by the days that they are old; both moments in days from the start."""
        moments = [None if days is None else start + timedelta(days=days) for days in (last, now)]
        rows = {row.pk for rows in periodic._due_for_reminder(*moments) for row in rows}
        return {days for days, proposal in made.items() if proposal.pk in rows}

    # fmt: off
    assert [due(*passes) for passes in [
        (None, 0.5), (0, 0.5), (0.5, 0.9), (0.9, 1), (1, 1.01), (1, 3.9), (0, 2.9), (0, 3), (4, 4),
    ]] == [
        {5, 8}, set(), set(), {2, 5, 8}, set(), {0}, {2, 5, 8}, {0, 2, 5, 8}, set(),
    ]
    # fmt: on


def test_what_failed_in_one_pass_is_reminded_by_the_next(cast, proposal, monkeypatch):
    at = proposal.submitted_at + timedelta(days=3, minutes=1)

    def fail(*args):
        raise ValueError

    with monkeypatch.context() as broken:
        broken.setattr(periodic.reminders, "remind", fail)
        assert periodic.remind_approvers(at) == (0, 1)
    assert periodic.remind_approvers(at) == (5, 0)
    assert periodic.remind_approvers(at + timedelta(minutes=10)) == (0, 0)


def test_a_deactivated_person_is_told_nothing(cast, source, target):
    cast.target_approver.is_active = False
    cast.target_approver.save()
    factories.proposed(cast.maker, source, target)
    assert "Tess Target" not in told()


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_is_down_delays_and_loses_nothing(cast, proposal, settings):
    backend = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = backend, "127.0.0.1", 1
    waiting = Email.objects.count()
    periodic.send_mail(timezone.now())
    assert mail.outbox == []
    assert set(Email.objects.values_list("status", flat=True)) == {3}  # requeued
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Email.objects.update(scheduled_time=None)
    periodic.send_mail(timezone.now())
    assert len(mail.outbox) == waiting


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_another_worker_is_sending_is_left_to_it(cast, proposal):
    """Its lock may have gone with the primary, while it still talks to the mail server."""
    now, first = timezone.now(), Email.objects.order_by("pk").first()
    assert sending._claim(first.pk, now)
    assert not sending._claim(first.pk, now)
    others = Email.objects.count() - 1
    assert sending.send_queued(now) == (others, 0)
    assert first.message_id not in {sent.extra_headers["Message-ID"] for sent in mail.outbox}
    assert sending.send_queued(now + sending.CLAIM + timedelta(seconds=5)) == (1, 0)
    assert len(mail.outbox) == others + 1


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_while_the_database_went_away_is_written_down_when_it_is_back(
    cast, proposal, monkeypatch, caplog
):
    begin, failures = transaction.atomic, [OperationalError, InterfaceError]

    def fail_at_first(*args, **kwargs):
        if failures:
            raise failures.pop()("server closed the connection unexpectedly")
        return begin(*args, **kwargs)

    monkeypatch.setattr(sending.transaction, "atomic", fail_at_first)
    monkeypatch.setattr(sending.time, "sleep", lambda seconds: None)
    waiting = Email.objects.count()
    assert sending.send_queued(timezone.now()) == (waiting, 0)
    assert len(mail.outbox) == waiting
    assert set(Email.objects.values_list("status", flat=True)) == {STATUS.sent}
    assert caplog.text.count("is written down when the database is back") == 2


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_away_ends_the_pass(cast, proposal, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as broken:
        broken.setattr(sending.transaction, "atomic", fail)
        broken.setattr(sending, "PATIENCE", -1)
        with pytest.raises(OperationalError):
            sending._record_sent(Email.objects.first())
    assert Email.objects.filter(status=STATUS.sent).count() == 0


def test_a_mail_on_the_console_reads_as_its_reader_would_read_it(capsys):
    settings = {"EMAIL_BACKEND": "waltzflow.console.EmailBackend"}
    with override_settings(**settings):
        mail.send_mail(
            "Please decide: Zürich → Risk",
            "Hello Zoë,\n\nyes or no?\n",
            "w@example.com",
            ["z@example.com"],
        )
    assert capsys.readouterr().out == (
        f"{'-' * 79}\nTo: z@example.com\nSubject: Please decide: "
        "Zürich → Risk\n\nHello Zoë,\n\nyes or no?\n"
    )


@pytest.mark.django_db(transaction=True)
def test_a_pass_beside_another_leaves_at_once_and_each_mail_is_sent_once(cast, proposal, capsys):
    beside = Thread(target=lambda: (call_command("send_queued_mail"), connection.close()))
    with periodic.alone("mail"):
        beside.start()
        beside.join()
    call_command("send_queued_mail")
    assert capsys.readouterr().out == "Mails sent: 0.\nMails sent: 5.\n"
    assert len(mail.outbox) == 5


# the clock


def test_time_out_ends_what_is_due_and_nothing_else(cast, source, target):
    now = timezone.now()
    due = factories.proposed(cast.maker, source, target, at=now - timedelta(days=31))
    fresh = factories.proposed(
        cast.maker, source, target, specification_name="b.csv", at=now - timedelta(days=29)
    )
    assert periodic.time_out_proposals(now) == (1, 0)
    assert periodic.time_out_proposals(now) == (0, 0)
    states = [Proposal.objects.get(pk=p.pk).state for p in (due, fresh)]
    assert states == ["TIMED_OUT", "PENDING_APPROVALS"]
    [email] = mails_to(cast.maker)
    assert "It timed out on" in email.message


def test_one_failure_does_not_stop_the_others(cast, source, target, monkeypatch):
    now = timezone.now()
    old = now - timedelta(days=31)
    made = [
        factories.proposed(cast.maker, source, target, specification_name=f"{n}.csv", at=old)
        for n in range(3)
    ]
    time_out = workflow.time_out

    def failing(proposal, **kwargs):
        if proposal.pk == made[1].pk:
            raise RuntimeError("broken")
        return time_out(proposal, **kwargs)

    monkeypatch.setattr(workflow, "time_out", failing)
    with pytest.raises(CommandError, match="1 failed"):
        call_command("time_out_proposals")
    states = [Proposal.objects.get(pk=p.pk).state for p in made]
    assert states == ["TIMED_OUT", "PENDING_APPROVALS", "TIMED_OUT"]


def test_a_decision_counts_until_the_time_out_is_written(cast, source, target):
    proposal = factories.proposed(
        cast.maker, source, target, at=timezone.now() - timedelta(days=31)
    )
    assert (
        workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both).state
        == "FULLY_APPROVED"
    )
    assert periodic.time_out_proposals(timezone.now()) == (0, 0)


@pytest.mark.parametrize("command", ["time_out_proposals", "remind_approvers", "send_digests"])
def test_each_command_says_what_it_did(cast, proposal, command, capsys):
    call_command(command)
    assert capsys.readouterr().out.endswith(": 0.\n")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_does_its_rounds_and_stops_cleanly(cast, source, target, number, settings):
    """Below a path of a host that others share: each link of its mails leads there."""
    proposal = factories.proposed(
        cast.maker, source, target, at=timezone.now() - timedelta(days=31)
    )
    database = settings.DATABASES["default"]
    url = f"sqlite:///{database['NAME']}"
    if "postgresql" in database["ENGINE"]:
        host = database["OPTIONS"].get("host") or database["HOST"]
        url = f"postgresql://{database['USER']}:@/{database['NAME']}?host={host}"
    environ = os.environ | {"DEBUG": "1", "DATABASE_URL": url, "EMAIL_URL": "console:"}
    site = "http://shared.example/y/waltzflow"
    environ |= {"BASE_URL": site, "ALLOWED_HOSTS": "shared.example"}
    command = [sys.executable, "manage.py", "worker"]
    worker = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not Email.objects.filter(status=0).exists():
        time.sleep(0.3)
    worker.send_signal(number)
    try:
        output, _ = worker.communicate(timeout=20)
    finally:
        worker.kill()
    assert worker.returncode == 0, output
    assert "The worker has stopped." in output
    for said in (
        "Proposals timed out: 1.",
        "Mails sent: 1.",
        f"To: {cast.maker.email}\nSubject: Proposal",
    ):
        assert said in output
    assert "emails attempted" not in output
    links = set(re.findall(r"https?://[^\s\"<>]+", output.replace("=\n", "")))
    assert links == {f"{site}/proposals/{proposal.pk}/", f"{site}/me/"}
    assert Notice.objects.get().summary.startswith(
        f"Your proposal {proposal.pk}, Ledger → Risk Engine: It timed out"
    )
    assert Proposal.objects.get().state == "TIMED_OUT"
