"""EDIT: other attributes of an existing physical flow, or other data types of its specification;
where other routes share that, by a specification of its own.
"""

from collections.abc import Iterable
from itertools import count

from ...errors import Conflict, Invalid
from ...models import (
    ChangeContext,
    DataType,
    HistoryRow,
    Lifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    folded,
)
from . import create
from .common import (
    Consequence,
    ImpactFacts,
    check_data_types,
    check_systems,
    impact_facts,
    missing_attributes,
    open_twin,
    refuse_other_change,
    refuse_twin,
    remove_if_unused,
)

MOST_ROUTES = 20  # named where one stands for all of them
LONGEST_NAME: int = PhysicalSpecification._meta.get_field("name").max_length or 0


def check_start(proposal: Proposal) -> None:
    refuse_other_change(proposal)
    check_systems({proposal.source, proposal.target})
    flow = proposal.changed_flow
    _check_still_as_read(proposal, flow, flow.specification)


def check_submission(proposal: Proposal, types: Iterable[DataType]) -> None:
    proposal.settle_specification()
    check_start(proposal)
    _check_wish(proposal, proposal.changed_flow, set(types))
    if proposal.wants_own_specification:
        _check_own_specification(proposal, proposal.changed_flow, set(types))
    refuse_twin(open_twin(proposal))


def apply(proposal: Proposal, context: ChangeContext) -> None:
    check_systems([proposal.source, proposal.target])
    flow = (
        PhysicalFlow.objects.select_for_update(of=("self",))
        .select_related("logical_flow")
        .get(pk=proposal.changed_flow.pk)
    )
    specification = PhysicalSpecification.objects.select_for_update().get(pk=flow.specification_id)
    _check_still_as_read(proposal, flow, specification)
    types = set(proposal.data_types.all())
    _check_wish(proposal, flow, types)
    proposal.result_specification = specification
    if proposal.wants_own_specification:
        flow.specification = create.specification_for(proposal, types, context).specification
        proposal.result_specification = flow.specification
    elif types != set(specification.data_types.all()):
        context.store(specification, data_types=types)
    if changed_attributes(proposal, flow) or proposal.wants_own_specification:
        for field in PhysicalFlow.ATTRIBUTES:
            setattr(flow, field, getattr(proposal, field))
        # Of a specification that was only named nobody could tell before whether it makes a twin.
        flow.set_content_key()
        refuse_twin(_flow_like(flow.content_key, flow))
        context.store(flow)
    if proposal.wants_own_specification:
        remove_if_unused(specification, context)
    proposal.result_logical_flow, proposal.result_physical_flow = flow.logical_flow, flow


def routes_elsewhere(flow: PhysicalFlow) -> tuple[list[LogicalFlow], bool]:
    """Other routes along which its specification is sent, by name, and whether there may be more
    than these.
    """
    sharing = PhysicalFlow.objects.active().filter(specification=flow.specification_id)
    elsewhere = sharing.exclude(logical_flow=flow.logical_flow_id).order_by("pk")
    # The ids themselves, and few of them: thousands of routes may share one.
    ids = list(elsewhere.values_list("logical_flow", flat=True)[: MOST_ROUTES + 1])
    routes = LogicalFlow.objects.filter(pk__in=ids[:MOST_ROUTES]).select_related("source", "target")
    return list(routes.by_route()), len(ids) > MOST_ROUTES


def other_routes(routes: list[LogicalFlow], are_more: bool) -> str:
    """How many, of what `routes_elsewhere` found."""
    if are_more:
        return f"more than {MOST_ROUTES} other routes"
    return "1 other route" if len(routes) == 1 else f"{len(routes)} other routes"


def suggested_name(flow: PhysicalFlow) -> str:
    """A name for a specification of its own that its owner has not given yet."""
    taken = create.names_taken(flow.logical_flow.source_id)
    # Half of the length at most, so that something of the present name is left.
    for_whom = f" for {flow.logical_flow.target.name}"[: LONGEST_NAME // 2]
    for number in count(1):
        ending = f"{for_whom} {number}" if number > 1 else for_whom
        name = f"{flow.specification.name[: LONGEST_NAME - len(ending)]}{ending}"
        if folded(name) not in taken:
            break
    return name


def consequences(proposal: Proposal, known: ImpactFacts | None = None) -> list[Consequence]:
    flow = proposal.changed_flow
    if proposal.wants_own_specification:
        return _consequences_of_own(proposal, flow, known or impact_facts(proposal))
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


def _consequences_of_own(
    proposal: Proposal, flow: PhysicalFlow, known: ImpactFacts
) -> list[Consequence]:
    old, new = flow.specification.name, proposal.specification_name
    expected = [
        f"{proposal.source.name} gets the specification {new}: the data types as proposed, "
        f"all else as in {old}.",
        f"The physical flow {flow} sends {new} instead of {old}, and changes where old and new "
        "differ; its route stays.",
    ]
    if not known.of_specification:
        removed = f"The specification {old} is removed: nothing else uses it any more."
        return [*map(Consequence, expected), Consequence(removed, warns=True)]
    number = known.of_specification
    others = "1 other physical flow sends" if number == 1 else f"{number} other physical flows send"
    return [*map(Consequence, expected), Consequence(f"{others} {old} as it is, as before.")]


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
        _check_types(proposal, flow, wanted, present)
    elif not changed_attributes(proposal, flow):
        raise Invalid("Nothing is changed yet.")
    proposal.set_content_key()
    refuse_twin(_flow_like(proposal.content_key, flow))


def _flow_like(content_key: str, flow: PhysicalFlow) -> PhysicalFlow | None:
    """Another one in the register that says the same."""
    same = PhysicalFlow.objects.active().filter(content_key=content_key)
    return same.exclude(pk=flow.pk).first()


def _check_types(proposal: Proposal, flow: PhysicalFlow, wanted: set, present: set) -> None:
    if not wanted:
        raise Invalid(data_types="Choose at least one data type.")
    check_data_types(wanted, kept=present)
    routes, are_more = routes_elsewhere(flow)
    if routes and not proposal.wants_own_specification:
        raise Invalid(
            specification_name=f"{flow.specification.name} is also sent on "
            f"{other_routes(routes, are_more)}, so its data types stay. "
            "Give this route one of its own, by a name, or leave the data types as they are."
        )


def _check_own_specification(proposal: Proposal, flow: PhysicalFlow, wanted: set) -> None:
    """Of what both sides agreed to this is not asked again: an equal specification is used."""
    old = flow.specification
    if wanted == set(old.data_types.all()):
        sentence = f"The data types stay those of {old.name}, so leave the name empty."
    elif not routes_elsewhere(flow)[0]:
        sentence = f"No other route shares {old.name}, so leave the name empty: its types change."
    elif create.specification_named(proposal.source_id, proposal.specification_name):
        sentence = (
            f"{proposal.source} already has a specification named "
            f"“{proposal.specification_name}”. Give this one another name."
        )
    else:
        return
    raise Invalid(specification_name=sentence)
