"""EDIT and DELETE: what is asked, what is refused, what the last approval does."""

import re

import pytest
from django.utils import timezone

from proposals import workflow
from proposals.errors import Conflict, Invalid
from proposals.models import (
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    System,
)
from proposals.reports.proposal_page import proposal_details
from proposals.workflow import provisioning

from . import factories, worlds
from .test_pages import text


@worlds.shared
def trades(db):
    return factories.data_type("Trades")


@worlds.shared
def flow(cast, source, target, trades):
    """An active physical flow, approved by both sides."""
    done = factories.proposed(cast.maker, source, target, [trades])
    return approve(done, cast).result_physical_flow


def approve(proposal, cast):
    return workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)


def change(flow, maker, types=None, **fields):
    """An EDIT, submitted."""
    flow = PhysicalFlow.objects.get(pk=flow.pk)
    proposal = Proposal.change_of(flow, maker)
    for field, value in ({"reason": factories.reason()} | fields).items():
        setattr(proposal, field, value)
    workflow.submit(
        proposal, flow.specification.data_types.all() if types is None else types, by=maker
    )
    return proposal


def removal(flow, maker):
    flow = type(flow).objects.get(pk=flow.pk)
    proposal = Proposal.removal_of(flow, maker)
    proposal.reason = factories.reason()
    workflow.submit(proposal, [], by=maker)
    return proposal


def second_flow(cast, flow, target=None, **fields):
    """Another physical flow of the same specification."""
    wanted = {
        "specification": flow.specification,
        "specification_name": "",
        "frequency": "WEEKLY",
    } | fields
    logical = flow.logical_flow
    made = factories.proposed(cast.maker, logical.source, target or logical.target, [], **wanted)
    return approve(made, cast).result_physical_flow


def test_an_edit_changes_what_it_names_and_nothing_else(cast, flow, trades):
    done = approve(
        change(flow, cast.maker, frequency="MONTHLY", criticality="HIGH", description="As of May."),
        cast,
    )
    now = PhysicalFlow.objects.get()
    assert (now.frequency, now.criticality, now.description) == ("MONTHLY", "HIGH", "As of May.")
    assert (now.transport, now.specification, now.logical_flow) == (
        flow.transport,
        flow.specification,
        flow.logical_flow,
    )
    assert done.result_physical_flow == now
    assert now.history.first().history_change_reason == f"Proposal {done.pk}: fully approved"
    assert now.specification.history.count() == 1


def test_an_edit_changes_the_types_of_its_specification(cast, flow, trades):
    positions = factories.data_type("Positions")
    approve(change(flow, cast.maker, [trades, positions]), cast)
    assert set(flow.specification.data_types.all()) == {trades, positions}
    assert flow.history.count() == 1


def test_source_and_target_come_from_the_flow(cast, flow, source, target):
    proposal = change(flow, cast.maker, frequency="MONTHLY")
    assert (proposal.source, proposal.target) == (source, target)


def test_old_and_new_stand_side_by_side_even_after_it_was_applied(cast, flow, trades):
    proposal = approve(
        change(flow, cast.maker, [trades, factories.data_type("Cash")], frequency="MONTHLY"), cast
    )
    known = proposal_details(Proposal.objects.get(pk=proposal.pk))
    lines = [compared.line for compared in known.comparison]
    different = [(line.what, line.old, line.new) for line in lines if line.differs]
    assert different == [
        ("Frequency", "Daily", "Monthly"),
        ("Data types", "Trades", "Cash, Trades"),
    ]


def test_an_edit_that_changes_nothing_is_refused(cast, flow):
    with pytest.raises(Invalid, match="Nothing is changed yet"):
        change(flow, cast.maker)


def test_an_edit_that_empties_a_needed_attribute_is_refused(cast, flow):
    with pytest.raises(Invalid, match="Give the transport"):
        change(flow, cast.maker, transport="")
    with pytest.raises(Invalid, match="Choose at least one data type"):
        change(flow, cast.maker, [])


def test_an_edit_to_a_deprecated_type_is_refused(cast, flow, trades):
    with pytest.raises(Invalid, match="Choose another"):
        change(flow, cast.maker, [trades, factories.data_type(is_deprecated=True)])


def test_an_edit_that_makes_a_twin_is_refused_with_a_link(cast, flow):
    weekly = second_flow(cast, flow)
    with pytest.raises(Conflict, match="already has this physical flow") as no:
        change(flow, cast.maker, frequency="WEEKLY")
    assert no.value.about == weekly


def test_types_of_a_shared_specification_cannot_be_changed_and_the_routes_are_named(
    cast, flow, trades
):
    archive = factories.system("Archive Two")
    factories.involve(cast.both, archive)
    second_flow(cast, flow, target=archive)
    with pytest.raises(
        Invalid, match=r"trades.csv is also sent on 1 other route, so its data types stay"
    ):
        change(flow, cast.maker, [trades, factories.data_type()])
    assert change(flow, cast.maker, frequency="MONTHLY").state == "PENDING_APPROVALS"


def test_the_same_route_does_not_count_as_sharing(cast, flow, trades):
    second_flow(cast, flow)
    assert change(flow, cast.maker, [trades, factories.data_type()]).state == "PENDING_APPROVALS"


@pytest.mark.parametrize("kind", [change, removal])
def test_a_second_open_change_of_a_flow_is_refused_and_names_the_first(cast, flow, kind):
    first = change(flow, cast.maker, frequency="MONTHLY")
    with pytest.raises(
        Conflict, match=f"Proposal {first.pk} by Mia Maker, a change of this flow, is still open"
    ) as no:
        kind(flow, cast.other, **({"frequency": "YEARLY"} if kind is change else {}))
    assert no.value.about == first
    workflow.cancel(first, by=cast.maker)
    assert (
        kind(flow, cast.other, **({"frequency": "YEARLY"} if kind is change else {})).state
        == "PENDING_APPROVALS"
    )


def touched(obj):
    factories.store(
        type(obj).objects.get(pk=obj.pk),
        by=None,
        why="touched by a test",
        at=factories.timezone.now(),
    )


@pytest.mark.parametrize("part", ["flow", "specification"])
@pytest.mark.parametrize("kind", ["change", "removal"])
def test_a_flow_changed_since_submission_refuses_the_last_approval(cast, flow, part, kind):
    proposal = (
        change(flow, cast.maker, frequency="MONTHLY")
        if kind == "change"
        else removal(flow, cast.maker)
    )
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    touched(flow if part == "flow" else flow.specification)
    with pytest.raises(Conflict, match="has changed since this was written"):
        workflow.approve(proposal, sides=["TARGET"], by=cast.target_approver)
    assert Proposal.objects.get(pk=proposal.pk).state == "SOURCE_APPROVED"
    assert PhysicalFlow.objects.get().frequency == "DAILY"


def test_a_draft_written_from_an_older_version_cannot_be_submitted(cast, flow):
    draft = Proposal.change_of(flow, cast.maker)
    draft.reason, draft.frequency = factories.reason(), "MONTHLY"
    workflow.save_draft(draft, flow.specification.data_types.all(), by=cast.maker)
    touched(flow)
    with pytest.raises(Conflict, match="has changed since this was written"):
        workflow.propose(draft, by=cast.maker)


def test_removing_the_last_physical_flow_removes_specification_and_logical_flow(cast, flow):
    proposal = removal(flow, cast.maker)
    consequences = " ".join(map(str, provisioning.consequences(proposal)))
    assert "The specification trades.csv is removed too" in consequences
    assert "so the logical flow Ledger → Risk Engine is removed too" in consequences
    done = approve(proposal, cast)
    assert {
        PhysicalFlow.objects.get().lifecycle,
        PhysicalSpecification.objects.get().lifecycle,
    } == {"REMOVED"}
    assert LogicalFlow.objects.get().lifecycle == "REMOVED"
    assert done.result_physical_flow == flow
    for part in (
        PhysicalFlow.objects.get(),
        PhysicalSpecification.objects.get(),
        LogicalFlow.objects.get(),
    ):
        assert part.history.first().history_change_reason == f"Proposal {done.pk}: fully approved"


def test_removing_one_of_two_leaves_specification_and_route(cast, flow):
    second_flow(cast, flow)
    proposal = removal(flow, cast.maker)
    assert len(provisioning.consequences(proposal)) == 1
    approve(proposal, cast)
    assert sorted(PhysicalFlow.objects.values_list("lifecycle", flat=True)) == ["ACTIVE", "REMOVED"]
    assert (
        PhysicalSpecification.objects.get().lifecycle
        == LogicalFlow.objects.get().lifecycle
        == "ACTIVE"
    )


def test_a_specification_used_elsewhere_stays(cast, flow):
    archive = factories.system("Archive Two")
    factories.involve(cast.both, archive)
    second_flow(cast, flow, target=archive)
    approve(removal(flow, cast.maker), cast)
    assert PhysicalSpecification.objects.get().lifecycle == "ACTIVE"
    assert LogicalFlow.objects.get(pk=flow.logical_flow_id).lifecycle == "REMOVED"


def test_a_removed_flow_comes_back_with_a_new_proposal(cast, flow, source, target):
    approve(removal(flow, cast.maker), cast)
    again = approve(factories.proposed(cast.maker, source, target), cast)
    assert again.result_logical_flow == flow.logical_flow
    assert again.result_logical_flow.lifecycle == "ACTIVE"


def test_a_removed_flow_takes_no_change(cast, flow):
    approve(removal(flow, cast.maker), cast)
    with pytest.raises(Conflict, match="has been removed"):
        change(flow, cast.maker, frequency="MONTHLY")
    with pytest.raises(Conflict, match="has been removed already"):
        removal(flow, cast.maker)


def test_a_bare_logical_flow_can_be_removed(cast, imported):
    proposal = removal(imported, cast.maker)
    with pytest.raises(Conflict, match="a removal of this flow, is still open"):
        removal(imported, cast.other)
    approve(proposal, cast)
    assert LogicalFlow.objects.get().lifecycle == "REMOVED"


def test_a_logical_flow_with_a_physical_flow_is_not_bare(cast, flow):
    with pytest.raises(Conflict, match="Propose the removal of that one"):
        removal(flow.logical_flow, cast.maker)


def test_a_bare_flow_that_got_a_physical_flow_meanwhile_stays(cast, imported, source, target):
    proposal = removal(imported, cast.maker)
    approve(factories.proposed(cast.maker, source, target), cast)
    with pytest.raises(Conflict, match="has a physical flow"):
        approve(proposal, cast)
    assert LogicalFlow.objects.get().lifecycle == "ACTIVE"


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_system_removed_meanwhile_refuses_a_change_and_takes_a_removal(cast, flow, side, request):
    proposal = change(flow, cast.maker, frequency="MONTHLY")
    System.objects.filter(pk=request.getfixturevalue(side).pk).update(lifecycle="REMOVED")
    with pytest.raises(Conflict, match="has been removed and takes no new flow"):
        approve(proposal, cast)
    workflow.cancel(proposal, by=cast.maker)
    approve(removal(flow, cast.maker), cast)
    assert PhysicalFlow.objects.get(pk=flow.pk).lifecycle == "REMOVED"


def test_pages_of_flows_of_a_removed_system_offer_their_removal_alone(as_, cast, flow, source):
    client, route = as_(cast.maker), flow.logical_flow.get_absolute_url()
    assert "Propose a change" in text(client.get(flow.get_absolute_url()))
    assert "Add a physical flow" in text(client.get(route))
    System.objects.filter(pk=source.pk).update(lifecycle="REMOVED")
    page = text(client.get(flow.get_absolute_url()))
    assert "Ledger (LEDGER) has been removed, so its flows can only be removed." in page
    assert "Propose its removal" in page
    assert "Propose a change" not in page
    route_page = text(client.get(route))
    assert "Add a physical flow" not in route_page
    assert "Propose a physical flow" not in route_page


def test_a_flow_from_a_system_to_itself_has_that_system_as_both_sides(cast, source, imported):
    itself = LogicalFlow(source=source, target=source, origin_batch=imported.origin_batch)
    factories.store(itself, by=None, why="Import", at=timezone.now())
    proposal = removal(itself, cast.maker)
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.source_approver)
    assert LogicalFlow.objects.get(pk=itself.pk).lifecycle == "REMOVED"


# the pages


@pytest.fixture
def web(client, cast):
    client.force_login(cast.maker)
    return client


def sent(page):
    """What the form on the page would send back unchanged."""
    form = page.context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()}


def test_an_edit_is_proposed_from_the_page_of_the_flow(web, flow):
    url = f"/physical-flows/{flow.pk}/edit/"
    assert f'href="{url}"' in web.get(flow.get_absolute_url()).content.decode()
    data = sent(web.get(url)) | {
        "frequency": "MONTHLY",
        "reason": factories.reason().pk,
        "submit": "1",
    }
    page = web.post(url, data, follow=True).content.decode()
    assert "<del>Daily</del>" in page
    assert "<ins>Monthly</ins>" in page
    assert Proposal.objects.get(type="EDIT").state == "PENDING_APPROVALS"


def test_an_edit_of_a_page_that_is_stale_is_refused_and_loses_nothing(web, flow):
    url = f"/physical-flows/{flow.pk}/edit/"
    data = sent(web.get(url)) | {
        "frequency": "MONTHLY",
        "reason": factories.reason().pk,
        "submit": "1",
    }
    data |= {"justification": "Less is enough."}
    touched(flow)
    response = web.post(url, data)
    assert response.status_code == 409
    assert "has changed since this was written" in response.content.decode()
    assert "Less is enough." in response.content.decode()
    assert not Proposal.objects.filter(type="EDIT").exists()


def test_an_edit_that_changes_nothing_is_told_so_on_the_page(web, flow):
    url = f"/physical-flows/{flow.pk}/edit/"
    response = web.post(url, sent(web.get(url)) | {"reason": factories.reason().pk, "submit": "1"})
    assert response.status_code == 400
    assert "Nothing is changed yet." in response.content.decode()


@pytest.mark.parametrize("page", ["edit", "remove"])
def test_nobody_writes_a_change_in_vain(web, flow, cast, page):
    """What could not be submitted whatever one wrote is refused before one writes it."""
    url = f"/physical-flows/{flow.pk}/{page}/"
    first = change(flow, cast.other, frequency="MONTHLY")
    refused = web.get(url)
    assert refused.status_code == 409
    assert f'href="{first.get_absolute_url()}"' in refused.content.decode()
    workflow.cancel(first, by=cast.other)
    assert web.get(url).status_code == 200
    approve(removal(flow, cast.maker), cast)
    assert "has been removed" in web.get(url).content.decode()


def test_a_removal_says_beforehand_what_goes(web, flow, cast):
    url = f"/physical-flows/{flow.pk}/remove/"
    page = web.get(url).content.decode()
    assert (
        "It is the last physical flow, so the logical flow Ledger → Risk Engine is removed too."
        in page
    )
    web.post(url, sent(web.get(url)) | {"reason": factories.reason().pk, "submit": "1"})
    proposal = Proposal.objects.get(type="DELETE")
    web.force_login(cast.both)
    assert "is removed too" in web.get(proposal.get_absolute_url()).content.decode()


def test_a_removal_shows_what_is_gone_and_what_stayed(web, flow, cast):
    second_flow(cast, flow)
    done = approve(removal(flow, cast.maker), cast)
    page = (
        web.get(done.get_absolute_url())
        .content.decode()
        .split("<h2>In the register</h2>")[1]
        .split("</dl>")[0]
    )
    states = re.findall(r'<dt>([^<]+)</dt>.*?<span class="state \w+">(\w+)</span>', page, re.DOTALL)
    assert states == [
        ("Logical flow", "Active"),
        ("Specification", "Active"),
        ("Physical flow", "Removed"),
    ]


def test_the_removal_of_a_bare_flow_is_offered_on_its_page(web, imported):
    url = f"/flows/{imported.pk}/remove/"
    assert f'href="{url}"' in web.get(imported.get_absolute_url()).content.decode()
    web.post(url, sent(web.get(url)) | {"reason": factories.reason().pk, "submit": "1"})
    assert Proposal.objects.get().concerned_logical_flow == imported


def test_route_specification_and_type_cannot_be_sent(web, flow, cast):
    url = f"/physical-flows/{flow.pk}/edit/"
    data = sent(web.get(url)) | {
        "frequency": "MONTHLY",
        "reason": factories.reason().pk,
        "submit": "1",
    }
    data |= {"source": "1", "type": "CREATE", "state": "X"}
    data |= {"specification": "999", "maker": cast.both.pk, "concerned_physical_flow": "999"}
    web.post(url, data)
    made = Proposal.objects.get(type="EDIT")
    assert (made.source, made.specification, made.maker) == (
        flow.logical_flow.source,
        flow.specification,
        cast.maker,
    )


def test_a_closed_proposal_is_started_again_by_its_maker_only(web, cast, proposal):
    page = web.get(proposal.get_absolute_url()).content.decode()
    assert "New draft from this one" not in page
    workflow.cancel(proposal, by=cast.maker)
    page = web.get(proposal.get_absolute_url()).content.decode()
    assert f'href="/proposals/new/?from={proposal.pk}"' in page
    form = web.get(f"/proposals/new/?from={proposal.pk}").context["form"]
    assert (form["specification_name"].value(), form["frequency"].value()) == (
        "trades.csv",
        "DAILY",
    )
    assert form["data_types"].value() == [kind.pk for kind in proposal.data_types.all()]
    web.force_login(cast.stranger)
    assert "New draft" not in web.get(proposal.get_absolute_url()).content.decode()
    assert web.get(f"/proposals/new/?from={proposal.pk}").status_code == 404


def test_a_rejected_edit_is_started_again_from_the_flow_as_it_is(web, cast, flow):
    rejected = workflow.reject(
        change(flow, cast.maker, frequency="MONTHLY"), side="SOURCE", by=cast.both, comment="no"
    )
    page = web.get(rejected.get_absolute_url()).content.decode()
    url = f"/physical-flows/{flow.pk}/edit/?from={rejected.pk}"
    assert f'href="{url}"' in page
    assert web.get(url).context["form"]["frequency"].value() == "MONTHLY"


def test_a_flow_whose_change_is_open_offers_no_other(as_, cast, flow):
    page = flow.get_absolute_url()
    client = as_(cast.maker)
    assert f"{page}edit/" in client.get(page).content.decode()
    proposal = change(flow, cast.maker, name="another")
    shown = client.get(page).content.decode()
    assert f"Proposal {proposal.pk}</a> asks for a change" in " ".join(shown.split())
    assert f"{page}edit/" not in shown
    assert f"{page}remove/" not in shown
    assert client.get(f"{page}edit/").status_code == 409  # as whoever comes by an old link reads


def test_a_bare_flow_whose_removal_is_open_offers_no_other(as_, cast, imported):
    page = imported.get_absolute_url()
    client = as_(cast.maker)
    assert f"{page}remove/" in client.get(page).content.decode()
    removal = Proposal.removal_of(imported, cast.maker)
    removal.reason, removal.justification = factories.reason(), "Nobody needs it."
    workflow.submit(removal, [], by=cast.maker)
    shown = client.get(page).content.decode()
    assert f"Proposal {removal.pk}</a> asks for a removal" in " ".join(shown.split())
    assert f"{page}remove/" not in shown
