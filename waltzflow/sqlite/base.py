"""Django's SQLite, with moments that can be shown."""

import sqlite3

from django.db.backends.sqlite3 import _functions, base, operations
from django.utils.dateparse import parse_datetime

from ..moments import showable_text

# Those of Django's that read a moment in a time zone: name, number of arguments, function.
FUNCTIONS = [
    ("django_date_trunc", 4, _functions._sqlite_date_trunc),
    ("django_datetime_cast_date", 3, _functions._sqlite_datetime_cast_date),
    ("django_datetime_cast_time", 3, _functions._sqlite_datetime_cast_time),
    ("django_datetime_extract", 4, _functions._sqlite_datetime_extract),
    ("django_datetime_trunc", 4, _functions._sqlite_datetime_trunc),
]


def _read(stored: bytes):
    return parse_datetime(showable_text(stored.decode()))


# In place of Django's, for columns; what is computed reaches `convert_datetimefield_value`.
for column_type in ("datetime", "timestamp"):
    sqlite3.register_converter(column_type, _read)


class DatabaseOperations(operations.DatabaseOperations):
    def convert_datetimefield_value(self, value, expression, connection):
        return super().convert_datetimefield_value(showable_text(value), expression, connection)


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def get_new_connection(self, conn_params):
        connection = super().get_new_connection(conn_params)
        for name, arguments, function in FUNCTIONS:
            connection.create_function(name, arguments, _reading(function), deterministic=True)
        return connection


def _reading(function):
    return lambda *arguments: function(*map(showable_text, arguments))
