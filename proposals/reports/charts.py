"""Numbers as places on a drawing. Across, in percent of whatever width there is; down, in pixels.

So a chart keeps its letters readable on a telephone, and needs no style of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from .insights import Week, in_words

BAR_ROW, BAR_TOP, BAR_HEIGHT = 46, 22, 12
PLOT_TOP, PLOT_HEIGHT, BELOW_PLOT = 20, 220, 30
LEFT_OF_PLOT, RIGHT_OF_PLOT = 15, 1  # percent: on the left there are labels
STEPS = [
    timedelta(hours=hours)
    for hours in (1, 2, 4, 8, 12, 24, 48, 120, 240, 480, 1200, 2400, 4800, 12000, 24000)
]
MAX_LINES = 5


@dataclass(frozen=True)
class Bar:
    """A bar of parts (its kind, where it begins, how wide it is), under its label and what it
    amounts to in words.
    """

    label: str
    summary: str
    parts: list[tuple[str, float, float]]
    label_y: int
    y: int
    height: int = BAR_HEIGHT


@dataclass(frozen=True)
class Bars:
    bars: list[Bar]

    @property
    def height(self) -> int:
        return len(self.bars) * BAR_ROW


def bars(rows: Sequence[tuple[str, str, dict[str, float]]], full: float = 0) -> Bars:
    """A bar for each (label, in words, part -> value). `full` fills the width; without it the
    longest bar does.
    """
    full = full or max((sum(values.values()) for _, _, values in rows), default=0) or 1
    return Bars([_bar(place, *row, full) for place, row in enumerate(rows)])


def _bar(place: int, label: str, summary: str, values: dict[str, float], full: float) -> Bar:
    parts, start = [], 0.0
    for name, value in values.items():
        width = 100 * value / full
        if value:
            parts.append((name, round(start, 2), round(width, 2)))
        start += width
    return Bar(label, summary, parts, place * BAR_ROW + 16, place * BAR_ROW + BAR_TOP)


@dataclass(frozen=True)
class Mark:
    """One week: where its two figures are, and all of it in words."""

    x: float
    half_y: float
    nine_y: float
    summary: str


@dataclass(frozen=True)
class Line:
    """A line across the plot at a round duration."""

    y: float
    label: str


@dataclass(frozen=True)
class Plot:
    marks: list[Mark]
    lines: list[Line]
    dates: list[tuple[float, Week]]
    base: int = PLOT_TOP + PLOT_HEIGHT
    height: int = PLOT_TOP + PLOT_HEIGHT + BELOW_PLOT


def plot(weeks: Sequence[Week]) -> Plot:
    """The weeks from left to right, those without a decision empty; a date under every fifth."""
    longest = max((week.nine or timedelta() for week in weeks), default=timedelta())
    step = next((step for step in STEPS if step * MAX_LINES >= longest), STEPS[-1])
    # Rounded up: // rounds down, of a negative number away from zero.
    top = max(step, -(-longest // step) * step)
    width = 100 - LEFT_OF_PLOT - RIGHT_OF_PLOT
    across = [
        round(LEFT_OF_PLOT + width * (place + 0.5) / len(weeks), 2) for place in range(len(weeks))
    ]
    marks = [
        Mark(x, _down(week.half, top), _down(week.nine, top), week.summary)
        for x, week in zip(across, weeks, strict=True)
        if week.decided
    ]
    lines = [
        Line(_down(step * number, top), in_words(step * number))
        for number in range(1, top // step + 1)
    ]
    # From the right, so that the present week has its date.
    dates = [(x, week) for x, week in zip(across[::-5], weeks[::-5], strict=True)]
    return Plot(marks, lines, dates)


def _down(took: timedelta | None, top: timedelta) -> float:
    return round(PLOT_TOP + PLOT_HEIGHT * (1 - (took or timedelta()) / top), 1)
