"""From a row of a file to the proposal it asks for, which is not saved yet."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from ...errors import Invalid
from ...models import (
    DataType,
    Lifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    ProposalType,
    Reason,
    State,
    System,
    User,
    folded,
    label,
    same,
    value_in_words,
)
from ..catalogue.problems import Unreadable, quoted
from .reading import FileRow
from .table import COLUMN_OF, NEW_SPECIFICATION, PHYSICAL, TABLE

MOST_NAMED = 8
# With route, data types and the flow concerned all that a maker writes.
WRITTEN = ["with_physical_flow", "specification_id", *NEW_SPECIFICATION, *PhysicalFlow.ATTRIBUTES]
WRITTEN += ["reason_id", "justification"]


@dataclass(frozen=True)
class Wish:
    """A proposal that is not saved, with the data types it asks for."""

    proposal: Proposal
    data_types: list[DataType]

    @property
    def content(self) -> dict[str, Any]:
        """What tells it from every other wish of the same maker."""
        return content_of(self.proposal, self.data_types)

    def key(self, *, is_complete: bool) -> str:
        """The same for two rows of one file that ask for the same."""
        concerned = self.proposal.concerned
        if concerned:
            return f"{concerned._meta.model_name} {concerned.pk}"
        if is_complete:
            return self.proposal.content_key
        # What is not complete has no content key yet; so all that is written counts.
        return hashlib.sha256(json.dumps(self.content).encode()).hexdigest()

    def own_draft(self) -> Proposal | None:
        """The draft of the same maker that says the same."""
        proposal = self.proposal
        drafts = Proposal.objects.filter(
            maker=proposal.maker_id,
            state=State.PROPOSED_CREATE,
            type=proposal.type,
            source=proposal.source_id,
            target=proposal.target_id,
        )
        for draft in drafts.prefetch_related("data_types").order_by("pk"):
            if content_of(draft, draft.data_types.all()) == self.content:
                return draft
        return None

    def differences(self) -> list[str]:
        """What an EDIT would change, field by field, in words; what it leaves is not named."""
        proposal, flow = self.proposal, self.proposal.changed_flow
        lines = []
        for name in PhysicalFlow.ATTRIBUTES:
            if getattr(proposal, name) != getattr(flow, name):
                old, new = value_in_words(flow, name), value_in_words(proposal, name)
                what = label(Proposal._meta.get_field(name))
                lines.append(f"{what}: {old or 'empty'} becomes {new or 'empty'}.")
        if proposal.wants_own_specification:
            old, new = flow.specification.name, proposal.specification_name
            lines.append(f"Specification: {old} becomes {new} (of its own).")
        present = list(flow.specification.data_types.all())
        if set(present) != set(self.data_types):
            old, new = (", ".join(sorted(map(str, types))) for types in (present, self.data_types))
            lines.append(f"Data types: {old or 'empty'} becomes {new or 'empty'}.")
        return lines


def content_of(proposal: Proposal, data_types: Any) -> dict[str, Any]:
    written = {name: getattr(proposal, name) for name in WRITTEN}
    concerned = [proposal.concerned_physical_flow_id, proposal.concerned_logical_flow_id]
    types = sorted(data_type.pk for data_type in data_types)
    route = [proposal.type, proposal.source_id, proposal.target_id]
    return written | {"route": route, "concerned": concerned, "data_types": types}


class Wishes:
    """Reads rows for one maker. What rows name is looked up once."""

    def __init__(self, maker: User) -> None:
        self.maker = maker
        self._systems: dict[str, System | None] = {}
        self._data_types: dict[str, DataType | None] = {}
        self._reasons: dict[str, Reason] | None = None

    def of(self, row: FileRow) -> Wish:
        """Invalid where it cannot even be a draft: column -> sentence."""
        if row.misfit:
            raise Invalid(row.misfit)
        values = self._values(row)
        source = self._system("source_code", values)
        target = self._system("target_code", values)
        reading = {
            ProposalType.CREATE: self._create,
            ProposalType.EDIT: self._edit,
            ProposalType.DELETE: self._delete,
        }[values["type"]]
        wish = reading(values, source, target)
        wish.proposal.reason = self._reason(values.get("reason", ""))
        wish.proposal.justification = values.get("justification", "")
        return wish

    def _values(self, row: FileRow) -> dict[str, Any]:
        """Column -> value, without those that the file does not have; all that cannot be read is
        named.
        """
        values, wrong = {}, {}
        for column in TABLE.columns:
            # The last two are those that we wrote ourselves, into the file of rows that are left.
            if column.name not in row.texts or column.name in ("line", "why"):
                continue
            try:
                if column.optional and not row.texts[column.name]:
                    values[column.name] = None if column.name == "basis_offset" else ""
                else:
                    values[column.name] = column.value_in(row.texts)
            except Unreadable as error:
                wrong[column.name] = error.reason
        if wrong:
            raise Invalid(**wrong)
        return values

    def _create(self, values: dict, source: System, target: System) -> Wish:
        if source == target:
            raise Invalid(target_code="Source and target must be two different systems.")
        if values.get("physical_flow"):
            raise Invalid(physical_flow="A new flow has no number yet: leave this empty.")
        is_physical = self._is_physical(values)
        made = Proposal(
            type=ProposalType.CREATE,
            source=source,
            target=target,
            maker=self.maker,
            with_physical_flow=is_physical,
        )
        if is_physical:
            self._describe(made, values)
        return Wish(made, self._types(values.get("data_type_codes") or ()))

    def _is_physical(self, values: dict) -> bool:
        """As its column says; where it says nothing, whether anything is said of a physical
        flow.
        """
        filled = [name for name in PHYSICAL if values.get(name) not in ("", None)]
        stated = values.get("with_physical_flow", "")
        if stated is False and filled:
            raise Invalid(
                with_physical_flow="The row says that it has no physical flow, and describes one: "
                f"empty {', '.join(filled)}, or say yes."
            )
        # Not by truth: no is an answer, an empty cell is none.
        return bool(filled) if stated == "" else stated

    def _describe(self, made: Proposal, values: dict) -> None:
        if values.get("specification_code"):
            made.specification = self._specification(values["specification_code"], made.source)
            self._refuse_filled(values, "The specification is there already", NEW_SPECIFICATION)
        else:
            for name in NEW_SPECIFICATION:
                setattr(made, name, values.get(name, ""))
        for name in PhysicalFlow.ATTRIBUTES:
            setattr(made, name, values.get(name, None if name == "basis_offset" else ""))

    def _edit(self, values: dict, source: System, target: System) -> Wish:
        self._refuse_filled(
            values,
            "A specification of its own is like the one before",
            ["specification_format", "specification_description"],
        )
        flow = self._only(self._flows_meant(values, source, target), source, target)
        made = Proposal.change_of(flow, self.maker)
        for name in [*PhysicalFlow.ATTRIBUTES, "specification_name"]:
            if name in values:
                setattr(made, name, values[name])
        made.settle_specification()
        if "data_type_codes" in values:
            return Wish(made, self._types(values["data_type_codes"] or ()))
        return Wish(made, list(flow.specification.data_types.all()))

    def _delete(self, values: dict, source: System, target: System) -> Wish:
        flows = self._flows_meant(values, source, target)
        for name in ("transport", "frequency", "basis_offset"):
            if values.get(name) not in ("", None):
                flows = flows.filter(**{name: values[name]})
        # The name in Python: only there are two texts the same on both databases.
        fitting = [row for row in flows if not values.get("name") or same(row.name, values["name"])]
        names_one = values.get("physical_flow") or values.get("specification_code")
        if not fitting and not names_one:
            return self._delete_logical(source, target)
        return Wish(Proposal.removal_of(self._only(fitting, source, target), self.maker), [])

    def _delete_logical(self, source: System, target: System) -> Wish:
        flows = LogicalFlow.objects.living().select_related("source", "target")
        flow = flows.filter(source=source, target=target).first()
        if flow is None:
            raise Invalid(f"The register has no flow from {source} to {target}.")
        return Wish(Proposal.removal_of(flow, self.maker), [])

    def _flows_meant(self, values: dict, source: System, target: System) -> QuerySet[PhysicalFlow]:
        """The active physical flows of the route, those with its specification if it names one."""
        flows = PhysicalFlow.objects.active().select_related(
            "logical_flow__source", "logical_flow__target", "specification__owner"
        )
        flows = flows.filter(logical_flow__source=source, logical_flow__target=target)
        if values.get("physical_flow"):
            flows = flows.filter(pk=values["physical_flow"])
        if values.get("specification_code"):
            code = folded(values["specification_code"])
            flows = flows.filter(specification__code_folded=code)
        return flows.order_by("pk")

    def _only(self, flows: Any, source: System, target: System) -> PhysicalFlow:
        """The one that is meant."""
        few = list(flows[: MOST_NAMED + 1])
        if not few:
            raise Invalid(f"The register has no such physical flow from {source} to {target}.")
        if len(few) > 1:
            named = ", ".join(f"{flow.pk} ({flow})" for flow in few[:MOST_NAMED])
            more = " and more" if len(few) > MOST_NAMED else ""
            raise Invalid(
                physical_flow=f"Several physical flows fit: {named}{more}. Say here which number."
            )
        return few[0]

    def _refuse_filled(self, values: dict, why: str, names: list[str]) -> None:
        """These have no place here."""
        for name in names:
            if values.get(name):
                raise Invalid(**{name: f"{why}: leave this empty."})

    def _system(self, column: str, values: dict) -> System:
        code = values[column]
        if folded(code) not in self._systems:
            found = System.objects.filter(code_folded=folded(code)).first()
            self._systems[folded(code)] = found
        system = self._systems[folded(code)]
        if system is None:
            raise Invalid(**{column: f"No system has the code {quoted(code)}."})
        return system

    def _specification(self, code: str, source: System) -> PhysicalSpecification:
        coded = PhysicalSpecification.objects.filter(code_folded=folded(code))
        found = coded.select_related("owner").first()
        if found is None:
            raise Invalid(specification_code=f"No specification has the code {quoted(code)}.")
        if found.lifecycle == Lifecycle.REMOVED:
            raise Invalid(specification_code=f"The specification {found} has been removed.")
        if found.owner_id != source.pk:
            raise Invalid(
                specification_code=f"The specification {found} does not belong to {source}."
            )
        return found

    def _types(self, codes: Any) -> list[DataType]:
        unknown = []
        found = {}
        # They are a set; a refusal names them in the same order each time.
        for code in sorted(codes):
            key = folded(code)
            if key not in self._data_types:
                self._data_types[key] = DataType.objects.filter(code_folded=key).first()
            data_type = self._data_types[key]
            if data_type is None:
                unknown.append(quoted(code))
            else:
                found[data_type.pk] = data_type
        if unknown:
            raise Invalid(data_type_codes=f"No data type has the code {', '.join(unknown)}.")
        return list(found.values())

    def _reason(self, name: str) -> Reason | None:
        if not name:
            return None
        if self._reasons is None:
            # All of them, unlike systems and data types: they are few.
            self._reasons = {row.name_folded: row for row in Reason.objects.all()}
        if folded(name) not in self._reasons:
            known = [row.name for row in self._reasons.values() if row.is_active]
            raise Invalid(reason=f"{quoted(name)} is not one of {', '.join(known)}.")
        return self._reasons[folded(name)]


def by_column(refusal: Invalid) -> str:
    """Its sentences, each after the column that it is about."""
    lines = [f"{COLUMN_OF.get(name, name)}: {text}" for name, text in refusal.fields.items()]
    return " ".join(lines) or refusal.sentence
