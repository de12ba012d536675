"""What creating, changing and removing have in common."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from ...errors import Conflict, Invalid, Repeated
from ...models import (
    ChangeContext,
    DataType,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    ProposalType,
    System,
    label,
)


@dataclass(frozen=True)
class Consequence:
    """What the register will be, in one sentence; `warns` where more goes than what is asked
    for.
    """

    sentence: str
    warns: bool = False

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class ImpactFacts:
    """What the consequences of changing or removing a physical flow depend on: how many other
    active ones its route and its specification have, and whether the data types change.
    """

    of_route: int
    of_specification: int
    types_change: bool = False


def impact_facts(proposal: Proposal) -> ImpactFacts:
    """As things are now, for an EDIT or DELETE of a physical flow."""
    flow = proposal.changed_flow
    route = Q(logical_flow=flow.logical_flow_id)
    specification = Q(specification=flow.specification_id)
    others = PhysicalFlow.objects.active().filter(route | specification).exclude(pk=flow.pk)
    numbers = others.aggregate(
        of_route=Count("pk", filter=route), of_specification=Count("pk", filter=specification)
    )
    return ImpactFacts(
        **numbers, types_change=proposal.type == ProposalType.EDIT and _types_differ(proposal, flow)
    )


def _types_differ(proposal: Proposal, flow: PhysicalFlow) -> bool:
    return set(proposal.data_types.all()) != set(flow.specification.data_types.all())


def check_systems(systems: Iterable[System]) -> None:
    for system in systems:
        if system.is_removed:
            raise Conflict(f"{system} has been removed and takes no new flow.", system)


def check_data_types(wanted: Iterable[DataType], kept: Iterable[DataType]) -> None:
    """None newly proposed that is deprecated or unknown; what is `kept` stays."""
    for unfit in set(wanted) - set(kept):
        if unfit.is_deprecated or unfit.is_unknown:
            why = "deprecated" if unfit.is_deprecated else "a placeholder for the unknown"
            raise Invalid(data_types=f"The data type {unfit} is {why}. Choose another.")


def missing_attributes(proposal: Proposal) -> dict[str, str]:
    """What the wanted physical flow lacks: field -> sentence."""
    # Not by truth: an offset of 0 is given.
    lacking = [field for field in Proposal.REQUIRED if getattr(proposal, field) in ("", None)]
    return {
        field: f"Give the {label(Proposal._meta.get_field(field)).lower()} of the physical flow."
        for field in lacking
    }


def open_twin(proposal: Proposal) -> Proposal | None:
    """Another open proposal that would bring the same content into the register."""
    bringing = Proposal.objects.open().exclude(type=ProposalType.DELETE).exclude(pk=proposal.pk)
    # The key says the route too; but open proposals are found by their systems, and by their key
    # only those that are no change.
    route = {"source": proposal.source_id, "target": proposal.target_id}
    return bringing.filter(content_key=proposal.content_key, **route).first()


def refuse_twin(twin: Proposal | PhysicalFlow | LogicalFlow | None) -> None:
    if isinstance(twin, Proposal):
        sentence = f"Proposal {twin.pk} by {twin.maker} asks for the same and is still open."
    elif isinstance(twin, PhysicalFlow):
        sentence = f"The register already has this physical flow: {twin} on {twin.logical_flow}."
    elif isinstance(twin, LogicalFlow):
        sentence = f"The register already has the flow {twin}."
    else:
        return
    raise Repeated(sentence, twin)


def remove_if_unused(specification: PhysicalSpecification, context: ChangeContext) -> None:
    """A specification, locked, that no active physical flow uses any more."""
    if not specification.physical_flows.active().exists():
        specification.remove()
        context.store(specification)


def refuse_other_change(proposal: Proposal) -> None:
    """At most one open EDIT or DELETE per flow, whichever comes first."""
    open_ones = Proposal.objects.open().exclude(pk=proposal.pk)
    if proposal.concerned_physical_flow_id:
        other = open_ones.filter(
            concerned_physical_flow=proposal.concerned_physical_flow_id
        ).first()
    else:
        other = open_ones.filter(concerned_logical_flow=proposal.concerned_logical_flow_id).first()
    if other:
        what = other.get_type_display().lower()
        raise Repeated(
            f"Proposal {other.pk} by {other.maker}, a {what} of this flow, is still open.", other
        )
