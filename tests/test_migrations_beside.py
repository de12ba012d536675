"""A migration runs while the version before it still serves: what that one does not expect (a
column gone, a value it never gives) is named.
"""

from pathlib import Path

import pytest
from django.db import connection
from django_migration_linter import MigrationLinter

MIGRATIONS = Path(__file__).parent.parent / "proposals" / "migrations"
# Up to this one an upgrade stopped the site. These of them could not have run beside it: they add
# a column without a default (3, 5, 8, 10), a constraint of unique rows (6, 8, 10, 11, 18), or
# change a column in place (26).
LAST_THAT_STOPPED_THE_SITE = "0031"
NOT_SAFE = "0026_page_of_a_receipt"
# Name: why it is safe nevertheless.
EXCEPTED: dict[str, str] = {}


def is_safe(name: str) -> bool:
    """Prints what is wrong with it otherwise."""
    linter = MigrationLinter(
        include_apps=["proposals"],
        include_name=[name],
        no_cache=True,
        quiet=["ok", "ignore"],
        analyser_string="postgresql",
    )
    linter.lint_all_migrations("proposals", name)
    assert linter.nb_total == 1, name
    return not linter.has_errors


@pytest.mark.once(on="postgresql")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one version at a time")
def test_every_new_migration_is_safe_beside_the_running_version(db):
    names = sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))
    newer = {name for name in names if name[:4] > LAST_THAT_STOPPED_THE_SITE}
    assert set(EXCEPTED) <= newer
    assert [name for name in sorted(newer - set(EXCEPTED)) if not is_safe(name)] == []
    assert not is_safe(NOT_SAFE)
