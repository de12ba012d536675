"""What people may think of doing in a given world: each deed draws one step, (verb, *arguments).

`draw` picks from a list. Most of what is drawn can be done, much of the rest is refused.
"""

from .model import OPEN, RULES, SIDES, Wish

PEOPLE = ["Bo", "Mia", "Sam", "Stella", "Tess"]
SYSTEMS = ["Ledger", "Risk", "Vendor"]
TYPES = ["Cash", "Trades"]
ROUTES = [(source, target) for source in SYSTEMS for target in SYSTEMS if source != target]
NAMES = ["trades.csv", "Trades.CSV", "cash.csv", "limits.csv"]
OWN = ["own.csv", "Own.csv", "mine.csv"]  # names of specifications that a route has for itself
POLICIES = {
    "maker_decides": ["NEVER", "OWN_SIDE", "WALTZ"],
    "one_person_both_sides": [True, False],
    "external_auto_approval": [False, True],
    "side_without_approver": ["STEWARD", "REFUSE"],
    "physical_flow_required": [False, True],
    "later_physical_flows": ["DIRECT", "PROPOSAL"],
}


def some(draw, able, everybody=PEOPLE):
    """One of `everybody`, mostly of those who are `able`."""
    return draw([*able] * 4 + list(everybody))


def in_state(draw, world, *states):
    """The place of a proposal, mostly of one in `states`."""
    wanted = [place for place, wish in enumerate(world.proposals) if wish.state in states]
    return some(draw, wanted, range(len(world.proposals)))


def able(world, place, side, may):
    """Who may approve (2) or reject (3) it for this side."""
    return sorted({right[0] for right in world.rights(world.proposals[place], side) if right[may]})


def types(draw):
    return frozenset(draw([["Trades"], ["Cash"], ["Cash", "Trades"], ["Trades"], []]))


def verb(draw):
    return draw(["submit", "submit", "draft"])


def living_flow(draw, world):
    living = [place for place, flow in enumerate(world.flows) if flow.living]
    return some(draw, living, range(len(world.flows)))


def content(draw, world, route):
    own = [
        place for place, spec in enumerate(world.specs) if spec.owner == route[0] and spec.living
    ]
    spec = draw(NAMES + own * 2 + [*range(len(world.specs))])
    return {
        "spec": spec,
        "frequency": draw(["DAILY", "WEEKLY", "MONTHLY"]),
        "criticality": "MEDIUM",
    }


def create(draw, world):
    route = draw(ROUTES[:1] * 6 + ROUTES)
    with_physical = draw([True, True, False])
    wanted = content(draw, world, route) if with_physical else {}
    return verb(draw), Wish("CREATE", draw(PEOPLE), route, types(draw), **wanted)


def edit(draw, world):
    place = living_flow(draw, world)
    flow = world.flows[place]
    wanted = {
        "frequency": draw([flow.frequency, "DAILY", "WEEKLY"]),
        "criticality": draw(["LOW", "HIGH", "MEDIUM"]),
    }
    kept = world.specs[flow.spec].types
    shared = any(other.route != flow.route for other in world.flows_of(spec=flow.spec))
    spec = draw([flow.spec, *([*OWN, *NAMES] if shared else OWN[:1])])
    wish = Wish("EDIT", draw(PEOPLE), flow.route, draw([kept, types(draw)]), spec, **wanted)
    wish.flow = place
    return verb(draw), wish


def delete(draw, world):
    place = living_flow(draw, world)
    return verb(draw), Wish("DELETE", draw(PEOPLE), world.flows[place].route, flow=place)


def delete_bare(draw, world):
    bare = [
        route
        for route in world.routes
        if world.is_living(route) and not world.flows_of(route=route)
    ]
    return verb(draw), Wish("DELETE", draw(PEOPLE), some(draw, bare, world.routes))


def further(draw, world):
    approved = [
        route for route in world.routes if world.routes[route].approved and world.is_living(route)
    ]
    route = some(draw, approved, world.routes)
    return "further", Wish(
        "CREATE", draw(PEOPLE), route, types(draw), **content(draw, world, route)
    )


def redraft(draw, world):
    place = in_state(draw, world, "PROPOSED_CREATE")
    return "redraft", place, types(draw), some(draw, [world.proposals[place].maker])


def propose(draw, world):
    place = in_state(draw, world, "PROPOSED_CREATE")
    return "propose", place, some(draw, [world.proposals[place].maker])


def agree(draw, world):
    """One more side of an open proposal, by somebody who may."""
    waiting = [
        (place, side)
        for place, wish in enumerate(world.proposals)
        for side in world.undecided(wish)
    ]
    possible = [(*turn, who) for turn in waiting for who in able(world, *turn, 2)]
    if not possible:
        return approve(draw, world)
    place, side, who = draw(possible)
    return "approve", place, (side,), who


def approve(draw, world):
    place, sides = in_state(draw, world, *OPEN), draw([SIDES, SIDES[:1], SIDES[1:]])
    return "approve", place, sides, some(draw, able(world, place, sides[0], 2))


def reject(draw, world):
    place, side = in_state(draw, world, *OPEN), draw(SIDES)
    return (
        "reject",
        place,
        side,
        some(draw, able(world, place, side, 3)),
        draw(["Not like this.", "No.", " "]),
    )


def request_changes(draw, world):
    place, side = in_state(draw, world, *OPEN), draw(SIDES)
    may = able(world, place, side, 2) + able(world, place, side, 3)
    return "request_changes", place, side, some(draw, may), draw(["Otherwise.", "Please.", " "])


def revise(draw, world):
    place = in_state(draw, world, "RETURNED", "RETURNED", "SOURCE_REJECTED", "TARGET_REJECTED")
    before = world.proposals[place]
    wanted = draw([before.types, types(draw)]) if before.type != "DELETE" else frozenset()
    return "revise", place, wanted, some(draw, [before.maker])


def cancel(draw, world):
    place = in_state(draw, world, *OPEN)
    return "cancel", place, some(draw, [world.proposals[place].maker])


def time_out(draw, world):
    return "time_out", in_state(draw, world, *OPEN), draw([True, False])


def involve(draw, world):
    return "involve", draw(PEOPLE), draw(SYSTEMS), draw(list(RULES))


def delegate(draw, world):
    delegator = draw(PEOPLE)
    others = [person for person in PEOPLE if person != delegator]
    return "delegate", delegator, draw(others), draw(["", "", *SYSTEMS])


def employ(draw, world):
    """Deactivates a person, or takes one back: mostly those who are away."""
    return "employ", some(draw, sorted(set(PEOPLE) - world.active))


def retire(draw, world):
    return "retire", some(draw, sorted(world.removed), SYSTEMS)


def deprecate(draw, world):
    return "deprecate", some(draw, sorted(world.deprecated), TYPES)


def appoint(draw, world):
    return "appoint", draw(PEOPLE)


def externalise(draw, world):
    return "externalise", draw(SYSTEMS)


def choose_policy(draw, world):
    name = draw(list(POLICIES))
    return "choose_policy", name, draw(POLICIES[name])


def look(draw, world):
    return "waits_for", draw(PEOPLE)


ON_PROPOSALS = [agree] * 6 + [approve] * 2 + [reject, cancel, time_out, propose, propose, redraft]
ON_PROPOSALS += [request_changes] * 2 + [revise] * 2
CIRCUMSTANCES = [
    involve,
    involve,
    delegate,
    delegate,
    employ,
    retire,
    deprecate,
    appoint,
    externalise,
    choose_policy,
]
ANYTHING = [create] * 6 + [edit] * 3 + [delete, delete_bare] + [further] * 3 + [look] * 3


def deeds(world):
    """What may be thought of in this world, the frequent ones often; the first are the simplest."""
    return ANYTHING + (ON_PROPOSALS if world.proposals else []) + CIRCUMSTANCES
