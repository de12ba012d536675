"""One picture of a world, taken from the model or from the database: equal when both say the same."""

from collections import defaultdict

from django.db.models import Count

from proposals.models import LogicalFlow, PhysicalFlow, PhysicalSpecification, Proposal, Transition


def of_model(world):
    return {
        "proposals": [(w.type, w.maker, w.route, w.types, w.state, w.trail) for w in world.proposals],
        "routes": {
            route: (r.lifecycle, r.declared, r.version, any(f.living for f in world.flows_of(route=route)))
            for route, r in world.routes.items()
        },
        "specs": [(s.owner, s.name, s.types, s.living, s.version) for s in world.specs],
        "flows": [(f.route, f.spec, f.frequency, f.criticality, f.living, f.version) for f in world.flows],
    }


def of_database():
    return {"proposals": _proposals(), "routes": _routes(), "specs": _specs(), "flows": _flows()}


def _proposals():
    trails = defaultdict(list)
    fields = ["proposal", "action", "from_state", "to_state", "by__name", "on_behalf_of__name", "automatic"]
    for pk, *step in Transition.objects.order_by("proposal", "number").values_list(*fields):
        trails[pk].append(tuple(step))
    types, rows = _sets(Proposal.data_types.through, "proposal", "datatype"), Proposal.objects.order_by("pk")
    rows = rows.values_list("pk", "type", "maker__name", "source__name", "target__name", "state")
    return [(kind, maker, (s, t), types[pk], state, trails[pk]) for pk, kind, maker, s, t, state in rows]


def _routes():
    declared = _sets(LogicalFlow.declared_data_types.through, "logicalflow", "datatype")
    versions = _versions(LogicalFlow)
    carrying = set(PhysicalFlow.objects.active().values_list("logical_flow", flat=True))
    rows = LogicalFlow.objects.order_by("pk").values_list("pk", "source__name", "target__name", "lifecycle")
    return {(s, t): (lifecycle, declared[pk], versions[pk], pk in carrying) for pk, s, t, lifecycle in rows}


def _specs():
    types, versions = _sets(PhysicalSpecification.data_types.through, "physicalspecification", "datatype"), None
    versions = _versions(PhysicalSpecification)
    rows = PhysicalSpecification.objects.order_by("pk").values_list("pk", "owner__name", "name", "lifecycle")
    return [(owner, name, types[pk], lifecycle == "ACTIVE", versions[pk]) for pk, owner, name, lifecycle in rows]


def _flows():
    versions = _versions(PhysicalFlow)
    specs = list(PhysicalSpecification.objects.order_by("pk").values_list("pk", flat=True))
    route = ["logical_flow__source__name", "logical_flow__target__name"]
    rows = PhysicalFlow.objects.order_by("pk")
    rows = rows.values_list("pk", *route, "specification", "frequency", "criticality", "lifecycle")
    return [
        ((s, t), specs.index(spec), frequency, criticality, lifecycle == "ACTIVE", versions[pk])
        for pk, s, t, spec, frequency, criticality, lifecycle in rows
    ]


def _sets(through, owner, related):
    found = defaultdict(frozenset)
    for pk, name in through.objects.values_list(owner, f"{related}__name"):
        found[pk] |= {name}
    return found


def _versions(model):
    """How often each row has changed since it was made, as its history tells."""
    rows = model.history.order_by().values("id").annotate(rows=Count("pk")).values_list("id", "rows")
    return {pk: number - 1 for pk, number in rows}
