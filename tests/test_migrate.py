"""What `manage.py migrate` does beside what Django's does, and what it makes of an old database."""

import json
import lzma
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import class_prepared

from proposals.management.commands.migrate import historical_fields_disconnected

from .run import ROOT

# The SQLite file that the code of version 0.1 wrote as `make demo`.
VERSION_0_1 = Path(__file__).parent / "version_0_1.xz"


def test_the_time_does_not_grow_with_the_square_of_the_models_of_migrations():
    with historical_fields_disconnected():
        before = len(class_prepared.receivers)
        historical = MigrationLoader(None).project_state().apps
        assert historical.get_model("proposals", "Proposal")._meta.get_field("state")
        assert len(class_prepared.receivers) == before


@pytest.mark.once(on="sqlite")
def test_the_audit_finds_nothing_in_a_database_of_version_0_1(tmp_path):
    old = tmp_path / "old.sqlite3"
    old.write_bytes(lzma.decompress(VERSION_0_1.read_bytes()))
    environ = os.environ | {"DATABASE_URL": f"sqlite:///{old}", "DEBUG": "1"}
    for arguments in (["migrate", "-v0"], ["extend_ledger"], ["verify_audit", "--first", "--json"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environ | {"LEDGER_KEY": "", "LEDGER_CHECKPOINTS": ""},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert said["agrees"]
    looked_at = said["looked_at"]
    assert (looked_at["proposals"], looked_at["transitions"]) == (92, 273)
