"""The house itself: imports point one way, nothing is imported inside a function, rooms keep to their budget."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = [
    {"refusals"},
    {"models.catalogue", "models.history"},
    {"models.people"},
    {"models.policy"},
    {"models.rights", "models.register"},
    {"models.states"},
    {"models.trail"},
    {"models.selection"},
    {"models.proposal"},
    {"models"},
    {"drawing", "neighbourhood"},
    {"pictures"},
    {"provisioning", "notices", "state_diagram", "once", "guards", "past"},
    {"audit", "changes", "dossier"},
    {"asked"},
    {"trail"},
    {"workflow"},
    {"clock", "advice"},
    {"forms", "catalogue_files"},
    {"tabular", "exports"},
    {"quality", "insights"},
    {"charts"},
    {"filters"},
    {"demo"},
    {"views", "admin"},
    {"urls", "management"},
]
FILES = [p for p in sorted((ROOT / "proposals").rglob("*.py")) if "migrations" not in p.parts]


def room(path: Path) -> str:
    parts = path.relative_to(ROOT / "proposals").with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    return name if name.startswith("models") else parts[0]


def rank(name: str) -> int | None:
    return next((place for place, names in enumerate(ORDER) if name in names), None)


def imported_rooms(path: Path):
    package = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = (
            [*package[: len(package) - node.level], *(node.module or "").split(".")]
            if node.level
            else ((node.module or "").split("."))
        )
        base = list(package[: len(package) - node.level]) if node.level else []
        base += node.module.split(".") if node.module else []
        if base[:1] == ["proposals"]:
            named = [[*base, alias.name] for alias in node.names] if not node.module or len(base) == 1 else [base]
            yield from (".".join(name[1:]) if name[1] == "models" else name[1] for name in named)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path):
    mine = rank(room(path))
    for other in imported_rooms(path):
        if other != room(path):
            assert mine is None or rank(other) < mine, f"{room(path)} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_imported_inside_a_function(path):
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    inside = [n for f in functions for n in ast.walk(f) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert inside == []


def test_only_the_workflow_calls_the_transitions_of_a_proposal():
    verbs = {"propose", "approve_source", "approve_target", "complete", "reject_source", "reject_target", "time_out"}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in verbs:
                assert getattr(node.func.value, "id", "") == "workflow", f"{path.name}:{node.lineno}"
