"""The product's own WSGI application, for trials: a request names in its header the point at which
its worker dies.

`X-Die-At: 7` is before the seventh statement of the request, `commit` before its transaction is
committed, `committed` after that and before the answer. The answer of a survivor says how many
statements there were.
"""

import os
import signal
from unittest import mock

from django.db import connections

from waltzflow.wsgi import application as product


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def application(environ, start_response):
    point, statements, connection = environ.get("HTTP_X_DIE_AT", ""), [], connections["default"]
    commit_truly = connection._commit

    def execute(execute_truly, sql, *args):
        statements.append(sql)
        if point == str(len(statements)):
            die()
        return execute_truly(sql, *args)

    def commit():
        if point == "commit":
            die()
        commit_truly()
        if point == "committed":
            die()

    def answer(status, headers, *rest):
        return start_response(status, [*headers, ("X-Statements", str(len(statements)))], *rest)

    # To Django a commit is no statement, but a call of the driver.
    with connection.execute_wrapper(execute), mock.patch.object(connection, "_commit", commit):
        return product(environ, answer)
