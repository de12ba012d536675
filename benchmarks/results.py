"""The table and the picture of a run."""

import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from statistics import median

from django.db import connection
from django.template import Context, Template

from proposals.reports import charts

from .measuring import PATIENCE, Cost
from .reading import LISTS, PAGES
from .register import BUSIEST, ORDINARY

FOLDER = Path(__file__).parent
TABLE, PICTURE = FOLDER / "RESULTS.md", FOLDER / "growth.svg"
DRAWN = ["inbox", "proposal to decide", "flow", "physical flow", "system", "hub"]
COLUMNS = ["what", "who", "database", "statements", "rows", "by hand", "whole", "growth"]
COLUMNS += ["processor", "kB"]
EXPLANATION = f"""\
A cell with a / has a figure for each size. *Database* is what the client waited for it, in
milliseconds; *rows* are those that the plans of all queries say were read; *by hand* compares the
database's time with SQL written by hand for what the page is about, which gives the same answer,
at the largest size; *whole* is all of an answer, in milliseconds; *growth* that of the whole;
*processor* is how many times as long Python works for it as for `/healthz`; *kB* are as sent.
A dash says that it was not asked, > {PATIENCE} s that the database did not answer in time. Times of
one run compare with each other; a busy machine makes all of them longer."""
FULL = 3.0  # times as long, at the right end of the picture
# How many times as long as for /healthz Python may work for the page of a list. Ten times and a
# millisecond a row, some 80 times in all, would be right; this is what may not become worse.
MOST_OF_PYTHON = 320


@dataclass(frozen=True)
class Outcome:
    """What one work cost at one size: None where the database did not answer in time.

    `by_hand` are milliseconds; `rows` are those that all queries read.
    """

    cost: Cost | None
    rows: int | None = None
    by_hand: float | None = None


@dataclass(frozen=True)
class Row:
    """One work at each size, the smallest first."""

    section: str
    name: str
    who: str
    outcomes: list[Outcome]

    @property
    def largest(self) -> Outcome:
        return self.outcomes[-1]

    @property
    def growth(self) -> float | None:
        """How many times as long it takes at the largest size."""
        small, large = self.outcomes[0].cost, self.largest.cost
        return large.whole / small.whole if small and large else None

    @property
    def times_by_hand(self) -> float | None:
        cost, by_hand = self.largest.cost, self.largest.by_hand
        return cost.database / by_hand if cost and by_hand else None


@dataclass(frozen=True)
class Run:
    sizes: list[int]
    rows: list[Row]
    command: str
    load: float  # of the machine, as it began
    times: int  # that each was measured at most

    @property
    def nothing(self) -> float:
        """Milliseconds of the processor for the least page there is, /healthz."""
        costs = [row.largest.cost for row in self.rows if row.name == "/healthz"]
        return min(cost.processor for cost in costs if cost)

    @property
    def of_python(self) -> list[tuple[float, str]]:
        """(how many times as long as for /healthz Python works for it, name) of the page of each
        list, the heaviest first.
        """
        lists = [row for row in self.rows if row.section == LISTS]
        shares = [(row.largest.cost, row.name) for row in lists]
        return sorted(((c.processor / self.nothing, name) for c, name in shares if c), reverse=True)

    @property
    def too_heavy(self) -> list[str]:
        """The pages of lists for which Python works longer than it may, each with how long."""
        return [
            f"{name}: {_times(share)}" for share, name in self.of_python if share > MOST_OF_PYTHON
        ]


def write(run: Run, table: Path = TABLE, picture: Path = PICTURE) -> None:
    table.write_text("\n".join([*_head(run), *_sections(run)]) + "\n")
    picture.write_text(_drawn(run))


def _head(run: Run) -> Iterator[str]:
    sizes = " and ".join(f"{size:,}" for size in run.sizes)
    yield "# Results of the benchmark"
    yield ""
    yield f"`{run.command}` on {date.today():%-d %B %Y}."
    yield ""
    yield f"- Machine: {_machine()}; load as it began: {run.load:.1f}."
    yield f"- Database: {_server()}. Python {platform.python_version()}."
    yield f"- Registers with {sizes} proposals, measured in turn within one run."
    yield f"- Medians of up to {run.times} times, of the processor the least; long ones once."
    if shares := run.of_python:
        half, worst = median(share for share, _ in shares), shares[0]
        yield (
            f"- For the page of a list Python works {_times(half)} as long as for `/healthz`, "
            f"at most {_times(worst[0])} (`{worst[1]}`). More than {MOST_OF_PYTHON} x is an error."
        )
    yield ""
    yield from EXPLANATION.splitlines()


def _sections(run: Run) -> Iterator[str]:
    for section, rows in groupby(run.rows, key=lambda row: row.section):
        yield ""
        yield f"## {section}"
        yield ""
        yield f"| {' | '.join(COLUMNS)} |"
        yield f"|---|---|{'--:|' * (len(COLUMNS) - 2)}"
        for row in rows:
            yield _line(row, run.nothing)


def _line(row: Row, nothing: float) -> str:
    cells = [
        f"`{row.name}`" if row.name.startswith("/") else row.name,
        row.who,
        _each(row, lambda outcome: _milliseconds(outcome.cost and outcome.cost.database)),
        _each(row, lambda outcome: str(outcome.cost.statements) if outcome.cost else "-"),
        _each(row, lambda outcome: "-" if outcome.rows is None else f"{outcome.rows:,}"),
        _times(row.times_by_hand),
        _each(row, lambda outcome: _milliseconds(outcome.cost and outcome.cost.whole)),
        _times(row.growth),
        _times(row.largest.cost and row.largest.cost.processor / nothing),
        _each(row, lambda outcome: f"{outcome.cost.size / 1000:,.1f}" if outcome.cost else "-"),
    ]
    return f"| {' | '.join(cells)} |"


def _each(row: Row, said: Callable[[Outcome], str]) -> str:
    return " / ".join(dict.fromkeys(said(outcome) for outcome in row.outcomes))


def _milliseconds(value: float | None) -> str:
    if value is None:
        return f"> {PATIENCE} s"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} x" if value >= 10 else f"{value:.1f} x"


def _machine() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processor = models[0] if models else platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores, {processor}, {memory:.0f} GB"


def _server() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0].split()[0]
        cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")
        trigrams = "with" if cursor.fetchone()[0] else "without"
    return f"PostgreSQL {version}, {trigrams} pg_trgm"


def _drawn(run: Run) -> str:
    """How many times as long the main pages take in the largest register."""
    by_key = {(row.name, row.who): row for row in run.rows if row.section == PAGES}
    shown = [(name, who) for name in DRAWN for who in (ORDINARY, BUSIEST[0])]
    bars = []
    for name, who in shown:
        row = by_key[name, who]
        if row.growth:
            times = [_milliseconds(outcome.cost and outcome.cost.whole) for outcome in row.outcomes]
            summary = f"{times[0]} → {times[-1]} ms, {_times(row.growth)}"
            bars.append((f"{name}, {who}", summary, {"bar": min(row.growth, FULL)}))
    template = Template((FOLDER / "growth.svg.html").read_text())
    chart = charts.bars(bars, full=FULL)
    sizes = [f"{size:,}" for size in run.sizes]
    return template.render(Context({"chart": chart, "sizes": sizes, "once": 100 / FULL}))
