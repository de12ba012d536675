"""EDIT: other attributes of an existing physical flow, or other data types of its specification."""

from collections.abc import Iterable

from ...errors import Conflict, Invalid
from ...models import (
    ChangeContext,
    DataType,
    HistoryRow,
    Lifecycle,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
)
from .common import (
    Consequence,
    ImpactFacts,
    check_data_types,
    check_systems,
    impact_facts,
    locked_systems,
    missing_attributes,
    open_twin,
    refuse_other_change,
    refuse_twin,
)


def check_start(proposal: Proposal) -> None:
    refuse_other_change(proposal)
    check_systems({proposal.source, proposal.target})
    flow = proposal.changed_flow
    _check_still_as_read(proposal, flow, flow.specification)


def check_submission(proposal: Proposal, types: Iterable[DataType]) -> None:
    check_start(proposal)
    _check_wish(proposal, proposal.changed_flow, set(types))
    refuse_twin(open_twin(proposal))


def apply(proposal: Proposal, context: ChangeContext) -> None:
    check_systems(locked_systems(proposal.source_id, proposal.target_id))
    flow = (
        PhysicalFlow.objects.select_for_update(of=("self",))
        .select_related("logical_flow")
        .get(pk=proposal.changed_flow.pk)
    )
    specification = PhysicalSpecification.objects.select_for_update().get(pk=flow.specification_id)
    _check_still_as_read(proposal, flow, specification)
    types = set(proposal.data_types.all())
    _check_wish(proposal, flow, types)
    if types != set(specification.data_types.all()):
        context.store(specification, data_types=types)
    if changed_attributes(proposal, flow):
        for field in PhysicalFlow.ATTRIBUTES:
            setattr(flow, field, getattr(proposal, field))
        context.store(flow)
    proposal.result_logical_flow, proposal.result_specification = flow.logical_flow, specification
    proposal.result_physical_flow = flow


def consequences(proposal: Proposal, known: ImpactFacts | None = None) -> list[Consequence]:
    flow = proposal.changed_flow
    expected = [
        Consequence(
            f"The physical flow {flow} changes where old and new differ; "
            "route and specification stay."
        )
    ]
    if (known or impact_facts(proposal)).types_change:
        name = flow.specification.name
        expected.append(Consequence(f"The data types of the specification {name} change with it."))
    return expected


def changed_attributes(proposal: Proposal, flow: PhysicalFlow | HistoryRow) -> list[str]:
    """Names of the attributes that the proposal wants otherwise than `flow` (or a history row of
    it) has them.
    """
    return [
        field
        for field in PhysicalFlow.ATTRIBUTES
        if getattr(proposal, field) != getattr(flow, field)
    ]


def _check_still_as_read(
    proposal: Proposal, flow: PhysicalFlow, specification: PhysicalSpecification
) -> None:
    if flow.lifecycle == Lifecycle.REMOVED:
        raise Conflict(f"The physical flow {flow} has been removed.", flow)
    read = (proposal.read_physical_flow_version, proposal.read_specification_version)
    if read != (flow.version(), specification.version()):
        raise Conflict(
            f"The physical flow {flow} or its specification has changed since this was written. "
            "It has to be proposed again, from what it is now.",
            flow,
        )


def _check_wish(proposal: Proposal, flow: PhysicalFlow, wanted: set[DataType]) -> None:
    missing = missing_attributes(proposal)
    if missing:
        raise Invalid(**missing)
    present = set(flow.specification.data_types.all())
    if wanted != present:
        _check_types(flow, wanted, present)
    elif not changed_attributes(proposal, flow):
        raise Invalid("Nothing is changed yet.")
    proposal.specification = flow.specification
    proposal.set_content_key()
    refuse_twin(
        PhysicalFlow.objects.active()
        .filter(content_key=proposal.content_key)
        .exclude(pk=flow.pk)
        .first()
    )


def _check_types(flow: PhysicalFlow, wanted: set, present: set) -> None:
    if not wanted:
        raise Invalid(data_types="Choose at least one data type.")
    check_data_types(wanted, kept=present)
    sharing = PhysicalFlow.objects.active().filter(specification=flow.specification_id)
    elsewhere = sharing.exclude(logical_flow=flow.logical_flow_id)
    routes = sorted(
        {
            str(f.logical_flow)
            for f in elsewhere.select_related("logical_flow__source", "logical_flow__target")
        }
    )
    if routes:
        raise Invalid(
            data_types=f"Other routes share the specification {flow.specification.name}, "
            f"so its data types cannot be changed here: {', '.join(routes)}."
        )
