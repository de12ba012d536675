"""`python -m tests.replica`: a primary and a standby of PostgreSQL, and downloads meanwhile: the
standby is read from, held up, and killed; no download lacks what was there when it was asked for.

Needs the programs of PostgreSQL, as `tests.failover` does.
"""

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

import django
import psutil

from .failover import Server

DAYS = "first=2026-01-01&last=2026-01-02"
PAGES = [
    *("/insights/?now=on", "/quality/?now=on", "/flows/?as=csv", "/flows/?as=xlsx"),
    *("/systems/?as=csv", "/proposals/?as=csv", "/audit/register/", "/audit/register/?as=csv"),
    *(f"/audit/difference/?{DAYS}", f"/audit/difference/?{DAYS}&as=csv"),
    *(f"/audit/transitions/?{DAYS}", f"/audit/transitions/?{DAYS}&as=csv"),
]


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="wf-replica-", dir="/tmp"))
    folder.chmod(0o777)
    primary, standby = Server(folder, "db1"), Server(folder, "db2")
    try:
        primary.make("")
        primary.start()
        primary.sql("CREATE DATABASE waltzflow")
        standby.follow(primary)
        try_all(primary, standby)
    finally:
        for server in (primary, standby):
            with suppress(FileNotFoundError, psutil.NoSuchProcess):  # it was killed, or never began
                server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def try_all(primary: Server, standby: Server) -> None:
    os.environ["DATABASE_URL"] = f"postgres://postgres@127.0.0.1:{primary.port}/waltzflow"
    os.environ["REPLICA_URL"] = f"postgres://postgres@127.0.0.1:{standby.port}/waltzflow"
    os.environ["DEBUG"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "waltzflow.settings")
    django.setup()
    import_module("django.core.management").call_command("migrate", verbosity=0)
    client = import_module("django.test").Client()
    factories = import_module("tests.factories")
    client.force_login(
        factories.user("Ada", is_superuser=True, is_staff=True),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    factories.proposed(factories.user(), factories.system("One"), factories.system("Two"))
    for page in PAGES:
        with asked_of_the_replica() as asked:
            response = client.get(page)
            assert response.status_code == 200, page
            b"".join(response)
        assert asked, f"{page} is read from the primary"
    print(f"{len(PAGES)} pages and files are read from the standby")
    for name, hindrance, statements in (
        ("It is read from", lambda: None, True),
        ("It is held up", lambda: standby.sql("SELECT pg_wal_replay_pause()"), False),
        ("It goes on", lambda: standby.sql("SELECT pg_wal_replay_resume()"), True),
        ("It is killed", standby.kill, False),
    ):
        hindrance()
        for number in range(20):
            system = factories.system(f"{name} {number}")
            with asked_of_the_replica() as asked:
                file = b"".join(client.get("/systems/", {"as": "csv"})).decode()
                page = client.get("/insights/", {"now": "on"})
                assert page.status_code == 200
            assert system.code in file, f"{name}: the download lacks {system}"
        assert bool(asked) == statements, (name, asked)
        print(f"{name}: 20 downloads complete, {len(asked)} statements on the standby for the last")


@contextmanager
def asked_of_the_replica():
    """The statements that read tables there."""
    connections = import_module("django.db").connections
    asked: list[str] = []

    def note(execute, sql, params, many, context):
        if "proposals_" in sql:
            asked.append(sql)
        return execute(sql, params, many, context)

    with connections["replica"].execute_wrapper(note):
        yield asked


if __name__ == "__main__":
    main()
