"""What is written: decisions and proposals over HTTP, an import, and the passes of the worker."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from time import time
from typing import Any

from django.test import Client
from django.utils import timezone

from proposals.files.catalogue import import_catalogue
from proposals.models import DataType, PassResult, Proposal, Reason, Side, User, rights_on
from proposals.workflow import periodic

from .reading import Work, signed_in
from .register import ORDINARY, People, Things

WRITING, IMPORT, PASSES = "Writing", "Import", "Passes of the worker"
IMPORTED = 1_000  # flows, each with a specification of its own
ROUND = timedelta(minutes=10)
CANDIDATES = 500  # proposals among which those to decide are looked for
# From the clock, for names that no earlier run in a register that stays has used.
numbers = count(int(time()))

Decision = tuple[Client, str, dict[str, str]]


def works(things: Things, people: People) -> Iterator[Work]:
    first = to_decide("PENDING_APPROVALS", Side.SOURCE)
    last = to_decide("SOURCE_APPROVED", Side.TARGET)
    maker = signed_in(people.ordinary)
    yield writing(WRITING, "first approval", "approver", post, lambda: next(first))
    yield writing(WRITING, "last approval", "approver", post, lambda: next(last))
    yield writing(
        WRITING, "propose a new flow", ORDINARY, post, lambda: (maker, *wish(things.own, things))
    )
    yield writing(IMPORT, f"{IMPORTED:,} flows", "administrator", bring, catalogue)
    # As if the last pass had been one round ago; the first of all asks every open proposal.
    PassResult.keep(periodic.REMINDERS, timezone.now() - ROUND)
    for work in (
        periodic.time_out_proposals,
        periodic.remind_approvers,
        periodic.ask_delegates,
        periodic.send_digests,
        periodic.forget_receipts,
    ):
        name = work.__name__.replace("_", " ")
        yield writing(PASSES, name, "worker", passing(work), timezone.now)


def writing(section: str, name: str, who: str, act: Callable, prepare: Callable) -> Work:
    return Work(section, name, who, act, prepare, is_reading=False)


def to_decide(state: str, side: Side) -> Iterator[Decision]:
    """Proposals of new flows in `state`, each with what its approver sends for `side`."""
    for proposal in Proposal.objects.filter(state=state, type="CREATE").order_by("pk")[:CANDIDATES]:
        able = [right for right in rights_on(proposal, side) if right.may_approve and right.decider]
        if able and able[0].user:
            url = f"{proposal.get_absolute_url()}approve/"
            yield signed_in(able[0].user), url, {"side": side, "comment": "As agreed."}


def post(sent: Decision) -> int:
    client, url, fields = sent
    answer = client.post(url, fields)
    assert answer.status_code == 302, f"{url}: {answer.status_code} {answer.content.decode()}"
    return len(answer.content)


def wish(source, things: Things) -> tuple[str, dict[str, Any]]:
    """What a maker sends who proposes a flow with a new specification to a hub."""
    return "/proposals/new/", {
        "submit": "1",
        "source": source.code,
        "target": things.hub.code,
        "with_physical_flow": "True",
        "specification": "",
        "specification_name": f"positions-{next(numbers)}.csv",
        "specification_format": "FLAT_FILE",
        "data_types": [DataType.objects.proposable().order_by("pk")[0].pk],
        "transport": "FILE_TRANSPORT",
        "frequency": "DAILY",
        "basis_offset": "1",
        "criticality": "MEDIUM",
        "reason": Reason.objects.order_by("pk")[0].pk,
        "justification": "The report needs it.",
    }


def catalogue(flows: int = IMPORTED) -> dict[str, bytes]:
    """Two new systems a flow, never those of an earlier import."""
    run = next(numbers)
    codes = [f"IMPORT-{run}-{number}" for number in range(flows + 1)]
    names = [f"feed-{code}.csv" for code in codes]
    routes = list(zip(codes, codes[1:], names, strict=False))
    files = {
        "systems": ["kind,code,name", *(f"APPLICATION,{code},System {code}" for code in codes)],
        "specifications": [
            "code,name,owner_code,format",
            *(f"SPEC-{source},{name},{source},FLAT_FILE" for source, _, name in routes),
        ],
        "logical_flows": [
            "source_code,target_code",
            *(f"{source},{target}" for source, target, _ in routes),
        ],
        "physical_flows": [
            "source_code,target_code,specification_code,"
            "transport,frequency,basis_offset,criticality",
            *(
                f"{source},{target},SPEC-{source},FILE_TRANSPORT,DAILY,1,MEDIUM"
                for source, target, _ in routes
            ),
        ],
    }
    return {name: "\n".join(lines).encode() for name, lines in files.items()}


def bring(files: dict[str, bytes]) -> int:
    import_catalogue(files, by=User.objects.get(username="admin"))
    return sum(map(len, files.values()))


def passing(work: Callable[[datetime], tuple[int, int]]) -> Callable[[datetime], int]:
    """One pass, which has no answer; and what fails in it fails here."""

    def act(at: datetime) -> int:
        _, failed = work(at)
        assert not failed, work.__name__
        return 0

    return act
