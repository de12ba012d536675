"""`python -m tests.failover`: the primary of three PostgreSQL servers is killed again and again
under load, a standby promoted, and whatever the site had acknowledged is looked for.

Two web hosts and two workers stand before the servers, as docs/operation.md says; a web host and a
worker are killed now and then too. Before each kill the primary's network stalls for a moment: with
`--asynchronous`, the control, what was acknowledged meanwhile is lost. A mail may go out twice
where its worker was killed between sending it and writing that down; both have one Message-ID.

With `--kill COMMAND` the servers are those of DATABASE_URL, an empty database of a cluster that
looks after itself, with Patroni say. The command kills its primary and returns.

Otherwise needs the programs of PostgreSQL (their folder is POSTGRESQL, or Debian's).
"""

import argparse
import http.client
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing, suppress
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import django
import psutil
import psycopg
from django.db import connections

from .trials.site import ROOT, alive, free_port, until
from .trials.smtp import sink

PROGRAMS = Path(os.environ.get("POSTGRESQL", "/usr/lib/postgresql/15/bin"))
# PostgreSQL does not run as root.
ACCOUNT = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
SYSTEMS = 80
LONGEST_STALL = 1.0  # seconds


class Server:
    """One PostgreSQL: primary or standby."""

    def __init__(self, folder: Path, name: str) -> None:
        self.data, self.name, self.port = folder / name, name, free_port()

    def run(self, program: str, *arguments: str) -> None:
        command = [PROGRAMS / program, *arguments]
        subprocess.run(command, check=True, cwd="/tmp", **ACCOUNT, **SILENT)

    def sql(self, statement: str):
        """The first value of the answer; None if there is none."""
        address = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with closing(psycopg.connect(address, autocommit=True, connect_timeout=5)) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None

    def make(self, synchronous: str) -> None:
        self.run("initdb", "--pgdata", str(self.data), "--auth=trust", "--username=postgres")
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "120",
            "wal_keep_size": "1GB",
            "synchronous_standby_names": synchronous,
            "fsync": "off",  # processes are killed here, not machines
        }
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def follow(self, primary: "Server") -> None:
        """A standby from nothing."""
        shutil.rmtree(self.data, ignore_errors=True)
        source = f"host=127.0.0.1 port={primary.port} user=postgres"
        how = ("--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream")
        self.run("pg_basebackup", "--pgdata", str(self.data), "--dbname", source, *how)
        self.start()

    def start(self) -> None:
        # The cluster's name is how its primary knows a standby.
        options = f"-p {self.port} -c cluster_name={self.name}"
        log = str(self.data / "log")
        self.run("pg_ctl", "start", "--wait", "-D", str(self.data), "-o", options, "-l", log)

    def processes(self) -> list[psutil.Process]:
        postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        return [postmaster, *postmaster.children(recursive=True)]

    def kill(self) -> None:
        processes = self.processes()
        for process in processes:
            # A backend may have ended since they were listed.
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=20)

    def stall(self, seconds: float) -> None:
        """Sends nothing more to its standbys, and takes part in all else."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                if "walsender" in " ".join(process.cmdline()):
                    process.suspend()
        time.sleep(seconds)


class Cluster:
    """Three servers, one of them the primary."""

    def __init__(self, folder: Path, synchronous: bool) -> None:
        self.servers = [Server(folder, name) for name in ("db1", "db2", "db3")]
        self.primary = self.servers[0]
        self.primary.make("ANY 1 (db1, db2, db3)" if synchronous else "")
        self.primary.start()
        for server in self.servers[1:]:
            server.follow(self.primary)
        self.primary.sql("CREATE DATABASE waltzflow")

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in self.servers)
        return f"postgres://postgres@{hosts}/waltzflow"

    def fail_over(self) -> None:
        dead, standbys = self.primary, [s for s in self.servers if s is not self.primary]
        dead.stall(random.uniform(0, LONGEST_STALL))
        dead.kill()
        received = "SELECT pg_last_wal_receive_lsn() - '0/0'"
        self.primary = max(standbys, key=lambda server: server.sql(received))
        self.primary.run("pg_ctl", "promote", "--wait", "-D", str(self.primary.data))
        [other] = [server for server in standbys if server is not self.primary]
        address = f"host=127.0.0.1 port={self.primary.port} user=postgres"
        other.sql(f"ALTER SYSTEM SET primary_conninfo = '{address}'")
        other.sql("SELECT pg_reload_conf()")
        dead.follow(self.primary)

    def stop(self) -> None:
        for server in self.servers:
            server.kill()


class Running:
    """A cluster that promotes a standby by itself when `command` has killed its primary."""

    def __init__(self, url: str, command: str) -> None:
        self.url, self.command = url, command

    def fail_over(self) -> None:
        subprocess.run(self.command, shell=True, check=True)


class Site:
    """Two web hosts and two workers, started again when they were killed."""

    def __init__(self, url: str, mail_port: int) -> None:
        self.ports = [free_port(), free_port()]
        self.environ = os.environ | {
            "DEBUG": "1",
            "DATABASE_URL": url,
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "API_REQUESTS_PER_MINUTE": "100000",
            "WEB_PROCESSES": "1",
        }
        self.web = [self.start("-m", "gunicorn", BIND=f"127.0.0.1:{port}") for port in self.ports]
        self.workers = [self.start("manage.py", "worker") for _ in range(2)]

    def start(self, *command: str, **environ: str) -> psutil.Popen:
        return psutil.Popen(
            [sys.executable, *command], cwd=ROOT, env=self.environ | environ, **SILENT
        )

    def kill_one_of_each(self, number: int) -> None:
        place = number % 2
        self.kill(self.web[place])
        self.kill(self.workers[place])
        time.sleep(1)
        self.web[place] = self.start("-m", "gunicorn", BIND=f"127.0.0.1:{self.ports[place]}")
        self.workers[place] = self.start("manage.py", "worker")

    def kill(self, process: psutil.Process) -> None:
        for one in [process, *process.children(recursive=True)]:
            one.kill()
        process.wait()

    def stop(self) -> None:
        for process in [*self.web, *self.workers]:
            self.kill(process)


class Writers:
    """Programs that propose and approve over HTTP; each repeats itself until it is answered."""

    def __init__(self, ports, company, number: int) -> None:
        self.ports, self.company = ports, company
        self.pairs = itertools.permutations(company.codes, 2)
        self.drawing = threading.Lock()
        self.stopping = threading.Event()
        self.acknowledged: list[tuple[str, int, str, str]] = []
        self.answers: Counter[str] = Counter()
        self.longest = 0.0  # seconds for which one of them had no answer that was of use
        self.threads = [threading.Thread(target=self.write) for _ in range(number)]

    def write(self) -> None:
        while not self.stopping.is_set():
            with self.drawing:
                pair = next(self.pairs)
            source, target = pair
            wish = {"source": source, "target": target, "with_physical_flow": False}
            wish |= {"data_types": [self.company.data_type], "reason": self.company.reason}
            wish["justification"] = "The trial asks for it."
            made = self.insist("POST", "/proposals", self.company.maker, pair, wish)
            if not made:
                continue
            number = made["number"]
            self.acknowledged.append(("propose", number, *pair))
            read = self.insist("GET", f"/proposals/{number}", self.company.approver, pair)
            decision = {"decision": "approve", "side": "SOURCE"}
            path = f"/proposals/{number}/decide"
            if read and self.insist(
                "POST", path, self.company.approver, pair, decision, read["tag"]
            ):
                self.acknowledged.append(("approve", number, *pair))

    def insist(self, method, path, token, pair, content=None, tag=""):
        """The answer, with its ETag as `tag`; None if it was refused or all is over."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": f"{path} {pair}", "If-Match": tag}
        began, body = time.monotonic(), json.dumps(content) if content else None
        for port in itertools.cycle(random.sample(self.ports, 2)):
            status, answer = asked(port, method, f"/api/v1{path}", body, headers)
            self.answers[f"{method} {status}"] += 1
            if status in (200, 201):
                self.longest = max(self.longest, time.monotonic() - began)
                return answer
            if status not in AGAIN or self.stopping.is_set():
                return None
            time.sleep(0.2)
        return None


# No answer, or one that says to come again; anything else is a refusal.
AGAIN = {503, "no connection", "connection broken"}


def asked(port, method, path, body, headers):
    """(status, answer with its ETag as `tag`), or what happened to the connection instead."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.connect()
    except OSError:
        return "no connection", None
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read()
        if response.status == 503:
            return (503 if response.headers["Retry-After"] else "503 without Retry-After"), None
        if response.status not in (200, 201):
            return response.status, text
        return response.status, json.loads(text) | {"tag": response.headers.get("ETag", "")}
    except (OSError, http.client.HTTPException):
        return "connection broken", None
    finally:
        connection.close()


def make_company():
    """Systems between which `maker` proposes and for which `approver` decides."""
    django.setup()
    factories = import_module("tests.factories")
    factories.rule("Data Owner")
    factories.policy(api_decisions=True)
    maker, approver = factories.user("Maker"), factories.user("Approver")
    systems = [factories.system() for _ in range(SYSTEMS)]
    for system in systems:
        factories.involve(approver, system)
    company = SimpleNamespace(
        codes=[system.code for system in systems],
        data_type=factories.data_type().code,
        reason=factories.reason().name,
        maker=factories.token(maker).text,
        approver=factories.token(approver, may_decide=True).text,
    )
    connections.close_all()
    return company


def missing(acknowledged) -> list:
    """Which of them the database does not know any more."""
    models = import_module("proposals.models")
    known = {
        (pk, source, target): state
        for pk, source, target, state in models.Proposal.objects.values_list(
            "pk", "source__code", "target__code", "state"
        )
    }
    wanted = {"propose": ("PENDING_APPROVALS", "SOURCE_APPROVED"), "approve": ("SOURCE_APPROVED",)}
    return [act for act in acknowledged if known.get(act[1:]) not in wanted[act[0]]]


def wait_for_mail() -> None:
    outgoing = import_module("post_office.models").Email.objects.exclude(status=0)  # sent
    until(lambda: not outgoing.exists(), seconds=240)  # longer than a mail is claimed


def trial(cluster: Cluster | Running, site: Site, writers: Writers, times: int) -> None:
    until(lambda: writers.acknowledged, seconds=120)
    for number in range(1, times + 1):
        if number % 4 == 0:
            site.kill_one_of_each(number // 4)
        before = len(writers.acknowledged)
        cluster.fail_over()
        # As long as there is work to be lost the next time.
        until(lambda: len(writers.acknowledged) >= before + 10, seconds=120)  # noqa: B023
        print(
            f"{number} failovers; {len(writers.acknowledged)} actions acknowledged, "
            f"answers {dict(writers.answers)}",
            flush=True,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--asynchronous", action="store_true")
    parser.add_argument("--kill", metavar="COMMAND")
    chosen = parser.parse_args()
    with ExitStack() as everything:
        cluster: Cluster | Running
        if chosen.kill:
            cluster = Running(os.environ["DATABASE_URL"], chosen.kill)
        else:
            folder = Path(everything.enter_context(tempfile.TemporaryDirectory(prefix="failover-")))
            if ACCOUNT:
                shutil.chown(folder, **ACCOUNT)
            cluster = Cluster(folder, not chosen.asynchronous)
            everything.callback(cluster.stop)
        mails = everything.enter_context(sink())
        os.environ |= {"DATABASE_URL": cluster.url, "DEBUG": "1"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "waltzflow.settings"
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
        company = make_company()
        site = Site(cluster.url, mails.port)
        everything.callback(site.stop)
        writers = Writers(site.ports, company, chosen.writers)
        until(lambda: all(alive(port) for port in site.ports), seconds=120)
        for thread in writers.threads:
            thread.start()
        try:
            trial(cluster, site, writers, chosen.times)
        finally:
            writers.stopping.set()
            for thread in writers.threads:
                thread.join()
        lost = missing(writers.acknowledged)
        wait_for_mail()
        wrong = list(import_module("proposals.history.verify").breaches())
        identities = [mail["Message-ID"] for mail in mails.taken]
        print(f"{chosen.times} failovers, {len(writers.acknowledged)} actions acknowledged")
        print(f"acknowledged and lost: {len(lost)}; disagreements of verify_audit: {len(wrong)}")
        print(f"mails: {len(identities)}, sent twice: {len(identities) - len(set(identities))}")
        print(f"answers: {dict(writers.answers)}; longest wait {writers.longest:.0f} s")
        connections.close_all()
    return int(bool(lost or wrong) != chosen.asynchronous)


if __name__ == "__main__":
    sys.exit(main())
