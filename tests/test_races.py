"""Two at the same moment, on whichever database the suite runs: one effect, and the loser is
told.
"""

import pytest
from django.db import OperationalError, connection, transaction

from proposals import workflow
from proposals.errors import Refused
from proposals.files.catalogue import import_catalogue
from proposals.models import LogicalFlow, PhysicalFlow, Proposal, System, User
from proposals.workflow import periodic

from . import factories
from .trials.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("round_number", range(3))
def test_two_approvals_of_one_side(cast, proposal, round_number):
    def approve(by):
        return lambda: workflow.approve(proposal, sides=["SOURCE"], by=by)

    outcomes = at_once(*map(approve, (cast.source_approver, cast.both, cast.delegate)))
    assert outcomes.count("done") == 1
    assert sum("approved for the source on" in outcome for outcome in outcomes) == 2
    assert Proposal.objects.get().transitions.count() == 2


def test_both_sides_at_the_same_moment_make_one_flow(cast, proposal):
    outcomes = at_once(
        lambda: workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver),
        lambda: workflow.approve(proposal, sides=["TARGET"], by=cast.target_approver),
    )
    assert outcomes == ["done", "done"]
    assert Proposal.objects.get().state == "FULLY_APPROVED"
    assert (LogicalFlow.objects.count(), PhysicalFlow.objects.count()) == (1, 1)


@pytest.mark.parametrize("round_number", range(3))
def test_two_identical_submissions(cast, source, target, round_number):
    drafts = [
        factories.draft(maker, source, target, [factories.data_type()])
        for maker in (cast.maker, cast.other)
    ]
    outcomes = at_once(*[lambda d=d: workflow.propose(d, by=d.maker) for d in drafts])
    assert outcomes.count("done") == 1
    first = Proposal.objects.open().get()
    assert f"Proposal {first.pk} by {first.maker} asks for the same and is still open." in outcomes


def test_two_changes_of_one_flow(cast, source, target):
    done = factories.proposed(cast.maker, source, target)
    flow = workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both).result_physical_flow
    types = list(flow.specification.data_types.all())
    drafts = []
    for maker, frequency in ((cast.maker, "WEEKLY"), (cast.other, "MONTHLY")):
        draft = Proposal.change_of(PhysicalFlow.objects.get(), maker)
        draft.reason, draft.frequency = factories.reason(), frequency
        workflow.save_draft(draft, types, by=maker)
        drafts.append(draft)
    assert (
        at_once(*[lambda d=d: workflow.propose(d, by=d.maker) for d in drafts]).count("done") == 1
    )


def test_two_proposals_for_one_route_completed_at_the_same_moment(cast, source, target):
    one = factories.proposed(cast.maker, source, target)
    two = factories.proposed(cast.maker, source, target, specification_name="other.csv")
    acts = [
        lambda p=p: workflow.approve(p, sides=["SOURCE", "TARGET"], by=cast.both)
        for p in (one, two)
    ]
    assert at_once(*acts) == ["done", "done"]
    assert (LogicalFlow.objects.count(), PhysicalFlow.objects.count()) == (1, 2)


def test_two_passes_of_the_clock_do_no_harm(cast, source, target):
    past = factories.timezone.now() - factories.timedelta(days=40)
    for number in range(5):
        factories.proposed(cast.maker, source, target, specification_name=f"{number}.csv", at=past)
    passes = [lambda: periodic.time_out_proposals(factories.timezone.now()) for _ in range(2)]
    assert at_once(*passes) == ["done", "done"]
    assert [p.transitions.filter(action="time_out").count() for p in Proposal.objects.all()] == [
        1
    ] * 5
    assert Proposal.objects.filter(state="TIMED_OUT").count() == 5


def test_an_involvement_ended_first_gives_nothing(cast, proposal):
    involvement = cast.source_approver.involvements.get()

    def end():
        involvement.ended_at = factories.timezone.now()
        involvement.save()

    ended, decided = at_once(
        end, lambda: workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    )
    assert ended == "done"
    row = proposal.transitions.filter(side="SOURCE").first()
    assert (decided == "done") == (row is not None)


@pytest.mark.once(on="postgresql")
def test_an_import_of_people_waits_for_decisions_in_their_systems_alone(cast, source, target):
    """Whoever has a part in the source is held by a decision there, and nobody else is."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer.")

    def rename(person):
        sheet = f"email,employee_id,name\n{person.email},,{person.name} Smith\n"

        def act():
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '300ms'")
            try:
                import_catalogue({"people": sheet.encode()})
            except OperationalError:
                raise Refused("It waited.") from None

        return act

    with transaction.atomic():
        list(System.objects.select_for_update().filter(pk=source.pk))
        outcomes = at_once(rename(cast.source_approver), rename(cast.target_approver))
    assert outcomes == ["It waited.", "done"]
    assert User.objects.filter(name__endswith="Smith").count() == 1


def test_two_imports_of_the_same_people_change_them_once(cast):
    sheet = f"email,employee_id,name\n{cast.other.email},,Somebody Else\n".encode()
    assert at_once(*[lambda: import_catalogue({"people": sheet})] * 2) == ["done", "done"]
    assert cast.other.history.filter(name="Somebody Else").count() == 1
