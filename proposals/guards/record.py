"""Guards of the record: transitions and histories are appended to and nothing else, and what lives
agrees with them.
"""

from typing import Any

from simple_history.models import HistoricalRecords

from ..models import (
    ApproverRule,
    DataType,
    Delegation,
    Involvement,
    InvolvementKind,
    LogicalFlow,
    OrganisationalUnit,
    PhysicalFlow,
    PhysicalSpecification,
    Policy,
    Proposal,
    Reason,
    System,
    Tracked,
    Transition,
    User,
)
from .guard import AT_COMMIT, Guard, columns, name_of, never_deleted, never_replaced, table

TRACKED: list[Tracked] = [
    *(Proposal, LogicalFlow, PhysicalSpecification, PhysicalFlow, Policy),
    *(System, DataType, OrganisationalUnit, Reason, InvolvementKind),
    *(Involvement, ApproverRule, Delegation, User),
]
AGREEING = TRACKED[:5]  # of these every change has its history row at commit


def histories() -> list[Tracked]:
    """The history tables, those of the many-to-many sets included."""
    return [model.history.model for model in TRACKED] + list(HistoricalRecords.m2m_models.values())


def appended_only(model: Tracked) -> list[Guard]:
    sentence = "The record is appended to and never changed."
    change = Guard(f"{name_of(model)}_unchanged", table(model), ("UPDATE",), "TRUE", sentence)
    return [change, never_deleted(model), never_replaced(model)]


def agreeing_with_history(model: Tracked) -> list[Guard]:
    """At commit the newest history row of every row written says what the row says."""
    history = model.history.model
    tracked = [column for column in columns(history) if column in columns(model)]
    # Not =, which is never true of two nulls.
    same = " AND ".join(f"h.{column} IS NOT DISTINCT FROM t.{column}" for column in tracked)
    newest = f"SELECT MAX(history_id) FROM {table(history)} WHERE id = NEW.id"
    refused = f"""NOT EXISTS (SELECT 1 FROM {table(model)} t
        JOIN {table(history)} h ON h.history_id = ({newest})
        WHERE t.id = NEW.id AND h.history_type <> '-' AND {same})"""
    sentence = "Its newest history row does not say what it says."
    return [
        Guard(
            f"{name_of(where)}_agrees_with_history",
            table(where),
            events,
            refused,
            sentence,
            AT_COMMIT,
        )
        for where, events in ((model, ("INSERT", "UPDATE")), (history, ("INSERT",)))
    ]


def sets_agreeing_with_history(field: Any) -> Guard:
    """At commit the newest history row knows the same set."""
    live, owner = field.remote_field.through, field.m2m_column_name()
    refused = unknown_to_history(field, f"{{row}}.{owner}")
    sentence = "Its newest history row does not know this set."
    return Guard(
        f"{name_of(live)}_known_to_history",
        table(live),
        ("INSERT", "DELETE"),
        refused,
        sentence,
        AT_COMMIT,
    )


def unknown_to_history(field: Any, key: str) -> str:
    """The set of the row with this key (SQL) is not the one its newest history row has."""
    live, past = table(field.remote_field.through), table(HistoricalRecords.m2m_models[field])
    owner, related = field.m2m_column_name(), field.m2m_reverse_name()
    newest = (
        f"(SELECT MAX(n.history_id) FROM {table(field.model.history.model)} n WHERE n.id = {key})"
    )
    return f"""EXISTS (SELECT 1 FROM {live} x WHERE x.{owner} = {key} AND NOT EXISTS (
            SELECT 1 FROM {past} k WHERE k.history_id = {newest} AND k.{related} = x.{related}))
        OR EXISTS (SELECT 1 FROM {past} k WHERE k.history_id = {newest} AND NOT EXISTS (
            SELECT 1 FROM {live} x WHERE x.{owner} = {key} AND x.{related} = k.{related}))"""


def guards() -> list[Guard]:
    record = [guard for model in [Transition, *histories()] for guard in appended_only(model)]
    record += [guard for model in AGREEING for guard in agreeing_with_history(model)]
    return record + [sets_agreeing_with_history(field) for field in HistoricalRecords.m2m_models]
