"""Request changes, revise, decide again: the rounds of a proposal."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from proposals import workflow
from proposals.errors import Conflict, Invalid, NoRight
from proposals.history import verify
from proposals.models import Notice, Proposal, ProposalType

from . import factories, worlds

pytestmark = pytest.mark.django_db

ASKED = "Please name the end of day file."


@worlds.shared
def returned(cast, proposal):
    """Approved for the source, and returned by the target."""
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    return workflow.request_changes(proposal, side="TARGET", by=cast.target_approver, comment=ASKED)


def revised(original: Proposal, by, **changes) -> Proposal:
    """The next round, submitted: the content of `original` but for `changes`."""
    proposal = factories.wish(
        maker=by, source=original.source, target=original.target, reason=original.reason
    )
    for field, value in changes.items():
        setattr(proposal, field, value)
    proposal.revise(original)
    workflow.submit(proposal, original.data_types.all(), by=by)
    return proposal


def words(response) -> str:
    return " ".join(response.content.decode().split())


def test_a_returned_proposal_is_closed_and_its_comment_is_kept(cast, returned):
    assert returned.state == "RETURNED"
    assert returned.closed_at is not None
    last = returned.transitions.last()
    assert (last.action, last.side, last.by, last.comment) == (
        "return_target",
        "TARGET",
        cast.target_approver,
        ASKED,
    )
    assert returned.result_logical_flow is None
    with pytest.raises(Conflict):
        workflow.approve(returned, sides=["TARGET"], by=cast.target_approver)
    assert list(verify.breaches()) == []


def test_changes_are_requested_with_a_comment_or_not_at_all(cast, proposal):
    with pytest.raises(Invalid) as refusal:
        workflow.request_changes(proposal, side="TARGET", by=cast.target_approver, comment=" ")
    assert refusal.value.fields == {"comment": "Say what should change: the maker needs to know."}
    assert Proposal.objects.get(pk=proposal.pk).state == "PENDING_APPROVALS"


def test_the_maker_is_told_and_so_is_who_decided_before(cast, returned):
    step = returned.transitions.last()
    told = Notice.objects.filter(transition=step).values_list("recipient__name", flat=True)
    assert set(told) == {"Mia Maker", "Sam Source"}


@pytest.mark.parametrize(
    ("how", "may_be_revised"),
    [("rejected", True), ("returned", True), ("cancelled", True), ("approved", False)],
)
def test_what_was_closed_without_agreement_may_be_revised(cast, proposal, how, may_be_revised):
    match how:
        case "rejected":
            workflow.reject(proposal, side="SOURCE", by=cast.source_approver, comment="no")
        case "returned":
            workflow.request_changes(
                proposal, side="SOURCE", by=cast.source_approver, comment=ASKED
            )
        case "cancelled":
            workflow.cancel(proposal, by=cast.maker)
        case "approved":
            workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    closed = Proposal.objects.get(pk=proposal.pk)
    assert closed.can_be_revised is may_be_revised
    if may_be_revised:
        assert revised(closed, cast.maker, name="intraday").round_number == 2
    else:
        with pytest.raises(Conflict):
            revised(closed, cast.maker, name="intraday")


def test_rounds_are_a_chain_that_names_its_first(cast, returned):
    second = revised(returned, cast.maker, specification_name="eod.csv")
    workflow.cancel(second, by=cast.maker)
    third = revised(Proposal.objects.get(pk=second.pk), cast.maker, specification_name="e.csv")
    assert (third.round_number, third.revises, third.first_round) == (3, second, returned)
    assert third.round_in_words == f"round 3 of No. {returned.pk}"
    assert list(third.earlier_rounds()) == [second, returned]
    assert list(verify.breaches()) == []


def test_a_round_is_followed_by_one_and_only_of_its_maker(cast, returned):
    second = revised(returned, cast.maker)
    with pytest.raises(Conflict) as refusal:
        revised(returned, cast.maker, name="once more")
    assert refusal.value.about == second
    with pytest.raises(NoRight):
        revised(returned, cast.stranger, name="not mine")


def test_two_rounds_after_one_are_refused_by_the_database(cast, returned):
    revised(returned, cast.maker)
    twin = factories.wish(maker=cast.maker, source=returned.source, target=returned.target)
    twin.revise(returned)
    with pytest.raises(IntegrityError, match=r"revise|proposal_not_replaced"), transaction.atomic():
        twin.save()


def test_a_draft_that_was_given_up_is_no_round(cast, returned):
    draft = factories.wish(maker=cast.maker, source=returned.source, target=returned.target)
    draft.revise(returned)
    workflow.save_draft(draft, [], by=cast.maker)
    assert returned.next_round == draft
    workflow.cancel(draft, by=cast.maker)
    assert returned.next_round is None
    assert revised(returned, cast.maker).round_number == 2


def test_every_side_decides_anew(cast, returned):
    second = revised(returned, cast.maker, specification_name="eod.csv")
    assert second.state == "PENDING_APPROVALS"
    workflow.approve(second, sides=["TARGET"], by=cast.target_approver)
    assert Proposal.objects.get(pk=second.pk).state == "TARGET_APPROVED"


def test_the_maker_begins_the_next_round_on_its_page(as_, cast, returned):
    web = as_(cast.maker)
    page = words(web.get(returned.get_absolute_url()))
    begin = f"/proposals/new/?from={returned.pk}"
    assert f'href="{begin}" >Revise it</a>' in page
    shown = web.get(begin)
    assert shown.context["form"]["specification_name"].value() == "trades.csv"
    assert ASKED in words(shown)
    assert f'Round 2, after <a href="{returned.get_absolute_url()}"' in words(shown)
    sent = {
        "form_key": str(uuid4()),
        "source": str(returned.source),
        "target": str(returned.target),
        "with_physical_flow": "True",
        "data_types": [kind.pk for kind in returned.data_types.all()],
        "reason": returned.reason_id,
        "specification_name": "eod.csv",
        "specification_format": "FLAT_FILE",
        "transport": "FILE_TRANSPORT",
        "frequency": "DAILY",
        "basis_offset": "1",
        "criticality": "MEDIUM",
    }
    web.post(begin, sent | {"draft": "1"})
    made = Proposal.objects.get(revises=returned)
    assert (made.round_number, made.specification_name) == (2, "eod.csv")
    assert ASKED in words(web.get(f"{made.get_absolute_url()}edit/"))
    again = web.get(begin)
    assert again.status_code == 409
    assert "You have revised it already." in words(again)
    assert f'Revised as <a href="{made.get_absolute_url()}"' in words(
        web.get(returned.get_absolute_url())
    )


def test_what_was_said_stands_beside_its_field_while_the_next_round_is_written(as_, cast, proposal):
    """The question of the return, and what is about no field of the form, above."""
    for topic, said in [("transport", "Not by mail, please."), ("", "Who is on call?")]:
        workflow.remark(proposal, said, by=cast.target_approver, topic=topic)
    back = workflow.request_changes(proposal, side="TARGET", by=cast.target_approver, comment=ASKED)
    page = words(as_(cast.maker).get(f"/proposals/new/?from={back.pk}"))
    above, form = page.split('<form id="wish" ')
    transport = form.split('id="field-transport"')[1].split('id="field-')[0]
    assert "Not by mail, please." in transport
    assert form.count("Not by mail") == 1
    assert ASKED in above
    assert "Who is on call?" in above
    assert "Not by mail" not in above
    assert "Not by mail" not in words(as_(cast.maker).get("/proposals/new/"))


def test_a_draft_of_the_next_round_is_seen_by_its_maker_alone(as_, cast, returned):
    draft = factories.wish(maker=cast.maker, source=returned.source, target=returned.target)
    draft.revise(returned)
    workflow.save_draft(draft, [], by=cast.maker)
    assert "Revised as" not in words(as_(cast.stranger).get(returned.get_absolute_url()))


def test_approvers_read_what_differs_from_the_round_before(as_, cast, returned):
    second = revised(
        returned, cast.maker, specification_name="eod.csv", justification="As you asked."
    )
    page = words(as_(cast.target_approver).get(second.get_absolute_url()))
    assert f'round 2 of <a href="{returned.get_absolute_url()}">No. {returned.pk}</a>' in page
    assert "<del>trades.csv</del></td> <td><ins>eod.csv</ins>" in page
    assert "<ins>As you asked.</ins>" in page
    assert page.count('<tr class="differs">') == 2
    assert ASKED in page
    assert "Approve again, unchanged" not in page


def test_a_side_that_is_asked_the_same_again_confirms_in_one_click(as_, cast, returned):
    second = revised(returned, cast.maker, justification="The target reads it since May.")
    confirming = as_(cast.source_approver).get(second.get_absolute_url())
    assert "The source approved round 1, and what is asked has not changed." in words(confirming)
    sent = {
        "form_key": str(uuid4()),
        "side": "SOURCE",
        "comment": confirming.context["rounds"].confirmation,
    }
    assert as_(cast.source_approver).post(f"{second.get_absolute_url()}approve/", sent).url == (
        second.get_absolute_url()
    )
    step = second.transitions.last()
    assert (step.action, step.by) == ("approve_source", cast.source_approver)
    assert step.comment == (
        f"As approved in round 1 (No. {returned.pk}): what is asked has not changed."
    )
    # The target returned it: it has approved nothing that could be confirmed.
    page = words(as_(cast.target_approver).get(second.get_absolute_url()))
    assert "Approve again, unchanged" not in page


def test_the_mail_that_asks_again_says_what_differs(cast, returned):
    second = revised(returned, cast.maker, specification_name="eod.csv")
    summaries = set(Notice.objects.filter(proposal=second).values_list("summary", flat=True))
    assert summaries == {
        f"Mia Maker asks for your decision on proposal {second.pk} (round 2 of No. {returned.pk}), "
        f"{second.source.name} → {second.target.name}."
    }
    notice = Notice.objects.filter(proposal=second, mail__isnull=False).first()
    difference = "- Specification name: trades.csv → eod.csv"
    assert f"Since round 1 (proposal {returned.pk}):\n{difference}" in notice.mail.message
    assert "<li>Specification name: trades.csv → eod.csv</li>" in notice.mail.html_message


def test_a_chain_is_one_line_of_the_list_unless_every_round_is_asked_for(as_, cast, returned):
    second = revised(returned, cast.maker)
    web = as_(cast.stranger)

    def listed(query: str) -> list[int]:
        return [row.pk for row in web.get(f"/proposals/?{query}").context["page"].rows]

    assert listed("") == [second.pk]
    assert f"round 2 of No. {returned.pk}" in words(web.get("/proposals/"))
    assert listed("rounds=on") == [second.pk, returned.pk]
    assert listed("state=RETURNED") == [returned.pk]
    assert listed("state=CLOSED") == [returned.pk]
    assert listed(f"q=%23{returned.pk}") == [returned.pk]


def test_a_change_is_revised_against_the_same_flow(as_, cast, returned, source, target):
    flow = factories.flow(source, target, physical=1).physical_flows.get()
    edit = factories.edited(flow, cast.maker, None, frequency="MONTHLY")
    workflow.request_changes(edit, side="SOURCE", by=cast.both, comment="Weekly is enough.")
    web = as_(cast.maker)
    shown = web.get(f"/physical-flows/{flow.pk}/edit/?from={edit.pk}")
    assert f"Revise proposal {edit.pk}" in words(shown)
    proposal = shown.context["proposal"]
    assert (proposal.type, proposal.revises, proposal.round_number) == (
        ProposalType.EDIT,
        edit,
        2,
    )
    assert "Weekly is enough." in words(shown)
    other = factories.flow(target, source, physical=1).physical_flows.get()
    shown = web.get(f"/physical-flows/{other.pk}/edit/?from={edit.pk}")
    assert shown.context["proposal"].revises is None
