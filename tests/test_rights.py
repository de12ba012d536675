"""Which involvements decide."""

import pytest
from django.utils import timezone

from proposals import workflow
from proposals.errors import Refused
from proposals.models import Proposal, actions, decidable_by

from . import factories


def may(person, proposal):
    proposal = Proposal.objects.get(pk=proposal.pk)
    return {
        name for name, action in actions().items() if action.side and action.role(proposal, person)
    }


SOURCE_SIDE = {"approve_source", "return_source", "reject_source"}


def test_the_approvers_are_found_with_the_involvement_that_makes_them_so(cast, proposal):
    holders = actions()["approve_source"].role.holders(proposal)
    of_ledger = (
        "Data Owner of Ledger (LEDGER); rule: "
        "Data Owner of every application may approve and reject"
    )
    assert [(right.user, right.on_behalf_of, right.capacity) for right in holders] == [
        (cast.both, None, of_ledger),
        (cast.source_approver, None, of_ledger),
        (cast.delegate, cast.source_approver, of_ledger),
    ]
    rejecters = actions()["reject_source"].role.holders(proposal)
    assert [right.user for right in rejecters] == [
        cast.both,
        cast.rejecter,
        cast.source_approver,
        cast.delegate,
    ]


def test_a_delegate_for_one_system_decides_for_no_other(cast, source, target, proposal):
    factories.delegate(cast.both, cast.stranger, system=target)
    mirrored = factories.proposed(cast.maker, target, source)
    onward = factories.proposed(cast.maker, source, factories.system("Lake"))
    with pytest.raises(Refused, match="You may not approve for the source"):
        workflow.approve(proposal, sides=["SOURCE"], by=cast.stranger)
    assert set(Proposal.objects.awaiting(cast.stranger)) == {proposal, mirrored}
    assert may(cast.stranger, onward) == set()
    assert may(cast.stranger, mirrored) == SOURCE_SIDE
    workflow.approve(proposal, sides=["TARGET"], by=cast.stranger)
    step = proposal.transitions.latest("number")
    assert (step.by, step.on_behalf_of, step.delegation.system) == (
        cast.stranger,
        cast.both,
        target,
    )
    assert set(Proposal.objects.awaiting(cast.stranger)) == {mirrored}
    # One for everything besides: the two stand side by side, and the wider one counts.
    factories.delegate(cast.both, cast.stranger)
    assert set(Proposal.objects.awaiting(cast.stranger)) == {proposal, mirrored, onward}


def test_a_rule_naming_the_system_replaces_the_general_ones_for_it(cast, proposal, source):
    lead = factories.user("Lea Lead")
    factories.involve(lead, source, "IT Lead")
    assert may(lead, proposal) == set()
    factories.rule("IT Lead", system=source)
    assert may(lead, proposal) == SOURCE_SIDE
    assert may(cast.source_approver, proposal) == set()
    assert may(cast.both, proposal) == {"approve_target", "return_target", "reject_target"}


def test_a_particular_rule_that_grants_nothing_still_replaces_the_general_ones(
    cast, proposal, source
):
    factories.rule("IT Lead", approve=False, reject=False, system=source)
    assert may(cast.source_approver, proposal) == set()


def test_a_general_rule_counts_for_its_kind_of_system_only(cast, proposal, source):
    source.kind = "ACTOR"
    source.save()
    assert may(cast.source_approver, proposal) == set()
    factories.rule("Data Owner", system_kind="ACTOR", reject=False)
    assert may(cast.source_approver, proposal) == {"approve_source", "return_source"}


def test_approve_and_reject_are_two_rights(cast, proposal):
    rejecting = {"reject_source", "reject_target", "return_source", "return_target"}
    assert may(cast.rejecter, proposal) == rejecting


def test_an_ended_involvement_gives_nothing_and_a_new_one_gives_it_back(cast, proposal, source):
    involvement = cast.source_approver.involvements.get()
    involvement.ended_at = timezone.now()
    involvement.save()
    assert may(cast.source_approver, proposal) == set()
    factories.involve(cast.source_approver, source)
    assert may(cast.source_approver, proposal) == SOURCE_SIDE


def test_a_deactivated_person_has_nothing_at_once(cast, proposal):
    cast.both.is_active = False
    cast.both.save()
    assert may(cast.both, proposal) == set()
    assert decidable_by(cast.both).systems == {}


@pytest.mark.parametrize("name", ["stranger", "superuser", "steward", "inactive"])
def test_without_a_decisive_involvement_there_are_no_rights(cast, proposal, name):
    assert may(getattr(cast, name), proposal) == set()
    assert list(Proposal.objects.awaiting(getattr(cast, name))) == []


def test_the_maker_is_never_among_those_who_decide(cast, source, target):
    own = factories.proposed(cast.both, source, target)
    assert may(cast.both, own) == set()
    assert list(Proposal.objects.awaiting(cast.both)) == []
    assert cast.both not in {right.user for right in actions()["approve_source"].role.holders(own)}


def test_the_right_costs_four_queries_whatever_the_number_of_approvers(
    proposal, source, django_assert_num_queries
):
    for _ in range(20):
        factories.involve(factories.user(), source)
    role = actions()["approve_source"].role
    fresh = Proposal.objects.get(pk=proposal.pk)
    with django_assert_num_queries(4):  # the policy, the deciders, the delegations
        assert len(role.holders(fresh)) == 23


@pytest.mark.django_db
def test_people_below_follows_the_line_of_managers():
    chief = factories.user()
    middle = factories.user(manager=chief)
    worker = factories.user(manager=middle)
    factories.user()
    assert chief.people_below() == {middle.pk, worker.pk}
