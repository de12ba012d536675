"""What exactly a proposal asks for, field by field: what its approvers had before them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models

from ..models import PhysicalFlow, PhysicalSpecification, Proposal, ProposalType
from .as_of import types_of
from .changes import label, shown


@dataclass(frozen=True)
class Line:
    """One field: `old` as the maker read it, `new` as it is wanted. A CREATE has nothing old, a
    DELETE nothing new.
    """

    what: str
    old: str
    new: str

    @property
    def differs(self) -> bool:
        return self.old != self.new


def read_lines(proposals: Iterable[Proposal]) -> None:
    """Give each proposal its `lines`; the number of queries is the same for any. `data_types` are
    best prefetched.
    """
    read = {proposal.read_physical_flow_version for proposal in proposals} - {None}
    flows = PhysicalFlow.history.select_related("specification").in_bulk(read)
    types = types_of(
        PhysicalSpecification,
        {proposal.read_specification_version for proposal in proposals} - {None},
    )
    for proposal in proposals:
        flow = flows.get(proposal.read_physical_flow_version)
        said = _said(proposal, flow, types[proposal.read_specification_version])
        route = [("From", str(proposal.source)), ("To", str(proposal.target))]
        proposal.lines = [
            Line(what, "" if proposal.type == ProposalType.CREATE else end, end)
            for what, end in route
        ]
        proposal.lines += [Line(what, old, new) for what, old, new in said]


def _said(
    proposal: Proposal, flow: models.Model | None, types: list[str]
) -> list[tuple[str, str, str]]:
    """(what, old, new). `flow` is the history row of the physical flow it concerns, `types` what
    was sent with it.
    """
    kinds = {
        ProposalType.CREATE: _created,
        ProposalType.EDIT: _edited,
        ProposalType.DELETE: _removed,
    }
    return kinds[proposal.type](proposal, flow, ", ".join(types))


def _created(proposal: Proposal, flow: None, types: str) -> list[tuple[str, str, str]]:
    wanted = [("Data types", _wanted_types(proposal))]
    if not proposal.with_physical_flow:
        wanted.append(("Physical flow", "none"))
    elif proposal.specification:
        wanted.append(("Specification", f"{proposal.specification}, as it is"))
    else:
        names = ["specification_name", "specification_format", "specification_description"]
        wanted += [(_label(name), shown(proposal, name)) for name in names]
    if proposal.with_physical_flow:
        wanted += _attributes(proposal).items()
    return [(what, "", new) for what, new in wanted]


def _edited(proposal: Proposal, flow: models.Model, types: str) -> list[tuple[str, str, str]]:
    old, new = _attributes(flow), _attributes(proposal)
    return [
        *((what, old[what], new[what]) for what in new),
        ("Data types", types, _wanted_types(proposal)),
    ]


def _removed(
    proposal: Proposal, flow: models.Model | None, types: str
) -> list[tuple[str, str, str]]:
    if flow is None:
        return [("Logical flow", "without a physical flow", "")]
    old = _attributes(flow) | {"Specification": str(flow.specification), "Data types": types}
    return [(what, said, "") for what, said in old.items()]


def _attributes(flow: models.Model) -> dict[str, str]:
    return {_label(name): shown(flow, name) for name in Proposal.ATTRIBUTES}


def _label(name: str) -> str:
    return label(Proposal._meta.get_field(name))


def _wanted_types(proposal: Proposal) -> str:
    return ", ".join(sorted(str(wanted) for wanted in proposal.data_types.all()))
