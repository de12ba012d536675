"""What a transition and a history row name as their right and their cause, as columns."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import Group

from proposals import workflow
from proposals.history import verify
from proposals.models import ApproverRule, Proposal, Transition

from . import factories
from .test_guards import without_guards


def test_a_decision_names_the_involvement_and_the_rule_as_they_stood(cast, proposal):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    step = Transition.objects.get(side="SOURCE")
    assert step.basis == "INVOLVEMENT"
    assert step.involvement.user == cast.source_approver
    assert step.involvement.system == proposal.source
    assert (step.rule.may_approve, step.rule.involvement_kind.name) == (True, "Data Owner")
    assert (step.delegation, step.stewardship) == (None, None)
    kind = step.rule.involvement_kind
    kind.name = "Owner of Data"
    kind.save()
    step.involvement.instance.kind = factories.kind("Something else")
    assert Transition.objects.get(side="SOURCE").involvement.kind == kind


def test_a_delegate_s_decision_names_the_delegation(cast, proposal):
    delegation = factories.delegate(cast.source_approver, cast.other)
    workflow.approve(proposal, sides=["SOURCE"], by=cast.other)
    step = Transition.objects.get(side="SOURCE")
    assert step.on_behalf_of == cast.source_approver == step.involvement.user
    assert (step.delegation.id, step.delegation.delegate) == (delegation.pk, cast.other)


def test_a_steward_s_decision_names_the_membership(cast, target):
    lonely = factories.system("Lonely", code="LONE")
    waiting = factories.proposed(cast.maker, lonely, target)
    workflow.approve(waiting, sides=["SOURCE"], by=cast.steward)
    step = Transition.objects.get(side="SOURCE")
    assert (step.basis, step.involvement, step.rule) == ("STEWARD", None, None)
    assert (step.stewardship.user, step.stewardship.group.name) == (cast.steward, "Stewards")
    assert list(verify.breaches()) == []


def test_the_bases_of_a_whole_life(cast, proposal):
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    assert list(Transition.objects.order_by("number").values_list("action", "basis")) == [
        ("propose", "MAKER"),
        ("approve_source", "INVOLVEMENT"),
        ("approve_target", "INVOLVEMENT"),
        ("complete", "BOTH_SIDES"),
    ]


def test_joining_and_leaving_the_stewards_is_in_the_history(cast):
    person, stewards = cast.stranger, Group.objects.get(name="Stewards")
    person.groups.add(stewards)
    person.groups.remove(stewards)
    newest = [
        [link.group.name for link in row.groups.all()]
        for row in person.history.order_by("-history_id")[:2]
    ]
    assert newest == [[], ["Stewards"]]


STRANGERS = [
    {"capacity": "Steward, since nobody else may approve for the source"},
    {"capacity": "Steward of Ledger (LEDGER); rule: Steward of every application may approve"},
]


@pytest.mark.parametrize("forged", STRANGERS, ids=["words of a steward", "a kind named Steward"])
def test_words_give_a_stranger_no_right(cast, proposal, forged):
    factories.kind("Steward")
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    without_guards()
    Transition.objects.filter(side="SOURCE").update(by=cast.stranger, **forged)
    named = [(breach.invariant, breach.rows) for breach in verify.breaches()]
    assert ("I2", f"proposal {proposal.pk}") in named


def test_a_forged_stewardship_is_found(cast, proposal):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    without_guards()
    Transition.objects.filter(side="SOURCE").update(
        by=cast.stranger, basis="STEWARD", involvement=None, rule=None
    )
    assert "Transition 2: Stan Stranger was no steward then." in {
        breach.sentence for breach in verify.breaches()
    }


def test_the_register_names_the_proposal_that_changed_it(cast, proposal):
    done = workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    results = [done.result_logical_flow, done.result_specification, done.result_physical_flow]
    for row in [version for result in results for version in result.history.all()]:
        assert (row.cause, row.cause_proposal, row.cause_batch) == ("PROPOSAL", done, None)
    versions = Proposal.history.filter(id=done.pk)
    assert {(row.cause, row.cause_proposal_id) for row in versions} == {("PROPOSAL", done.pk)}


def test_a_further_flow_is_a_direct_addition_and_an_import_names_its_batch(cast, proposal):
    done = workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    wish = factories.wish(specification_name="more.csv")
    types = [factories.data_type()]
    added = workflow.add_physical_flow(done.result_logical_flow, wish, types, by=cast.maker)
    row = added.history.get()
    assert (row.cause, row.cause_proposal, row.cause_batch) == ("DIRECT", None, None)


def test_an_imported_flow_names_its_import(imported):
    row = imported.history.get()
    assert (row.cause, row.cause_batch) == ("IMPORT", imported.origin_batch)


CAUSES = [
    ("Proposal 7: fully approved", None, ("PROPOSAL", 7, None)),
    ("Proposal 8: fully approved", None, ("DIRECT", None, None)),  # there is no such proposal
    ("Import 3", 3, ("IMPORT", None, 3)),
    ("Import of something", 3, ("IMPORT", None, 3)),
    ("Further physical flow added by Proposal 7: Inc.", None, ("DIRECT", None, None)),
    ("", None, ("DIRECT", None, None)),
    (None, 3, ("IMPORT", None, 3)),
]


@pytest.mark.parametrize(("reason", "origin", "cause"), CAUSES, ids=[str(row[0]) for row in CAUSES])
def test_what_0_1_wrote_as_a_reason_becomes_a_cause(reason, origin, cause):
    migration = import_module("proposals.migrations.0005_causes_and_bases")
    row = SimpleNamespace(history_change_reason=reason, origin_batch_id=origin)
    row.cause_proposal_id = row.cause_batch_id = None
    migration._name_cause(row, proposals={7}, batches={3})
    assert (row.cause, row.cause_proposal_id, row.cause_batch_id) == cause


def test_a_cause_that_does_not_exist_is_found(cast, proposal):
    done = workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    without_guards()
    done.result_logical_flow.history.update(cause_proposal=4711)
    sentences = {breach.sentence for breach in verify.breaches()}
    assert "Its history names a proposal that does not exist." in sentences


def _by_himself(cast, source, target):
    """Under a rule that was taken back afterwards, of a system that became another kind."""
    proposal = factories.proposed(cast.maker, source, target)
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    ApproverRule.objects.get(involvement_kind__name="Data Owner").delete()
    source.kind = "ACTOR"
    source.save()
    factories.rule("Data Owner", system=source, approve=False)


def _by_the_rule_of_the_system(cast, source, target):
    factories.rule("Data Owner", system=source)
    proposal = factories.proposed(cast.maker, source, target)
    workflow.reject(proposal, side="SOURCE", by=cast.source_approver, comment="No.")


def _by_a_delegate(cast, source, target):
    proposal = factories.proposed(cast.maker, source, target)
    workflow.approve(proposal, sides=["SOURCE"], by=cast.delegate)


def _by_who_may_only_reject(cast, source, target):
    proposal = factories.proposed(cast.maker, source, target)
    workflow.reject(proposal, side="SOURCE", by=cast.rejecter, comment="No.")


def _by_a_steward(cast, source, target):
    factories.kind("Steward")
    lonely = factories.system("Lonely")
    proposal = factories.proposed(cast.maker, lonely, target)
    workflow.approve(proposal, sides=["SOURCE"], by=cast.steward)


def _on_submission_of_an_external_side(cast, source, target):
    factories.policy(external_auto_approval=True)
    outside = factories.system("Exchange", is_external=True)
    factories.proposed(cast.maker, outside, target)


def _to_its_end(cast, source, target):
    proposal = factories.proposed(cast.maker, source, target)
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)


STORIES = [
    (_by_himself, ["MAKER", "INVOLVEMENT"]),
    (_by_the_rule_of_the_system, ["MAKER", "INVOLVEMENT"]),
    (_by_a_delegate, ["MAKER", "INVOLVEMENT"]),
    (_by_who_may_only_reject, ["MAKER", "INVOLVEMENT"]),
    (_by_a_steward, ["MAKER", "STEWARD"]),
    (_on_submission_of_an_external_side, ["MAKER", "EXTERNAL"]),
    (_to_its_end, ["MAKER", "INVOLVEMENT", "INVOLVEMENT", "BOTH_SIDES"]),
]


@pytest.mark.parametrize(("story", "bases"), STORIES, ids=[row[0].__name__ for row in STORIES])
def test_what_0_1_wrote_as_a_capacity_becomes_the_basis_that_is_recorded_today(
    cast, source, target, story, bases
):
    migration = import_module("proposals.migrations.0005_causes_and_bases")
    story(cast, source, target)
    named = ["basis", "involvement_id", "rule_id", "delegation_id"]
    for step, basis in zip(Transition.objects.order_by("number"), bases, strict=True):
        recorded = [getattr(step, name) for name in named]
        step.basis, step.involvement_id, step.rule_id, step.delegation_id = "", None, None, None
        migration._name_basis(step, apps)
        assert [getattr(step, name) for name in named] == recorded
        assert step.basis == basis
