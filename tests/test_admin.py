"""The admin: what administrators edit, and what nobody does."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from proposals import workflow
from proposals.admin.common import Read
from proposals.models import (
    ApproverRule,
    DataType,
    Involvement,
    LogicalFlow,
    OrganisationalUnit,
    PhysicalFlow,
    Policy,
    Proposal,
    Reason,
    System,
    Transition,
    Upload,
    UploadedRow,
    User,
)

from . import factories, worlds
from .test_lost_updates import fields_of, save, text

READ_ONLY = [
    *("proposal", "transition", "logicalflow", "physicalspecification", "physicalflow"),
    *(
        "importbatch",
        "delegation",
        "notice",
        "historicalproposal",
        "historicallogicalflow",
        "historicaluser",
    ),
    *(
        "historicalphysicalflow",
        "historicalphysicalspecification",
        "historicalsystem",
        "historicalinvolvement",
    ),
    *("historicalapproverrule", "historicaldelegation", "historicalpolicy"),
    *("historicaldatatype", "historicalorganisationalunit", "historicalreason"),
    "historicalinvolvementkind",
]
EDITED = [
    "organisationalunit",
    "system",
    "datatype",
    "user",
    "involvementkind",
    "involvement",
    "reason",
    "approverrule",
]


@pytest.fixture
def root(client, cast):
    client.force_login(cast.superuser)
    return client


@pytest.fixture
def auditor(client, cast):
    person = factories.user("Ada Auditor", is_staff=True)
    person.groups.add(Group.objects.get(name="Auditors"))
    client.force_login(person)
    return client


def url(model, page, *args):
    return reverse(f"admin:proposals_{model}_{page}", args=args)


@worlds.shared
def done(cast, proposal):
    return workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both, comment="good")


@pytest.mark.parametrize("model", READ_ONLY)
def test_the_record_is_read_and_searched_but_never_added_to_by_anybody(root, done, model):
    assert root.get(url(model, "changelist"), {"q": "1"}).status_code == 200
    assert root.get(url(model, "add")).status_code == 403
    cls = next(m for m in admin.site._registry if m._meta.model_name == model)
    row = cls.objects.first()
    if row is not None:
        assert root.get(url(model, "change", row.pk)).status_code == 200
        assert root.post(url(model, "change", row.pk), {"state": "CANCELLED"}).status_code == 403
        assert root.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", [name for name in EDITED if name != "approverrule"])
def test_catalogue_and_people_are_edited_but_never_deleted(root, cast, source, done, model):
    factories.data_type()
    OrganisationalUnit.objects.create(code="U", name="Unit")
    cls = next(m for m in admin.site._registry if m._meta.model_name == model)
    row = cls.objects.first()
    assert root.get(url(model, "add")).status_code == 200
    assert root.get(url(model, "change", row.pk)).status_code == 200
    assert root.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    bulk = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
    root.post(url(model, "changelist"), bulk)
    assert cls.objects.filter(pk=row.pk).exists()


def test_an_approver_rule_can_go_and_its_history_stays(root, cast):
    rule = ApproverRule.objects.first()
    root.post(url("approverrule", "delete", rule.pk), {"post": "yes", "why": "It is over."})
    assert not ApproverRule.objects.filter(pk=rule.pk).exists()
    last = ApproverRule.history.filter(id=rule.pk).first()
    assert (last.history_type, last.history_user) == ("-", cast.superuser)
    assert last.history_change_reason == "It is over."


def test_the_policy_is_one_row_with_its_history(root, cast):
    assert root.get(url("policy", "add")).status_code == 403
    sent = {
        "maker_decides": "NEVER",
        "one_person_both_sides": "on",
        "side_without_approver": "STEWARD",
        "later_physical_flows": "DIRECT",
        "time_out_days": "10",
        "remind_after_days": "3",
    }
    assert save(root, url("policy", "change", 1), sent, "Too long.").status_code == 302
    assert Policy.in_force().time_out_days == 10
    version = Policy.history.get(pk=Policy.in_force().version_id)
    assert (version.history_user, version.history_change_reason) == (cast.superuser, "Too long.")
    refused = root.post(url("policy", "change", 1), sent | {"time_out_days": "0"})
    assert "Not saved yet. To be mended below: Time out days." in text(refused)
    assert Policy.in_force().time_out_days == 10
    assert root.post(url("policy", "delete", 1), {"post": "yes"}).status_code == 403


def test_what_is_wrong_is_named_wherever_something_is_added(root):
    for model, wrong in [("webhookendpoint", "Address"), ("involvement", "System, User, Kind")]:
        page = root.post(url(model, "add"), {"started_at_0": "2026-01-02", "started_at_1": "12:00"})
        assert f"Not saved yet. To be mended below: {wrong}." in text(page), model


def test_the_deadline_is_the_policy_s(cast, source, target):
    factories.policy(time_out_days=7)
    proposal = factories.proposed(cast.maker, source, target)
    assert (proposal.due_at - proposal.submitted_at).days == 7


@pytest.mark.parametrize(
    "model", ["system", "user", "involvement", "approverrule", "policy", "proposal", "logicalflow"]
)
def test_posting_to_a_history_row_changes_nothing(root, cast, done, model):
    cls = next(m for m in admin.site._registry if m._meta.model_name == model)
    row = cls.objects.first()
    page = url(model, "simple_history", row.pk, row.history.first().pk)
    before = cls.history.count()
    assert root.get(page).status_code == 200
    assert (
        root.post(
            page, {"name": "changed", "lifecycle": "REMOVED", "state": "CANCELLED"}
        ).status_code
        == 405
    )
    assert cls.history.count() == before


def test_an_auditor_sees_everything_and_changes_nothing(auditor, cast, source, done):
    for model in [*READ_ONLY, *EDITED, "policy"]:
        assert auditor.get(url(model, "changelist")).status_code == 200, model
        if model != "policy":
            assert auditor.get(url(model, "add")).status_code == 403, model
    assert auditor.post(url("system", "change", source.pk), {"name": "mine"}).status_code == 403
    assert auditor.post(url("policy", "change", 1), {"time_out_days": "1"}).status_code == 403
    page = auditor.get(url("proposal", "change", done.pk)).content.decode()
    assert "rule: Data Owner of every application may approve and reject" in page
    assert "good" in page


def test_an_auditor_does_not_see_drafts_of_others(auditor, cast, source, target):
    draft = factories.draft(cast.maker, source, target)
    assert auditor.get(url("proposal", "change", draft.pk)).status_code == 302
    page = auditor.get(url("historicalproposal", "changelist")).content.decode()
    assert "0 versions of proposals" in page
    assert "Versions of proposals" in auditor.get(reverse("admin:index")).content.decode()


def test_an_involvement_is_ended_from_the_list_with_its_history(root, cast):
    involvement = cast.source_approver.involvements.get()
    root.post(
        url("involvement", "changelist"), {"action": "end_now", "_selected_action": involvement.pk}
    )
    involvement.refresh_from_db()
    assert involvement.ended_at
    assert involvement.history.first().history_user == cast.superuser


def test_a_cycle_of_units_types_or_managers_is_refused(root, cast):
    top = OrganisationalUnit.objects.create(code="TOP", name="Top")
    low = OrganisationalUnit.objects.create(code="LOW", name="Low", parent=top)
    page = root.post(
        url("organisationalunit", "change", top.pk),
        {"code": "TOP", "name": "Top", "parent": low.pk},
    )
    assert "Top would be above itself." in page.content.decode()
    kind = factories.data_type("Kind")
    sub = DataType.objects.create(code="SUB", name="Sub", parent=kind)
    page = root.post(
        url("datatype", "change", kind.pk), {"code": kind.code, "name": "Kind", "parent": sub.pk}
    )
    assert "Kind would be above itself." in page.content.decode()
    boss = cast.maker
    User.objects.filter(pk=cast.other.pk).update(manager=boss)
    sent = {
        "notices_wanted": "EACH",
        "username": boss.username,
        "name": boss.name,
        "email": boss.email,
        "manager": cast.other.pk,
    }
    page = root.post(
        url("user", "change", boss.pk),
        sent | {"date_joined_0": "2026-01-01", "date_joined_1": "00:00"},
    )
    assert "Mia Maker would be above itself." in page.content.decode()


def test_a_person_is_added_with_the_mail_address_as_user_name(root):
    sent = {
        "notices_wanted": "EACH",
        "name": "New Person",
        "email": "New.Person@Example.com",
        "username": "New.Person@Example.com",
    }
    sent |= {
        "usable_password": "true",
        "password1": "a long enough one",
        "password2": "a long enough one",
    }
    root.post(url("user", "add"), sent)
    made = User.objects.get(email__iexact="new.person@example.com")
    assert made.username == "new.person@example.com"
    assert made.history.count() == 1
    assert "password" not in {field.name for field in User.history.model._meta.fields}
    again = root.post(
        url("user", "add"), sent | {"username": "x", "email": "NEW.PERSON@example.com"}
    )
    assert "has this mail address already." in again.content.decode()


def test_what_a_form_of_the_admin_refuses_it_refuses_in_words():
    """But for the choices of a list and the one row, which no form can leave."""
    unsaid = [
        constraint.name
        for model, page in admin.site._registry.items()
        if model._meta.app_label == "proposals" and not isinstance(page, Read)
        for constraint in model._meta.constraints
        if constraint.violation_error_message == constraint.default_violation_error_message
    ]
    choices = {"policy_is_one_row", "policy_maker_decides", "policy_side_without_approver"}
    choices |= {"policy_later_physical_flows", "approver_rule_system_kind", "user_notices_wanted"}
    assert set(unsaid) == choices | {"system_kind", "system_lifecycle"}


def test_every_model_is_in_the_admin():
    shown = {model._meta.model_name for model in admin.site._registry}
    assert set(READ_ONLY) | set(EDITED) | {"policy"} <= shown
    assert {Proposal, Transition, LogicalFlow, PhysicalFlow, Reason, System, Involvement} <= set(
        admin.site._registry
    )


def test_times_in_the_admin_say_their_zone(as_, cast, proposal):
    page = (
        as_(cast.auditor).get(f"/admin/proposals/proposal/{proposal.pk}/change/").content.decode()
    )
    assert f"{proposal.submitted_at:%-d %b %Y, %H:%M} UTC" in page


def test_the_admin_says_who_brought_which_file_and_what_became_of_it(client, cast):
    upload = Upload.objects.create(
        kind="PROPOSALS", by=cast.maker, name="wishes.csv", sha256="a" * 64, state="JUDGED"
    )
    for line, outcome in enumerate(["READY", "READY", "REFUSED"], start=2):
        UploadedRow.objects.create(
            upload=upload, line=line, texts={"justification": "Secret plan"}, outcome=outcome
        )
    done = Upload.objects.create(
        kind="CATALOGUE", by=cast.superuser, name="2 files", sha256="b" * 64, report={"batch": 7}
    )
    bad = Upload.objects.create(
        kind="PROPOSALS", by=cast.maker, name="x.csv", sha256="c" * 64, problems=["No header."]
    )
    client.force_login(cast.superuser)
    for row, words in (
        (
            upload,
            [
                "wishes.csv",
                "Mia Maker",
                "a" * 64,
                "To be confirmed by Mia Maker",
                "Will be submitted: 2, Refused: 1",
            ],
        ),
        (done, ["2 files", "Import 7"]),
        (bad, ["x.csv", "No header."]),
    ):
        page = client.get(f"/admin/proposals/upload/{row.pk}/change/").content.decode()
        assert [word for word in words if word not in page] == []
        assert "Secret plan" not in page
        assert row.name in client.get("/admin/proposals/upload/").content.decode()


def test_single_permissions_are_shown_of_who_has_some_and_can_be_taken_away(root, cast):
    page = f"/admin/proposals/user/{cast.maker.pk}/change/"
    assert "Single permissions" not in text(root.get(page))
    cast.maker.user_permissions.add(Permission.objects.get(codename="view_system"))
    assert "Single permissions" in text(root.get(page))
    sent = fields_of(root, page) | {"user_permissions": []}
    assert root.post(page, sent).status_code == 302
    assert not cast.maker.user_permissions.exists()
