"""The register of the model: what may come into it, and what a fully approved proposal makes of
it.
"""

from dataclasses import dataclass


class No(Exception):
    """Refused: for lack of a `right`, for a `conflict` with what is, or because the `wish` itself
    is wrong.
    """


@dataclass
class Spec:
    owner: str
    name: str
    types: frozenset
    living: bool = True
    version: int = 0


@dataclass
class Flow:
    route: tuple
    spec: int
    frequency: str
    criticality: str
    living: bool = True
    version: int = 0

    def key(self):
        return (self.route, self.spec, self.frequency)


@dataclass
class Route:
    declared: frozenset
    lifecycle: str = "PENDING"
    approved: bool = False
    version: int = 0

    def become(self, lifecycle):
        self.lifecycle, self.version = lifecycle, self.version + 1


class Register:
    """What may come into the register, and what a fully approved proposal makes of it."""

    def living_specs(self, owner, name):
        named = [p for p, spec in enumerate(self.specs) if spec.owner == owner and spec.living]
        return [place for place in named if self.specs[place].name.casefold() == name.casefold()]

    def flows_of(self, **wanted):
        return [
            f
            for f in self.flows
            if f.living and all(getattr(f, key) == value for key, value in wanted.items())
        ]

    def check(self, wish, applying):
        """Refuse what cannot be applied as things stand."""
        bare = wish.spec is None and self.policy["physical_flow_required"] and not applying
        if wish.type == "CREATE" and (bare or not wish.types):
            raise No("wish")
        if wish.type != "DELETE" and self.removed & set(wish.route):
            raise No("conflict")
        {"CREATE": self.check_create, "EDIT": self.check_edit, "DELETE": self.check_delete}[
            wish.type
        ](wish, applying)

    def check_create(self, wish, applying):
        kept = self.specs[wish.spec].types if isinstance(wish.spec, int) else frozenset()
        if (wish.types - kept) & self.deprecated:
            raise No("wish")
        if wish.spec is None:
            unfit = self.is_living(wish.route) and self.routes[wish.route].declared
            if self.is_living(wish.route) and not unfit & self.deprecated:
                raise No("conflict")
            return
        if isinstance(wish.spec, int):
            self.check_existing(self.specs[wish.spec], wish)
            same = [wish.spec]
        else:
            same = self.living_specs(wish.route[0], wish.spec)
            if same and (not applying or self.specs[same[0]].types != wish.types):
                raise No("conflict")
        if same and self.flows_of(route=wish.route, spec=same[0], frequency=wish.frequency):
            raise No("conflict")

    def check_existing(self, spec, wish):
        if spec.owner != wish.route[0]:
            raise No("wish")
        if not spec.living:
            raise No("conflict")

    def check_edit(self, wish, applying):
        flow = self.flows[wish.flow]
        spec = self.specs[flow.spec]
        if not flow.living or wish.read != (flow.version, spec.version):
            raise No("conflict")
        shared = any(other.route != flow.route for other in self.flows_of(spec=flow.spec))
        own = isinstance(wish.spec, str)
        if wish.types != spec.types:
            unfit = not wish.types or (wish.types - spec.types) & self.deprecated
            if unfit or (shared and not own):
                raise No("wish")
        elif (wish.frequency, wish.criticality) == (flow.frequency, flow.criticality):
            raise No("wish")
        place = self.check_own(wish, shared, applying) if own else flow.spec
        twins = self.flows_of(route=flow.route, spec=place, frequency=wish.frequency)
        if any(twin is not flow for twin in twins):
            raise No("conflict")

    def check_own(self, wish, shared, applying):
        """The place of an equal specification, which is used; None if it will be made."""
        same = self.living_specs(wish.route[0], wish.spec)
        unasked = wish.types == self.specs[self.flows[wish.flow].spec].types or not shared
        if not applying and (unasked or same):
            raise No("wish")
        if same and self.specs[same[0]].types != wish.types:
            raise No("conflict")
        return same[0] if same else None

    def check_delete(self, wish, applying):
        if wish.flow is None:
            route = self.routes[wish.route]
            stands = self.is_living(wish.route) and not self.flows_of(route=wish.route)
            if not stands or wish.read != (route.version,):
                raise No("conflict")
        else:
            flow = self.flows[wish.flow]
            if not flow.living or wish.read != (flow.version, self.specs[flow.spec].version):
                raise No("conflict")

    def is_living(self, route):
        return route in self.routes and self.routes[route].lifecycle != "REMOVED"

    def apply(self, wish):
        {"CREATE": self.create, "EDIT": self.edit, "DELETE": self.delete}[wish.type](wish)

    def create(self, wish):
        place = None if wish.spec is None else self.spec_for(wish)
        carried = place is not None and wish.types <= self.specs[place].types
        declared = frozenset() if carried else wish.types
        made = Route(declared, "PENDING" if place is None else "ACTIVE")
        route = self.routes.setdefault(wish.route, made)
        route.approved = True
        if route.lifecycle == "REMOVED":
            route.become("PENDING")
            route.declared = declared
        elif (wanted := route.declared - self.deprecated | declared) != route.declared:
            route.declared, route.version = wanted, route.version + 1
        if place is not None:
            self.add(wish, place)

    def spec_for(self, wish):
        if isinstance(wish.spec, int):
            return wish.spec
        same = self.living_specs(wish.route[0], wish.spec)
        if not same:
            self.specs.append(Spec(wish.route[0], wish.spec, wish.types))
        return same[0] if same else len(self.specs) - 1

    def add(self, wish, place):
        self.flows.append(Flow(wish.route, place, wish.frequency, wish.criticality))
        if self.routes[wish.route].lifecycle == "PENDING":
            self.routes[wish.route].become("ACTIVE")

    def edit(self, wish):
        flow = self.flows[wish.flow]
        spec = self.specs[flow.spec]
        if isinstance(wish.spec, str):
            old, flow.spec = flow.spec, self.spec_for(wish)
            flow.frequency, flow.criticality = wish.frequency, wish.criticality
            flow.version += 1
            self.remove_if_unused(old)
            return
        if wish.types != spec.types:
            spec.types, spec.version = wish.types, spec.version + 1
        if (wish.frequency, wish.criticality) != (flow.frequency, flow.criticality):
            flow.frequency, flow.criticality, flow.version = (
                wish.frequency,
                wish.criticality,
                flow.version + 1,
            )

    def delete(self, wish):
        if wish.flow is not None:
            flow = self.flows[wish.flow]
            flow.living, flow.version = False, flow.version + 1
            self.remove_if_unused(flow.spec)
        if not self.flows_of(route=wish.route):
            self.routes[wish.route].become("REMOVED")

    def remove_if_unused(self, place):
        spec = self.specs[place]
        if not self.flows_of(spec=place):
            spec.living, spec.version = False, spec.version + 1
