"""The API: the same lists, rights and verbs as the pages, for programs with a token."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from proposals import workflow
from proposals.history import ledger
from proposals.models import Token, Transition

from . import factories
from .openapi import DOCUMENT, text_of_document


def caller(made, **headers) -> Client:
    return Client(headers={"Authorization": f"Bearer {made.text}"} | headers)


@pytest.fixture
def reader(cast) -> Client:
    return caller(factories.token(cast.maker))


def read(client: Client, address: str, **query) -> dict:
    answer = client.get(f"/api/v1/{address}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def refusal(answer, status: int) -> dict:
    """The problem document."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"]) == (status, status), answer.content
    assert answer.json()["detail"].endswith((".", "..."))
    return answer.json()


def test_lists_say_what_the_pages_say(reader, cast, source, target, proposal):
    done = workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    [flow] = read(reader, "flows", system=source.code, way="out")["items"]
    assert (flow["source"]["code"], flow["target"]["code"]) == (source.code, target.code)
    assert (flow["is_approved"], flow["data_types"]) == (
        True,
        [kind.code for kind in done.data_types.all()],
    )
    [physical] = read(reader, "physical-flows", logical_flow=flow["id"])["items"]
    assert physical["id"] == done.result_physical_flow_id
    assert physical["frequency"] == done.frequency
    [specification] = read(reader, "specifications", owner=source.code)["items"]
    assert specification["data_types"] == flow["data_types"]
    assert [row["code"] for row in read(reader, "data-types")["items"]] == flow["data_types"]
    names = [row["name"] for row in read(reader, "systems")["items"]]
    assert names == sorted(names)
    assert {source.name, target.name} <= set(names)
    [listed] = read(reader, "proposals", state="CLOSED")["items"]
    assert (listed["number"], listed["state"]) == (done.pk, "FULLY_APPROVED")
    assert read(reader, "proposals", state="OPEN")["items"] == []


def test_a_proposal_says_who_may_decide_and_what_the_owner_may_do(reader, cast, proposal):
    workflow.remark(proposal, "Is it daily?", by=cast.stranger)
    shown = read(reader, f"proposals/{proposal.pk}")
    assert [allowed["action"] for allowed in shown["allowed"]] == ["cancel"]
    source, target = shown["sides"]
    assert cast.source_approver.email in [person["email"] for person in source["approvers"]]
    assert cast.source_approver.email not in [person["email"] for person in target["approvers"]]
    assert [step["action"] for step in shown["transitions"]] == ["propose"]
    assert [remark["text"] for remark in shown["remarks"]] == ["Is it daily?"]


def test_a_draft_is_its_makers_here_too(cast, reader, source, target):
    draft = factories.draft(cast.maker, source, target)
    other = caller(factories.token(cast.stranger))
    assert read(reader, f"proposals/{draft.pk}")["state"] == "PROPOSED_CREATE"
    refusal(other.get(f"/api/v1/proposals/{draft.pk}"), 404)
    assert read(other, "proposals")["items"] == []


def test_pages_follow_one_another_by_cursor(reader):
    names = [factories.system(f"Same {number}").name for number in range(5)]
    first = read(reader, "systems", q="same", limit=2)
    second = read(reader, "systems", q="same", limit=2, cursor=first["next"])
    third = read(reader, "systems", q="same", limit=2, cursor=second["next"])
    pages = [first, second, third]
    assert [row["name"] for page in pages for row in page["items"]] == names
    assert third["next"] is None


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("systems?kind=X", "kind"),
        ("systems?sate=OPEN", "sate"),
        ("systems?limit=0", "limit"),
        ("systems?limit=1000", "limit"),
        ("systems?cursor=x", "cursor"),
        ("systems?cursor=WzFd", "cursor"),
        ("systems?cursor=WyJhIl0%3D", "cursor"),
        ("proposals?older_than=99999999", "older_than"),
        ("proposals?system=Nowhere", "system"),
        ("physical-flows?logical_flow=99999999999999999999", "logical_flow"),
        ("transitions?cursor=-1", "cursor"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(reader, address, field):
    assert field in refusal(reader.get(f"/api/v1/{address}"), 422)["errors"]


def test_what_has_not_changed_is_not_sent_again(reader, proposal):
    url = f"/api/v1/proposals/{proposal.pk}"
    tag = reader.get(url).headers["ETag"]
    again = reader.get(url, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    workflow.cancel(proposal, by=proposal.maker)
    assert reader.get(url, headers={"If-None-Match": tag}).status_code == 200
    listed = reader.get("/api/v1/systems").headers["ETag"]
    assert reader.get("/api/v1/systems", headers={"If-None-Match": listed}).status_code == 304


def test_transitions_come_once_the_ledger_knows_them(reader, cast, proposal):
    assert read(reader, "transitions") == {"items": [], "next": "0"}
    ledger.extend(timezone.now())
    first = read(reader, "transitions", limit=1)
    assert [step["action"] for step in first["items"]] == ["propose"]
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    ledger.extend(timezone.now())
    later = read(reader, "transitions", cursor=first["next"])
    actions = [step["action"] for step in later["items"]]
    assert actions == ["approve_source", "approve_target", "complete"]
    assert later["items"][0]["by"] == {"name": str(cast.both), "email": cast.both.email}
    assert later["next"] == str(Transition.objects.latest("pk").pk)


def test_the_register_comes_as_lines(reader, cast, proposal):
    workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    body = b"".join(reader.get("/api/v1/register"))
    rows = [json.loads(line) for line in body.splitlines()]
    assert rows[-1] == {"line": "end", "rows": len(rows) - 1}
    assert {row["line"] for row in rows[:-1]} == {
        *("system", "data_type", "specification", "flow", "physical_flow"),
    }


def test_the_document_is_the_one_that_is_committed():
    """`python -m tests.openapi` writes it anew."""
    assert DOCUMENT.read_text() == text_of_document()


def withdraw(token: Token) -> None:
    Token.objects.filter(pk=token.pk).withdraw(by=token.owner)


def test_nothing_but_a_token_opens_it(cast, settings):
    made = factories.token(cast.maker)
    signed_in = Client()
    signed_in.force_login(cast.superuser)
    for client in (
        Client(),
        signed_in,
        Client(headers={"Authorization": "Bearer x"}),
        Client(headers={"Authorization": f"Basic {made.text}"}),
    ):
        answer = client.get("/api/v1/systems")
        refusal(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    client = caller(made)
    assert client.get("/api/v1/systems").status_code == 200
    assert Token.objects.get().last_used_at > timezone.now() - timedelta(minutes=1)
    settings.API_REQUESTS_PER_MINUTE = 1
    busy = client.get("/api/v1/systems")
    refusal(busy, 429)
    assert 1 <= int(busy.headers["Retry-After"]) <= 60
    withdraw(made.token)
    refusal(client.get("/api/v1/systems"), 401)


def test_a_token_does_what_it_was_made_for(cast):
    made = factories.token(cast.maker, may_read=False)
    assert "not made to read" in refusal(caller(made).get("/api/v1/systems"), 403)["detail"]


def test_every_refusal_is_a_problem_document(reader, settings, monkeypatch):
    refusal(reader.get("/api/v1/nowhere"), 404)
    refusal(reader.get("/api/"), 404)
    refused = reader.put("/api/v1/systems")
    refusal(refused, 405)
    assert "GET" in refused.headers["Allow"]
    refusal(reader.post("/api/v1/systems", {}, content_type="application/json"), 405)
    refusal(reader.post("/api/v1/systems", {"a": "b"}), 415)
    large = reader.generic("POST", "/api/v1/systems", b"x" * 2**20 + b"x", "application/json")
    refusal(large, 413)
    reader.raise_request_exception = False
    monkeypatch.setattr("proposals.api.lists.page_of", lambda *all: 1 / 0)
    refusal(reader.get("/api/v1/systems"), 500)
