"""What somebody sends who knows the site well and wishes it ill, and what comes of it."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from proposals import workflow
from proposals.models import Delegation, PhysicalFlow, Proposal, System, User

from . import factories, worlds
from .fingerprint import fingerprint

NEW = "/proposals/new/"


@pytest.fixture
def as_(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


# hosts


@pytest.mark.parametrize(
    "host",
    ["evil.example", "testserver.evil.example", "testserver@evil.example", "a b", "", "[::1"],
)
def test_another_host_is_not_served(as_, cast, host):
    response = as_(cast.maker).get("/inbox/", HTTP_HOST=host)
    assert response.status_code == 400
    assert "evil" not in response.content.decode()


FORGED = {
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_X_HOST": "evil.example",
    "HTTP_FORWARDED": "host=evil.example",
}
FORGED |= {
    "HTTP_X_ORIGINAL_URL": "/admin/",
    "HTTP_X_REWRITE_URL": "/admin/",
    "HTTP_X_FORWARDED_PREFIX": "//evil.example",
}


def test_a_forged_host_is_in_no_page_redirect_or_mail(as_, cast, source, target):
    browser = as_(cast.maker)
    sent = {
        "source": "LEDGER",
        "target": "RISK",
        "with_physical_flow": "False",
        "reason": factories.reason().pk,
    }
    sent |= {"data_types": [factories.data_type().pk], "submit": "1"}
    # localhost is a host that may be asked for, and yet not where people reach the site.
    response = browser.post(NEW, sent, HTTP_HOST="localhost", **FORGED)
    assert response.url == Proposal.objects.get().get_absolute_url()
    mails = Email.objects.all()
    assert mails
    for mail in mails:
        links = re.findall(r"https?://[^\s\"<>]+", mail.message + mail.html_message)
        assert links
        assert all(link.startswith("http://127.0.0.1:8000/") for link in links)
    for url in ("/inbox/", "/admin/r/1/1/", "/nowhere/"):
        response = browser.get(url, HTTP_HOST="localhost", **FORGED)
        assert "evil" not in response.content.decode() + str(response.headers)


def test_a_header_does_not_change_the_method(as_, cast, proposal):
    browser, url = as_(cast.source_approver), f"/proposals/{proposal.pk}/approve/"
    for header in ("HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_X_METHOD_OVERRIDE", "HTTP_X_HTTP_METHOD"):
        assert (
            browser.get(url, {"_method": "POST", "side": "SOURCE"}, **{header: "POST"}).status_code
            == 200
        )
        browser.post(f"/systems/{proposal.source_id}/", {"_method": "DELETE"}, **{header: "DELETE"})
    assert Proposal.objects.get().state == "PENDING_APPROVALS"


# forms


def test_a_token_from_another_origin_is_refused(as_, cast):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.maker)
    token = re.search(
        r'csrfmiddlewaretoken" value="(\w+)"', browser.get("/me/").content.decode()
    ).group(1)
    sent = {"csrfmiddlewaretoken": token, "notices_wanted": "NONE"}
    for origin in ("https://evil.example", "null", "http://testserver.evil.example"):
        assert browser.post("/me/notices/", sent, HTTP_ORIGIN=origin).status_code == 403
    assert browser.post("/me/notices/", sent, HTTP_ORIGIN="http://testserver").status_code == 302


SNEAKED = {
    *(
        "state",
        "type",
        "maker",
        "maker_id",
        "origin",
        "origin_proposal",
        "origin_batch",
        "submitted_at",
        "due_at",
    ),
    *(
        "closed_at",
        "created_at",
        "content_key",
        "id",
        "pk",
        "result_logical_flow",
        "result_physical_flow",
    ),
    *(
        "result_specification",
        "concerned_physical_flow",
        "concerned_logical_flow",
        "added_by",
        "lifecycle",
        "logical_flow",
    ),
}
TYPED = {
    "with_physical_flow": "True",
    "specification_name": "trades.csv",
    "specification_format": "FLAT_FILE",
    "transport": "FILE_TRANSPORT",
    "frequency": "DAILY",
    "basis_offset": "1",
    "criticality": "HIGH",
}
VALUES = {
    "state": "FULLY_APPROVED",
    "type": "DELETE",
    "content_key": "0" * 64,
    "lifecycle": "REMOVED",
    **dict.fromkeys(["submitted_at", "due_at", "closed_at", "created_at"], "2001-01-01 00:00"),
}


@pytest.fixture
def sneaked(cast):
    """Every field that a form does not have, with a value that would matter."""
    return {name: VALUES.get(name, cast.stranger.pk) for name in SNEAKED}


@worlds.shared
def done(cast, source, target):
    wanted = factories.proposed(cast.maker, source, target, specification_name="done.csv")
    return workflow.approve(wanted, sides=["SOURCE", "TARGET"], by=cast.both)


def untouched(proposal: Proposal, by: User, state: str, kind: str) -> None:
    assert (proposal.state, proposal.type, proposal.maker) == (state, kind, by)
    assert (proposal.closed_at, proposal.result_logical_flow, proposal.result_specification) == (
        None,
        None,
        None,
    )
    assert proposal.created_at.year > 2001
    assert proposal.content_key != "0" * 64


def test_a_new_proposal_takes_nothing_that_is_not_in_its_form(as_, cast, source, target, sneaked):
    sent = TYPED | {"source": "LEDGER", "target": "RISK", "reason": factories.reason().pk}
    sent |= {"data_types": [factories.data_type().pk]}
    browser = as_(cast.maker)
    browser.post(NEW, sneaked | sent | {"draft": "1"})
    draft = Proposal.objects.get()
    untouched(draft, cast.maker, "PROPOSED_CREATE", "CREATE")
    assert (draft.submitted_at, draft.concerned_physical_flow_id) == (None, None)
    browser.post(f"/proposals/{draft.pk}/edit/", sneaked | sent | {"submit": "1"})
    submitted = Proposal.objects.get()
    untouched(submitted, cast.maker, "PENDING_APPROVALS", "CREATE")
    assert (submitted.due_at - submitted.submitted_at).days == 30


@pytest.mark.parametrize(("page", "kind"), [("edit", "EDIT"), ("remove", "DELETE")])
def test_a_change_or_removal_takes_its_route_from_the_flow(as_, cast, done, sneaked, page, kind):
    flow = done.result_physical_flow
    other = factories.system("Elsewhere")
    sent = (
        sneaked
        | TYPED
        | {"source": other.pk, "target": other.code, "specification": "1", "name": "another"}
        | {"specification_name": ""}  # of its own, which nobody needs here
    )
    sent |= {
        "reason": factories.reason().pk,
        "data_types": [t.pk for t in flow.specification.data_types.all()],
    }
    url = f"/physical-flows/{flow.pk}/{page}/"
    form = as_(cast.stranger).get(url).context["form"]
    sent |= {name: form.initial[name] for name in form.READ if form.initial[name]}
    as_(cast.stranger).post(url, sent | {"submit": "1"})
    made = Proposal.objects.exclude(pk=done.pk).get()
    untouched(made, cast.stranger, "PENDING_APPROVALS", kind)
    assert (made.source, made.target, made.concerned_physical_flow) == (
        done.source,
        done.target,
        flow,
    )


def test_a_further_physical_flow_has_its_maker_and_the_flow_s_own_origin(as_, cast, done, sneaked):
    flow = done.result_logical_flow
    sent = sneaked | TYPED | {"data_types": [factories.data_type().pk], "added_by": cast.maker.pk}
    as_(cast.stranger).post(f"/flows/{flow.pk}/physical/new/", sent)
    made = PhysicalFlow.objects.exclude(pk=done.result_physical_flow_id).get()
    assert (made.added_by, made.logical_flow, made.origin_proposal) == (cast.stranger, flow, done)
    assert (made.lifecycle, made.origin_batch) == ("ACTIVE", None)


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_a_decision_takes_nothing_but_side_and_comment(as_, cast, proposal, sneaked, verb):
    sent = {
        "side": "SOURCE",
        "comment": "so",
        "by": cast.maker.pk,
        "on_behalf_of": cast.both.pk,
        "at": "2001-01-01",
    }
    sent |= {
        "capacity": "king",
        "automatic": "on",
        "number": "9",
        "policy": "1",
        "action": "complete",
    }
    as_(cast.source_approver).post(f"/proposals/{proposal.pk}/{verb}/", sneaked | sent)
    decision = Proposal.objects.get().transitions.last()
    assert (decision.by, decision.on_behalf_of, decision.number) == (cast.source_approver, None, 2)
    assert decision.capacity.startswith("Data Owner of Ledger")
    assert (decision.automatic, decision.at.year > 2001) == (False, True)
    assert Proposal.objects.get().maker == cast.maker


def test_nobody_delegates_for_another_or_makes_himself_more(as_, cast):
    before = Delegation.objects.count()
    sent = {
        "delegate": cast.stranger.email,
        "ends_at": "2099-01-01",
        "delegator": cast.superuser.pk,
    }
    as_(cast.maker).post("/me/", sent)
    assert Delegation.objects.count() == before + 1
    assert Delegation.objects.latest("pk").delegator == cast.maker
    powers = {
        "is_superuser": "on",
        "is_staff": "on",
        "groups": "1",
        "email": "x@example.com",
        "password": "x",
    }
    as_(cast.maker).post("/me/notices/", powers | {"notices_wanted": "NONE"})
    me = User.objects.get(pk=cast.maker.pk)
    assert (me.is_superuser, me.is_staff, me.groups.count()) == (False, False, 0)
    assert (me.email, me.password) == (cast.maker.email, cast.maker.password)


def test_who_may_edit_people_gives_no_powers(as_, cast):
    clerk = factories.user("Clara Clerk", is_staff=True)
    clerk.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_user", "change_user", "add_user"])
    )
    sent = {
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "groups": ["1", "2"],
        "user_permissions": ["1"],
    }
    sent |= {
        "username": clerk.username,
        "name": "Clara",
        "email": clerk.email,
        "notices_wanted": "EACH",
    }
    assert as_(clerk).post(f"/admin/proposals/user/{clerk.pk}/change/", sent).status_code == 302
    clerk = User.objects.get(pk=clerk.pk)
    assert (
        clerk.name,
        clerk.is_superuser,
        clerk.groups.count(),
        clerk.user_permissions.count(),
    ) == (
        "Clara",
        False,
        0,
        3,
    )
    root = f"/admin/proposals/user/{cast.superuser.pk}/"
    assert (
        as_(clerk)
        .post(f"{root}password/", {"password1": "a new word", "password2": "a new word"})
        .status_code
        == 403
    )
    assert as_(clerk).post(f"{root}change/", sent).status_code == 403


def test_the_admin_takes_no_field_that_is_read_only(as_, cast, done):
    root = as_(cast.superuser)
    involvement = cast.source_approver.involvements.get()
    before = fingerprint()
    for row in (
        done,
        done.result_logical_flow,
        done.result_physical_flow,
        done.transitions.first(),
        involvement.history.first(),
    ):
        name = row._meta.model_name
        sent = {field.name: "1" for field in row._meta.fields} | {"_save": "1"}
        assert (
            root.post(reverse(f"admin:proposals_{name}_change", args=[row.pk]), sent).status_code
            == 403
        )
        assert (
            root.post(
                reverse(f"admin:proposals_{name}_changelist"), sent | {"form-0-id": row.pk}
            ).status_code
            == 200
        )
        selected = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
        root.post(reverse(f"admin:proposals_{name}_changelist"), selected)
    assert fingerprint() == before


def test_a_version_of_the_past_does_not_come_back(as_, cast, source):
    source.name = "Ledger of today"
    source.save()
    first = source.history.last()
    page = reverse("admin:proposals_system_simple_history", args=[source.pk, first.pk])
    sent = {
        "kind": "APPLICATION",
        "code": source.code,
        "name": first.name,
        "lifecycle": "ACTIVE",
        "_save": "1",
    }
    for extra in ({}, {"_change_history": "1"}, {"_saveasnew": "1"}):
        assert as_(cast.superuser).post(page, sent | extra).status_code == 405
    assert System.objects.get(pk=source.pk).name == "Ledger of today"
    assert source.history.count() == 2
