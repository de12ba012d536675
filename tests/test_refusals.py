"""Every refusal reads as one sentence a person understands, and changes nothing. Those told
elsewhere are not repeated: see test_workflow, test_changes, test_policies and test_permissions.
"""

import pytest
from django.contrib.auth.models import AnonymousUser
from post_office.models import Email

from proposals import workflow
from proposals.errors import Conflict, Invalid, NoRight
from proposals.models import (
    ImportBatch,
    LogicalFlow,
    Notice,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    System,
    Transition,
    User,
    actions,
)

from . import factories, worlds


def everything():
    """What a refusal leaves as it was."""
    tables = [
        Proposal,
        Proposal.history,
        Transition,
        LogicalFlow,
        PhysicalFlow,
        PhysicalSpecification,
        Notice,
        Email,
    ]
    return [
        list(table.values_list().order_by("pk"))
        for table in [getattr(t, "objects", t) for t in tables]
    ]


def refused(kind, sentence, act, *args, **kwargs):
    before = everything()
    with pytest.raises(kind) as no:
        act(*args, **kwargs)
    assert no.value.sentence == sentence
    assert everything() == before
    return no.value


@worlds.shared
def approved(cast, source, target):
    """A fully approved CREATE with a physical flow: trades.csv, daily."""
    done = factories.proposed(cast.maker, source, target)
    return workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both)


def brought_by_an_import(logical, specification, **fields):
    made = PhysicalFlow(
        logical_flow=logical,
        specification=specification,
        origin_batch=ImportBatch.objects.create(outcome="1 physical flow added"),
        **{
            "transport": "FILE_TRANSPORT",
            "frequency": "DAILY",
            "basis_offset": 1,
            "criticality": "MEDIUM",
        }
        | fields,
    )
    factories.store(made, by=None, why="Import", at=factories.timezone.now())
    return made


# who may not


@pytest.mark.parametrize("name", ["stranger", "other", "superuser", "inactive", "steward", "maker"])
def test_an_approval_without_the_right_changes_nothing(cast, proposal, name):
    sentence = "You may not approve for the source, Ledger (LEDGER)."
    if name == "maker":
        sentence = "You made this proposal, so others decide."
    refused(NoRight, sentence, workflow.approve, proposal, sides=["SOURCE"], by=getattr(cast, name))


def test_a_right_to_reject_is_no_right_to_approve(cast, proposal):
    sentence = "You may not approve for the target, Risk Engine (RISK)."
    refused(NoRight, sentence, workflow.approve, proposal, sides=["TARGET"], by=cast.rejecter)


def test_a_rejection_without_the_right_changes_nothing(cast, proposal):
    sentence = "You may not reject for the target, Risk Engine (RISK)."
    refused(
        NoRight,
        sentence,
        workflow.reject,
        proposal,
        side="TARGET",
        by=cast.source_approver,
        comment="no",
    )


@pytest.mark.parametrize(
    "person", [User(name="Nobody", email="nobody@example.com"), AnonymousUser()]
)
def test_an_unknown_person_has_no_rights(cast, proposal, person):
    assert [name for name, action in actions().items() if action.role(proposal, person)] == []


def test_the_maker_decides_nothing_as_the_delegate_of_an_approver(cast, proposal):
    factories.delegate(cast.source_approver, cast.maker)
    sentence = "You made this proposal, so others decide."
    refused(NoRight, sentence, workflow.approve, proposal, sides=["SOURCE"], by=cast.maker)


def test_nor_does_the_maker_s_delegate(cast, source, target):
    own = factories.proposed(cast.both, source, target)
    factories.delegate(cast.both, cast.stranger)
    sentence = "You may not approve for the source, Ledger (LEDGER)."
    refused(NoRight, sentence, workflow.approve, own, sides=["SOURCE"], by=cast.stranger)


def test_only_the_maker_submits_and_cancels(cast, source, target, proposal):
    draft = factories.draft(cast.maker, source, target, specification_name="later.csv")
    sentence = "Only its maker, Mia Maker, can do this."
    refused(NoRight, sentence, workflow.propose, draft, by=cast.superuser)
    refused(NoRight, sentence, workflow.cancel, draft, by=cast.stranger)
    refused(NoRight, sentence, workflow.cancel, proposal, by=cast.source_approver)


@pytest.mark.parametrize("action", ["time_out", "complete"])
def test_what_follows_by_itself_has_no_url(client, cast, proposal, action):
    client.force_login(cast.superuser)
    assert client.post(f"/proposals/{proposal.pk}/{action}/").status_code == 404


# what has moved meanwhile


def test_the_same_approver_cannot_approve_one_side_twice(cast, proposal):
    first = workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver).last_transition()
    told = f"Sam Source approved for the source on {first.at:%-d %B %Y, %H:%M} UTC."
    refused(Conflict, told, workflow.approve, proposal, sides=["SOURCE"], by=cast.source_approver)


def test_what_is_submitted_is_not_submitted_again(cast, proposal):
    told = f"Mia Maker submitted on {proposal.submitted_at:%-d %B %Y, %H:%M} UTC."
    refused(Conflict, told, workflow.propose, proposal, by=cast.maker)


def test_what_has_ended_is_not_cancelled(cast, proposal):
    ended = workflow.reject(proposal, side="TARGET", by=cast.rejecter, comment="no")
    told = f"Rey Rejecter rejected for the target on {ended.closed_at:%-d %B %Y, %H:%M} UTC."
    refused(Conflict, told, workflow.cancel, proposal, by=cast.maker)
    refused(Conflict, told, workflow.approve, proposal, sides=["TARGET"], by=cast.target_approver)
    refused(
        Conflict,
        told,
        workflow.time_out,
        proposal,
        at=proposal.due_at + factories.timedelta(days=1),
    )


def test_a_twin_made_meanwhile_refuses_the_last_approval_and_the_first_stands(
    cast, source, target, approved
):
    late = factories.proposed(
        cast.maker,
        source,
        target,
        specification=approved.result_specification,
        specification_name="",
        name="Night",
    )
    workflow.approve(late, sides=["SOURCE"], by=cast.source_approver)
    twin = brought_by_an_import(
        approved.result_logical_flow, approved.result_specification, name="night"
    )
    sentence = "The register already has this physical flow: night on Ledger → Risk Engine."
    no = refused(
        Conflict, sentence, workflow.approve, late, sides=["TARGET"], by=cast.target_approver
    )
    assert no.about == twin
    assert Proposal.objects.get(pk=late.pk).state == "SOURCE_APPROVED"


def test_a_bare_route_made_meanwhile_refuses_the_last_approval(cast, source, target):
    bare = factories.proposed(cast.maker, source, target, **factories.BARE)
    workflow.approve(bare, sides=["TARGET"], by=cast.target_approver)
    full = factories.proposed(cast.other, source, target)
    workflow.approve(full, sides=["SOURCE", "TARGET"], by=cast.both)
    sentence = "The register already has the flow Ledger → Risk Engine."
    refused(Conflict, sentence, workflow.approve, bare, sides=["SOURCE"], by=cast.source_approver)


# what is asked


def test_a_decision_says_for_which_side(cast, proposal):
    refused(
        Invalid,
        "Say for which side you approve.",
        workflow.approve,
        proposal,
        sides=[],
        by=cast.both,
    )
    sentence = "Say for which side you reject."
    refused(Invalid, sentence, workflow.reject, proposal, side="", by=cast.both, comment="no")


def test_a_removed_specification_is_not_proposed_again(cast, source, target):
    gone = factories.specification(source, "old.csv", types=[factories.data_type()])
    gone.remove()
    factories.store(gone, by=None, why="removed by a test", at=factories.timezone.now())
    draft = factories.draft(cast.maker, source, target, specification=gone, specification_name="")
    refused(
        Conflict,
        f"The specification {gone} has been removed.",
        workflow.propose,
        draft,
        by=cast.maker,
    )


def test_a_new_specification_needs_its_format(cast, source, target):
    draft = factories.draft(cast.maker, source, target, specification_format="")
    refused(
        Invalid, "Give the format of the new specification.", workflow.propose, draft, by=cast.maker
    )


# twins of what is still open


def edit(flow, maker, **fields):
    """An EDIT of `flow`, a draft."""
    draft = Proposal.change_of(PhysicalFlow.objects.get(pk=flow.pk), maker)
    for field, value in ({"reason": factories.reason()} | fields).items():
        setattr(draft, field, value)
    workflow.save_draft(draft, flow.specification.data_types.all(), by=maker)
    return draft


def weekly(cast, approved, maker):
    """A draft of the same flow as `approved` made, but weekly."""
    fields = {
        "specification": approved.result_specification,
        "specification_name": "",
        "frequency": "WEEKLY",
    }
    return factories.draft(maker, approved.source, approved.target, **fields)


def test_a_create_that_an_open_edit_would_bring_is_refused_with_a_link(cast, approved):
    change = workflow.propose(
        edit(approved.result_physical_flow, cast.maker, frequency="WEEKLY"), by=cast.maker
    )
    sentence = f"Proposal {change.pk} by Mia Maker asks for the same and is still open."
    no = refused(
        Conflict, sentence, workflow.propose, weekly(cast, approved, cast.other), by=cast.other
    )
    assert no.about == change


def test_an_edit_to_what_an_open_create_asks_for_is_refused_with_a_link(cast, approved):
    wanted = workflow.propose(weekly(cast, approved, cast.other), by=cast.other)
    draft = edit(approved.result_physical_flow, cast.maker, frequency="WEEKLY")
    sentence = f"Proposal {wanted.pk} by Otto Other asks for the same and is still open."
    assert refused(Conflict, sentence, workflow.propose, draft, by=cast.maker).about == wanted


def test_a_create_of_what_is_there_names_the_flow_though_an_edit_of_it_is_open(cast, approved):
    workflow.propose(
        edit(approved.result_physical_flow, cast.maker, description="As of May."), by=cast.maker
    )
    again = weekly(cast, approved, cast.other)
    again.frequency = "DAILY"
    workflow.save_draft(again, [], by=cast.other)
    sentence = "The register already has this physical flow: trades.csv on Ledger → Risk Engine."
    refused(Conflict, sentence, workflow.propose, again, by=cast.other)


# a further physical flow


def add(approved, by, **fields):
    return workflow.add_physical_flow(
        approved.result_logical_flow, factories.wish(**fields), [factories.data_type()], by=by
    )


def test_a_further_physical_flow_that_an_open_proposal_asks_for_is_refused_with_a_link(
    cast, approved
):
    asked = factories.proposed(
        cast.other, approved.source, approved.target, specification_name="more.csv"
    )
    sentence = f"Proposal {asked.pk} by Otto Other asks for the same and is still open."
    no = refused(Conflict, sentence, add, approved, cast.maker, specification_name="More.CSV")
    assert no.about == asked


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_further_physical_flow_of_a_removed_system_is_refused(cast, approved, side):
    system = getattr(approved, side)
    System.objects.filter(pk=system.pk).update(lifecycle="REMOVED")
    sentence = f"{system} has been removed and takes no new flow."
    refused(Conflict, sentence, add, approved, cast.maker, specification_name="more.csv")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"transport": ""}, "Give the transport of the physical flow."),
        ({"specification_name": " "}, "Choose a specification, or name a new one."),
    ],
)
def test_an_incomplete_further_physical_flow_is_refused(cast, approved, fields, sentence):
    refused(
        Invalid, sentence, add, approved, cast.maker, **{"specification_name": "more.csv"} | fields
    )


def test_an_inactive_person_adds_no_physical_flow(cast, approved):
    refused(
        NoRight,
        "Your account is not active.",
        add,
        approved,
        cast.inactive,
        specification_name="more.csv",
    )
