"""An EDIT that gives its route a specification of its own: what is asked and refused, what the last
approval does, and what everybody is told.
"""

import pytest
from django.db import DatabaseError, connection, transaction

from proposals import workflow
from proposals.errors import Conflict, Invalid
from proposals.forms import ChangeForm
from proposals.history import verify
from proposals.history.approvals import of_proposal, proposal_table
from proposals.history.proposal_content import content_of, differences
from proposals.models import PhysicalFlow, PhysicalSpecification, Proposal
from proposals.workflow import provisioning

from . import factories, worlds
from .test_changes import approve, change, flow, removal, second_flow, touched, trades
from .test_pages import text
from .test_proposal_files import lines, results

__all__ = ["flow", "trades"]  # fixtures


@worlds.shared
def cash(db):
    return factories.data_type("Cash")


@worlds.shared
def other(cast, flow):
    """A flow of another route that shares the specification."""
    archive = factories.system("Archive Two")
    factories.involve(cast.both, archive)
    return second_flow(cast, flow, target=archive)


def own(flow, cast, types, name="trades_risk.csv", **fields):
    """Submitted."""
    return change(flow, cast.maker, types, specification_name=name, **fields)


def specification_of(flow):
    return PhysicalFlow.objects.get(pk=flow.pk).specification


def test_one_route_gets_a_specification_of_its_own_and_the_other_keeps_its(
    cast, flow, other, trades, cash
):
    old, key = flow.specification, flow.content_key
    done = approve(own(flow, cast, [cash], frequency="MONTHLY"), cast)
    now = PhysicalFlow.objects.get(pk=flow.pk)
    made = now.specification
    assert (made.name, made.owner, made.format) == ("trades_risk.csv", old.owner, old.format)
    assert list(made.data_types.all()) == [cash]
    assert specification_of(other) == old
    assert (list(old.data_types.all()), old.history.count()) == ([trades], 1)
    assert (now.frequency, now.logical_flow) == ("MONTHLY", flow.logical_flow)
    assert now.content_key != key
    assert (done.result_specification, done.result_physical_flow) == (made, now)
    assert list(verify.breaches()) == []


def test_types_alone_may_change(cast, flow, other, trades, cash):
    approve(own(flow, cast, [trades, cash]), cast)
    assert set(specification_of(flow).data_types.all()) == {trades, cash}
    assert flow.history.count() == 2
    assert list(verify.breaches()) == []


def test_the_flow_can_change_again_afterwards(cast, flow, other, trades, cash):
    approve(own(flow, cast, [cash]), cast)
    approve(change(flow, cast.maker, [trades, cash], frequency="YEARLY"), cast)
    assert set(specification_of(flow).data_types.all()) == {trades, cash}
    approve(removal(flow, cast.maker), cast)
    assert list(verify.breaches()) == []


@pytest.mark.parametrize(
    ("wanted", "name", "sentence"),
    [
        ("cash", "TRADES.CSV", "already has a specification named “TRADES.CSV”. Give this one"),
        ("trades", "mine.csv", "The data types stay those of trades.csv, so leave the name empty"),
        ("cash", "\u200b", "Give this route one of its own, by a name"),
        ("", "mine.csv", "Choose at least one data type"),
    ],
)
def test_what_makes_no_sense_is_refused(cast, flow, other, trades, cash, wanted, name, sentence):
    types = {"cash": [cash], "trades": [trades], "": []}[wanted]
    with pytest.raises(Invalid) as no:
        own(flow, cast, types, name, frequency="MONTHLY")
    assert any(sentence in said for said in no.value.fields.values())
    assert not Proposal.objects.filter(type="EDIT").exists()


def test_where_no_other_route_shares_it_the_types_are_changed_as_they_are(cast, flow, cash):
    with pytest.raises(Invalid) as no:
        own(flow, cast, [cash])
    assert "No other route shares trades.csv" in no.value.fields["specification_name"]


def test_a_name_taken_meanwhile_refuses_the_last_approval(cast, flow, other, source, cash):
    proposal = own(flow, cast, [cash])
    factories.specification(source, "Trades_Risk.csv")
    with pytest.raises(Conflict, match=r"now has another specification named “Trades_Risk\.csv”"):
        approve(proposal, cast)
    assert specification_of(flow) == flow.specification
    assert Proposal.objects.get(pk=proposal.pk).state == "PENDING_APPROVALS"


def test_an_equal_specification_made_meanwhile_is_used(cast, flow, other, source, cash):
    proposal = own(flow, cast, [cash])
    equal = factories.specification(source, "trades_risk.csv", [cash])
    assert approve(proposal, cast).result_specification == equal
    assert specification_of(flow) == equal
    assert equal.history.count() == 1
    assert list(verify.breaches()) == []


def test_a_twin_made_meanwhile_refuses_the_last_approval(cast, flow, other, source, target, cash):
    proposal = own(flow, cast, [cash])
    equal = factories.specification(source, "trades_risk.csv", [cash])
    wanted = {"specification": equal, "specification_name": "", "specification_format": ""}
    approve(factories.proposed(cast.maker, source, target, [], **wanted), cast)
    with pytest.raises(Conflict, match="already has this physical flow"):
        approve(proposal, cast)
    assert specification_of(flow) == flow.specification


def test_a_new_flow_of_the_same_name_is_a_twin(cast, flow, other, source, target, cash):
    own(flow, cast, [cash])
    with pytest.raises(Conflict, match="asks for the same"):
        factories.proposed(cast.maker, source, target, [cash], specification_name="trades_risk.csv")


@pytest.mark.parametrize("part", ["flow", "specification"])
def test_a_flow_changed_meanwhile_refuses_the_last_approval(cast, flow, other, cash, part):
    proposal = own(flow, cast, [cash])
    touched(flow if part == "flow" else flow.specification)
    with pytest.raises(Conflict, match="has changed since this was written"):
        approve(proposal, cast)
    assert not PhysicalSpecification.objects.filter(name="trades_risk.csv").exists()


def test_what_nothing_uses_any_more_is_removed_with_it_and_that_is_said(cast, flow, other, cash):
    proposal = own(flow, cast, [cash])
    said = [str(one) for one in provisioning.consequences(proposal)]
    assert said[-1] == "1 other physical flow sends trades.csv as it is, as before."
    approve(removal(other, cast.maker), cast)
    last = provisioning.consequences(Proposal.objects.get(pk=proposal.pk))[-1]
    assert last.warns
    assert str(last) == "The specification trades.csv is removed: nothing else uses it any more."
    approve(proposal, cast)
    assert PhysicalSpecification.objects.get(pk=flow.specification_id).lifecycle == "REMOVED"
    assert list(verify.breaches()) == []


def test_another_flow_of_the_route_keeps_the_old_one(cast, flow, other, cash):
    sibling = second_flow(cast, flow, frequency="YEARLY")
    proposal = own(flow, cast, [cash])
    last = str(provisioning.consequences(proposal)[-1])
    assert last == "2 other physical flows send trades.csv as it is, as before."
    approve(proposal, cast)
    assert specification_of(sibling) == flow.specification


def moved_by_hand(flow, specification):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE proposals_physicalflow SET specification_id = %s WHERE id = %s",
            [specification.pk, flow.pk],
        )


def test_nothing_else_gives_a_flow_another_specification(cast, flow, other, source, cash):
    """Neither an open change that asks for it nor one that was agreed to long ago."""
    fitting = factories.specification(source, "fits.csv", [cash])
    proposal = own(flow, cast, [cash])
    guard = "physicalflow_keeps_its_specification"
    with pytest.raises(DatabaseError, match=guard):
        moved_by_hand(flow, fitting)
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    with pytest.raises(DatabaseError, match=guard):
        moved_by_hand(flow, fitting)
    workflow.approve(proposal, sides=["TARGET"], by=cast.target_approver)
    for specification in (fitting, flow.specification):
        with pytest.raises(DatabaseError, match=guard):
            moved_by_hand(flow, specification)


@pytest.mark.parametrize("wrong", ["owner", "types", "format", "flow"])
def test_an_approval_moves_only_its_flow_and_only_to_what_was_asked(
    cast, flow, other, source, target, trades, cash, wrong, monkeypatch
):
    owner = target if wrong == "owner" else source
    types = [trades, cash] if wrong == "types" else [cash]
    another = factories.specification(owner, "another.csv", types)
    if wrong == "format":
        another.format = "XML"
        factories.store(another, at=factories.timezone.now())
    change_module = provisioning.change.create
    if wrong == "flow":

        def made(*_):
            moved_by_hand(other, another)

        monkeypatch.setattr(change_module, "specification_for", made)
    else:
        sent = provisioning.create.Sent(another, is_new=False)
        monkeypatch.setattr(change_module, "specification_for", lambda *_: sent)
    with pytest.raises(DatabaseError, match="physicalflow_keeps_its_specification"):
        approve(own(flow, cast, [cash]), cast)


def test_the_audit_finds_a_flow_that_was_moved_otherwise(cast, flow, other, source, cash):
    """As it would be if somebody had taken the guard away and written a history."""
    another = factories.specification(source, "another.csv", [cash])
    history = PhysicalFlow.history.model
    row = history.objects.get(id=flow.pk)
    row.pk, row.specification_id = None, another.pk
    row.history_type = "~"
    with transaction.atomic():
        row.save()
        found = [str(breach) for breach in verify.applied.moved()]
        transaction.set_rollback(True)
    assert found == [
        f"I7  physicalflow {flow.pk}: It got another specification, which nobody approved."
    ]


def test_what_is_asked_says_it_everywhere(cast, flow, other, cash, trades):
    proposal = own(flow, cast, [cash])

    def asked():
        lines = content_of([Proposal.objects.get(pk=proposal.pk)])[proposal.pk]
        return {line.what: (line.old, line.new) for line in lines if line.differs}

    wanted = {
        "Specification": ("trades.csv", "trades_risk.csv (of its own)"),
        "Data types": ("Trades", "Cash"),
    }
    assert asked() == wanted
    approve(proposal, cast)
    assert asked() == wanted
    rows = [[row[0], row[3], row[4], row[5]] for row in proposal_table(proposal)]
    assert ["ASKED", "Specification", "trades.csv", "trades_risk.csv (of its own)"] in rows
    trail = of_proposal(Proposal.objects.get(pk=proposal.pk))
    applied = {(change.kind, change.done) for change in trail.applied}
    assert applied == {("Physical specification", "Created"), ("Physical flow", "Changed")}


def test_rounds_say_what_became_of_it(cast, flow, other, cash):
    first = own(flow, cast, [cash])
    workflow.request_changes(first, side="SOURCE", by=cast.source_approver, comment="Other name.")
    second = Proposal.change_of(PhysicalFlow.objects.get(pk=flow.pk), cast.maker)
    second.revise(Proposal.objects.get(pk=first.pk))
    second.reason, second.specification_name = first.reason, "risk.csv"
    workflow.submit(second, [cash], by=cast.maker)
    changed = differences(Proposal.objects.get(pk=first.pk), Proposal.objects.get(pk=second.pk))
    assert [(line.what, line.old, line.new) for line in changed] == [
        ("Specification", "trades_risk.csv (of its own)", "risk.csv (of its own)")
    ]


def posted(client, cast, flow, types, **fields):
    """What the browser sends for a change, from the page as it is."""
    client.force_login(cast.maker)
    url = f"/physical-flows/{flow.pk}/edit/"
    form = client.get(url).context["form"]
    data = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in data.items() if value is not None}
    data |= {"data_types": [row.pk for row in types], "reason": factories.reason().pk}
    return client.post(url, data | (fields if "draft" in fields else fields | {"submit": "1"}))


def test_the_form_offers_it_where_it_would_refuse(client, cast, flow, other, source, cash):
    factories.specification(source, "trades.csv for Risk Engine")
    page = posted(client, cast, flow, [cash])
    assert page.status_code == 400
    said = text(page)
    sentence = "trades.csv is also sent on 1 other route, so its data types stay. Give this route"
    assert said.count(sentence) == 2  # above the form, and beside the field
    assert said.count("Ledger → Archive Two") == 1  # where one asks where else it is sent
    assert "Submit with this name" in said
    assert "Needed if you change the data types, and only then." in said
    name = page.context["form"]["specification_name"].value()
    assert name == "trades.csv for Risk Engine 2"
    done = posted(client, cast, flow, [cash], specification_name=name)
    assert done.status_code == 302
    proposal = Proposal.objects.get(type="EDIT")
    assert (proposal.specification_name, proposal.specification) == (name, None)
    client.force_login(cast.both)
    read = text(client.get(done.url))
    assert "Specification trades.csv trades.csv for Risk Engine 2 (of its own)" in read
    assert "Other routes keep trades.csv" in read
    client.post(f"{done.url}approve/", {"side": "BOTH"})
    assert specification_of(flow).name == name
    assert "trades.csv for Risk Engine 2" in text(client.get(f"/physical-flows/{flow.pk}/"))


def test_what_was_typed_for_a_new_flow_asks_for_none(client, cast, flow, other, cash):
    client.force_login(cast.maker)
    typed = {"show": "1", "specification_name": "Trades.csv ", "frequency": "MONTHLY"}
    page = client.post(f"/physical-flows/{flow.pk}/edit/", typed)
    shown = page.context["form"]
    assert (shown["frequency"].value(), shown["specification_name"].value()) == ("MONTHLY", "")


def test_the_form_asks_for_no_name_where_nobody_shares(client, cast, flow, cash):
    client.force_login(cast.maker)
    assert "of its own" not in text(client.get(f"/physical-flows/{flow.pk}/edit/"))


def test_one_question_finds_a_name_nobody_has(flow, other, source, django_assert_num_queries):
    for ending in ["", " 2", " 3", " 4"]:
        factories.specification(source, f"TRADES.csv for Risk Engine{ending}")
    read = PhysicalFlow.objects.select_related("specification", "logical_flow__target")
    flow = read.get(pk=flow.pk)
    with django_assert_num_queries(1):
        assert provisioning.change.suggested_name(flow) == "trades.csv for Risk Engine 5"


def test_a_draft_keeps_the_name_and_gives_it_up(client, cast, flow, other, cash):
    posted(client, cast, flow, [cash], specification_name="mine.csv", draft="1")
    draft = Proposal.objects.get(type="EDIT")
    assert (draft.specification, draft.specification_format) == (None, "FLAT_FILE")
    page = client.get(f"/proposals/{draft.pk}/edit/")
    assert page.context["form"]["specification_name"].value() == "mine.csv"
    assert "mine.csv (of its own)" in text(client.get(f"/proposals/{draft.pk}/"))
    form = ChangeForm(instance=draft)
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    data |= {"data_types": [], "specification_name": "", "draft": "1"}
    client.post(f"/proposals/{draft.pk}/edit/", data)
    draft.refresh_from_db()
    assert (draft.specification, draft.specification_format) == (flow.specification, "")


def test_a_program_asks_for_it_by_name(client, cast, flow, other, cash):
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {factories.token(cast.maker).text}"}
    asked = {
        "type": "EDIT",
        "physical_flow": flow.pk,
        "data_types": [cash.code],
        "reason": factories.reason().name,
    }

    def sent(**more):
        path = "/api/v1/proposals"
        return client.post(path, asked | more, content_type="application/json", **bearer)

    refused = sent()
    assert refused.status_code == 422
    assert "also sent on 1 other route" in refused.json()["errors"]["specification_name"]
    made = sent(specification_name="mine.csv")
    assert made.status_code == 201, made.content
    number = made.json()["number"]
    written = client.get(f"/api/v1/proposals/{number}", **bearer).json()
    assert (written["specification"], written["specification_name"]) == (None, "mine.csv")


def test_a_row_of_a_file_asks_for_it_by_name(cast, flow, other, cash):
    header = "type,source_code,target_code,specification_name,data_type_codes,reason"
    row = f"EDIT,LEDGER,RISK,{{}},{cash.code},{factories.reason().name}"

    def result(name, **settings):
        [result] = results(lines(row.format(name), header=header), cast.maker, **settings)
        return result

    kept = result("trades.csv")
    assert kept.outcome == "KEPT"
    assert "specification_name: Ledger (LEDGER) already has a specification" in kept.sentence
    seen = result("mine.csv", do="preview")
    assert seen.outcome == "READY"
    assert "Specification: trades.csv becomes mine.csv (of its own)." in seen.sentence
    draft = result("mine.csv", submits=False)
    done = result("mine.csv")
    assert (done.outcome, done.proposal) == ("SUBMITTED", draft.proposal)
    assert done.proposal.specification_name == "mine.csv"


def test_the_form_of_the_next_round_begins_with_the_name(client, cast, flow, other, cash):
    first = own(flow, cast, [cash])
    workflow.request_changes(first, side="SOURCE", by=cast.source_approver, comment="Daily?")
    client.force_login(cast.maker)
    page = client.get(f"/physical-flows/{flow.pk}/edit/?from={first.pk}")
    form = page.context["form"]
    assert form["specification_name"].value() == "trades_risk.csv"
    assert form["data_types"].value() == [cash.pk]
