"""What the API answers."""

from datetime import datetime
from types import GenericAlias
from typing import Any

from ninja import Schema

Page = dict[str, Any]


class ProblemOut(Schema):
    type: str
    title: str
    status: int
    detail: str
    errors: dict[str, str] | None = None
    changes: list[str] | None = None


class Named(Schema):
    id: int
    code: str
    name: str


class Person(Schema):
    name: str
    email: str


class SystemOut(Named):
    kind: str
    lifecycle: str
    is_external: bool
    organisational_unit: str
    description: str


class DataTypeOut(Named):
    parent: str
    description: str
    is_deprecated: bool


class SpecificationOut(Named):
    owner: Named
    format: str
    description: str
    lifecycle: str
    data_types: list[str]


class FlowOut(Schema):
    id: int
    source: Named
    target: Named
    lifecycle: str
    is_approved: bool
    data_types: list[str]


class Attributes(Schema):
    name: str
    transport: str
    frequency: str
    basis_offset: int | None
    criticality: str
    description: str
    external_id: str


class PhysicalFlowOut(Attributes):
    id: int
    logical_flow: int
    source: Named
    target: Named
    specification: Named
    lifecycle: str


class ProposalOut(Attributes):
    number: int
    type: str
    state: str
    source: Named
    target: Named
    maker: Person
    reason: str
    justification: str
    round: int
    revises: int | None
    data_types: list[str]
    with_physical_flow: bool
    specification: Named | None
    specification_name: str
    specification_format: str
    specification_description: str
    physical_flow: int | None
    logical_flow: int | None
    resulting_logical_flow: int | None
    resulting_physical_flow: int | None
    created_at: datetime
    submitted_at: datetime | None
    due_at: datetime | None
    closed_at: datetime | None


class TransitionOut(Schema):
    id: int
    proposal: int
    number: int
    at: datetime
    action: str
    from_state: str
    to_state: str
    side: str
    by: Person | None
    on_behalf_of: Person | None
    capacity: str
    comment: str
    is_automatic: bool
    token: str


class Approver(Person):
    capacity: str
    on_behalf_of: Person | None
    may_approve: bool
    may_reject: bool


class SideOut(Schema):
    side: str
    decision: str
    approvers: list[Approver]


class Allowed(Schema):
    action: str
    sides: list[str]


class RemarkOut(Schema):
    id: int
    at: datetime
    by: Person
    topic: str
    text: str
    answers: int | None


class ProposalInFull(ProposalOut):
    sides: list[SideOut]
    allowed: list[Allowed]
    transitions: list[TransitionOut]
    remarks: list[RemarkOut]


def page_of(row: type[Schema]) -> type[Schema]:
    """A page of a list: `next` is the cursor of the page behind, null on the last one."""
    name = f"{row.__name__.removesuffix('Out')}Page"
    rows = GenericAlias(list, row)
    return type(name, (Schema,), {"__annotations__": {"items": rows, "next": str | None}})


class Feed(Schema):
    """`next` is where to go on, at once or later."""

    items: list[TransitionOut]
    next: str
