"""The audit finds what no guard was there to refuse, and names it."""

import json
import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from proposals import guards, workflow
from proposals.history import verify
from proposals.models import (
    Delegation,
    Involvement,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    Transition,
    outdated_search_texts,
)

from . import factories
from .attacks import ATTACKS, TABLE
from .test_guards import carry_out, without_guards

# A comment put into somebody's mouth reads well afterwards: only who remembers how it read, the
# ledger, sees it.
UNSEEN = TABLE["transition_unchanged"][0]
# What is undone within the same attack leaves nothing to see.
UNDONE = {"logicalflow_stays", "physicalflow_stays", "physicalspecification_stays"}
# A token is no part of the record: the steps that name one are judged.
UNDONE |= {"token_unchanged", "token_stays", "token_withdrawn_for_good"}
# What a notice said, only its leaf of the ledger remembers; a mail has left, and has no leaf.
UNDONE |= {"notice_unchanged", "notice_stays"}
UNDONE |= {"mail_unchanged", "mail_queued_first", "mail_leaves_the_queue_once"}
UNDONE |= {"physicalflow_lives_as_its_table_says", "physicalspecification_lives_as_its_table_says"}


OF_THE_DATABASE = {
    "guards in place",
    "constraints and indexes in place",
    "tables as they were made",
    "accounts may no more than they are to",
    "next numbers are free",
}


def breaches() -> Iterator[verify.Breach]:
    """What is wrong with the rows; that the guards are gone is known."""
    of_rows = verify.checks(None, is_first=True).items()
    return (breach for name, check in of_rows if name not in OF_THE_DATABASE for breach in check())


def found() -> list[verify.Breach]:
    return list(breaches())


def test_what_passes_where_the_guards_are_gone_is_found_afterwards(scene, subtests):
    without_guards()
    for name, sql in ATTACKS:
        with subtests.test(guard=name, sql=sql), transaction.atomic():
            carry_out(sql.format(**scene))
            assert (next(breaches(), None) is not None) == (sql != UNSEEN and name not in UNDONE)
            transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("sql", "invariant", "rows"),
    [
        (
            "UPDATE proposals_transition SET number = 7 WHERE number = 4",
            "I3",
            "proposal {done}",
        ),
        (
            "DELETE FROM proposals_notice WHERE proposal_id = {done}; "
            "DELETE FROM proposals_transition WHERE proposal_id = {done} AND number = 2",
            "I2",
            "proposal {done}",
        ),
        (
            "UPDATE proposals_transition SET by_id = {maker} WHERE proposal_id = {done}",
            "I2",
            "proposal {done}",
        ),
        (
            "UPDATE proposals_physicalflow SET content_key = 'x' WHERE id = {physical}",
            "I5",
            "physicalflow {physical}",
        ),
        (
            "UPDATE proposals_logicalflow SET lifecycle = 'PENDING' WHERE id = {flow}",
            "I6",
            "logicalflow {flow}",
        ),
        (
            "UPDATE proposals_historicalphysicalflow SET frequency = 'YEARLY' WHERE id = "
            "{physical}; "
            "UPDATE proposals_physicalflow SET frequency = 'YEARLY' WHERE id = {physical}",
            "I7",
            "proposal {done}",
        ),
        ("DELETE FROM proposals_historicalproposal_data_types", "I8", "proposal {done}"),
    ],
)
def test_a_breach_names_its_invariant_and_its_rows(scene, sql, invariant, rows):
    without_guards()
    carry_out(sql.format(**scene))
    assert (invariant, rows.format(**scene)) in {
        (breach.invariant, breach.rows) for breach in found()
    }


def test_an_edit_that_met_another_version_is_found(cast, source, target):
    flow = factories.proposed(cast.maker, source, target)
    flow = workflow.approve(flow, sides=["SOURCE", "TARGET"], by=cast.both).result_physical_flow
    change = Proposal.change_of(flow, cast.maker)
    change.frequency, change.reason = "YEARLY", factories.reason()
    workflow.submit(change, flow.specification.data_types.all(), by=cast.maker)
    workflow.approve(change, sides=["SOURCE", "TARGET"], by=cast.both)
    assert list(verify.breaches()) == []
    without_guards()
    Proposal.objects.filter(pk=change.pk).update(read_physical_flow_version=0)
    Proposal.history.filter(id=change.pk).update(read_physical_flow_version=0)
    assert [(breach.invariant, breach.rows) for breach in found()] == [
        ("I7", f"proposal {change.pk}")
    ]


@pytest.mark.parametrize(
    ("half", "sentence"),
    [
        (PhysicalFlow, "frequency was approved as “YEARLY” and applied as “DAILY”."),
        (
            PhysicalSpecification,
            "The specification did not get the data types that were approved.",
        ),
    ],
)
def test_a_change_that_was_applied_by_half_is_found(cast, source, target, half, sentence):
    flow = factories.proposed(cast.maker, source, target)
    flow = workflow.approve(flow, sides=["SOURCE", "TARGET"], by=cast.both).result_physical_flow
    change = Proposal.change_of(flow, cast.maker)
    change.frequency, change.reason = "YEARLY", factories.reason()
    workflow.submit(change, [factories.data_type("Settlements")], by=cast.maker)
    workflow.approve(change, sides=["SOURCE", "TARGET"], by=cast.both)
    assert list(verify.breaches()) == []
    without_guards()
    # As if this half had never been written.
    written = half.history.get(cause_proposal=change)
    for field in written._history_m2m_fields:
        getattr(written, field.name).all().delete()
    half.history.filter(pk=written.pk).delete()
    assert ("I7", f"proposal {change.pk}", sentence) in {
        (breach.invariant, breach.rows, breach.sentence) for breach in found()
    }


@pytest.mark.parametrize(
    ("model", "field", "by", "sentence"),
    [
        (
            Involvement,
            "started_at",
            "source_approver",
            "Transition 2: Sam Source had no part in the system then.",
        ),
        (
            Delegation,
            "starts_at",
            "delegate",
            "Transition 2: Sam Source had not delegated this to Dee Delegate then.",
        ),
    ],
)
def test_a_decision_without_its_right_at_that_moment_is_found(
    cast, proposal, model, field, by, sentence
):
    workflow.approve(proposal, sides=["SOURCE"], by=getattr(cast, by))
    assert found() == []
    without_guards()
    now = timezone.now()
    for rows in (model.objects, model.history):
        rows.update(**{field: now})
    assert [(breach.invariant, breach.sentence) for breach in found()] == [("I2", sentence)]


def test_to_date_the_end_of_a_right_back_undoes_no_decision(cast, proposal):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.delegate)
    involvement, delegation = (
        cast.source_approver.involvements.get(),
        cast.delegate.delegations_taken.get(),
    )
    involvement.ended_at = delegation.ends_at = factories.timezone.now() - factories.timedelta(
        hours=1
    )
    involvement.save()
    delegation.save()
    assert list(verify.breaches()) == []


def test_a_missing_guard_is_named(scene):
    with connection.cursor() as cursor:
        name = "guard_transition_stays_delete"
        connection.check_constraints()
        where = " ON proposals_transition" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {name}{where}")
    assert [breach.rows for breach in verify.breaches()] == [f"{name} on proposals_transition"]


GUARD = "guard_transition_stays_delete"
ON_TABLE = "ON proposals_transition"
NOTHING = f"CREATE FUNCTION {GUARD}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'"
UNMADE = {
    "sqlite": [
        f"DROP TRIGGER {GUARD}; CREATE TRIGGER {GUARD} BEFORE DELETE {ON_TABLE} "
        "WHEN 0 BEGIN SELECT 1; END",
        f"DROP TRIGGER {GUARD}; CREATE TRIGGER {GUARD} AFTER DELETE ON proposals_notice "
        "BEGIN SELECT 1; END",
    ],
    "postgresql": [
        NOTHING.replace("CREATE", "CREATE OR REPLACE"),
        f"ALTER TABLE proposals_transition DISABLE TRIGGER {GUARD}",
        f"ALTER TABLE proposals_transition ENABLE REPLICA TRIGGER {GUARD}",
        f"ALTER FUNCTION {GUARD}() RESET search_path",
        f"DROP TRIGGER {GUARD} {ON_TABLE}; CREATE TRIGGER {GUARD} BEFORE DELETE {ON_TABLE} "
        f"FOR EACH ROW WHEN (false) EXECUTE FUNCTION {GUARD}()",
        f"DROP TRIGGER {GUARD} {ON_TABLE}; CREATE TRIGGER {GUARD} BEFORE DELETE {ON_TABLE} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {GUARD}()",
    ],
}[connection.vendor]


@pytest.mark.parametrize("sql", UNMADE)
def test_a_guard_that_is_there_and_guards_nothing_is_named_and_migrate_mends_it(scene, sql):
    connection.check_constraints()
    with connection.cursor() as cursor:
        # Not split at every semicolon: the body of a trigger has some.
        for statement in sql.split("; CREATE") if sql.startswith("DROP") else [sql]:
            cursor.execute(statement if not statement.startswith(" ") else f"CREATE{statement}")
    [breach] = verify.breaches()
    assert breach.rows.startswith(f"{GUARD} on proposals_transition")
    guards.install(connection)
    assert list(verify.breaches()) == []


TWINS = "physical_flow_no_active_twin"
UNMADE_SCHEMA = [
    (f"DROP INDEX {TWINS}", f"{TWINS} on proposals_physicalflow", "It is not in place."),
    ("DROP INDEX notice_newest_of_recipient", "notice_newest_of_recipient on proposals_notice", ""),
]
UNMADE_SCHEMA += {
    "sqlite": [
        (
            f"DROP INDEX {TWINS}; CREATE UNIQUE INDEX {TWINS} ON proposals_physicalflow "
            "(content_key) WHERE lifecycle = 'NEVER'",
            f"{TWINS} on proposals_physicalflow",
            "It is not what the product declares.",
        ),
    ],
    "postgresql": [
        (
            "ALTER TABLE proposals_transition DROP CONSTRAINT transition_numbered_once",
            "transition_numbered_once on proposals_transition",
            "It is not in place.",
        ),
        (
            "DO $do$ BEGIN EXECUTE (SELECT format('ALTER TABLE proposals_system "
            "DROP CONSTRAINT %I', conname) FROM pg_constraint "
            "WHERE conrelid = 'proposals_system'::regclass AND contype = 'u');END $do$",
            "unique (code_folded) on proposals_system",
            "It is not in place.",
        ),
        (
            "ALTER TABLE proposals_transition DROP CONSTRAINT transition_side; "
            "ALTER TABLE proposals_transition ADD CONSTRAINT transition_side "
            "CHECK (side <> 'x') NOT VALID",
            "transition_side on proposals_transition",
            "It is there and not valid.",
        ),
    ],
}[connection.vendor]


@pytest.mark.parametrize(("sql", "rows", "sentence"), UNMADE_SCHEMA)
def test_a_constraint_or_index_that_is_gone_or_another_is_named(scene, sql, rows, sentence):
    connection.check_constraints()
    with connection.cursor() as cursor:
        for statement in sql.split("; "):
            cursor.execute(statement)
    [breach] = verify.breaches()
    assert (breach.rows, sentence in breach.sentence) == (rows, True)


def test_the_cost_of_an_audit_does_not_grow_with_the_rows(
    cast, source, target, django_assert_max_num_queries
):
    with CaptureQueriesContext(connection) as few:
        assert list(verify.breaches()) == []
    for number in range(12):
        proposal = factories.proposed(
            cast.maker, source, target, specification_name=f"{number}.csv"
        )
        workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    # What is read only where there is a row is read then.
    with django_assert_max_num_queries(len(few) + 20):
        assert list(verify.breaches()) == []


# the command


def verify_audit(capsys, *arguments: str) -> tuple[bool, str]:
    """(whether it says that all is well, what it printed)."""
    try:
        call_command("verify_audit", "--first", *arguments)
    except CommandError as error:
        return False, capsys.readouterr().out + str(error)
    return True, capsys.readouterr().out


def test_the_command_says_so_when_everything_agrees(scene, capsys):
    sound, printed = verify_audit(capsys)
    assert sound
    assert printed.endswith("Everything agrees.\n")


def test_the_command_fails_and_names_what_disagrees(scene, capsys):
    without_guards()
    carry_out(
        "UPDATE proposals_proposal SET frequency = 'YEARLY' WHERE id = {waiting}".format(**scene)
    )
    guards.install(connection)
    sound, printed = verify_audit(capsys)
    assert not sound
    assert (
        "I8  proposal {waiting}: Its newest history row does not say what it says.".format(**scene)
        in printed
    )
    assert "BROKEN  state, register and history agree" in printed


def test_the_command_says_how_much_it_looked_at(scene, capsys):
    _, printed = verify_audit(capsys)
    rows = dict(re.findall(r"^  (.*?)  +([\d,]+)$", printed, re.MULTILINE))
    assert rows["proposals"] == str(Proposal.objects.count())
    assert rows["transitions"] == str(Transition.objects.count())
    assert (rows["checkpoints"], rows["leaves of the ledger"]) == ("0", "0")
    assert int(rows["rows that wait for a leaf"]) > 50


def test_the_command_says_the_same_to_programs(scene, capsys):
    sound, printed = verify_audit(capsys, "--json")
    content = json.loads(printed)
    assert (sound, content["agrees"]) == (True, True)
    assert content["looked_at"]["proposals"] == Proposal.objects.count()
    without_guards()
    carry_out(
        "UPDATE proposals_proposal SET frequency = 'YEARLY' WHERE id = {waiting}".format(**scene)
    )
    with pytest.raises(CommandError, match="disagreements"):
        call_command("verify_audit", "--first", "--json")
    content = json.loads(capsys.readouterr().out)
    assert content["agrees"] is False
    assert content["checks"]["state, register and history agree"] == [
        {
            "invariant": "I8",
            "rows": f"proposal {scene['waiting']}",
            "sentence": "Its newest history row does not say what it says.",
        }
    ]


@pytest.mark.django_db(transaction=True)
def test_the_command_says_the_same_with_several_processes(scene, capsys):
    without_guards()
    carry_out(
        "UPDATE proposals_proposal SET frequency = 'YEARLY' WHERE id = {waiting}".format(**scene)
    )
    guards.install(connection)
    alone, shared_out = verify_audit(capsys), verify_audit(capsys, "--processes=3")
    assert shared_out == alone
    assert "BROKEN  state, register and history agree" in alone[1]


@pytest.mark.parametrize("number", ["0", "65", "two", "-1", "1.5"])
def test_a_number_of_processes_that_makes_no_sense_is_refused(number):
    with pytest.raises(CommandError, match="It has to be a number from 1 to 64"):
        call_command("verify_audit", f"--processes={number}")


def test_what_a_search_text_is_made_of_is_read_with_its_row(scene, django_assert_num_queries):
    """A column that `searched()` asks for and SearchField does not name would be asked for each."""
    models = apps.get_app_config("proposals").get_models()
    searched = [model for model in models if hasattr(model, "searched")]
    assert all(model.objects.exists() for model in searched)
    with django_assert_num_queries(len(searched)):
        assert list(outdated_search_texts()) == []


def test_a_system_that_becomes_another_kind_of_system_undoes_no_decision(cast, proposal):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    proposal.source.kind = "END_USER_APPLICATION"
    proposal.source.save()
    assert list(verify.breaches()) == []
