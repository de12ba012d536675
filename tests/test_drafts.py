"""A draft is its maker's: nobody else finds it, reads it or guesses at it, by no page, list, search
or filter.
"""

import pytest
from django.urls import reverse

from proposals.models import Delegation, Proposal

from . import factories

NEW = "/proposals/new/"
SECRET = "xyzzy-unheard-of"


@pytest.fixture
def as_(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def draft(cast, source, target):
    wanted = {"specification_name": f"{SECRET}.csv", "justification": SECRET, "description": SECRET}
    return factories.draft(cast.maker, source, target, **wanted)


@pytest.mark.parametrize(
    "role", ["stranger", "source_approver", "makers_delegate", "steward", "auditor"]
)
def test_a_draft_of_another_is_not_there(as_, cast, draft, role):
    browser = as_(getattr(cast, role))
    for page in ("", "edit/", "propose/", "approve/", "reject/", "cancel/"):
        url = f"/proposals/{draft.pk}/{page}"
        assert browser.get(url).status_code == 404, url
        assert browser.post(url, {"side": "SOURCE", "comment": "x", "submit": "1"}).status_code in (
            404,
            405,
        ), url
    for page in (NEW, f"/proposals/{draft.pk}/edit/"):
        assert browser.get(page, {"from": draft.pk}).status_code == 404
    chosen = {"chosen": draft.pk, "verb": "approve"}
    assert browser.post("/inbox/decide/", chosen).status_code == 400
    assert Proposal.objects.get().state == "PROPOSED_CREATE"


@pytest.mark.parametrize(
    "role", ["stranger", "source_approver", "makers_delegate", "steward", "auditor"]
)
def test_a_draft_of_another_is_found_by_no_list_search_or_page_beside_it(as_, cast, draft, role):
    browser = as_(getattr(cast, role))
    beside = [
        f"/systems/{draft.source_id}/",
        f"/systems/{draft.source_id}/?history",
        "/inbox/",
        "/me/",
        NEW,
    ]
    lists = [
        "/proposals/",
        "/proposals/?state=PROPOSED_CREATE",
        f"/proposals/?maker={draft.maker.name}",
        "/systems/",
        "/flows/",
    ]
    for url in [*beside, *lists]:
        assert SECRET not in browser.get(url).content.decode(), url
    page = browser.get("/proposals/", {"q": SECRET}).content.decode()
    assert f"/proposals/{draft.pk}/" not in page
    assert (
        f"/proposals/{draft.pk}/"
        not in browser.get("/proposals/", {"q": draft.pk}).content.decode()
    )


def test_a_draft_of_another_is_in_no_page_of_the_auditors_admin(as_, cast, draft):
    browser, version = as_(cast.auditor), draft.history.first()
    for url in [
        *(
            f"/admin/proposals/proposal/{draft.pk}/{page}"
            for page in ("change/", "history/", f"history/{version.pk}/")
        ),
        f"/admin/proposals/historicalproposal/{version.pk}/change/",
        f"/admin/proposals/historicalproposal/{version.pk}/history/",
    ]:
        response = browser.get(url, follow=True)
        assert SECRET not in response.content.decode(), url
        assert response.status_code == 404 or response.redirect_chain, url
    for model in ("proposal", "historicalproposal", "transition", "datatype", "system"):
        lists = reverse(f"admin:proposals_{model}_changelist")
        assert SECRET not in browser.get(lists).content.decode()
    for model, lookup in [
        *(
            ("proposal", "justification__startswith"),
            ("historicalproposal", "justification__startswith"),
        ),
        *(
            ("datatype", "proposals__justification__startswith"),
            ("system", "proposals_from__justification__contains"),
        ),
        *(
            ("reason", "proposal__justification__contains"),
            ("user", "proposals__justification__contains"),
        ),
        *(("involvement", "user__password__startswith"), ("user", "manager__password__startswith")),
        *(("user", "password__startswith"), ("delegation", "delegator__password__contains")),
    ]:
        response = browser.get(
            reverse(f"admin:proposals_{model}_changelist"), {lookup: SECRET[:3]}, follow=True
        )
        assert SECRET not in response.content.decode().replace(f"{lookup}={SECRET[:3]}", ""), lookup
        if "__" in lookup.partition("__")[2] or "password" in lookup:
            assert response.status_code == 400 or response.redirect_chain, lookup


def test_what_an_auditor_sees_of_people_is_no_password(as_, cast):
    cast.maker.set_password("waltzflow")
    cast.maker.save()
    page = as_(cast.auditor).get(f"/admin/proposals/user/{cast.maker.pk}/change/").content.decode()
    algorithm, salt, digest = cast.maker.password.split("$")
    assert algorithm in page
    assert digest not in page
    assert salt not in page


def test_a_delegation_is_ended_by_its_delegator_alone(as_, cast):
    delegation = cast.source_approver.delegations_given.get()
    for person in (cast.delegate, cast.superuser, cast.stranger):
        assert as_(person).post(f"/me/delegations/{delegation.pk}/end/").status_code == 404
    assert Delegation.objects.get(pk=delegation.pk).ends_at == delegation.ends_at


def test_a_draft_that_lacks_something_says_so_instead_of_offering_to_submit(
    as_, cast, source, target
):
    draft = factories.draft(cast.maker, source, target, [], reason=None)
    page = as_(cast.maker).get(draft.get_absolute_url()).content.decode()
    assert "Before it can be submitted:" in page
    assert "Choose a reason." in page
    assert f"/proposals/{draft.pk}/propose/" not in page
    assert f"/proposals/{draft.pk}/cancel/" in page
    whole = factories.draft(cast.maker, source, target, [factories.data_type()])
    page = as_(cast.maker).get(whole.get_absolute_url()).content.decode()
    assert f"/proposals/{whole.pk}/propose/" in page
    assert "Before it can be submitted:" not in page
