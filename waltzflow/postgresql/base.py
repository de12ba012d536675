"""Django's PostgreSQL, with moments that can be shown."""

from datetime import datetime

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg import DataError
from psycopg.types.datetime import TimestampLoader

from ..moments import EARLIEST, LATEST, showable


class LocalMoment(TimestampLoader):
    def load(self, data) -> datetime:
        return _loaded(super().load, data)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params):
        connection = super().get_new_connection(conn_params)

        class Moment(BaseTzLoader):
            timezone = self.timezone

            def load(self, data) -> datetime:
                return _loaded(super().load, data).replace(tzinfo=self.timezone)

        connection.adapters.register_loader("timestamptz", Moment)
        connection.adapters.register_loader("timestamp", LocalMoment)
        return connection


def _loaded(load, data) -> datetime:
    try:
        return showable(load(data))
    except DataError:
        text = bytes(data)
        return EARLIEST if text.startswith(b"-") or text.endswith(b"BC") else LATEST
