"""Checkpoints of the ledger: signed, each in a file of its own, and mailed."""

import stat
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from post_office.models import Email

from proposals.history import ledger
from proposals.models import ImportBatch, LedgerLeaf
from proposals.workflow import checkpoints

from .test_guards import without_guards

# The example of golang.org/x/mod/sumdb/note.
PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
SIGNATURE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)
NOTE = f"{TEXT}\n— PeterNeumann {SIGNATURE}\n"


def test_notes_are_signed_as_others_sign_them():
    private = ledger.PrivateKey.parse(PRIVATE)
    assert (str(private), str(private.public)) == (PRIVATE, PUBLIC)
    assert private.sign(TEXT) == NOTE
    assert ledger.opened(NOTE, [ledger.PublicKey.parse(PUBLIC)]) == (TEXT, private.public)


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        (NOTE.replace("answer", "question"), "The signature of PeterNeumann is not valid."),
        (NOTE.replace("x08go/Z", "x08go/a"), "The signature of PeterNeumann is not valid."),
        (NOTE.replace("x08go", "y08go"), "signed by none of the known keys"),
        (NOTE.replace("PeterNeumann", "Peter"), "signed by none of the known keys"),
        (NOTE.replace("—", "-"), "is no signature"),
        (NOTE.removesuffix("\n"), "It has no signature."),
        (TEXT, "It has no signature."),
        ("", "It has no signature."),
    ],
)
def test_a_note_that_was_changed_is_not_opened(note, sentence):
    with pytest.raises(ledger.NoteBroken, match=sentence):
        ledger.opened(note, [ledger.PublicKey.parse(PUBLIC)])


@pytest.mark.parametrize(
    "text", ["", "x", PUBLIC[:-4], PUBLIC.replace("c74f", "c74e"), PUBLIC.replace("+AR", "+AA")]
)
def test_a_garbled_key_is_none(text):
    with pytest.raises(ledger.NoteBroken):
        ledger.PublicKey.parse(text)
    with pytest.raises(ledger.NoteBroken):
        ledger.PrivateKey.parse(text)


def files(place):
    return sorted(path.name for path in place.LEDGER_CHECKPOINTS.glob("0*.txt"))


def kept(place):
    return ledger.kept_checkpoints(place.LEDGER_CHECKPOINTS)


def test_the_private_half_is_for_its_owner_alone_and_never_written_over(db, place):
    path = place.LEDGER_KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_text()
    with pytest.raises(CommandError, match=r"There is a key in .* With --rotate"):
        call_command("ledger_key")
    assert path.read_text() == before


def test_each_checkpoint_is_a_file_of_its_own_with_the_root_of_its_moment(story, place):
    call_command("checkpoint")
    ImportBatch.objects.create(outcome="one more")
    call_command("checkpoint")
    older, newer = kept(place)
    assert (older.why, newer.why) == ("", "")
    assert newer.checkpoint.size == older.checkpoint.size + 1 == ledger.size()
    assert newer.checkpoint.root == ledger.stored_tree(ledger.size()).root()
    assert stat.S_IMODE(older.path.stat().st_mode) == 0o444
    assert older.note.startswith(f"127.0.0.1/ledger\n{older.checkpoint.size}\n")


def test_one_is_signed_each_hour_and_after_many_leaves(story, place, monkeypatch):
    now = timezone.now()
    assert checkpoints.sign_when_due(now) == (1, 0)
    assert checkpoints.sign_when_due(now + timedelta(minutes=59)) == (0, 0)
    assert checkpoints.sign_when_due(now + timedelta(minutes=60)) == (1, 0)
    monkeypatch.setattr(checkpoints, "MOST_LEAVES", 2)
    ImportBatch.objects.create(outcome="a")
    ledger.extend(now)
    assert checkpoints.sign_when_due(now + timedelta(minutes=61)) == (0, 0)
    ImportBatch.objects.create(outcome="b")
    ledger.extend(now)
    assert checkpoints.sign_when_due(now + timedelta(minutes=62)) == (1, 0)
    assert len(files(place)) == 3


def test_none_is_signed_before_the_ledger_has_caught_up(story, place, monkeypatch):
    monkeypatch.setattr("proposals.history.ledger.sequencer.AT_ONCE", 10)
    assert checkpoints.sign_when_due(timezone.now()) == (0, 0)
    assert files(place) == []


def test_without_a_key_nothing_is_signed_and_nothing_fails(story):
    assert checkpoints.sign_when_due(timezone.now()) == (0, 0)
    with pytest.raises(CommandError, match="Set LEDGER_KEY"):
        call_command("checkpoint")
    with pytest.raises(CommandError, match="Set LEDGER_KEY"):
        call_command("ledger_key")


def test_the_auditors_get_it_by_mail(story, place):
    place.LEDGER_MAIL = ["auditors@x.example"]
    call_command("checkpoint")
    [checkpoint] = kept(place)
    mail = Email.objects.get()
    assert mail.to == ["auditors@x.example"]
    assert mail.subject == f"Checkpoint of 127.0.0.1/ledger: {ledger.size()} leaves"
    assert mail.message.startswith(checkpoint.note)
    assert str(ledger.read_key(place.LEDGER_KEY).public) in mail.message
    message = mail.email_message()
    assert checkpoint.note in message.body


def test_after_a_rotation_old_checkpoints_stay_valid_and_the_new_key_signs(story, place, capsys):
    call_command("checkpoint")
    old = ledger.read_key(place.LEDGER_KEY)
    ImportBatch.objects.create(outcome="signed by the old key a last time")
    call_command("ledger_key", "--rotate")
    new = ledger.read_key(place.LEDGER_KEY)
    assert new != old
    ImportBatch.objects.create(outcome="signed by the new key")
    call_command("checkpoint")
    assert [one.why for one in kept(place)] == ["", "", ""]
    keys = [dated.key for dated in ledger.public_keys(place.LEDGER_CHECKPOINTS)]
    assert keys == [old.public, new.public]
    assert [ledger.opened(one.note, keys)[1] for one in kept(place)] == [*keys[:1] * 2, keys[1]]


def test_a_key_that_was_replaced_signs_nothing_more(story, place):
    old = place.LEDGER_KEY.read_text()
    call_command("ledger_key", "--rotate")
    place.LEDGER_KEY.write_text(old)
    with pytest.raises(CommandError, match="not the newest"):
        call_command("checkpoint")
    late = timezone.now() + timedelta(hours=1)
    private = ledger.PrivateKey.parse(old)
    forged = ledger.Checkpoint(private.name, 1, b"0" * 32, late.replace(microsecond=0))
    path = place.LEDGER_CHECKPOINTS / forged.name
    path.write_text(private.sign(forged.text))
    assert {one.why for one in kept(place) if one.path == path} == {
        "It is signed by a key that was not in use at its time."
    }


def test_a_lost_key_can_be_replaced_without_its_signature(story, place, capsys):
    call_command("checkpoint")
    place.LEDGER_KEY.write_text("garbled")
    call_command("ledger_key", "--rotate")
    assert "The old key signs nothing more" in capsys.readouterr().err
    call_command("checkpoint")


def test_a_ledger_that_was_rewritten_is_not_signed_for_again(story, place, caplog):
    call_command("checkpoint")
    without_guards()
    LedgerLeaf.objects.filter(number=3).update(sha256="0" * 64)
    with pytest.raises(CommandError, match=r"leaves are not those that .* knows"):
        call_command("checkpoint")
    LedgerLeaf.objects.filter(number__gte=10).delete()
    later = timezone.now() + timedelta(hours=2)
    assert checkpoints.sign_when_due(later) == (0, 1)
    assert "No checkpoint is signed" in caplog.text
    assert len(files(place)) == 1


BROKEN_PLACES = [
    ("key", None, "There is no private key in"),
    ("key", "x", "holds no private key"),
    ("public", None, "The public keys of the ledger cannot be read"),
    ("public", "", "holds no public key"),
    ("public", "x", "is not a list of public keys"),
    ("public", "2026-01-01 x", "is not a list of public keys"),
    ("newest", "x", "It has no signature. Nothing is signed after it."),
    ("newest", None, "The directory of checkpoints cannot be read"),
]


@pytest.mark.parametrize(("what", "content", "sentence"), BROKEN_PLACES)
def test_what_is_missing_or_garbled_is_named(story, place, what, content, sentence):
    call_command("checkpoint")
    folder = place.LEDGER_CHECKPOINTS
    if (what, content) == ("newest", None):
        keys = (folder / "public-keys.txt").read_text()
        place.LEDGER_CHECKPOINTS = folder / "gone"
        sentence = "The public keys of the ledger cannot be read"
        assert keys
    else:
        paths = {"key": place.LEDGER_KEY, "public": folder / "public-keys.txt"}
        path = paths.get(what) or folder / files(place)[-1]
        path.unlink()
        if content is not None:
            path.write_text(content)
    with pytest.raises(CommandError, match=sentence):
        call_command("checkpoint")


def test_no_file_is_written_twice(story, place, monkeypatch):
    now = timezone.now()
    first = checkpoints.sign(now)
    assert checkpoints.sign(now).path == first.path
    monkeypatch.setattr("proposals.history.ledger.checkpoints.newest_name", lambda folder: None)
    first.path.unlink()
    first.path.write_text("x")
    with pytest.raises(ledger.CheckpointBroken, match="says something else"):
        checkpoints.sign(now)
    assert first.path.read_text() == "x"
