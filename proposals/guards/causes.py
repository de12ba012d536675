"""Guards of causes: what changes the register names a proposal, an import or an addition that asked
for just this, and what is fully approved has changed it.
"""

from collections.abc import Iterable

from simple_history.models import HistoricalRecords

from ..models import (
    Cause,
    ImportBatch,
    ImportedFile,
    LaterPhysicalFlows,
    Lifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Policy,
    Proposal,
    ProposalType,
    State,
    Tracked,
    Transition,
)
from .guard import AT_COMMIT, Guard, name_of, quoted, table, written_now
from .proposals import asks_for_own
from .record import sets_of

# The register: what a proposal, and a physical flow, call such a row.
CAUSED: dict[Tracked, str] = {
    LogicalFlow: "logical_flow",
    PhysicalSpecification: "specification",
    PhysicalFlow: "physical_flow",
}


def caused(model: Tracked) -> list[Guard]:
    """At commit: a change of the register names a proposal about that very row, which is completed
    in this transaction, changed it once and asked for what it says now; an import of this
    transaction; or a direct addition under a policy that allows it. It is by whoever did that.
    """
    past, name = table(model.history.model), name_of(model.history.model)
    asked = f"p.result_{CAUSED[model]}_id = NEW.id AND {says_what_was_asked(model, 'NEW')}"
    if model is PhysicalSpecification:
        asked = f"({asked} OR {left_behind()})"
    again = f"""EXISTS (SELECT 1 FROM {past} h WHERE h.id = NEW.id
        AND h.cause_proposal_id = p.id AND h.history_id <> NEW.history_id)"""
    once = "" if model is LogicalFlow else f"AND NOT {again}"
    by = "t.by_id IS NOT DISTINCT FROM NEW.history_user_id"
    proposal = f"""EXISTS (SELECT 1 FROM {table(Proposal)} p WHERE p.id = NEW.cause_proposal_id
        AND p.state = {quoted(State.FULLY_APPROVED)} AND {asked} AND {written_now("p")} {once}
        AND EXISTS (SELECT 1 FROM {table(Transition)} t
            WHERE t.proposal_id = p.id AND t.to_state = p.state AND {by}))"""
    batch = f"""EXISTS (SELECT 1 FROM {table(ImportBatch)} t
        WHERE t.id = NEW.cause_batch_id AND {written_now("t")} AND {by})
        AND EXISTS (SELECT 1 FROM {table(ImportedFile)} f WHERE f.batch_id = NEW.cause_batch_id)"""
    key = "id" if model is PhysicalFlow else f"{CAUSED[model]}_id"
    adding = f"""EXISTS (SELECT 1 FROM {table(PhysicalFlow)} f WHERE f.{key} = NEW.id
        AND f.added_by_id = NEW.history_user_id AND {written_now("f")})"""
    first = "" if model is LogicalFlow else "NEW.history_type = '+' AND"
    direct = f"""{first} {adding} AND EXISTS (SELECT 1 FROM {table(Policy)} y
        WHERE y.later_physical_flows = {quoted(LaterPhysicalFlows.DIRECT)})"""
    named = f"""CASE NEW.cause WHEN {quoted(Cause.PROPOSAL)} THEN {proposal}
        WHEN {quoted(Cause.IMPORT)} THEN {batch} ELSE {direct} END"""
    return [
        Guard(
            f"{name}_has_its_cause",
            past,
            ("INSERT",),
            f"NOT ({named})",
            "It names no proposal, import or addition of this transaction that changes it so.",
            AT_COMMIT,
            spares_owner=True,
            # For each row PostgreSQL prepares all of a condition, and those of proposals are long.
            passed=f"NEW.cause = {quoted(Cause.IMPORT)} AND {batch}",
        )
    ]


def says_what_was_asked(model: Tracked, row: str) -> str:
    """The history row (an alias) is what the proposal `p` asked for; a change or removal follows on
    the version that its maker had read.
    """
    past, created = table(model.history.model), quoted(ProposalType.CREATE)
    removed = f"{row}.lifecycle = {quoted(Lifecycle.REMOVED)}"
    if model is LogicalFlow:  # a change leaves it alone
        lacks = lacks_types(LogicalFlow, row)
        created_so = f"NOT {removed} AND (p.with_physical_flow OR NOT {lacks})"
        return f"""CASE p.type WHEN {created} THEN {created_so}
            WHEN {quoted(ProposalType.DELETE)} THEN {removed} ELSE FALSE END"""
    as_read = f"""p.read_{CAUSED[model]}_version = (SELECT MAX(r.history_id) FROM {past} r
        WHERE r.id = {row}.id AND r.history_id < {row}.history_id)"""
    if model is PhysicalFlow:
        asked = same_columns(PhysicalFlow.ATTRIBUTES, row, "p")
        chosen = f"""{row}.specification_id = p.result_specification_id
            AND (p.specification_id IS NULL OR p.specification_id = {row}.specification_id)"""
        created_so = changed_so = f"NOT {removed} AND {asked} AND {chosen}"
    else:
        described = " AND ".join(
            f"{row}.{name} = p.specification_{name}" for name in ("name", "format", "description")
        )
        types = f"NOT {differs_in_types(model, row)}"
        created_so = f"{row}.history_type = '+' AND {described} AND {types}"
        changed_so = f"NOT {removed} AND {types}"
    own = f"WHEN {asks_for_own('p')} THEN {created_so}" if model is PhysicalSpecification else ""
    return f"""CASE WHEN p.type = {created} THEN {created_so} {own}
        WHEN p.type = {quoted(ProposalType.EDIT)} THEN {changed_so} AND {as_read}
        ELSE {removed} AND {as_read} END"""


def left_behind() -> str:
    """NEW removes the specification that the flow of `p` had, which got one of its own."""
    flows = table(PhysicalFlow.history.model)
    return f"""{asks_for_own("p")} AND NEW.lifecycle = {quoted(Lifecycle.REMOVED)}
        AND NEW.id = (SELECT f.specification_id FROM {flows} f
            WHERE f.history_id = p.read_physical_flow_version)"""


def same_columns(names: Iterable[str], one: str, other: str) -> str:
    return " AND ".join(f"{one}.{name} IS NOT DISTINCT FROM {other}.{name}" for name in names)


def lacks_types(model: Tracked, row: str) -> str:
    """The history row (an alias) lacks a data type that the proposal `p` asks for."""
    kept, asked = types_of_row(model, row), types_asked()
    return f"EXISTS ({asked} AND a.datatype_id NOT IN ({kept}))"


def differs_in_types(model: Tracked, row: str) -> str:
    """The history row (an alias) has other data types than the proposal `p` asks for."""
    kept, asked = types_of_row(model, row), types_asked()
    has_more = f"EXISTS ({kept} AND k.datatype_id NOT IN ({asked}))"
    return f"({lacks_types(model, row)} OR {has_more})"


def types_of_row(model: Tracked, row: str) -> str:
    [field] = sets_of(model)
    past = table(HistoricalRecords.m2m_models[field])
    return f"SELECT k.datatype_id FROM {past} k WHERE k.history_id = {row}.history_id"


def types_asked() -> str:
    asked = table(Proposal.data_types.through)
    return f"SELECT a.datatype_id FROM {asked} a WHERE a.proposal_id = p.id"


def applied() -> Guard:
    """At commit: whatever is fully approved has changed the register, or found it as asked where a
    change concerns flow or data types alone.
    """

    def written(model: Tracked, key: str, more: str = "") -> str:
        past = table(model.history.model)
        return f"""EXISTS (SELECT 1 FROM {past} h WHERE h.id = p.{key}
            AND (h.cause_proposal_id = p.id {more}))"""

    flow, specification, logical = (
        f"result_{CAUSED[model]}_id" for model in (PhysicalFlow, PhysicalSpecification, LogicalFlow)
    )
    same_flow = same_columns(PhysicalFlow.ATTRIBUTES, "h", "p")
    unchanged = f"OR h.history_id = p.read_physical_flow_version AND {same_flow}"
    same_types = f"NOT {differs_in_types(PhysicalSpecification, 'h')}"
    types = f"OR h.history_id = p.read_specification_version AND {same_types}"
    changed = f"""{written(PhysicalFlow, flow, unchanged)}
        AND ({asks_for_own("p")} OR {written(PhysicalSpecification, specification, types)})
        AND ({written(PhysicalFlow, flow)} OR {written(PhysicalSpecification, specification)})"""
    of_flow = f"""CASE WHEN p.result_physical_flow_id IS NULL THEN {written(LogicalFlow, logical)}
        ELSE {written(PhysicalFlow, flow)} END"""
    applied = f"CASE WHEN p.type = {quoted(ProposalType.EDIT)} THEN {changed} ELSE {of_flow} END"
    full = quoted(State.FULLY_APPROVED)
    return Guard(
        "proposal_is_applied",
        table(Proposal),
        ("UPDATE",),
        f"""NEW.state = {full} AND OLD.state <> {full} AND EXISTS (
            SELECT 1 FROM {table(Proposal)} p WHERE p.id = NEW.id AND NOT ({applied}))""",
        "It was approved, and the register was not changed by it.",
        AT_COMMIT,
        spares_owner=True,
    )


def guards() -> list[Guard]:
    return [*(guard for model in CAUSED for guard in caused(model)), applied()]
