"""Every state x action x kind of person, written by hand and walked through the verbs themselves.

For each state: who may do what. Whoever is not named may do nothing, and what is not named is refused.
"""

from datetime import timedelta

import pytest
from django.db import transaction

from proposals import workflow
from proposals.models import Proposal, State, actions
from proposals.refusals import Refused

from . import factories

BOTH_SIDES = {"approve_source", "reject_source", "approve_target", "reject_target"}
SOURCE_SIDE = {"approve_source", "reject_source"}
TARGET_SIDE = {"approve_target", "reject_target"}

ALLOWED = {
    "PROPOSED_CREATE": {"maker": {"propose", "cancel"}},
    "PENDING_APPROVALS": {
        "maker": {"cancel"},
        "source_approver": SOURCE_SIDE,
        "target_approver": TARGET_SIDE,
        "both": BOTH_SIDES,
        "rejecter": {"reject_source", "reject_target"},
        "clock": {"time_out"},
    },
    "SOURCE_APPROVED": {
        "maker": {"cancel"},
        "target_approver": TARGET_SIDE,
        "both": TARGET_SIDE,
        "rejecter": {"reject_target"},
        "clock": {"time_out"},
    },
    "TARGET_APPROVED": {
        "maker": {"cancel"},
        "source_approver": SOURCE_SIDE,
        "both": SOURCE_SIDE,
        "rejecter": {"reject_source"},
        "clock": {"time_out"},
    },
    "FULLY_APPROVED": {},
    "SOURCE_REJECTED": {},
    "TARGET_REJECTED": {},
    "CANCELLED": {},
    "TIMED_OUT": {},
}

LEADS_TO = {
    "propose": "PENDING_APPROVALS",
    "cancel": "CANCELLED",
    "reject_source": "SOURCE_REJECTED",
    "reject_target": "TARGET_REJECTED",
    "time_out": "TIMED_OUT",
}

PEOPLE = [
    *("maker", "source_approver", "target_approver", "both", "rejecter"),
    *("other", "steward", "superuser", "inactive", "stranger"),
]

VERBS = {
    "propose": lambda proposal, by: workflow.propose(proposal, by=by),
    "approve_source": lambda proposal, by: workflow.approve(proposal, sides=["SOURCE"], by=by),
    "approve_target": lambda proposal, by: workflow.approve(proposal, sides=["TARGET"], by=by),
    "reject_source": lambda proposal, by: workflow.reject(proposal, side="SOURCE", by=by, comment="no"),
    "reject_target": lambda proposal, by: workflow.reject(proposal, side="TARGET", by=by, comment="no"),
    "cancel": lambda proposal, by: workflow.cancel(proposal, by=by),
}

HISTORY = {
    "PROPOSED_CREATE": [],
    "PENDING_APPROVALS": [("propose", "maker")],
    "SOURCE_APPROVED": [("propose", "maker"), ("approve_source", "source_approver")],
    "TARGET_APPROVED": [("propose", "maker"), ("approve_target", "target_approver")],
    "FULLY_APPROVED": [("propose", "maker"), ("approve_source", "both"), ("approve_target", "both")],
    "SOURCE_REJECTED": [("propose", "maker"), ("reject_source", "rejecter")],
    "TARGET_REJECTED": [("propose", "maker"), ("reject_target", "rejecter")],
    "CANCELLED": [("propose", "maker"), ("cancel", "maker")],
    "TIMED_OUT": [("propose", "maker"), ("time_out", "clock")],
}


def act(action, proposal, person):
    """Carry it out and come back with the state, or None when it is refused; either way nothing remains."""
    try:
        with transaction.atomic():
            VERBS[action](Proposal.objects.get(pk=proposal.pk), person)
            state = Proposal.objects.get(pk=proposal.pk).state
            transaction.set_rollback(True)
            return state
    except Refused:
        return None


def time_out(proposal):
    late = proposal.due_at + timedelta(seconds=1) if proposal.due_at else None
    try:
        with transaction.atomic():
            workflow.time_out(proposal, at=late)
            transaction.set_rollback(True)
            return "TIMED_OUT"
    except Refused:
        return None


@pytest.fixture(params=State.values)
def in_state(request, cast, source, target):
    """A proposal brought into each state by the verbs."""
    proposal = factories.draft(cast.maker, source, target)
    for action, person in HISTORY[request.param]:
        if person == "clock":
            proposal = Proposal.objects.get(pk=proposal.pk)
            workflow.time_out(proposal, at=proposal.due_at + timedelta(seconds=1))
        else:
            VERBS[action](proposal, getattr(cast, person))
    proposal = Proposal.objects.get(pk=proposal.pk)
    assert proposal.state == request.param
    return proposal


def test_the_tables_name_every_state_and_action():
    assert set(ALLOWED) == set(HISTORY) == set(State.values)
    assert set(VERBS) | {"complete", "time_out"} == set(actions())


@pytest.mark.parametrize("name", PEOPLE)
def test_who_may_do_what_in_which_state(in_state, cast, name):
    person, allowed = getattr(cast, name), ALLOWED[in_state.state].get(name, set())
    for action in VERBS:
        after = act(action, in_state, person)
        assert (after is not None) == (action in allowed), f"{name} {action} in {in_state.state}"
        if action in LEADS_TO and after:
            assert after == LEADS_TO[action]
    offered = {action.name for action, _ in Proposal.objects.get(pk=in_state.pk).actions_of(person)}
    assert offered == allowed


def test_the_clock_ends_open_proposals_and_no_other(in_state):
    may = "time_out" in ALLOWED[in_state.state].get("clock", set())
    assert (time_out(in_state) is not None) == may


@pytest.mark.parametrize("name", PEOPLE)
def test_the_inbox_holds_exactly_what_the_predicate_allows(in_state, cast, name):
    person = getattr(cast, name)
    sided = {action for action in ALLOWED[in_state.state].get(name, set()) if action in BOTH_SIDES}
    assert Proposal.objects.awaiting(person).filter(pk=in_state.pk).exists() == bool(sided)
