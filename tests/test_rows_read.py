"""How many rows each page reads of a register with 20,000 proposals: of those a page shows, not of
those there are.

One OR over two joins reads whole tables, however good the indexes, and nobody notices in a company
of a hundred proposals. Counted is what the plan of every query says it read, by EXPLAIN.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from unittest import mock

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from benchmarks import plans, writing
from benchmarks.company import grow
from benchmarks.register import People, things
from proposals import guards, workflow
from proposals.files.catalogue import import_catalogue
from proposals.guards import Guard
from proposals.history import ledger
from proposals.models import (
    DataType,
    LogicalFlow,
    Proposal,
    Side,
    Transition,
    User,
    rights_on,
)
from proposals.reports import figures

from . import databases, factories, thorough
from .test_urls import PAGES

PROPOSALS = 20_000
# page of LARGE below: the most rows that it may read, for anybody.
BOUNDS = {
    "/": 1_000,
    "/inbox/": 600,
    "/inbox/?system={hub.code}": 600,
    "/inbox/?data_type={data_type.pk}": 4_500,
    "/inbox/?order=route": 600,
    "/search/": 60,
    # Of the 70,000 that are searched; the PostgreSQL of the tests has no index of trigrams.
    "/search/?q=dwh": 50_000,
    "/search/?q=%23{open.pk}": 60,
    "/inbox/count/": 400,
    "/me/": 6_000,  # of the parts of the busiest, until a hundred are found that decide
    "/updates/": 400,
    "/updates/?only=unread": 400,
    "/proposals/": 1_000,
    "/proposals/?state=PENDING_APPROVALS": 1_500,
    "/proposals/?state=PROPOSED_CREATE": 300,
    "/proposals/?state=CANCELLED": 500,
    "/proposals/?type=EDIT": 1_500,
    "/systems/?kind=ACTOR": 6_000,
    "/proposals/?order=oldest": 3_000,
    "/proposals/?order=route": 4_000,
    "/proposals/?order=route&after=Confirmation+Manager-37&after=Ledger&after=1": 4_000,
    "/proposals/?system={own.code}": 1_000,
    "/proposals/?system={hub.code}": 3_000,
    "/proposals/?unit={unit.pk}": 3_000,
    "/proposals/import/": 400,
    "/proposals/{open.pk}/": 1_500,
    "/proposals/{open.pk}/?inbox=": 2_000,
    "/proposals/{at_a_hub.pk}/": 9_000,
    # As its statistics fall, PostgreSQL finds a system's newest flows among the newest of all.
    "/proposals/{edit.pk}/": 12_000,
    "/proposals/{closed.pk}/": 500,
    "/proposals/{later_round.pk}/": 1_500,
    "/proposals/?columns=data_types&columns=since": 1_500,
    "/proposals/?order=deadline-down": 6_000,
    # Who decides for 50 systems PostgreSQL finds by reading all involvements of this register.
    "/proposals/?order=waiting": 15_000,
    "/proposals/?order=waiting&after={open.submitted_at:%Y-%m-%dT%H:%M:%S}&after=1": 8_000,
    "/systems/": 2_500,
    "/systems/?order=code-down": 2_500,
    "/systems/?columns=approvers": 3_500,
    "/systems/{own.pk}/": 1_500,
    "/systems/{hub.pk}/": 9_000,
    "/flows/": 4_000,
    "/flows/?after=Confirmation+Manager-37&after=Ledger&after=1": 4_000,
    "/flows/?order=route-down": 4_000,
    "/flows/?system={hub.code}&way=out": 12_000,
    "/flows/?data_type={rare_type.pk}": 60_000,
    "/flows/?unit={unit.pk}": 25_000,
    "/flows/?frequency=QUARTERLY": 300,
    "/flows/?frequency=YEARLY": 3_000,
    "/flows/?format=UNSTRUCTURED": 1_000,
    "/flows/?lifecycle=REMOVED": 300,
    "/flows/?lifecycle=PENDING": 25_000,
    "/systems/?lifecycle=PENDING": 2_500,
    "/flows/{flow.pk}/": 9_000,
    "/physical-flows/{sent.pk}/": 1_500,
    "/data-types/{data_type.pk}/": 60_000,
    "/data-types/{rare_type.pk}/": 60_000,
    "/specifications/{sent.specification.pk}/": 1_500,
    "/people/{person.pk}/": 1_500,
    "/people/{person.pk}/delegations/": 200,
    "/units/{unit.pk}/": 4_000,
    "/insights/": 3_000,
    "/quality/": 200,
    # The other questions ask every row there is where they find little, as here.
    "/quality/flows-without-physical-flow/": 8_000,
    "/quality/unfit-data-types/": 60_000,
    "/quality/overdue/": 20_000,  # who decides for a hundred systems, as by waiting above
    "/proposals/new/": 1_000,
    "/proposals/new/?source={own.pk}&target={hub.pk}": 2_500,
    "/proposals/new/?source={hub.pk}&target={own.pk}": 5_000,
}
# The same where so many match that they are no longer looked up one by one.
OF_FILTERS = {
    "/flows/?transport=UDP": 5_000,
    "/flows/?transport=UDP&before=5": 5_000,
    "/flows/?lifecycle=PENDING": 2_000,
    "/flows/?format=BINARY": 5_000,
    "/flows/?specification=order_log": 15_000,
    "/flows/?data_type={rare_type.pk}": 5_000,
    "/flows/?data_type={rare_type.pk}&before=5": 5_000,
    "/systems/?data_type={rare_type.pk}": 5_000,
    # All open proposals and all that name the type, where the newest open ones do not.
    "/data-types/{rare_type.pk}/": 15_000,
}
FEW = 100  # that are looked up then
# The same for an auditor.
OF_AUDITORS = {
    "/audit/": 4_000,
    "/audit/?q=ledger": 8_000,
    "/audit/?q={closed.pk}": 12_000,
    "/audit/proposals/{closed.pk}/": 1_500,
    "/audit/flows/{flow.pk}/": 9_000,
    "/audit/physical-flows/{sent.pk}/": 3_000,
    "/audit/register/": 9_000,
    "/audit/register/?of=physical": 9_000,
    "/audit/register/?system={hub.code}": 25_000,
    "/audit/difference/?{span}": 9_000,
    "/audit/difference/?of=physicalflow&{span}": 9_000,
    "/audit/difference/?of=physicalspecification&{span}": 9_000,
    "/audit/difference/?of=physicalflow&system={hub.code}&{span}": 25_000,
    "/audit/transitions/?{span}": 15_000,
}
# The same for an administrator.
OF_ADMINISTRATORS = {"/people/{person.pk}/": 2_000}
# The same for a program.
OF_PROGRAMS = {
    "/api/v1/systems": 1_000,
    "/api/v1/flows": 2_000,
    "/api/v1/flows?system={hub.code}": 3_000,
    "/api/v1/physical-flows": 1_000,
    "/api/v1/physical-flows?logical_flow={flow.pk}": 100,
    "/api/v1/specifications": 1_000,
    "/api/v1/data-types": 1_000,
    "/api/v1/proposals": 1_500,
    "/api/v1/proposals?state=OPEN": 2_000,
    "/api/v1/proposals/{closed.pk}": 1_000,
    "/api/v1/transitions": 1_000,
}
ASKED = 200  # pairs of systems in one question for consent
OF_A_PAIR = 10  # rows read for each of them: the systems, the flow, its types, what was agreed
# Who has a part in thousands of systems reads what those are.
OF_THE_BUSIEST = {
    *("/", "/proposals/{open.pk}/", "/proposals/{edit.pk}/"),  # what waits comes next there
    *(page for page in BOUNDS if "inbox" in page),
}
# To submit a proposal to a hub, or to approve one for a side, without the guards.
OF_A_DECISION = 1_500
OF_AN_IMPORT = 3_000  # with a flow out of a hub, of which those are read; without the guards
OF_A_GUARD = 600  # tables as small as that of the rules are read whole
WHOLE_PARTS = 24  # rows read for each part of the busiest: its system, kind and rules, what waits


@dataclass(frozen=True)
class Large:
    """Things of a large register to look at, and an ordinary person who looks, and the busiest."""

    things: dict
    ordinary: User
    busiest: User
    parts_of_the_busiest: int


@pytest.fixture(scope="module")
def large(request, django_db_setup, django_db_blocker) -> Iterator[Large]:
    """In a database of its own, which goes afterwards."""
    with django_db_blocker.unblock(), databases.company("large"):
        grow(PROPOSALS)
        with mock.patch.object(figures, "QUICK", 0):  # else that depends on the machine
            figures.renew_figures(timezone.now())
        yield look_around()


def look_around() -> Large:
    people = People.of_register()
    busiest = people.by_parts[0]
    parts = busiest.involvements.filter(ended_at=None).count()
    return Large(vars(things()), people.ordinary, busiest, parts)


def rows_read(user: User, url: str, token: str = "", sent: dict | None = None) -> tuple[int, str]:
    """What showing the page reads in all, and the query that reads most. A `token` is sent to the
    API, which knows no sessions, and so is what it is `sent`.
    """
    client = Client(headers={"Authorization": f"Bearer {token}"})
    client.force_login(user)
    with Reading() as reading:
        answer = client.post(url, sent, "application/json") if sent else client.get(url)
        assert answer.status_code in (200, 302), url
    return reading.total, reading.worst


class Reading:
    """What all queries read meanwhile."""

    def __init__(self) -> None:
        self.total, self._worst = 0, (0, "")
        self._wrapper = connection.execute_wrapper(self._explained)

    def __enter__(self) -> "Reading":
        self._wrapper.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self._wrapper.__exit__(*error)

    def _explained(self, execute, sql, params, many, context):
        if plans.is_query(sql):
            read = plans.rows_of(plans.explained(sql, params))
            self._worst, self.total = max(self._worst, (read, sql)), self.total + read
        return execute(sql, params, many, context)

    @property
    def worst(self) -> str:
        return f"{self._worst[0]} rows: {self._worst[1][:2000]}"


def decisions(large: Large) -> Iterator[tuple[str, Callable[[], Proposal]]]:
    """A flow to a hub proposed and approved, step by step."""
    with transaction.atomic():
        types = [DataType.objects.proposable().order_by("pk")[0]]
        draft = factories.draft(large.ordinary, large.things["own"], large.things["hub"], types)
        yield "submit", lambda: workflow.submit(draft, types, by=large.ordinary)
        for side in Side.values:
            proposal = Proposal.objects.get(pk=draft.pk)
            able = [right.user for right in rights_on(proposal, side) if right.may_approve]
            decider = next(user for user in able if user and user != large.ordinary)
            yield f"approve {side}", partial(workflow.approve, proposal, sides=[side], by=decider)
        transaction.set_rollback(True)


def files_to_import(large: Large) -> dict[str, bytes]:
    """New systems and flows; and a flow between two that are here, with somebody's part in one."""
    own, hub = large.things["own"].code, large.things["hub"].code
    files = writing.catalogue(5)
    _, first, *_ = files["specifications"].decode().splitlines()
    specification, *_ = first.split(",")
    files["involvements"] = (
        "system_kind,system_code,email,involvement_kind\n"
        f"APPLICATION,{own},{large.ordinary.email},Business Analyst\n"
    ).encode()
    for name, row in {
        "logical_flows": f"{hub},{own}",
        "physical_flows": f"{hub},{own},{specification},EMAIL,DAILY,1,HIGH",
    }.items():
        files[name] += f"\n{row}".encode()
    return files


def assert_what_reads_the_whole_table_is_seen(large: Large) -> None:
    """The old question for the flows around a system, one OR for all groups of them."""
    hub = large.things["hub"]
    whole = LogicalFlow.objects.touching(hub).order_by("source__name")
    sql, params = whole.query.sql_with_params()
    assert plans.rows_of(plans.explained(sql, params)) > BOUNDS["/systems/{hub.pk}/"]


def rows_read_by(guard: Guard) -> int:
    """To judge the newest row of its table."""
    models = apps.get_models(include_auto_created=True)
    [model] = [model for model in models if model._meta.db_table == guard.table]
    newest = f"(SELECT * FROM {guard.table} ORDER BY {model._meta.pk.column} DESC LIMIT 1)"
    sql = f"SELECT ({guard.condition('NEW')}) FROM {newest} NEW, {newest} OLD"
    return plans.rows_of(plans.explained(sql, None))


def pairs() -> dict:
    """What a gateway asks: the routes of some flows."""
    routes = LogicalFlow.objects.order_by("pk").values("source__code", "target__code")[:ASKED]
    return {
        "pairs": [{"source": row["source__code"], "target": row["target__code"]} for row in routes]
    }


class Numbers(dict):
    """For the address of a page of anything."""

    def __missing__(self, key: str) -> SimpleNamespace:
        return SimpleNamespace(pk=1, code="X", specification=SimpleNamespace(pk=1))


def pages_of(table: dict, role: str = "maker") -> set[str]:
    """The names of the pages in a table of the tests of URLs that show something to a maker."""
    return {row.split()[0] for row, told in table.items() if told.expected["GET"][role] == 200}


# Forms about one thing, which the pages above have read already, and what scripts ask for as
# somebody types.
ELSEWHERE = {
    "flow-remove",
    "me-password",
    "password-forgotten",
    "people-options",
    "physical-flow-edit",
    "physical-flow-new",
    "physical-flow-remove",
    "proposal-cancel",
    "proposal-edit",
    "proposal-import-template",
    "proposal-propose",
    "proposal-remark",
    "proposal-upload",
    "proposal-upload-progress",
    "proposing-advice",
    "proposing-source",
    "sign-in",
    "system-options",
    "tokens",
}


def who_reads_alike(page: str):
    """Everybody, but where the busiest reads what hangs on them."""
    return lambda case: case if page in OF_THE_BUSIEST else "anybody"


def test_every_page_is_in_the_table():
    known = {resolve(page.split("?")[0].format_map(Numbers())).url_name for page in BOUNDS}
    assert pages_of(PAGES) - known == ELSEWHERE
    audited = {resolve(page.split("?")[0].format_map(Numbers())).url_name for page in OF_AUDITORS}
    assert pages_of(PAGES, "auditor") - pages_of(PAGES) == audited


if connection.vendor == "postgresql":  # the other tells no rows

    @pytest.mark.once(on="postgresql")
    def test_a_page_reads_what_it_shows_and_not_what_there_is(large, subtests):
        # One test for all, since the register is made by whichever worker has it.
        whole = WHOLE_PARTS * large.parts_of_the_busiest
        for page, bound in BOUNDS.items():
            own = page in OF_THE_BUSIEST
            people = ((large.ordinary, bound), (large.busiest, bound + (whole if own else 0)))
            for person, most in thorough.cases(people, who_reads_alike(page), of=page):
                with subtests.test(page=page, person=person):
                    read, worst = rows_read(person, page.format(**large.things))
                    assert read <= most, worst
        for page, most in OF_FILTERS.items():
            few = mock.patch("proposals.models.reading.LOOKED_UP", FEW)
            with subtests.test(page=page, person="of many"), few:
                read, worst = rows_read(large.ordinary, page.format(**large.things))
                assert read <= most, worst
        auditor = User.objects.get(username="auditor")
        begin = timezone.localdate() - timedelta(days=3)
        span = f"first={begin}&last={timezone.localdate()}"
        for page, most in OF_AUDITORS.items():
            with subtests.test(page=page, person=auditor):
                read, worst = rows_read(auditor, page.format(**large.things, span=span))
                assert read <= most, worst
        for page, most in OF_ADMINISTRATORS.items():
            with subtests.test(page=page, person="admin"):
                chief = User.objects.get(username="admin")
                read, worst = rows_read(chief, page.format(**large.things))
                assert read <= most, worst
        token = factories.token(large.ordinary, "rows read").text
        # The ledger of this register was not written: as if it knew all.
        known = {Transition._meta.db_table: Transition.objects.latest("pk").pk}
        for page, most in OF_PROGRAMS.items():
            is_known = mock.patch.object(ledger, "settled_marks", return_value=known)
            with subtests.test(page=page, person="program"), is_known:
                read, worst = rows_read(large.ordinary, page.format(**large.things), token)
                assert read <= most, worst
        with subtests.test(page="consent", person="program"):
            read, worst = rows_read(large.ordinary, "/api/v1/consent", token, pairs())
            assert read <= ASKED * OF_A_PAIR, worst
        for name, act in decisions(large):
            with subtests.test(decision=name), Reading() as reading:
                act()
            assert reading.total <= OF_A_DECISION, reading.worst
        with transaction.atomic(), subtests.test(name="import"), Reading() as reading:
            report = import_catalogue(files_to_import(large))
            transaction.set_rollback(True)
            assert [tally.added for tally in report.tallies] == [6, 1, 5, 6, 6]
            assert reading.total <= OF_AN_IMPORT, reading.worst
        assert_what_reads_the_whole_table_is_seen(large)
        for guard in guards.GUARDS:
            if guard.events_on("postgresql"):
                with subtests.test(guard=guard.name):
                    assert rows_read_by(guard) <= OF_A_GUARD
