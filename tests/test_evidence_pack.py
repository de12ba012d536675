"""An evidence pack is checked by nothing but python3 and openssl, in a directory of its own: the
answer is yes, or names what differs.
"""

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from proposals.errors import Refused
from proposals.files import evidence
from proposals.files.evidence import verify
from proposals.history import ledger
from proposals.models import ImportBatch, LedgerLeaf, Notice, Transition

from . import factories, thorough
from .test_guards import without_guards
from .test_tree import CONSISTENCIES, INCLUSIONS, LEAVES, ROOTS, hashes_of


@pytest.fixture
def signed(story, place):
    """The story with somebody who was told of it, in the ledger, under two checkpoints."""
    step = story.create.transitions.get(number=1)
    Notice.objects.create(
        transition=step,
        proposal=story.create,
        recipient=story.create.maker,
        summary="Proposal submitted",
        at=step.at,
    )
    call_command("checkpoint")
    story.create.source.name = "Ledger of old"
    story.create.source.save()
    call_command("checkpoint")
    return place


def packed(subject, place, folder):
    """The directory into which the pack was unpacked."""
    pack = evidence.pack_of(subject, place.LEDGER_CHECKPOINTS, timezone.now())
    with zipfile.ZipFile(io.BytesIO(pack.zipped(timezone.now()))) as archive:
        archive.extractall(folder)
    return folder


def check(folder, *arguments):
    """(exit status, what it printed) of the pack's own script, as an auditor runs it."""
    done = subprocess.run(
        [sys.executable, "-I", "-B", "verify.py", *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_pack_of_a_proposal_is_proven_and_tells_its_story(story, signed, tmp_path):
    folder = packed(story.create, signed, tmp_path / "pack")
    status, printed = check(folder)
    assert status == 0, printed
    assert re.search(r"^YES\. \d\d+ rows are what the ledger took down", printed, re.MULTILINE)
    assert "approve_source by Sam Source: PENDING_APPROVALS -> SOURCE_APPROVED" in printed
    assert "“Ours, and fine.”" in printed
    assert "CREATE: Ledger of old -> Risk Engine, asked by Mia Maker: “=HYPERLINK(1)”" in printed
    assert f"system {story.create.source_id}, version" in printed
    assert "Mia Maker: Proposal submitted" in printed
    assert str(ledger.read_key(signed.LEDGER_KEY).public) in printed
    tables = {
        re.sub(r"rows/\d+-(\w+)-\d+\.json", r"\1", str(p.relative_to(folder)))
        for p in folder.glob("rows/*")
    }
    assert {
        "proposals_transition",
        "proposals_notice",
        "proposals_historicalproposal",
        "proposals_historicalphysicalflow",
        "proposals_historicalpolicy",
        "proposals_historicalinvolvement",
        "proposals_historicalapproverrule",
        "proposals_historicalsystem",
        "proposals_historicaluser",
    } <= tables
    assert len(list(folder.glob("checkpoints/*"))) == 2
    assert "never said" not in (folder / f"trail-{story.create.pk}.csv").read_text()
    readme = (folder / "README.txt").read_text()
    assert f"About: proposal {story.create.pk}: " in readme


def test_the_files_of_a_pack_are_compressed(story, signed):
    now = timezone.now()
    pack = evidence.pack_of(story.create, signed.LEDGER_CHECKPOINTS, now)
    with zipfile.ZipFile(io.BytesIO(pack.zipped(now))) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_DEFLATED}
    assert len(pack.zipped(now)) < sum(map(len, pack.files.values())) / 2


@pytest.mark.parametrize("kind", ["logical", "physical"])
def test_the_pack_of_a_flow_has_every_proposal_that_made_it(story, signed, tmp_path, kind):
    folder = packed(getattr(story, kind), signed, tmp_path / "pack")
    status, printed = check(folder)
    assert status == 0, printed
    for proposal in (story.create, story.edit):
        assert f"\nProposal {proposal.pk}\n" in printed
        assert (folder / f"trail-{proposal.pk}.csv").exists()


@pytest.mark.once(on="sqlite")
def test_one_byte_changed_anywhere_is_named(story, signed, tmp_path):
    folder = packed(story.create, signed, tmp_path / "pack")
    names = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    kinds = {}
    for path in names:  # of the many rows, one of each table
        kinds.setdefault(re.sub(r"\d+", "", path.name), path)
    assert len(kinds) > 15
    for path in kinds.values():
        content, name = path.read_bytes(), path.relative_to(folder).as_posix()
        places = sorted({0, len(content) // 3, len(content) * 2 // 3, len(content) - 1})
        for position in thorough.cases(places, lambda place: place > 0, of=path.name):
            changed = bytes([content[position] ^ 1])
            path.write_bytes(content[:position] + changed + content[position + 1 :])
            status, printed = check(folder)
            assert status != 0, (name, position, printed)
            if name not in ("verify.py", "manifest.json"):
                assert f"  {name} " in printed, (position, printed)
        path.write_bytes(content)
    assert check(folder)[0] == 0


def forge(folder, name, change):
    """Change a row and the manifest with it, as somebody does who knows how a pack is made."""
    path = folder / name
    path.write_text(change(path.read_text()))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest[name] = verify.sha256(path.read_bytes()).hexdigest()
    text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
    (folder / "manifest.json").write_text(text)


def row_of(folder, table):
    return sorted(p.relative_to(folder).as_posix() for p in folder.glob(f"rows/*-{table}-*"))[0]


FORGERIES = [
    ("proposals_transition", lambda t: t.replace("propose", "cancel"), "the row differs"),
    ("proposals_historicaluser", lambda t: t.replace("M", "N", 1), "the row differs"),
    ("proofs.json", lambda t: t.replace('"salt": "', '"salt": "ff', 1), "the row differs"),
    ("proofs.json", lambda t: t.replace('"number": 1', '"number": 9', 1), "or its proof"),
    ("proofs.json", lambda t: "[]", "proofs.json is not of the form it must have."),
    ("proofs.json", lambda t: "{", "proofs.json is not of the form it must have."),
    ("proofs.json", lambda t: re.sub(r'"path": \[\s+"\w+",', '"path": [', t, count=1), "proof"),
    ("public-keys.txt", lambda t: t.replace("+", "-"), "public-keys.txt holds what is no public"),
    ("public-keys.txt", lambda t: "", "is not signed by a key of public-keys.txt"),
    (
        "public-keys.txt",
        lambda t: "2099-01-01T00:00:00Z" + t[20:],
        "is signed by a key that was not in use at its time.",
    ),
]


@pytest.mark.once(on="sqlite")
@pytest.mark.parametrize(("what", "change", "sentence"), FORGERIES)
def test_a_forged_manifest_helps_nobody(story, signed, tmp_path, what, change, sentence):
    folder = packed(story.create, signed, tmp_path / "pack")
    forge(folder, what if "." in what else row_of(folder, what), change)
    status, printed = check(folder)
    assert (status, sentence in printed) == (1, True), printed


@pytest.mark.once(on="sqlite")
def test_what_is_missing_and_what_was_added_is_named(story, signed, tmp_path):
    folder = packed(story.create, signed, tmp_path / "pack")
    gone = row_of(folder, "proposals_notice")
    (folder / gone).unlink()
    (folder / "more.txt").write_text("more")
    status, printed = check(folder)
    assert status == 1
    assert f"{gone} is missing." in printed
    assert "more.txt does not belong to the pack." in printed
    (folder / "manifest.json").unlink()
    assert "manifest.json cannot be read." in check(folder)[1]


@pytest.mark.once(on="sqlite")
def test_a_transition_left_out_is_missed(story, signed, tmp_path):
    keys = {Transition: {step.pk for step in story.create.transitions.exclude(number=2)}}
    folder = tmp_path / "pack"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence.pack.rows, "of_proposal", lambda proposal: keys)
        packed(story.create, signed, folder)
    status, printed = check(folder)
    assert status == 1
    assert f"Of proposal {story.create.pk} the transitions [1, 3, 4] are there." in printed


def test_an_auditor_compares_a_key_and_a_checkpoint_of_their_own(story, signed, tmp_path):
    folder = packed(story.create, signed, tmp_path / "pack")
    key = str(ledger.read_key(signed.LEDGER_KEY).public)
    own = tmp_path / "own.txt"
    own.write_text(sorted(signed.LEDGER_CHECKPOINTS.glob("0*"))[0].read_text())
    assert check(folder, "--key", key, "--checkpoint", str(own))[0] == 0
    other = str(ledger.PrivateKey.new("x").public)
    assert "does not have the key that you keep" in check(folder, "--key", other)[1]
    private = ledger.read_key(signed.LEDGER_KEY)
    size = ledger.kept_checkpoints(signed.LEDGER_CHECKPOINTS)[0].checkpoint.size
    at = timezone.now().replace(microsecond=0)
    for checkpoint, sentence in [
        (ledger.Checkpoint(private.name, size, b"0" * 32, at), "has another root"),
        (ledger.Checkpoint(private.name, 1, b"0" * 32, at), "is not in this pack"),
    ]:
        own.write_text(private.sign(checkpoint.text))
        assert sentence in check(folder, "--checkpoint", str(own))[1]


@pytest.mark.once(on="sqlite")
def test_without_openssl_it_says_that_it_cannot_check(story, signed, tmp_path):
    folder = packed(story.create, signed, tmp_path / "pack")
    done = subprocess.run(
        [sys.executable, "-I", "-B", "verify.py"],
        cwd=folder,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "CANNOT BE CHECKED: The program openssl is not there" in done.stdout


def test_after_a_rotation_old_and_new_checkpoints_are_valid_in_a_pack(story, signed, tmp_path):
    call_command("ledger_key", "--rotate")
    story.create.source.name = "Ledger of the new key"
    story.create.source.save()
    call_command("checkpoint")
    folder = packed(story.create, signed, tmp_path / "pack")
    status, printed = check(folder)
    assert status == 0, printed
    assert len((folder / "public-keys.txt").read_text().splitlines()) == 2


def test_what_is_newer_than_the_newest_checkpoint_is_said_to_wait(story, signed, tmp_path):
    story.create.source.name = "Ledger of today"
    story.create.source.save()
    ledger.extend(timezone.now())
    status, printed = check(packed(story.create, signed, tmp_path / "pack"))
    assert status == 0
    assert "Rows newer than that checkpoint, which are not in the pack: 1." in printed


def test_a_row_reworded_after_its_checkpoint_is_named_by_the_script(story, signed, tmp_path):
    """The owner of the database rewords a comment; the pack is made of what is there now."""
    without_guards()
    step = story.create.transitions.get(number=2)
    Transition.objects.filter(pk=step.pk).update(comment="never said")
    status, printed = check(packed(story.create, signed, tmp_path / "pack"))
    leaf = LedgerLeaf.objects.get(table="proposals_transition", row=step.pk)
    assert status == 1
    named = f"rows/{leaf.number:09}-proposals_transition-{step.pk}.json"
    assert f"  {named} is not what leaf {leaf.number} of the ledger took down" in printed
    assert printed.count("took down") == 1


def test_where_no_checkpoint_can_be_used_there_is_no_pack_and_a_sentence(story, place, tmp_path):
    def refusal():
        with pytest.raises(Refused) as refused:
            evidence.pack_of(story.create, place.LEDGER_CHECKPOINTS, timezone.now())
        return refused.value.sentence

    assert refusal() == "No checkpoint has been signed yet. The worker signs one every hour."
    call_command("checkpoint")
    [path] = place.LEDGER_CHECKPOINTS.glob("0*")
    without_guards()
    LedgerLeaf.objects.filter(number=1).update(sha256="0" * 64)
    assert refusal() == f"The ledger is not the one that {path.name} signed. Run verify_audit."
    LedgerLeaf.objects.filter(number__gte=1).delete()
    assert refusal().startswith("The ledger lacks hashes of level 0")
    path.chmod(0o644)
    path.write_text("garbled")
    assert refusal() == f"The checkpoint {path.name} cannot be used. It has no signature."
    place.LEDGER_CHECKPOINTS = None
    assert "LEDGER_CHECKPOINTS" in refusal()


def test_the_command_signs_a_checkpoint_first_and_writes_the_file(story, place, tmp_path, capsys):
    call_command("evidence", "proposal", str(story.create.pk), str(tmp_path))
    path = tmp_path / f"evidence-proposal-{story.create.pk}.zip"
    assert zipfile.ZipFile(path).testzip() is None
    call_command("evidence", "flow", str(story.logical.pk), str(tmp_path / "own.zip"))
    assert (tmp_path / "own.zip").exists()
    call_command("evidence", "physical-flow", str(story.physical.pk), str(tmp_path))
    assert capsys.readouterr().out.count(" files in ") == 3
    ImportBatch.objects.create(outcome="of another story")
    call_command("checkpoint")
    kept = ledger.size()
    ImportBatch.objects.create(outcome="and another")
    for more, number in ([], 2), (["--leaves", str(kept)], 3):
        path = tmp_path / f"{number}.zip"
        call_command("evidence", "flow", str(story.logical.pk), str(path), *more)
        with zipfile.ZipFile(path) as archive:
            packed_there = [name for name in archive.namelist() if name.startswith("checkpoints/")]
            archive.extractall(tmp_path / str(number))
        assert len(packed_there) == number
        assert check(tmp_path / str(number))[0] == 0
    for arguments, sentence in [
        (["proposal", "999"], "There is no proposal 999."),
        (["proposal", str(story.create.pk), "--leaves", "2"], "No checkpoint of 2 leaves is kept"),
        (["flow", str(story.logical.pk), str(tmp_path / "no" / "x.zip")], "cannot be written"),
    ]:
        with pytest.raises(CommandError, match=sentence):
            call_command("evidence", *arguments)


PAGES = {"create": "proposal", "logical": "flow", "physical": "physical-flow"}


@pytest.mark.parametrize("name", PAGES)
def test_an_auditor_gets_the_pack_from_the_page_of_the_row(
    story, signed, cast, as_, tmp_path, name
):
    row = getattr(story, name)
    trail = reverse(f"audit-{PAGES[name]}", args=[row.pk])
    address = f"{trail}evidence/"
    assert address not in as_(cast.maker).get(row.get_absolute_url()).content.decode()
    auditor = as_(cast.auditor)
    record = reverse(f"admin:proposals_{row._meta.model_name}_change", args=[row.pk])
    for page in (row.get_absolute_url(), trail, record):
        assert f'href="{address}"' in auditor.get(page).content.decode(), page
    answer = auditor.get(address)
    kind = str(row._meta.verbose_name).replace(" ", "-")
    assert f'filename="evidence-{kind}-{row.pk}.zip"' in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path / "pack")
    assert check(tmp_path / "pack")[0] == 0


def test_staff_who_may_see_a_flow_and_not_the_ledger_get_no_pack(story, signed, as_):
    clerk = factories.user(is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_logicalflow"))
    browser = as_(clerk)
    record = browser.get(f"/admin/proposals/logicalflow/{story.logical.pk}/change/")
    assert (record.status_code, "/evidence/" in record.content.decode()) == (200, False)
    assert browser.get(f"/audit/flows/{story.logical.pk}/evidence/").status_code == 403


def test_without_a_checkpoint_the_page_says_so(story, place, cast, as_):
    page = as_(cast.auditor).get(f"/audit/proposals/{story.create.pk}/evidence/")
    assert page.status_code == 409
    assert "No checkpoint has been signed yet" in page.content.decode()


# The script's own arithmetic, by the vectors of the reference implementation


@pytest.mark.parametrize("number_and_size", INCLUSIONS)
def test_the_script_accepts_the_proofs_of_inclusion(number_and_size):
    number, size = number_and_size
    path = [bytes.fromhex(hashed) for hashed in INCLUSIONS[number_and_size]]
    assert verify.root_by_inclusion(LEAVES[number], number, size, path).hex() == ROOTS[size]


@pytest.mark.parametrize("sizes", [sizes for sizes in CONSISTENCIES if sizes != (1, 1)])
def test_the_script_accepts_the_proofs_of_consistency(sizes):
    old, new = sizes
    path = [bytes.fromhex(hashed) for hashed in CONSISTENCIES[sizes]]
    root = bytes.fromhex(ROOTS[old])
    roots = verify.roots_by_consistency(old, root, new, path)
    assert [root.hex() for root in roots] == [ROOTS[old], ROOTS[new]]


def test_every_proof_of_small_trees_is_accepted_and_no_other():
    leaves = [ledger.leaf_hash(bytes([number])) for number in range(40)]
    trees = [ledger.Tree(size, hashes_of(leaves)) for size in range(41)]
    for size in range(1, 41):
        tree, root = trees[size], trees[size].root()
        for number in range(size):
            path = tree.inclusion(number)
            assert verify.root_by_inclusion(leaves[number], number, size, path) == root
            for wrong in [[*path, root], path[1:], path[::-1]] if len(path) > 1 else [[root]]:
                assert not accepted(
                    verify.root_by_inclusion, leaves[number], number, size, wrong, roots=root
                )
        for old in range(1, size):
            path, old_root = tree.consistency(old), trees[old].root()
            roots = verify.roots_by_consistency(old, old_root, size, path)
            assert roots == (old_root, root)
            for wrong in (path[1:], [*path, root]):
                assert not accepted(
                    verify.roots_by_consistency, old, old_root, size, wrong, roots=(old_root, root)
                )


def accepted(check, *arguments, roots):
    try:
        return check(*arguments) == roots
    except verify.Differs:
        return False


def test_the_script_needs_the_standard_library_alone():
    text = Path(verify.__file__).read_text()
    imported = set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE))
    assert imported <= set(sys.stdlib_module_names) | {"__future__"}
