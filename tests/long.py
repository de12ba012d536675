"""`make test-long`: what must never be false, tried for as long as it takes.

Brings its own PostgreSQL, prints what it does while it does it, and sums up once with all figures.
Exit status 0 only if nothing failed. With arguments it runs the parts whose names contain one of
them: `python tests/long.py races`.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from run import ROOT, postgresql, suite, summary

LIVE, BOTH_CORES = ("-s",), ("-v", "-n", "2")
REST = (*BOTH_CORES, "-m", "not long")
LONG = ("-v", "-m", "long")


@dataclass(frozen=True)
class Part:
    """Some test files on one database, with the minutes they may take."""

    name: str
    database: str
    files: str
    minutes: int
    how: tuple = LIVE

    def all_files(self) -> list[str]:
        """The rest is what has no part of its own."""
        found = {path.relative_to(ROOT).as_posix() for path in ROOT.glob(self.files)}
        if self.how is REST:
            apart = (part for part in PARTS if part.how not in (REST, LONG))
            found = found.difference(*(part.all_files() for part in apart))
        return sorted(found)

    def tries(self, file: str, *, long: bool) -> bool:
        """Whether it tries what is in this file, and marked as long or not."""
        return file in self.all_files() and {REST: not long, LONG: long}.get(self.how, True)


PARTS = [
    Part("guards and constraints taken away", "SQLite", "tests/trials/test_removals.py", 10),
    Part("guards and constraints taken away", "PostgreSQL", "tests/trials/test_removals.py", 10),
    Part("what each constraint stops", "SQLite", "tests/trials/test_constraints.py", 10),
    Part("what each constraint stops", "PostgreSQL", "tests/trials/test_constraints.py", 10),
    Part("deeds of an owner", "SQLite", "tests/test_owner_attacks.py", 10),
    Part("deeds of an owner", "PostgreSQL", "tests/test_owner_attacks.py", 10),
    Part("kills of workers", "SQLite", "tests/trials/test_kills.py", 20),
    Part("kills of workers", "PostgreSQL", "tests/trials/test_kills.py", 20),
    Part("races", "SQLite", "tests/trials/test_racing.py", 20),
    Part("races", "PostgreSQL", "tests/trials/test_racing.py", 60),
    Part("hostile requests and files", "SQLite", "tests/test_hostile*.py", 60, BOTH_CORES),
    Part("hostile requests and files", "PostgreSQL", "tests/test_hostile*.py", 60, BOTH_CORES),
    Part("workflow against the model", "SQLite", "tests/trials/test_stateful.py", 60, BOTH_CORES),
    Part(
        "workflow against the model", "PostgreSQL", "tests/trials/test_stateful.py", 120, BOTH_CORES
    ),
    Part("the image, step by step", "SQLite", "tests/test_container.py", 15),
    Part("what make test shares out, all of it", "SQLite", "tests/test_*.py", 60, REST),
    Part("what make test shares out, all of it", "PostgreSQL", "tests/test_*.py", 60, REST),
    Part("what takes long", "PostgreSQL", "tests/test_*.py", 20, LONG),
    # The last, for it kills the server.
    Part("kills of PostgreSQL", "PostgreSQL", "tests/trials/test_postgres_killed.py", 30),
]


def run(part: Part, url: str) -> dict:
    environ = {"TRIALS": "long"}
    if part is PARTS[-1]:
        environ["OWN_POSTGRES"] = str(Path(tempfile.gettempdir()) / "data")
    url = url if part.database == "PostgreSQL" else ""
    return suite(
        f"{part.name}, {part.database}",
        url,
        *part.how,
        *part.all_files(),
        minutes=part.minutes,
        **environ,
    )


def main() -> int:
    wanted = sys.argv[1:] or [""]
    chosen = [
        part for part in PARTS if any(word in f"{part.name}, {part.database}" for word in wanted)
    ]
    with postgresql() as url:
        results = [run(part, url) for part in chosen]
    failed = summary(results)
    print(f"{sum(result['passed'] for result in results)} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
