"""Whatever the OpenAPI document allows, and much that it does not, is asked of the API: no answer
is a mistake of the server, and none is outside the document.
"""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from waltzflow.wsgi import application

from . import factories
from .thorough import LONG

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# Of each operation.
EXAMPLES = 200 if LONG else 3


@pytest.fixture
def connection_stays_open():
    """A server closes what an answer leaves open; here the database is that of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def schema(db, connection_stays_open):
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


@pytest.fixture
def bearer(cast, proposal, settings):
    settings.API_REQUESTS_PER_MINUTE = 100_000
    factories.policy(api_decisions=True)
    made = factories.token(cast.source_approver, may_decide=True)
    return {"Authorization": f"Bearer {made.text}", "Accept-Encoding": "identity"}


@pytest.mark.once(on="sqlite")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_answer_is_a_mistake_or_outside_the_document(schema, bearer, mode, subtests):
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case):
            with transaction.atomic():
                case.call_and_validate(headers=bearer, checks=CHECKS)
                transaction.set_rollback(True)

        with subtests.test(operation=operation.label):
            ask()
