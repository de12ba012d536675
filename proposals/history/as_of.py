"""The register as it was: what the history tables say it held at a moment of the past.

Of several history rows of one object the one written last counts. Their dates do not decide that:
all changes of one approval bear the same, and whoever waited for a lock bears an earlier one than
whoever held it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from ..models import (
    FlowLifecycle,
    HistoryRow,
    Lifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    System,
    Tracked,
    in_file,
    pieces,
    types_of,
    value_in_words,
)

MANY = 5_000  # flows of a system that are no longer looked up one by one


def versions_at(model: Tracked, moment: datetime, **among: Iterable[int]) -> models.QuerySet:
    """The history row of every object of `model` that was there at `moment`; only of those whose
    columns are `among` some ids (`id=[1, 2]`), for columns that never change.
    """
    until = model.history.filter(history_date__lte=moment).order_by()
    # Before `later` is made of it, or a database reads the later rows of the whole table.
    until = until.filter(**{f"{column}__in": ids for column, ids in among.items()})
    later = until.filter(id=OuterRef("id"), history_id__gt=OuterRef("history_id"))
    return until.filter(~Exists(later)).exclude(history_type="-")


@dataclass(frozen=True)
class SpecificationThen:
    """A specification as it read then, with the names of its data types."""

    version: HistoryRow
    types: list[str]


@dataclass(frozen=True)
class FlowThen:
    """A flow as it was: its history row `version`, its two systems as they read then, and the names
    of the data types it carried.

    Of a logical flow `number_physical` counts the physical flows that were active; of a physical
    one `specification` is what it sent.
    """

    version: HistoryRow
    source: HistoryRow
    target: HistoryRow
    types: list[str]
    number_physical: int = 0
    specification: HistoryRow = None

    @property
    def offset(self) -> str:
        return value_in_words(self.version, "basis_offset")


@dataclass(frozen=True)
class Register:
    """One half of the register at `moment`: its flows in the order of their numbers.

    `system` narrows it to flows from or to it, `lifecycle` to the LIVING (not removed) or the
    REMOVED ones.
    """

    moment: datetime
    system: System | None = None
    lifecycle: str = ""

    def flows(self) -> models.QuerySet:
        """History rows, which `in_full` then gives what else a reader wants to see."""
        history = self._of_system(self.system) if self.system else self._flows()
        history = history.order_by("id")
        choices = {"LIVING": history.exclude, "REMOVED": history.filter}
        return (
            choices[self.lifecycle](lifecycle=FlowLifecycle.REMOVED)
            if self.lifecycle in choices
            else history
        )

    def table(self) -> Iterator[list]:
        """A row of values under HEADER for each flow; read piece by piece, so there may be any
        number.
        """
        for chunk in pieces(self.flows()):
            yield from map(self._row, self.in_full(chunk))

    LOGICAL_FLOW: ClassVar[str]  # of a history row: the id of its logical flow
    ENDS: ClassVar[list[str]]  # of a history row: the systems of its route, which never change

    def _of_system(self, system: System) -> models.QuerySet:
        if not has_many(system):
            return self._flows(**{self.LOGICAL_FLOW: touching(system)})
        # So many that each row of the register is asked in its turn: a page is soon full.
        return self._flows().filter(Q(*((end, system) for end in self.ENDS), _connector=Q.OR))

    def _flows(self, **among: Iterable[int]) -> models.QuerySet:
        raise NotImplementedError

    def _row(self, flow: FlowThen) -> list:
        raise NotImplementedError

    def in_full(self, rows: Iterable) -> list[FlowThen]:
        """With what a reader wants to see; the number of queries is the same for any rows."""
        raise NotImplementedError

    def _systems(self, systems: Iterable[System]) -> dict[int, HistoryRow]:
        """Id -> how it read then; where its history begins later, how it reads now."""
        today = {system.pk: system for system in systems}
        return today | {row.id: row for row in versions_at(System, self.moment, id=today)}

    def _specifications(self, ids: Iterable[int]) -> dict[int, SpecificationThen]:
        """By id."""
        rows = list(versions_at(PhysicalSpecification, self.moment, id=ids))
        types = types_of(PhysicalSpecification, [row.pk for row in rows])
        return {row.id: SpecificationThen(row, types[row.pk]) for row in rows}


class LogicalRegister(Register):
    LOGICAL_FLOW = "id"
    ENDS = ["source", "target"]
    HEADER = [
        *(
            "logical_flow",
            "source_code",
            "source",
            "target_code",
            "target",
            "lifecycle",
            "data_types",
        ),
        *("physical_flows", "origin_proposal", "origin_import", "changed_at", "changed_by", "why"),
    ]

    def _flows(self, **among: Iterable[int]) -> models.QuerySet:
        return versions_at(LogicalFlow, self.moment, **among).select_related(
            "source", "target", "history_user"
        )

    def in_full(self, rows: Iterable) -> list[FlowThen]:
        rows = list(rows)
        systems = self._systems(end for row in rows for end in (row.source, row.target))
        declared = types_of(LogicalFlow, [row.pk for row in rows])
        sent = self._sent([row.id for row in rows])
        specifications = self._specifications({pk for used in sent.values() for pk in used})

        def types(row: HistoryRow) -> list[str]:
            used = (specifications[pk].types for pk in sent[row.id] if pk in specifications)
            return sorted(set(declared[row.pk]).union(*used))

        return [
            FlowThen(
                row,
                systems[row.source_id],
                systems[row.target_id],
                types(row),
                number_physical=len(sent[row.id]),
            )
            for row in rows
        ]

    def _sent(self, logical_flows: list[int]) -> dict[int, list[int]]:
        """Id of a logical flow -> ids of the specifications of its active physical flows, one for
        each of them.
        """
        then = versions_at(PhysicalFlow, self.moment, logical_flow=logical_flows)
        active = then.filter(lifecycle=Lifecycle.ACTIVE)
        sent = defaultdict(list)
        pairs = active.values_list("logical_flow_id", "specification_id")
        for flow, specification in pairs:
            sent[flow].append(specification)
        return sent

    def _row(self, flow: FlowThen) -> list:
        return [
            flow.version.id,
            *_ends(flow),
            flow.version.lifecycle,
            "; ".join(flow.types),
            flow.number_physical,
            *_origin(flow),
        ]


class PhysicalRegister(Register):
    LOGICAL_FLOW = "logical_flow"
    ENDS = ["logical_flow__source", "logical_flow__target"]
    HEADER = [
        *(
            "physical_flow",
            "logical_flow",
            "source_code",
            "source",
            "target_code",
            "target",
        ),
        *("specification_code", "specification", "format", "data_types"),
        *PhysicalFlow.ATTRIBUTES,
        *(
            "lifecycle",
            "origin_proposal",
            "origin_import",
        ),
        *("changed_at", "changed_by", "why", "added_by"),
    ]

    def _flows(self, **among: Iterable[int]) -> models.QuerySet:
        route = ["logical_flow__source", "logical_flow__target"]
        return versions_at(PhysicalFlow, self.moment, **among).select_related(
            *route, "specification", "added_by", "history_user"
        )

    def in_full(self, rows: Iterable) -> list[FlowThen]:
        rows = list(rows)
        systems = self._systems(
            end for row in rows for end in (row.logical_flow.source, row.logical_flow.target)
        )
        specifications = self._specifications({row.specification_id for row in rows})

        def flow(row: HistoryRow) -> FlowThen:
            route = row.logical_flow
            # One whose history begins later reads as it reads now.
            unknown = SpecificationThen(row.specification, [])
            sent = specifications.get(row.specification_id, unknown)
            source, target = systems[route.source_id], systems[route.target_id]
            return FlowThen(row, source, target, sent.types, specification=sent.version)

        return [flow(row) for row in rows]

    def _row(self, flow: FlowThen) -> list:
        row, sends = flow.version, flow.specification
        return [
            *(row.id, row.logical_flow_id, *_ends(flow)),
            *(sends.code, sends.name, sends.format, "; ".join(flow.types)),
            *(in_file(row, name) for name in PhysicalFlow.ATTRIBUTES),
            *(row.lifecycle, *_origin(flow), row.added_by),
        ]


def touching(system: System) -> list[int]:
    """The ids of its logical flows, whose ends never change; read from two indexes, since a
    database reads the whole table for one OR.
    """
    flows = [LogicalFlow.objects.filter(**end).order_by() for end in _both_ends(system)]
    return [pk for rows in flows for pk in rows.values_list("pk", flat=True)]


def has_many(system: System) -> bool:
    """Whether it has so many flows that they are not named one by one."""
    # The living ones, in an order by which each end has an index: PostgreSQL reads no other rows.
    living = LogicalFlow.objects.living().order_by("pk")
    return any(living.filter(**end)[MANY : MANY + 1].exists() for end in _both_ends(system))


def _both_ends(system: System) -> list[dict[str, System]]:
    return [{"source": system}, {"target": system}]


def _ends(flow: FlowThen) -> list[str]:
    return [flow.source.code, flow.source.name, flow.target.code, flow.target.name]


def _origin(flow: FlowThen) -> list:
    """What brought the flow, and its last change up to then."""
    row = flow.version
    return [
        *(row.origin_proposal_id, row.origin_batch_id),
        *(row.history_date, row.history_user, row.history_change_reason),
    ]
