"""The site as it runs in production, gunicorn before this database, and people who use it over
HTTP.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.db import connection
from django.test import Client

ROOT = Path(__file__).parent.parent.parent
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def url_of_this_database():
    """DATABASE_URL for another process."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def serving(url, application="tests.trials.fatal", workers=1, port=None, **environ):
    """The port of a gunicorn that starts a worker anew when one dies."""
    port = port or free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        f"{application}:application",
        "--preload",
        "--log-level",
        "critical",
    ]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--graceful-timeout", "1"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    served = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url, "DEBUG": "1"} | environ, **silent
    )
    try:
        until(lambda: alive(port))
        yield port
    finally:
        served.send_signal(signal.SIGTERM)
        served.wait(timeout=30)


def alive(port):
    try:
        return Browser(port).get("/healthz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


class Browser:
    """One person at the site. The session is made beside it, in the database."""

    def __init__(self, port, user=None):
        self.port, self.cookies = port, {}
        if user:
            client = Client()
            client.force_login(user)
            self.cookies["sessionid"] = client.cookies["sessionid"].value

    def get(self, path):
        """(status, body)"""
        status, _, body = self._ask("GET", path)
        return status, body

    def form(self, path):
        """What the form on this page sends by itself."""
        status, body = self.get(path)
        assert status == 200, (path, status)
        return dict(HIDDEN.findall(body))

    def post(self, path, sent, **headers):
        """(status, headers); ConnectionError or HTTPException where no answer came."""
        headers |= {
            "Content-Type": "application/x-www-form-urlencoded",
            "Referer": f"http://127.0.0.1:{self.port}/",
        }
        status, found, _ = self._ask("POST", path, urlencode(sent), headers)
        return status, found

    def _ask(self, method, path, body=None, headers=()):
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            asked.request(method, path, body, dict(headers) | {"Cookie": cookie})
            answer = asked.getresponse()
            for header in answer.headers.get_all("Set-Cookie", []):
                name, value = header.split(";")[0].split("=", 1)
                self.cookies[name] = value
            return answer.status, answer.headers, answer.read().decode()
        finally:
            asked.close()
