"""SIGTERM under load: whoever was let in is answered, whoever comes later is refused, and nobody's
connection is reset.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from .run import ROOT
from .trials.site import free_port, until

PEOPLE = 40


def application(environ, start_response):
    """A page that takes its time: four of them at once, as gunicorn is started here."""
    time.sleep(0.2)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def ask(port: int) -> str:
    """ "answered", "refused" where nobody was let in, or "reset" where somebody was, in vain."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        asked.connect()
    except OSError:
        return "refused"
    try:
        asked.request("GET", "/")
        return "answered" if asked.getresponse().read() == b"ok" else "cut off"
    except (OSError, http.client.HTTPException):
        return "reset"
    finally:
        asked.close()


def is_closed(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=20).close()
    except ConnectionRefusedError:
        return True
    return False


@contextmanager
def gunicorn(*arguments: str):
    """(its process, its port), configured as in production, two processes of two threads."""
    port = free_port()
    few = {"DEBUG": "1", "BIND": f"127.0.0.1:{port}", "WEB_PROCESSES": "2", "WEB_THREADS": "2"}
    command = [sys.executable, "-m", "gunicorn", "tests.test_stopping:application", *arguments]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    served = subprocess.Popen(command, cwd=ROOT, env=os.environ | few, **silent)
    try:
        until(lambda: ask(port) == "answered")
        yield served, port
    finally:
        served.kill()
        served.wait()


def stopped_under_load(*arguments: str) -> Counter[str]:
    """What became of everybody who asked, until the port was closed."""
    answers: Counter[str] = Counter()
    stopping = threading.Event()

    def go_on_asking(port: int) -> None:
        while (answer := ask(port)) != "refused":
            answers[answer] += 1
            if answer == "reset":
                return
        assert stopping.is_set()

    with gunicorn(*arguments) as (served, port), ThreadPoolExecutor(PEOPLE) as pool:
        people = [pool.submit(go_on_asking, port) for _ in range(PEOPLE)]
        time.sleep(0.5)
        stopping.set()
        served.send_signal(signal.SIGTERM)
        for person in people:
            person.result()
        assert served.wait(timeout=30) == 0
    return answers


def test_nobody_who_was_let_in_is_sent_away_by_a_stop():
    answers = stopped_under_load()
    assert answers["answered"] > PEOPLE
    assert set(answers) == {"answered"}


def test_while_the_last_are_answered_nobody_new_is_let_in():
    with gunicorn() as (served, port), ThreadPoolExecutor(24) as pool:
        last = [pool.submit(ask, port) for _ in range(24)]  # six rounds of four
        time.sleep(0.1)
        served.send_signal(signal.SIGTERM)
        until(lambda: is_closed(port))
        assert not all(asked.done() for asked in last)
        assert [asked.result() for asked in last] == ["answered"] * 24


if __name__ == "__main__":
    # How often connections are reset, here and by gunicorn's own threads.
    for how in ([], ["--worker-class", "gthread"]):
        print(how, sum((stopped_under_load(*how) for _ in range(10)), Counter()))
