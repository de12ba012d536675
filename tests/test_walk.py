"""Who follows an approval through the code passes few files, and moves between them seldom."""

import sys
from itertools import pairwise
from pathlib import Path

from proposals.models import Proposal

ROOT = Path(__file__).parent.parent
PRODUCT = ROOT / "proposals"
MODELS = PRODUCT / "models"
# Middleware, and what every page is rendered with.
EVERY_REQUEST = {
    PRODUCT / f"{name}.py"
    for name in ("views/error_pages", "views/appearance", "views/uploading", "api/problems")
}
MOST_FILES, MOST_MOVES = 10, 130


def walked(act) -> list[str]:
    """The files of the project in which `act` calls functions, in the order of the calls.

    The models count as one: their package is the only path by which they are imported. What every
    request passes, as middleware, is none of it.
    """
    calls = []

    def note(frame, event, argument) -> None:
        if event == "call":
            calls.append(frame.f_code.co_filename)

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    paths = [Path(name) for name in calls if Path(name).is_relative_to(PRODUCT)]
    paths = [path for path in paths if path not in EVERY_REQUEST]
    return [str(MODELS if path.is_relative_to(MODELS) else path) for path in paths]


def test_an_approval_passes_few_files(client, cast, proposal):
    client.force_login(cast.source_approver)
    client.get(proposal.get_absolute_url())  # what is made once for a process is made
    url = f"/proposals/{proposal.pk}/approve/"
    calls = walked(lambda: client.post(url, {"side": "SOURCE"}))
    assert Proposal.objects.get().state == "SOURCE_APPROVED"
    moves = sum(before != after for before, after in pairwise(calls))
    assert len(set(calls)) <= MOST_FILES, sorted(set(calls))
    assert moves <= MOST_MOVES
