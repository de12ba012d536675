"""A service of others stamps each checkpoint: what was dated back has no stamp that fits."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from proposals.history import ledger, verify
from proposals.workflow import checkpoints

from .test_evidence_pack import check, packed
from .timestamping import make_certificates, stamping

pytestmark = [pytest.mark.django_db, pytest.mark.once(on="sqlite")]


@pytest.fixture(scope="module")
def stamper(tmp_path_factory):
    with stamping(tmp_path_factory.mktemp("stamps") / "service") as service:
        yield service


@pytest.fixture
def service(stamper, place):
    """In the settings, beside a key that is in use for long; and it does what it is there for."""
    stamper.answer = None
    keys = ledger.public_keys_file(place.LEDGER_CHECKPOINTS)
    _, key = keys.read_text().split(" ", 1)
    keys.write_text(f"2026-01-01T00:00:00+00:00 {key}")
    place.LEDGER_TIMESTAMP_URL, place.LEDGER_TIMESTAMP_ROOTS = stamper.url, stamper.roots
    return stamper


def signed(place, at: datetime | None = None):
    """The file of a checkpoint that says it is of that moment."""
    ledger.extend(timezone.now())
    return checkpoints.sign(at or timezone.now()).path


def stamp_missing():
    return checkpoints.stamp_missing(timezone.now())


def named(place):
    """(what, sentence) of what verify_audit has to say of the ledger."""
    check = verify.checks(place.LEDGER_CHECKPOINTS, is_first=False)["ledger and checkpoints"]
    return [(breach.rows, breach.sentence) for breach in check()]


def test_the_worker_has_every_checkpoint_stamped_once(story, place, service):
    before = timezone.now() - timedelta(seconds=2)
    paths = [signed(place, timezone.now() - timedelta(hours=2)), signed(place)]
    assert stamp_missing() == (2, 0)
    assert stamp_missing() == (0, 0)
    for path in paths:
        assert before < ledger.stamped_at(path, ledger.timestamp_service()) <= timezone.now()
    assert [kept.path for kept in ledger.kept_checkpoints(place.LEDGER_CHECKPOINTS)] == paths
    assert named(place) == []


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((503, b""), "does not answer: HTTP Error 503"),
        ((200, b"<html>Sign in</html>"), "sent no valid stamp"),
        ("an earlier one", "sent no valid stamp: Nonce mismatch"),
    ],
)
def test_what_is_no_stamp_is_not_kept_and_asked_for_again(
    story, place, service, caplog, answer, sentence
):
    if answer == "an earlier one":
        signed(place, timezone.now() - timedelta(hours=2))
        stamp_missing()
        answer = (200, service.last)
    path, service.answer = signed(place), answer
    assert stamp_missing() == (0, 1)
    assert sentence in caplog.text
    assert not ledger.stamp_of(path).exists()
    service.answer = None
    assert stamp_missing() == (1, 0)
    assert named(place) == []


def test_a_service_that_is_away_keeps_no_checkpoint_from_being_signed(
    story, place, service, caplog
):
    place.LEDGER_TIMESTAMP_URL = "http://127.0.0.1:9/tsa"  # where nobody listens
    assert checkpoints.sign_when_due(timezone.now()) == (1, 0)
    assert stamp_missing() == (0, 1)
    assert "http://127.0.0.1:9/tsa does not answer" in caplog.text


def test_a_service_that_the_certificates_do_not_vouch_for_is_not_believed(
    story, place, service, caplog, tmp_path
):
    make_certificates(tmp_path)
    path = signed(place)
    stamp_missing()
    place.LEDGER_TIMESTAMP_ROOTS = tmp_path / "roots.pem"
    [(what, sentence)] = named(place)
    assert what == ledger.stamp_of(path).name
    assert sentence.startswith(f"It is no valid stamp of {path.name}: ")
    ledger.stamp_of(path).unlink()
    assert stamp_missing() == (0, 1)


def test_whoever_has_the_key_and_every_copy_cannot_date_a_checkpoint_back(story, place, service):
    """Another history is put in place of the one that was signed, and all of it is signed anew."""
    ago = timezone.now() - timedelta(days=30)
    path = signed(place, ago)
    stamp_missing()
    [(what, sentence)] = named(place)
    assert what == path.name
    assert "It says" in sentence
    assert "but it was stamped on" in sentence
    later = signed(place, ago + timedelta(days=1))
    assert (later.name, "It has no time stamp, as those before it have.") in named(place)


@pytest.mark.parametrize("deed", ["another's", "cut", "without its checkpoint"])
def test_a_stamp_that_does_not_fit_is_named(story, place, service, deed):
    first, path = signed(place, timezone.now() - timedelta(hours=2)), signed(place)
    stamp_missing()
    stamp = ledger.stamp_of(path)
    content = stamp.read_bytes()
    stamp.unlink()
    if deed == "without its checkpoint":
        stamp.write_bytes(content)
        path.unlink()
        expected = "It is the stamp of a checkpoint that is not there."
    else:
        stamp.write_bytes(
            ledger.stamp_of(first).read_bytes() if deed == "another's" else content[:-9]
        )
        expected = f"It is no valid stamp of {path.name}: "
    [(what, sentence)] = named(place)
    assert (what, sentence[: len(expected)]) == (stamp.name, expected)


def test_a_stamp_beside_a_checkpoint_that_cannot_be_read_is_not_blamed(story, place, service):
    path = signed(place)
    stamp_missing()
    path.chmod(0o644)
    path.write_text("garbled")
    assert [what for what, _ in named(place)] == [path.name]


def test_the_evidence_pack_has_the_stamps_and_its_script_checks_them(
    story, place, service, tmp_path
):
    path = signed(place)
    stamp_missing()
    folder = packed(story.create, place, tmp_path / "pack")
    status, printed = check(folder, "--timestamps", str(service.roots))
    assert status == 0, printed
    assert f"A service of others saw {path.name} on " in printed
    make_certificates(tmp_path)
    status, printed = check(folder, "--timestamps", str(tmp_path / "roots.pem"))
    assert status == 1
    assert f"{path.name} by the service that you trust" in printed
    assert check(folder)[0] == 0
