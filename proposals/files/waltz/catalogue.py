"""A Waltz database as the rows of the catalogue files; what has no place in them is counted."""

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ...models import Criticality, Format, Frequency, SystemKind, Transport, folded
from ..catalogue.problems import quoted
from .database import Rows

Row = dict[str, str]
Entity = tuple[str, int]  # kind and id, by which Waltz names one
LONGEST_CODE = 64
REMOVED = "removed in Waltz"


@dataclass
class Left:
    """What has no place here: (kind, reason) -> how many. `altered`: what comes in otherwise than
    Waltz has it.
    """

    out: Counter[tuple[str, str]] = field(default_factory=Counter)
    altered: Counter[tuple[str, str]] = field(default_factory=Counter)


class Codes:
    """A code for each row of one file: the one that Waltz knows it by, as long as no other row has
    it.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str | None, otherwise: str) -> str:
        code = " ".join((wanted or "").split())
        if not code or len(code) > LONGEST_CODE or folded(code) in self._taken:
            code = otherwise
        self._taken.add(folded(code))
        return code


def joined(codes: list[str]) -> str:
    """Several codes in one cell."""
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=";").writerow(sorted(set(codes)))
    return line.getvalue().removesuffix("\r\n") if codes else ""


def said(value: Any) -> str:
    return "" if value is None else str(value)


def yes(value: Any) -> str:
    return "true" if value else "false"


def is_removed(row: Any) -> bool:
    return bool(row.is_removed) or row.entity_lifecycle_status == "REMOVED"


class Catalogue:
    """`files`: name of a catalogue file -> its rows. The dictionaries lead from what Waltz calls
    something to what it is called here.
    """

    def __init__(self, rows: Rows) -> None:
        self.waltz = rows
        self.files: dict[str, list[Row]] = {}
        self.left = Left()
        self.units: dict[int, str] = {}
        self.data_types: dict[int, str] = {}
        self.emails: dict[str, str] = {}  # employee id -> mail address
        self.systems: dict[Entity, str] = {}
        self.living: set[Entity] = set()
        self.kinds: dict[int, str] = {}  # of involvement
        self.specifications: dict[int, str] = {}
        self.routes: dict[int, tuple[str, str]] = {}  # logical flow -> codes of its ends
        self.physical: dict[int, Row] = {}
        for place_all in (
            self._units,
            self._data_types,
            self._people,
            self._systems,
            self._kinds,
            self._involvements,
            self._specifications,
            self._logical_flows,
            self._physical_flows,
        ):
            place_all()

    def place(self, file: str, row: Row) -> None:
        self.files.setdefault(file, []).append(row)

    def leave(self, kind: str, reason: str) -> None:
        self.left.out[kind, reason] += 1

    def _units(self) -> None:
        codes, units = Codes(), self.waltz["organisational_unit"]
        for unit in units:
            self.units[unit.id] = codes.take(unit.external_id or str(unit.id), f"unit-{unit.id}")
        for unit in units:
            self.place(
                "organisational_units",
                {
                    "code": self.units[unit.id],
                    "name": said(unit.name),
                    "parent_code": self.units.get(unit.parent_id, ""),
                    "description": said(unit.description),
                },
            )

    def _data_types(self) -> None:
        codes, types = Codes(), self.waltz["data_type"]
        for of in types:
            self.data_types[of.id] = codes.take(of.code, f"data-type-{of.id}")
        for of in types:
            self.place(
                "data_types",
                {
                    "code": self.data_types[of.id],
                    "name": said(of.name),
                    "parent_code": self.data_types.get(of.parent_id, ""),
                    "description": said(of.description),
                    "deprecated": yes(of.deprecated),
                    "unknown": yes(of.unknown),
                },
            )

    def _people(self) -> None:
        """Where several have one mail address, the active one is meant, as in Waltz."""
        chosen: dict[str, Any] = {}
        for person in sorted(self.waltz["person"], key=lambda person: bool(person.is_removed)):
            email = said(person.email).strip()
            if not email or not said(person.employee_id).strip():
                self.leave("people", "no mail address, or no employee id")
                continue
            winner = chosen.setdefault(folded(email), person)
            self.emails[person.employee_id] = winner.email.strip()
            if winner is not person:
                self.leave("people", "another person has the same mail address")
        ids = {winner.email.strip(): winner.employee_id for winner in chosen.values()}
        for person in sorted(chosen.values(), key=lambda person: person.id):
            manager = self.emails.get(said(person.manager_employee_id), "")
            self.place(
                "people",
                {
                    "email": person.email.strip(),
                    "employee_id": person.employee_id,
                    "name": said(person.display_name),
                    "title": said(person.title),
                    "manager_employee_id": ids.get(manager, "") if manager != person.email else "",
                    "organisational_unit_code": self.units.get(person.organisational_unit_id, ""),
                    "is_removed": yes(person.is_removed),
                },
            )

    def _systems(self) -> None:
        """Of two with one code the one that is not removed has it."""
        codes = Codes()
        for row in sorted(self.waltz["application"], key=is_removed):
            is_pending = row.entity_lifecycle_status == "PENDING"
            status = "REMOVED" if is_removed(row) else "PENDING" if is_pending else "ACTIVE"
            code = codes.take(row.asset_code, f"application-{row.id}")
            is_external = row.kind == "EXTERNAL"
            self._system(SystemKind.APPLICATION, row, code, status, external=is_external)
        for row in self.waltz["actor"]:
            code = codes.take(row.external_id, f"actor-{row.id}")
            self._system(SystemKind.ACTOR, row, code, "ACTIVE", external=row.is_external)
        for row in self.waltz["end_user_application"]:
            if row.is_promoted:
                self.leave("systems", "an end-user application that became an application")
                continue
            code = codes.take(row.external_id, f"end-user-application-{row.id}")
            self._system(SystemKind.END_USER_APPLICATION, row, code, "ACTIVE", external=False)

    def _system(
        self, kind: SystemKind, row: Any, code: str, status: str, *, external: bool
    ) -> None:
        entity = (kind.value, row.id)
        self.systems[entity] = code
        if status != "REMOVED":
            self.living.add(entity)
        self.place(
            "systems",
            {
                "kind": kind.value,
                "code": code,
                "name": said(row.name),
                "description": said(row.description),
                "organisational_unit_code": self.units.get(
                    getattr(row, "organisational_unit_id", 0), ""
                ),
                "external": yes(external),
                "lifecycle_status": status,
            },
        )

    def _kinds(self) -> None:
        names: set[str] = set()
        for kind in self.waltz["involvement_kind"]:
            if kind.subject_kind not in (None, *SystemKind.values):
                self.leave("involvement kinds", f"of {kind.subject_kind}")
                continue
            self.kinds[kind.id] = said(kind.name)
            if folded(kind.name) in names:
                self.leave("involvement kinds", "another one has the same name, and stands for it")
                continue
            names.add(folded(kind.name))
            row = {"name": said(kind.name), "description": said(kind.description)}
            self.place("involvement_kinds", row)

    def _involvements(self) -> None:
        for row in self.waltz["involvement"]:
            system = self.systems.get((row.entity_kind, row.entity_id))
            email = self.emails.get(row.employee_id)
            if row.entity_kind not in SystemKind.values:
                self.leave("involvements", f"in {row.entity_kind}")
            elif not system or not email or row.kind_id not in self.kinds:
                self.leave("involvements", "the system, the person or the kind has no place here")
            else:
                self.place(
                    "involvements",
                    {
                        "system_kind": row.entity_kind,
                        "system_code": system,
                        "email": email,
                        "involvement_kind": self.kinds[row.kind_id],
                    },
                )

    def _specifications(self) -> None:
        types = self._types_by("physical_spec_data_type", "specification_id", "data_type_id")
        codes = Codes()
        for row in self.waltz["physical_specification"]:
            # Taken by removed ones too, so that a code means the same row at every import.
            code = codes.take(row.external_id, f"specification-{row.id}")
            owner = self.systems.get((row.owning_entity_kind, row.owning_entity_id))
            if row.is_removed:
                self.leave("specifications", REMOVED)
            elif not owner:
                self.leave("specifications", "the owner has no place here")
            else:
                self.specifications[row.id] = code
                self.place(
                    "specifications",
                    {
                        "code": code,
                        "name": said(row.name),
                        "owner_code": owner,
                        "format": self.known("specifications", "format", row.format),
                        "description": said(row.description),
                        "data_type_codes": joined(types.get(row.id, [])),
                    },
                )

    def _types_by(self, table: str, owner: str, data_type: str) -> dict[int, list[str]]:
        """Id of what they belong to -> the codes of its data types."""
        types: dict[int, list[str]] = {}
        for row in self.waltz[table]:
            code = self.data_types.get(getattr(row, data_type))
            if code and getattr(row, "decorator_entity_kind", "DATA_TYPE") == "DATA_TYPE":
                types.setdefault(getattr(row, owner), []).append(code)
        return types

    def _logical_flows(self) -> None:
        types = self._types_by("logical_flow_decorator", "logical_flow_id", "decorator_entity_id")
        for row in self.waltz["logical_flow"]:
            ends = (
                (row.source_entity_kind, row.source_entity_id),
                (row.target_entity_kind, row.target_entity_id),
            )
            if is_removed(row):
                self.leave("logical flows", REMOVED)
            elif not self.living.issuperset(ends):
                self.leave("logical flows", "an end of it was removed, or has no place here")
            else:
                source, target = (self.systems[end] for end in ends)
                self.routes[row.id] = (source, target)
                self.place(
                    "logical_flows",
                    {
                        "source_code": source,
                        "target_code": target,
                        "data_type_codes": joined(types.get(row.id, [])),
                    },
                )

    def _physical_flows(self) -> None:
        for row in self.waltz["physical_flow"]:
            if is_removed(row):
                self.leave("physical flows", REMOVED)
            elif row.logical_flow_id not in self.routes:
                self.leave("physical flows", "the logical flow has no place here")
            elif row.specification_id not in self.specifications:
                self.leave("physical flows", "the specification has no place here")
            else:
                source, target = self.routes[row.logical_flow_id]
                made = {
                    "source_code": source,
                    "target_code": target,
                    "specification_code": self.specifications[row.specification_id],
                    "name": said(row.name),
                    "transport": self.known("physical flows", "transport", row.transport),
                    "frequency": self.known("physical flows", "frequency", row.frequency),
                    "basis_offset": said(row.basis_offset),
                    "criticality": self.known("physical flows", "criticality", row.criticality),
                    "description": said(row.description),
                    "external_id": said(row.external_id),
                }
                self.physical[row.id] = made
                self.place("physical_flows", made)

    def known(self, kind: str, what: str, value: str | None) -> str:
        """The value, or the one for whatever a company has added to the list of Waltz."""
        choices, otherwise = WORDS[what]
        if value in choices:
            return value
        self.left.altered[kind, f"the {what} {quoted(said(value))} became {otherwise}"] += 1
        return otherwise


WORDS: dict[str, tuple[list[str], str]] = {
    "transport": (Transport.values, Transport.OTHER.value),
    "frequency": (Frequency.values, Frequency.UNKNOWN.value),
    "criticality": (Criticality.values, Criticality.UNKNOWN.value),
    "format": (Format.values, Format.OTHER.value),
}
