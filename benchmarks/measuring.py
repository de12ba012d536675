"""What one thing costs, done once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.db import OperationalError, connection
from psycopg.errors import QueryCanceled

from . import plans

PATIENCE = 30  # seconds that a statement may take
# As Django says it, and as the cursor does by which plans are asked for.
TOO_LONG = (OperationalError, QueryCanceled)


@dataclass(frozen=True)
class Cost:
    """Milliseconds, and bytes of the answer. The database's share is what its client waited for it,
    that of the processor what this process worked: Python, without the database.
    """

    database: float
    statements: int
    whole: float
    processor: float
    size: int


@dataclass
class Meter:
    """Listens to what the database is asked."""

    seconds: float = 0.0
    statements: int = 0

    def __call__(self, execute, sql, params, many, context) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - started
            self.statements += 1


@dataclass
class Reader:
    """Asks for the plan of every query besides, and adds up what it read; `heaviest` are the
    (milliseconds, statement) of all.
    """

    rows: int = 0
    heaviest: list[tuple[float, str]] = field(default_factory=list)

    def __call__(self, execute, sql, params, many, context) -> Any:
        if plans.is_query(sql):
            self.rows += plans.rows_of(plans.explained(sql, params))
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent = 1000 * (time.perf_counter() - started)
            if plans.is_query(sql):
                self.heaviest.append((spent, connection.ops.compose_sql(sql, params)))


def measured(act: Callable[[], int]) -> Cost | None:
    """What it costs to do it once; None if the database had not answered within PATIENCE."""
    meter = Meter()
    processor, whole = time.process_time(), time.perf_counter()
    try:
        with connection.execute_wrapper(meter):
            size = act()
    except TOO_LONG:
        return None
    return Cost(
        1000 * meter.seconds,
        meter.statements,
        1000 * (time.perf_counter() - whole),
        1000 * (time.process_time() - processor),
        size,
    )


def read(act: Callable[[], int]) -> Reader | None:
    """The rows that it reads, doing it once; None if a plan took longer than PATIENCE."""
    reader = Reader()
    try:
        with connection.execute_wrapper(reader):
            act()
    except TOO_LONG:
        return None
    return reader


def typical(costs: list[Cost]) -> Cost:
    """The median of each figure; of the processor the least, since only what is not the work
    itself, as Python's collection of garbage, makes it more.
    """
    return Cost(
        median(cost.database for cost in costs),
        round(median(cost.statements for cost in costs)),
        median(cost.whole for cost in costs),
        min(cost.processor for cost in costs),
        round(median(cost.size for cost in costs)),
    )
