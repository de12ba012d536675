"""The house itself: its rooms are known, imports point one way, and nothing goes round that."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "proposals"
# A room imports from those before it; rooms of one line know nothing of each other.
RANKS = [
    {"errors", "apps"},
    {"models"},
    {"guards"},
    {"history"},
    {"workflow"},
    {"files"},
    {"reports"},
    {"forms"},
    {"views", "admin", "demo"},
    {"urls", "management"},
]
RANK = {room: place for place, rooms in enumerate(RANKS) for room in rooms}
FILES = [path for path in sorted(HOUSE.rglob("*.py")) if "migrations" not in path.parts]
BACK_DOORS = {"import_module", "import_string", "__import__", "get_model", "autodiscover_modules"}


def room_of(path: Path) -> str:
    return path.relative_to(HOUSE).with_suffix("").parts[0]


def imports(path: Path) -> list[ast.Import | ast.ImportFrom]:
    tree = ast.parse(path.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def imported_rooms(path: Path) -> set[str]:
    """The rooms of the house that a module names in its imports, relative or absolute."""
    package = ("proposals", *path.relative_to(HOUSE).parts[:-1])
    found = []
    for node in imports(path):
        if isinstance(node, ast.Import):
            found += [alias.name.split(".") for alias in node.names]
            continue
        above = package[: len(package) - node.level + 1] if node.level else ()
        base = [*above, *(node.module or "").split(".")] if node.module else [*above]
        found += [[*base, alias.name] for alias in node.names]
    return {names[1] for names in found if names[0] == "proposals" and len(names) > 1}


def test_every_room_is_known():
    rooms = {room_of(path) for path in FILES} - {"__init__"}
    assert rooms == set(RANK)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path):
    room = room_of(path)
    for other in imported_rooms(path) - {room}:
        assert RANK[other] < RANK[room], f"{room} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_imported_inside_a_function_or_by_its_name(path):
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = [
        n for f in functions for n in ast.walk(f) if isinstance(n, ast.Import | ast.ImportFrom)
    ]
    assert inside == []
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    if room_of(path) != "apps":  # whose signal handler is handed a registry, and imports nothing
        assert not names & BACK_DOORS


def test_models_are_imported_from_their_package_alone():
    for path in FILES:
        if room_of(path) == "models":
            continue
        for node in imports(path):
            module = getattr(node, "module", None) or ""
            assert not module.startswith(("models.", "proposals.models.")), f"{path}:{node.lineno}"


def test_only_the_workflow_calls_the_transitions_of_a_proposal():
    verbs = {"propose", "approve_source", "approve_target", "complete"}
    verbs |= {"reject_source", "reject_target", "time_out"}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in verbs:
                assert getattr(called.value, "id", "") == "workflow", path
