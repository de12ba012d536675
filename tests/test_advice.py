"""What a maker reads while writing: who could approve, what is there already, and what would be
refused.
"""

import re

import pytest
from django.utils import timezone

from proposals import workflow
from proposals.forms.changing import ConcerningForm
from proposals.models import PhysicalFlow, Proposal, System

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
    return text(response).replace(" .", ".")  # a link ends before the full stop


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


@pytest.fixture
def sent(cast, source, target):
    """A physical flow of T+1 that both sides approved."""
    done = factories.proposed(cast.maker, source, target)
    return workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both).result_physical_flow


def new_flow(sent) -> tuple[str, dict]:
    wish = {"source": "Ledger (LEDGER)", "target": "Risk Engine (RISK)"}
    wish |= {"with_physical_flow": "True", "justification": "Needed.", "submit": "1"}
    wish |= {"reason": sent.origin_proposal.reason_id, **further_flow(sent)[1]}
    return "/proposals/new/", wish


def change(sent) -> tuple[str, dict]:
    values = {name: getattr(sent, name) for name in sent.ATTRIBUTES}
    values |= {"reason": sent.origin_proposal.reason_id, "submit": "1"}
    values |= {"data_types": [row.pk for row in sent.specification.data_types.all()]}
    shown = Proposal.change_of(sent, sent.origin_proposal.maker)
    values |= {name: getattr(shown, name) for name in ConcerningForm.READ}
    return f"/physical-flows/{sent.pk}/edit/", {k: v for k, v in values.items() if v is not None}


def further_flow(sent) -> tuple[str, dict]:
    wish = {"specification_name": "limits.csv", "specification_format": "FLAT_FILE"}
    wish |= {"transport": "EMAIL", "frequency": "DAILY", "criticality": "LOW"}
    wish |= {"data_types": [row.pk for row in sent.specification.data_types.all()]}
    return f"/flows/{sent.logical_flow_id}/physical/new/", wish


def with_offset(offset: int) -> int:
    in_register = PhysicalFlow.objects.filter(basis_offset=offset).count()
    return in_register + Proposal.objects.filter(basis_offset=offset).count()


@pytest.mark.parametrize("form", [new_flow, change, further_flow])
def test_every_form_asks_about_such_an_offset_before_it_acts(as_, cast, sent, form):
    client = as_(cast.maker)
    url, wish = form(sent)
    asked = client.post(url, wish | {"basis_offset": "400"})
    assert "T+400 is more than a year of working days: is it meant? Send it again" in text(asked)
    assert (asked.status_code, with_offset(400)) == (400, 0)
    assert 'name="meant_offset" value="400"' in asked.content.decode()
    other = client.post(url, wish | {"basis_offset": "401", "meant_offset": "400"})
    assert (other.status_code, with_offset(401)) == (400, 0)
    meant = wish | {"basis_offset": "400", "meant_offset": "400"}
    assert client.post(url, meant).status_code == 302
    assert with_offset(400) == 1


def test_a_draft_keeps_such_an_offset_and_its_submission_asks(as_, cast, sent):
    client = as_(cast.maker)
    url, wish = change(sent)
    del wish["submit"]
    made = client.post(url, wish | {"basis_offset": "400", "draft": "1"}, follow=True)
    assert with_offset(400) == 1
    draft = made.context["proposal"]
    assert "T+400 is more than a year" in text(client.get(f"/proposals/{draft.pk}/propose/"))


def test_nobody_is_asked_about_an_offset_that_the_flow_has_already(as_, cast, source, target):
    done = factories.proposed(cast.maker, source, target, basis_offset=400)
    done = workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both)
    url, wish = change(done.result_physical_flow)
    wish |= {"basis_offset": "400", "frequency": "WEEKLY"}
    assert as_(cast.maker).post(url, wish).status_code == 302


def test_such_an_offset_is_warned_of_beside_its_field_before_anything_is_sent(as_, cast, sent):
    client = as_(cast.maker)
    for typed, warning in [("400", "T+400 is more than a year"), ("1", ""), ("x", ""), ("", "")]:
        told = client.get(ADVICE, {"about": "basis_offset", "basis_offset": typed})
        assert told.content.decode().startswith(warning), typed
        assert bool(told.content) == bool(warning), typed
    client.post(NEW, ROUTE | SAME | {"basis_offset": "-400", "draft": "1"})
    page = client.get(f"/proposals/{Proposal.objects.get(basis_offset=-400).pk}/edit/")
    assert re.search(r'class="doubt"[^>]*>T-400 is more than a year', page.content.decode())


def test_what_is_still_needed_is_said_in_the_order_of_the_form(as_, cast):
    client, kind, reason = as_(cast.maker), factories.data_type().pk, factories.reason().pk
    whole = ROUTE | SAME | {"specification_format": "XML", "criticality": "LOW"}
    whole |= {"data_types": kind, "reason": reason}
    for typed, needed in [
        ({}, ["source", "target"]),
        ({"target": "RISK"}, ["source"]),
        (ROUTE, ["specification", "data_types", "transport", "frequency"]),
        (whole | {"transport": "", "data_types": []}, ["data_types", "transport"]),
        (ROUTE | {"with_physical_flow": "False"}, ["data_types"]),
        (whole, []),
    ]:
        page = client.get(ADVICE, typed).content.decode()
        named = re.findall(r'href="#field-(\w+)"', page)
        assert [name for name in named if name != "reason"][: len(needed)] == needed, typed
        assert bool(named) == bool(needed), typed


def test_instead_of_a_twin_one_is_led_to_what_is_there(as_, cast, source, target, proposal):
    """As a hint, in the refusal, and for a draft of one's own that is about the same."""
    client = as_(cast.other)
    sent = ROUTE | SAME | {"specification_format": "FLAT_FILE", "criticality": "LOW"}
    sent |= {"reason": factories.reason().pk, "data_types": [factories.data_type().pk]}
    sent |= {"justification": "Needed."}
    watched = f'href="{proposal.get_absolute_url()}"[^>]*>Use proposal {proposal.pk}: watch it'
    for answer in (client.get(ADVICE, ROUTE | SAME), client.post(NEW, sent | {"submit": "1"})):
        assert re.search(watched, answer.content.decode()), answer.status_code
    done = workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    flow = done.result_physical_flow
    sent |= {"specification": flow.specification_id, "specification_name": ""}
    refused = client.post(NEW, sent | {"submit": "1"})
    page = refused.content.decode()
    assert refused.status_code == 409
    assert re.search(f'href="{flow.get_absolute_url()}"[^>]*>Use the existing one<', page)
    assert f'formaction="{flow.get_absolute_url()}edit/">Propose a change of it<' in page
    change = client.post(f"{flow.get_absolute_url()}edit/", sent | {"show": "1", "data_types": []})
    assert change.status_code == 200
    taken_on = change.context["form"]
    names = ["justification", "criticality", "data_types"]
    typed = [taken_on[name].value() for name in names]
    assert typed == ["Needed.", "LOW", [flow.specification.data_types.get().pk]]
    assert not Proposal.objects.filter(type="EDIT").exists()
    draft = factories.draft(cast.other, source, target, name="weekly")
    told = client.get(ADVICE, ROUTE).content.decode()
    assert re.search(f'href="/proposals/{draft.pk}/edit/"[^>]*>Continue it<', told)


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
