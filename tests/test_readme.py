"""The README names what there is: settings, policies, commands, rooms."""

import re
from pathlib import Path

import pytest

from proposals.models import Policy

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
SETTINGS = re.findall(
    r'(?:environ\.get|flag|listed)\("([A-Z_]+)"', (ROOT / "waltzflow" / "settings.py").read_text()
)
COMMANDS = [
    path.stem for path in (ROOT / "proposals" / "management" / "commands").glob("[a-z]*.py")
]
ROOMS = [
    path.name
    for path in (ROOT / "proposals").iterdir()
    if path.suffix == ".py" or (path / "__init__.py").exists()
]
SWITCHES = [field for field in Policy._meta.fields if field.name != "id"]


def row(start: str) -> str:
    """The row of a table that begins with `start`."""
    return next((line for line in README.splitlines() if line.startswith(f"| `{start}`")), "")


@pytest.mark.parametrize("name", sorted(set(SETTINGS)))
def test_every_setting_is_in_its_table(name):
    assert row(name)


@pytest.mark.parametrize("field", SWITCHES, ids=lambda field: field.name)
def test_every_policy_is_there_with_its_values_the_default_first(field):
    values = {True: "yes", False: "no"}.get(field.default, str(field.default))
    told = row(field.name).split("|")[2].strip()
    assert told.replace("`", "").startswith(values)
    assert all(f"`{value}`" in told for value, _ in field.choices or [])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_named(name):
    assert f"manage.py {name}" in README


@pytest.mark.parametrize("name", sorted({*ROOMS} - {"__init__.py", "apps.py", "migrations"}))
def test_every_room_is_on_the_map(name):
    house = README.split("## The house")[1]
    assert name in house
