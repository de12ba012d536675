"""Seven stories as the time line tells them: who, for whom, which side, by what right, with which
words, and when.
"""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from proposals import workflow
from proposals.models import Proposal

from . import factories

RULE = "rule: Data Owner of every application may approve and reject"
OF_LEDGER, OF_RISK = (
    f"Data Owner of Ledger (LEDGER); {RULE}",
    f"Data Owner of Risk Engine (RISK); {RULE}",
)
BOTH_AGREED = "Both sides have approved"
AGREED = ("FULLY_APPROVED", "", BOTH_AGREED, "")


@pytest.fixture
def start():
    return timezone.now() - timedelta(days=20)


@pytest.fixture
def proposal(cast, source, target, start):
    return factories.proposed(cast.maker, source, target, at=start)


def told(proposal):
    """(who, for whom, state, side, right, comment, days after submission) of each row after the
    submission.
    """
    first, *rest = proposal.transitions.all()
    assert (first.by, first.to_state, first.capacity) == (
        proposal.maker,
        "PENDING_APPROVALS",
        "Maker",
    )
    return [
        (
            str(row.by) if row.by else "the clock",
            str(row.on_behalf_of) if row.on_behalf_of else "",
            *(row.to_state, row.side, row.capacity, row.comment),
            (row.at - first.at).days,
        )
        for row in rest
    ]


@pytest.fixture(autouse=True)
def page(client, cast, proposal):
    """After each story: the time line on the page of the proposal says in every row what the record
    says.
    """
    yield
    client.force_login(cast.stranger)
    line = (
        client.get(proposal.get_absolute_url())
        .content.decode()
        .split('<ol class="timeline">')[1]
        .split("</ol>")[0]
    )
    rows = [
        unescape(" ".join(re.sub(r"<[^>]+>", " ", row).split())) for row in line.split("<li")[1:]
    ]
    transitions = list(proposal.transitions.all())
    assert len(rows) == len(transitions) > 1
    for row, step in zip(rows, transitions, strict=True):
        who = (
            f"{step.by or 'The clock'} for {step.on_behalf_of}"
            if step.on_behalf_of
            else str(step.by or "The clock")
        )
        done = step.capacity if step.action == "complete" else step.done
        when = f"{step.at:%-d %b %Y, %H:%M} UTC"
        parts = [
            who,
            done,
            step.get_to_state_display(),
            step.side.lower(),
            step.capacity,
            step.comment,
            when,
        ]
        assert [part for part in parts if part not in row] == [], row


def test_approved_by_two_people(cast, proposal, start):
    for day, side, by, comment in [
        (1, "SOURCE", cast.source_approver, "Ours."),
        (3, "TARGET", cast.target_approver, ""),
    ]:
        workflow.approve(
            proposal, sides=[side], by=by, comment=comment, at=start + timedelta(days=day)
        )
    assert told(proposal) == [
        ("Sam Source", "", "SOURCE_APPROVED", "SOURCE", OF_LEDGER, "Ours.", 1),
        ("Tess Target", "", "TARGET_APPROVED", "TARGET", OF_RISK, "", 3),
        ("Tess Target", "", *AGREED, 3),
    ]


def test_approved_by_one_for_both_sides(cast, proposal, start):
    workflow.approve(
        proposal, sides=["SOURCE", "TARGET"], by=cast.both, comment="Both ours.", at=start
    )
    assert told(proposal) == [
        ("Bo Both", "", "SOURCE_APPROVED", "SOURCE", OF_LEDGER, "Both ours.", 0),
        ("Bo Both", "", "TARGET_APPROVED", "TARGET", OF_RISK, "Both ours.", 0),
        ("Bo Both", "", *AGREED, 0),
    ]


def test_rejected(cast, proposal, start):
    workflow.approve(
        proposal, sides=["TARGET"], by=cast.target_approver, at=start + timedelta(days=1)
    )
    workflow.reject(
        proposal,
        side="SOURCE",
        by=cast.rejecter,
        comment="Not from us.",
        at=start + timedelta(days=2),
    )
    may_reject = (
        "Business Analyst of Ledger (LEDGER); rule: "
        "Business Analyst of every application may reject"
    )
    assert told(proposal) == [
        ("Tess Target", "", "TARGET_APPROVED", "TARGET", OF_RISK, "", 1),
        ("Rey Rejecter", "", "SOURCE_REJECTED", "SOURCE", may_reject, "Not from us.", 2),
    ]


def test_cancelled(cast, proposal, start):
    workflow.cancel(
        proposal, by=cast.maker, comment="No longer needed.", at=start + timedelta(days=5)
    )
    assert told(proposal) == [("Mia Maker", "", "CANCELLED", "", "Maker", "No longer needed.", 5)]


def test_timed_out(cast, proposal, start):
    workflow.time_out(proposal, at=start + timedelta(days=31))
    assert told(proposal) == [("the clock", "", "TIMED_OUT", "", "Clock", "", 31)]


def test_decided_by_a_delegate(cast, proposal, start):
    workflow.approve(
        proposal,
        sides=["SOURCE"],
        by=cast.delegate,
        comment="For Sam.",
        at=start + timedelta(days=2),
    )
    workflow.approve(proposal, sides=["TARGET"], by=cast.both, at=start + timedelta(days=2))
    assert told(proposal) == [
        ("Dee Delegate", "Sam Source", "SOURCE_APPROVED", "SOURCE", OF_LEDGER, "For Sam.", 2),
        ("Bo Both", "", "TARGET_APPROVED", "TARGET", OF_RISK, "", 2),
        ("Bo Both", "", *AGREED, 2),
    ]


def test_decided_by_a_steward(cast, proposal, start, target):
    target.involvements.update(ended_at=timezone.now())
    workflow.approve(
        proposal,
        sides=["TARGET"],
        by=cast.steward,
        comment="Nobody else.",
        at=start + timedelta(days=4),
    )
    workflow.approve(
        proposal, sides=["SOURCE"], by=cast.source_approver, at=start + timedelta(days=6)
    )
    as_steward = "Steward, since nobody else may approve for the target"
    assert told(proposal) == [
        ("Stella Steward", "", "TARGET_APPROVED", "TARGET", as_steward, "Nobody else.", 4),
        ("Sam Source", "", "SOURCE_APPROVED", "SOURCE", OF_LEDGER, "", 6),
        ("Sam Source", "", *AGREED, 6),
    ]
    assert Proposal.objects.get().result_physical_flow is not None
