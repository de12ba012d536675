"""The three accounts of the README on PostgreSQL: what the application's own account can and cannot
do.
"""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from axes.models import AccessAttemptExpiration
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from proposals import workflow
from proposals.history import verify
from proposals.models import Proposal

from . import attacks, factories
from .attacks import ATTACKS
from .test_guards import ON_POSTGRESQL, carry_out

README = (Path(__file__).parent.parent / "README.md").read_text()
STATEMENTS = re.search(r"<!-- the three roles -->\n```sql\n(.*?)```", README, re.DOTALL)[1]
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


@pytest.fixture
def scene(cast, source, target):
    return vars(attacks.scene(cast, source, target))


@pytest.fixture
def accounts(db):
    """The README's statements carried out, for this test alone; the tables stay the owner's."""
    database = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        for statement in STATEMENTS.replace("DATABASE waltzflow", f'DATABASE "{database}"').split(
            ";\n"
        ):
            if statement.strip() and "CREATE DATABASE" not in statement:
                cursor.execute(statement)


def become(role: str) -> None:
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")


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
        scene, accounts, cast, source, target
    ):
        become("waltzflow_app")
        workflow.approve(
            Proposal.objects.get(pk=scene["waiting"]), sides=["SOURCE", "TARGET"], by=cast.both
        )
        workflow.cancel(
            factories.proposed(cast.maker, target, source, specification_name="x.csv"),
            by=cast.maker,
        )
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
        assert verify.checkpoint.settled() > 0
        for sql in ["UPDATE proposals_proposal SET name = ''", "DELETE FROM proposals_notice"]:
            assert denied(sql)
        assert denied("SELECT password FROM proposals_user")
        assert denied("SELECT session_data FROM django_session")
