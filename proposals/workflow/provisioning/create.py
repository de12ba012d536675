"""CREATE: a route between two systems, with or without its physical flow."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ...errors import Conflict, Invalid, Refused
from ...models import (
    ChangeContext,
    DataType,
    FlowLifecycle,
    Lifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    folded,
    same,
)
from .common import (
    Consequence,
    ImpactFacts,
    check_data_types,
    check_systems,
    missing_attributes,
    open_twin,
    refuse_twin,
)


def check_submission(proposal: Proposal, types: Iterable[DataType]) -> None:
    missing = {}
    if proposal.policy.physical_flow_required and not proposal.with_physical_flow:
        missing["with_physical_flow"] = (
            "The policy asks for the physical flow too: say what is sent, how and when."
        )
    _check_wish(proposal, list(types), missing)
    refuse_twin(twin_of(proposal))


def _check_wish(proposal: Proposal, types: list[DataType], missing: dict[str, str]) -> None:
    missing = missing | lacking(proposal, types)
    if missing:
        raise Invalid(**missing)
    check_systems([proposal.source, proposal.target])
    check_data_types(
        types, kept=proposal.specification.data_types.all() if proposal.specification else []
    )
    if proposal.with_physical_flow:
        check_specification(proposal)


def lacking(proposal: Proposal, types: Iterable[DataType]) -> dict[str, str]:
    """What must still be written before it can be submitted: field -> sentence."""
    missing = {} if types else {"data_types": "Choose at least one data type."}
    if proposal.source_id == proposal.target_id:
        missing["target"] = "Source and target must be two different systems."
    if not proposal.with_physical_flow:
        return missing
    missing |= missing_attributes(proposal)
    if not proposal.specification_id and not folded(proposal.specification_name):
        missing["specification"] = "Choose a specification, or name a new one."
    elif not proposal.specification_id and not proposal.specification_format:
        missing["specification_format"] = "Give the format of the new specification."
    return missing


def check_specification(proposal: Proposal) -> None:
    chosen = proposal.specification
    if chosen is None:
        same = specification_named(proposal.source_id, proposal.specification_name)
        if same:
            raise Conflict(
                f"{proposal.source} already has a specification named “{same}”. "
                "Choose it, or give the new one another name.",
                proposal.source,
            )
    else:
        _check_existing_specification(proposal, chosen)


def _check_existing_specification(proposal: Proposal, chosen: PhysicalSpecification) -> None:
    if chosen.owner_id != proposal.source_id:
        raise Invalid(
            specification=f"The specification {chosen} does not belong to {proposal.source}."
        )
    if chosen.lifecycle == Lifecycle.REMOVED:
        raise Conflict(f"The specification {chosen} has been removed.")


def specification_named(owner_id: int, name: str) -> PhysicalSpecification | None:
    """The one of that owner, not removed, with the same name."""
    living = PhysicalSpecification.objects.filter(owner_id=owner_id, lifecycle=Lifecycle.ACTIVE)
    return next(
        # Compared in Python: only there are two texts the same on both databases, outside ASCII
        # too.
        (spec for spec in living.order_by("pk") if same(spec.name, name)),
        None,
    )


def names_taken(owner_id: int) -> set[str]:
    """The names of that owner's specifications, not removed, folded."""
    living = PhysicalSpecification.objects.filter(owner_id=owner_id, lifecycle=Lifecycle.ACTIVE)
    return set(map(folded, living.values_list("name", flat=True)))


def twin_of(proposal: Proposal) -> PhysicalFlow | LogicalFlow | Proposal | None:
    """What says the same as a CREATE: first what the register holds, then another open proposal.

    Hint and refusal ask here, so that they name the same.
    """
    return flow_twin(proposal) or open_twin(proposal)


def flow_twin(proposal: Proposal) -> PhysicalFlow | LogicalFlow | None:
    """What the register already holds that says the same. A route that declares unknown or
    deprecated types does not: it is proposed anew with other ones.
    """
    if proposal.with_physical_flow:
        return PhysicalFlow.objects.active().filter(content_key=proposal.content_key).first()
    flow = _living_flow(proposal)
    return None if flow and flow.unfit_types().exists() else flow


def _living_flow(proposal: Proposal) -> LogicalFlow | None:
    route = {"source": proposal.source_id, "target": proposal.target_id}
    return LogicalFlow.objects.living().filter(**route).first()


def apply(proposal: Proposal, context: ChangeContext) -> None:
    """Finds, revives or makes the logical flow; reuses or makes the specification; makes the
    physical flow.

    The verb has locked the systems, so two proposals for one route cannot both find nothing.
    """
    check_systems([proposal.source, proposal.target])
    types = list(proposal.data_types.all())
    check_data_types(
        types, kept=proposal.specification.data_types.all() if proposal.specification else []
    )
    # Judged anew: since the submission an import may have brought the same route.
    if not proposal.with_physical_flow:
        refuse_twin(flow_twin(proposal))
    if not proposal.with_physical_flow:
        proposal.result_logical_flow = _logical_flow_for(proposal, types, context)
        return
    sent = specification_for(proposal, types, context)
    declared = [] if sent.carries(types) else types
    flow = _logical_flow_for(proposal, declared, context, with_first=True)
    proposal.result_logical_flow = flow
    proposal.result_specification = sent.specification
    proposal.result_physical_flow = _add_physical_flow(
        flow, sent, proposal, context, origin_proposal=proposal
    )


class Sent(NamedTuple):
    """The specification of a flow to be made; where that `is_new` too, no other flow can have it,
    and it carries what it was made for.
    """

    specification: PhysicalSpecification
    is_new: bool

    def carries(self, types: list[DataType]) -> bool:
        """Whether the specification itself says that these are sent. One without any type leaves
        that to the logical flow.
        """
        return self.is_new or set(types) <= set(self.specification.data_types.all())


def _logical_flow_for(
    proposal: Proposal,
    declared: list[DataType],
    context: ChangeContext,
    *,
    with_first: bool = False,
) -> LogicalFlow:
    """The one of the route, which lives from now on; made `with_first`, a physical flow to follow,
    it is active at once.
    """
    flow = (
        LogicalFlow.objects.select_for_update()
        .filter(source=proposal.source_id, target=proposal.target_id)
        .first()
    )
    if flow is None:
        flow = LogicalFlow(source=proposal.source, target=proposal.target, origin_proposal=proposal)
        if with_first:
            flow.activate()
        context.store(flow, declared_data_types=declared)
    elif flow.lifecycle == FlowLifecycle.REMOVED:
        flow.revive()
        context.store(flow, declared_data_types=declared)
    else:
        present = set(flow.declared_data_types.all())
        wanted = (present - set(flow.unfit_types())) | set(declared)
        if wanted != present:
            context.store(flow, declared_data_types=wanted)
    return flow


def specification_for(
    proposal: Proposal, types: Iterable[DataType], context: ChangeContext
) -> Sent:
    """The existing one it names; or one of the source by the name it gives, which is made unless
    there is an equal one. Conflict if there is another of that name.
    """
    if proposal.specification:
        locked = PhysicalSpecification.objects.select_for_update()
        # Read anew under the lock: the one that came with the proposal may be removed by now.
        chosen = locked.get(pk=proposal.specification.pk)
        proposal.specification = chosen
        _check_existing_specification(proposal, chosen)
        return Sent(chosen, is_new=False)
    same = specification_named(proposal.source_id, proposal.specification_name)
    if same is None:
        return Sent(_new_specification(proposal, types, context), is_new=True)
    wanted = (proposal.specification_format, proposal.specification_description, set(types))
    if (same.format, same.description, set(same.data_types.all())) != wanted:
        raise Conflict(
            f"{proposal.source} now has another specification named “{same}” "
            "with other content. Reject this proposal; its maker can start again from it.",
            proposal.source,
        )
    return Sent(same, is_new=False)


def _new_specification(
    proposal: Proposal, types: Iterable[DataType], context: ChangeContext
) -> PhysicalSpecification:
    made = PhysicalSpecification(
        owner=proposal.source,
        name=proposal.specification_name,
        format=proposal.specification_format,
        description=proposal.specification_description,
    )
    context.store(made, data_types=types)
    return made


def _add_physical_flow(
    flow: LogicalFlow,
    sent: Sent,
    wish: Proposal,
    context: ChangeContext,
    **origin: Any,
) -> PhysicalFlow:
    """A physical flow under `flow`, which becomes ACTIVE with its first. `origin`: origin_proposal,
    added_by.
    """
    attributes = {field: getattr(wish, field) for field in PhysicalFlow.ATTRIBUTES}
    made = PhysicalFlow(logical_flow=flow, specification=sent.specification, **attributes, **origin)
    made.set_content_key()
    if not sent.is_new:
        refuse_twin(PhysicalFlow.objects.active().filter(content_key=made.content_key).first())
    context.store(made)
    if flow.lifecycle == FlowLifecycle.PENDING:
        flow.activate()
        context.store(flow)
    return made


def add_further(
    flow: LogicalFlow, wish: Proposal, types: list[DataType], context: ChangeContext
) -> PhysicalFlow:
    """A further physical flow on an approved logical flow, as `wish` (a proposal never saved)
    describes it.

    Refused on a removed flow, on one nobody approved, for a removed system, for a twin, and for
    what a CREATE of the same content would be refused for.
    """
    flow = (
        LogicalFlow.objects.select_for_update(of=("self",))
        .select_related("source", "target")
        .get(pk=flow.pk)
    )
    consent = consent_for_more(flow)
    wish.source, wish.target, wish.with_physical_flow = flow.source, flow.target, True
    if wish.specification:
        types = list(wish.specification.data_types.all()) or list(flow.data_types())
    _check_wish(wish, types, missing={})
    wish.set_content_key()
    refuse_twin(twin_of(wish))
    sent = specification_for(wish, types, context)
    return _add_physical_flow(
        flow, sent, wish, context, origin_proposal=consent, added_by=context.by
    )


def consequences(proposal: Proposal, known: ImpactFacts | None = None) -> list[Consequence]:
    source, target = proposal.source, proposal.target
    there = proposal.route_is_living
    route = "is in the register already and stays" if there else "enters the register"
    sentences = [f"The logical flow {source.name} → {target.name} {route}."]
    flow = _living_flow(proposal) if there else None
    if flow and (unfit := ", ".join(map(str, flow.unfit_types()))):
        sentences.append(f"It no longer says by itself that it carries {unfit}.")
    if not proposal.with_physical_flow:
        sentences += [] if there else ["It stays pending until its first physical flow."]
    elif proposal.specification:
        sentences.append(f"The specification {proposal.specification.name} is used as it is.")
    else:
        sentences.append(
            f"{source.name} gets the new specification "
            f"{proposal.specification_name or '(not named yet)'}."
        )
    if proposal.with_physical_flow:
        sentences.append("A physical flow is added, and the logical flow is active.")
    return list(map(Consequence, sentences))


def consent_for_more(flow: LogicalFlow) -> Proposal:
    """The approved proposal under which `flow` takes further physical flows, or the refusal."""
    if flow.lifecycle == FlowLifecycle.REMOVED:
        raise Conflict(f"The flow {flow} has been removed. Propose it again.", flow)
    consent = flow.consent().first()
    if consent is None:
        raise Refused(
            f"Nobody has approved the flow {flow} yet, so a physical flow on it needs a proposal.",
            flow,
        )
    check_systems([flow.source, flow.target])
    return consent
