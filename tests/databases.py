"""A database for each worker of a test run, copied from one that was migrated once for the run.

Names carry the run, so that two runs in one checkout, or on one server, do not meet. SQLite's files
lie in a folder of the run's own; everything is gone when the run is over.
"""

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from psycopg.conninfo import make_conninfo

RUN = "WALTZFLOW_TEST_RUN"  # the folder of the run, inherited by its workers


def begin() -> None:
    """Give this run a folder, unless it is a worker of one that has."""
    if RUN not in os.environ:
        os.environ[RUN] = tempfile.mkdtemp(prefix="wf-tests-")


def end() -> None:
    """By the process that began it: take away what its workers left."""
    folder = Path(os.environ.pop(RUN))
    if connection.vendor == "postgresql":
        with _server() as server:
            for name in _names(server, folder.name):
                server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(folder, ignore_errors=True)


def make(worker: str) -> None:
    """A migrated database for `worker`, which Django's connection leads to from now on."""
    folder = Path(os.environ[RUN])
    maker = {"postgresql": _copy_on_postgresql, "sqlite": _copy_file}[connection.vendor]
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        maker(folder, worker)


def _copy_file(folder: Path, worker: str) -> None:
    template, own = folder / "template.sqlite3", folder / f"{worker}.sqlite3"
    if not template.exists():
        unfinished = folder / "unfinished.sqlite3"
        _migrate(str(unfinished))
        with closing(sqlite3.connect(unfinished)) as written:
            written.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        unfinished.rename(template)
    copy_file(own)
    _lead_to(str(own))


def copy_file(own: Path) -> None:
    """A migrated database there, for a process that a test starts; in a run on PostgreSQL none, and
    the process makes its own.
    """
    template = Path(os.environ[RUN]) / "template.sqlite3"
    if template.exists():
        shutil.copy(template, own)


@contextmanager
def company(name: str) -> Iterator[None]:
    """On PostgreSQL: leads to a database of this worker's own with the demo company in it, which
    lasts as long; the company is made once for the run.
    """
    usual = connection.settings_dict["NAME"]
    folder = Path(os.environ[RUN])
    template, own = f"{folder.name}-company", f"{usual}-{name}"
    with (folder / "lock").open("w") as lock, _server() as server:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if template not in _names(server, template):
            server.execute(f'CREATE DATABASE "{template}" TEMPLATE "{folder.name}-template"')
            _lead_to(template)
            with open(os.devnull, "w") as nowhere, override_settings(DEBUG=True):
                call_command("demo", stdout=nowhere)
            connection.close()
        server.execute(f'CREATE DATABASE "{own}" TEMPLATE "{template}"')
    _lead_to(own)
    try:
        yield
    finally:
        _lead_to(usual)
        with _server() as server:
            server.execute(f'DROP DATABASE "{own}" WITH (FORCE)')


@contextmanager
def empty(name: str) -> Iterator[None]:
    """On PostgreSQL: leads to a database of this worker's own without anything in it, which lasts
    as long.
    """
    usual = connection.settings_dict["NAME"]
    own = f"{usual}-{name}"
    with _server() as server:
        server.execute(f'CREATE DATABASE "{own}" TEMPLATE template0')
    _lead_to(own)
    try:
        yield
    finally:
        _lead_to(usual)
        with _server() as server:
            server.execute(f'DROP DATABASE "{own}" WITH (FORCE)')


def address() -> str:
    """Of the database on PostgreSQL that Django's connection leads to, for a program of its own."""
    options = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    return make_conninfo(**{name: options[name] for name in names if options.get(name)})


def _copy_on_postgresql(folder: Path, worker: str) -> None:
    template, own = f"{folder.name}-template", f"{folder.name}-{worker}"
    with _server() as server:
        if template not in _names(server, template):
            server.execute(f'CREATE DATABASE "{template}"')
            _migrate(template)
        server.execute(f'CREATE DATABASE "{own}" TEMPLATE "{template}"')
    _lead_to(own)


def _migrate(name: str) -> None:
    _lead_to(name)
    call_command("migrate", verbosity=0)
    connection.close()


def _lead_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    connection.settings_dict["TEST"]["NAME"] = name


@contextmanager
def _server() -> Iterator[psycopg.Connection]:
    """The server outside any test database; it makes and drops them."""
    options = connection.get_connection_params() | {"dbname": "postgres"}
    wanted = {key: options[key] for key in ("host", "port", "user", "password") if key in options}
    with closing(psycopg.connect(**wanted, dbname="postgres", autocommit=True)) as server:
        yield server


def _names(server: psycopg.Connection, prefix: str) -> list[str]:
    rows = server.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]
    )
    return [name for (name,) in rows]
