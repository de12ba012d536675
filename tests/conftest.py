"""The cast: two systems, and everybody who could have something to do with a flow between them."""

import gc
import os
from pathlib import Path
from zlib import crc32

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection, transaction
from django.test import TransactionTestCase, override_settings
from pytest_django.plugin import blocking_manager_key

from proposals import guards
from proposals.models import ImportBatch, LogicalFlow, Policy

from . import accounts, attacks, databases, factories, worlds
from .browsing import chromium  # noqa: F401
from .identity_provider import idp, idp_server, mia  # noqa: F401


@pytest.fixture(autouse=True, scope="session")
def passwords_cost_little():
    """That a hash takes a third of a second protects nobody here, and hundreds are made."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def as_(client):
    """The test client, signed in as somebody."""

    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


# Kills the server it runs on, so it has one of its own (`make test-long` brings it).
collect_ignore = [] if os.environ.get("OWN_POSTGRES") else ["trials/test_postgres_killed.py"]
# Brings a database of its own: once is enough, and the run on SQLite is that once.
collect_ignore += ["test_file_bombs.py"] if os.environ.get("DATABASE_URL") else []

# What asks the database for something that could come out otherwise on the other one, and what must
# never be false: `make test` tries these on both. Of the rest, pages and words above all, each test
# is tried on one of the two, as its name falls; `make test-long` tries everything on both.
ON_BOTH = {
    *("as_of", "attacks", "benchmark", "broken_catalogues", "catalogue_files", "effects"),
    *("figures", "forgeries", "guards", "histories", "idempotency", "import_waltz", "insights"),
    *("ledger", "migrate", "new_rights", "own_specification", "owner_attacks", "policies"),
    *("quality", "races", "real_files", "restore_check", "retry", "rights", "roles", "rounds"),
    *("same_text", "search", "stories", "tree", "updates", "verify_audit", "walk", "workflow"),
}

# The rows that every migrate lays and no test changes.
KEPT = {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}


def pytest_configure(config) -> None:
    if not hasattr(config, "workerinput"):
        databases.begin()
    # An eighth of the processor time went into looking for what can be thrown away.
    gc.set_threshold(50_000, 20, 50)


COLLECTED = pytest.StashKey[set[tuple[str, bool]]]()  # the ids of all tests, and whether long


@pytest.hookimpl(tryfirst=True)  # before `-m once` looks for the mark
def pytest_collection_modifyitems(config, items) -> None:
    """`make test` shares out over its two runs what does not differ between the databases."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.once(on="sqlite"))
    config.stash[COLLECTED] = {
        (item.nodeid, item.get_closest_marker("long") is not None) for item in items
    }
    if folder := os.environ.get("SHARE_OUT"):
        items[:] = [item for item in items if not item.get_closest_marker("long")]
        elsewhere = [item for item in items if database_of(item) not in ("", connection.vendor)]
        # For run.py, which looks whether the other run has tried them.
        left = Path(folder) / connection.vendor
        left.write_text("\n".join(item.nodeid for item in elsewhere))
        config.hook.pytest_deselected(items=elsewhere)
        leave = set(elsewhere)
        items[:] = [item for item in items if item not in leave]


def database_of(item: pytest.Item) -> str:
    """The one it is tried on where tests are shared out; "": on both.

    What needs no database is known by what it asks for, so that nobody has to remember a mark.
    By its name, and not in turn, so that a test stays where it is when others come and go.
    """
    once = item.get_closest_marker("once")
    if once:
        assert once.kwargs["on"] in {"sqlite", "postgresql"}, f"{item.nodeid} would never be tried"
        return once.kwargs["on"]
    is_marked = item.get_closest_marker("django_db") is not None
    if not is_marked and "django_db_setup" not in getattr(item, "fixturenames", ()):
        return "sqlite"
    if item.path.parent.name == "trials" or item.path.stem.removeprefix("test_") in ON_BOTH:
        return ""
    return ("sqlite", "postgresql")[crc32(item.nodeid.encode()) % 2]


def pytest_unconfigure(config) -> None:
    if not hasattr(config, "workerinput"):
        databases.end()


@pytest.fixture(scope="session")
def django_db_setup(request, django_test_environment, django_db_blocker):
    """Instead of migrating for each worker: a copy of what was migrated once."""
    workerinput = getattr(request.config, "workerinput", {"workerid": "alone"})
    with django_db_blocker.unblock():
        databases.make(workerinput["workerid"])
    yield
    with django_db_blocker.unblock():
        worlds.lift([])
        connection.close()


def empty_tables(case) -> None:
    """After a transactional test, instead of Django's flush: all tables but those of KEPT.

    Emptying them is what the guards forbid, so for this they look away. On PostgreSQL all triggers
    do while this session is a replica; and to delete the few rows there are is much quicker than to
    truncate a hundred tables.
    """
    tables = set(connection.introspection.django_table_names(only_existing=True)) - KEPT
    tables -= {"django_migrations"}
    deletions = [f"DELETE FROM {connection.ops.quote_name(table)}" for table in sorted(tables)]
    on_postgresql = connection.vendor == "postgresql"
    if not on_postgresql:
        guards.remove(connection)
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        if on_postgresql:
            cursor.execute("SET session_replication_role = replica")
        with transaction.atomic():
            for deletion in deletions:
                cursor.execute(deletion)
        if on_postgresql:
            cursor.execute("SET session_replication_role = DEFAULT")
    Group.objects.exclude(name__in=["Stewards", "Auditors"]).delete()
    Policy.objects.get_or_create(pk=1)
    if not on_postgresql:
        guards.install(connection)


TransactionTestCase._fixture_teardown = empty_tables


@pytest.fixture(scope="session")
def roles(django_db_setup):
    accounts.make_roles()


@pytest.fixture(name="accounts")
def granted_accounts(roles, db):
    """The README's statements carried out, for this test alone; the tables stay the owner's."""
    accounts.grant()


@pytest.fixture
def serving_as_the_application(request, transactional_db):
    """What the site asks the database from now on, it asks by the README's account; on SQLite,
    which knows none, by the only one there is.
    """
    if connection.vendor == "sqlite":
        yield
        return
    request.getfixturevalue("roles")
    accounts.grant()
    options = connection.settings_dict["OPTIONS"]
    options["assume_role"] = "waltzflow_app"  # of connections that begin now: the site's threads
    yield
    del options["assume_role"]
    connection.close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item) -> None:
    with item.config.stash[blocking_manager_key].unblock():
        worlds.lift(worlds.wanted(item))


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef, request) -> None:
    if fixturedef.argname == "_django_db_helper":  # which begins the transaction of the test
        with request.config.stash[blocking_manager_key].unblock():
            worlds.lay(worlds.wanted(request.node))


@worlds.shared
def source(db):
    return factories.source()


@worlds.shared
def target(db):
    return factories.target()


@worlds.shared
def maker(db):
    return factories.maker()


@worlds.shared
def cast(source, target, maker):
    return factories.cast(source, target, maker)


@worlds.shared
def proposal(cast, source, target):
    """Submitted by the maker, waiting for both sides."""
    return factories.proposed(cast.maker, source, target)


@worlds.shared
def story(cast, source, target):
    return factories.story(cast, source, target)


@worlds.shared
def scene(cast, source, target):
    """The ids of what attacks name."""
    return vars(attacks.scene(cast, source, target))


@pytest.fixture
def imported(source, target):
    """A logical flow an import brought: in the register, approved by nobody."""
    batch = ImportBatch.objects.create(outcome="1 logical flow added")
    flow = LogicalFlow(source=source, target=target, origin_batch=batch)
    factories.store(flow, by=None, why=f"Import {batch.pk}", at=batch.at)
    return flow


@pytest.fixture
def place(settings, tmp_path):
    """The settings of where the key of the ledger and its checkpoints are; there is a key."""
    settings.LEDGER_KEY = tmp_path / "key" / "private.txt"
    settings.LEDGER_CHECKPOINTS = tmp_path / "checkpoints"
    call_command("ledger_key")
    return settings


@pytest.fixture
def people(cast):
    """Those of the cast who sign in at a browser."""
    for person in (cast.maker, cast.source_approver, cast.target_approver, cast.auditor, cast.both):
        person.set_password("waltzflow")
        person.save()
    return cast
