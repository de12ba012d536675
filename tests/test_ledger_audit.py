"""What somebody does to the record who owns the database and takes the guards away: the ledger
notices, and where the ledger was rewritten too, the checkpoint that was kept of it.
"""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from proposals import guards, workflow
from proposals.history import ledger, verify
from proposals.models import (
    ImportBatch,
    LedgerLeaf,
    LedgerNode,
    PassResult,
    Proposal,
    Transition,
)
from proposals.workflow import checkpoints

from . import factories
from .test_guards import carry_out, without_guards


@pytest.fixture
def signed(scene, place):
    """The scene, in the ledger and under a checkpoint; then the guards are gone."""
    call_command("checkpoint")
    assert named(place) == []
    without_guards()
    return place


def named(place):
    """(rows, sentence) of what the ledger and its checkpoints disagree with."""
    check = verify.checks(place.LEDGER_CHECKPOINTS, is_first=False)["ledger and checkpoints"]
    return [(breach.rows, breach.sentence) for breach in check()]


def audit(*arguments):
    """Whether the command says that all is well, and otherwise how many disagreements."""
    try:
        call_command("verify_audit", *arguments)
    except CommandError as error:
        return str(error)
    return "sound"


# What is done by SQL; what is named, and how the sentence goes on.
DEEDS = [
    (
        "UPDATE proposals_transition SET comment = 'never said' WHERE number = 2 "
        "AND proposal_id = {done}",
        "transition",
        "It does not say what leaf",
    ),
    (
        "UPDATE proposals_historicalproposal SET history_change_reason = 'x' WHERE id = {done}",
        "version of proposal",
        "It does not say what leaf",
    ),
    (
        "DELETE FROM proposals_historicalproposal_data_types WHERE proposal_id = {done}",
        "version of proposal",
        "It does not say what leaf",
    ),
    (
        "UPDATE proposals_importedfile SET sha256 = 'f'",
        "import batch",
        "It does not say what leaf",
    ),
    ("UPDATE proposals_importbatch SET at = '2020-01-01'", "import batch", "It does not say"),
    (
        "DELETE FROM proposals_historicalpolicy WHERE history_id = {policy}",
        "version of policy",
        "and it is not there.",
    ),
    ("UPDATE proposals_ledgerleaf SET salt = 'zz' WHERE number = 3", "", "It does not say"),
    ("UPDATE proposals_ledgerleaf SET sha256 = 'zz' WHERE number = 3", "", "are not those that"),
    ("DELETE FROM proposals_ledgerleaf WHERE number = 3", "leaf 3", "It is missing."),
    (
        "DELETE FROM proposals_ledgerleaf WHERE number > 3",
        "0000",
        "leaves, and the ledger has 4.",
    ),
    (
        "UPDATE proposals_ledgerleaf SET \"table\" = 'x' WHERE number = 3",
        "leaf 3",
        "It tells of “x”, which is not recorded.",
    ),
    (
        "INSERT INTO proposals_ledgernode (level, place, sha256) VALUES (8, 7, '00')",
        "node 8/7",
        "It stands for leaves that are not there.",
    ),
    (
        "INSERT INTO proposals_importbatch (at, outcome) VALUES ('2020-01-01', 'long ago')",
        "import batch",
        "It is dated 1 January 2020, 00:00:00 UTC, and the ledger has no leaf of it.",
    ),
]


@pytest.mark.parametrize(("sql", "rows", "sentence"), DEEDS)
def test_what_is_done_to_the_record_or_the_ledger_is_named(scene, signed, sql, rows, sentence):
    carry_out(sql.format(**scene))
    breaches = named(signed)
    assert any(what.startswith(rows) and sentence in why for what, why in breaches), breaches


def test_the_owner_rewrites_everything_and_only_the_kept_checkpoint_notices(scene, signed):
    """A comment is reworded and the ledger written anew over it, so that all of the database
    agrees: with itself, not with what was signed.
    """
    Transition.objects.filter(proposal=scene["done"], number=2).update(comment="never said")
    for model in (LedgerLeaf, LedgerNode, PassResult):
        model.objects.all().delete()
    ledger.extend(timezone.now())
    guards.install(connection)
    assert list(verify.breaches()) == []
    [(name, sentence)] = named(signed)
    assert name == next(signed.LEDGER_CHECKPOINTS.glob("0*.txt")).name
    assert sentence.startswith(f"The first {ledger.size()} leaves are not those that were signed")
    assert audit() == "1 disagreements."


def test_a_whole_proposal_gone_with_its_leaves_is_missed_by_the_checkpoint(scene, signed):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM proposals_remark_mentioned")
        for table in ("transition", "proposal_data_types", "notice", "watch", "remark"):
            cursor.execute(f"DELETE FROM proposals_{table} WHERE proposal_id = {scene['waiting']}")
        cursor.execute(
            f"DELETE FROM proposals_historicalproposal_data_types "
            f"WHERE proposal_id = {scene['waiting']}"
        )
        for table in ("historicalproposal", "proposal"):
            cursor.execute(f"DELETE FROM proposals_{table} WHERE id = {scene['waiting']}")
    for model in (LedgerLeaf, LedgerNode, PassResult):
        model.objects.all().delete()
    ledger.extend(timezone.now())
    guards.install(connection)
    assert list(verify.breaches()) == []
    [(_, sentence)] = named(signed)
    assert "leaves, and the ledger has" in sentence


def test_what_is_dated_before_a_checkpoint_and_not_in_it_is_named(scene, signed):
    """Even with a leaf of its own: it was written later."""
    long_ago = timezone.now() - timedelta(days=3)
    batch = ImportBatch.objects.create(outcome="made up", at=long_ago)
    ledger.extend(timezone.now())
    [(rows, sentence)] = named(signed)
    assert rows == f"import batch {batch.pk}"
    assert "does not contain it: it was written later." in sentence


def test_what_goes_on_after_a_checkpoint_agrees_with_it(scene, cast, place):
    call_command("checkpoint")
    workflow.cancel(Proposal.objects.get(pk=scene["waiting"]), by=cast.maker)
    assert audit() == "sound"
    call_command("checkpoint")
    assert len(list(place.LEDGER_CHECKPOINTS.glob("0*.txt"))) == 2
    assert audit() == "sound"


def test_after_a_rotation_of_the_key_all_checkpoints_agree(scene, place):
    call_command("checkpoint")
    call_command("ledger_key", "--rotate")
    factories.user("Somebody new")
    call_command("checkpoint")
    assert audit() == "sound"


def test_of_a_row_that_was_settled_a_missing_leaf_is_named_at_once(scene, signed):
    last = LedgerLeaf.objects.filter(table="proposals_transition").order_by("-number").first()
    last.delete()
    assert any("has no leaf of it" in sentence for _, sentence in named(signed))


def test_what_was_recorded_a_moment_ago_may_wait_for_its_leaf(scene, signed):
    ImportBatch.objects.create(outcome="a moment ago")
    assert named(signed) == []


FILES = [
    ("gone", "", "cannot be read"),
    ("", "", "No checkpoint is there"),
    ("000000000001-20260101T000000Z.txt", "", "It has no signature."),
    ("000000000001-20260101T000000Z.txt", "{}", "It has no signature."),
    ("notes.doc", "\x00", "It has no signature."),
    ("public-keys.txt", "", "holds no public key"),
    ("public-keys.txt", "x y", "is not a list of public keys"),
]


@pytest.mark.parametrize(("name", "content", "sentence"), FILES)
def test_a_missing_or_garbled_checkpoint_is_an_error(scene, place, name, content, sentence):
    folder = place.LEDGER_CHECKPOINTS
    if name == "gone":
        place.LEDGER_CHECKPOINTS = folder / name
    elif name:
        (folder / name).write_text(content)
    assert any(sentence in why for _, why in named(place)), named(place)
    assert audit() == "1 disagreements."


def test_one_byte_of_a_checkpoint_changed_is_noticed(scene, place):
    call_command("checkpoint")
    [path] = place.LEDGER_CHECKPOINTS.glob("0*.txt")
    note = path.read_bytes()
    path.chmod(0o644)
    for position in range(0, len(note), 7):
        path.write_bytes(note[:position] + bytes([note[position] ^ 1]) + note[position + 1 :])
        assert [rows for rows, _ in named(place)] == [path.name], position


def test_without_any_checkpoint_it_is_sound_only_if_it_is_the_first_time(scene, settings):
    settings.LEDGER_CHECKPOINTS = None
    assert audit() == "1 disagreements."
    assert audit("--first") == "sound"


def test_two_checkpoints_that_contradict_each_other_are_named(scene, place):
    call_command("checkpoint")
    [kept] = ledger.kept_checkpoints(place.LEDGER_CHECKPOINTS)
    key = ledger.read_key(place.LEDGER_KEY)
    at = kept.checkpoint.at + timedelta(hours=1)
    other = ledger.Checkpoint(key.name, kept.checkpoint.size, b"0" * 32, at)
    (place.LEDGER_CHECKPOINTS / other.name).write_text(key.sign(other.text))
    assert (other.name, "Another checkpoint of the same size has another root.") in named(place)
    assert checkpoints.sign_when_due(at + timedelta(hours=2)) == (0, 1)
