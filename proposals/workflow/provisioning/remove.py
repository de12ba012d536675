"""DELETE: a physical flow, and what has no use without it; or a logical flow that has no physical
flow.
"""

from collections.abc import Iterable

from ...errors import Conflict
from ...models import (
    ChangeContext,
    DataType,
    FlowLifecycle,
    Lifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
)
from .common import (
    Consequence,
    ImpactFacts,
    impact_facts,
    refuse_other_change,
    remove_if_unused,
)


def check_start(proposal: Proposal) -> None:
    """The systems may have been removed: their flows are what is left to remove."""
    refuse_other_change(proposal)
    _check_still_as_read(
        proposal, proposal.concerned_physical_flow, proposal.concerned_logical_flow
    )


def check_submission(proposal: Proposal, types: Iterable[DataType]) -> None:
    """There is nothing to write that could be wrong."""
    check_start(proposal)


def apply(proposal: Proposal, context: ChangeContext) -> None:
    logical = LogicalFlow.objects.select_for_update().get(
        source=proposal.source_id, target=proposal.target_id
    )
    proposal.result_logical_flow = logical
    if proposal.concerned_physical_flow_id is None:
        _check_still_as_read(proposal, None, logical)
    else:
        _remove_physical(proposal, context)
    # As it is now: others on this route may have gone or come since this was proposed.
    if not logical.physical_flows.active().exists():
        logical.remove()
        context.store(logical)


def _remove_physical(proposal: Proposal, context: ChangeContext) -> None:
    flow = PhysicalFlow.objects.select_for_update().get(pk=proposal.changed_flow.pk)
    specification = PhysicalSpecification.objects.select_for_update().get(pk=flow.specification_id)
    _check_still_as_read(proposal, flow, None)
    flow.remove()
    context.store(flow)
    remove_if_unused(specification, context)
    proposal.result_physical_flow, proposal.result_specification = flow, specification


def consequences(proposal: Proposal, known: ImpactFacts | None = None) -> list[Consequence]:
    flow = proposal.concerned_physical_flow
    route = f"{proposal.source.name} → {proposal.target.name}"
    if flow is None:
        return [
            Consequence(
                f"The logical flow {route}, which has no physical flow, is removed. "
                "Its history stays."
            )
        ]
    known = known or impact_facts(proposal)
    expected = [Consequence(f"The physical flow {flow} is removed. Its history stays.")]
    if not known.of_specification:
        name = flow.specification.name
        expected.append(
            Consequence(
                f"The specification {name} is removed too: nothing else uses it.", warns=True
            )
        )
    if not known.of_route:
        last = f"It is the last physical flow, so the logical flow {route} is removed too."
        expected.append(Consequence(last, warns=True))
    return expected


def _check_still_as_read(
    proposal: Proposal, flow: PhysicalFlow | None, logical: LogicalFlow | None
) -> None:
    if flow is not None:
        _refuse_removed(flow, flow.lifecycle == Lifecycle.REMOVED)
        specification = flow.specification
        read = (proposal.read_physical_flow_version, proposal.read_specification_version)
        _refuse_changed(flow, read != (flow.version(), specification.version()))
    elif logical is not None:
        _refuse_removed(logical, logical.lifecycle == FlowLifecycle.REMOVED)
        if logical.physical_flows.active().exists():
            raise Conflict(
                f"The flow {logical} has a physical flow. Propose the removal of that one.", logical
            )
        _refuse_changed(logical, proposal.read_logical_flow_version != logical.version())


def _refuse_removed(flow: PhysicalFlow | LogicalFlow, removed: bool) -> None:
    if removed:
        raise Conflict(f"The flow {flow} has been removed already.", flow)


def _refuse_changed(flow: PhysicalFlow | LogicalFlow, changed: bool) -> None:
    if changed:
        raise Conflict(
            f"The flow {flow} has changed since this was written. It has to be proposed again, "
            "from what it is now.",
            flow,
        )
