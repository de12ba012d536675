"""What is looked at: pages by several people, lists by every filter and order, searches, files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import django_filters
from django.test import Client
from django.utils import timezone

from proposals.forms.filters import (
    FlowFilter,
    InboxFilter,
    ListFilter,
    ProposalFilter,
    SystemListFilter,
)
from proposals.models import (
    DataType,
    LogicalFlow,
    OrganisationalUnit,
    Proposal,
    State,
    Token,
    User,
)
from proposals.reports.figures import renew_figures
from proposals.reports.quality import QUESTIONS

from . import by_hand
from .by_hand import ByHand
from .register import ORDINARY, People, Things

PAGES, LISTS, SEARCHES, FILES, API = "Pages", "Lists", "Searches", "Downloads", "API"
MOST_PAIRS = 1000  # in one question for consent
# Nearly everywhere, in one copy of the company only, and nowhere.
TERMS = {"frequent": "dwh", "rare": "etrm-17", "absent": "qzxqzx"}
AUDITOR = "auditor"  # of the demo company
MOST_OF_A_FILE = 50_000  # bytes, as they are sent
LISTED: dict[str, type[ListFilter]] = {
    "/proposals/": ProposalFilter,
    "/systems/": SystemListFilter,
    "/flows/": FlowFilter,
}


@dataclass(frozen=True)
class Work:
    """One row of the table: its name, who does it, and how. `act` gives the bytes of its answer,
    from what `prepare` made, which is not measured.
    """

    section: str
    name: str
    who: str
    act: Callable[[Any], int]
    prepare: Callable[[], Any] = lambda: None
    by_hand: ByHand | None = None
    is_reading: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        return self.section, self.name, self.who


def get(client: Client, url: str) -> int:
    """The bytes of the answer, as they are sent; of a file the first MOST_OF_A_FILE."""
    answer = client.get(url, headers={"accept-encoding": "gzip"})
    assert answer.status_code in (200, 302), f"{url}: {answer.status_code}"
    if not answer.streaming:
        return len(answer.content)
    size = 0
    for piece in answer:
        size += len(piece)
        if size > MOST_OF_A_FILE:
            break
    answer.close()
    return size


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def works(things: Things, people: People) -> Iterator[Work]:
    renew_figures(timezone.now())  # as the worker does
    for who, person in people.named.items():
        client = signed_in(person)
        for name, url, hand in pages(things, person):
            yield looking(PAGES, name, who, client, url, hand)
    client = signed_in(User.objects.get(username=AUDITOR))
    for name, url in record(things):
        yield looking(PAGES, name, AUDITOR, client, url)
    client = signed_in(people.ordinary)
    for section, urls in ((LISTS, lists(things)), (SEARCHES, searches()), (FILES, files())):
        for url in urls:
            yield looking(section, url, ORDINARY, client, url)
    program = program_of(people.ordinary)
    for url in operations(things):
        yield looking(API, url, ORDINARY, program, f"/api/v1/{url}")
    yield Work(
        API,
        f"consent for {MOST_PAIRS:,} pairs",
        ORDINARY,
        lambda pairs: answered(program, "/api/v1/consent", {"pairs": pairs}),
        lambda: pairs_of(things),
    )


def looking(
    section: str, name: str, who: str, client: Client, url: str, hand: ByHand | None = None
) -> Work:
    return Work(section, name, who, lambda _: get(client, url), by_hand=hand)


def program_of(person: User) -> Client:
    """A client that shows a token of this person."""
    now = timezone.now()
    token = Token(owner=person, name=f"benchmark {now}", expires_at=now + timedelta(days=1))
    return Client(headers={"authorization": f"Bearer {token.make(now).text}"})


def operations(things: Things) -> Iterator[str]:
    """What a program reads, each list as it begins."""
    yield from ("systems", "flows", "physical-flows", "specifications", "data-types")
    yield from ("proposals", f"proposals/{things.closed.pk}", "transitions")
    yield f"proposals?{urlencode({'state': State.PENDING_APPROVALS})}"
    yield f"flows?{urlencode({'system': things.hub.code})}"
    yield "register"


def pairs_of(things: Things) -> list[dict[str, str]]:
    flows = LogicalFlow.objects.order_by("pk").select_related("source", "target")
    asked = {"data_type": things.rare_type.code}
    return [
        {"source": flow.source.code, "target": flow.target.code} | asked
        for flow in flows[:MOST_PAIRS]
    ]


def answered(client: Client, url: str, asked: dict) -> int:
    """The bytes of the answer to what is sent as JSON."""
    answer = client.post(url, asked, content_type="application/json")
    assert answer.status_code == 200, f"{url}: {answer.status_code}"
    return len(answer.content)


def pages(things: Things, person: User) -> Iterator[tuple[str, str, ByHand | None]]:
    """(name, address, what it would be by hand) of each."""
    waiting = Proposal.objects.awaiting(person).order_by("submitted_at", "pk").first()
    decided = waiting or things.open
    yield "/healthz", "/healthz", None
    yield "/", "/", None
    yield "inbox", "/inbox/", by_hand.inbox(person)
    yield "count of the inbox", "/inbox/count/", by_hand.count(person)
    yield "proposal of the inbox", f"{decided.get_absolute_url()}?inbox=", None
    yield "updates", "/updates/", None
    yield "proposal to decide", decided.get_absolute_url(), by_hand.decision(decided)
    yield "proposal at a hub", things.at_a_hub.get_absolute_url(), by_hand.decision(things.at_a_hub)
    yield "change of a flow", things.edit.get_absolute_url(), None
    yield "later round of a proposal", things.later_round.get_absolute_url(), None
    yield "closed proposal", things.closed.get_absolute_url(), None
    yield "flow", things.flow.get_absolute_url(), by_hand.flow(things.flow)
    yield "physical flow", things.sent.get_absolute_url(), by_hand.physical_flow(things.sent)
    yield "system", things.own.get_absolute_url(), by_hand.system(things.own)
    yield "hub", things.hub.get_absolute_url(), by_hand.system(things.hub)
    yield "data type", data_type().get_absolute_url(), None
    yield "specification", things.sent.specification.get_absolute_url(), None
    yield "person", person.get_absolute_url(), None
    yield "unit", unit().get_absolute_url(), None
    yield "/me/", "/me/", None
    yield "files of proposals", "/proposals/import/", None
    yield "/updates/", "/updates/", None
    yield "new proposal", "/proposals/new/", None
    route = urlencode({"source": things.own.pk, "target": things.hub.pk})
    yield "new proposal to a hub", f"/proposals/new/?{route}", None
    yield "systems as one types", "/systems/options/?source=etr", None
    yield "/insights/", "/insights/", None
    yield "/quality/", "/quality/", None


def record(things: Things) -> Iterator[tuple[str, str]]:
    """(name, address) of what auditors ask."""
    today = timezone.localdate()
    span = urlencode({"first": today - timedelta(days=3), "last": today})
    yield "audit", "/audit/"
    yield "finding a trail", "/audit/?q=etrm-17"
    yield "trail of a proposal", f"/audit/proposals/{things.closed.pk}/"
    yield "trail of a flow", f"/audit/flows/{things.flow.pk}/"
    yield "logical flows now", "/audit/register/"
    yield "physical flows now", "/audit/register/?of=physical"
    yield "difference of three days", f"/audit/difference/?of=physicalflow&{span}"
    yield "transitions of three days", f"/audit/transitions/?{span}"


def lists(things: Things) -> Iterator[str]:
    """Each list as it opens, by every filter and order, and the deepest page of each; and the rows
    behind each figure of quality.
    """
    yield from (f"/quality/{slug}/" for slug in QUESTIONS)
    for url, filters in LISTED.items():
        yield url
        yield f"{url}?{urlencode({'after': deep_in(url, things)}, doseq=True)}"
        yield from narrowed(url, filters, things)
    yield from narrowed("/inbox/", InboxFilter, things)


def narrowed(url: str, filters: type[ListFilter], things: Things) -> Iterator[str]:
    """The list by each filter and order."""
    for name, field in filters.base_filters.items():
        for value in values_of(name, field, things):
            yield f"{url}?{urlencode({name: value})}"


def deep_in(url: str, things: Things) -> list:
    """The place of one of the last rows, as the address of a page names it."""
    if url == "/proposals/":
        return [things.closed.pk]
    name = things.late.name
    return [name, things.late.pk] if url == "/systems/" else [name, "", 1]


def values_of(name: str, field: django_filters.Filter, things: Things) -> list:
    """What to choose in one field of a filter; a field that is not known here stops it."""
    samples = {
        "q": [],  # among the searches
        "only": [],  # with a unit or a data type
        "system": [things.own.code, things.hub.code],
        "unit": [unit().pk],
        "organisational_unit": [unit().pk],
        "data_type": [data_type().pk],
        "maker": [things.open.maker.name],
        "older_than": [30],
        "rounds": ["true"],
        "reason": [things.open.reason_id],
        "specification": [things.sent.specification.name],
    }
    if name in samples:
        return samples[name]
    return [value for value, _ in field.extra["choices"]]


def unit() -> OrganisationalUnit:
    return OrganisationalUnit.objects.exclude(parent=None).order_by("pk")[0]


def data_type() -> DataType:
    return DataType.objects.exclude(parent=None).order_by("pk")[0]


def searches() -> Iterator[str]:
    for url in [*LISTED, "/search/"]:
        for term in TERMS.values():
            yield f"{url}?{urlencode({'q': term})}"
    for url in ("/proposals/", "/flows/"):
        yield f"{url}?{urlencode({'q': 'etrm-17 → dwh'})}"


def files() -> Iterator[str]:
    for url in LISTED:
        for kind in ("csv", "xlsx"):
            yield f"{url}?as={kind}"
