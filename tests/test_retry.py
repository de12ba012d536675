"""Which errors of a database are worth another try."""

import sqlite3

import pytest
from django.db import OperationalError
from psycopg.errors import DeadlockDetected, SerializationFailure, UndefinedTable

from proposals.workflow import retry


def of_sqlite(code):
    error = sqlite3.OperationalError("in whatever words")
    error.sqlite_errorcode = code
    return error


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("cause", "is_crossed"),
    [
        (of_sqlite(sqlite3.SQLITE_BUSY), True),
        (of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), True),
        (of_sqlite(sqlite3.SQLITE_FULL), False),
        (DeadlockDetected(), True),
        (SerializationFailure(), True),
        (UndefinedTable(), False),
        (None, False),
    ],
)
def test_only_what_another_transaction_crossed_is_tried_again(monkeypatch, cause, is_crossed):
    monkeypatch.setattr(retry, "ATTEMPTS", 2)
    tries = []

    @retry.retrying_transaction
    def broken():
        tries.append(1)
        raise OperationalError("database is locked") from cause

    with pytest.raises((OperationalError, retry.Conflict)):
        broken()
    assert len(tries) == (2 if is_crossed else 1)
