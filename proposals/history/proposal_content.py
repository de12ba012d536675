"""What exactly a proposal asks for, field by field: what its approvers had before them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..models import (
    HistoryRow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    ProposalType,
    label,
    types_of,
    value_in_words,
)


@dataclass(frozen=True)
class Line:
    """One field: `old` as the maker read it, `new` as it is wanted. A CREATE has nothing old, a
    DELETE nothing new.
    """

    what: str
    old: str
    new: str
    is_route: bool = False

    @property
    def differs(self) -> bool:
        return self.old != self.new


def content_of(proposals: Iterable[Proposal]) -> dict[int, list[Line]]:
    """Id of each proposal -> what it asks, field by field: the only place that says so, for pages,
    mails, trails and files. Two queries at most for any number; `data_types` are best prefetched.
    """
    proposals = list(proposals)
    flow_versions = {proposal.read_physical_flow_version for proposal in proposals} - {None}
    flows = PhysicalFlow.history.select_related("specification").in_bulk(flow_versions)
    versions = {proposal.read_specification_version or 0 for proposal in proposals} - {0}
    # 0 is the number of no row: for what read no specification.
    types = types_of(PhysicalSpecification, versions)
    return {
        proposal.pk: _lines(
            proposal,
            flows.get(proposal.read_physical_flow_version),
            types[proposal.read_specification_version or 0],
        )
        for proposal in proposals
    }


def differences(earlier: Proposal, later: Proposal) -> list[Line]:
    """Field by field what `earlier` asked (`old`) and what `later` asks (`new`), where they
    differ; both with `data_types` prefetched, and of one type.
    """
    contents = content_of([earlier, later])
    # A removal wants nothing; what it concerns is what was there.
    before, now = (
        {line.what: line.new or line.old for line in contents[proposal.pk]}
        for proposal in (earlier, later)
    )
    both = [Line(what, before.get(what, ""), now.get(what, "")) for what in before | now]
    return [line for line in both if line.differs]


def _lines(proposal: Proposal, flow: HistoryRow, types: list[str]) -> list[Line]:
    """`flow` is the history row of the physical flow it concerns, `types` what was sent with it."""
    kinds: dict[str, Callable[[Proposal, HistoryRow, str], list[tuple[str, str, str]]]] = {
        ProposalType.CREATE: _created,
        ProposalType.EDIT: _edited,
        ProposalType.DELETE: _removed,
    }
    asked = kinds[proposal.type](proposal, flow, ", ".join(types))
    is_new = proposal.type == ProposalType.CREATE
    route = [
        Line(what, "" if is_new else str(system), str(system), is_route=True)
        for what, system in (("From", proposal.source), ("To", proposal.target))
    ]
    return route + [Line(what, old, new) for what, old, new in asked]


def _created(proposal: Proposal, flow: None, types: str) -> list[tuple[str, str, str]]:
    wanted = [("Data types", _wanted_types(proposal))]
    if not proposal.with_physical_flow:
        wanted.append(("Physical flow", "none"))
    elif proposal.specification:
        wanted.append(("Specification", f"{proposal.specification}, as it is"))
    else:
        names = ["specification_name", "specification_format", "specification_description"]
        wanted += [(_label(name), value_in_words(proposal, name)) for name in names]
    if proposal.with_physical_flow:
        wanted += _attributes(proposal).items()
    return [(what, "", new) for what, new in wanted]


def _edited(proposal: Proposal, flow: HistoryRow, types: str) -> list[tuple[str, str, str]]:
    old, new = _attributes(flow), _attributes(proposal)
    present = str(flow.specification)
    is_own = proposal.wants_own_specification
    wanted = f"{proposal.specification_name} (of its own)" if is_own else present
    return [
        *((what, old[what], new[what]) for what in new),
        (_label("specification"), present, wanted),
        ("Data types", types, _wanted_types(proposal)),
    ]


def _removed(proposal: Proposal, flow: HistoryRow, types: str) -> list[tuple[str, str, str]]:
    if flow is None:
        return [("Logical flow", "without a physical flow", "")]
    old = _attributes(flow) | {"Specification": str(flow.specification), "Data types": types}
    return [(what, text, "") for what, text in old.items()]


def _attributes(flow: HistoryRow) -> dict[str, str]:
    return {_label(name): value_in_words(flow, name) for name in Proposal.ATTRIBUTES}


def _label(name: str) -> str:
    return label(Proposal._meta.get_field(name))


def _wanted_types(proposal: Proposal) -> str:
    return ", ".join(sorted(str(wanted) for wanted in proposal.data_types.all()))
