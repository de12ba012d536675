"""The examples of docs/api.md do what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from proposals.models import Proposal

from . import factories

DOCS = Path(__file__).parent.parent / "docs"
COMMANDS = re.findall(r"```sh\n(.*?)```", (DOCS / "api.md").read_text(), re.S)


@pytest.mark.once(on="sqlite")
def test_its_commands_and_its_program_work(live_server, transactional_db, tmp_path):
    source = factories.system("Ledger", code="LEDGER")
    target = factories.system("Risk Engine", code="RISK")
    maker = factories.cast(source, target, factories.user("Mia Maker")).maker
    factories.data_type("Trades", code="TRADES")
    factories.reason("Regulation")
    made = factories.token(maker)
    environ = os.environ | {"SITE": live_server.url, "TOKEN": made.text}
    outputs = [
        subprocess.run(
            ["bash", "-c", command], env=environ, capture_output=True, text=True, timeout=60
        )
        for command in COMMANDS
    ]
    assert [(run.returncode, run.stdout[:300]) for run in outputs if run.returncode] == []
    assert len(outputs) == 5
    assert '"WAITING"' in outputs[-1].stdout
    file = tmp_path / "flows.csv"
    columns = "source,target,data_types,reason,justification"
    rows = ["RISK,LEDGER,TRADES,Regulation,Back again", "NONE,LEDGER,TRADES,Regulation,x"]
    file.write_text("\n".join([columns, *rows]))
    for _ in range(2):
        program = [sys.executable, DOCS / "examples" / "propose_from_csv.py", file]
        run = subprocess.run(program, env=environ, capture_output=True, text=True, timeout=60)
        assert re.search(r"row 1: proposal \d+, PENDING_APPROVALS", run.stdout), run
        assert "row 2: refused: No system is called “NONE”" in run.stdout
    assert Proposal.objects.count() == 2
