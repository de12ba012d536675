"""Sending a form twice is one effect, and a transaction another one crossed starts again."""

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from proposals.errors import Conflict
from proposals.models import Delegation, Proposal, Receipt, System
from proposals.workflow import periodic
from proposals.workflow.retry import ATTEMPTS, retrying_transaction

from . import factories
from .test_races import at_once


@pytest.fixture
def sent(source, target):
    """A proposal as its form sends it."""
    return factories.WISH | {
        "source": str(source),
        "target": str(target),
        "with_physical_flow": "True",
        "submit": "1",
        "reason": factories.reason().pk,
        "data_types": [factories.data_type().pk],
        "form_key": str(uuid4()),
    }


def test_a_form_sent_twice_proposes_once_and_leads_to_the_same_page(client, cast, sent):
    client.force_login(cast.maker)
    first, second = (client.post("/proposals/new/", sent) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first.url == second.url == Proposal.objects.get().get_absolute_url()


def test_a_decision_sent_twice_is_one_and_no_conflict(client, cast, proposal):
    client.force_login(cast.source_approver)
    sent = {"side": "SOURCE", "comment": "fine", "form_key": str(uuid4())}
    answers = [client.post(f"/proposals/{proposal.pk}/approve/", sent) for _ in range(2)]
    assert [answer.url for answer in answers] == [proposal.get_absolute_url()] * 2
    assert proposal.transitions.count() == 2


def test_a_refused_form_leaves_no_receipt_and_may_be_sent_again(client, cast, sent):
    client.force_login(cast.maker)
    assert client.post("/proposals/new/", sent | {"reason": ""}).status_code == 400
    assert Receipt.objects.count() == Proposal.objects.count() == 0
    assert client.post("/proposals/new/", sent).status_code == 302


def test_another_form_is_another_effect(client, cast, sent):
    client.force_login(cast.maker)
    client.post("/proposals/new/", sent)
    twin = client.post("/proposals/new/", sent | {"form_key": str(uuid4())})
    assert twin.status_code == 409
    assert "asks for the same and is still open" in twin.content.decode()


def test_a_page_kept_for_back_and_filled_in_anew_is_another_draft(client, cast, sent, target):
    client.force_login(cast.maker)
    sent = {name: value for name, value in sent.items() if name != "submit"} | {"draft": "1"}
    other = factories.system("Clearer", code="CLEARER")
    pages = [
        client.post("/proposals/new/", sent | {"target": str(system)}).url
        for system in (target, other, other)
    ]
    drafts = Proposal.objects.order_by("pk")
    assert pages[0] != pages[1] == pages[2]
    assert [draft.target for draft in drafts] == [target, other]


def test_a_draft_saved_and_then_corrected_on_the_kept_page_is_submitted(client, cast, sent):
    client.force_login(cast.maker)
    sent = {name: value for name, value in sent.items() if name != "submit"}
    page = client.post("/proposals/new/", sent | {"draft": "1", "form_key": str(uuid4())}).url
    edit = f"{page}edit/"
    client.post(edit, sent | {"draft": "1"})
    client.post(edit, sent | {"submit": "1", "justification": "Corrected."})
    proposal = Proposal.objects.get()
    assert (proposal.state, proposal.justification) == ("PENDING_APPROVALS", "Corrected.")


def test_another_comment_with_the_key_of_a_decision_is_refused_in_words(client, cast, proposal):
    client.force_login(cast.source_approver)
    sent = {"side": "SOURCE", "comment": "fine", "form_key": str(uuid4())}
    client.post(f"/proposals/{proposal.pk}/approve/", sent)
    answer = client.post(f"/proposals/{proposal.pk}/approve/", sent | {"comment": "wait"})
    assert answer.status_code == 409
    assert "approved for the source on" in answer.content.decode()


def test_one_key_never_answers_for_another_page(client, cast, proposal):
    client.force_login(cast.source_approver)
    sent = {"side": "SOURCE", "comment": "no", "form_key": str(uuid4())}
    client.post("/me/notices/", {"notices_wanted": "DIGEST", "form_key": sent["form_key"]})
    answer = client.post(f"/proposals/{proposal.pk}/reject/", sent)
    assert answer.url == proposal.get_absolute_url()
    assert Proposal.objects.get().state == "SOURCE_REJECTED"


def test_a_second_choice_on_a_kept_inbox_is_decided_too(client, cast, source, target):
    first, second = (
        factories.proposed(cast.maker, source, target, specification_name=name)
        for name in ("a.csv", "b.csv")
    )
    client.force_login(cast.both)
    sent = {"verb": "approve", "comment": "", "form_key": str(uuid4())}
    pages = [
        client.post("/inbox/decide/", sent | change).url
        for change in (
            {"chosen": [first.pk]},
            {"chosen": [second.pk], "verb": "reject", "side": "SOURCE", "comment": "No."},
            {"chosen": [first.pk]},
        )
    ]
    assert pages[0] != pages[1]
    assert pages[2] == pages[0]
    states = [Proposal.objects.get(pk=row.pk).state for row in (first, second)]
    assert states == ["FULLY_APPROVED", "SOURCE_REJECTED"]
    assert "1 of 1" in client.get(pages[1]).content.decode()


def test_another_delegation_with_the_same_key_is_made(client, cast):
    client.force_login(cast.maker)
    sent = {"delegate": cast.other.email, "ends_at": "2099-01-01", "form_key": str(uuid4())}
    before = Delegation.objects.count()
    for end in ("2099-01-01", "2098-01-01", "2099-01-01"):
        client.post("/me/", sent | {"ends_at": end})
    assert Delegation.objects.count() == before + 2


@pytest.mark.parametrize("key", ["x", "0" * 200, "\x00"])
def test_what_is_no_key_is_a_bad_request(client, cast, sent, key):
    client.force_login(cast.maker)
    answer = client.post("/proposals/new/", sent | {"form_key": key})
    assert answer.status_code == 400
    assert "not the one this page made" in answer.content.decode()


def test_the_key_of_another_does_nothing(client, cast, sent, source, target):
    client.force_login(cast.maker)
    client.post("/proposals/new/", sent)
    client.force_login(cast.stranger)
    answer = client.post("/proposals/new/", sent | {"specification_name": "other.csv"})
    assert answer.status_code == 400
    assert "Somebody else opened this form" in answer.content.decode()
    assert Proposal.objects.count() == 1


def test_each_form_of_a_page_has_a_key_of_its_own(client, cast):
    factories.delegate(cast.maker, cast.other)
    client.force_login(cast.maker)
    page = client.get("/me/").content.decode()
    keys = [part[:36] for part in page.split('name="form_key" value="')[1:]]
    assert len(keys) == len(set(keys)) >= 3


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_many_times_at_once_has_one_effect_and_one_page(client, cast, sent):
    client.force_login(cast.maker)
    pages = []

    def send():
        pages.append(
            type(client)(headers={"cookie": f"sessionid={client.cookies['sessionid'].value}"}).post(
                NEW, sent
            )
        )

    assert at_once(*[send] * 4) == ["done"] * 4
    assert {page.url for page in pages} == {Proposal.objects.get().get_absolute_url()}


NEW = "/proposals/new/"


@pytest.mark.django_db(transaction=True)
def test_a_delegation_sent_many_times_at_once_is_made_once(client, cast):
    client.force_login(cast.maker)
    sent = {"delegate": cast.other.email, "ends_at": "2099-01-01", "form_key": str(uuid4())}
    before = Delegation.objects.count()
    cookie = {"cookie": f"sessionid={client.cookies['sessionid'].value}"}
    at_once(*[lambda: type(client)(headers=cookie).post("/me/", sent)] * 4)
    assert Delegation.objects.count() == before + 1


class Crossed(Exception):
    sqlstate = "40P01"


def crossed():
    raise OperationalError("deadlock detected") from Crossed()


@pytest.mark.django_db(transaction=True)
def test_a_crossed_transaction_starts_again_and_then_succeeds():
    tries = []

    @retrying_transaction
    def act():
        tries.append(System.objects.create(name="Once", code="ONCE"))
        if len(tries) < 3:
            crossed()

    act()
    assert len(tries) == 3
    assert System.objects.filter(code="ONCE").count() == 1


@pytest.mark.django_db(transaction=True)
def test_after_many_attempts_it_is_refused_with_a_sentence(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    tries = []
    with pytest.raises(Conflict, match="Too many people changed the same things"):
        retrying_transaction(lambda: tries.append(1) or crossed())()
    assert len(tries) == ATTEMPTS


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_the_outermost_alone_starts_again():
    tries = []
    with pytest.raises(OperationalError), transaction.atomic():
        retrying_transaction(lambda: tries.append(1) or crossed())()
    assert tries == [1]


@pytest.mark.django_db(transaction=True)
def test_two_that_wait_for_each_other_both_come_through():
    one, two = (factories.system(name) for name in ("One", "Two"))

    def rename(first, second):
        @retrying_transaction
        def act():
            for system in (first, second):
                System.objects.filter(pk=system.pk).update(name=f"{first.pk}")
                time.sleep(0.2)

        return act

    assert at_once(rename(one, two), rename(two, one)) == ["done", "done"]


def test_receipts_are_forgotten_after_a_month(cast):
    now = timezone.now()
    for days in (1, 29, 31):
        Receipt.objects.create(
            key=uuid4(), form=uuid4(), by=cast.maker, at=now - timedelta(days=days)
        )
    assert periodic.forget_receipts(now) == (1, 0)
    assert Receipt.objects.count() == 2


def test_a_proposal_asks_the_database_few_times(as_, cast, sent, django_assert_max_num_queries):
    """Written on the form and submitted; session and person count."""
    client = as_(cast.maker)
    with django_assert_max_num_queries(42):
        answer = client.post("/proposals/new/", sent)
    assert answer.status_code == 302


def test_an_approval_asks_the_database_few_times(
    as_, cast, proposal, django_assert_max_num_queries
):
    """The first, and the last with which the flow enters the register; session and person count."""
    for person, side, most in (
        (cast.source_approver, "SOURCE", 27),
        (cast.target_approver, "TARGET", 42),
    ):
        client, sent = as_(person), {"side": side, "form_key": str(uuid4())}
        with django_assert_max_num_queries(most):
            answer = client.post(f"{proposal.get_absolute_url()}approve/", sent)
        assert answer.status_code == 302
    proposal.refresh_from_db()
    assert proposal.state == "FULLY_APPROVED"
