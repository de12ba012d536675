"""Proposed flows of Waltz that are still open there: each becomes a draft of its maker here.

What was decided there counts for nothing here. It stands as text in the justification, for whoever
decides anew.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...models import Outcome, PhysicalFlow, Proposal, ProposalType, User, folded, same
from ..cells import escaped
from ..proposals import FileRow, Proposing, RowResult
from .catalogue import Catalogue, joined, said
from .importing import without_names

KIND = "proposals"
ENDED = {"FULLY_APPROVED", "SOURCE_REJECTED", "TARGET_REJECTED", "CANCELLED", "TIMED_OUT"}
LONGEST = Proposal._meta.get_field("justification").max_length or 0
NEW = {Outcome.KEPT, Outcome.READY, Outcome.UNFINISHED}


@dataclass
class Proposed:
    """How many became drafts, or would, and how many are here already; the others are counted as
    without a place. `ended`: what became of each that has ended in Waltz.
    """

    new: int = 0
    same: int = 0
    ended: list[str] = field(default_factory=list)

    def count(self, result: RowResult, catalogue: Catalogue) -> None:
        if result.outcome in NEW:
            self.new += 1
        elif result.outcome == Outcome.TWIN:
            self.same += 1
        else:
            catalogue.leave(KIND, without_names(result.sentence))


@dataclass(frozen=True)
class Wanted:
    """A proposed flow with the command that made it and what has happened to it since."""

    row: Any
    command: dict[str, Any]
    steps: list[Any]
    state: str

    @property
    def mark(self) -> str:
        """By which a later import knows it again."""
        return f"From FINOS Waltz, proposal {self.row.id}."

    @property
    def story(self) -> str:
        """What Waltz recorded of it, a line for each step."""
        reason = said((self.command.get("reason") or {}).get("description"))
        first = f"Proposed there on {_moment(self.row.created_at)} by {self.row.created_by}"
        lines = [self.mark, f"{first}: {reason}" if reason else f"{first}."]
        for step in self.steps:
            line = f"{_moment(step.last_updated_at)}, {step.last_updated_by}: {step.to_state}"
            lines.append(f"{line} ({step.reason})" if step.reason else line)
        if self.steps:
            lines.append("No decision taken there counts here.")
        return "\n".join(lines)


def bring_proposed(catalogue: Catalogue, *, dry_run: bool) -> Proposed:
    """To be called once the catalogue is in, for the drafts name what is in it."""
    proposed = Proposed()
    for wanted in _wanted(catalogue):
        if wanted.state in ENDED:
            catalogue.leave(KIND, f"ended in Waltz as {wanted.state}")
            proposed.ended.append(wanted.story)
            continue
        email = folded(said(wanted.row.created_by))
        maker = User.objects.filter(email_folded=email, is_active=True).first()
        if maker is None:
            catalogue.leave(KIND, "the maker is nobody active here")
        # Whatever became of it here: what its maker has given up does not come again.
        elif maker.proposals.filter(justification__startswith=wanted.mark).exists():
            proposed.same += 1
        elif texts := _texts(catalogue, wanted):
            door = Proposing(maker, submits=False)
            row = FileRow(wanted.row.id, texts)
            proposed.count(door.preview(row) if dry_run else door.carry_out(row), catalogue)
    return proposed


def _wanted(catalogue: Catalogue) -> Iterator[Wanted]:
    states = {row.entity_id: row.state for row in _rows(catalogue, "entity_workflow_state")}
    steps: dict[int, list[Any]] = {}
    for step in _rows(catalogue, "entity_workflow_transition"):
        steps.setdefault(step.entity_id, []).append(step)
    for row in catalogue.waltz["proposed_flow"]:
        command = _command(row.flow_def)
        if command is None:
            catalogue.leave(KIND, "what was asked cannot be read")
            continue
        of_row = sorted(steps.get(row.id, []), key=lambda step: step.last_updated_at)
        yield Wanted(row, command, of_row, states.get(row.id, ""))


def _rows(catalogue: Catalogue, table: str) -> list[Any]:
    """Those about proposed flows; the workflow tables of Waltz know of other things too."""
    return [row for row in catalogue.waltz[table] if row.entity_kind == "PROPOSED_FLOW"]


def _command(text: str) -> dict[str, Any] | None:
    try:
        command = json.loads(text)
    except (TypeError, ValueError):
        return None
    return command if isinstance(command, dict) else None


def _texts(catalogue: Catalogue, wanted: Wanted) -> dict[str, str] | None:
    """The row of a file of proposals that asks for the same; None where something has no place."""
    row = wanted.row
    source = catalogue.systems.get((row.source_entity_kind, row.source_entity_id))
    target = catalogue.systems.get((row.target_entity_kind, row.target_entity_id))
    if not source or not target:
        catalogue.leave(KIND, "an end of it has no place here")
        return None
    kind = row.proposal_type
    texts = {"type": kind, "source_code": source, "target_code": target}
    if kind == ProposalType.CREATE:
        texts |= _specification(catalogue, wanted.command)
    elif row.physical_flow_id or kind == ProposalType.EDIT:
        number = _number(catalogue, row.physical_flow_id)
        if not number:
            catalogue.leave(KIND, "the flow it concerns is not in the register")
            return None
        texts["physical_flow"] = number
    if kind != ProposalType.DELETE:
        texts |= _attributes(catalogue, wanted.command)
    texts["justification"] = wanted.story[:LONGEST]
    # A number is never a formula, and would not be read with an apostrophe.
    return {name: text if name == "basis_offset" else escaped(text) for name, text in texts.items()}


def _specification(catalogue: Catalogue, command: dict[str, Any]) -> dict[str, str]:
    said_of = command.get("specification") or {}
    if code := catalogue.specifications.get(said_of.get("id") or 0):
        return {"with_physical_flow": "true", "specification_code": code}
    return {
        "with_physical_flow": "true",
        "specification_name": said(said_of.get("name")),
        "specification_format": catalogue.known(KIND, "format", said_of.get("format")),
        "specification_description": said(said_of.get("description")),
    }


def _attributes(catalogue: Catalogue, command: dict[str, Any]) -> dict[str, str]:
    flow = command.get("flowAttributes") or {}
    types = [catalogue.data_types.get(number) for number in command.get("dataTypeIds") or []]
    return {
        "name": said(flow.get("name")),
        "transport": catalogue.known(KIND, "transport", flow.get("transport")),
        "frequency": catalogue.known(KIND, "frequency", flow.get("frequency")),
        "criticality": catalogue.known(KIND, "criticality", flow.get("criticality")),
        "basis_offset": said(flow.get("basisOffset")),
        "description": said(flow.get("description")),
        "external_id": said(flow.get("externalId")),
        "data_type_codes": joined([code for code in types if code]),
    }


def _number(catalogue: Catalogue, physical_flow: int | None) -> str:
    """Of the physical flow here that Waltz calls by that number; empty where there is none."""
    waltz = catalogue.physical.get(physical_flow or 0)
    if waltz is None:
        return ""
    flows = PhysicalFlow.objects.active().filter(
        logical_flow__source__code_folded=folded(waltz["source_code"]),
        logical_flow__target__code_folded=folded(waltz["target_code"]),
        specification__code_folded=folded(waltz["specification_code"]),
        transport=waltz["transport"],
        frequency=waltz["frequency"],
        basis_offset=waltz["basis_offset"],
    )
    numbers = [str(flow.pk) for flow in flows if same(flow.name, waltz["name"])]
    return numbers[0] if numbers else ""


def _moment(at: Any) -> str:
    """Waltz keeps them in UTC, without saying so."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
