"""A new state is rows of the table and a migration: tried on a copy of the project, pages and all.

The copy gets ON_HOLD with `hold` and `resume`, as CONTRIBUTING.md tells it, and POSTPONED, a
decision of a side by whoever may approve or reject; and nothing else.
"""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from . import databases

ROOT = Path(__file__).parent.parent
RECIPE = (ROOT / "CONTRIBUTING.md").read_text()
OPEN = "State.PENDING_APPROVALS, State.SOURCE_APPROVED, State.TARGET_APPROVED]"

POSTPONE = """
    @transition(
        state,
        source=SOURCE_UNDECIDED,
        target=State.POSTPONED,
        permission=Approver(Side.SOURCE, ("may_approve", "may_reject")),
        custom={
            "label": "Postpone",
            "question": "Postpone this proposal?",
            "explanation": "The maker reads your comment and proposes again.",
            "done": "postponed by the source",
            "side": Side.SOURCE,
            "comment": "Until when?",
            "comment_is_required": "Say until when.",
            "verdict": "Postponed",
        },
    )
    def postpone_source(self) -> None: ...
"""

STORY = """
import re
from django.core import mail
from django.test import Client
from django.test.utils import setup_test_environment
from post_office.models import Email
from proposals import guards, workflow
from proposals.forms.filters import ProposalFilter
from proposals.history import verify
from proposals.models import Proposal, Transition, actions, open_states, verbs
from proposals.workflow.state_diagram import mermaid
from tests import factories

setup_test_environment()
source, target = factories.system("Ledger", code="LEDGER"), factories.system("Risk", code="RISK")
cast = factories.cast(source, target, factories.user("Mia Maker"))
proposal = factories.proposed(cast.maker, source, target)
workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
page, browser = proposal.get_absolute_url(), Client()

def get(url, who):
    browser.force_login(who)
    return browser.get(url, follow=True)

# page and button
assert f'href="{page}hold/"' in get(page, cast.maker).content.decode()
assert f"{page}hold/" not in get(page, cast.target_approver).content.decode()
asked = get(f"{page}hold/", cast.maker).content.decode()
assert "Put this proposal on hold?" in asked and "Nobody can decide until you resume it." in asked
# POST, time line, state
answer = browser.post(f"{page}hold/", {"comment": "Wait for the audit."}, follow=True)
shown = " ".join(answer.content.decode().split())
assert f"Proposal {proposal.pk}: put on hold." in shown, shown
assert "Mia Maker</a></strong> put on hold" in shown and "Wait for the audit." in shown
assert 'class="state open on_hold">On hold<' in shown
proposal.refresh_from_db()
assert (proposal.state, proposal.is_open, proposal.look) == ("ON_HOLD", True, "open")
# nobody decides meanwhile, and is told why
assert get(f"{page}approve/", cast.target_approver).status_code == 409
refused = browser.post(f"{page}approve/", {"side": "TARGET"})
assert refused.status_code == 409 and "Mia Maker put on hold on" in refused.content.decode()
assert proposal not in Proposal.objects.awaiting(cast.target_approver)
assert get(f"{page}hold/", cast.stranger).status_code == 403
# list filter, diagram
found = get("/proposals/?state=ON_HOLD", cast.maker).content.decode()
assert "On hold" in found and f'href="{page}"' in found
assert "ON_HOLD --> SOURCE_APPROVED: resume" in mermaid()
# guard: no step that the table does not know
try:
    Proposal.objects.filter(pk=proposal.pk).update(state="FULLY_APPROVED")
except Exception as refusal:
    assert "no such step" in str(refusal), refusal
else:
    raise AssertionError("The guards know nothing of the new state.")
# back to where it was; then on as if nothing had been
assert f'href="{page}resume/"' in get(page, cast.maker).content.decode()
browser.post(f"{page}resume/", {})
proposal.refresh_from_db()
assert proposal.state == "SOURCE_APPROVED"
workflow.approve(proposal, sides=["TARGET"], by=cast.target_approver)
of_it = Transition.objects.filter(proposal=proposal).order_by("number")
trail = list(of_it.values_list("action", "basis"))
assert trail[2:4] == [("hold", "MAKER"), ("resume", "MAKER")], trail
assert list(verify.breaches()) == []
# notices go to the others: the maker, when somebody else acts
assert Email.objects.filter(to=cast.maker.email).count() == 2
# a decision that who may only approve, or only reject, takes as well; never without a comment
architect = factories.user("Art Architect")
factories.rule("Architect", reject=False)
factories.involve(architect, source, "Architect")
for who in (architect, cast.rejecter):
    file = f"{who}.csv"
    other = factories.proposed(cast.maker, source, target, specification_name=file)
    page = other.get_absolute_url()
    assert f'{page}postpone/?inbox="' in get(page, who).content.decode()
    assert 'value="postpone">Postpone…' in get("/inbox/", who).content.decode()
    assert get(f"{page}postpone/", cast.target_approver).status_code == 403
    get(page, who)
    silent = browser.post(f"{page}postpone/", {"side": "SOURCE"})
    assert silent.status_code == 400 and "Say until when." in silent.content.decode()
    browser.post(f"{page}postpone/", {"side": "SOURCE", "comment": "Daily, please."})
    other.refresh_from_db()
    assert (other.state, other.is_closed, other.look) == ("POSTPONED", True, "ended")
    shown = " ".join(get(page, cast.maker).content.decode().split())
    assert f"{who}</a></strong> postponed by the source" in shown and "Daily, please." in shown
    assert '<span class="state ended">Postponed</span>' in shown
assert Email.objects.filter(to=cast.maker.email).count() == 4
assert list(verify.breaches()) == []
print("all of it")
"""


@pytest.fixture
def copy(tmp_path, django_db_setup) -> Path:
    """The project as git would hand it out, and its database as it was before the new state."""
    listed = ["git", "ls-files", "-co", "--exclude-standard"]
    for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\n"):
        if name and (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    databases.copy_file(tmp_path / "waltzflow.sqlite3")
    return tmp_path


def rows_of_the_recipe() -> list[str]:
    """The pieces of Python that CONTRIBUTING.md adds to states.py: the state, then its actions."""
    section = RECIPE.split("## Add a state or an action")[1].split("\n## ")[0]
    pieces = [part.split("   ```")[0] for part in section.split("```python\n")[1:]]
    return [textwrap.indent(textwrap.dedent(piece), "    ") for piece in pieces]


def run(copy: Path, *command: str) -> str:
    environ = os.environ | {"DEBUG": "1", "DATABASE_URL": "", "PYTHONPATH": str(copy)}
    done = subprocess.run(
        [sys.executable, *command], cwd=copy, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.once(on="sqlite")
def test_a_new_state_is_rows_of_the_table_and_a_migration(copy):
    state, actions = rows_of_the_recipe()
    table = copy / "proposals/models/states.py"
    text = table.read_text()
    last_state = '    TIMED_OUT = "TIMED_OUT", "Timed out"\n'
    postponed = '    POSTPONED = "POSTPONED", "Postponed"\n'
    text = text.replace(last_state, last_state + state + postponed)
    text = text.replace(OPEN, OPEN.replace("]", ", State.ON_HOLD]"))  # cancel and time_out
    after_table = "\n\n@dataclass(frozen=True)\nclass Action:"
    text = text.replace(after_table, f"\n{actions}{POSTPONE}{after_table}")
    table.write_text(text)
    run(copy, "manage.py", "makemigrations", "proposals", "--name", "on_hold")
    run(copy, "manage.py", "migrate", "--verbosity", "0")
    assert run(copy, "manage.py", "shell", "--verbosity", "0", "-c", STORY).endswith("all of it\n")
