"""The whole workflow, against a model: whatever people do and in whatever order, both end in the
same world.
"""

import os
import random
from collections import Counter
from copy import deepcopy

import hypothesis
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from proposals.errors import Conflict, NoRight, Refused
from proposals.history import verify
from proposals.models import end_states

from ..thorough import LONG
from . import snapshot
from .deeds import PEOPLE, POLICIES, SYSTEMS, TYPES, deeds
from .model import World
from .model_register import Flow, No, Route, Spec
from .product import Product

ON_POSTGRESQL = connection.vendor == "postgresql"
RUNS, STEPS = (1000 if ON_POSTGRESQL else 200, 50) if LONG else (8 if ON_POSTGRESQL else 4, 30)
PARTS = 8 if LONG else 2
REFUSALS = {"right": NoRight, "conflict": Conflict, "wish": Refused}


def beginning():
    """The world in which every run starts, in the model and in the database."""
    world, product = World(PEOPLE, SYSTEMS), Product(PEOPLE, SYSTEMS, TYPES)
    world.routes = {
        ("Risk", "Ledger"): Route(frozenset()),
        ("Ledger", "Ledger"): Route(frozenset(), "ACTIVE"),
        ("Ledger", "Risk"): Route(frozenset(), "ACTIVE"),
    }
    world.specs = [Spec("Ledger", "closing.csv", frozenset({"Trades"}))]
    routes = [("Ledger", "Ledger"), ("Ledger", "Risk")]  # which share the specification
    world.flows = [Flow(route, 0, "DAILY", "MEDIUM") for route in routes]
    product.imported(("Risk", "Ledger"))
    for route in routes:
        product.imported(route, "closing.csv", ["Trades"])
    for place in (world, product):
        for person, system in [
            ("Sam", "Ledger"),
            ("Tess", "Risk"),
            ("Bo", "Ledger"),
            ("Bo", "Risk"),
        ]:
            place.involve(person, system, "Data Owner")
        place.appoint("Stella")
        place.externalise("Vendor")
    return world, product


class Workflow(RuleBasedStateMachine):
    """Each run starts from the same beginning and is undone at its end."""

    def __init__(self, beginning, seen):
        super().__init__()
        self.world, self.product = deepcopy(beginning)
        self.seen, self.undone = seen, transaction.atomic()
        self.undone.__enter__()

    def teardown(self):
        """Nothing is ever erased, so what the audit would have found at a step it finds at the
        end.
        """
        self.seen.update(("runs", *(wish.state for wish in self.world.proposals)))
        try:
            assert list(verify.breaches()) == []
        finally:
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)

    @initialize(
        values=st.fixed_dictionaries(
            {name: st.sampled_from(values) for name, values in POLICIES.items()}
        )
    )
    def policy(self, values):
        for name, value in values.items():
            if value != self.world.policy[name]:
                self.step("choose_policy", name, value)

    @rule(data=st.data())
    def somebody_does_something(self, data):
        def draw(options):
            return data.draw(st.sampled_from(options))

        self.step(*draw(deeds(self.world))(draw, self.world))

    def step(self, verb, *args):
        """The same in both worlds: the same answer or refusal, and the same world afterwards."""
        expected = self.in_model(verb, *args)
        note(f"{verb}{args}: {expected}")
        self.seen.update(["steps", "refused"] if isinstance(expected, str) else ["steps"])
        assert self.in_product(verb, *args) == expected
        if ON_POSTGRESQL:
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        assert snapshot.of_database() == snapshot.of_model(self.world)

    def in_model(self, verb, *args):
        world = deepcopy(self.world)
        try:
            answer = getattr(world, verb)(*deepcopy(args))
        except No as no:
            return str(no)
        self.world = world
        return answer

    def in_product(self, verb, *args):
        try:
            with transaction.atomic():
                return getattr(self.product, verb)(*args)
        except Refused as refusal:
            return next(word for word, kind in REFUSALS.items() if isinstance(refusal, kind))


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_people_do_the_product_does_what_the_model_says(db, part, record_property):
    """Always the same runs in `make test`; others each time in the long trial, which prints their
    seed.
    """
    seed = int(os.environ.get("TRIALS_SEED", random.randrange(10**9) if LONG else part))
    print(f"TRIALS_SEED={seed}", flush=True)
    seen, start = Counter(), beginning()
    run_state_machine_as_test(
        hypothesis.seed(seed)(lambda: Workflow(start, seen)),
        settings=settings(
            max_examples=RUNS // PARTS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
        ),
    )
    ends = ", ".join(f"{seen[state]} {state}" for state in end_states())
    record_property(
        "figure", "{runs} runs, {steps} steps, {refused} of them refused; ".format(**seen) + ends
    )
