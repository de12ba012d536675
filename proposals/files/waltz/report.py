"""What came of bringing a Waltz database in, in words."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..catalogue import Report
from .catalogue import Left


@dataclass(frozen=True)
class WaltzReport:
    """`report` is that of the catalogue import."""

    report: Report
    left: Left

    def counts(self) -> Iterator[str]:
        """Of each kind how many rows Waltz has, and what became of them."""
        out: Counter[str] = Counter()
        for (kind, _), number in self.left.out.items():
            out[kind] += number
        for tally in self.report.tallies:
            kind = tally.file.removesuffix(".csv").replace("_", " ")
            no_place = out.pop(kind, 0)
            same = tally.unchanged + tally.repeated
            yield (
                f"{kind}: {tally.read + no_place} read, {tally.added} new, {tally.changed} "
                f"changed, {same} same, {no_place} without a place"
            )
        for kind, number in out.items():
            yield f"{kind}: {number} read, 0 new, 0 changed, 0 same, {number} without a place"

    def reasons(self) -> Iterator[str]:
        """Why something has no place, and what comes in otherwise than it was; the most frequent
        first.
        """
        for (kind, reason), number in self.left.out.most_common():
            yield f"Without a place: {number} {kind}: {reason}"
        for (kind, reason), number in self.left.altered.most_common():
            yield f"Otherwise than in Waltz: {number} {kind}: {reason}"
