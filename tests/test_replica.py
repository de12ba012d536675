"""What only reads may be read from a standby, as long as nothing is missing there."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, connections

from proposals.files.download import csv_response
from waltzflow import environment, replica
from waltzflow.replica import Router, from_replica, knows_all, pieces_from_replica


def read_from() -> str:
    return Router().db_for_read(None)


@pytest.fixture
def up_to_date(monkeypatch):
    monkeypatch.setattr(replica, "knows_all", lambda: True)


@pytest.fixture
def asked_again(monkeypatch):
    """One that failed before is asked as if that were long ago."""
    monkeypatch.setattr(replica, "_left_alone_until", 0.0)


def test_a_report_is_read_from_a_replica_that_knows_all_and_nothing_is_written_there(up_to_date):
    report = from_replica(lambda: (read_from(), Router().db_for_write(None)))
    assert report() == ("replica", "default")
    assert read_from() == "default"


def test_without_a_replica_the_primary_is_read(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        assert from_replica(read_from)() == "default"


def test_a_replica_that_fails_is_left_alone_and_the_primary_asked(
    up_to_date, asked_again, settings, monkeypatch
):
    asked = []

    @from_replica
    def report() -> str:
        asked.append(read_from())
        if read_from() == "replica":
            raise OperationalError("canceling statement due to conflict with recovery")
        return "all of it"

    assert report() == "all of it"
    assert asked == ["replica", "default"]
    monkeypatch.undo()
    monkeypatch.setattr(replica, "_left_alone_until", replica.time.monotonic() + replica.PAUSE)
    settings.DATABASES["replica"] = settings.DATABASES["default"]
    try:
        assert not knows_all()
    finally:
        del settings.DATABASES["replica"]


def test_other_code_between_two_pieces_of_a_download_reads_the_primary(up_to_date):
    sources = []

    def rows():
        for _ in range(2):
            sources.append(read_from())
            yield ["a"]

    for _ in pieces_from_replica(rows()):
        sources.append(read_from())
    assert sources == ["replica", "default"] * 2


def test_each_download_is_read_from_the_replica(up_to_date):
    rows = ([read_from()] for _ in range(2))
    content = b"".join(csv_response("rows.csv", ["from"], rows)).decode("utf-8-sig")
    assert content.split() == ["from", "replica", "replica"]


@pytest.mark.once(on="postgresql")
def test_a_server_that_is_no_standby_is_not_taken_for_one(db, asked_again, settings):
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has standbys")
    same = connection.copy()  # under its own alias: of another the test may not ask
    settings.DATABASES["replica"] = connection.settings_dict
    connections["replica"] = same
    try:
        assert not knows_all()
    finally:
        same.close()
        del connections["replica"], settings.DATABASES["replica"]


@pytest.mark.parametrize("named", ["", "   "])
def test_there_need_not_be_one(monkeypatch, named):
    monkeypatch.setenv("REPLICA_URL", named)
    assert environment.replica({"ENGINE": "django.db.backends.postgresql"}) is None


def test_the_replica_is_any_of_the_hosts_named_best_a_standby(monkeypatch):
    monkeypatch.setenv("REPLICA_URL", "postgres://app:secret@db2,db3:5433/flows")
    settings = environment.replica({"ENGINE": "django.db.backends.postgresql"})
    assert (settings["HOST"], settings["PORT"], settings["NAME"]) == ("db2,db3", ",5433", "flows")
    assert settings["OPTIONS"]["target_session_attrs"] == "prefer-standby"
    assert settings["OPTIONS"]["connect_timeout"] == 5


@pytest.mark.parametrize(
    ("named", "primary", "sentence"),
    [
        ("postgres://db2/flows", "sqlite3", "DATABASE_URL has to name its primary"),
        ("sqlite:///x", "postgresql", "DATABASE_URL has to name its primary"),
        ("postgres://db2:x/flows", "postgresql", "REPLICA_URL cannot be read"),
        ("mysql://db2/flows", "postgresql", "REPLICA_URL names no PostgreSQL database"),
    ],
)
def test_what_cannot_be_a_replica_stops_the_start(monkeypatch, named, primary, sentence):
    monkeypatch.setenv("REPLICA_URL", named)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        environment.replica({"ENGINE": f"django.db.backends.{primary}"})
