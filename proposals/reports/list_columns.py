"""The columns of the lists, on their pages and in their files.

The rows of a file are read some hundred at a time, so a file of any length takes the same memory
and few queries.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.db.models import QuerySet

from ..files.download import MOST_ROWS
from ..models import (
    DataType,
    FlowLifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    Side,
    System,
    User,
    able_to_approve,
    deciders,
    label,
    open_states,
    pieces_of_values,
    prefetch_rights,
    said,
    types_carried,
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


def _words(model: Any, name: str) -> Callable[[Any], str]:
    field = model._meta.get_field(name)
    return lambda row: said(field, getattr(row, name))


def _waits_on(side: Side) -> Callable[[Any], str]:
    return lambda row: row.waits.get(side, "")


class End(NamedTuple):
    name: str
    code: str


ENDS = [f"{side.lower()}__{name}" for side in Side for name in End._fields]


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
    Column("type", "Type", {"Type": _words(Proposal, "type")}),
    Column("state", "State", {"State": _words(Proposal, "state")}, is_standard=True, place=2),
    Column("flow", "Flow", _route(), orders=("route", "route-down"), leads=True, place=1),
    Column(
        "data_types",
        "Data types",
        {"Data types": lambda row: names(row.carried)},
        shown=lambda row: list(row.data_types.all()),
    ),
    Column(
        "specification",
        "Specification",
        {"With a physical flow": _at("with_physical_flow"), "Specification": _at("specified")},
        shown=lambda row: row.specification or row.specification_name,
    ),
    *(
        Column(name, label(field), {label(field): _words(Proposal, name)})
        for name, field in ((name, Proposal._meta.get_field(name)) for name in Proposal.ATTRIBUTES)
    ),
    Column("reason", "Reason", {"Reason": lambda row: str(row.reason or "")}),
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
        {f"{side.label} waits for": _waits_on(side) for side in Side},
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
    return (columns or Columns(PROPOSALS)).table(_listed_proposals(listed))


def _listed_proposals(listed: QuerySet[Proposal]) -> Iterator[list[SimpleNamespace]]:
    """Rows of the file, of whom each column asks as of a Proposal."""
    own = ["pk", "type", "state", "with_physical_flow", *Proposal.ATTRIBUTES, "justification"]
    own += ["submitted_at", "due_at", "closed_at", "moved_at", "round_number", "first_round_id"]
    related = ["reason__name", "maker__name", "maker__username"]
    related += ["specification__name", "specification_name"]
    names_of = Names()
    for chunk in pieces_of_values(listed, [*own[1:], *ENDS, *related], most=MOST):
        rows = [SimpleNamespace(**dict(zip(own, values, strict=False))) for values in chunk]
        carried = names_of.those(_types_of(Proposal, [row.pk for row in rows]))
        waits = _waits([row.pk for row in rows if row.state in open_states()])
        for row, values in zip(rows, chunk, strict=True):
            *ends, reason, name, username, specification, specification_name = values[len(own) :]
            row.source, row.target = End(*ends[:2]), End(*ends[2:])
            row.reason, row.maker = reason, name or username
            row.specified = specification or specification_name
            row.carried, row.waits = carried.get(row.pk, []), waits.get(row.pk, {})
        yield rows


def _types_of(model: Any, rows: Iterable[int]) -> dict[int, set[int]]:
    """By row (id) of `model` those in its `data_types`; ids."""
    column = model.data_types.field.m2m_field_name()
    types: dict[int, set[int]] = defaultdict(set)
    held = model.data_types.through.objects.filter(**{f"{column}__in": rows})
    for row, data_type in held.values_list(f"{column}_id", "datatype_id"):
        types[row].add(data_type)
    return types


def _waits(proposals: list[int]) -> dict[int, dict[str, str]]:
    """By proposal, of some that are open, for whom each of its sides waits."""
    rows = Proposal.objects.filter(pk__in=proposals).select_related("source", "target")
    return {
        row.pk: {
            side: in_words(first_listed(people)) or "nobody can"
            for side, people in row.pending_approvers
        }
        for row in prefetch_rights(list(rows))
    }


class Names:
    """The names of data types, read at first, and where one was made since."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def those(self, types: dict[int, set[int]]) -> dict[int, list[str]]:
        """Of each set of ids the names, by name."""
        if not self._names.keys() >= set().union(*types.values()):
            self._names = {row.pk: str(row) for row in DataType.objects.all()}
        return {key: sorted(self._names[pk] for pk in ids) for key, ids in types.items()}


class ListedSystem(NamedTuple):
    """A system, or what a file says of it, with those who can approve for it."""

    system: Any
    approvers: Sequence[Any]


_KIND, _LIFECYCLE = _words(System, "kind"), _words(System, "lifecycle")
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
    Column("kind", "Kind", {"Kind": lambda row: _KIND(row.system)}, is_standard=True),
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
        {"Lifecycle": lambda row: _LIFECYCLE(row.system)},
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
    return (columns or Columns(SYSTEMS)).table(_listed_systems(listed))


def _listed_systems(listed: QuerySet[System]) -> Iterator[list[ListedSystem]]:
    told = ["code", "name", "kind", "is_external", "lifecycle", "number_in", "number_out"]
    for chunk in pieces_of_values(listed, [*told, "organisational_unit__name"], most=MOST):
        approvers = _approvers([pk for pk, *_ in chunk])
        yield [
            ListedSystem(
                SimpleNamespace(**dict(zip(told, values, strict=True)), organisational_unit=unit),
                approvers.get(pk, []),
            )
            for pk, *values, unit in chunk
        ]


def _approvers(systems: list[int]) -> dict[int, list[str]]:
    """By system (id) the names of those who can approve for it, as `with_approvers`."""
    approvers: dict[int, list[str]] = defaultdict(list)
    able = able_to_approve().filter(system__in=systems).order_by("user__name", "user_id")
    for system, name, username in able.values_list("system", "user__name", "user__username"):
        approvers[system].append(name or username)
    return approvers


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
    names_of = Names()
    told = [*ENDS, "lifecycle", "number_physical", "has_consent"]
    for chunk in pieces_of_values(listed, told, most=MOST):
        carried = names_of.those(types_carried([pk for pk, *_ in chunk]))
        yield [
            ListedFlow(
                End(*source),
                End(*target),
                lifecycle,
                carried.get(pk, []),
                number,
                has_consent,
            )
            for pk, *source_and_target, lifecycle, number, has_consent in chunk
            for source, target in [(source_and_target[:2], source_and_target[2:])]
        ]


FORMAT = PhysicalSpecification._meta.get_field("format")
SENT = [PhysicalFlow._meta.get_field(name) for name in PhysicalFlow.ATTRIBUTES]
PHYSICAL = [
    *_route(),
    *("Specification", "Specification code", "Format", "Data types"),
    *(label(field) for field in SENT),
]


def physical_flows(listed: QuerySet[LogicalFlow]) -> Table:
    """The active physical flows of the flows that `flows` lists, in the same order."""
    names_of = Names()
    chunks = pieces_of_values(listed, ENDS, most=MOST)
    return PHYSICAL, (row for chunk in chunks for row in _physical_of(chunk, names_of))


def _physical_of(chunk: list[tuple], names_of: Names) -> Iterator[list]:
    place = {pk: number for number, (pk, *_) in enumerate(chunk)}
    sent = PhysicalFlow.objects.active().filter(logical_flow__in=list(place))
    told = [f"specification__{name}" for name in ("name", "code", "format")]
    rows = sent.order_by("specification__name", "pk").values_list(
        "logical_flow", "specification", *told, *PhysicalFlow.ATTRIBUTES
    )
    # By the place in the chunk, an order that the database does not know.
    rows = sorted(rows, key=lambda row: place[row[0]])
    specifications = {specification for _, specification, *_ in rows}
    carried = names_of.those(_types_of(PhysicalSpecification, specifications))
    for flow, specification, name, code, kind, *values in rows:
        yield [
            *chunk[place[flow]][1:],
            name,
            code,
            said(FORMAT, kind),
            names(carried.get(specification, [])),
            *map(said, SENT, values),
        ]


def names(things: Iterable) -> str:
    return ", ".join(dict.fromkeys(map(str, things)))
