"""The house itself: its rooms are known, imports point one way, and nothing goes round that."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from .architecture import (
    FILES,
    PAGE,
    RANK,
    ROOT,
    imported_rooms,
    imports,
    page_with,
    picture,
    room_of,
)

BACK_DOORS = {"import_module", "import_string", "__import__", "get_model", "autodiscover_modules"}


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


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_that_a_sentence_names_are_there(path):
    named = set(re.findall(r"`([\w/]+\.py)`", path.read_text()))
    gone = [name for name in named if not any(f.match(f"**/{name}") for f in FILES)]
    assert gone == []


def test_the_picture_of_the_rooms_is_what_the_imports_draw():
    assert PAGE.read_text() == page_with(picture()), "run python -m tests.architecture"


def test_models_are_imported_from_their_package_alone():
    for path in FILES:
        if room_of(path) == "models":
            continue
        for node in imports(path):
            module = getattr(node, "module", None) or ""
            assert not module.startswith(("models.", "proposals.models.")), f"{path}:{node.lineno}"


def names_in(path: Path) -> set[str]:
    """Each name that the file takes from elsewhere or uses."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names}
    return names


PACKAGES = [path for path in FILES if path.name == "__init__.py" and path.parent != ROOT]


@cache
def all_names() -> dict[Path, set[str]]:
    """Of every file. Not at import, for every worker imports this and few try what is here."""
    return {path: names_in(path) for path in [*FILES, *(ROOT / "tests").rglob("*.py")]}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: str(p.parent.relative_to(ROOT)))
def test_a_package_hands_on_what_somebody_outside_takes(package):
    tree = ast.parse(package.read_text())
    taken = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module]
    handed_on = {alias.asname or alias.name for node in taken for alias in node.names}
    used_here = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    outside = [
        names for path, names in all_names().items() if not path.is_relative_to(package.parent)
    ]
    assert handed_on - used_here - set().union(*outside) == set()


def test_only_the_workflow_calls_the_transitions_of_a_proposal():
    verbs = {"propose", "approve_source", "approve_target", "complete"}
    verbs |= {"return_source", "return_target", "reject_source", "reject_target", "time_out"}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in verbs:
                assert getattr(called.value, "id", "") == "workflow", path


WIDTH = 120  # of templates and pages; that of Python is in pyproject.toml, and ruff's to check


def is_wide(path: Path) -> bool:
    """A row of a Markdown table cannot be broken, so it may be of any width."""
    lines = path.read_text().splitlines()
    return any(len(line) > WIDTH and not line.startswith("|") for line in lines)


def test_no_template_and_no_page_is_wider_than_agreed():
    pages = [*(ROOT / "templates").rglob("*.html"), *ROOT.glob("*.md")]
    pages += (ROOT / "docs").rglob("*.md")
    assert [path.name for path in pages if is_wide(path)] == []
