"""Django's PostgreSQL, with moments that can be shown, and never a standby by mistake."""

from datetime import datetime

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg import Connection, DataError, Error, OperationalError
from psycopg.types.datetime import TimestampLoader

from ..moments import EARLIEST, LATEST, showable


class LocalMoment(TimestampLoader):
    def load(self, data) -> datetime:
        return _loaded(super().load, data)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params):
        if conn_params.get("target_session_attrs") == "read-write":
            connection = self._writable(conn_params)
        else:
            connection = super().get_new_connection(conn_params)

        class Moment(BaseTzLoader):
            timezone = self.timezone

            def load(self, data) -> datetime:
                try:
                    # What psycopg does with a pattern takes ten times as long.
                    moment = showable(datetime.fromisoformat(bytes(data).decode()))
                except ValueError:
                    moment = _loaded(super().load, data)
                return moment.replace(tzinfo=self.timezone)

        connection.adapters.register_loader("timestamptz", Moment)
        connection.adapters.register_loader("timestamp", LocalMoment)
        return connection

    def _writable(self, conn_params) -> Connection:
        """To the first of the hosts that takes what is written.

        libpq could ask it, but a pooler answers as its server was some time ago, even where this is
        a standby now, the primary now, or dead. Then libpq takes, or passes by, the wrong one.
        """
        failed: Error = OperationalError("No server takes what is written.")
        for one in _hosts(conn_params):
            try:
                connection = super().get_new_connection(one)
            except OperationalError as error:
                failed = error
                continue
            try:
                if _is_writable(connection):
                    connection.rollback()  # what the question began
                    return connection
                failed = OperationalError("The server that was the primary is a standby now.")
            except OperationalError as error:
                failed = error
            connection.close()
        raise failed

    def is_usable(self) -> bool:
        """Whether it answers and can be written to: a pooler may lead to another server by now.
        Of the replica the first is enough.
        """
        if self.alias != DEFAULT_DB_ALIAS:
            return super().is_usable()
        try:
            return self.connection is not None and _is_writable(self.connection)
        except Error:
            return False


def _hosts(conn_params) -> list[dict]:
    """The parameters for each of the hosts: libpq knows `a,b` with the ports `1,2`, `1` or none."""
    hosts = str(conn_params.get("host", "")).split(",")
    ports = str(conn_params.get("port", "")).split(",")
    if len(ports) < len(hosts):
        ports = ports[:1] * len(hosts)
    return [
        conn_params | {"host": host, "port": port, "target_session_attrs": "any"}
        for host, port in zip(hosts, ports, strict=True)
    ]


def _is_writable(connection: Connection) -> bool:
    row = connection.execute("SHOW transaction_read_only").fetchone()
    return row == ("off",)


def _loaded(load, data) -> datetime:
    try:
        return showable(load(data))
    except DataError:
        text = bytes(data)
        return EARLIEST if text.startswith(b"-") or text.endswith(b"BC") else LATEST
