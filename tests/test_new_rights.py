"""Whoever can now decide on what waits is asked; delegates hear of delegations, approvers of what
is added beside them.
"""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from proposals import workflow
from proposals.files.catalogue import import_catalogue
from proposals.history import ledger, verify
from proposals.models import (
    ApproverRule,
    Delegation,
    Involvement,
    Notice,
    Policy,
    Proposal,
    RightsChange,
)
from proposals.workflow import new_rights, notices, periodic

from . import factories, test_lost_updates
from .test_lost_updates import fields_of
from .test_notices import mails_to, told
from .test_pages import text

SOON = timedelta(hours=1)


@pytest.fixture
def administrator(cast):
    client = Client()
    client.force_login(cast.superuser)
    return client


def rights_changed(by=None, at=None):
    """Told by some door, and dealt with by the worker."""
    workflow.rights_changed(by=by, at=at or timezone.now())
    assert periodic.ask_newly_able(at or timezone.now())[1] == 0


def save(client, obj, **changes):
    """Send the admin's form of `obj`, changed."""
    url = f"/admin/proposals/{obj._meta.model_name}/{obj.pk}/change/"
    answer = test_lost_updates.save(client, url, fields_of(client, url) | changes)
    assert answer.status_code == 302, answer.context["adminform"].form.errors


def become_involved(client, cast, target, proposal):
    owner = ApproverRule.objects.get(may_approve=True).involvement_kind
    sent = {"system": target.pk, "user": cast.stranger.pk, "kind": owner.pk}
    sent |= {"started_at_0": "2026-01-01", "started_at_1": "10:00"}
    client.post("/admin/proposals/involvement/add/", sent)
    assert cast.stranger.involvements.exists()


def let_analysts_approve(client, cast, target, proposal):
    """Rey is asked already, being able to reject; an involved person without any right is not."""
    kind = factories.kind("Project Manager")
    factories.stored([factories.part(cast.stranger, target, kind)])
    sent = {"involvement_kind": kind.pk, "system_kind": "APPLICATION", "may_approve": "on"}
    test_lost_updates.save(client, "/admin/proposals/approverrule/add/", sent)
    assert ApproverRule.objects.filter(involvement_kind=kind).exists()


def leave_it_to_the_stewards(client, cast, target, proposal):
    chosen = target.involvements.open().values_list("pk", flat=True)
    sent = {"action": "end_now", "_selected_action": list(chosen)}
    client.post("/admin/proposals/involvement/", sent)


def come_back(client, cast, target, proposal):
    save(client, cast.inactive, is_active="on")


def become_a_steward(client, cast, target, proposal):
    Involvement.objects.filter(system=target).update(ended_at=timezone.now())
    save(client, cast.stranger, groups=[Group.objects.get(name="Stewards").pk])


def turn_to_the_stewards(client, cast, target, proposal):
    Involvement.objects.filter(system=target).update(ended_at=timezone.now())
    factories.policy(side_without_approver="REFUSE")
    save(client, Policy.objects.get(), side_without_approver="STEWARD")


def import_a_part(client, cast, target, proposal):
    owner = ApproverRule.objects.get(may_approve=True).involvement_kind
    rows = f"APPLICATION,{target.code},{cast.stranger.email},{owner.name}\n"
    sheet = f"system_kind,system_code,email,involvement_kind\n{rows}"
    import_catalogue({"involvements": sheet.encode()}, by=cast.superuser)


def delegate_on_the_page(client, cast, target, proposal):
    browser = Client()
    browser.force_login(cast.target_approver)
    ends = timezone.localtime().strftime("%Y-%m-%d")
    browser.post("/me/", {"delegate": cast.stranger.email, "ends_at": ends})


def begin(client, cast, target, proposal):
    delegation = factories.delegation(cast.target_approver, cast.stranger)
    delegation.starts_at = timezone.now() - SOON
    factories.stored([delegation])
    periodic.ask_delegates(timezone.now())


def decide_the_other_side(client, cast, target, proposal):
    """Tess alone could approve for the target, and then decides for the source."""
    factories.policy(one_person_both_sides=False)
    factories.stored([factories.part(cast.target_approver, proposal.source, kind("Data Owner"))])
    target.involvements.exclude(user=cast.target_approver).update(ended_at=timezone.now())
    workflow.approve(proposal, sides=["SOURCE"], by=cast.target_approver)


def kind(name):
    return ApproverRule.objects.get(involvement_kind__name=name).involvement_kind


CAUSES = [
    (become_involved, "Stan Stranger"),
    (let_analysts_approve, "Stan Stranger"),
    (leave_it_to_the_stewards, "Stella Steward"),
    (come_back, "Ina Inactive"),
    (become_a_steward, "Stan Stranger"),
    (turn_to_the_stewards, "Stella Steward"),
    (import_a_part, "Stan Stranger"),
    (delegate_on_the_page, "Stan Stranger"),
    (begin, "Stan Stranger"),
    (decide_the_other_side, "Stella Steward"),
]


@pytest.mark.parametrize(("cause", "person"), CAUSES)
def test_whoever_becomes_able_to_decide_is_asked_for_what_waits(
    administrator, cast, target, proposal, cause, person
):
    second = factories.proposed(cast.maker, proposal.source, target, specification_name="2.csv")
    submissions = {"transition__action": "propose"}
    before = told(**submissions)
    cause(administrator, cast, target, proposal)
    periodic.ask_newly_able(timezone.now())
    now_asked = list(told(**submissions))
    for name in before:
        now_asked.remove(name)
    assert person in now_asked
    [email] = mails_to(Notice.objects.filter(recipient__name=person).first().recipient)
    for sent in (email.message, email.html_message):
        words = " ".join(sent.split())
        assert f"http://127.0.0.1:8000/proposals/{proposal.pk}/" in words
        if cause is not decide_the_other_side:  # of the second Tess can still decide both
            assert f"http://127.0.0.1:8000/proposals/{second.pk}/" in words
        assert "for the target" in words
    rights_changed()
    [_] = mails_to(Notice.objects.filter(recipient__name=person).first().recipient)


def test_who_gives_a_right_to_themselves_is_not_asked(administrator, cast, target, proposal):
    save(administrator, cast.superuser, groups=[Group.objects.get(name="Stewards").pk])
    leave_it_to_the_stewards(administrator, cast, target, proposal)
    periodic.ask_newly_able(timezone.now())
    assert "Sue Superuser" not in told()
    assert "Stella Steward" in told()


def test_whose_request_was_withdrawn_is_asked_again(cast, target, proposal):
    target.involvements.filter(user=cast.target_approver).update(ended_at=timezone.now())
    periodic.send_mail(timezone.now())
    notice = Notice.objects.get(recipient=cast.target_approver)
    assert notice.withdrawn
    ledger.extend(timezone.now())
    factories.involve(cast.target_approver, target)
    rights_changed(by=cast.superuser)
    mail.outbox.clear()
    periodic.send_mail(timezone.now())
    assert [sent.to for sent in mail.outbox] == [[cast.target_approver.email]]
    notice.refresh_from_db()
    assert not notice.withdrawn
    # It says what its leaf took down.
    assert not [breach for breach in verify.breaches() if breach.invariant == "ledger"]


def test_a_request_is_not_sent_to_who_loses_the_right_before_it_leaves(cast, target, proposal):
    part = factories.involve(cast.stranger, target)
    rights_changed(by=cast.superuser)
    Involvement.objects.filter(pk=part.pk).update(ended_at=timezone.now())
    periodic.send_mail(timezone.now())
    assert [cast.stranger.email] not in [sent.to for sent in mail.outbox]


def test_an_administrator_who_saves_what_gives_no_right_asks_nobody(
    administrator, cast, target, proposal
):
    factories.involve(cast.stranger, target)
    save(administrator, cast.other, title="Head of Limits")
    periodic.ask_newly_able(timezone.now())
    assert "Stan Stranger" not in told()


def test_of_many_open_proposals_the_newest_are_asked_for_and_reminders_ask_for_the_others(
    cast, source, target, monkeypatch
):
    monkeypatch.setattr(new_rights, "MOST_LOOKED_THROUGH", 2)
    now = timezone.now()
    made = [
        factories.proposed(
            cast.maker, source, target, at=now - timedelta(days=4), specification_name=f"{n}.csv"
        )
        for n in range(4)
    ]
    factories.involve(cast.stranger, target)
    rights_changed(at=now)
    asked = Notice.objects.filter(recipient=cast.stranger)
    assert set(asked.values_list("proposal", flat=True)) == {made[2].pk, made[3].pk}
    periodic.remind_approvers(now)
    asked = Notice.objects.filter(recipient=cast.stranger)
    assert set(asked.values_list("proposal", flat=True)) == {row.pk for row in made}


def test_a_mail_lists_the_first_of_many_and_says_how_many_more_there_are(
    cast, source, target, monkeypatch
):
    monkeypatch.setattr(new_rights, "MOST_LISTED", 2)
    made = [
        factories.proposed(cast.maker, source, target, specification_name=f"{number}.csv")
        for number in range(5)
    ]
    factories.involve(cast.stranger, target)
    rights_changed()
    [email] = mails_to(cast.stranger)
    assert email.subject == "Please decide: 5 proposals you can now decide on"
    for sent in (email.message, email.html_message):
        listed = [row.pk for row in made if f"http://127.0.0.1:8000/proposals/{row.pk}/" in sent]
        assert listed == [made[0].pk, made[1].pk]
        assert "http://127.0.0.1:8000/inbox/" in sent
    assert "And 3 more: " in email.message
    assert ">3 more</a>" in email.html_message
    assert Notice.objects.filter(recipient=cast.stranger).count() == 5


def test_a_change_whose_asking_fails_is_tried_again_and_the_next_one_goes_on(
    cast, target, proposal, monkeypatch
):
    factories.involve(cast.stranger, target)
    for _ in range(2):
        workflow.rights_changed(by=None, at=timezone.now())
    ask, failing = new_rights.ask_newly_able, [True, False, False]

    def fail_first(*args, **kwargs):
        if failing.pop(0):
            raise RuntimeError("The disk is full.")
        return ask(*args, **kwargs)

    monkeypatch.setattr(new_rights, "ask_newly_able", fail_first)
    assert periodic.ask_newly_able(timezone.now()) == (1, 1)
    assert RightsChange.objects.filter(done_at=None).count() == 1
    assert periodic.ask_newly_able(timezone.now()) == (0, 0)
    assert not RightsChange.objects.filter(done_at=None).exists()
    assert len(mails_to(cast.stranger)) == 1


@pytest.mark.parametrize("wanted", ["EACH", "DIGEST"])
def test_a_delegate_hears_of_a_delegation_made_and_ended(as_, cast, source, wanted):
    cast.stranger.notices_wanted = wanted
    cast.stranger.save()
    browser = as_(cast.source_approver)
    ends = timezone.localtime() + timedelta(days=3)
    sent = {"delegate": cast.stranger.email, "ends_at": ends.strftime("%Y-%m-%d")}
    assert browser.post("/me/", sent).status_code == 302
    made = Delegation.objects.get(delegate=cast.stranger)
    assert browser.post(f"/me/delegations/{made.pk}/end/").status_code == 302
    first, second = Notice.objects.filter(recipient=cast.stranger).order_by("pk")
    assert (first.event, second.event) == ("delegation made", "delegation ended")
    assert first.summary == (
        f"Sam Source lets you decide for them until the end of {ends:%A %-d %B %Y} (UTC)."
    )
    assert second.summary == (
        "Sam Source ended the delegation to you: you no longer decide for them."
    )
    if wanted == "EACH":
        assert first.summary in first.mail.message
        assert second.summary in second.mail.html_message
    else:
        periodic.send_digests(timezone.now() + timedelta(days=1))
        [digest] = mails_to(cast.stranger)
        assert first.summary in digest.message
        assert "http://127.0.0.1:8000/me/" in digest.message
    assert Notice.objects.filter(delegation__isnull=False).count() == 2
    front_page = text(as_(cast.stranger).get("/"))
    assert first.summary in front_page
    assert second.summary in front_page


def test_a_delegation_and_what_then_waits_are_one_mail(cast, proposal, target):
    delegate_on_the_page(None, cast, target, proposal)
    [email] = mails_to(cast.stranger)
    assert email.subject == "You decide for Tess Target"
    assert f"/proposals/{proposal.pk}/" in email.message
    assert "on behalf of Tess Target" in " ".join(email.html_message.split())


def test_a_delegation_that_begins_later_asks_when_it_begins(cast, proposal):
    now = timezone.now()
    delegation = factories.delegation(cast.target_approver, cast.stranger)
    delegation.starts_at, delegation.ends_at = now + SOON, now + 3 * SOON
    factories.stored([delegation])
    workflow.tell_of_delegations([delegation], by=cast.target_approver, at=now)
    [email] = mails_to(cast.stranger)
    assert "/proposals/" not in email.message
    assert " from " in email.message
    assert periodic.ask_delegates(now) == (0, 0)


def test_both_sides_hear_of_a_physical_flow_added_beside_their_approval(as_, cast, source, target):
    done = factories.proposed(cast.maker, source, target)
    done = workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both)
    wish = factories.wish(specification_name="limits.csv")
    made = workflow.add_physical_flow(
        done.result_logical_flow, wish, done.data_types.all(), by=cast.target_approver
    )
    assert told(physical_flow=made) == ["Bo Both", "Dee Delegate", "Sam Source"]
    [email] = [row for row in mails_to(cast.source_approver) if "added" in row.subject]
    notice = Notice.objects.get(physical_flow=made, recipient=cast.source_approver)
    assert notice.summary in text(as_(cast.source_approver).get("/"))
    for sent in (email.message, email.html_message):
        words = " ".join(sent.split())
        assert f"under the approval of proposal {done.pk}. It was not itself approved." in words
        assert f"http://127.0.0.1:8000{made.get_absolute_url()}" in words
        assert "limits.csv" in words


WRONG = [
    {},
    {"transition": True},
    {"delegation": True, "proposal": True},
    {"physical_flow": True, "proposal": True},
    {"transition": True, "proposal": True, "delegation": True},
    {"delegation": True, "physical_flow": True},
    {"delegation": True, "reminder_day": 3},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_the_database_wants_one_cause_of_a_notice(cast, source, target, wrong):
    done = factories.proposed(cast.maker, source, target)
    done = workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both)
    delegation = factories.delegate(cast.maker, cast.stranger)
    things = {
        "transition": done.last_transition(),
        "proposal": done,
        "delegation": delegation.history.latest(),
        "physical_flow": done.result_physical_flow,
        "reminder_day": 3,
    }
    named = {name: things[name] for name in wrong}
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(recipient=cast.stranger, summary="x", at=timezone.now(), **named)


@pytest.mark.parametrize("cause", ["delegation", "physical_flow"])
def test_the_database_tells_nobody_twice(cast, source, target, cause):
    done = factories.proposed(cast.maker, source, target)
    done = workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both)
    record = factories.delegate(cast.maker, cast.stranger).history.latest()
    named = {cause: record if cause == "delegation" else done.result_physical_flow}
    news = {"recipient": cast.stranger, "summary": "x", "at": timezone.now()} | named
    Notice.objects.create(**news)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(**news)


def test_stories_of_the_past_ask_nobody(cast, target, proposal):
    factories.involve(cast.stranger, target)
    rights_changed(at=timezone.now() - 2 * notices.NEWS)
    assert "Stan Stranger" not in told()
    assert Proposal.objects.open().exists()
