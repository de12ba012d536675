"""The only import path of the models."""

from .catalogue import DataType, ImportBatch, ImportedFile, OrganisationalUnit, System, SystemKind, SystemLifecycle
from .history import record, store
from .people import ApproverRule, Delegation, Involvement, InvolvementKind, Notices, User
from .policy import LaterPhysicalFlows, MakerDecides, Policy, Reason, SideWithoutApprover
from .proposal import Proposal, ProposalType, read_rights
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
from .rights import Right, deciders, hold_person, hold_rights, on_submission, reach, rights_on
from .states import Action, ProposalStates, Side, State, actions, end_states, open_states, rows, states
from .trail import Notice, Receipt, Transition

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
    "Notices",
    "OrganisationalUnit",
    "PhysicalFlow",
    "PhysicalSpecification",
    "Policy",
    "Proposal",
    "ProposalStates",
    "ProposalType",
    "Reason",
    "Receipt",
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
    "hold_person",
    "hold_rights",
    "on_submission",
    "open_states",
    "reach",
    "read_rights",
    "record",
    "rights_on",
    "rows",
    "same_text",
    "states",
    "store",
]
