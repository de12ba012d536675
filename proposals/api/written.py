"""Rows of the register and proposals, as the API writes them."""

from typing import Any

from ..models import (
    DataType,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    Remark,
    Right,
    Side,
    System,
    Transition,
    User,
    rights_on,
)

Written = dict[str, Any]


def named(row: System | PhysicalSpecification | DataType) -> Written:
    return {"id": row.pk, "code": row.code, "name": row.name}


def person(user: User | None) -> Written | None:
    return {"name": str(user), "email": user.email} if user else None


def system(row: System) -> Written:
    return named(row) | {
        "kind": row.kind,
        "lifecycle": row.lifecycle,
        "is_external": row.is_external,
        "organisational_unit": str(row.organisational_unit or ""),
        "description": row.description,
    }


def data_type(row: DataType) -> Written:
    return named(row) | {
        "parent": row.parent.code if row.parent else "",
        "description": row.description,
        "is_deprecated": row.is_deprecated,
    }


def specification(row: PhysicalSpecification) -> Written:
    return named(row) | {
        "owner": named(row.owner),
        "format": row.format,
        "description": row.description,
        "lifecycle": row.lifecycle,
        "data_types": codes(row.data_types.all()),
    }


def flow(row: LogicalFlow) -> Written:
    return {
        "id": row.pk,
        "source": named(row.source),
        "target": named(row.target),
        "lifecycle": row.lifecycle,
        "is_approved": row.has_consent,
        "data_types": codes(row.carried),
    }


def physical_flow(row: PhysicalFlow) -> Written:
    return attributes(row) | {
        "id": row.pk,
        "logical_flow": row.logical_flow_id,
        "source": named(row.logical_flow.source),
        "target": named(row.logical_flow.target),
        "specification": named(row.specification),
        "lifecycle": row.lifecycle,
    }


def attributes(row: PhysicalFlow | Proposal) -> Written:
    return {name: getattr(row, name) for name in PhysicalFlow.ATTRIBUTES}


def codes(data_types: Any) -> list[str]:
    return sorted(row.code for row in data_types)


def proposal(row: Proposal) -> Written:
    said = ["type", "state", "justification", "with_physical_flow", "specification_name"]
    said += ["specification_format", "specification_description"]
    said += ["created_at", "submitted_at", "due_at", "closed_at"]
    return (
        attributes(row)
        | {name: getattr(row, name) for name in said}
        | {
            "number": row.pk,
            "source": named(row.source),
            "target": named(row.target),
            "maker": person(row.maker),
            "reason": str(row.reason or ""),
            "round": row.round_number,
            "revises": row.revises_id,
            "data_types": codes(row.data_types.all()),
            "specification": named(row.specification) if row.specification else None,
            "physical_flow": row.concerned_physical_flow_id,
            "logical_flow": row.concerned_logical_flow_id,
            "resulting_logical_flow": row.result_logical_flow_id,
            "resulting_physical_flow": row.result_physical_flow_id,
        }
    )


def transition(row: Transition) -> Written:
    return {
        "id": row.pk,
        "proposal": row.proposal_id,
        "number": row.number,
        "at": row.at,
        "action": row.action,
        "from_state": row.from_state,
        "to_state": row.to_state,
        "side": row.side,
        "by": person(row.by),
        "on_behalf_of": person(row.on_behalf_of),
        "capacity": row.capacity,
        "comment": row.comment,
        "is_automatic": row.automatic,
        "token": row.token,
    }


def remark(row: Remark) -> Written:
    return {
        "id": row.pk,
        "at": row.at,
        "by": person(row.by),
        "topic": row.topic,
        "text": row.text,
        "answers": row.answers_id,
    }


def proposal_in_full(row: Proposal, reader: User) -> Written:
    """With who may decide, what `reader` may do, and all that has happened and been said."""
    steps = row.transitions.select_related("by", "on_behalf_of").order_by("number")
    offers = [] if row.is_closed else row.offers_to(reader)
    return proposal(row) | {
        "sides": [_side(row, side) for side in Side],
        "allowed": [
            {"action": offer.verb.name, "sides": list(offer.verb.sides)} for offer in offers
        ],
        "transitions": [transition(step) for step in steps],
        "remarks": [remark(said) for said in row.remarks.select_related("by")],
    }


def _side(row: Proposal, side: Side) -> Written:
    decision = next((step for step in row.rights.decisions if step.side == side), None)
    rights = [] if decision or row.is_closed else rights_on(row, side)
    return {
        "side": side,
        "decision": decision.action if decision else "",
        "approvers": [_approver(right) for right in rights],
    }


def _approver(right: Right) -> Written:
    return (person(right.user) or {}) | {
        "capacity": right.capacity,
        "on_behalf_of": person(right.on_behalf_of),
        "may_approve": right.may_approve,
        "may_reject": right.may_reject,
    }
