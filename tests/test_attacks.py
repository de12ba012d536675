"""What a cheat, a latecomer or a broken client sends, and what comes of it."""

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils import timezone

from proposals import workflow
from proposals.errors import Conflict, Invalid
from proposals.forms import ProposalForm, SystemField
from proposals.models import Involvement, Proposal, System

from . import factories


@pytest.fixture
def as_(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.mark.parametrize(("first", "other"), [("SOURCE", "target"), ("TARGET", "source")])
def test_both_sides_are_refused_when_one_has_decided(as_, cast, proposal, first, other):
    by = getattr(cast, f"{first.lower()}_approver")
    workflow.approve(proposal, sides=[first], by=by)
    response = as_(cast.both).post(f"/proposals/{proposal.pk}/approve/", {"side": "BOTH"})
    assert response.status_code == 409
    assert f"{by} approved for the {first.lower()} on" in response.content.decode()
    assert Proposal.objects.get().transitions.count() == 2


@pytest.mark.parametrize(
    "typed",
    [
        *("Beta (ABC)", "ABC", "Payments (LEDGER)", "PAYL", "Weird (Y (RISK))", "Y (RISK)", "beta"),
    ],
)
def test_a_system_typed_to_the_letter_is_that_system(source, target, typed):
    factories.system("Alpha", code="abcd")
    systems = [
        factories.system("Beta", code="ABC"),
        factories.system("Payments (LEDGER)", code="PAYL"),
        factories.system("Weird", code="Y (RISK)"),
    ]
    [expected] = [
        s for s in systems if typed.lower() in (str(s).lower(), s.code.lower(), s.name.lower())
    ]
    assert SystemField().clean(typed) == expected


def test_a_name_that_two_systems_have_but_for_case_is_asked_back(source):
    factories.system("Alpha", code="A-1")
    factories.system("ALPHA", code="A-2")
    with pytest.raises(ValidationError, match="Several systems"):
        SystemField().clean("alpha")


def test_a_form_shown_again_still_means_the_same_system(cast, source, target):
    factories.system("Ledger", code="LEDGER-OLD")
    draft = factories.draft(cast.maker, source, target)
    assert ProposalForm(instance=draft).typed_source == source


@pytest.mark.parametrize("suffix", ["\u200b", "\u00ad", "\u2060", "\ufe0f", "\u202e"])
def test_characters_nobody_sees_make_no_difference(cast, source, target, proposal, suffix):
    with pytest.raises(Conflict, match="asks for the same"):
        factories.proposed(cast.other, source, target, specification_name=f"trades.csv{suffix}")


def test_what_nobody_sees_is_no_name_and_no_comment(cast, source, target, proposal):
    with pytest.raises(Invalid, match="name a new one"):
        factories.proposed(cast.maker, source, target, specification_name="\u200b")
    with pytest.raises(Invalid, match="Say why"):
        workflow.reject(proposal, side="SOURCE", by=cast.rejecter, comment=" \u200b")


def test_a_refused_submission_leaves_no_phantom_draft(as_, cast, source, target):
    sent = {"source": "LEDGER", "target": "RISK", "with_physical_flow": "False", "submit": "1"}
    page = as_(cast.maker).post("/proposals/new/", sent).content.decode()
    assert "<h1>Propose a flow</h1>" in page
    assert "Draft" not in page.split("<main")[1].split("<form")[0]


@pytest.mark.parametrize("page", ["/proposals/new/", "/proposals/{draft}/edit/"])
def test_head_answers_as_get_does(as_, cast, source, target, page):
    draft = factories.draft(cast.maker, source, target)
    assert as_(cast.maker).head(page.format(draft=draft.pk)).status_code == 200


@pytest.mark.parametrize("charset", ["rot13", "base64", "hex", "unicode_escape", "undefined"])
def test_a_strange_charset_is_a_bad_request(as_, cast, charset):
    body = b'--B\r\nContent-Disposition: form-data; name="source"\r\n\r\nx\\ud800\r\n--B--\r\n'
    kind = f"multipart/form-data; boundary=B; charset={charset}"
    assert (
        as_(cast.maker).generic("POST", "/proposals/new/", body, content_type=kind).status_code
        == 400
    )


LONG = "w" * 60_000


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("/proposals/new/", {"source": LONG, "target": "LEDGER", "draft": "1"}),
        (
            "/proposals/new/",
            {"source": "LEDGER", "target": "RISK", "data_types": "9" * 30, "submit": "1"},
        ),
        (
            "/me/",
            {"delegate": LONG, "ends_at": "0001-01-01T00:00", "starts_at": "9999-12-31T23:59"},
        ),
        ("/inbox/decide/", {"chosen": "9" * 30, "verb": "approve"}),
        ("/inbox/decide/", {"chosen": "x", "verb": "explode"}),
    ],
)
def test_oversized_input_is_a_bad_request(as_, cast, source, target, url, data):
    assert as_(cast.maker).post(url, data).status_code == 400
    assert Proposal.objects.count() == 0


@pytest.mark.parametrize(
    "url",
    [
        *(f"/proposals/?q={LONG}", f"/proposals/?maker={LONG}", f"/proposals/?system={LONG}"),
        *(f"/systems/options/?source={LONG}", f"/proposals/new/source/?source={LONG}"),
        *(f"/proposals/?q={'w+' * 4000}", f"/systems/?q={'w+' * 4000}", f"/flows/?q={'w+' * 4000}"),
    ],
)
def test_oversized_questions_are_answered(as_, cast, url):
    assert as_(cast.maker).get(url).status_code == 200


def test_a_draft_of_another_has_no_history_for_an_auditor(as_, cast, source, target):
    draft = factories.draft(cast.maker, source, target)
    auditor = factories.user(is_staff=True)
    auditor.groups.add(Group.objects.get(name="Auditors"))
    base = f"/admin/proposals/proposal/{draft.pk}/history/"
    assert as_(auditor).get(base).status_code == 404
    assert as_(auditor).get(f"{base}{draft.history.first().pk}/").status_code == 404
    assert as_(cast.superuser).get(base).status_code == 200
    assert as_(auditor).get("/admin/proposals/system/zzz/history/").status_code == 404


def test_the_kind_of_a_system_that_a_rule_names_cannot_change(source):
    factories.rule("IT Lead", system=source)
    source.kind = "ACTOR"
    with pytest.raises(ValidationError, match="An approver rule names this system by its kind"):
        source.full_clean()


def test_an_involvement_cannot_begin_in_the_future(cast, source):
    later = Involvement(
        user=cast.maker,
        system=source,
        kind=factories.kind("IT Lead"),
        started_at=timezone.now() + timezone.timedelta(1),
    )
    with pytest.raises(ValidationError, match="cannot begin in the future"):
        later.full_clean()


def test_the_groups_the_workflow_asks_for_stay(as_, cast):
    group = Group.objects.get(name="Stewards")
    url = f"/admin/auth/group/{group.pk}/"
    assert as_(cast.superuser).post(f"{url}delete/", {"post": "yes"}).status_code == 403
    as_(cast.superuser).post(f"{url}change/", {"name": "Others"})
    assert Group.objects.filter(name="Stewards").exists()


def test_a_type_deprecated_meanwhile_refuses_the_last_approval(cast, proposal):
    proposal.data_types.update(is_deprecated=True)
    with pytest.raises(Invalid, match=r"is deprecated\. Choose another"):
        workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    assert Proposal.objects.get().state == "PENDING_APPROVALS"


def test_a_retired_reason_cannot_be_submitted(cast, source, target):
    old = factories.reason("Migration")
    old.is_active = False
    old.save()
    with pytest.raises(Invalid, match="The reason “Migration” is no longer offered"):
        factories.proposed(cast.maker, source, target, reason=old)


def test_a_removed_system_cannot_be_found_again_by_a_proposal(cast, source, target):
    System.objects.filter(pk=source.pk).update(lifecycle="REMOVED")
    with pytest.raises(Conflict, match="has been removed"):
        factories.proposed(cast.maker, source, target)
