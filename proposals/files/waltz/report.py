"""What came of bringing a Waltz database in, in words."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..catalogue import Report
from .catalogue import Left
from .proposed import KIND as PROPOSALS
from .proposed import Proposed


@dataclass(frozen=True)
class WaltzReport:
    """`report` is that of the catalogue import, `proposed` what became of the proposals."""

    report: Report
    left: Left
    proposed: Proposed

    def counts(self) -> Iterator[str]:
        """Of each kind how many rows Waltz has, and what became of them."""
        out: Counter[str] = Counter()
        for (kind, _), number in self.left.out.items():
            out[kind] += number
        for tally in self.report.tallies:
            kind = tally.file.removesuffix(".csv").replace("_", " ")
            no_place = out.pop(kind, 0)
            same = tally.unchanged + tally.repeated
            yield _line(kind, tally.added, tally.changed, same, no_place)
        drafts = self.proposed
        if drafts.new or drafts.same or out[PROPOSALS]:
            yield _line(PROPOSALS, drafts.new, 0, drafts.same, out.pop(PROPOSALS, 0))
        for kind, number in out.items():
            yield _line(kind, 0, 0, 0, number)

    def reasons(self) -> Iterator[str]:
        """Why something has no place, and what comes in otherwise than it was; the most frequent
        first.
        """
        for (kind, reason), number in self.left.out.most_common():
            yield f"Without a place: {number} {kind}: {reason}"
        for (kind, reason), number in self.left.altered.most_common():
            yield f"Otherwise than in Waltz: {number} {kind}: {reason}"


def _line(kind: str, new: int, changed: int, same: int, no_place: int) -> str:
    read = new + changed + same + no_place
    return (
        f"{kind}: {read} read, {new} new, {changed} changed, {same} same, "
        f"{no_place} without a place"
    )
