"""The verbs: what each does, whole, and what it refuses, whole."""

import pytest

from proposals import workflow
from proposals.errors import Conflict, Invalid, NoRight, Refused
from proposals.models import (
    FlowLifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
)

from . import factories, worlds

BOTH_WAYS = pytest.mark.parametrize(
    ("first", "second"),
    [("source", "target"), ("target", "source")],
    ids=["source first", "target first"],
)


def approve(proposal, cast, *sides):
    for side in sides:
        by = getattr(cast, f"{side}_approver")
        proposal = workflow.approve(
            proposal, sides=[side.upper()], by=by, comment=f"fine for the {side}"
        )
    return proposal


def trail(proposal):
    return [(t.number, t.action, t.to_state) for t in proposal.transitions.all()]


def test_submission_leads_to_pending_approvals_with_a_deadline(cast, proposal):
    proposal = Proposal.objects.get(pk=proposal.pk)
    assert proposal.state == "PENDING_APPROVALS"
    assert (proposal.due_at - proposal.submitted_at).days == 30
    row = proposal.transitions.get()
    assert (row.number, row.from_state, row.by, row.capacity) == (
        1,
        "PROPOSED_CREATE",
        cast.maker,
        "Maker",
    )
    assert row.policy.time_out_days == 30


def test_between_systems_nobody_is_involved_in_it_can_be_submitted_too(cast):
    proposal = factories.proposed(cast.maker, factories.system(), factories.system())
    assert Proposal.objects.get(pk=proposal.pk).state == "PENDING_APPROVALS"


@BOTH_WAYS
def test_both_sides_in_either_order_bring_the_flow_into_the_register(cast, proposal, first, second):
    proposal = approve(proposal, cast, first, second)
    proposal = Proposal.objects.get(pk=proposal.pk)
    assert [state for _, _, state in trail(proposal)] == [
        "PENDING_APPROVALS",
        f"{first.upper()}_APPROVED",
        f"{second.upper()}_APPROVED",
        "FULLY_APPROVED",
    ]
    flow, specification, physical = (
        proposal.result_logical_flow,
        proposal.result_specification,
        proposal.result_physical_flow,
    )
    assert (flow.source, flow.target, flow.lifecycle) == (
        proposal.source,
        proposal.target,
        "ACTIVE",
    )
    assert flow.origin_proposal == physical.origin_proposal == proposal
    assert (specification.owner, specification.name) == (proposal.source, "trades.csv")
    assert (physical.logical_flow, physical.specification, physical.frequency) == (
        flow,
        specification,
        "DAILY",
    )
    assert (
        set(flow.data_types())
        == set(specification.data_types.all())
        == set(proposal.data_types.all())
    )
    assert flow.declared_data_types.count() == 0


def test_the_trail_names_who_for_which_side_by_what_right_and_why(cast, proposal):
    approve(proposal, cast, "source", "target")
    _, one, two, last = proposal.transitions.all()
    assert (one.by, one.side, one.comment) == (
        cast.source_approver,
        "SOURCE",
        "fine for the source",
    )
    assert one.capacity == (
        "Data Owner of Ledger (LEDGER); rule: "
        "Data Owner of every application may approve and reject"
    )
    assert (two.by, two.side) == (cast.target_approver, "TARGET")
    assert (last.by, last.side, last.automatic) == (cast.target_approver, "", True)
    assert [row.automatic for row in (one, two)] == [False, False]


def test_one_person_for_both_sides_in_one_click_is_recorded_as_two_decisions(cast, proposal):
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both, comment="ours")
    assert [(t.action, t.by, t.side) for t in proposal.transitions.all()][1:] == [
        ("approve_source", cast.both, "SOURCE"),
        ("approve_target", cast.both, "TARGET"),
        ("complete", cast.both, ""),
    ]


def test_both_sides_by_somebody_who_may_only_one_does_nothing(cast, proposal):
    with pytest.raises(NoRight, match="You may not approve for the target, Risk Engine"):
        workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.source_approver)
    assert len(trail(proposal)) == 1
    assert Proposal.objects.get().state == "PENDING_APPROVALS"


def test_the_same_side_cannot_be_approved_twice(cast, proposal):
    approve(proposal, cast, "source")
    with pytest.raises(Conflict, match="Sam Source approved for the source on"):
        workflow.approve(proposal, sides=["SOURCE"], by=cast.both)
    with pytest.raises(Conflict, match="Sam Source approved for the source on"):
        workflow.reject(proposal, side="SOURCE", by=cast.both, comment="no")
    assert len(trail(proposal)) == 2


def test_a_draft_cannot_be_approved(cast, source, target):
    draft = factories.draft(cast.maker, source, target)
    with pytest.raises(Conflict, match="has not been submitted"):
        workflow.approve(draft, sides=["SOURCE"], by=cast.source_approver)
    assert draft.transitions.count() == 0


def test_the_maker_cannot_approve_even_with_the_right_for_both_sides(cast, source, target):
    own = factories.proposed(cast.both, source, target)
    with pytest.raises(NoRight, match="You made this proposal, so others decide"):
        workflow.approve(own, sides=["SOURCE"], by=cast.both)


@pytest.mark.parametrize("side", ["SOURCE", "TARGET"])
def test_a_rejection_by_either_side_ends_it_and_leaves_no_flow(cast, proposal, side):
    rejected = workflow.reject(proposal, side=side, by=cast.rejecter, comment="No such need.")
    assert rejected.state == f"{side}_REJECTED"
    assert rejected.closed_at
    assert rejected.transitions.last().comment == "No such need."
    assert LogicalFlow.objects.count() == 0


@pytest.mark.parametrize("comment", ["", "  \n "])
def test_a_rejection_without_a_comment_is_refused(cast, proposal, comment):
    with pytest.raises(Invalid, match="Say why you reject"):
        workflow.reject(proposal, side="SOURCE", by=cast.rejecter, comment=comment)
    assert Proposal.objects.get().state == "PENDING_APPROVALS"


def test_a_cancelled_draft_has_one_transition_and_was_never_submitted(cast, source, target):
    draft = factories.draft(cast.maker, source, target)
    cancelled = workflow.cancel(draft, by=cast.maker)
    assert trail(cancelled) == [(1, "cancel", "CANCELLED")]
    assert (cancelled.submitted_at, cancelled.closed_at is None) == (None, False)


def test_the_clock_waits_for_the_deadline(cast, proposal):
    with pytest.raises(Refused, match="deadline has not passed"):
        workflow.time_out(proposal, at=proposal.due_at)
    timed_out = workflow.time_out(
        proposal, at=proposal.due_at + (proposal.due_at - proposal.submitted_at)
    )
    row = timed_out.transitions.last()
    assert (timed_out.state, row.by, row.automatic) == ("TIMED_OUT", None, True)


def test_the_clock_never_ends_it_before_what_somebody_decided_meanwhile(cast, source, target):
    began = factories.timezone.now()
    proposal = factories.proposed(
        cast.maker, source, target, at=began - factories.timedelta(days=40)
    )
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    workflow.time_out(proposal, at=began)
    times = [row.at for row in proposal.transitions.order_by("number")]
    assert times == sorted(times)


def test_each_move_leaves_one_history_row_that_says_who_and_why(cast, proposal):
    approve(proposal, cast, "source", "target")
    assert [
        (h.history_user, h.history_change_reason, h.state) for h in reversed(proposal.history.all())
    ] == [
        (cast.maker, "Draft saved", "PROPOSED_CREATE"),
        (cast.maker, f"Proposal {proposal.pk}: submitted", "PENDING_APPROVALS"),
        (
            cast.source_approver,
            f"Proposal {proposal.pk}: approved for the source",
            "SOURCE_APPROVED",
        ),
        (
            cast.target_approver,
            f"Proposal {proposal.pk}: approved for the target",
            "TARGET_APPROVED",
        ),
        (cast.target_approver, f"Proposal {proposal.pk}: completed", "FULLY_APPROVED"),
    ]
    row = proposal.history.first()
    assert [link.datatype_id for link in row.data_types.all()] == [
        t.pk for t in proposal.data_types.all()
    ]


def test_the_flow_and_its_history_name_the_proposal(cast, proposal):
    approve(proposal, cast, "source", "target")
    physical = PhysicalFlow.objects.get()
    for obj in (physical.logical_flow, physical.specification, physical):
        assert {h.history_change_reason for h in obj.history.all()} == {
            f"Proposal {proposal.pk}: fully approved"
        }
        assert {h.history_user for h in obj.history.all()} == {cast.target_approver}


def test_content_is_frozen_after_submission(cast, proposal):
    proposal.justification = "something else"
    with pytest.raises(Conflict, match="can no longer change"):
        workflow.save_draft(proposal, [], by=cast.maker)
    assert Proposal.objects.get().justification == ""


def test_nobody_saves_the_draft_of_another(cast, source, target):
    draft = factories.draft(cast.maker, source, target)
    with pytest.raises(NoRight):
        workflow.save_draft(draft, [], by=cast.other)
    with pytest.raises(NoRight):
        workflow.save_draft(
            factories.wish(maker=cast.maker, source=source, target=target), [], by=cast.other
        )


def test_a_proposal_that_cannot_be_submitted_is_not_saved_either(cast, source, target):
    wish = factories.wish(maker=cast.maker, source=source, target=target, reason=factories.reason())
    with pytest.raises(Invalid, match="at least one data type"):
        workflow.submit(wish, [], by=cast.maker)
    assert Proposal.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (dict(reason=None), "Choose a reason"),
        (dict(transport=""), "Give the transport"),
        (dict(frequency=""), "Give the frequency"),
        (dict(basis_offset=None), "Give the basis offset"),
        (dict(criticality=""), "Give the criticality"),
        (dict(specification_name=""), "Choose a specification, or name a new one"),
        (dict(types=[]), "at least one data type"),
    ],
)
def test_an_incomplete_proposal_is_refused_with_what_is_missing(
    cast, source, target, fields, sentence
):
    with pytest.raises(Invalid, match=sentence):
        factories.proposed(cast.maker, source, target, **fields)


@pytest.mark.parametrize("flag", ["is_deprecated", "is_unknown"])
def test_a_deprecated_or_unknown_type_cannot_be_newly_proposed(cast, source, target, flag):
    unfit = factories.data_type("Old trades", **{flag: True})
    with pytest.raises(Invalid, match=r"The data type Old trades is .*\. Choose another\."):
        factories.proposed(cast.maker, source, target, [unfit])


def test_a_deprecated_type_is_kept_where_the_specification_has_it(cast, source, target):
    unfit = factories.data_type("Old trades", is_deprecated=True)
    existing = factories.specification(source, types=[unfit])
    proposal = factories.proposed(
        cast.maker, source, target, [], specification=existing, specification_name=""
    )
    assert list(proposal.data_types.all()) == [unfit]


def test_an_existing_specification_is_reused_with_its_own_types(cast, source, target):
    own, other = factories.data_type(), factories.data_type()
    existing = factories.specification(source, types=[own])
    proposal = factories.proposed(
        cast.maker, source, target, [other], specification=existing, specification_name=""
    )
    proposal = approve(proposal, cast, "source", "target")
    assert proposal.result_specification == existing
    assert PhysicalSpecification.objects.count() == 1
    assert list(proposal.result_logical_flow.data_types()) == [own]


def test_types_of_an_untyped_specification_are_declared_on_the_flow(cast, source, target):
    kind = factories.data_type()
    bare = factories.specification(source)
    proposal = factories.proposed(
        cast.maker, source, target, [kind], specification=bare, specification_name=""
    )
    proposal = approve(proposal, cast, "source", "target")
    assert list(bare.data_types.all()) == []
    assert list(proposal.result_logical_flow.declared_data_types.all()) == [kind]


def test_a_specification_of_another_system_is_refused(cast, source, target):
    foreign = factories.specification(target, types=[factories.data_type()])
    with pytest.raises(Invalid, match="does not belong to Ledger"):
        factories.proposed(cast.maker, source, target, specification=foreign, specification_name="")


def test_a_new_specification_may_not_repeat_a_name_of_the_source(cast, source, target):
    factories.specification(source, name="Trades.CSV")
    with pytest.raises(Conflict, match="already has a specification named “Trades") as no:
        factories.proposed(cast.maker, source, target)
    assert no.value.about == source
    assert "named “Trades.CSV”. Choose it" in no.value.sentence


def test_an_equal_specification_made_meanwhile_is_reused(cast, source, target):
    kind = factories.data_type()
    first = factories.proposed(cast.maker, source, target, [kind])
    second = factories.proposed(cast.maker, source, target, [kind], frequency="WEEKLY")
    approve(first, cast, "source", "target")
    second = approve(second, cast, "source", "target")
    assert second.result_specification == PhysicalSpecification.objects.get()
    assert second.result_logical_flow.physical_flows.count() == 2


def test_another_specification_of_the_name_made_meanwhile_refuses_the_last_approval(
    cast, source, target
):
    first = factories.proposed(cast.maker, source, target, [factories.data_type()])
    second = factories.proposed(
        cast.maker, source, target, [factories.data_type()], frequency="WEEKLY"
    )
    approve(first, cast, "source", "target")
    approve(second, cast, "source")
    with pytest.raises(Conflict, match="another specification named “trades"):
        approve(second, cast, "target")
    assert Proposal.objects.get(pk=second.pk).state == "SOURCE_APPROVED"
    assert PhysicalFlow.objects.count() == 1


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_system_removed_meanwhile_refuses_the_approval_and_leaves_the_first_standing(
    cast, proposal, side
):
    approve(proposal, cast, "source")
    system = getattr(proposal, side)
    system.lifecycle = "REMOVED"
    system.save()
    with pytest.raises(Conflict, match=f"{system.name} .* has been removed"):
        approve(proposal, cast, "target")
    assert [state for _, _, state in trail(proposal)] == ["PENDING_APPROVALS", "SOURCE_APPROVED"]
    assert LogicalFlow.objects.count() == 0


def test_a_removed_system_takes_no_new_proposal(cast, source, target):
    target.lifecycle = "REMOVED"
    target.save()
    with pytest.raises(Conflict, match=r"Risk Engine \(RISK\) has been removed"):
        factories.proposed(cast.maker, source, target)


def test_without_a_physical_flow_the_types_are_declared_and_the_flow_is_pending(
    cast, source, target
):
    bare = approve(
        factories.proposed(cast.maker, source, target, **factories.BARE), cast, "source", "target"
    )
    flow = bare.result_logical_flow
    assert (flow.lifecycle, bare.result_physical_flow, bare.result_specification) == (
        "PENDING",
        None,
        None,
    )
    assert set(flow.declared_data_types.all()) == set(bare.data_types.all())


def test_a_removed_flow_comes_back_to_life(cast, source, target, proposal):
    flow = approve(proposal, cast, "source", "target").result_logical_flow
    for part in (flow.physical_flows.get(), flow):
        part.remove()
        factories.store(part, by=None, why="removed by a test", at=proposal.due_at)
    existing = PhysicalSpecification.objects.get()
    again = factories.proposed(
        cast.maker, source, target, specification=existing, specification_name=""
    )
    again = approve(again, cast, "source", "target")
    assert again.result_logical_flow == flow
    assert LogicalFlow.objects.get().lifecycle == FlowLifecycle.ACTIVE
    assert PhysicalFlow.objects.count() == 2


def test_a_second_identical_proposal_is_refused_and_names_the_first(cast, source, target, proposal):
    with pytest.raises(
        Conflict, match=f"Proposal {proposal.pk} by Mia Maker asks for the same"
    ) as no:
        factories.proposed(cast.other, source, target, specification_name=" TRADES.csv ")
    assert no.value.about == proposal


def test_what_the_register_already_has_is_refused(cast, source, target, proposal):
    done = approve(proposal, cast, "source", "target")
    with pytest.raises(Conflict, match="already has this physical flow") as no:
        factories.proposed(
            cast.other,
            source,
            target,
            specification=done.result_specification,
            specification_name="",
        )
    assert no.value.about == done.result_physical_flow
    with pytest.raises(Conflict, match="already has the flow Ledger → Risk Engine"):
        factories.proposed(cast.other, source, target, **factories.BARE)


@pytest.mark.parametrize(
    "difference",
    [
        {"specification_name": "positions.csv"},
        {"frequency": "WEEKLY"},
        {"transport": "EMAIL"},
        {"basis_offset": 2},
        {"name": "evening run"},
    ],
)
def test_what_differs_in_specification_frequency_transport_offset_or_name_is_no_twin(
    cast, source, target, proposal, difference
):
    assert factories.proposed(cast.other, source, target, **difference).state == "PENDING_APPROVALS"


@worlds.shared
def approved(cast, source, target):
    """An approved logical flow without a physical flow."""
    bare = factories.proposed(cast.maker, source, target, **factories.BARE)
    return approve(bare, cast, "source", "target").result_logical_flow


def test_a_further_physical_flow_on_an_approved_flow_needs_no_second_approval(cast, approved):
    made = workflow.add_physical_flow(
        approved, factories.wish(), [factories.data_type()], by=cast.stranger
    )
    assert (made.added_by, made.origin_proposal) == (cast.stranger, approved.origin_proposal)
    assert made.history.get().history_user == cast.stranger
    assert LogicalFlow.objects.get().lifecycle == "ACTIVE"


def test_a_further_physical_flow_that_is_there_already_is_refused(cast, approved):
    first = workflow.add_physical_flow(
        approved, factories.wish(), [factories.data_type()], by=cast.maker
    )
    again = factories.wish(specification=first.specification, specification_name="")
    with pytest.raises(Conflict, match="already has this physical flow"):
        workflow.add_physical_flow(approved, again, [], by=cast.maker)


def test_a_further_physical_flow_that_an_open_proposal_asks_for_is_refused_with_a_link(
    cast, approved
):
    asked = factories.proposed(cast.maker, approved.source, approved.target)
    with pytest.raises(Conflict, match=f"Proposal {asked.pk} by Mia Maker asks for the same") as no:
        workflow.add_physical_flow(
            approved, factories.wish(), [factories.data_type()], by=cast.stranger
        )
    assert no.value.about == asked


def test_a_further_physical_flow_on_a_flow_nobody_approved_is_refused(cast, imported):
    with pytest.raises(Refused, match="Nobody has approved the flow Ledger → Risk Engine yet"):
        workflow.add_physical_flow(
            imported, factories.wish(), [factories.data_type()], by=cast.maker
        )
    assert PhysicalFlow.objects.count() == 0


def test_a_further_physical_flow_on_a_removed_flow_is_refused(cast, approved):
    approved.remove()
    factories.store(approved, by=None, why="removed by a test", at=approved.origin_proposal.due_at)
    with pytest.raises(Conflict, match="Propose it again"):
        workflow.add_physical_flow(
            approved, factories.wish(), [factories.data_type()], by=cast.maker
        )


def test_an_imported_flow_gets_consent_through_a_proposal(cast, imported, source, target):
    done = approve(factories.proposed(cast.maker, source, target), cast, "source", "target")
    assert done.result_logical_flow == imported
    assert LogicalFlow.objects.get().origin_batch is not None
    more = factories.wish(
        frequency="WEEKLY", specification=done.result_specification, specification_name=""
    )
    assert workflow.add_physical_flow(imported, more, [], by=cast.maker).origin_proposal == done
