"""What the policies change: automatic approvals on submission, two people, sides without
approver.
"""

import pytest

from proposals import workflow
from proposals.errors import Conflict, Invalid, NoRight
from proposals.models import LogicalFlow, Policy, Proposal

from . import factories
from .factories import policy


def decisions(proposal):
    return [(row.side, row.by, row.automatic) for row in proposal.transitions.exclude(side="")]


def state(proposal):
    return Proposal.objects.get(pk=proposal.pk).state


@pytest.fixture
def external(source):
    """The source is outside the company."""
    source.is_external = True
    source.save()


@pytest.fixture
def able_maker(cast, source, target):
    """The maker has the right to approve for both sides."""
    factories.involve(cast.maker, source)
    factories.involve(cast.maker, target)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"maker_decides": "NEVER"}, []),
        ({"maker_decides": "OWN_SIDE"}, ["SOURCE"]),
        ({"maker_decides": "WALTZ"}, ["SOURCE", "TARGET"]),
        ({"maker_decides": "WALTZ", "one_person_both_sides": False}, ["SOURCE"]),
        ({"maker_decides": "OWN_SIDE", "external_auto_approval": True}, ["SOURCE"]),
    ],
)
def test_what_a_maker_with_both_rights_approves_by_submitting(
    cast, source, target, able_maker, fields, expected
):
    policy(**fields)
    proposal = factories.proposed(cast.maker, source, target)
    assert decisions(proposal) == [(side, cast.maker, True) for side in expected]


def test_own_side_is_the_side_the_maker_may_approve(cast, source, target):
    policy(maker_decides="OWN_SIDE")
    factories.involve(cast.maker, target)
    proposal = factories.proposed(cast.maker, source, target)
    assert decisions(proposal) == [("TARGET", cast.maker, True)]
    assert state(proposal) == "TARGET_APPROVED"


def test_a_right_to_reject_only_is_no_own_side(cast, source, target):
    policy(maker_decides="OWN_SIDE")
    factories.involve(cast.maker, source, "Business Analyst")
    assert decisions(factories.proposed(cast.maker, source, target)) == []


def test_waltz_completes_on_submission_and_makes_the_flow(cast, source, target, able_maker):
    policy(maker_decides="WALTZ")
    proposal = factories.proposed(cast.maker, source, target)
    assert state(proposal) == "FULLY_APPROVED"
    assert LogicalFlow.objects.get().lifecycle == "ACTIVE"
    assert [row.automatic for row in proposal.transitions.all()] == [False, True, True, True]


@pytest.mark.usefixtures("external")
class TestExternalSystems:
    def test_an_external_side_is_approved_on_submission(self, cast, source, target):
        policy(external_auto_approval=True)
        proposal = factories.proposed(cast.maker, source, target)
        assert decisions(proposal) == [("SOURCE", cast.maker, True)]
        assert "External system" in proposal.transitions.get(side="SOURCE").capacity

    def test_not_without_the_policy(self, cast, source, target):
        assert decisions(factories.proposed(cast.maker, source, target)) == []

    @pytest.mark.parametrize("maker_decides", ["NEVER", "OWN_SIDE", "WALTZ"])
    def test_two_external_sides_are_never_both_automatic(self, cast, source, target, maker_decides):
        policy(external_auto_approval=True, maker_decides=maker_decides)
        target.is_external = True
        target.save()
        assert decisions(factories.proposed(cast.maker, source, target)) == [
            ("SOURCE", cast.maker, True)
        ]

    def test_the_own_side_comes_before_the_external_one(self, cast, source, target):
        policy(external_auto_approval=True, maker_decides="OWN_SIDE")
        factories.involve(cast.maker, target)
        assert decisions(factories.proposed(cast.maker, source, target)) == [
            ("TARGET", cast.maker, True)
        ]

    def test_under_waltz_own_side_and_external_side_are_both_automatic(self, cast, source, target):
        policy(external_auto_approval=True, maker_decides="WALTZ")
        factories.involve(cast.maker, target)
        proposal = factories.proposed(cast.maker, source, target)
        assert {side for side, _, _ in decisions(proposal)} == {"SOURCE", "TARGET"}

    def test_two_people_beat_even_that(self, cast, source, target):
        policy(external_auto_approval=True, maker_decides="WALTZ", one_person_both_sides=False)
        factories.involve(cast.maker, target)
        assert len(decisions(factories.proposed(cast.maker, source, target))) == 1

    def test_a_person_decides_the_other_side(self, cast, source, target):
        policy(external_auto_approval=True)
        proposal = factories.proposed(cast.maker, source, target)
        workflow.approve(proposal, sides=["TARGET"], by=cast.target_approver)
        assert state(proposal) == "FULLY_APPROVED"


class TestTwoPeople:
    TWICE = "You took part in the decision of the other side, and this proposal needs two people."

    @pytest.fixture(autouse=True)
    def _two_people(self, cast):
        policy(one_person_both_sides=False)

    def test_one_person_cannot_approve_both_in_one_click(self, cast, proposal):
        with pytest.raises(
            NoRight, match="This proposal needs two people, so approve for one side"
        ):
            workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
        assert decisions(proposal) == []

    def test_nor_one_after_the_other(self, cast, proposal):
        workflow.approve(proposal, sides=["SOURCE"], by=cast.both)
        with pytest.raises(NoRight, match=self.TWICE):
            workflow.approve(proposal, sides=["TARGET"], by=cast.both)
        assert list(Proposal.objects.awaiting(cast.both)) == []
        workflow.approve(proposal, sides=["TARGET"], by=cast.target_approver)
        assert state(proposal) == "FULLY_APPROVED"

    def test_nor_through_a_delegate(self, cast, proposal):
        factories.delegate(cast.both, cast.stranger)
        workflow.approve(proposal, sides=["SOURCE"], by=cast.both)
        assert list(Proposal.objects.awaiting(cast.stranger)) == []
        with pytest.raises(NoRight):
            workflow.approve(proposal, sides=["TARGET"], by=cast.stranger)

    def test_nor_for_two_delegators(self, cast, proposal):
        factories.delegate(cast.target_approver, cast.delegate)
        workflow.approve(proposal, sides=["SOURCE"], by=cast.delegate)
        with pytest.raises(NoRight, match=self.TWICE):
            workflow.approve(proposal, sides=["TARGET"], by=cast.delegate)

    def test_the_stewards_step_in_where_only_the_same_person_is_left(self, cast, proposal):
        cast.target_approver.is_active = False
        cast.target_approver.save()
        workflow.approve(proposal, sides=["SOURCE"], by=cast.both)
        assert list(Proposal.objects.awaiting(cast.steward)) == [proposal]
        workflow.approve(proposal, sides=["TARGET"], by=cast.steward)
        assert proposal.transitions.get(side="TARGET").capacity.startswith("Steward")


class TestSideWithoutApprover:
    @pytest.fixture(autouse=True)
    def _nobody_for_the_target(self, cast, target):
        target.involvements.update(ended_at="2026-01-01T00:00Z", started_at="2025-01-01T00:00Z")

    def test_it_goes_to_the_stewards(self, cast, source, target):
        proposal = factories.proposed(cast.maker, source, target)
        assert list(Proposal.objects.awaiting(cast.steward)) == [proposal]
        workflow.reject(
            proposal, side="TARGET", by=cast.steward, comment="Nobody knows this system."
        )
        assert state(proposal) == "TARGET_REJECTED"

    def test_or_it_cannot_be_submitted(self, cast, source, target):
        policy(side_without_approver="REFUSE")
        with pytest.raises(
            Conflict, match=r"Nobody can approve for the target, Risk Engine \(RISK\)"
        ):
            factories.proposed(cast.maker, source, target)
        assert [p.state for p in Proposal.objects.all()] == ["PROPOSED_CREATE"]

    def test_the_maker_does_not_count_as_an_approver(self, cast, source, target):
        policy(side_without_approver="REFUSE")
        factories.involve(cast.maker, target)
        with pytest.raises(Conflict, match="Nobody can approve for the target"):
            factories.proposed(cast.maker, source, target)

    def test_it_is_judged_each_time(self, cast, source, target):
        proposal = factories.proposed(cast.maker, source, target)
        factories.involve(cast.stranger, target)
        assert list(Proposal.objects.awaiting(cast.steward)) == []
        with pytest.raises(NoRight):
            workflow.approve(proposal, sides=["TARGET"], by=cast.steward)


def test_a_create_must_carry_its_physical_flow_where_the_policy_says_so(cast, source, target):
    policy(physical_flow_required=True)
    with pytest.raises(Invalid, match="The policy asks for the physical flow too"):
        factories.proposed(cast.maker, source, target, **factories.BARE)
    assert state(factories.proposed(cast.maker, source, target)) == "PENDING_APPROVALS"


def test_later_physical_flows_may_need_a_proposal(cast, source, target):
    done = workflow.approve(
        factories.proposed(cast.maker, source, target), sides=["SOURCE", "TARGET"], by=cast.both
    ).result_logical_flow
    policy(later_physical_flows="PROPOSAL")
    with pytest.raises(NoRight, match="asks for a proposal for every further physical flow"):
        workflow.add_physical_flow(
            done, factories.wish(frequency="WEEKLY"), [factories.data_type()], by=cast.maker
        )
    more = factories.proposed(cast.maker, source, target, specification_name="more.csv")
    assert (
        state(workflow.approve(more, sides=["SOURCE", "TARGET"], by=cast.both)) == "FULLY_APPROVED"
    )
    assert done.physical_flows.count() == 2


def test_each_transition_names_the_policy_in_force(cast, source, target):
    proposal = factories.proposed(cast.maker, source, target)
    changed = Policy.objects.get()
    changed.time_out_days = 5
    changed.save()
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    assert [row.policy.time_out_days for row in proposal.transitions.all()] == [30, 5]
    assert (proposal.due_at - proposal.submitted_at).days == 30
