"""The examples of docs/api.md do what it says."""

import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from proposals.models import Proposal

from . import factories

DOCS = Path(__file__).parent.parent / "docs"
PROGRAM = DOCS / "examples" / "propose_from_csv.py"
COMMANDS = re.findall(r"```sh\n(.*?)```", (DOCS / "api.md").read_text(), re.S)


CATALOGUE = Path(__file__).parent.parent / "proposals" / "demo" / "company" / "catalogue"


def run(command: list, environ: dict, folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        command, env=environ, cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.mark.once(on="sqlite")
def test_its_commands_and_its_program_work(live_server, transactional_db, tmp_path):
    source = factories.system("Curve Factory", code="CURVES")
    target = factories.system("Margin Desk", code="COLLAT")
    cast = factories.cast(source, target, factories.user("Mia Maker"))
    factories.data_type("Curves", code="PRICE-CURVE")
    factories.reason("Audit finding")
    factories.policy(api_decisions=True)
    proposing = factories.token(cast.maker).text
    deciding = factories.token(cast.source_approver, may_decide=True).text
    environ = os.environ | {"SITE": live_server.url}
    outputs = []
    for command in COMMANDS:
        proposal = Proposal.objects.order_by("pk").last()
        asked = {"TOKEN": deciding if "/decide" in command else proposing}
        asked["NUMBER"] = str(proposal.pk) if proposal else ""
        outputs.append(run(["bash", "-c", command], environ | asked, tmp_path))
    assert [(made.returncode, made.stdout[:300]) for made in outputs if made.returncode] == []
    assert len(outputs) == 6
    assert '"SOURCE_APPROVED"' in outputs[-2].stdout
    assert '"WAITING"' in outputs[-1].stdout
    file = tmp_path / "flows.csv"
    columns = "source,target,data_types,reason,justification"
    rows = [
        "COLLAT,CURVES,PRICE-CURVE,Audit finding,Back again",
        "NONE,CURVES,PRICE-CURVE,Audit finding,x",
        "COLLAT,CURVES,NO;SUCH,Whim,x",
    ]
    file.write_text("\n".join([columns, *rows]))
    for _ in range(2):
        made = run([sys.executable, PROGRAM, file], environ | {"TOKEN": proposing}, tmp_path)
        assert made.returncode == 1, made
        assert re.search(r"row 1: proposal \d+, PENDING_APPROVALS", made.stdout), made
        assert "row 2: refused: source: No system is called “NONE”" in made.stdout
        assert "row 3: refused: reason: “Whim” is not one of the reasons: Audit f" in made.stdout
    assert Proposal.objects.count() == 2


def test_its_program_asks_again_where_it_asked_too_often(tmp_path):
    answers = [429, 503, 201]

    class Site(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(answers.pop(0))
            self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(b'{"number": 7, "state": "PENDING_APPROVALS"}')

    file = tmp_path / "flows.csv"
    file.write_text("source,target\nA,B\n")
    with HTTPServer(("127.0.0.1", 0), Site) as site:
        Thread(target=site.serve_forever, daemon=True).start()
        environ = {"SITE": f"http://127.0.0.1:{site.server_port}", "TOKEN": "waltzflow_x"}
        made = run([sys.executable, PROGRAM, file], os.environ | environ, tmp_path)
        site.shutdown()
    assert (made.returncode, made.stdout) == (0, "row 1: proposal 7, PENDING_APPROVALS\n"), made
    assert answers == []


def test_its_names_are_those_of_the_demo_company():
    """Whoever tries them there is refused nothing."""
    text = "".join(COMMANDS)
    systems, types = (CATALOGUE / f"{name}.csv" for name in ("systems", "data_types"))
    named = re.findall(r'"(?:source|target)": "(.*?)"', text)
    assert named
    assert all(f",{code}," in systems.read_text() for code in named)
    named = re.findall(r'"data_types?": \[?"(.*?)"', text)
    assert named
    assert all(f"\n{code}," in types.read_text() for code in named)
    reasons = (CATALOGUE.parent / "reasons.csv").read_text()
    assert all(f"\n{name}," in reasons for name in re.findall(r'"reason": "(.*?)"', text))
