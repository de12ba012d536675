"""Which rows of the record belong to a flow or a proposal: what was asked, each step with the
rights and the policy it names, what was remarked, who was told, and every version of what it led
to.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Max, Q

from ...models import (
    STEWARDSHIPS,
    ApproverRule,
    DataType,
    Delegation,
    ImportBatch,
    Involvement,
    InvolvementKind,
    LogicalFlow,
    Notice,
    PhysicalFlow,
    PhysicalSpecification,
    Policy,
    Proposal,
    Reason,
    Remark,
    State,
    System,
    Tracked,
    Transition,
    User,
)

Keys = dict[type[models.Model], set[int]]


def of_proposal(proposal: Proposal) -> Keys:
    flow = proposal.result_logical_flow_id
    physical = PhysicalFlow.objects.filter(resulted_from=proposal)
    return _of([proposal.pk], [] if flow is None else [flow], physical)


def of_logical_flow(flow: LogicalFlow) -> Keys:
    approved = Proposal.objects.filter(result_logical_flow=flow, state=State.FULLY_APPROVED)
    return _of(_ids(approved), [flow.pk], PhysicalFlow.objects.filter(logical_flow=flow))


def of_physical_flow(flow: PhysicalFlow) -> Keys:
    approved = Proposal.objects.filter(
        # Their ids first: an OR over two joins reads the whole table. Of a flow that was added
        # directly, the origin is the consent that its route had.
        Q(pk__in=_ids(flow.resulted_from)) | Q(pk=flow.origin_proposal_id)
    )
    physical = PhysicalFlow.objects.filter(pk=flow.pk)
    return _of(_ids(approved), [flow.logical_flow_id], physical)


def _ids(rows: Any) -> list[int]:
    return list(rows.values_list("pk", flat=True))


def _of(proposals: Iterable[int], flows: Iterable[int], physical: models.QuerySet) -> Keys:
    """`proposals` and `flows` (logical) by their ids."""
    proposals = list(proposals)
    keys: Keys = defaultdict(set)
    steps = list(Transition.objects.filter(proposal__in=proposals))
    keys[Transition] |= {step.pk for step in steps}
    remarks = Remark.objects.filter(proposal__in=proposals)
    keys[Remark] |= set(_ids(remarks))
    keys[Notice] |= set(_ids(Notice.objects.filter(proposal__in=proposals)))
    specifications = {row.specification_id for row in physical}
    for model, ids in (
        (Proposal, proposals),
        (LogicalFlow, flows),
        (PhysicalFlow, _ids(physical)),
        (PhysicalSpecification, specifications),
    ):
        _add_versions(keys, model, ids)
    _add_rights(keys, steps)
    _add_surroundings(keys, proposals, flows)
    _add_people(keys, steps)
    return keys


def _add_versions(keys: Keys, model: Tracked, ids: Iterable[int | None]) -> None:
    """Every version of these rows, and the imports that are the cause of one."""
    versions = model.history.filter(id__in=[key for key in ids if key is not None])
    keys[model.history.model] |= set(_ids(versions))
    # Only histories of the register and of proposals name a cause.
    if hasattr(model.history.model, "cause_batch"):
        batches = versions.exclude(cause_batch=None).values_list("cause_batch", flat=True)
        keys[ImportBatch] |= set(batches)


def _add_newest(keys: Keys, model: Tracked, ids: Iterable[int | None]) -> None:
    """The newest version of each of these rows: for its name."""
    named = model.history.filter(id__in=[key for key in ids if key is not None])
    newest = named.order_by().values("id").annotate(newest=Max("history_id"))
    keys[model.history.model] |= {row["newest"] for row in newest}


def _add_rights(keys: Keys, steps: list[Transition]) -> None:
    """The policies and the rights that transitions name, as they were then."""
    keys[Policy.history.model] |= {step.policy_id for step in steps}
    for model, column in (
        (Involvement, "involvement_id"),
        (ApproverRule, "rule_id"),
        (Delegation, "delegation_id"),
    ):
        keys[model.history.model] |= {getattr(step, column) for step in steps} - {None}
    memberships = {step.stewardship_id for step in steps} - {None}
    named = STEWARDSHIPS.objects.filter(pk__in=memberships)
    keys[User.history.model] |= set(named.values_list("history_id", flat=True))
    parts = Involvement.history.filter(pk__in=keys[Involvement.history.model])
    _add_newest(keys, InvolvementKind, parts.values_list("kind", flat=True))


def _add_surroundings(keys: Keys, proposals: list[int], flows: Iterable[int]) -> None:
    """Systems in all their versions; names of reasons and data types."""
    routes = list(Proposal.objects.filter(pk__in=proposals).values_list("source", "target"))
    routes += LogicalFlow.objects.filter(pk__in=flows).values_list("source", "target")
    _add_versions(keys, System, {system for route in routes for system in route})
    asked = Proposal.objects.filter(pk__in=proposals)
    _add_newest(keys, Reason, asked.values_list("reason", flat=True))
    _add_newest(keys, DataType, asked.values_list("data_types", flat=True))


def _add_people(keys: Keys, steps: list[Transition]) -> None:
    """Whoever acted, was acted for, asked, remarked or was told, by their newest version."""
    people = {person for step in steps for person in (step.by_id, step.on_behalf_of_id)}
    told = Notice.objects.filter(pk__in=keys[Notice]).values_list("recipient", flat=True)
    people |= set(told)
    remarks = Remark.objects.filter(pk__in=keys[Remark])
    people |= set(remarks.values_list("by", flat=True))
    people |= set(remarks.exclude(mentioned=None).values_list("mentioned", flat=True))
    for model in (Proposal, LogicalFlow, PhysicalFlow, PhysicalSpecification):
        versions = model.history.filter(pk__in=keys[model.history.model])
        people |= set(versions.values_list("history_user", flat=True))
    _add_newest(keys, User, people)
