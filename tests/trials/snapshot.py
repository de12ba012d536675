"""One picture of a world, taken from the model or from the database: equal when both say the
same.
"""

from collections import defaultdict
from functools import cache

from django.db import connection
from django.db.models import Count

from proposals.models import LogicalFlow, PhysicalFlow, PhysicalSpecification, Proposal, Transition


def of_model(world):
    return {
        "proposals": [
            (w.type, w.maker, w.route, w.types, w.state, w.round, w.trail) for w in world.proposals
        ],
        "routes": {
            route: (r.lifecycle, r.declared, r.version) for route, r in world.routes.items()
        },
        "specs": [(s.owner, s.name, s.types, s.living, s.version) for s in world.specs],
        "flows": [
            (f.route, f.spec, f.frequency, f.criticality, f.living, f.version) for f in world.flows
        ],
    }


def of_database():
    """The version of a row is how often it has changed since it was made, as its history tells."""
    trails = defaultdict(list)
    for pk, *step in rows("steps"):
        trails[pk].append((*step[:-1], bool(step[-1])))
    proposals, specs = (
        sets("proposal types"),
        {pk: place for place, (pk, *_) in enumerate(rows("specs"))},
    )
    versions = {
        name: {pk: number - 1 for pk, number in rows(f"{name} versions")} for name in VERSIONED
    }
    declared, types = sets("declared types"), sets("specification types")
    return {
        "proposals": [
            (kind, maker, (s, t), proposals[pk], state, round_number, trails[pk])
            for pk, kind, maker, s, t, state, round_number in rows("proposals")
        ],
        "routes": {
            (s, t): (lifecycle, declared[pk], versions["routes"][pk])
            for pk, s, t, lifecycle in rows("routes")
        },
        "specs": [
            (owner, name, types[pk], lifecycle == "ACTIVE", versions["specs"][pk])
            for pk, owner, name, lifecycle in rows("specs")
        ],
        "flows": [
            (
                (s, t),
                specs[spec],
                frequency,
                criticality,
                lifecycle == "ACTIVE",
                versions["flows"][pk],
            )
            for pk, s, t, spec, frequency, criticality, lifecycle in rows("flows")
        ],
    }


VERSIONED = {"routes": LogicalFlow, "specs": PhysicalSpecification, "flows": PhysicalFlow}
STEP = [
    "proposal",
    "action",
    "from_state",
    "to_state",
    "by__name",
    "on_behalf_of__name",
    "automatic",
]
ROUTE = ["logical_flow__source__name", "logical_flow__target__name"]
FLOW = ["pk", *ROUTE, "specification", "frequency", "criticality", "lifecycle"]
QUERIES = {
    "steps": (Transition, ["proposal", "number"], STEP),
    "proposals": (
        Proposal,
        ["pk"],
        ["pk", "type", "maker__name", "source__name", "target__name", "state", "round_number"],
    ),
    "routes": (LogicalFlow, ["pk"], ["pk", "source__name", "target__name", "lifecycle"]),
    "specs": (PhysicalSpecification, ["pk"], ["pk", "owner__name", "name", "lifecycle"]),
    "flows": (PhysicalFlow, ["pk"], FLOW),
    "proposal types": (Proposal.data_types.through, [], ["proposal", "datatype__name"]),
    "declared types": (
        LogicalFlow.declared_data_types.through,
        [],
        ["logicalflow", "datatype__name"],
    ),
    "specification types": (
        PhysicalSpecification.data_types.through,
        [],
        ["physicalspecification", "datatype__name"],
    ),
}


@cache
def statement(name):
    """The SQL of a query: to write it takes the ORM longer than to run it, and it is asked at every
    step.
    """
    if name in QUERIES:
        model, order, fields = QUERIES[name]
        wanted = model.objects.order_by(*order).values_list(*fields)
    else:
        history = VERSIONED[name.removesuffix(" versions")].history.order_by()
        wanted = history.values("id").annotate(rows=Count("pk")).values_list("id", "rows")
    return wanted.query.sql_with_params()


def rows(name):
    with connection.cursor() as cursor:
        cursor.execute(*statement(name))
        return cursor.fetchall()


def sets(name):
    found = defaultdict(frozenset)
    for pk, value in rows(name):
        found[pk] |= {value}
    return found
