"""Every state x action x kind of person, written by hand and walked through the verbs themselves.

For each state: who may do what. Whoever is not named may do nothing, and what is not named is
refused. Then the same table under other policies and circumstances: SCENARIOS says only what is
different there.
"""

from datetime import timedelta
from itertools import product
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone

from proposals import workflow
from proposals.errors import Refused
from proposals.models import (
    Delegation,
    Involvement,
    Proposal,
    State,
    User,
    actions,
    end_states,
    reading,
)

from . import accounts, conftest, factories, thorough

SOURCE_SIDE = {"approve_source", "return_source", "reject_source"}
TARGET_SIDE = {"approve_target", "return_target", "reject_target"}
BOTH_SIDES = SOURCE_SIDE | TARGET_SIDE
REJECTS_SOURCE = {"return_source", "reject_source"}
REJECTS_TARGET = {"return_target", "reject_target"}

ALLOWED = {
    "PROPOSED_CREATE": {"maker": {"propose", "cancel"}},
    "PENDING_APPROVALS": {
        "maker": {"cancel"},
        "source_approver": SOURCE_SIDE,
        "delegate": SOURCE_SIDE,
        "target_approver": TARGET_SIDE,
        "both": BOTH_SIDES,
        "rejecter": REJECTS_SOURCE | REJECTS_TARGET,
        "clock": {"time_out"},
    },
    "SOURCE_APPROVED": {
        "maker": {"cancel"},
        "target_approver": TARGET_SIDE,
        "both": TARGET_SIDE,
        "rejecter": REJECTS_TARGET,
        "clock": {"time_out"},
    },
    "TARGET_APPROVED": {
        "maker": {"cancel"},
        "source_approver": SOURCE_SIDE,
        "delegate": SOURCE_SIDE,
        "both": SOURCE_SIDE,
        "rejecter": REJECTS_SOURCE,
        "clock": {"time_out"},
    },
    "FULLY_APPROVED": {},
    "SOURCE_REJECTED": {},
    "TARGET_REJECTED": {},
    "RETURNED": {},
    "CANCELLED": {},
    "TIMED_OUT": {},
}

LEADS_TO = {
    "propose": "PENDING_APPROVALS",
    "cancel": "CANCELLED",
    "return_source": "RETURNED",
    "return_target": "RETURNED",
    "reject_source": "SOURCE_REJECTED",
    "reject_target": "TARGET_REJECTED",
    "time_out": "TIMED_OUT",
}


def nobody_for_the_target(cast, proposal):
    """No one who may approve for the target is left; the rejecter still may reject."""
    Involvement.objects.filter(system=proposal.target, kind__name="Data Owner").update(
        ended_at=timezone.now()
    )


def maker_has_both_sides(cast, proposal):
    for system in (proposal.source, proposal.target):
        factories.involve(cast.maker, system)


def steward_is_the_maker(cast, proposal):
    nobody_for_the_target(cast, proposal)
    cast.maker.groups.add(Group.objects.get(name="Stewards"))


def delegator_is_deactivated(cast, proposal):
    User.objects.filter(pk=cast.source_approver.pk).update(is_active=False)


def delegate_is_deactivated(cast, proposal):
    User.objects.filter(pk=cast.delegate.pk).update(is_active=False)


def maker_is_a_delegate(cast, proposal):
    factories.delegate(cast.source_approver, cast.maker)


def only_the_maker_for_the_target(cast, proposal):
    nobody_for_the_target(cast, proposal)
    factories.involve(cast.maker, proposal.target)


def delegator_and_delegate_have_the_target_too(cast, proposal):
    for person in (cast.source_approver, cast.delegate):
        factories.involve(person, proposal.target)


def delegation_has_ended(cast, proposal):
    Delegation.objects.update(ends_at=timezone.now())


NO_TARGET = {"target_approver": set()}
# name: (policy, what is otherwise, {state: {person: actions}} where it differs from ALLOWED)
SCENARIOS = {
    "maker with both sides, NEVER": ({"maker_decides": "NEVER"}, maker_has_both_sides, {}),
    "maker with both sides, OWN_SIDE": ({"maker_decides": "OWN_SIDE"}, maker_has_both_sides, {}),
    "maker with both sides, WALTZ": (
        {"maker_decides": "WALTZ"},
        maker_has_both_sides,
        {
            "PENDING_APPROVALS": {"maker": BOTH_SIDES | {"cancel"}, "makers_delegate": BOTH_SIDES},
            "SOURCE_APPROVED": {"maker": TARGET_SIDE | {"cancel"}, "makers_delegate": TARGET_SIDE},
            "TARGET_APPROVED": {"maker": SOURCE_SIDE | {"cancel"}, "makers_delegate": SOURCE_SIDE},
        },
    ),
    "two people, and neither took part yet": ({"one_person_both_sides": False}, None, {}),
    "nobody for the target, STEWARD": (
        {"side_without_approver": "STEWARD"},
        nobody_for_the_target,
        {
            "PENDING_APPROVALS": NO_TARGET | {"both": SOURCE_SIDE, "steward": TARGET_SIDE},
            "SOURCE_APPROVED": NO_TARGET | {"both": set(), "steward": TARGET_SIDE},
        },
    ),
    "nobody for the target, REFUSE": (
        {"side_without_approver": "REFUSE"},
        nobody_for_the_target,
        {
            "PENDING_APPROVALS": NO_TARGET | {"both": SOURCE_SIDE},
            "SOURCE_APPROVED": NO_TARGET | {"both": set()},
        },
    ),
    "nobody for the target, and the maker is a steward": (
        {},
        steward_is_the_maker,
        {
            "PENDING_APPROVALS": NO_TARGET | {"both": SOURCE_SIDE, "steward": TARGET_SIDE},
            "SOURCE_APPROVED": NO_TARGET | {"both": set(), "steward": TARGET_SIDE},
        },
    ),
    "the delegator is deactivated": (
        {},
        delegator_is_deactivated,
        {
            "PENDING_APPROVALS": {"delegate": set(), "source_approver": set()},
            "TARGET_APPROVED": {"delegate": set(), "source_approver": set()},
        },
    ),
    "the delegate is deactivated": (
        {},
        delegate_is_deactivated,
        {"PENDING_APPROVALS": {"delegate": set()}, "TARGET_APPROVED": {"delegate": set()}},
    ),
    "the maker is a delegate, NEVER": ({"maker_decides": "NEVER"}, maker_is_a_delegate, {}),
    "the maker is a delegate, OWN_SIDE": ({"maker_decides": "OWN_SIDE"}, maker_is_a_delegate, {}),
    "the maker is a delegate, WALTZ": (
        {"maker_decides": "WALTZ"},
        maker_is_a_delegate,
        {
            "PENDING_APPROVALS": {"maker": SOURCE_SIDE | {"cancel"}},
            "TARGET_APPROVED": {"maker": SOURCE_SIDE | {"cancel"}},
        },
    ),
    "only the maker could decide for the target": (
        {},
        only_the_maker_for_the_target,
        {
            "PENDING_APPROVALS": NO_TARGET | {"both": SOURCE_SIDE, "steward": TARGET_SIDE},
            "SOURCE_APPROVED": NO_TARGET | {"both": set(), "steward": TARGET_SIDE},
        },
    ),
    "two people, where delegator and delegate have both sides": (
        {"one_person_both_sides": False},
        delegator_and_delegate_have_the_target_too,
        {
            "PENDING_APPROVALS": {
                "source_approver": BOTH_SIDES,
                "delegate": BOTH_SIDES,
                "delegates_delegate": TARGET_SIDE,
            },
            # The source approver took part; the delegate decides by a right of their own, which can
            # be delegated.
            "SOURCE_APPROVED": {"delegate": TARGET_SIDE, "delegates_delegate": TARGET_SIDE},
        },
    ),
    "the delegation has ended": (
        {},
        delegation_has_ended,
        {"PENDING_APPROVALS": {"delegate": set()}, "TARGET_APPROVED": {"delegate": set()}},
    ),
}

PEOPLE = [
    *("maker", "source_approver", "target_approver", "both", "rejecter"),
    *("other", "steward", "superuser", "inactive", "stranger"),
    *("delegate", "delegates_delegate", "makers_delegate"),
]

VERBS = {
    "propose": lambda proposal, by: workflow.propose(proposal, by=by),
    "approve_source": lambda proposal, by: workflow.approve(proposal, sides=["SOURCE"], by=by),
    "approve_target": lambda proposal, by: workflow.approve(proposal, sides=["TARGET"], by=by),
    "return_source": lambda proposal, by: workflow.request_changes(
        proposal, side="SOURCE", by=by, comment="otherwise"
    ),
    "return_target": lambda proposal, by: workflow.request_changes(
        proposal, side="TARGET", by=by, comment="otherwise"
    ),
    "reject_source": lambda proposal, by: workflow.reject(
        proposal, side="SOURCE", by=by, comment="no"
    ),
    "reject_target": lambda proposal, by: workflow.reject(
        proposal, side="TARGET", by=by, comment="no"
    ),
    "cancel": lambda proposal, by: workflow.cancel(proposal, by=by),
}

HISTORY = {
    "PROPOSED_CREATE": [],
    "PENDING_APPROVALS": [("propose", "maker")],
    "SOURCE_APPROVED": [("propose", "maker"), ("approve_source", "source_approver")],
    "TARGET_APPROVED": [("propose", "maker"), ("approve_target", "target_approver")],
    "FULLY_APPROVED": [
        ("propose", "maker"),
        ("approve_source", "both"),
        ("approve_target", "both"),
    ],
    "SOURCE_REJECTED": [("propose", "maker"), ("reject_source", "rejecter")],
    "TARGET_REJECTED": [("propose", "maker"), ("reject_target", "rejecter")],
    "RETURNED": [("propose", "maker"), ("return_source", "rejecter")],
    "CANCELLED": [("propose", "maker"), ("cancel", "maker")],
    "TIMED_OUT": [("propose", "maker"), ("time_out", "clock")],
}


def act(action, proposal, person):
    """Carry it out and come back with the state, or None when it is refused; either way nothing
    remains.
    """
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


def in_state(state: str, cast, source, target) -> Proposal:
    """A proposal brought there by the verbs."""
    proposal = factories.draft(cast.maker, source, target, specification_name=f"{state}.csv")
    for action, person in HISTORY[state]:
        if person == "clock":
            proposal = Proposal.objects.get(pk=proposal.pk)
            workflow.time_out(proposal, at=proposal.due_at + timedelta(seconds=1))
        else:
            VERBS[action](proposal, getattr(cast, person))
    proposal = Proposal.objects.get(pk=proposal.pk)
    assert proposal.state == state
    return proposal


@pytest.fixture(scope="module")
def company(django_db_setup, django_db_blocker):
    """The cast, and a proposal in each state; committed once, and what a test does to it is
    undone.
    """
    with django_db_blocker.unblock():
        with transaction.atomic():
            source, target = factories.system("Ledger"), factories.system("Risk Engine")
            cast = factories.cast(source, target, factories.user("Mia Maker"))
            proposals = [in_state(state, cast, source, target) for state in State.values]
        if connection.vendor == "postgresql":
            accounts.make_roles()
            accounts.grant()
        yield SimpleNamespace(cast=cast, proposals=proposals)
        conftest.empty_tables(None)


def people(company) -> list[tuple[str, User]]:
    """Everybody by name, as the next request finds them."""
    return [(name, User.objects.get(pk=getattr(company.cast, name).pk)) for name in PEOPLE]


def test_the_tables_name_every_state_and_action():
    assert set(ALLOWED) == set(HISTORY) == set(State.values)
    assert set(VERBS) | {"complete", "time_out"} == set(actions())


def offered(proposal: Proposal, person: User) -> set[str]:
    return {
        action.name
        for offer in Proposal.objects.get(pk=proposal.pk).offers_to(person)
        for action in offer.verb.actions
    }


@pytest.mark.once(on="postgresql")
@pytest.mark.django_db
def test_who_may_do_what_in_which_state(company):
    if connection.vendor == "postgresql":
        # Walked as the account that the README names, so that a grant it lacks is noticed.
        accounts.become("waltzflow_app")
    offers, done, allowed = {}, {}, {}
    for proposal, (name, person) in product(company.proposals, people(company)):
        case = name, proposal.state
        allowed[case] = ALLOWED[proposal.state].get(name, set())
        offers[case] = offered(proposal, person)
        after = {action: state for action in VERBS if (state := act(action, proposal, person))}
        done[case] = set(after)
        assert after.items() >= {
            (action, LEADS_TO[action]) for action in after if action in LEADS_TO
        }, case
    assert offers == allowed
    assert done == allowed


@pytest.mark.once(on="postgresql")
@pytest.mark.django_db
def test_the_clock_ends_open_proposals_and_no_other(company):
    may = {proposal.state for proposal in company.proposals if "clock" in ALLOWED[proposal.state]}
    assert {proposal.state for proposal in company.proposals if time_out(proposal)} == may


def who_is_alike(differences: dict):
    """Those whom the scenario names are each their own; of the others, whoever decides elsewhere
    and whoever never does.
    """
    named = {name for people in differences.values() for name in people}
    able = {name for people in ALLOWED.values() for name in people}
    return lambda case: case[0] if case[0] in named else case[0] in able


@pytest.mark.once(on="postgresql")
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.django_db
def test_who_may_do_what_under_other_policies(company, scenario):
    policy, arrange, differences = SCENARIOS[scenario]
    factories.policy(**policy)
    if arrange:
        arrange(company.cast, company.proposals[0])
    undecided = [proposal for proposal in company.proposals if proposal.state not in end_states()]
    for name, person in thorough.cases(people(company), who_is_alike(differences), of=scenario):
        waits = set(Proposal.objects.awaiting(person))
        assert waits <= set(undecided)
        for proposal in undecided:
            different = differences.get(proposal.state, {})
            allowed = (ALLOWED[proposal.state] | different).get(name, set())
            assert offered(proposal, person) == allowed, f"{name} in {proposal.state}"
            assert (proposal in waits) == bool(allowed & BOTH_SIDES), f"{name} in {proposal.state}"
            for action in BOTH_SIDES if name in different else ():
                assert (act(action, proposal, person) is not None) == (action in allowed), (
                    f"{name} {action}"
                )


@pytest.mark.parametrize("many", [2_000, 0], ids=["of few systems", "as if of very many"])
@pytest.mark.django_db
def test_the_inbox_holds_exactly_what_the_predicate_allows(company, many, monkeypatch):
    monkeypatch.setattr(reading, "MANY", many)
    for name, person in people(company):
        sided = {
            proposal
            for proposal in company.proposals
            if ALLOWED[proposal.state].get(name, set()) & BOTH_SIDES
        }
        assert set(Proposal.objects.awaiting(person)) == sided, name
