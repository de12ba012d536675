from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model
from django.db.models.signals import class_prepared
from django_fsm import FSMField

from ... import guards
from ...models import fill_search_texts, index_search_texts

LOCK_NOT_AVAILABLE = "55P03"  # SQLSTATE


class Command(migrate.Command):
    """Django's, and with it what else the schema promises: the guards of the database, and that
    everything is found by a search.
    """

    def handle(self, *args, **options) -> None:
        connection = connections[options["database"]]
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        with _guards_aside(connection), historical_fields_disconnected():
            super().handle(*args, **options)
        try:
            guards.install(connection)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            raise CommandError(
                "The tables are migrated, but not the guards: somebody has held a table for longer "
                f"than {guards.LOCK_SECONDS} seconds. Run migrate again; what is done already is "
                "not done twice."
            ) from error
        if _is_newest(connection):
            fill_search_texts()
            reason = index_search_texts(connection)
            if reason and options["verbosity"]:
                self.stderr.write(self.style.WARNING(reason))


@contextmanager
def _guards_aside(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """SQLite alters a table by building it anew, which triggers that name it forbid. If that fails,
    nothing has changed, and the guards are back.
    """
    if connection.vendor != "sqlite":
        yield
        return
    definitions = guards.definitions(connection)
    guards.remove(connection)
    try:
        yield
    except BaseException:
        with connection.cursor() as cursor:
            for definition in definitions:
                cursor.execute(definition)
        raise


@contextmanager
def historical_fields_disconnected() -> Iterator[None]:
    """An FSMField listens to every class that is prepared after its own, for transitions on it. Of
    the models of migrations thousands are made and none has a transition, so the time would grow
    with their square: a third of a migration from nothing.
    """

    def stop_listening(sender: type[Model], **kwargs: object) -> None:
        if sender.__module__ != "__fake__":  # Django's name for the models of migrations
            return
        for field in sender._meta.local_fields:
            if isinstance(field, FSMField):
                class_prepared.disconnect(field._collect_transitions)

    class_prepared.connect(stop_listening)
    try:
        yield
    finally:
        class_prepared.disconnect(stop_listening)


def _is_newest(connection: BaseDatabaseWrapper) -> bool:
    executor = MigrationExecutor(connection)
    newest = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "proposals"]
    return not executor.migration_plan(newest)
