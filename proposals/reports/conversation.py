"""What was done and said about a proposal, in all its rounds, in one order."""

from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from ..models import Proposal, Remark, Transition
from .rounds import Rounds


@dataclass(frozen=True)
class Event:
    """An entry of the time line: either a step or a remark."""

    at: datetime
    step: Transition | None = None
    remark: Remark | None = None


@dataclass(frozen=True)
class RoundEvents:
    """What happened in one round."""

    proposal: Proposal
    events: list[Event]


@dataclass(frozen=True)
class Conversation:
    """`present` is of the round that is read, `earlier` of those before, the newest first;
    `remarks` are those of all.
    """

    present: list[Event]
    earlier: list[RoundEvents]
    remarks: list[Remark]

    @cached_property
    def by_topic(self) -> dict[str, list[Remark]]:
        """Field -> what was remarked about it, in order."""
        topics = defaultdict(list)
        for remark in self.remarks:
            topics[remark.topic].append(remark)
        return dict(topics)


@dataclass(frozen=True)
class SaidBefore:
    """What was remarked in the rounds before one that is being written, in order."""

    remarks: list[Remark]

    @classmethod
    def of(cls, proposal: Proposal) -> "SaidBefore":
        rounds = proposal.rounds().values("pk")
        remarks = Remark.objects.filter(proposal__in=rounds).select_related("by", "proposal")
        return cls(list(remarks))

    def about(self, topic: str) -> list[Remark]:
        return [remark for remark in self.remarks if remark.topic == topic]

    def topics_of(self, number: int) -> set[str]:
        """What was remarked on in that proposal, one of the rounds."""
        return {remark.topic for remark in self.remarks if remark.proposal_id == number}

    def beside_none_of(self, fields: Container[str]) -> list[Remark]:
        """Those on the whole, or on what the form does not ask."""
        return [remark for remark in self.remarks if remark.topic not in fields]


def conversation_of(
    proposal: Proposal, steps: list[Transition], rounds: Rounds | None
) -> Conversation:
    """Two queries; `steps` are those of the proposal itself."""
    earlier = rounds.earlier if rounds else []
    keys = [proposal.pk, *(before.proposal.pk for before in earlier)]
    remarks = list(
        Remark.objects.filter(proposal__in=keys)
        .select_related("by", "answers__by", "proposal")
        .prefetch_related("mentioned")
    )
    of_round = defaultdict(list)
    for remark in remarks:
        of_round[remark.proposal_id].append(remark)
    return Conversation(
        present=_events(steps, of_round[proposal.pk]),
        earlier=[
            RoundEvents(before.proposal, _events(before.steps, of_round[before.proposal.pk]))
            for before in earlier
        ],
        remarks=remarks,
    )


def _events(steps: list[Transition], remarks: list[Remark]) -> list[Event]:
    events = [Event(step.at, step=step) for step in steps]
    events += [Event(remark.at, remark=remark) for remark in remarks]
    # Two decisions of one act are of the same moment, and a stable sort keeps their order.
    return sorted(events, key=lambda event: event.at)
