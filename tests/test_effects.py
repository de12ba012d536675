"""Before a rule or the policy changes, the form says who gains and who loses, and asks why."""

import pytest
from django.urls import reverse

from proposals.models import ApproverRule, Notice, Policy, Proposal

from . import factories
from .test_lost_updates import fields_of, save, text


@pytest.fixture
def root(client, cast):
    client.force_login(cast.superuser)
    return client


LOST = (
    "5 people lose rights to decide on 3 systems and 1 open proposal: "
    "Bo Both, Dee Delegate, Otto Other, Sam Source, Tess Target."
)


def owners() -> ApproverRule:
    return ApproverRule.objects.get(involvement_kind__name="Data Owner")


def change(row) -> str:
    return reverse(f"admin:proposals_{row._meta.model_name}_change", args=[row.pk])


def asked(root, row, **changes) -> str:
    """What the form says when it is sent for the first time; None unticks a box."""
    sent = fields_of(root, change(row)) | changes
    page = root.post(change(row), {k: v for k, v in sent.items() if v is not None})
    assert page.status_code == 200
    return text(page)


def test_who_loses_is_told_with_systems_and_open_proposals(root, cast, proposal):
    """Where nobody may approve any more the stewards decide; who decides for another loses too."""
    page = asked(root, owners(), may_approve=None)
    steward = "1 person gains rights to decide on 1 open proposal: Stella Steward."
    assert steward in page
    assert LOST in page
    assert owners().may_approve


def test_a_stranger_who_gains_is_told_by_name(root, cast, target, proposal):
    kind = factories.kind("Project Manager")
    factories.stored([factories.part(cast.stranger, target, kind)])
    sent = {"involvement_kind": kind.pk, "system_kind": "APPLICATION", "may_approve": "on"}
    page = text(root.post("/admin/proposals/approverrule/add/", sent))
    name = cast.stranger.name
    assert f"1 person gains rights to decide on 1 system and 1 open proposal: {name}." in page
    assert "Nobody loses a right to decide." in page
    assert not ApproverRule.objects.filter(involvement_kind=kind).exists()
    assert save(root, "/admin/proposals/approverrule/add/", sent).status_code == 302
    rule = ApproverRule.objects.get(involvement_kind=kind)
    assert rule.history.get().history_change_reason == "as agreed"


def test_a_rule_of_one_system_takes_the_general_ones_away_there(root, cast, target, proposal):
    kind = factories.kind("Project Manager")
    sent = {"involvement_kind": kind.pk, "system_kind": "APPLICATION", "system": target.pk}
    page = text(root.post("/admin/proposals/approverrule/add/", sent | {"may_reject": "on"}))
    assert "lose rights to decide on 1 system and 1 open proposal" in page
    assert "Tess Target" in page


def test_a_policy_that_lets_the_maker_decide_says_so(root, cast, source, proposal):
    factories.involve(cast.maker, source)
    policy = Policy.objects.get()
    page = asked(root, policy, maker_decides="WALTZ")
    gained = "2 people gain rights to decide on 1 open proposal: "
    assert f"{gained}Mia Maker, Moe Deputy." in page
    assert "Nobody loses a right to decide." in page
    page = asked(root, policy, time_out_days="9")
    assert "Nobody gains a right to decide. Nobody loses a right to decide." in page


def test_without_a_reason_or_for_another_change_it_is_asked_again(root, cast, proposal):
    policy = Policy.objects.get()
    sent = fields_of(root, change(policy)) | {"time_out_days": "9"}
    page = root.post(change(policy), sent | {"why": "I say so."})
    assert "Please correct" not in text(page)
    assert "Not saved yet. " in text(page)
    assert "Say why, and save again to do it." in text(page)
    weighed = page.context["adminform"].form["weighed"].value()
    assert root.post(change(policy), sent | {"weighed": weighed}).status_code == 200
    other = sent | {"weighed": weighed, "why": "I say so.", "maker_decides": "WALTZ"}
    assert root.post(change(policy), other).status_code == 200
    assert Policy.in_force().time_out_days == 30
    answer = root.post(change(policy), sent | {"weighed": weighed, "why": "I say so."})
    assert answer.status_code == 302
    assert policy.history.latest().history_change_reason == "I say so."


def test_what_is_only_tried_leaves_nothing(root, cast, proposal):
    before = [ApproverRule.history.count(), Policy.history.count(), Notice.objects.count()]
    asked(root, owners(), may_approve=None)
    asked(root, Policy.objects.get(), maker_decides="WALTZ")
    root.get(reverse("admin:proposals_approverrule_delete", args=[owners().pk]))
    after = [ApproverRule.history.count(), Policy.history.count(), Notice.objects.count()]
    assert after == before


def test_who_deletes_a_rule_sees_who_loses_and_says_why(root, cast, proposal):
    rule = owners()
    url = reverse("admin:proposals_approverrule_delete", args=[rule.pk])
    assert LOST in text(root.get(url))
    page = text(root.post(url, {"post": "yes", "why": " "}, follow=True))
    assert "Say why it is deleted" in page
    assert root.post(url, {"post": "yes", "why": "It is over."}).status_code == 302
    last = ApproverRule.history.filter(id=rule.pk).first()
    assert (last.history_type, last.history_change_reason) == ("-", "It is over.")


def test_of_very_many_proposals_the_newest_are_looked_through(root, cast, proposal, monkeypatch):
    monkeypatch.setattr("proposals.workflow.effects.MOST_PROPOSALS", 1)
    factories.proposed(cast.maker, proposal.source, proposal.target, specification_name="x.csv")
    assert Proposal.objects.open().count() == 2
    page = asked(root, Policy.objects.get(), maker_decides="WALTZ")
    assert "Of open proposals the newest 1 were looked through." in page
