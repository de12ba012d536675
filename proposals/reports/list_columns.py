"""The columns of the lists, on their pages and in their files.

The rows of a file are read some hundred at a time, so a file of any length takes the same memory
and few queries.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import QuerySet

from ..files.download import MOST_ROWS
from ..models import (
    DataType,
    FlowLifecycle,
    LogicalFlow,
    PhysicalFlow,
    Proposal,
    Side,
    System,
    User,
    deciders,
    label,
    pieces,
    pieces_of_values,
    prefetch_rights,
    types_carried,
    value_in_words,
)
from .sentences import first_listed, in_words

Table = tuple[list[str], Iterator[list]]
MOST = MOST_ROWS + 1  # one more shows that a file was cut


@dataclass(frozen=True)
class Column:
    """One column of a list. `heads` are those of the file, each with what it says of a row; a page
    shows `shown`, which without is what the file says first. `orders` are the values of `?order=`
    that sort by it, upwards and downwards. A file has every column unless some were chosen, a page
    the standard ones, in the order of their `place`; the one with `leads` is always there.
    """

    slug: str
    label: str
    heads: dict[str, Callable[[Any], Any]]
    shown: Callable[[Any], Any] | None = None
    orders: tuple[str, str] | None = None
    is_standard: bool = False
    leads: bool = False
    place: int = 9
    is_number: bool = False

    def value(self, row: Any) -> Any:
        """For a page: a text, a moment, a thing or a list of things that have pages."""
        return (self.shown or next(iter(self.heads.values())))(row)


@dataclass(frozen=True)
class Columns:
    """Those of one list that are chosen, by slug; none are the standard ones."""

    every: list[Column]
    chosen: frozenset[str] = frozenset()

    @classmethod
    def of(cls, every: list[Column], asked: Iterable[str]) -> "Columns":
        known = {column.slug for column in every if not column.leads}
        # A kept address may name a column that is no longer there: it is passed over.
        return cls(every, frozenset(asked) & known)

    @property
    def on_page(self) -> list[Column]:
        shown = [column for column in self.every if self._is_on_page(column)]
        return sorted(shown, key=lambda column: column.place)

    @property
    def in_file(self) -> list[Column]:
        return [row for row in self.every if not self.chosen or self._is_on_page(row)]

    @property
    def choices(self) -> list[tuple[Column, bool]]:
        """Those that can be left out, each with whether the page shows it."""
        return [(column, self._is_on_page(column)) for column in self.every if not column.leads]

    def has(self, slug: str) -> bool:
        return any(column.slug == slug for column in self.on_page)

    def table(self, chunks: Iterable[Sequence[Any]]) -> Table:
        columns = self.in_file
        header = [head for column in columns for head in column.heads]
        values = [value for column in columns for value in column.heads.values()]
        return header, ([value(row) for value in values] for chunk in chunks for row in chunk)

    def _is_on_page(self, column: Column) -> bool:
        if column.leads:
            return True
        return column.slug in self.chosen if self.chosen else column.is_standard


def _at(path: str) -> Callable[[Any], Any]:
    names_of_path = path.split(".")

    def value(row: Any) -> Any:
        for name in names_of_path:
            row = getattr(row, name)
        return row

    return value


def _route(prefix: str = "") -> dict[str, Callable[[Any], Any]]:
    return {
        "Source": _at(f"{prefix}source.name"),
        "Source code": _at(f"{prefix}source.code"),
        "Target": _at(f"{prefix}target.name"),
        "Target code": _at(f"{prefix}target.code"),
    }


def _words(name: str) -> Callable[[Any], str]:
    return lambda row: value_in_words(row, name)


def _waits(side: Side) -> Callable[[Proposal], str]:
    def value(proposal: Proposal) -> str:
        waits = dict(proposal.pending_approvers)
        return (in_words(first_listed(waits[side])) or "nobody can") if side in waits else ""

    return value


def _specification(proposal: Proposal) -> str:
    return proposal.specification.name if proposal.specification else proposal.specification_name


PROPOSALS = [
    Column(
        "number",
        "No.",
        {"Number": _at("pk")},
        orders=("oldest", ""),
        is_standard=True,
        place=0,
        is_number=True,
    ),
    Column("type", "Type", {"Type": _words("type")}),
    Column("state", "State", {"State": _words("state")}, is_standard=True, place=2),
    Column("flow", "Flow", _route(), orders=("route", "route-down"), leads=True, place=1),
    Column(
        "data_types",
        "Data types",
        {"Data types": lambda row: names(row.data_types.all())},
        shown=lambda row: list(row.data_types.all()),
    ),
    Column(
        "specification",
        "Specification",
        {"With a physical flow": _at("with_physical_flow"), "Specification": _specification},
        shown=lambda row: row.specification or row.specification_name,
    ),
    *(
        Column(name, label(field), {label(field): _words(name)})
        for name, field in ((name, Proposal._meta.get_field(name)) for name in Proposal.ATTRIBUTES)
    ),
    Column("reason", "Reason", {"Reason": _words("reason")}),
    Column("justification", "Justification", {"Justification": _at("justification")}),
    Column("maker", "Maker", {"Maker": _at("maker")}, is_standard=True),
    Column("submitted", "Submitted", {"Submitted": _at("submitted_at")}, is_standard=True),
    Column(
        "due", "Due", {"Due": _at("due_at")}, orders=("deadline", "deadline-down"), is_standard=True
    ),
    Column("closed", "Closed", {"Closed": _at("closed_at")}),
    Column(
        "waits",
        "Waits for",
        {"Source waits for": _waits(Side.SOURCE), "Target waits for": _waits(Side.TARGET)},
        is_standard=True,
        place=3,
    ),
    Column("since", "In this state since", {"In this state since": _at("moved_at")}),
    Column(
        "round",
        "Round",
        {"Round": _at("round_number"), "First round": lambda row: row.first_round_id or row.pk},
    ),
]


def proposals(listed: QuerySet[Proposal], columns: Columns | None = None) -> Table:
    columns = columns or Columns(PROPOSALS)
    chunks = pieces(listed.prefetch_related("data_types"), most=MOST)
    return columns.table(prefetch_rights(chunk) for chunk in chunks)


@dataclass(frozen=True)
class ListedSystem:
    """A system with those who can approve for it, which are read for many at once."""

    system: System
    approvers: list[User]


SYSTEMS = [
    Column("code", "Code", {"Code": _at("system.code")}, orders=("code", "code-down")),
    Column(
        "name",
        "System",
        {"Name": _at("system.name")},
        orders=("", "name-down"),
        leads=True,
        place=0,
    ),
    Column(
        "kind", "Kind", {"Kind": lambda row: value_in_words(row.system, "kind")}, is_standard=True
    ),
    Column("external", "External", {"External": _at("system.is_external")}),
    Column(
        "unit",
        "Organisational unit",
        {"Organisational unit": _at("system.organisational_unit")},
        is_standard=True,
    ),
    Column(
        "lifecycle",
        "Lifecycle",
        {"Lifecycle": lambda row: value_in_words(row.system, "lifecycle")},
        is_standard=True,
    ),
    Column(
        "number_in",
        "Flows in",
        {"Flows in": _at("system.number_in")},
        is_standard=True,
        is_number=True,
    ),
    Column(
        "number_out",
        "Flows out",
        {"Flows out": _at("system.number_out")},
        is_standard=True,
        is_number=True,
    ),
    Column(
        "approvers",
        "Approvers",
        {"Approvers": lambda row: names(row.approvers)},
        shown=_at("approvers"),
    ),
]


def systems(listed: QuerySet[System], columns: Columns | None = None) -> Table:
    columns = columns or Columns(SYSTEMS)
    return columns.table(with_approvers(chunk) for chunk in pieces(listed, most=MOST))


def with_approvers(chunk: list[System]) -> list[ListedSystem]:
    # A dict of people and not a set: they come by name, and one by two rights once.
    approvers: dict[int, dict[User, None]] = {}
    for row in deciders([system.pk for system in chunk]):
        if row.may_approve:
            approvers.setdefault(row.system_id, {})[row.user] = None
    return [ListedSystem(system, list(approvers.get(system.pk, []))) for system in chunk]


FLOWS = [
    Column("flow", "Flow", _route(), orders=("", "route-down"), leads=True),
    Column(
        "lifecycle",
        "Lifecycle",
        {"Lifecycle": lambda row: FlowLifecycle(row.lifecycle).label},
        is_standard=True,
    ),
    Column(
        "data_types",
        "Data types",
        {"Data types": lambda row: names(row.carried)},
        shown=_at("carried"),
        is_standard=True,
    ),
    Column(
        "physical",
        "Physical flows",
        {"Physical flows": _at("number_physical")},
        is_standard=True,
        is_number=True,
    ),
    Column(
        "consent",
        "Consent",
        {"Consent": lambda row: "approved by both sides" if row.has_consent else "imported"},
        is_standard=True,
    ),
]


class End(NamedTuple):
    name: str
    code: str


class ListedFlow(NamedTuple):
    """A row of the file of flows, of whom each column asks as of a LogicalFlow."""

    source: End
    target: End
    lifecycle: str
    carried: list[str]
    number_physical: int
    has_consent: bool


def flows(listed: QuerySet[LogicalFlow], columns: Columns | None = None) -> Table:
    return (columns or Columns(FLOWS)).table(_listed_flows(listed))


def _listed_flows(listed: QuerySet[LogicalFlow]) -> Iterator[list[ListedFlow]]:
    ends = [f"{side.lower()}__{name}" for side in Side for name in End._fields]
    told = [*ends, "lifecycle", "number_physical", "has_consent"]
    name_of: dict[int, str] = {}
    for chunk in pieces_of_values(listed, told, most=MOST):
        carried = types_carried([pk for pk, *_ in chunk])
        if not name_of.keys() >= set().union(*carried.values()):  # at first, and where one was made
            name_of = {data_type.pk: str(data_type) for data_type in DataType.objects.all()}
        yield [
            ListedFlow(
                End(*source),
                End(*target),
                lifecycle,
                sorted(name_of[data_type] for data_type in carried.get(pk, ())),
                number,
                has_consent,
            )
            for pk, *source_and_target, lifecycle, number, has_consent in chunk
            for source, target in [(source_and_target[:2], source_and_target[2:])]
        ]


PHYSICAL = {
    **_route("logical_flow."),
    "Specification": _at("specification.name"),
    "Specification code": _at("specification.code"),
    "Format": lambda row: value_in_words(row.specification, "format"),
    "Data types": lambda row: names(row.specification.data_types.all()),
    **{label(PhysicalFlow._meta.get_field(name)): _words(name) for name in PhysicalFlow.ATTRIBUTES},
}


def physical_flows(listed: QuerySet[LogicalFlow]) -> Table:
    """The active physical flows of the flows that `flows` lists, in the same order."""
    rows = (row for chunk in pieces(listed, most=MOST) for row in _physical_of(chunk))
    return list(PHYSICAL), ([value(row) for value in PHYSICAL.values()] for row in rows)


def _physical_of(chunk: list[LogicalFlow]) -> Iterator[PhysicalFlow]:
    place = {flow.pk: number for number, flow in enumerate(chunk)}
    sent = PhysicalFlow.objects.active().filter(logical_flow__in=list(place))
    sent = sent.select_related("logical_flow__source", "logical_flow__target", "specification")
    rows = sent.prefetch_related("specification__data_types").order_by("specification__name", "pk")
    # By the place in the chunk, an order that the database does not know.
    yield from sorted(rows, key=lambda row: place[row.logical_flow_id])


def names(things: Iterable) -> str:
    return ", ".join(dict.fromkeys(map(str, things)))
