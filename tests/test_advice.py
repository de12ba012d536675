"""What a maker reads while writing: who could approve, what is there already, and what would be
refused.
"""

import pytest
from django.utils import timezone

from proposals import workflow
from proposals.models import Proposal, System

from . import factories
from .test_pages import text

NEW = "/proposals/new/"
ADVICE = "/proposals/new/advice/"
ROUTE = {"source": "LEDGER", "target": "Risk Engine (RISK)", "with_physical_flow": "True"}
SAME = {
    "specification_name": "Trades.CSV",
    "transport": "FILE_TRANSPORT",
    "frequency": "DAILY",
    "basis_offset": "1",
}
NOBODY = "Nobody can approve for it."


def advised(client, **typed) -> str:
    response = client.get(ADVICE, ROUTE | typed)
    assert response.status_code == 200
    return text(response)


def test_who_could_approve_is_said_by_name(as_, cast):
    told = advised(as_(cast.maker))
    assert "Source Ledger Bo Both, Sam Source, Dee Delegate for Sam Source can approve." in told
    assert "Target Risk Engine Bo Both, Tess Target can approve." in told
    assert "Source Ledger" in advised(as_(cast.maker), target="")
    assert "No system is called “ledg”. Did you mean Ledger (LEDGER)?" in advised(
        as_(cast.maker), source="ledg"
    )


@pytest.mark.parametrize(
    ("offset", "is_doubted"), [("260", False), ("261", True), ("400", True), ("-400", True)]
)
def test_a_basis_offset_of_more_than_a_year_is_asked_about(as_, cast, offset, is_doubted):
    page = advised(as_(cast.maker), **SAME | {"basis_offset": offset})
    doubt = f"T{int(offset):+d} is more than a year of working days: is it meant?"
    assert (doubt in page) == is_doubted


@pytest.mark.parametrize(
    ("policy", "stewards", "told"),
    [
        ({}, True, f"{NOBODY} The stewards decide: Stella Steward."),
        ({}, False, f"{NOBODY} There is no steward either: it would wait until somebody can."),
        ({"side_without_approver": "REFUSE"}, True, f"{NOBODY} So it cannot be submitted."),
        (
            {"external_auto_approval": True},
            True,
            "Counts as approved when you submit: External system, approved",
        ),
    ],
)
def test_a_side_nobody_can_approve_is_warned_of(as_, cast, policy, stewards, told):
    factories.system("Regulator", code="REG", is_external=True, kind="ACTOR")
    factories.policy(**policy)
    if not stewards:
        cast.steward.groups.clear()
    page = advised(as_(cast.maker), target="REG")
    assert f"Target Regulator {told}" in page
    assert ("Would be refused. Regulator (REG)" in page) == ("REFUSE" in policy.values())


def test_the_only_approver_who_proposes_is_told_that_others_decide(as_, cast):
    cast.both.involvements.filter(system__code="RISK").update(ended_at=timezone.now())
    told = advised(as_(cast.target_approver))
    assert (
        "Only you could approve for it, but makers do not decide on their own proposals. "
        "The stewards decide" in told
    )


def test_a_twin_is_shown_with_its_link_as_soon_as_the_wish_is_complete(as_, cast, proposal):
    client = as_(cast.other)
    assert "Would be refused" not in advised(client, **SAME | {"basis_offset": ""})
    page = client.get(ADVICE, ROUTE | SAME).content.decode()
    assert (
        f"Would be refused.</strong> Proposal {proposal.pk} by Mia Maker asks for the same and is "
        "still open." in page
    )
    assert f'href="{proposal.get_absolute_url()}"' in page
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    assert "Ledger (LEDGER) already has a specification named “trades.csv”" in advised(
        client, **SAME
    )
    mine = proposal.source.specifications.get().pk
    told = advised(client, **SAME | {"specification": mine, "specification_name": ""})
    assert (
        "Would be refused. The register already has this physical flow: "
        "trades.csv on Ledger → Risk Engine." in told
    )
    assert "The register already has the flow Ledger → Risk Engine." in advised(
        client, with_physical_flow="False"
    )


def test_what_is_between_the_two_systems_already_is_shown_both_ways(
    as_, cast, source, target, proposal
):
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    back = factories.proposed(cast.other, target, source, specification_name="limits.xml")
    factories.draft(cast.maker, source, target, specification_name="mine.csv")
    factories.draft(cast.other, source, target, specification_name="foreign.csv")
    told = advised(as_(cast.maker))
    assert "trades.csv already goes this way: file transport, daily, T+1." in told
    assert (
        "Add a physical flow at once instead: both sides have approved this route already." in told
    )
    assert f"Proposal {back.pk} by Otto Other is open the other way: limits.xml." in told
    assert "is your own draft on this route: mine.csv." in told
    assert "foreign.csv" not in told
    there = advised(as_(cast.maker), source="RISK", target="LEDGER")
    assert "Ledger → Risk Engine is in the register: data already goes the other way." in there


def test_a_bare_flow_and_a_removed_system_are_told(as_, cast, imported, target):
    assert "Ledger → Risk Engine is in the register, without a physical flow." in advised(
        as_(cast.maker)
    )
    System.objects.filter(pk=target.pk).update(lifecycle="REMOVED")
    assert (
        "Would be refused. Risk Engine (RISK) has been removed and takes no new flow."
        in advised(as_(cast.maker))
    )
    assert "Source and target must be two different systems." in advised(
        as_(cast.maker), target="ledger"
    )


def test_the_same_is_told_without_a_script_and_in_the_draft(as_, cast, source, target, proposal):
    twin, client = "asks for the same and is still open.", as_(cast.other)
    sent = ROUTE | SAME | {"specification_format": "FLAT_FILE", "criticality": "LOW"}
    shown = client.post(NEW, sent | {"show": "1"})
    assert shown.status_code == 200
    assert twin in text(shown)
    assert "Sam Source" in text(shown)
    client.post(NEW, sent | {"draft": "1"})
    draft = Proposal.objects.get(maker=cast.other)
    for page in (f"/proposals/{draft.pk}/edit/", f"/proposals/{draft.pk}/propose/"):
        assert twin in text(client.get(page))
        assert "is your own draft" not in text(client.get(page))


def test_how_a_specification_is_sent_already_can_be_taken_over(as_, cast, source, target, proposal):
    flow = workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both).result_physical_flow
    factories.system("Archive", code="ARC")
    chosen = {"target": "ARC", "specification": flow.specification_id}
    told = advised(as_(cast.maker), **chosen)
    assert (
        "trades.csv goes to Risk Engine already: file transport, daily, T+1, criticality medium."
        in told
    )
    page = (
        as_(cast.maker)
        .post(NEW, ROUTE | chosen | {"like": flow.pk, "justification": "Kept."})
        .content.decode()
    )
    assert 'value="FILE_TRANSPORT" selected' in page
    assert 'name="basis_offset" value="1"' in page
    assert "Kept." in page
    assert as_(cast.maker).post(NEW, ROUTE | {"like": "9" * 30}).status_code == 200
