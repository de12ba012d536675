"""What the past is known to have been: what was asked and approved, what changed, what the register
held.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from proposals import workflow
from proposals.history import approvals
from proposals.history.as_of import LogicalRegister, PhysicalRegister
from proposals.history.changes import changes
from proposals.models import PhysicalFlow, Proposal, Transition

from . import factories
from .factories import day


def test_the_trail_says_what_exactly_was_approved(story):
    [record] = approvals.of_proposal(story.create).records
    assert [(line.what, line.old, line.new) for line in record.content] == [
        ("From", "", "Ledger (LEDGER)"),
        ("To", "", "Risk Engine (RISK)"),
        ("Data types", "", "Trades"),
        ("Specification name", "", "trades.csv"),
        ("Specification format", "", "Flat file"),
        ("Specification description", "", ""),
        ("Flow name", "", "eod"),
        ("Transport", "", "File transport"),
        ("Frequency", "", "Daily"),
        ("Basis offset", "", "T+1"),
        ("Criticality", "", "Medium"),
        ("Flow description", "", ""),
        ("External id", "", ""),
    ]


def test_of_a_removal_the_trail_has_what_was_to_go(cast, story):
    removal = Proposal.removal_of(PhysicalFlow.objects.get(pk=story.physical.pk), cast.maker)
    removal.reason = factories.reason()
    workflow.submit(removal, [], by=cast.maker, at=day(6))
    removal = workflow.approve(removal, sides=["SOURCE", "TARGET"], by=cast.both, at=day(7))
    told = approvals.of_proposal(removal)
    said = [(line.what, line.old, line.new) for line in told.records[0].content]
    assert {
        ("Flow name", "eod", ""),
        ("Criticality", "High", ""),
        ("Data types", "Trades", ""),
    } <= set(said)
    assert [
        (change.subject, change.differences[0].old, change.differences[0].new)
        for change in told.applied
    ] == [
        ("trades.csv", "Active", "Removed"),
        ("Ledger → Risk Engine", "Active", "Removed"),
        ("eod", "Active", "Removed"),
    ]


def test_what_changed_since_is_told_field_by_field(cast, source, story):
    source.name = "General Ledger"
    factories.store(source, by=cast.superuser, why="", at=day(8))
    told = approvals.of_logical_flow(story.logical)
    assert told.since == day(3)
    assert [
        (
            change.at,
            change.kind,
            change.subject,
            [(d.what, d.old, d.new) for d in change.differences],
            str(change.by),
        )
        for change in told.later
        if change.at < day(20)
    ] == [
        (day(5), "Physical flow", "eod", [("Criticality", "Medium", "High")], "Bo Both"),
        (
            day(8),
            "System",
            "General Ledger",
            [("Name", "Ledger", "General Ledger")],
            "Sue Superuser",
        ),
    ]
    assert [change.proposal for change in told.later if change.at == day(5)] == [story.edit.pk]


def test_data_types_that_changed_are_told_by_name(cast, story):
    flow, trades = (
        PhysicalFlow.objects.get(pk=story.physical.pk),
        story.specification.data_types.get(),
    )
    wish = Proposal.change_of(flow, cast.maker)
    wish.reason = factories.reason()
    workflow.submit(wish, [trades, factories.data_type("Positions")], by=cast.maker, at=day(6))
    wish = workflow.approve(wish, sides=["SOURCE", "TARGET"], by=cast.both, at=day(7))
    [change] = approvals.of_proposal(wish).applied
    assert [(d.what, d.old, d.new) for d in change.differences] == [
        ("Data types", "Trades", "Positions, Trades")
    ]


def test_what_an_approval_did_is_told_apart_from_what_came_after(story):
    told = approvals.of_proposal(story.create)
    assert [(change.kind, change.done) for change in told.applied] == [
        ("Physical specification", "Created"),
        ("Logical flow", "Created"),
        ("Physical flow", "Created"),
    ]
    assert [change.proposal for change in told.later if change.kind != "System"] == [story.edit.pk]


def test_all_changes_are_told_the_same_read_at_once_or_piece_by_piece(cast, story, monkeypatch):
    monkeypatch.setattr("proposals.models.reading.ROWS_AT_ONCE", 1)
    whole = list(changes(PhysicalFlow, [story.physical.pk]))
    assert [(change.at, change.done) for change in whole] == [
        (day(3), "Created"),
        (day(5), "Changed"),
    ]
    assert list(changes(PhysicalFlow, [story.physical.pk], day(3))) == whole[1:]


@pytest.mark.parametrize(
    ("moment", "logical", "physical"),
    [
        (day(3, 11), [], []),
        (
            day(3),
            ["ACTIVE"],
            ["MEDIUM"],
        ),  # pending and active bear the same moment: what was written last counts
        (day(5, 11), ["ACTIVE"], ["MEDIUM"]),
        (day(5), ["ACTIVE"], ["HIGH"]),
    ],
)
def test_the_register_on_a_date(story, moment, logical, physical):
    assert [row.lifecycle for row in LogicalRegister(moment).flows()] == logical
    assert [row.criticality for row in PhysicalRegister(moment).flows()] == physical


def test_now_is_a_date_too_and_shows_what_the_register_holds(cast, source, story):
    for name, at in [("Held the lock", day(9)), ("Waited for the lock", day(8))]:
        source.name = name
        factories.store(source, by=None, why="", at=at)
    [row] = LogicalRegister(timezone.now()).in_full(LogicalRegister(timezone.now()).flows())
    assert (row.source.name, row.number_physical, row.types) == (
        "Waited for the lock",
        1,
        ["Trades"],
    )


def test_a_removed_flow_is_there_before_and_among_the_removed_after(cast, story):
    removal = Proposal.removal_of(PhysicalFlow.objects.get(pk=story.physical.pk), cast.maker)
    removal.reason = factories.reason()
    workflow.submit(removal, [], by=cast.maker, at=day(6))
    workflow.approve(removal, sides=["SOURCE", "TARGET"], by=cast.both, at=day(7))
    for register in (LogicalRegister, PhysicalRegister):
        assert register(day(6), lifecycle="LIVING").flows().count() == 1
        assert register(day(7), lifecycle="LIVING").flows().count() == 0
        assert register(day(7), lifecycle="REMOVED").flows().count() == 1
        assert register(day(7)).flows().count() == 1


def test_any_number_of_transitions_is_read_by_two_queries_while_it_is_sent(story):
    with CaptureQueriesContext(connection) as asked:
        rows = approvals.transitions_table(Transition.objects.all())
        assert len(asked) == 0
        assert len(list(rows)) == 8
    assert len(asked) == 2  # their ids, and one piece of them
