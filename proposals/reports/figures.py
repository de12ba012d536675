"""Figures about the whole register: counted for each reader where that is quick, else by the worker
from time to time, and the page says as of when.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..models import PassResult
from . import insights, quality

QUICK = 0.3  # seconds that a reader may wait for them

# Name of their PassResult -> what counts them: as of a moment, as values that JSON has.
COUNTED: dict[str, Callable[[datetime], Any]] = {
    "insights": lambda at: insights.Insights.counted(at).to_json(),
    "quality": lambda at: quality.answers_to_json(),
}


@dataclass(frozen=True)
class Figures:
    """`as_of` is None of what was counted just now."""

    content: Any
    as_of: datetime | None


def figures(name: str, at: datetime, *, now: bool) -> Figures:
    """Those the worker keeps, unless it keeps none or the reader wants them counted `now`."""
    kept = None if now else kept_figures(name)
    return kept or Figures(COUNTED[name](at), None)


def kept_figures(name: str) -> Figures | None:
    """Those the worker keeps, if it does."""
    kept = PassResult.objects.filter(name=name, content__isnull=False).first()
    return Figures(kept.content, kept.at) if kept else None


def renew_figures(at: datetime) -> tuple[int, int]:
    """Keep those that take longer than QUICK to count: (how many are kept, 0)."""
    number = 0
    for name, count in COUNTED.items():
        started = time.monotonic()
        content = count(at)
        is_quick = time.monotonic() - started < QUICK
        PassResult.keep(name, at, None if is_quick else content)
        number += not is_quick
    return number, 0
