"""What must happen, in plain Python: no database and no framework, so that the product can be held
against it.

Everybody and everything goes by name: people, systems, kinds of involvement and data types are
texts; proposals, specifications and physical flows are the places in their lists, in the order in
which they were made.
"""

from dataclasses import dataclass, field

from .model_register import No, Register

SIDES = ("SOURCE", "TARGET")
OPEN = ("PENDING_APPROVALS", "SOURCE_APPROVED", "TARGET_APPROVED")
# (may approve, may reject) by kind of involvement; a rule that names a system replaces the general
# ones for it.
RULES = {"Data Owner": (True, True), "Analyst": (False, True), "Signatory": (True, False)}
RULES_OF = {"Vendor": {"Signatory": (True, True)}}


@dataclass
class Wish:
    """A proposal. `spec`: the name of a new specification (in an EDIT: of one of its own), the
    place of an existing one, or None for a bare route.

    `revises`: the place of the round before. `flow`: the place of the physical flow an EDIT or
    DELETE is about; None in a DELETE means the bare logical flow.
    """

    type: str
    maker: str
    route: tuple
    types: frozenset = frozenset()
    spec: str | int | None = None
    frequency: str = ""
    criticality: str = ""
    flow: int | None = None
    read: tuple = ()
    revises: int | None = None
    round: int = 1
    state: str = "PROPOSED_CREATE"
    trail: list = field(default_factory=list)

    def step(self, action, state, by, behalf=None, automatic=False):
        self.trail.append((action, self.state, state, by, behalf, automatic))
        self.state = state

    @property
    def given_up(self):
        """Cancelled without having been before the approvers."""
        return self.state == "CANCELLED" and self.trail[0][0] == "cancel"

    def decided(self):
        """{side: who acted and for whom}"""
        steps = [
            (action.rpartition("_")[2].upper(), {by, behalf})
            for action, _, _, by, behalf, _ in self.trail
        ]
        return {side: people for side, people in steps if side in SIDES}

    def key(self):
        spec = self.spec.casefold() if isinstance(self.spec, str) else self.spec
        return (self.route, spec, self.frequency)


class People:
    """Who may decide."""

    def barred(self, wish, side):
        out = set() if self.policy["maker_decides"] == "WALTZ" else {wish.maker}
        if not self.policy["one_person_both_sides"]:
            out = out.union(*[people for other, people in wish.decided().items() if other != side])
        return out

    def rights(self, wish, side):
        """[(who, for whom or None, may approve, may reject)], own rights before delegated ones."""
        system, out = wish.route[SIDES.index(side)], self.barred(wish, side)
        able = sorted(p for p in self.able(system) if p[0] not in out)
        found = [(person, None, *may) for person, may in able]
        found += [
            (delegate, person, *may)
            for person, may in able
            for delegator, delegate, only in sorted(self.delegations)
            if delegator == person and delegate in self.active - out and only in ("", system)
        ]
        if self.policy["side_without_approver"] == "STEWARD" and not any(
            approve for _, _, approve, _ in found
        ):
            found += [
                (person, None, True, True) for person in sorted((self.stewards & self.active) - out)
            ]
        return found

    def able(self, system):
        rules = RULES_OF.get(system, RULES)
        involved = [
            (who, kind)
            for who, where, kind in self.involved
            if where == system and who in self.active
        ]
        return [(who, rules[kind]) for who, kind in involved if kind in rules]

    def right(self, wish, verb, side, by):
        """For whom `by` may do it (None: in their own right)."""
        places = {"approve": [2], "reject": [3], "return": [2, 3]}[verb]
        held = [
            right
            for right in self.rights(wish, side)
            if right[0] == by and any(right[place] for place in places)
        ]
        if not held:
            raise No("right")
        return held[0][1]

    def waits_for(self, person):
        """Places of the open proposals on which this person can decide something."""
        return [
            place
            for place, wish in enumerate(self.proposals)
            if any(
                person == right[0]
                for side in self.undecided(wish)
                for right in self.rights(wish, side)
            )
        ]

    def undecided(self, wish):
        return [side for side in SIDES if wish.state in OPEN and side not in wish.decided()]


class World(People, Register):
    """The verbs. Each changes this world, or raises No and leaves it in no defined state: try on a
    copy.
    """

    def __init__(self, people, systems):
        self.active, self.stewards, self.delegations, self.involved = (
            set(people),
            set(),
            set(),
            set(),
        )
        self.systems, self.removed, self.external, self.deprecated = systems, set(), set(), set()
        self.proposals, self.routes, self.specs, self.flows = [], {}, [], []
        self.policy = {
            "maker_decides": "NEVER",
            "one_person_both_sides": True,
            "external_auto_approval": False,
            "side_without_approver": "STEWARD",
            "physical_flow_required": False,
            "later_physical_flows": "DIRECT",
        }

    def draft(self, wish):
        """Keep a draft. An existing specification brings its own types; a change keeps what was
        read with it.
        """
        if isinstance(wish.spec, int) and wish.type == "CREATE":
            wish.types = self.specs[wish.spec].types
        if wish.flow is not None:
            flow = self.flows[wish.flow]
            wish.route, wish.read = flow.route, (flow.version, self.specs[flow.spec].version)
        elif wish.type == "DELETE":
            wish.read = (self.routes[wish.route].version,)
        self.proposals.append(wish)

    def submit(self, wish):
        self.draft(wish)
        self.propose(len(self.proposals) - 1, wish.maker)

    def redraft(self, place, types, by):
        wish = self.proposals[place]
        self.only_maker(wish, by)
        if wish.state != "PROPOSED_CREATE":
            raise No("conflict")
        own = isinstance(wish.spec, int) and wish.type == "CREATE"
        wish.types = self.specs[wish.spec].types if own else types

    def propose(self, place, by):
        wish = self.proposals[place]
        self.only_maker(wish, by)
        if wish.state != "PROPOSED_CREATE":
            raise No("conflict")
        self.refuse_other_change(wish)
        self.check(wish, applying=False)
        self.refuse_twin(wish)
        wish.step("propose", "PENDING_APPROVALS", by)
        for side in self.automatic(wish):
            wish.step(f"approve_{side.lower()}", f"{side}_APPROVED", by, automatic=True)
        if self.policy["side_without_approver"] == "REFUSE":
            for side in self.undecided(wish):
                if not any(approve for _, _, approve, _ in self.rights(wish, side)):
                    raise No("conflict")
        self.complete_if_agreed(wish, by)

    def only_maker(self, wish, by):
        if by != wish.maker or by not in self.active:
            raise No("right")

    def refuse_other_change(self, wish):
        if wish.type != "CREATE":
            changes = [
                other for other in self.proposals if other.state in OPEN and other.type != "CREATE"
            ]
            if self.concerned(wish) in map(self.concerned, changes):
                raise No("conflict")

    def concerned(self, wish):
        return wish.route if wish.flow is None else wish.flow

    def refuse_twin(self, wish):
        """Another open proposal that would bring the same."""
        bringing = [
            other.key()
            for other in self.proposals
            if other.state in OPEN and other.type != "DELETE"
        ]
        if wish.type != "DELETE" and wish.key() in bringing:
            raise No("conflict")

    def automatic(self, wish):
        """The sides approved by the submission itself."""
        mine = [
            side
            for side, system in zip(SIDES, wish.route, strict=True)
            if any(who == wish.maker and approve for who, (approve, _) in self.able(system))
        ]
        mine = [] if self.policy["maker_decides"] == "NEVER" else mine
        outside = [
            side for side, system in zip(SIDES, wish.route, strict=True) if system in self.external
        ]
        outside = [
            side for side in outside if self.policy["external_auto_approval"] and side not in mine
        ][:1]
        both = self.policy["maker_decides"] == "WALTZ" and self.policy["one_person_both_sides"]
        return (mine + outside) if both else (mine + outside)[:1]

    def approve(self, place, sides, by):
        wish = self.proposals[place]
        if len(sides) > 1 and not self.policy["one_person_both_sides"]:
            raise No("right")
        behalves = [self.right(wish, "approve", side, by) for side in sides]
        if not set(sides) <= set(self.undecided(wish)):
            raise No("conflict")
        for side, behalf in zip(sides, behalves, strict=True):
            wish.step(f"approve_{side.lower()}", f"{side}_APPROVED", by, behalf)
        self.complete_if_agreed(wish, by)

    def complete_if_agreed(self, wish, by):
        if set(wish.decided()) == set(SIDES):
            self.check(wish, applying=True)
            self.apply(wish)
            wish.step("complete", "FULLY_APPROVED", by, automatic=True)

    def reject(self, place, side, by, comment):
        wish = self.proposals[place]
        if not comment.strip():
            raise No("wish")
        behalf = self.right(wish, "reject", side, by)
        if side not in self.undecided(wish):
            raise No("conflict")
        wish.step(f"reject_{side.lower()}", f"{side}_REJECTED", by, behalf)

    def request_changes(self, place, side, by, comment):
        wish = self.proposals[place]
        if not comment.strip():
            raise No("wish")
        behalf = self.right(wish, "return", side, by)
        if side not in self.undecided(wish):
            raise No("conflict")
        wish.step(f"return_{side.lower()}", "RETURNED", by, behalf)

    def revise(self, place, types, by):
        """A draft of the next round: what was asked, but for the data types."""
        before = self.proposals[place]
        if by != before.maker:
            raise No("right")
        was_submitted = before.trail and before.trail[0][0] == "propose"
        is_closed = before.state not in ("PROPOSED_CREATE", *OPEN)
        if not was_submitted or not is_closed or before.state == "FULLY_APPROVED":
            raise No("conflict")
        if any(wish.revises == place and not wish.given_up for wish in self.proposals):
            raise No("conflict")
        asked = ("type", "maker", "route", "spec", "frequency", "criticality", "flow")
        content = {name: getattr(before, name) for name in asked}
        self.draft(Wish(**content, types=types, revises=place, round=before.round + 1))

    def cancel(self, place, by):
        wish = self.proposals[place]
        self.only_maker(wish, by)
        if wish.state not in ("PROPOSED_CREATE", *OPEN):
            raise No("conflict")
        wish.step("cancel", "CANCELLED", by)

    def time_out(self, place, late):
        """`late`: its deadline has passed."""
        wish = self.proposals[place]
        if wish.state not in OPEN:
            raise No("conflict")
        if not late:
            raise No("wish")
        wish.step("time_out", "TIMED_OUT", None, automatic=True)

    def further(self, wish):
        """A further physical flow straight from its maker, on an approved flow."""
        route = self.routes[wish.route]
        if wish.maker not in self.active or self.policy["later_physical_flows"] == "PROPOSAL":
            raise No("right")
        if route.lifecycle == "REMOVED":
            raise No("conflict")
        if not route.approved:
            raise No("wish")
        if self.removed & set(wish.route):
            raise No("conflict")
        if isinstance(wish.spec, int):
            wish.types = self.specs[wish.spec].types
        self.check(wish, applying=False)
        self.refuse_twin(wish)
        self.add(wish, self.spec_for(wish))

    # What administrators and people themselves do. Nothing of this is ever refused.

    def choose_policy(self, name, value):
        self.policy[name] = value

    def involve(self, person, system, kind):
        self.involved ^= {(person, system, kind)}

    def delegate(self, delegator, delegate, only):
        """`only`: one system, or "" for all."""
        self.delegations ^= {(delegator, delegate, only)}

    def employ(self, person):
        self.active ^= {person}

    def appoint(self, person):
        self.stewards ^= {person}

    def retire(self, system):
        self.removed ^= {system}

    def externalise(self, system):
        self.external ^= {system}

    def deprecate(self, data_type):
        self.deprecated ^= {data_type}
