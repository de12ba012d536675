"""One run: the registers are made, then everything is measured in turn for each size."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

from django.test import override_settings
from tqdm import tqdm

from . import plans, reading, results, writing
from .measuring import Cost, Reader, measured, read, typical
from .reading import FILES, Work
from .register import People, things
from .registers import Registers, be_patient, leading_to, made
from .results import Outcome, Row, Run
from .writing import IMPORT

SMALL, LARGE = 10_000, 100_000
TIMES = 3  # that each is measured
LONG = 1.0  # seconds: what takes so long is measured once
ONCE = {FILES, IMPORT}
HEAVIEST = 10  # statements that are explained


@dataclass
class Series:
    """One work in one register, as often as it was done."""

    work: Work
    costs: list[Cost] = field(default_factory=list)
    times_by_hand: list[float] = field(default_factory=list)
    reader: Reader | None = None
    is_given_up: bool = False  # the database did not answer in time

    def is_done(self, times: int) -> bool:
        took_long = any(cost.whole > 1000 * LONG for cost in self.costs)
        most = 1 if took_long or self.work.section in ONCE else times
        return self.is_given_up or len(self.costs) >= most

    def warm_up(self) -> None:
        """Done once before it counts: read are plans and, by hand, the same answer."""
        if not self.work.is_reading or self.work.section in ONCE:
            return
        if self.work.by_hand:
            self.work.by_hand.check()
        prepared = self.work.prepare()
        self.reader = read(lambda: self.work.act(prepared))
        self.is_given_up = self.reader is None

    def measure(self) -> None:
        prepared = self.work.prepare()
        cost = measured(lambda: self.work.act(prepared))
        if cost is None:
            self.is_given_up = True
            return
        self.costs.append(cost)
        if self.work.by_hand:
            started = perf_counter()
            self.work.by_hand.run()
            self.times_by_hand.append(1000 * (perf_counter() - started))

    @property
    def outcome(self) -> Outcome:
        return Outcome(
            None if self.is_given_up else typical(self.costs),
            self.reader.rows if self.reader else None,
            median(self.times_by_hand) if self.times_by_hand else None,
        )


def main() -> None:
    """By the environment: SIZE is that of the large register, PLANS a file for what the heaviest
    statements did.
    """
    size = int(os.environ.get("SIZE") or LARGE)
    load = os.getloadavg()[0]
    print(f"Making registers with {SMALL:,} and {size:,} proposals ...", flush=True)
    registers = made([SMALL, size])
    rows, series = benchmark(registers)
    command = "make benchmark" + (f" SIZE={size}" if size != LARGE else "")
    done = Run(list(registers), rows, command, load, TIMES)
    with leading_to(registers[size]):
        results.write(done)
        if path := os.environ.get("PLANS"):
            Path(path).write_text("\n\n".join(heaviest(series[size])))
    print(f"Written: {results.TABLE} and {results.PICTURE}.")
    if done.too_heavy:
        sys.exit("\n".join(["Python works too long for the page of a list:", *done.too_heavy]))


def benchmark(registers: Registers, times: int = TIMES) -> tuple[list[Row], dict]:
    """The rows of the table, and what they come from: size -> one Series for each."""
    # As in production, but for what only a server with HTTPS in front of it has.
    with override_settings(DEBUG=False, ALLOWED_HOSTS=["*"]):
        series = {size: list(all_works(registers, size)) for size in registers}
        be_patient(registers)
        turns = list(zip(*series.values(), strict=True))
        for turn in tqdm(turns, desc="plans", mininterval=5):
            in_turn(registers, turn, Series.warm_up)
        for _ in tqdm(range(times), desc="times", mininterval=5):
            for turn in turns:
                waiting = [None if one.is_done(times) else one for one in turn]
                in_turn(registers, waiting, Series.measure)
    rows = [
        Row(turn[0].work.section, turn[0].work.name, turn[0].work.who, [s.outcome for s in turn])
        for turn in turns
    ]
    return rows, series


def all_works(registers: Registers, size: int) -> Iterator[Series]:
    with leading_to(registers[size]):
        seen, people = things(), People.of_register()
        for work in [*reading.works(seen, people), *writing.works(seen, people)]:
            yield Series(work)


def in_turn(registers: Registers, turn, act) -> None:
    for one, series in zip(registers.values(), turn, strict=True):
        if series is not None:
            with leading_to(one):
                act(series)


def heaviest(series: list[Series]) -> Iterator[str]:
    """The heaviest statements of the pages and lists, each with what PostgreSQL did for it."""
    statements: dict[str, tuple[float, str]] = {}
    for one in series:
        for spent, sql in one.reader.heaviest if one.reader else []:
            if spent > statements.get(sql, (0, ""))[0]:
                statements[sql] = spent, f"{one.work.name}, {one.work.who}"
    worst = sorted(statements.items(), key=lambda item: -item[1][0])[:HEAVIEST]
    for sql, (spent, where) in worst:
        yield f"== {where}: {spent:,.0f} ms\n{sql}\n{plans.in_words(sql)}"
