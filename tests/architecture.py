"""The rooms of the project, their ranks, and which imports which: read from the code.

`python -m tests.architecture` writes the picture of `docs/architecture.md` anew.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "proposals"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- from the imports -->\n", "<!-- end -->"
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
    {"views", "api", "admin", "demo"},
    {"urls", "management"},
]
RANK = {room: place for place, rooms in enumerate(RANKS) for room in rooms}
FILES = [path for path in sorted(HOUSE.rglob("*.py")) if "migrations" not in path.parts]


def room_of(path: Path) -> str:
    return path.relative_to(HOUSE).with_suffix("").parts[0]


def imports(path: Path) -> list[ast.Import | ast.ImportFrom]:
    tree = ast.parse(path.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def imported_rooms(path: Path) -> set[str]:
    """The rooms that a module names in its imports, relative or absolute."""
    package = ("proposals", *path.relative_to(HOUSE).parts[:-1])
    names = []
    for node in imports(path):
        if isinstance(node, ast.Import):
            names += [alias.name.split(".") for alias in node.names]
            continue
        above = package[: len(package) - node.level + 1] if node.level else ()
        base = [*above, *(node.module or "").split(".")] if node.module else [*above]
        names += [[*base, alias.name] for alias in node.names]
    return {parts[1] for parts in names if parts[0] == "proposals" and len(parts) > 1}


def arrows() -> list[tuple[str, str]]:
    """(room, room it imports), the lowest first, without those that follow from two others."""
    direct = {room: set() for room in RANK}
    for path in FILES:
        if room_of(path) in RANK:
            direct[room_of(path)] |= imported_rooms(path) & set(RANK) - {room_of(path)}
    reached: dict[str, set[str]] = {}
    for room in sorted(RANK, key=RANK.get):
        reached[room] = direct[room].union(*(reached[other] for other in direct[room]))
    return sorted(
        (
            (room, other)
            for room, others in direct.items()
            for other in others
            if not any(other in reached[between] for between in others - {other})
        ),
        key=lambda arrow: (RANK[arrow[0]], arrow[0], RANK[arrow[1]], arrow[1]),
    )


def picture() -> str:
    """A Mermaid flowchart: the pages above, the models below, an arrow from who imports."""
    lines = ["```mermaid", "flowchart TD"]
    for rooms in reversed(RANKS):
        lines += [f"    {room}" for room in sorted(rooms)]
    lines += [f"    {room} --> {other}" for room, other in reversed(arrows())]
    return "\n".join([*lines, "```", ""])


def page_with(drawn: str) -> str:
    before, rest = PAGE.read_text().split(BEGIN)
    return before + BEGIN + drawn + END + rest.split(END, 1)[1]


if __name__ == "__main__":
    PAGE.write_text(page_with(picture()))
