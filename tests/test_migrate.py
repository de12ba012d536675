"""What `manage.py migrate` does beside what Django's does, and what it makes of an old database."""

import json
import lzma
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import class_prepared

from proposals.management.commands.migrate import historical_fields_disconnected

from . import databases
from .run import ROOT

# The SQLite file that the code of version 0.1 wrote as `make demo`.
VERSION_0_1 = Path(__file__).parent / "version_0_1.xz"


def test_the_time_does_not_grow_with_the_square_of_the_models_of_migrations():
    with historical_fields_disconnected():
        before = len(class_prepared.receivers)
        historical = MigrationLoader(None).project_state().apps
        assert historical.get_model("proposals", "Proposal")._meta.get_field("state")
        assert len(class_prepared.receivers) == before


def manage(database: Path, *arguments: str) -> str:
    environ = os.environ | {"DATABASE_URL": f"sqlite:///{database}", "DEBUG": "1"}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environ | {"LEDGER_KEY": "", "LEDGER_CHECKPOINTS": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def schema_of(database: Path) -> dict[str, list[str]]:
    """What each table, index and trigger is made of, in whatever order; keys have 64 bits there,
    whatever they are called.
    """
    with closing(sqlite3.connect(database)) as opened:
        rows = opened.execute("SELECT name, sql FROM sqlite_master WHERE sql <> ''").fetchall()
    return {
        name: sorted(part.strip("() ") for part in sql.replace(" integer ", " bigint ").split(","))
        for name, sql in rows
    }


@pytest.mark.once(on="sqlite")
def test_a_database_of_version_0_1_becomes_as_a_new_one_and_the_audit_finds_nothing(
    tmp_path, django_db_setup
):
    old, new = tmp_path / "old.sqlite3", tmp_path / "new.sqlite3"
    old.write_bytes(lzma.decompress(VERSION_0_1.read_bytes()))
    manage(old, "migrate", "-v0")
    databases.copy_file(new)
    if not new.exists():
        manage(new, "migrate", "-v0")
    assert schema_of(old) == schema_of(new)
    with closing(sqlite3.connect(old)) as opened:
        systems = opened.execute("SELECT code_folded, search_text FROM proposals_system LIMIT 1")
        [(code, text)] = systems.fetchall()
    assert code == "etrm"
    assert text.startswith("\ntradewind\netrm\n")
    manage(old, "extend_ledger")
    said = json.loads(manage(old, "verify_audit", "--first", "--json"))
    assert said["agrees"]
    looked_at = said["looked_at"]
    assert (looked_at["proposals"], looked_at["transitions"]) == (92, 273)


# Columns, constraints, indexes and sequences; not the names of constraints that Django names.
SCHEMA = """
    SELECT concat(a.attrelid::regclass, ' ', a.attname, ' ', format_type(a.atttypid, a.atttypmod)),
        concat(a.attnotnull, ' ', a.attidentity, ' ', pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
    JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT conrelid::regclass::text, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT tablename, regexp_replace(indexdef, 'INDEX \\w+_(uniq|key) ', 'INDEX ')
    FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT sequencename, data_type::text FROM pg_sequences
"""


def schema_there() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        # PostgreSQL writes one condition in several ways, by its history.
        return sorted(
            (of, re.sub(r"::[a-z ]+|[()\[\]]", "", what)) for of, what in cursor.fetchall()
        )


def apply_the_first_alone() -> None:
    """After it, `migrate` takes the single steps, and not the one for an empty database."""
    executor = MigrationExecutor(connection)
    first = executor.loader.disk_migrations["proposals", "0001_initial"]
    executor.apply_migration(executor.migrate(first.dependencies), first)


@pytest.mark.long
@pytest.mark.once(on="postgresql")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="tried with one of version 0.1")
def test_step_by_step_the_tables_become_what_they_are_at_once(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        at_once = schema_there()
        with databases.empty("steps"):
            apply_the_first_alone()
            call_command("migrate", verbosity=0)
            assert schema_there() == at_once
