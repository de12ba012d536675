"""How much of a large import is in memory: always about as much, however many rows it has."""

import gc
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import pytest
from django.db import connection

from proposals.files.catalogue import import_catalogue, plan, saving, staging
from proposals.models import PhysicalFlow

from .catalogues import CATALOGUE
from .trials.site import url_of_this_database

ROOT = Path(__file__).parent.parent
FILES = ["specifications", "logical_flows", "physical_flows"]
MOST_KILOBYTES = 300_000  # the whole process: Django, the files themselves, what is at hand
MEASURED = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "waltzflow.settings")
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "import_catalogue", sys.argv[1], "--by", ""])
# Of this program alone: what getrusage says begins with the one that started it.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
MOST_BYTES = 600  # a flow, which is three rows: in memory they would need 300 and more each
STEP = 100


def flows(number: int, systems: int) -> dict[str, bytes]:
    """A catalogue of so many flows with a specification each."""
    header = dict(CATALOGUE)
    lines = {name: [header[name].partition("\n")[0]] for name in ["systems", *FILES]}
    lines["systems"] += [f"APPLICATION,S{n},System {n},,,," for n in range(systems)]
    for n, (source, target) in enumerate(islice(routes(systems), number)):
        lines["specifications"].append(f"P{n:06},Positions {n},S{source},JSON,,CLIENT")
        lines["logical_flows"].append(f"S{source},S{target},CLIENT")
        physical = f"S{source},S{target},P{n:06},,EMAIL,DAILY,0,HIGH,,X{n}"
        lines["physical_flows"].append(physical)
    files = {name: "\n".join(found).encode() for name, found in lines.items()}
    return files | {"data_types": CATALOGUE["data_types"].encode()}


def routes(systems: int) -> Iterator[tuple[int, int]]:
    for apart in count(1):
        yield from ((n, (n * 7 + apart) % systems) for n in range(systems))


def peak(files: dict[str, bytes]) -> int:
    """The most bytes that Python held while they were imported."""
    usual = gc.get_threshold()
    # What is thrown away is cleared away at once, and without looking through all of Django.
    gc.collect()
    gc.freeze()
    gc.collect()
    gc.set_threshold(500, 2, 2)
    tracemalloc.start()
    try:
        import_catalogue(files)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.set_threshold(*usual)
        gc.unfreeze()


@pytest.fixture
def small_steps(monkeypatch):
    """Few rows are many, seen from a step that takes a hundred at once."""
    monkeypatch.setattr(plan, "NAMES_AT_ONCE", STEP)
    monkeypatch.setattr(plan, "OBJECTS_AT_ONCE", STEP)
    monkeypatch.setattr(saving, "SLICE", STEP)
    monkeypatch.setattr(staging, "TOGETHER", STEP)


@pytest.mark.once(on="postgresql")
@pytest.mark.django_db
def test_the_memory_of_an_import_does_not_grow_with_its_rows(small_steps):
    few, many = flows(200, 60), flows(800, 60)
    peak(few)
    allowed = peak(few) + 600 * MOST_BYTES
    assert peak(many) < allowed
    assert PhysicalFlow.objects.count() == 800
    # Nothing to do. The less of two: now and then something else is prepared meanwhile.
    assert min(peak(many) for _ in range(2)) < allowed


@pytest.mark.long
@pytest.mark.once(on="postgresql")
@pytest.mark.django_db(transaction=True)
def test_250_000_flows_come_in_within_300_megabytes(tmp_path):
    if connection.vendor != "postgresql":
        pytest.skip("On SQLite that is the same program.")
    for name, data in flows(250_000, 10_000).items():
        (tmp_path / f"{name}.csv").write_bytes(data)
    environ = os.environ | {"DATABASE_URL": url_of_this_database(), "DEBUG": "1"}
    for printed in ("250000 added", "Nothing changed."):
        command = [sys.executable, "-c", MEASURED, str(tmp_path)]
        done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True)
        assert printed in done.stdout, done.stderr
        assert int(done.stdout.split()[-1]) < MOST_KILOBYTES
