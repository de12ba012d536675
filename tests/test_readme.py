"""The README names what there is: settings, policies, commands, rooms. What it and the other pages
for readers name, is there.
"""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import get_commands

from proposals.models import Policy
from waltzflow import oidc

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
SETTINGS = re.findall(
    r'(?:environ\.get|flag|listed)\("([A-Z_]+)"', (ROOT / "waltzflow" / "settings.py").read_text()
)
SETTINGS += ["OIDC_ISSUER", *oidc.NAMES]
COMMANDS = [
    path.stem for path in (ROOT / "proposals" / "management" / "commands").glob("[a-z]*.py")
]
ROOMS = [
    path.name
    for path in (ROOT / "proposals").iterdir()
    if path.suffix == ".py" or (path / "__init__.py").exists()
]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
TOP = [path.name for path in ROOT.iterdir()]
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
SWITCHES = [field for field in Policy._meta.fields if field.name != "id"]


def quoted(page: Path) -> list[str]:
    """What stands in backticks, in a line or in a block of its own; of a block each line."""
    text = page.read_text()
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S))
    return spans + [line for block in blocks for line in block.splitlines()]


def row(start: str) -> str:
    """The row of a table that begins with `start`."""
    return next((line for line in README.splitlines() if line.startswith(f"| `{start}`")), "")


@pytest.mark.parametrize("name", sorted(set(SETTINGS)))
def test_every_setting_is_in_its_table(name):
    assert row(name)


@pytest.mark.parametrize("field", SWITCHES, ids=lambda field: field.name)
def test_every_policy_is_there_with_its_values_the_default_first(field):
    values = {True: "yes", False: "no"}.get(field.default, str(field.default))
    values_named = row(field.name).split("|")[2].strip()
    assert values_named.replace("`", "").startswith(values)
    assert all(f"`{value}`" in values_named for value, _ in field.choices or [])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_named(name):
    assert f"manage.py {name}" in README


@pytest.mark.parametrize("name", sorted({*ROOMS} - {"__init__.py", "apps.py", "migrations"}))
def test_every_room_is_on_the_map(name):
    house = README.split("## The house")[1]
    assert name in house


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_and_command_that_a_page_names_is_there(page):
    commands = {*COMMANDS, *get_commands()}
    for text in quoted(page):
        words = [word.strip(",.;:") for word in text.split()]
        for word, following in pairwise([*words, ""]):
            if word.split("/")[0] in TOP and "<" not in word and not word.startswith(".venv"):
                assert (ROOT / word).exists(), word
            if word == "manage.py" and following.isidentifier():
                assert following in commands, text
        if words[:1] == ["make"] and len(words) > 1:
            assert words[1] in TARGETS, text


def headings(page: Path) -> set[str]:
    """As the links to them are written."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {title.lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        path, _, heading = link.partition("#")
        linked = page.parent / path if path else page
        assert link.startswith("https://") or linked.exists(), link
        assert not heading or heading in headings(linked), link


def test_every_decision_is_listed():
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text()
    assert pages
    assert all(f"({page.name})" in listed for page in pages)
