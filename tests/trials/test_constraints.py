"""Each CHECK and each UNIQUE is broken once, with the guards away: that one, and no other, stops
it.
"""

from django.db import IntegrityError, connection

from ..test_guards import carry_out, without_guards
from .constraints import IMPLIED, TABLE, constraints

# Django's own on SQLite; elsewhere the type of the column says it.
VALID_JSON = {
    "ledgerform(columns, columns)",
    "passresult(content, content)",
    "receipt(results, results)",
    "rightschange(systems, systems)",
    "upload(problems, problems)",
    "upload(report, report)",
    "uploadedrow(texts, texts)",
    "webhookendpoint(kinds, kinds)",
}


def stopped_by(sql):
    """The name of the constraint (SQLite does not say it of each: ""), or None if nothing stopped
    it.
    """
    try:
        carry_out(sql)
    except IntegrityError as stopped:
        return stopped.__cause__.diag.constraint_name if connection.vendor == "postgresql" else ""
    return None


def test_each_constraint_stops_what_it_is_there_for(scene):
    without_guards()
    there = constraints()
    stopped = {name: stopped_by(sql.format(**scene)) for name, sql in TABLE.items()}
    assert stopped == {
        name: there[name][1] if connection.vendor == "postgresql" else "" for name in TABLE
    }


def test_every_constraint_has_an_attack(db):
    assert set(constraints()) - VALID_JSON == set(TABLE) | set(IMPLIED)
    assert set(IMPLIED.values()) <= set(TABLE)
