"""The rounds of a proposal: what was asked before, what was said to it, and what differs now."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..history.proposal_content import Line, differences
from ..models import Proposal, Side, Transition


@dataclass(frozen=True)
class EarlierRound:
    """A round before the present one, with its steps in order."""

    proposal: Proposal
    steps: list[Transition]


@dataclass(frozen=True)
class Rounds:
    """What the page of a later round shows of the earlier ones, newest first.

    `changes` are the fields that differ from the round before; `words` is what its maker says
    otherwise than there: reason and justification, which are not what is agreed to.
    """

    earlier: list[EarlierRound]
    changes: list[Line]
    words: list[Line]

    @property
    def differing(self) -> list[Line]:
        return [*self.changes, *self.words]

    @property
    def before(self) -> Proposal:
        """The round before this one."""
        return self.earlier[0].proposal

    @property
    def closing(self) -> Transition:
        """The step that ended the round before."""
        return self.earlier[0].steps[-1]

    @property
    def confirmation(self) -> str:
        """The comment of an approval that only confirms the one before."""
        before = f"round {self.before.round_number} (No. {self.before.pk})"
        return f"As approved in {before}: what is asked has not changed."

    def confirmable(self, sides: Iterable[str]) -> Side | None:
        """The side among `sides` that approved the round before and is asked the same again; None
        where something differs, or no side has.
        """
        approved = {step.side for step in self.earlier[0].steps if step.side and step.approves}
        confirming = [side for side in Side if side in sides and side in approved]
        return confirming[0] if confirming and not self.changes else None


def rounds_of(proposal: Proposal) -> Rounds | None:
    """None of a first round. The number of queries does not depend on how many there were."""
    if proposal.revises_id is None:
        return None
    earlier = [
        EarlierRound(before, list(before.transitions.all())) for before in proposal.earlier_rounds()
    ]
    before = earlier[0].proposal
    words = [
        Line("Reason", str(before.reason or ""), str(proposal.reason or "")),
        Line("Justification", before.justification, proposal.justification),
    ]
    changes = differences(before, proposal)
    return Rounds(earlier, changes, [line for line in words if line.differs])
