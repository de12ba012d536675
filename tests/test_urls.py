"""Every URL, by role and method, in one table written by hand. A URL that is missing fails.

A row is "<name of the URL> <thing>": the thing, one of `things` below, gives the id in the URL.
`page(...)` says what GET and POST are answered with: one status for everybody who is signed in, or
`only(status, roles, otherwise)`. What is not said: HEAD answers as GET does; POST gets 405; whoever
is not signed in is shown to the sign-in page; and every other method gets 405. `sent` is what is
posted.
"""

import re
from itertools import product
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from proposals import workflow
from proposals.models import Receipt, SavedView, Upload, verbs
from proposals.urls import urlpatterns
from proposals.views.sections import SECTION_OF

from . import factories, thorough
from .fingerprint import fingerprint, writes

OUTSIDE = ["anonymous", "inactive"]
INSIDE = ["maker", "source", "target", "delegate", "steward", "stranger", "auditor", "superuser"]
STAFF = ["auditor", "superuser"]
OTHER_METHODS = ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
TO_SIGN_IN = 302


def everybody(status) -> dict:
    return dict.fromkeys(INSIDE, status)


def only(status: int, roles: str, otherwise: int) -> dict:
    """`status` for these roles, `otherwise` for all others who are signed in."""
    named = roles.split()
    assert set(named) <= set(INSIDE)
    return {role: status if role in named else otherwise for role in INSIDE}


def page(GET, POST=405, sent=None, public=False) -> SimpleNamespace:
    """A row. `public`: the same for those who are not signed in."""
    found = {}
    for method, status in {"GET": GET, "HEAD": GET, "POST": POST}.items():
        inside = status if isinstance(status, dict) else everybody(status)
        outside = inside["stranger"] if public else TO_SIGN_IN
        found[method] = dict.fromkeys(OUTSIDE, outside) | inside
    return SimpleNamespace(expected=found, sent=sent or {})


SOURCE = {"side": "SOURCE", "comment": "so"}
FLOW = {"source": "LEDGER", "target": "RISK", "draft": "1", "with_physical_flow": "False"}
DECIDERS = "source delegate"
AUDITORS = "auditor superuser"

PAGES = {
    "home": page(200),
    "search": page(200),
    "sign-in": page(200, POST=200, public=True),
    # There is no provider: see test_single_sign_on.
    "sign-in-provider": page(404, public=True),
    "sign-in-provider-done": page(404, public=True),
    "password-forgotten": page(200, POST=302, sent={"username": "nobody"}, public=True),
    "password-set one false": page(404, POST=404, public=True),
    "sign-out": page(405, POST=302),
    "admin-login": page(302, POST=302, public=True),
    "admin-logout": page(405, POST=302),
    "inbox": page(200),
    "inbox-count": page(200),
    "inbox-decide": page(400, POST=400),
    "inbox-decided receipt": page(only(200, "source", 404)),
    "updates": page(200),
    "updates-read": page(405, POST=302, sent={"newest": "1"}),
    "update told": page(405, POST=only(302, "source", 404)),
    "me": page(200, POST=400),
    "me-password": page(200, POST=400),
    "people-options": page(200),
    "me-appearance": page(405, POST=302, sent={"theme": "dark", "zone": "Europe/Zurich"}),
    "me-notices": page(405, POST=302, sent={"notices_wanted": "DIGEST"}),
    "tokens": page(200, POST=400),
    "token-withdraw token": page(405, POST=only(302, "source", 404)),
    "delegation-end delegation": page(405, POST=only(302, "source", 404)),
    # Proposals
    "proposals": page(200),
    "proposal-new": page(200, POST=302, sent=FLOW),
    "proposing-source": page(200),
    "proposing-advice": page(200),
    "proposal-import": page(200, POST=400),
    "proposal-import-template": page(200),
    "proposal-upload brought": page(only(200, "maker", 404), POST=only(302, "maker", 404)),
    "proposal-upload-progress brought": page(only(200, "maker", 404)),
    "proposal-upload-discard brought": page(405, POST=only(302, "maker", 404)),
    "proposal waiting": page(200),
    "proposal closed": page(200),
    "proposal draft": page(only(200, "maker superuser", 404)),
    "proposal-edit draft": page(
        only(200, "maker", 404) | {"superuser": 403},
        POST=only(302, "maker", 404) | {"superuser": 403},
        sent=FLOW,
    ),
    "proposal-edit waiting": page(only(409, "maker", 403), POST=only(409, "maker", 403), sent=FLOW),
    "proposal-edit closed": page(only(409, "maker", 403), POST=only(409, "maker", 403), sent=FLOW),
    "proposal-propose draft": page(
        only(200, "maker", 404) | {"superuser": 403},
        POST=only(302, "maker", 404) | {"superuser": 403},
    ),
    "proposal-propose waiting": page(only(409, "maker", 403), POST=only(409, "maker", 403)),
    "proposal-propose closed": page(only(409, "maker", 403), POST=only(409, "maker", 403)),
    "proposal-approve draft": page(
        only(403, "maker superuser", 404), POST=only(403, "maker superuser", 404), sent=SOURCE
    ),
    "proposal-approve waiting": page(
        only(200, DECIDERS + " target", 403), POST=only(302, DECIDERS, 403), sent=SOURCE
    ),
    "proposal-approve lonely": page(
        only(200, DECIDERS + " steward", 403), POST=only(302, DECIDERS, 403), sent=SOURCE
    ),
    "proposal-approve closed": page(
        only(409, DECIDERS + " target", 403), POST=only(409, DECIDERS, 403), sent=SOURCE
    ),
    "proposal-return draft": page(
        only(403, "maker superuser", 404), POST=only(403, "maker superuser", 404), sent=SOURCE
    ),
    "proposal-return waiting": page(
        only(200, DECIDERS + " target", 403), POST=only(302, DECIDERS, 403), sent=SOURCE
    ),
    "proposal-return closed": page(
        only(409, DECIDERS + " target", 403), POST=only(409, DECIDERS, 403), sent=SOURCE
    ),
    "proposal-reject draft": page(
        only(403, "maker superuser", 404), POST=only(403, "maker superuser", 404), sent=SOURCE
    ),
    "proposal-reject waiting": page(
        only(200, DECIDERS + " target", 403), POST=only(302, DECIDERS, 403), sent=SOURCE
    ),
    "proposal-reject closed": page(
        only(409, DECIDERS + " target", 403), POST=only(409, DECIDERS, 403), sent=SOURCE
    ),
    "proposal-cancel draft": page(
        only(200, "maker", 404) | {"superuser": 403},
        POST=only(302, "maker", 404) | {"superuser": 403},
    ),
    "proposal-cancel waiting": page(only(200, "maker", 403), POST=only(302, "maker", 403)),
    "proposal-cancel closed": page(only(409, "maker", 403), POST=only(409, "maker", 403)),
    "proposal-remark waiting": page(200, POST=302, sent={"text": "Is it daily?"}),
    "proposal-remark closed": page(409, POST=409, sent={"text": "Too late."}),
    "proposal-remark draft": page(
        only(409, "maker superuser", 404),
        POST=only(409, "maker superuser", 404),
        sent={"text": "Too early."},
    ),
    "proposal-remind waiting": page(405, POST=only(409, "maker", 403)),
    "proposal-remind closed": page(405, POST=only(409, "maker", 403)),
    "proposal-remind draft": page(405, POST=only(409, "maker", 404) | {"superuser": 403}),
    "proposal-watch waiting": page(405, POST=302),
    "proposal-watch closed": page(405, POST=302),
    "proposal-watch draft": page(405, POST=only(409, "maker superuser", 404)),
    # The register
    "view-save": page(
        405, POST=302, sent={"list_name": "flows", "name": "Mine", "query": "q=ledger"}
    ),
    "view-remove kept": page(405, POST=only(302, "maker", 404)),
    "systems": page(200),
    "system-options": page(200),
    "system ledger": page(200),
    "system-watch ledger": page(405, POST=302),
    "flows": page(200),
    "flow active": page(200),
    "physical-flow-new active": page(200, POST=400),
    "flow-remove active": page(409, POST=409, sent={"submit": "1"}),
    "flow-remove bare": page(200, POST=302, sent={"draft": "1"}),
    "physical-flow sent": page(200),
    "physical-flow-edit sent": page(200, POST=302, sent={"draft": "1"}),
    "physical-flow-remove sent": page(200, POST=302, sent={"draft": "1"}),
    "data-type trades": page(200),
    "specification specified": page(200),
    "person owner": page(200),
    "person-delegations owner": page(200),
    "unit finance": page(200),
    # How the register and the workflow do
    "quality": page(200),
    "quality-list question": page(200),
    "insights": page(200),
    # What auditors ask
    "catalogue-import": page(only(200, "superuser", 403), POST=only(400, "superuser", 403)),
    "catalogue-upload files": page(
        only(200, "superuser", 403), POST=only(302, "superuser", 403), sent={"digest": "x"}
    ),
    "catalogue-upload-progress files": page(only(200, "superuser", 403)),
    "catalogue-upload-discard files": page(405, POST=only(302, "superuser", 403)),
    "audit": page(only(200, AUDITORS, 403)),
    "audit-proposal closed": page(only(200, AUDITORS, 403)),
    "audit-proposal draft": page(only(200, "superuser", 403) | {"auditor": 404}),
    "audit-flow active": page(only(200, AUDITORS, 403)),
    "audit-physical-flow sent": page(only(200, AUDITORS, 403)),
    # No checkpoint has been signed; with one see test_auditors.
    "audit-proposal-evidence closed": page(only(409, AUDITORS, 403)),
    "audit-flow-evidence active": page(only(409, AUDITORS, 403)),
    "audit-physical-flow-evidence sent": page(only(409, AUDITORS, 403)),
    "audit-register": page(only(200, AUDITORS, 403)),
    "audit-difference": page(only(200, AUDITORS, 403)),
    "audit-transitions": page(only(200, AUDITORS, 403)),
}


def make_things(cast, source, target) -> dict:
    """What a row's second word may name."""
    done = factories.proposed(cast.maker, source, target)
    done = workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both)
    bare = factories.proposed(cast.maker, target, source, **factories.BARE)
    bare = workflow.approve(bare, sides=["SOURCE", "TARGET"], by=cast.both)
    return {
        "waiting": factories.proposed(cast.maker, source, target, specification_name="other.csv"),
        "draft": factories.draft(cast.maker, source, target, specification_name="third.csv"),
        "lonely": factories.proposed(
            cast.maker, source, factories.system("Nobody's"), specification_name="lonely.csv"
        ),
        "closed": done,
        "ledger": source,
        "active": done.result_logical_flow,
        "bare": bare.result_logical_flow,
        "sent": done.result_physical_flow,
        "trades": done.data_types.get(),
        "specified": done.result_specification,
        "owner": cast.source_approver,
        "finance": factories.unit("Finance"),
        "kept": SavedView.objects.create(
            owner=cast.maker, list_name="flows", name="Bare", query="q=x"
        ),
        "brought": Upload.objects.create(
            kind="PROPOSALS", state="JUDGED", by=cast.maker, name="x.csv"
        ),
        "files": Upload.objects.create(
            kind="CATALOGUE",
            state="JUDGED",
            by=cast.superuser,
            name="systems.csv",
            report={"digest": "x", "tallies": [], "differences": []},
        ),
        "question": SimpleNamespace(pk="overdue"),
        "one": SimpleNamespace(pk="MQ"),
        "false": SimpleNamespace(pk="x-0123456789"),
        "told": cast.source_approver.notices.order_by("pk")[0],
        "token": factories.token(cast.source_approver).token,
        "delegation": cast.source_approver.delegations_given.first(),
        "receipt": Receipt.objects.create(
            key=uuid4(), form=uuid4(), by=cast.source_approver, at=timezone.now()
        ),
    }


def clients_of(cast) -> dict[str, Client]:
    """A browser for each role, signed in; `inactive` was deactivated afterwards."""
    people = {
        role: getattr(cast, role, None) or getattr(cast, f"{role}_approver", None)
        for role in [*INSIDE, *OUTSIDE]
    }
    clients = {role: Client() for role in people}
    for role, person in people.items():
        if person:
            clients[role].force_login(person)
    return clients


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Built once: each request is undone after it has been answered."""
    with django_db_blocker.unblock(), transaction.atomic():
        source, target = (
            factories.system("Ledger", code="LEDGER"),
            factories.system("Risk Engine", code="RISK"),
        )
        cast = factories.cast(source, target, factories.user("Mia Maker"))
        things = make_things(cast, source, target)
        yield SimpleNamespace(
            cast=cast, clients=clients_of(cast), things=things, before=fingerprint()
        )
        transaction.set_rollback(True)


def answer(world, role: str, method: str, url: str, sent: dict) -> int:
    """The status. Fails if what was only asked for, or refused, has changed anything."""
    client = world.clients[role]
    cookies = client.cookies.output()
    with transaction.atomic(), writes() as written:
        response = client.post(url, sent) if method == "POST" else client.generic(method, url)
        if response.streaming:
            b"".join(response)
        if (method != "POST" or response.status_code >= 400) and written:
            assert method == "POST", f"{method} {url} as {role} writes: {written}"
            assert fingerprint() == world.before, (
                f"{method} {url} as {role} is refused and changes something"
            )
        transaction.set_rollback(True)
    client.cookies.load(cookies.replace("Set-Cookie: ", ""))
    if role in OUTSIDE and response.status_code == TO_SIGN_IN:
        assert response.url.startswith(("/sign-in/", "/admin/login/")), url
    return response.status_code


def address(world, row: str) -> str:
    name, *things = row.split()
    return page_url(name, *(world.things[thing].pk for thing in things))


def page_url(name: str, *args) -> str:
    """The address of a row of the table: `proposal-approve` is what a verb of the workflow does."""
    verb = name.removeprefix("proposal-")
    if verb in verbs():
        return reverse("proposal-act", args=[*args, verb])
    return reverse(name, args=args)


@pytest.mark.once(on="sqlite")
@pytest.mark.django_db
@pytest.mark.parametrize("row", PAGES)
def test_who_gets_which_status(world, row):
    url, told = address(world, row), PAGES[row]
    expected = {
        (method, role): status
        for method, by_role in told.expected.items()
        for role, status in by_role.items()
    }
    found = {
        (method, role): answer(world, role, method, url, told.sent)
        for method, role in thorough.cases(expected, alike_in(told.expected), of=row)
    }
    assert differing(found, expected) == {}


def alike_in(expected: dict):
    """Who are of one kind where this is expected: those to whom all methods say the same, but for
    the staff, who may more elsewhere. HEAD is what GET is.
    """

    def kind(asked):
        method, role = asked
        everything = tuple(by_role[role] for by_role in expected.values())
        if method == "HEAD":
            return method, expected[method][role]
        return method, everything, role in OUTSIDE, role in STAFF

    return kind


def differing(found: dict, expected: dict) -> dict:
    """(method, role) -> (status, expected status), where they are not the same."""
    return {
        key: (status, expected[key]) for key, status in found.items() if status != expected[key]
    }


@pytest.mark.once(on="sqlite")
@pytest.mark.django_db
@pytest.mark.parametrize("row", PAGES)
def test_no_page_has_inline_script_or_style(world, row):
    page = world.clients["maker"].get(address(world, row))
    is_page = page["Content-Type"].startswith("text/html")
    content = page.content.decode() if is_page else ""
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", content)


@pytest.mark.once(on="sqlite")
@pytest.mark.django_db
@pytest.mark.parametrize("row", PAGES)
def test_no_other_method_is_answered(world, row):
    url = address(world, row)
    asked = product(OTHER_METHODS, ("anonymous", "maker", "superuser"))
    asked = thorough.cases(asked, lambda _: "other", of=row)
    assert {answer(world, role, method, url, {}) for method, role in asked} == {405}


@pytest.mark.django_db
def test_no_post_is_taken_without_its_token(world):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = world.clients["maker"].cookies
    posted = [
        row
        for row, told in PAGES.items()
        # To somebody who is signed in already, the sign-in only shows the way: see test_sign_in.
        if told.expected["POST"]["maker"] != 405 and row not in ("admin-login", "sign-in")
    ]
    assert len(posted) > 20
    for row in posted:
        forged = ({}, {"csrfmiddlewaretoken": "x" * 64}, {"csrfmiddlewaretoken": ""})
        for sent in thorough.cases(forged, lambda _: "forged", of=row):
            response = browser.post(address(world, row), PAGES[row].sent | sent)
            assert response.status_code == 403, row
            assert "Please send it again" in response.content.decode()
    assert fingerprint() == world.before


ELSEWHERE = {"admin", "api"}  # which have tables of their own


def names(resolver, namespace: str = "") -> set[str]:
    """The names of all URLs outside of ELSEWHERE."""
    found = set()
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            found.add(pattern.name)
        elif isinstance(pattern, URLResolver) and pattern.namespace not in ELSEWHERE:
            found |= names(pattern)
    return found


def test_every_url_is_in_the_table():
    acts = {f"proposal-{verb}" for verb in verbs()}
    assert names(get_resolver()) - {"proposal-act"} | acts == {row.split()[0] for row in PAGES}


def test_every_page_belongs_to_a_part_of_the_site_or_to_none_on_purpose():
    pages = {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)}
    of_no_part = {
        *("home", "search", "view-save", "view-remove"),
        *(
            "sign-in",
            "sign-in-provider",
            "sign-in-provider-done",
            "sign-out",
            "password-forgotten",
            "password-set",
        ),
        *("me", "me-appearance", "me-notices", "me-password", "people-options", "delegation-end"),
        *("tokens", "token-withdraw"),
        *("person", "person-delegations"),
        *("inbox-count", "proposing-source", "proposing-advice", "system-options"),
    }
    assert set(SECTION_OF) == pages - of_no_part
