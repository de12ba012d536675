"""How the register of one moment differs from that of a later one: what came, changed or went, and
what brought that about. Only what changed between the two is read, by the dates of the histories.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q

from ..models import (
    Cause,
    HistoryRow,
    Lifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    System,
    Tracked,
    User,
    has_one,
    pieces,
    types_of,
)
from .as_of import LogicalRegister, PhysicalRegister, has_many, touching, versions_at
from .changes import NAMED, Difference, title_of, values_of

REGISTER: list[Tracked] = [LogicalFlow, PhysicalFlow, PhysicalSpecification]


class Outcome(models.TextChoices):
    CAME = "CAME", "Came"
    CHANGED = "CHANGED", "Changed"
    WENT = "WENT", "Went"
    SAME = "SAME", "The same again"


@dataclass(frozen=True)
class BroughtBy:
    """What changed something once or more: a proposal, an import, or somebody who added a further
    physical flow. Its first moment.
    """

    cause: str
    proposal: int | None
    batch: int | None
    by: User | None
    at: datetime

    @property
    def words(self) -> str:
        if self.cause == Cause.PROPOSAL:
            return f"Proposal {self.proposal}"
        if self.cause == Cause.IMPORT:
            return f"Import {self.batch}"
        return f"Added directly by {self.by}"


@dataclass(frozen=True)
class Changed:
    """One thing of the register: `version` is its last history row of the time between.

    `outcome` compares the two moments: what came and went again between them is as it was.
    `about` says where a physical flow runs, or whose a specification is; `is_new`: it was never in
    the register before.
    """

    version: HistoryRow
    kind: str
    subject: str
    about: str
    outcome: Outcome
    is_new: bool
    differences: list[Difference]
    brought_by: list[BroughtBy]


@dataclass(frozen=True)
class Between:
    """The register as it was at `since`, compared with that at `until`; with a `system` only its
    flows, what they carry, and its own specifications.
    """

    since: datetime
    until: datetime
    system: System | None = None

    HEADER = [
        *("kind", "number", "subject", "about", "outcome", "field", "before", "after"),
        *("brought_by", "first_change_at", "last_change_at", "last_change_by"),
    ]

    def rows(self, model: Tracked) -> models.QuerySet:
        """The last history row of each thing that changed between the two, the newest first."""
        between = self._all(model)
        if self.system:
            is_of_system = (
                _asked_of_each(model, self.system)
                if has_many(self.system)
                else Q(id__in=_of_system(model, self.system))
            )
            between = between.filter(is_of_system)
        # Without the system again: it is that of the thing, whatever its version.
        later = self._all(model).filter(id=OuterRef("id"), history_id__gt=OuterRef("history_id"))
        newest = between.filter(~Exists(later.order_by())).select_related("history_user")
        return newest.order_by("-history_date", "-history_id")

    def in_full(self, model: Tracked, rows: Iterable[HistoryRow]) -> list[Changed]:
        """In the same order; the number of queries is the same for any rows."""
        rows = list(rows)
        ids = [row.id for row in rows]
        before, after = self._at(model, self.since, ids), self._at(model, self.until, ids)
        brought_by = self._brought_by(model, ids)
        return [
            _changed(row, before.get(row.id), after.get(row.id), brought_by[row.id]) for row in rows
        ]

    def table(self) -> Iterator[list]:
        """A row of values under HEADER for each field that differs, of the whole register; read
        piece by piece.
        """
        for model in REGISTER:
            for chunk in pieces(self.rows(model)):
                for changed in self.in_full(model, chunk):
                    yield from _table_rows(changed)

    def _all(self, model: Tracked) -> models.QuerySet:
        # What happened at `since` itself was in the register at that moment, and so changed
        # nothing.
        return model.history.filter(history_date__gt=self.since, history_date__lte=self.until)

    def _at(self, model: Tracked, moment: datetime, ids: list[int]) -> dict[int, "Then"]:
        versions = list(versions_at(model, moment, id=ids).select_related(*NAMED[model]))
        types = types_of(model, [version.pk for version in versions])
        return {row.id: Then(row, values_of(row, types[row.pk])) for row in versions}

    def _brought_by(self, model: Tracked, ids: list[int]) -> dict[int, list[BroughtBy]]:
        """By id of the thing; each cause once, in the order of their first changes."""
        causes: dict[int, dict[str, BroughtBy]] = defaultdict(dict)
        rows = self._all(model).filter(id__in=ids).select_related("history_user")
        for row in rows.order_by("history_id"):
            made = BroughtBy(
                row.cause,
                row.cause_proposal_id,
                row.cause_batch_id,
                row.history_user,
                row.history_date,
            )
            causes[row.id].setdefault(made.words, made)
        return defaultdict(list, {pk: list(made.values()) for pk, made in causes.items()})


def _of_system(model: Tracked, system: System) -> list[int]:
    """Ids: a route and a specification never change hands, so they are those of today."""
    routes = touching(system)
    if model is LogicalFlow:
        return routes
    physical = PhysicalFlow.objects.filter(logical_flow__in=routes).order_by()
    if model is PhysicalFlow:
        return list(physical.values_list("pk", flat=True))
    owned = PhysicalSpecification.objects.filter(owner=system).order_by()
    carried = physical.values_list("specification", flat=True).distinct()
    return list({*owned.values_list("pk", flat=True), *carried})


def _asked_of_each(model: Tracked, system: System) -> Q:
    """The same of a system with so many that each row of the time between is asked in its turn."""
    if model is LogicalFlow:
        return _at_an_end(LogicalRegister.ENDS, system)
    if model is PhysicalFlow:
        routes = LogicalFlow.objects.filter(_at_an_end(LogicalRegister.ENDS, system))
        return Q(has_one(routes.filter(pk=OuterRef("logical_flow"))))
    carried = PhysicalFlow.objects.filter(_at_an_end(PhysicalRegister.ENDS, system))
    return Q(owner=system) | Q(has_one(carried.filter(specification=OuterRef("id"))))


def _at_an_end(ends: list[str], system: System) -> Q:
    return Q(*((end, system) for end in ends), _connector=Q.OR)


@dataclass(frozen=True)
class Then:
    """A thing at a moment: its history row, and what a reader saw in each field."""

    version: HistoryRow
    values: dict[str, str]

    @property
    def is_there(self) -> bool:
        return self.version.lifecycle != Lifecycle.REMOVED


def _changed(
    row: HistoryRow, before: Then | None, after: Then | None, brought_by: list[BroughtBy]
) -> Changed:
    was, is_now = bool(before and before.is_there), bool(after and after.is_there)
    old, new = before.values if before else {}, after.values if after else {}
    differences = [
        Difference(what, old.get(what, ""), new[what])
        for what in new
        if old.get(what, "") != new[what]
    ]
    if was and is_now:
        outcome = Outcome.CHANGED if differences else Outcome.SAME
    elif was or is_now:
        outcome = Outcome.CAME if is_now else Outcome.WENT
    else:
        outcome, differences = Outcome.SAME, []
    kind = str(row.instance_type._meta.verbose_name).capitalize()
    version = after.version if after else row
    subject, about = title_of(version), _about(version)
    return Changed(row, kind, subject, about, outcome, before is None, differences, brought_by)


def _about(version: HistoryRow) -> str:
    if isinstance(version, PhysicalFlow.history.model):
        return f"on {version.logical_flow}"
    if isinstance(version, PhysicalSpecification.history.model):
        return f"of {version.owner}"
    return ""


def _table_rows(changed: Changed) -> Iterator[list]:
    version = changed.version
    causes = "; ".join(made.words for made in changed.brought_by)
    first = changed.brought_by[0].at if changed.brought_by else version.history_date
    # What came and went again differs in no field, and gets a row all the same: somebody did it.
    for difference in changed.differences or [Difference("", "", "")]:
        yield [
            *(changed.kind, version.id, changed.subject, changed.about, changed.outcome),
            *(difference.what, difference.old, difference.new),
            *(causes, first, version.history_date, version.history_user),
        ]
