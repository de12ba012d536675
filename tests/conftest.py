"""The cast: two systems, and everybody who could have something to do with a flow between them."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group

from proposals.models import ImportBatch, LogicalFlow, store

from . import factories
from .browsing import chromium  # noqa: F401


@pytest.fixture
def as_(client):
    """The test client, signed in as somebody."""

    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def source(db):
    return factories.system("Ledger", code="LEDGER")


@pytest.fixture
def target(db):
    return factories.system("Risk Engine", code="RISK")


@pytest.fixture
def maker(db):
    return factories.user("Mia Maker")


@pytest.fixture
def cast(source, target, maker):
    """People by their part. Data Owners approve and reject, Business Analysts reject only."""
    factories.rule("Data Owner")
    factories.rule("Business Analyst", approve=False)
    people = SimpleNamespace(
        maker=maker,
        source_approver=factories.user("Sam Source"),
        target_approver=factories.user("Tess Target"),
        both=factories.user("Bo Both"),
        rejecter=factories.user("Rey Rejecter"),
        other=factories.user("Otto Other"),
        steward=factories.user("Stella Steward"),
        superuser=factories.user("Sue Superuser", is_superuser=True, is_staff=True),
        inactive=factories.user("Ina Inactive", is_active=False),
        stranger=factories.user("Stan Stranger"),
        delegate=factories.user("Dee Delegate"),
        delegates_delegate=factories.user("Dan Further"),
        makers_delegate=factories.user("Moe Deputy"),
    )
    factories.involve(people.source_approver, source)
    factories.involve(people.target_approver, target)
    for system in (source, target):
        factories.involve(people.both, system)
        factories.involve(people.rejecter, system, "Business Analyst")
        factories.involve(people.inactive, system)
    factories.involve(people.other, factories.system("Archive"))
    factories.delegate(people.source_approver, people.delegate)
    factories.delegate(people.delegate, people.delegates_delegate)
    factories.delegate(people.maker, people.makers_delegate)
    people.steward.groups.add(Group.objects.get(name="Stewards"))
    return people


@pytest.fixture
def proposal(cast, source, target):
    """Submitted by the maker, waiting for both sides."""
    return factories.proposed(cast.maker, source, target)


@pytest.fixture
def imported(source, target):
    """A logical flow an import brought: in the register, approved by nobody."""
    batch = ImportBatch.objects.create(outcome="1 logical flow added")
    flow = LogicalFlow(source=source, target=target, origin_batch=batch)
    store(flow, by=None, why=f"Import {batch.pk}", at=batch.at)
    return flow


@pytest.fixture
def people(cast):
    """Those of the cast who sign in at a browser, and an auditor."""
    cast.auditor = factories.user("Ada Auditor", is_staff=True)
    cast.auditor.groups.add(Group.objects.get(name="Auditors"))
    for person in (cast.maker, cast.source_approver, cast.target_approver, cast.auditor, cast.both):
        person.set_password("waltzflow")
        person.save()
    return cast
