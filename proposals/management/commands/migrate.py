from django.core.management.commands import migrate
from django.db import connections

from ... import guards


class Command(migrate.Command):
    """Django's, and the guards of the database with it: a schema without them would promise less
    than it shows.
    """

    def handle(self, *args, **options) -> None:
        connection = connections[options["database"]]
        changes = not (options["plan"] or options["check_unapplied"])
        if changes and connection.vendor == "sqlite":
            # SQLite alters a table by building it anew, which triggers that name it forbid.
            guards.remove(connection)
        super().handle(*args, **options)
        if changes:
            guards.install(connection)
