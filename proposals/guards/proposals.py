"""Guards of proposals: born as drafts, moved as the table says, frozen once submitted, agreeing
with their trail.
"""

from ..models import (
    FLOW_ATTRIBUTES,
    LogicalFlow,
    PhysicalFlow,
    Proposal,
    State,
    System,
    Transition,
    actions,
    derived_fields,
    end_states,
    open_states,
    rows,
)
from .guard import (
    AT_COMMIT,
    POSTGRESQL,
    Guard,
    columns,
    differ,
    illegal,
    listed,
    never_deleted,
    never_pushed_out,
    never_replaced,
    not_now,
    quoted,
    table,
)

PROPOSAL, TRANSITION, TYPES = table(Proposal), table(Transition), table(Proposal.data_types.through)
LOGICAL, PHYSICAL = table(LogicalFlow), table(PhysicalFlow)
DRAFT, FULL = quoted(State.PROPOSED_CREATE), quoted(State.FULLY_APPROVED)
RESULTS = ["result_logical_flow_id", "result_specification_id", "result_physical_flow_id"]
# What a search looks in follows the names of others, so it may change for ever.
CONTENT = [column for column in columns(Proposal) if column not in derived_fields(Proposal)]
ROUND = ["revises_id", "first_round_id", "round_number"]
FROZEN = [column for column in CONTENT if column not in ("state", "closed_at", *RESULTS)]
APPROVALS = listed(action.name for action in actions().values() if action.verb == "approve")


def guards() -> list[Guard]:
    return [
        never_deleted(Proposal),
        never_replaced(Proposal),
        never_pushed_out(Proposal),
        *of_state(),
        *of_content(),
        *at_commit(),
    ]


def of_state() -> list[Guard]:
    """From a draft through the table to an end."""
    return [
        Guard(
            "proposal_born_a_draft",
            PROPOSAL,
            ("INSERT",),
            f"NEW.state <> {DRAFT} OR NEW.submitted_at IS NOT NULL",
            "A proposal begins as a draft.",
        ),
        Guard(
            "proposal_begins_now",
            PROPOSAL,
            ("INSERT",),
            not_now("NEW.created_at"),
            "A proposal begins when it is written.",
            POSTGRESQL,
            spares_owner=True,
        ),
        Guard(
            "proposal_moves_as_the_table_says",
            PROPOSAL,
            ("UPDATE",),
            illegal("state", [(source, target) for source, _, target in rows()]),
            "The table of transitions knows no such step.",
        ),
        Guard(
            "proposal_end_is_final",
            PROPOSAL,
            ("UPDATE",),
            f"OLD.state IN {listed(end_states())} AND {differ(CONTENT)}",
            "It has come to its end and never changes again.",
        ),
    ]


def of_content() -> list[Guard]:
    """What is asked is of its own route, and stays as it was submitted."""
    return [
        Guard(
            "proposal_frozen_when_submitted",
            PROPOSAL,
            ("UPDATE",),
            f"OLD.submitted_at IS NOT NULL AND {differ(FROZEN)}",
            "Its content is frozen since it was submitted.",
        ),
        Guard(
            "proposal_stays_its_makers",
            PROPOSAL,
            ("UPDATE",),
            differ(["id", "type", "maker_id", "created_at", *ROUND]),
            "Maker, type and beginning of a proposal never change.",
        ),
        Guard(
            "proposal_revises_its_makers_own",
            PROPOSAL,
            ("INSERT",),
            revises_another(),
            "A round follows one of the same maker and type that was closed without agreement.",
            invariant="I10",
        ),
        Guard(
            "proposal_data_types_frozen",
            TYPES,
            ("INSERT", "DELETE"),
            f"""EXISTS (SELECT 1 FROM {PROPOSAL} p
                WHERE p.id = {{row}}.proposal_id AND p.state <> {DRAFT})""",
            "Its data types are frozen since it was submitted.",
            held=(f"{PROPOSAL} p WHERE p.id = {{row}}.proposal_id FOR SHARE",),
        ),
        Guard(
            "proposal_concerns_its_own_route",
            PROPOSAL,
            ("INSERT", "UPDATE"),
            f"""NEW.type <> 'CREATE' AND NOT EXISTS (
                SELECT 1 FROM {LOGICAL} l LEFT JOIN {PHYSICAL} f ON f.logical_flow_id = l.id
                WHERE l.source_id = NEW.source_id AND l.target_id = NEW.target_id
                AND (f.id = NEW.concerned_physical_flow_id
                    OR l.id = NEW.concerned_logical_flow_id))""",
            "A change or removal is of a flow of its own source and target.",
            invariant="I10",
        ),
    ]


def revises_another() -> str:
    """NEW is no next round of what it says that it revises."""
    return f"""NEW.revises_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM {PROPOSAL} p WHERE p.id = NEW.revises_id
        AND p.maker_id = NEW.maker_id AND p.type = NEW.type
        AND p.state IN {listed(end_states())} AND p.state <> {FULL} AND p.submitted_at IS NOT NULL
        AND NEW.round_number = p.round_number + 1
        AND NEW.first_round_id = COALESCE(p.first_round_id, p.id)
        AND p.concerned_physical_flow_id IS NOT DISTINCT FROM NEW.concerned_physical_flow_id
        AND p.concerned_logical_flow_id IS NOT DISTINCT FROM NEW.concerned_logical_flow_id)"""


def at_commit() -> list[Guard]:
    """What state, transitions and results say together; asked of a proposal and of a transition
    written.
    """
    trail = "State and dates are not what the transitions say."
    full = "Fully approved is what both sides approved, nothing else."
    results = "Its results are not of its route, or not what it is about."
    return [
        *of_both("agrees_with_its_trail", disagrees_with_trail(), trail, "I3"),
        *of_both("full_when_both_approved", is_full_without_both(), full, "I2"),
        of_proposal("results_fit", has_results_of_another(), results, "I7"),
        no_twin(),
    ]


def no_twin() -> Guard:
    """At its submission, whatever the content keys say; to the letter, as of physical flows. The
    systems are those that a submission holds anyway.
    """
    submitted = f"OLD.state = {DRAFT} AND NEW.state <> {DRAFT}"
    columns = [attribute.name for attribute in FLOW_ATTRIBUTES if attribute.is_in_key]
    sent = ["specification_id", "specification_name", *columns]
    same = " AND ".join(f"o.{column} IS NOT DISTINCT FROM p.{column}" for column in sent)
    return Guard(
        "proposal_has_no_twin",
        PROPOSAL,
        ("UPDATE",),
        f"""{submitted} AND EXISTS (SELECT 1 FROM {PROPOSAL} p JOIN {PROPOSAL} o
            ON o.source_id = p.source_id AND o.target_id = p.target_id AND o.id <> p.id
            AND o.with_physical_flow = p.with_physical_flow
            AND (NOT p.with_physical_flow OR {same})
            WHERE p.id = NEW.id AND p.type = 'CREATE' AND o.type = 'CREATE'
            AND p.state IN {listed(open_states())} AND o.state IN {listed(open_states())})""",
        "There is an open proposal that asks for the same.",
        AT_COMMIT,
        held=(
            f"""{table(System)} s WHERE s.id IN (NEW.source_id, NEW.target_id) AND {submitted}
                ORDER BY s.id FOR NO KEY UPDATE""",
        ),
    )


def of_proposal(name: str, disagree: str, sentence: str, invariant: str) -> Guard:
    refused = f"EXISTS (SELECT 1 FROM {PROPOSAL} p WHERE p.id = NEW.id AND ({disagree}))"
    return Guard(
        f"proposal_{name}",
        PROPOSAL,
        ("INSERT", "UPDATE"),
        refused,
        sentence,
        AT_COMMIT,
        invariant=invariant,
    )


def of_both(name: str, disagree: str, sentence: str, invariant: str) -> list[Guard]:
    """A transition alone, without a change of its proposal, would otherwise leave the two at
    odds.
    """
    guard = of_proposal(name, disagree, sentence, invariant)
    refused = guard.refused.replace("NEW.id", "NEW.proposal_id")
    of_step = Guard(f"transition_{name}", TRANSITION, ("INSERT",), refused, sentence, AT_COMMIT)
    return [guard, of_step]


def disagrees_with_trail() -> str:
    trail = f"FROM {TRANSITION} t WHERE t.proposal_id = p.id"
    last = f"(SELECT t.{{}} {trail} ORDER BY t.number DESC LIMIT 1)"
    submitted = f"(SELECT t.at {trail} AND t.action = 'propose')"
    closed = f"CASE WHEN p.state IN {listed(end_states())} THEN {last.format('at')} END"
    return f"""p.state <> COALESCE({last.format("to_state")}, {DRAFT})
        OR p.submitted_at IS DISTINCT FROM {submitted} OR p.closed_at IS DISTINCT FROM {closed}"""


def is_full_without_both() -> str:
    return f"(p.state = {FULL}) <> ({sides_approved('p')} = 2)"


def sides_approved(proposal: str) -> str:
    """How many sides have approved `proposal` (an alias)."""
    return f"""(SELECT COUNT(DISTINCT t.side) FROM {TRANSITION} t
        WHERE t.proposal_id = {proposal}.id AND t.action IN {APPROVALS})"""


def asks_for_own(proposal: str) -> str:
    """`proposal` (an alias) is a change that gives its flow a specification of its own."""
    named = f"{proposal}.specification_id IS NULL AND {proposal}.specification_name <> ''"
    return f"({proposal}.type = 'EDIT' AND {named})"


def has_results_of_another() -> str:
    flow = f"""EXISTS (SELECT 1 FROM {LOGICAL} l WHERE l.id = p.result_logical_flow_id
        AND l.source_id = p.source_id AND l.target_id = p.target_id)"""
    # A later change may have given the flow a specification of its own.
    moved = f"""EXISTS (SELECT 1 FROM {PROPOSAL} o WHERE o.concerned_physical_flow_id = f.id
        AND o.id <> p.id AND {asks_for_own("o")} AND o.state = {FULL}
        AND o.closed_at >= p.closed_at)"""
    physical = f"""EXISTS (SELECT 1 FROM {PHYSICAL} f WHERE f.id = p.result_physical_flow_id
        AND f.logical_flow_id = p.result_logical_flow_id
        AND (f.specification_id = p.result_specification_id OR {moved}))"""
    about = "COALESCE(p.concerned_physical_flow_id, p.result_physical_flow_id)"
    with_physical = "p.with_physical_flow OR p.concerned_physical_flow_id IS NOT NULL"
    return f"""p.state = {FULL} AND NOT ({flow}
        AND CASE WHEN {with_physical} THEN {physical} AND p.result_physical_flow_id = {about}
        ELSE p.result_physical_flow_id IS NULL END)"""
