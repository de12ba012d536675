"""The three accounts of the README on PostgreSQL: what the application's own account can and cannot
do.
"""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from axes.models import AccessAttemptExpiration
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from proposals import workflow
from proposals.history import ledger, verify

from . import factories
from .accounts import ADMINISTRATOR_S, OWNER_S, become, separate, url_for
from .attacks import ATTACKS
from .run import ROOT
from .test_changes import approve, change, removal, second_flow
from .test_guards import ON_POSTGRESQL, carry_out
from .waltz import TODAY, waltz

README = (ROOT / "README.md").read_text()
ELSEWHERE = "SQLite knows no accounts: whoever opens the file may do everything."


TAKING_AWAY = [
    "TRUNCATE proposals_transition CASCADE",
    "DELETE FROM proposals_transition",
    "UPDATE proposals_transition SET comment = ''",
    "DELETE FROM proposals_historicaluser",
    "DELETE FROM proposals_user",
    "DELETE FROM proposals_system",
    "ALTER TABLE proposals_transition DISABLE TRIGGER ALL",
    "DROP TRIGGER guard_transition_stays_delete ON proposals_transition",
    "DROP FUNCTION guard_transition_stays_delete() CASCADE",
    "CREATE OR REPLACE FUNCTION guard_transition_stays_delete() RETURNS trigger LANGUAGE plpgsql "
    "AS 'BEGIN RETURN NULL; END'",
    "SET session_replication_role = replica",
    "DROP TABLE proposals_transition CASCADE",
    "CREATE TABLE proposals_shadow (id int)",
]


def denied(sql: str) -> bool:
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
        transaction.atomic(),
    ):
        connection.cursor().execute(sql)
    return True


def test_sqlite_says_so():
    assert ON_POSTGRESQL or ELSEWHERE in README


if ON_POSTGRESQL:

    def test_the_application_s_account_is_enough_for_the_whole_workflow(
        serving_as_the_application, cast, source, target, proposal
    ):
        connection.close()  # from here on as the application
        workflow.watch(source, by=cast.stranger)
        workflow.stop_watching(source, by=cast.stranger)
        workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
        workflow.cancel(
            factories.proposed(cast.maker, target, source, specification_name="x.csv"),
            by=cast.maker,
        )
        assert list(verify.breaches()) == []

    def test_it_changes_the_register_in_every_way_that_was_approved(
        serving_as_the_application, cast, source, target, proposal
    ):
        types, archive = [factories.data_type("Cash")], factories.system("Archive Two")
        factories.involve(cast.both, archive)
        connection.close()  # from here on as the application, whom the guards do not spare
        flow = approve(proposal, cast).result_physical_flow
        refused = change(flow, cast.maker, criticality="HIGH")
        workflow.reject(refused, side="SOURCE", by=cast.both, comment="No.")
        approve(change(flow, cast.maker, frequency="YEARLY"), cast)
        approve(change(flow, cast.maker, types), cast)
        approve(change(flow, cast.maker, list(proposal.data_types.all()), frequency="DAILY"), cast)
        other = second_flow(cast, flow, target=archive)
        own = change(flow, cast.maker, types, specification_name="own.csv")
        approve(removal(other, cast.maker), cast)
        approve(own, cast)
        assert not flow.specification.physical_flows.active().exists()
        wish = factories.wish(maker=cast.maker, specification_name="further.csv")
        workflow.add_physical_flow(flow.logical_flow, wish, types, by=cast.maker)
        approve(removal(flow, cast.maker), cast)
        bare = factories.proposed(cast.maker, target, source, types, **factories.BARE)
        bare = approve(bare, cast).result_logical_flow
        approve(removal(bare, cast.maker), cast)
        bare = factories.proposed(cast.maker, target, source, types, **factories.BARE)
        approve(bare, cast)
        assert list(verify.breaches()) == []

    def test_people_sign_in_through_it_after_failures_and_after_the_pause(client, accounts, cast):
        cast.maker.set_password("waltzflow")
        cast.maker.save()
        become("waltzflow_app")
        right = {"username": cast.maker.username, "password": "waltzflow"}
        assert client.post("/sign-in/", {"username": "nobody", "password": "x"}).status_code == 200
        assert client.post("/sign-in/", right | {"password": "mistyped"}).status_code == 200
        assert client.post("/sign-in/", right).status_code == 302
        AccessAttemptExpiration.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
        assert client.post("/sign-in/", right).status_code == 302
        call_command("axes_reset_username", "nobody")

    def test_it_gets_past_no_guard(scene, accounts, subtests):
        become("waltzflow_app")
        for name, sql in ATTACKS:
            with subtests.test(guard=name, sql=sql), pytest.raises(DatabaseError):
                carry_out(sql.format(**scene))

    def test_it_cannot_take_a_guard_away(scene, accounts, subtests):
        become("waltzflow_app")
        for sql in TAKING_AWAY:
            with subtests.test(sql=sql):
                assert denied(sql)

    def test_the_auditor_s_account_reads_and_verifies_and_no_more(scene, accounts):
        become("waltzflow_auditor")
        assert list(verify.breaches()) == []
        assert ledger.rows_behind() > 0
        for sql in ["UPDATE proposals_proposal SET name = ''", "DELETE FROM proposals_notice"]:
            assert denied(sql)
        assert denied("SELECT password FROM proposals_user")
        assert denied("SELECT session_data FROM django_session")

    @pytest.fixture
    def empty_server():
        """The name of a database on it, for roles and database of this test alone."""
        name = f"waltzflow_{uuid4().hex[:8]}"
        yield name
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as administrator:
            administrator.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            for role in ("owner", "app", "auditor"):
                administrator.execute(f"DROP ROLE IF EXISTS {name}_{role}")

    # It asks for no fixture with a database, and would be taken for a test that needs none.
    @pytest.mark.once(on="postgresql")
    def test_the_statements_of_the_readme_make_an_empty_server_work(
        empty_server, tmp_path, record_property
    ):
        """Each command of the README is carried out as the account the README names."""
        assert set(re.findall(r"manage\.py (\w+)", README)) <= {*COMMANDS, *NEED_NO_ACCOUNT}
        before, after = ADMINISTRATOR_S.split("\\connect waltzflow\n")
        run_sql("postgres", before, empty_server)
        run_sql("postgres", after, empty_server, empty_server)
        manage(empty_server, ["migrate"], tmp_path)
        run_sql(f"{empty_server}_owner", OWNER_S, empty_server, empty_server)
        (tmp_path / "proposals.csv").write_text("type,source_code,target_code\nCREATE,ETRM,DWH\n")
        with waltz(os.environ["DATABASE_URL"], TODAY) as address:
            commands = [name for name in COMMANDS if name != "migrate"]
            manage(empty_server, commands, tmp_path, waltz=address)


COMMANDS = {
    "migrate": ("owner", ["--verbosity", "0"]),
    "createsuperuser": (
        *("app", ["--no-input", "--username", "root", "--email", "r@x.example", "--name", "Root"]),
    ),
    "import_catalogue": ("app", [str(ROOT / "proposals/demo/company/catalogue")]),
    "import_waltz": ("app", ["{waltz}", "--by", "root"]),
    "export_catalogue": ("app", ["{folder}/out"]),
    "setup": ("app", []),
    "propose": ("app", ["{folder}/proposals.csv", "--by", "root"]),
    "axes_reset_username": ("app", ["root"]),
    "time_out_proposals": ("app", []),
    "remind_approvers": ("app", []),
    "send_digests": ("app", []),
    "renew_search_texts": ("app", []),
    "extend_ledger": ("app", []),
    "ledger_key": ("app", []),
    "checkpoint": ("app", []),
    "evidence": ("app", ["flow", "1", "{folder}"]),
    "send_queued_mail": ("app", []),
    "worker": ("app", []),
    "clearsessions": ("app", []),
    "verify_audit": ("auditor", []),
    "restore_check": ("auditor", []),
}
NEED_NO_ACCOUNT = {"collectstatic", "state_diagram", "demo"}

CARRY_OUT = """
import json, sys, django
from datetime import timedelta
from uuid import uuid4
django.setup()
from django.contrib.sessions.models import Session
from django.test import Client
from proposals.models import Receipt, User
from django.core.management import CommandError, call_command
from django.utils import timezone
from proposals.management.commands.worker import BESIDE, ROUNDS
for name, arguments in json.loads(sys.argv[1]):
    if name == "worker":
        long_ago, root = timezone.now() - timedelta(99), User.objects.get(username="root")
        Receipt.objects.create(key=uuid4(), form=uuid4(), by=root, at=long_ago)
        for work, *_ in ROUNDS + BESIDE:
            work(timezone.now())
    elif name == "clearsessions":
        Session.objects.create(session_key="x", expire_date=timezone.now() - timedelta(1))
        call_command(name)
        assert not Session.objects.filter(pk="x").exists()
    elif name == "setup":
        try:
            call_command(name)
        except CommandError as missing:
            assert str(missing).startswith("Still to do: ")
    elif name == "axes_reset_username":
        for password in ["mistyped", "a long password", "mistyped"]:
            Client().post("/sign-in/", {"username": "root", "password": password})
        call_command(name, *arguments)
    else:
        call_command(name, *arguments)
"""


def run_sql(role: str, statements: str, name: str, database: str = "postgres") -> None:
    """The statements of `docs/sql/`, with another name for the database and for the accounts."""
    with psycopg.connect(url_for(role, database), autocommit=True) as session:
        for statement in separate(statements.replace("waltzflow", name)):
            session.execute(statement)


def manage(name: str, commands: list[str], folder: Path, waltz: str = "") -> None:
    """Carried out one after the other in one process for each account."""
    named = {"folder": folder, "waltz": waltz}
    for role, group in groupby(commands, lambda command: COMMANDS[command][0]):
        calls = [
            [command, [text.format(**named) for text in COMMANDS[command][1]]] for command in group
        ]
        environ = os.environ | {
            "DATABASE_URL": url_for(f"{name}_{role}", name),
            "DJANGO_SETTINGS_MODULE": "waltzflow.settings",
            "DJANGO_SUPERUSER_PASSWORD": "a long password",
            "LEDGER_KEY": str(folder / "private-key.txt"),
            "LEDGER_CHECKPOINTS": str(folder / "checkpoints"),
        }
        done = subprocess.run(
            [sys.executable, "-c", CARRY_OUT, json.dumps(calls)],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
