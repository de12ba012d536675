"""Behind a pooler that hands connections on with each transaction, nothing hangs on a session."""

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

PASSES = ["time_out_proposals", "remind_approvers", "send_queued_mail", "send_digests"]


@pytest.mark.once(on="postgresql")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", PASSES)
def test_a_pass_leaves_no_lock_and_reads_by_no_cursor_of_a_session(proposal, name):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        call_command(name)
    assert len(asked) > 0
    statements = " ".join(query["sql"] for query in asked).lower()
    assert "pg_advisory_lock" not in statements
    assert "pg_try_advisory_lock" not in statements
    assert "declare " not in statements
    assert settings.DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"]
