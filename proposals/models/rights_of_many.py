"""Rights on many proposals, read for all of them together."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache, partial

from .delegations import delegations_of
from .policy import Policy
from .proposal import Proposal
from .rights import RightsContext, active_stewards, deciders, stewards
from .transitions import Transition


def systems_of(proposals: Iterable[Proposal]) -> set[int]:
    """The ids of the systems that have to decide on those that are open."""
    open_ones = [proposal for proposal in proposals if proposal.is_open]
    return {pk for proposal in open_ones for pk in (proposal.source_id, proposal.target_id)}


def prefetch_rights(proposals: list[Proposal], rows: list | None = None) -> list[Proposal]:
    """Give each what the roles ask of it, read for all of them together; the number of queries is
    the same for any.

    `rows` are the deciders of their systems, for a caller who has them.
    """
    if not proposals:
        return []
    open_ones = [proposal for proposal in proposals if proposal.is_open]
    policy = Policy.in_force()
    rows = deciders(systems_of(proposals)) if rows is None else rows
    delegations = delegations_of({row.user_id for row in rows})
    of_system = defaultdict(list)
    for row in rows:
        of_system[row.system_id].append(row)
    decided = Transition.objects.none()
    if not policy.one_person_both_sides:
        decided = Transition.objects.filter(proposal__in=open_ones).exclude(side="")
    decisions = defaultdict(list)
    for decision in decided:
        decisions[decision.proposal_id].append(decision)
    read_stewards = cache(stewards)
    for proposal in proposals:
        of_ends = [*of_system[proposal.source_id], *of_system[proposal.target_id]]
        proposal.rights = RightsContext(
            policy,
            decisions[proposal.pk],
            partial(list, of_ends),
            lambda: delegations,
            read_stewards,
        )
    return proposals


def missing_stewards() -> str:
    """The warning that open proposals wait for a steward and no active one is left; empty where
    there is one, or nothing waits.
    """
    if active_stewards().exists():
        return ""
    number = Proposal.objects.waiting_for_stewards().count()
    if not number:
        return ""
    proposals = "1 open proposal waits" if number == 1 else f"{number} open proposals wait"
    return f"No active steward is left, and {proposals} for one: name another steward."
