"""Each operation of the API for each kind of caller: what is answered, and that what is refused
changes nothing. The pages have the same table in test_urls.
"""

import json
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.test import Client

from proposals import workflow
from proposals.models import User

from . import factories, thorough
from .fingerprint import fingerprint
from .openapi import DOCUMENT

PEOPLE = ["maker", "approver", "stranger", "auditor", "superuser"]  # with tokens for everything
CALLERS = [*PEOPLE, "reading", "blind", "leaver", "nobody"]
OTHER_METHODS = ["PUT", "PATCH", "DELETE"]


def by(status: int, *, scope: str, **others: int) -> dict[str, int]:
    """The status for people whose token has the scope, but for `others`, and for other callers."""
    lacking = {"read": ["blind"], "propose": ["reading"], "decide": ["reading", "blind"]}[scope]
    expected = dict.fromkeys(CALLERS, status) | others
    # Both are tokens of the maker.
    expected |= dict.fromkeys(("reading", "blind"), expected["maker"])
    expected |= dict.fromkeys(lacking, 403)
    return expected | {"leaver": 401, "nobody": 401}


def only(status: int, person: str, refused: int, scope: str) -> dict[str, int]:
    return by(refused, scope=scope, **{person: status})


CREATED = {
    "source": "LEDGER",
    "target": "RISK",
    "specification_name": "wished.csv",
    "specification_format": "FLAT_FILE",
    "draft": True,
}
SAID = {"text": "Monthly?"}
APPROVAL = {"decision": "approve", "side": "SOURCE"}
# method and path, with the name of a proposal where it has one -> (statuses, what is sent)
OPERATIONS = {
    "GET /systems": (by(200, scope="read"), None),
    "GET /flows": (by(200, scope="read"), None),
    "GET /physical-flows": (by(200, scope="read"), None),
    "GET /specifications": (by(200, scope="read"), None),
    "GET /data-types": (by(200, scope="read"), None),
    "GET /proposals": (by(200, scope="read"), None),
    "GET /transitions": (by(200, scope="read"), None),
    "GET /register": (by(200, scope="read"), None),
    "POST /consent": (
        by(200, scope="read"),
        {"pairs": [{"source": "LEDGER", "target": "RISK"}]},
    ),
    "GET /proposals/{waiting}": (by(200, scope="read"), None),
    "GET /proposals/{draft}": (by(404, scope="read", maker=200, superuser=200), None),
    "POST /proposals": (by(201, scope="propose"), CREATED),
    "POST /proposals/{returned}/revise": (only(201, "maker", 403, "propose"), {"draft": True}),
    "POST /proposals/{waiting}/revise": (by(403, scope="propose", maker=409), {"draft": True}),
    "POST /proposals/{draft}/submit": (
        by(404, scope="propose", maker=200, superuser=403),
        {},
    ),
    "POST /proposals/{waiting}/cancel": (by(403, scope="propose", maker=200), {}),
    "POST /proposals/{draft}/cancel": (by(404, scope="propose", maker=200, superuser=403), {}),
    "POST /proposals/{waiting}/decide": (only(200, "approver", 403, "decide"), APPROVAL),
    "POST /proposals/{draft}/decide": (
        by(404, scope="decide", maker=403, superuser=403),
        APPROVAL,
    ),
    "POST /proposals/{waiting}/remarks": (by(201, scope="propose"), SAID),
    "POST /proposals/{draft}/remarks": (
        by(404, scope="propose", maker=409, superuser=409),
        SAID,
    ),
}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Built once: each call is undone after it has been answered."""
    with django_db_blocker.unblock(), transaction.atomic():
        source, target = (
            factories.system("Ledger", code="LEDGER"),
            factories.system("Risk Engine", code="RISK"),
        )
        cast = factories.cast(source, target, factories.user("Mia Maker"))
        factories.policy(api_decisions=True)
        proposals = {
            "waiting": factories.proposed(cast.maker, source, target),
            "draft": factories.draft(cast.maker, source, target, specification_name="own.csv"),
            "returned": factories.proposed(
                cast.maker, source, target, specification_name="other.csv"
            ),
        }
        workflow.request_changes(
            proposals["returned"], side="SOURCE", by=cast.source_approver, comment="Weekly, please"
        )
        numbers = {name: proposal.pk for name, proposal in proposals.items()}
        clients = clients_of(cast)
        yield SimpleNamespace(numbers=numbers, clients=clients, before=fingerprint())
        transaction.set_rollback(True)


def clients_of(cast) -> dict[str, Client]:
    owners = {
        "maker": cast.maker,
        "approver": cast.source_approver,
        "stranger": cast.stranger,
        "auditor": cast.auditor,
        "superuser": cast.superuser,
        "leaver": cast.other,
    }
    everything = {"may_decide": True}
    made = {name: factories.token(owner, **everything) for name, owner in owners.items()}
    made["reading"] = factories.token(cast.maker, "reading", may_propose=False)
    made["blind"] = factories.token(cast.maker, "blind", may_read=False)
    User.objects.filter(pk=cast.other.pk).update(is_active=False)
    clients = {
        name: Client(headers={"Authorization": f"Bearer {token.text}"})
        for name, token in made.items()
    }
    return clients | {"nobody": Client()}


def status_of(world, caller: str, operation: str, content: dict | None) -> int:
    """Fails if a refused call, or one that only reads, has changed anything."""
    method, path = operation.split(" ")
    url = f"/api/v1{path.format(**world.numbers)}"
    client = world.clients[caller]
    with transaction.atomic():
        read = client.get(url.removesuffix("/decide")).headers.get("ETag", '"unread"')
        response = client.generic(
            method, url, json.dumps(content), "application/json", headers={"If-Match": read}
        )
        if response.streaming:
            b"".join(response)
        if method == "GET" or response.status_code >= 400:
            assert fingerprint() == world.before, f"{operation} by {caller} changes something"
        transaction.set_rollback(True)
    return response.status_code


@pytest.mark.once(on="sqlite")
@pytest.mark.django_db
@pytest.mark.parametrize("operation", OPERATIONS)
def test_who_gets_which_status(world, operation):
    expected, content = OPERATIONS[operation]
    found = {caller: status_of(world, caller, operation, content) for caller in CALLERS}
    assert found == expected


@pytest.mark.once(on="sqlite")
@pytest.mark.django_db
def test_no_other_method_is_answered(world):
    for path in {operation.split(" ")[1] for operation in OPERATIONS}:
        for method in thorough.cases(OTHER_METHODS, lambda _: "other", of=path):
            assert status_of(world, "superuser", f"{method} {path}", {}) == 405, (method, path)


def test_every_operation_is_in_the_table():
    documented = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in json.loads(DOCUMENT.read_text())["paths"].items()
        for method in operations
    }
    numbered = dict.fromkeys(("waiting", "draft", "returned"), "{number}")
    assert {operation.format(**numbered) for operation in OPERATIONS} == documented
