"""Guards of the register: no flow without its origin, none erased, none that lives without what it
needs.
"""

from typing import Any

from ..models import (
    FLOW_ATTRIBUTES,
    FlowLifecycle,
    ImportBatch,
    Lifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    State,
    open_states,
)
from .guard import (
    AT_COMMIT,
    POSTGRESQL,
    Guard,
    differ,
    illegal,
    listed,
    name_of,
    never_deleted,
    never_pushed_out,
    never_replaced,
    quoted,
    table,
    written_now,
)
from .proposals import asks_for_own, sides_approved

LOGICAL, PHYSICAL, SPECIFICATION = map(table, (LogicalFlow, PhysicalFlow, PhysicalSpecification))
ORIGIN = ["origin_proposal_id", "origin_batch_id"]
UNCHANGING = {
    LogicalFlow: ["id", "source_id", "target_id", *ORIGIN],
    PhysicalFlow: ["id", "logical_flow_id", "added_by_id", *ORIGIN],
    PhysicalSpecification: ["id", "owner_id", "code"],
}
# What two transactions compare, each with what it writes itself. What this one has written nobody
# else can change, and an import writes many.
ROUTE = f"{LOGICAL} l WHERE l.id = NEW.logical_flow_id AND NOT {written_now('l')} FOR NO KEY UPDATE"
# Shared, for it is enough that nobody removes it meanwhile; of two twins on a route only one that
# waits for the other sees it.
SENT = f"{SPECIFICATION} s WHERE s.id = NEW.specification_id AND NOT {written_now('s')} FOR SHARE"


def active(flow: str) -> str:
    """The physical flow of this alias is active; it is found by its key, its route or its
    specification. Within an import PostgreSQL knows nothing yet of what that wrote, and would walk
    through an index of all active ones if this could use one.
    """
    return f"{flow}.lifecycle || '' = {quoted(Lifecycle.ACTIVE)}"


def guards() -> list[Guard]:
    return [guard for model in UNCHANGING for guard in of_model(model)] + [
        *origins(),
        *lifecycles(),
        *lives_of_specifications(),
        specification_kept(),
        twins(),
    ]


def of_model(model: Any) -> list[Guard]:
    name = name_of(model)
    moves = [
        (row.source, row.target)
        for row in model._meta.get_field("lifecycle").get_all_transitions(model)
    ]
    return [
        never_deleted(model),
        never_replaced(model),
        never_pushed_out(model),
        Guard(
            f"{name}_keeps_its_place",
            table(model),
            ("UPDATE",),
            differ(UNCHANGING[model]),
            "Its place in the register and its origin never change.",
        ),
        Guard(
            f"{name}_lives_as_its_table_says",
            table(model),
            ("UPDATE",),
            illegal("lifecycle", moves),
            "Its life cycle knows no such step.",
        ),
    ]


def origins() -> list[Guard]:
    """A flow of a proposal is that of a fully approved CREATE of its source and target, at
    commit.
    """
    consent = f"""SELECT 1 FROM {table(Proposal)} p
        WHERE p.id = {{}}.origin_proposal_id AND p.type = 'CREATE'
        AND p.state = {quoted(State.FULLY_APPROVED)}
        AND p.source_id = l.source_id AND p.target_id = l.target_id"""
    of_logical = f"""EXISTS (SELECT 1 FROM {LOGICAL} l WHERE l.id = NEW.id
        AND l.origin_proposal_id IS NOT NULL
        AND NOT EXISTS ({consent.format("l")} AND p.result_logical_flow_id = l.id))"""
    of_physical = f"""EXISTS (SELECT 1 FROM {PHYSICAL} f
        JOIN {LOGICAL} l ON l.id = f.logical_flow_id
        WHERE f.id = NEW.id
        AND f.origin_proposal_id IS NOT NULL AND NOT EXISTS ({consent.format("f")}
            AND (f.added_by_id IS NOT NULL OR p.result_physical_flow_id = f.id)))"""
    sentence = "Its origin is no fully approved proposal that asked for it."
    return [
        *(of_a_running_import(model) for model in (LogicalFlow, PhysicalFlow)),
        *(
            Guard(name, where, ("INSERT",), refused, sentence, AT_COMMIT, invariant="I1")
            for name, where, refused in (
                ("logicalflow_has_consent", LOGICAL, of_logical),
                ("physicalflow_has_consent", PHYSICAL, of_physical),
            )
        ),
    ]


def of_a_running_import(model: Any) -> Guard:
    batch = f"SELECT 1 FROM {table(ImportBatch)} b WHERE b.id = NEW.origin_batch_id AND"
    return Guard(
        f"{name_of(model)}_of_a_running_import",
        table(model),
        ("INSERT",),
        f"""NEW.origin_batch_id IS NOT NULL AND NOT EXISTS ({batch} {written_now("b")})""",
        "The import it names is over, or never was.",
        POSTGRESQL,
        spares_owner=True,
    )


def specification_kept() -> Guard:
    """A flow gets another specification only from the last approval of a change that asks for one
    of its own, before that is complete; and such a one as was asked for.
    """
    wanted, has = (
        table(Proposal.data_types.through),
        table(PhysicalSpecification.data_types.through),
    )
    lacking = f"""SELECT 1 FROM {wanted} w WHERE w.proposal_id = p.id AND NOT EXISTS (
        SELECT 1 FROM {has} c
        WHERE c.physicalspecification_id = s.id AND c.datatype_id = w.datatype_id)"""
    unasked = f"""SELECT 1 FROM {has} c WHERE c.physicalspecification_id = s.id AND NOT EXISTS (
        SELECT 1 FROM {wanted} w WHERE w.proposal_id = p.id AND w.datatype_id = c.datatype_id)"""
    asked = f"""SELECT 1 FROM {table(Proposal)} p
        JOIN {SPECIFICATION} s ON s.id = NEW.specification_id
        WHERE p.concerned_physical_flow_id = NEW.id AND {asks_for_own("p")}
        AND p.state IN {listed(open_states())} AND {sides_approved("p")} = 2
        AND s.owner_id = p.source_id AND s.format = p.specification_format
        AND s.description = p.specification_description
        AND NOT EXISTS ({lacking}) AND NOT EXISTS ({unasked})"""
    return Guard(
        "physicalflow_keeps_its_specification",
        PHYSICAL,
        ("UPDATE",),
        f"{differ(['specification_id'])} AND NOT EXISTS ({asked})",
        "It gets a specification of its own only as both sides approved.",
    )


def twins() -> Guard:
    """At commit, whatever their content keys say. Names are compared to the letter; verify_audit
    computes the keys anew.
    """
    attributes = [attribute.name for attribute in FLOW_ATTRIBUTES if attribute.is_in_key]
    # By = only of the route, which an index finds: by one specification a thousand flows may go.
    rest = ("specification_id", *attributes)
    same = " AND ".join(
        [
            "o.logical_flow_id = f.logical_flow_id",
            *(f"o.{column} IS NOT DISTINCT FROM f.{column}" for column in rest),
        ]
    )
    return Guard(
        "physicalflow_has_no_twin",
        PHYSICAL,
        ("INSERT", "UPDATE"),
        f"""EXISTS (SELECT 1 FROM {PHYSICAL} f JOIN {PHYSICAL} o ON {same}
            WHERE f.id = NEW.id AND o.id <> f.id
            AND {active("f")} AND {active("o")})""",
        "There is an active physical flow that says the same.",
        AT_COMMIT,
        held=(ROUTE,),
        invariant="I5",
    )


WRITTEN = ("INSERT", "UPDATE")


def lifecycles() -> list[Guard]:
    """At commit: a logical flow is ACTIVE exactly when it has an active physical flow."""
    has_physical = (
        f"EXISTS (SELECT 1 FROM {PHYSICAL} f WHERE f.logical_flow_id = l.id AND {active('f')})"
    )
    is_active = f"l.lifecycle = {quoted(FlowLifecycle.ACTIVE)}"
    disagrees = (
        f"EXISTS (SELECT 1 FROM {LOGICAL} l WHERE l.id = {{}} AND ({is_active}) <> {has_physical})"
    )
    sentence = "A logical flow is active when it has an active physical flow, and only then."
    return [
        Guard(
            "logicalflow_active_with_physical",
            LOGICAL,
            WRITTEN,
            disagrees.format("NEW.id"),
            sentence,
            AT_COMMIT,
            # The same lock, where the route itself is what is written.
            held=(ROUTE.replace("logical_flow_id", "id"),),
            invariant="I6",
        ),
        Guard(
            "physicalflow_under_active",
            PHYSICAL,
            WRITTEN,
            disagrees.format("NEW.logical_flow_id"),
            sentence,
            AT_COMMIT,
            held=(ROUTE,),
        ),
    ]


def lives_of_specifications() -> list[Guard]:
    """At commit: what an active physical flow sends is not removed. Both ends are guarded, or
    whichever is written second would pass unseen.
    """
    removed = f"""EXISTS (SELECT 1 FROM {PHYSICAL} f
        JOIN {SPECIFICATION} s ON s.id = f.specification_id
        WHERE {{}} AND {active("f")} AND s.lifecycle <> {quoted(Lifecycle.ACTIVE)})"""
    sentence = "An active physical flow needs a specification that is not removed."
    return [
        Guard(
            "physicalflow_sends_living",
            PHYSICAL,
            WRITTEN,
            removed.format("f.id = NEW.id"),
            sentence,
            AT_COMMIT,
            held=(SENT,),
            invariant="I6",
        ),
        Guard(
            "specification_lives_while_sent",
            SPECIFICATION,
            ("UPDATE",),
            removed.format("s.id = NEW.id"),
            sentence,
            AT_COMMIT,
            held=(SENT.replace("specification_id", "id"),),
            invariant="I6",
        ),
    ]
