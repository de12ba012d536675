"""The only import path of the models."""

from .catalogue import DataType, ImportBatch, ImportedFile, OrganisationalUnit, System, SystemKind, SystemLifecycle
from .history import record, store
from .people import ApproverRule, Delegation, Involvement, InvolvementKind, User
from .policy import LaterPhysicalFlows, MakerDecides, Policy, Reason, SideWithoutApprover
from .proposal import Notice, Proposal, ProposalType, Transition
from .register import (
    Criticality,
    FlowAttributes,
    FlowLifecycle,
    Format,
    Frequency,
    Lifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Transport,
    same_text,
)
from .rights import Right, deciders, systems_decided_by
from .states import Action, ProposalStates, Side, State, actions, end_states, open_states, rows, states

__all__ = [
    "Action",
    "ApproverRule",
    "Criticality",
    "DataType",
    "Delegation",
    "FlowAttributes",
    "FlowLifecycle",
    "Format",
    "Frequency",
    "ImportBatch",
    "ImportedFile",
    "Involvement",
    "InvolvementKind",
    "LaterPhysicalFlows",
    "Lifecycle",
    "LogicalFlow",
    "MakerDecides",
    "Notice",
    "OrganisationalUnit",
    "PhysicalFlow",
    "PhysicalSpecification",
    "Policy",
    "Proposal",
    "ProposalStates",
    "ProposalType",
    "Reason",
    "Right",
    "Side",
    "SideWithoutApprover",
    "State",
    "System",
    "SystemKind",
    "SystemLifecycle",
    "Transition",
    "Transport",
    "User",
    "actions",
    "deciders",
    "end_states",
    "open_states",
    "record",
    "rows",
    "same_text",
    "states",
    "store",
    "systems_decided_by",
]
