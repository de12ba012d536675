"""Each proposal walked with its transitions, step by step, against the table of the workflow."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from ...models import MakerDecides, Policy, Proposal, State, Transition, actions, end_states, rows
from .breach import Breach

LEGAL = {(action.name, source, target, action.side) for source, action, target in rows()}
ENDS = frozenset(end_states())
APPROVALS = {action.name for action in actions().values() if action.verb == "approve"}


def breaches() -> Iterator[Breach]:
    policies = {policy.pk: policy for policy in Policy.history.iterator()}
    # Two streams in the same order, walked together: neither has to fit into memory.
    steps = groupby(_in_order(), attrgetter("proposal_id"))
    number, trail = next(steps, (None, []))
    walked_through = Proposal.objects.only("state", "maker").order_by("pk")
    for proposal in walked_through.iterator(chunk_size=2000):
        own_steps = []
        if number == proposal.pk:
            own_steps = list(trail)
            number, trail = next(steps, (None, []))
        for invariant, sentence in walked(proposal, own_steps, policies):
            yield Breach(invariant, f"proposal {proposal.pk}", sentence)


def _in_order() -> Iterator[Transition]:
    # Only what is judged here: to make objects of whole rows took most of the time.
    steps = Transition.objects.only(
        *("proposal", "number", "action", "from_state", "to_state", "side"),
        *("by", "on_behalf_of", "automatic", "token", "policy"),
    )
    return steps.order_by("proposal_id", "number").iterator(chunk_size=2000)


def walked(
    proposal: Proposal, trail: list[Transition], policies: dict
) -> Iterator[tuple[str, str]]:
    """What is wrong with one proposal: (invariant, sentence)."""
    state = str(State.PROPOSED_CREATE)
    for place, step in enumerate(trail, start=1):
        if step.number != place:
            yield "I3", f"Transition {step.number} stands at place {place}."
        if step.from_state != state:
            yield (
                "I3",
                f"Transition {step.number} goes from {step.from_state}, and the state was {state}.",
            )
        if (step.action, step.from_state, step.to_state, step.side) not in LEGAL:
            yield "I3", f"Transition {step.number}, {step.action}, is no row of the table."
        if place < len(trail) and step.to_state in ENDS:
            yield "I4", f"It went on after {step.to_state}."
        yield from _decided(proposal, step, trail, policies)
        state = step.to_state
    if proposal.state != state:
        yield "I3", f"Its state is {proposal.state}; its transitions say {state}."
    if proposal.state == State.FULLY_APPROVED and {
        s.side for s in trail if s.action in APPROVALS
    } != {
        "SOURCE",
        "TARGET",
    }:
        yield "I2", "It is fully approved without an approval of each side."


def _decided(
    proposal: Proposal, step: Transition, trail: list, policies: dict
) -> Iterator[tuple[str, str]]:
    """Whether a decision was anybody's who may not under the policy it names."""
    policy = policies[step.policy_id]
    people = {step.by_id, step.on_behalf_of_id} - {None}
    if not step.side:
        return
    waltz = policy.maker_decides == MakerDecides.WALTZ
    if proposal.maker_id in people and not step.automatic and not waltz:
        yield "I2", f"Transition {step.number} is the maker's, whom the policy it names bars."
    if (
        step.automatic
        and policy.maker_decides == MakerDecides.NEVER
        and not policy.external_auto_approval
    ):
        yield (
            "I2",
            f"Transition {step.number} is automatic, and the policy it names knows no such thing.",
        )
    if step.token and not step.automatic and not policy.api_decisions:
        yield "I2", f"Transition {step.number} is a program's, which the policy it names bars."
    others = [other for other in trail if other.side and other.number < step.number]
    met = people & {person for other in others for person in (other.by_id, other.on_behalf_of_id)}
    if met and not policy.one_person_both_sides:
        yield (
            "I2",
            f"Transition {step.number} is by somebody of the other side, "
            "and the policy asks for two people.",
        )
    if any(other.automatic for other in others) and step.automatic and not waltz:
        yield "I2", f"Transition {step.number} is the second automatic decision."
