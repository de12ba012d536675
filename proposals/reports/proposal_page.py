"""All that the page of one proposal shows: small queries, whose number does not depend on what it
asks.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar

from ..history.proposal_content import Line, content_of
from ..models import (
    DataType,
    Decider,
    Lifecycle,
    Proposal,
    ProposalType,
    Remark,
    Right,
    User,
    topic_label,
)
from ..workflow import provisioning
from ..workflow.provisioning import Consequence, ImpactFacts
from .conversation import Conversation
from .flow_picture import Picture, of_proposal, subject
from .neighbourhood import Sent, sent_along


@dataclass(frozen=True)
class Fact:
    """One field that is asked for, and what was remarked about it."""

    label: str
    value: str
    remarks: list[Remark]


@dataclass(frozen=True)
class Compared:
    """One field of an EDIT, and what was remarked about it."""

    line: Line
    remarks: list[Remark]


@dataclass(frozen=True)
class Deciding:
    """Rights that a page names one by one: people's own, or those of the first `LENT` who stand in
    for `lender`; `others` do so too.
    """

    LENT: ClassVar = 3
    rights: list[Right]
    lender: User | None = None
    others: int = 0

    @classmethod
    def of(cls, rights: list[Right]) -> list["Deciding"]:
        """All `rights` on one side, in their order: own ones come first."""
        groups = [cls([right for right in rights if not right.delegation])]
        by_decider: dict[Decider, list[Right]] = {}
        for right in rights:
            if right.decider and right.delegation:
                by_decider.setdefault(right.decider, []).append(right)
        for decider, lent in by_decider.items():
            groups.append(cls(lent[: cls.LENT], decider.user, max(len(lent) - cls.LENT, 0)))
        return groups


@dataclass(frozen=True)
class ProposalDetails:
    """`subject` says what it is about, `types` are the data types concerned. There is
    a `comparison` for an EDIT, `attributes` of the physical flow for all others, and the rest while
    it is open or a draft. `remarks_on` holds what was remarked about the other fields, by topic.
    """

    subject: str
    types: list[DataType]
    comparison: list[Compared] = field(default_factory=list)
    attributes: list[Fact] = field(default_factory=list)
    remarks_on: dict[str, list[Remark]] = field(default_factory=dict)
    consequences: list[Consequence] = field(default_factory=list)
    sent: Sent | None = None
    picture: Picture | None = None


def proposal_details(
    proposal: Proposal, conversation: Conversation | None = None
) -> ProposalDetails:
    """Of a proposal that came with its route, its specification and the flow concerned; with the
    remarks of `conversation` beside the fields they are about.
    """
    by_topic = conversation.by_topic if conversation else {}
    by_label = {topic_label(topic): remarks for topic, remarks in by_topic.items()}
    concerned = proposal.concerned_physical_flow
    wanted = sorted(proposal.data_types.all(), key=str)
    present = sorted(concerned.specification.data_types.all(), key=str) if concerned else []
    types = present if proposal.type == ProposalType.DELETE else wanted
    comparison, attributes = [], []
    if proposal.type == ProposalType.EDIT:
        # An edit keeps its route, so only what may differ is compared.
        lines = [line for line in content_of([proposal])[proposal.pk] if not line.is_route]
        comparison = [Compared(line, by_label.get(line.what, [])) for line in lines]
    elif wanted_flow := concerned or (proposal if proposal.with_physical_flow else None):
        shown = wanted_flow.attributes_shown
        attributes = [Fact(label, value, by_label.get(label, [])) for label, value in shown]
    details = ProposalDetails(subject(proposal), types, comparison, attributes, by_topic)
    if proposal.is_closed:
        return details
    return _with_consequences(proposal, details, types_change=wanted != present)


def _with_consequences(
    proposal: Proposal, details: ProposalDetails, *, types_change: bool
) -> ProposalDetails:
    concerned = proposal.concerned_physical_flow
    specification = concerned.specification if concerned else proposal.specification
    sent = sent_along(proposal.source, proposal.target, specification)
    # It is among those that were counted, as long as it is active.
    itself = 1 if concerned and concerned.lifecycle == Lifecycle.ACTIVE else 0
    facts = ImpactFacts(sent.of_route - itself, sent.of_specification - itself, types_change)
    return replace(
        details,
        sent=sent,
        consequences=provisioning.consequences(proposal, facts),
        picture=of_proposal(proposal, sent.along, facts.of_route),
    )
