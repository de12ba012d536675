"""The API: the same lists, rights and verbs as the pages, for programs with a token."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from proposals import workflow
from proposals.api.schemas import Attributes
from proposals.api.writing import Content
from proposals.history import ledger
from proposals.models import (
    LogicalFlow,
    PhysicalFlow,
    Proposal,
    Token,
    Transition,
    actions,
)

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
    allowed = {action["action"] for action in shown["allowed"]}
    assert "cancel" in allowed
    assert not any(actions()[action].side for action in allowed)
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


def sent(client: Client, address: str, content: dict, **headers):
    url = f"/api/v1/{address}"
    return client.post(url, content, content_type="application/json", headers=headers)


def wish(sender, receiver, **content) -> dict:
    factories.reason()
    factories.data_type("Wished", code="WISHED")
    return {
        "source": sender.code,
        "target": receiver.code,
        "specification_name": "wished.csv",
        "specification_format": "FLAT_FILE",
        "data_types": ["wished"],
        "transport": "FILE_TRANSPORT",
        "frequency": "DAILY",
        "basis_offset": 0,
        "criticality": "HIGH",
        "reason": "regulation",
        "justification": "New rules",
    } | content


def test_a_program_proposes_once_however_often_it_asks(reader, cast, source, target):
    asked = wish(source, target)
    key = {"Idempotency-Key": "row 1"}
    first, again = (sent(reader, "proposals", asked, **key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert first.json() == again.json()
    made = Proposal.objects.get(specification_name="wished.csv")
    assert (made.maker, made.state, made.frequency) == (cast.maker, "PENDING_APPROVALS", "DAILY")
    assert [kind.code for kind in made.data_types.all()] == ["WISHED"]
    assert made.transitions.get().token == "nightly"
    other = sent(reader, "proposals", asked | {"justification": "Other"}, **key)
    assert "used for other content" in refusal(other, 422)["detail"]
    twin = refusal(sent(reader, "proposals", asked), 409)
    assert "asks for the same" in twin["detail"]
    assert twin["about"] == f"/proposals/{made.pk}/"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"source": "Nowhere"}, "source"),
        ({"source": None}, "source"),
        ({"data_types": ["NONE"]}, "data_types"),
        ({"reason": "whim"}, "reason"),
        ({"frequency": "NOW"}, "frequency"),
        ({"basis_offset": 1000}, "basis_offset"),
        ({"specification_name": ""}, "specification"),
        ({"type": "EDIT"}, "physical_flow"),
        ({"colour": "red"}, "colour"),
        ({"specification": 2**63}, "specification"),
    ],
)
def test_what_cannot_be_proposed_is_refused_by_field(reader, source, target, change, field):
    refused = refusal(sent(reader, "proposals", wish(source, target, **change)), 422)
    assert field in refused["errors"], refused
    assert Proposal.objects.count() == 0


def test_a_change_says_only_what_changes(reader, cast, proposal):
    done = workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    flow = done.result_physical_flow
    asked = {
        "type": "EDIT",
        "physical_flow": flow.pk,
        "frequency": "YEARLY",
        "reason": "Regulation",
    }
    answer = sent(reader, "proposals", asked | {"justification": "Less often"})
    assert answer.status_code == 201, answer.content
    made = Proposal.objects.get(pk=answer.json()["number"])
    assert (made.type, made.frequency, made.transport) == ("EDIT", "YEARLY", flow.transport)
    assert set(made.data_types.all()) == set(flow.specification.data_types.all())
    removal = {"type": "DELETE", "physical_flow": flow.pk, "reason": "Regulation", "draft": True}
    draft = sent(reader, "proposals", removal).json()
    assert draft["state"] == "PROPOSED_CREATE"
    refusal(sent(reader, f"proposals/{draft['number']}/submit", {}), 409)  # one change at a time


def test_a_round_is_revised_remarked_on_and_cancelled(reader, cast, proposal):
    workflow.request_changes(
        proposal, side="SOURCE", by=cast.source_approver, comment="Weekly, please"
    )
    address = f"proposals/{proposal.pk}/revise"
    answer = sent(reader, address, {"frequency": "WEEKLY"})
    assert answer.status_code == 201, answer.content
    made = Proposal.objects.get(pk=answer.json()["number"])
    assert (made.revises, made.frequency, made.transport) == (
        proposal,
        "WEEKLY",
        proposal.transport,
    )
    refusal(sent(reader, address, {}), 409)
    said = sent(reader, f"proposals/{made.pk}/remarks", {"text": "Now weekly"})
    assert said.status_code == 201, said.content
    assert made.remarks.get().text == "Now weekly"
    refusal(sent(reader, f"proposals/{made.pk}/remarks", {"text": " "}), 422)
    gone = sent(reader, f"proposals/{made.pk}/cancel", {"comment": "no more"})
    assert gone.json()["state"] == "CANCELLED"
    refusal(sent(reader, f"proposals/{made.pk}/cancel", {}), 409)


def test_a_decision_is_about_what_was_read(cast, proposal):
    made = factories.token(cast.source_approver, "gateway", may_decide=True)
    client, address = caller(made), f"proposals/{proposal.pk}"
    asked = {"decision": "approve", "side": "SOURCE"}
    tag = client.get(f"/api/v1/{address}").headers["ETag"]
    barred = sent(client, f"{address}/decide", asked, **{"If-Match": tag})
    assert "through the API" in refusal(barred, 403)["detail"]
    factories.policy(api_decisions=True)
    refusal(sent(client, f"{address}/decide", asked), 428)
    workflow.remark(proposal, "Wait, it is monthly", by=cast.maker)
    stale = refusal(sent(client, f"{address}/decide", asked, **{"If-Match": tag}), 412)
    assert "Wait, it is monthly" in " ".join(stale["changes"])
    tag = client.get(f"/api/v1/{address}").headers["ETag"]
    headers = {"If-Match": f"W/{tag}", "Idempotency-Key": "1"}
    for _ in range(2):
        done = sent(client, f"{address}/decide", asked, **headers)
        assert (done.status_code, done.json()["state"]) == (200, "SOURCE_APPROVED"), done.content
    step = proposal.transitions.get(side="SOURCE")
    assert (step.by, step.token) == (cast.source_approver, "gateway")
    proposing = caller(factories.token(cast.target_approver))
    refused = sent(proposing, f"{address}/decide", asked, **{"If-Match": tag})
    assert "not made to decide" in refusal(refused, 403)["detail"]


def test_nobody_does_here_what_a_page_would_refuse(cast, proposal):
    stranger = caller(factories.token(cast.stranger))
    page = f"proposals/{proposal.pk}"
    refusal(sent(stranger, f"{page}/cancel", {}), 403)
    refusal(sent(stranger, f"{page}/revise", {}), 403)
    refusal(sent(stranger, "proposals/999999/cancel", {}), 404)
    read_only = caller(factories.token(cast.maker, "reads", may_propose=False))
    refusal(sent(read_only, f"{page}/cancel", {}), 403)
    proposal.refresh_from_db()
    assert proposal.is_open


def test_consent_names_the_proposal_that_was_agreed_first(reader, cast, source, target):
    slow, quick = (
        factories.proposed(cast.maker, source, target, specification_name=name, at=factories.day(1))
        for name in ("slow.csv", "quick.csv")
    )
    for proposal, day in ((quick, 2), (slow, 3)):
        workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both, at=factories.day(day))
    pairs = [{"source": source.code, "target": target.code}]
    [answer] = sent(reader, "consent", {"pairs": pairs}).json()["answers"]
    assert answer["proposal"] == quick.pk
    assert answer["since"].startswith(f"{factories.day(2):%Y-%m-%d}")


def test_consent_is_answered_for_many_pairs_at_once(
    reader, cast, source, target, django_assert_max_num_queries
):
    bare = factories.proposed(cast.maker, target, source, **factories.BARE)
    agreed = workflow.approve(
        factories.proposed(cast.maker, source, target), sides=["SOURCE", "TARGET"], by=cast.both
    )
    carried = agreed.data_types.get().code
    factories.data_type("Other", code="OTHER")
    pairs = [
        {"source": source.code.lower(), "target": target.code},
        {"source": source.code, "target": target.code, "data_type": carried},
        {"source": source.code, "target": target.code, "data_type": "OTHER"},
        {"source": target.code, "target": source.code},
        {"source": "NOWHERE", "target": source.code},
        {"source": source.code, "target": source.code},
    ]
    with django_assert_max_num_queries(20):
        answers = sent(reader, "consent", {"pairs": pairs}).json()["answers"]
    assert [(row["answer"], row["proposal"]) for row in answers] == [
        ("APPROVED", agreed.pk),
        ("APPROVED", agreed.pk),
        ("UNKNOWN", None),
        ("WAITING", bare.pk),
        ("UNKNOWN", None),
        ("UNKNOWN", None),
    ]
    assert sorted(answers[3]["waiting_for"]) == sorted([source.code, target.code])
    factories.remove_flows(PhysicalFlow, LogicalFlow)
    [gone] = sent(reader, "consent", {"pairs": pairs[:1]}).json()["answers"]
    assert gone["answer"] == "REMOVED"
    assert len(sent(reader, "consent", {"pairs": pairs[:1] * 1000}).json()["answers"]) == 1000
    refusal(sent(reader, "consent", {"pairs": pairs[:1] * 1001}), 422)


def test_every_attribute_of_a_flow_can_be_proposed_and_is_read():
    wanted = set(PhysicalFlow.ATTRIBUTES)
    assert wanted <= set(Content.model_fields)
    assert wanted <= set(Attributes.model_fields)


@pytest.mark.parametrize("body", [b"{", b"\x1f\xff", b"[" * 100_000, b'{"pairs": "\\ud800"}'])
def test_a_body_that_is_no_json_is_refused(reader, body):
    answer = reader.generic("POST", "/api/v1/consent", body, "application/json")
    assert answer.status_code in (400, 422)
    refusal(answer, answer.status_code)


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\0b", "\u202e", "x" * 64])
def test_texts_that_no_column_holds_do_no_harm(reader, source, target, text):
    pair = {"source": text, "target": source.code, "data_type": text}
    body = json.dumps({"pairs": [pair]}).encode()
    answer = reader.generic("POST", "/api/v1/consent", body, "application/json")
    assert answer.status_code in (200, 422), answer.content
    asked = wish(source, target)
    for name in ("source", "specification_name", "reason", "justification", "frequency"):
        body = json.dumps(asked | {name: text, "draft": True}).encode()
        answer = reader.generic("POST", "/api/v1/proposals", body, "application/json")
        assert answer.status_code in (201, 422), (name, answer.content)
    listed = reader.get("/api/v1/systems", {"q": text.encode("utf-8", "replace")})
    assert listed.status_code in (200, 422)
