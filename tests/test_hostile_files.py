"""Catalogues with something wrong in them, or not: they come in whole, or are refused by name and
leave nothing.

200 of them, always the same; with TRIALS=long 2,000, others each time.
"""

from collections import Counter

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proposals.errors import Refused
from proposals.files.catalogue import TABLES, BadCatalogue, export_catalogue, import_catalogue

from .catalogues import CATALOGUE
from .fingerprint import fingerprint
from .thorough import LONG

TRIALS = settings(
    max_examples=2_000 if LONG else 200,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
CELLS = [
    *(
        "",
        " ",
        "\x00",
        "=1+1",
        "'=1",
        "''",
        "'",
        "-",
        "+1",
        "0",
        "1",
        "999",
        "1000",
        "-999",
        "-1000",
        "9" * 30,
        "1.5",
        "²",
    ),
    *(
        "true",
        "FALSE",
        "yes",
        "LEDGER",
        "RISK",
        "FED",
        "BANK",
        "IT",
        "PARTY",
        "CLIENT;OLD",
        ";",
        ";;CLIENT",
        '"',
        '""',
    ),
    *(
        "ada@example.com",
        "ADA@EXAMPLE.COM",
        "x@y",
        "x@example.com",
        "E1",
        "E2",
        "Data Owner",
        "data owner",
        "S1",
        "s1",
    ),
    *(
        "APPLICATION",
        "ACTOR",
        "REMOVED",
        "PENDING",
        "ACTIVE",
        "XML",
        "DAILY",
        "EMAIL",
        "HIGH",
        "UNKNOWN",
        "x" * 65,
    ),
    *(
        "x" * 201,
        "x" * 5000,
        "\u200b",
        "\u202eabc",
        "İ",
        "ß",
        "\U0001f4a9",
        "a\nb",
        "a\r\nb",
        "\ufeff",
        "\x1b[2J",
        "Night run",
    ),
]
cells = st.one_of(st.sampled_from(CELLS), st.text(max_size=12))
number = st.integers(0, 40)


def rows(text: str) -> list[list[str]]:
    """The catalogue of the tests has no cell that needs quotes."""
    return [line.split(",") for line in text.splitlines()]


def written(table: list[list[str]]) -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text

    return "".join(",".join(map(cell, row)) + "\n" for row in table)


# What may befall a table; `a` and `b` choose where.


def put(table, a, b, cell):
    row = table[a % len(table)]
    row[b % len(row)] = cell


def add_row(table, a, b, cell):
    table.append(
        [cell if n == b % len(table[0]) else old for n, old in enumerate(table[a % len(table)])]
    )


def exchange(table, a, b, cell):
    a, b = a % len(table), b % len(table)
    table[a], table[b] = table[b], table[a]


def copy_cell(table, a, b, cell):
    row = b % len(table[0])
    table[a % len(table)][row:] = table[(a + b) % len(table)][row:]


def drop_row(table, a, b, cell):
    if len(table) > 1:
        del table[a % len(table)]


def drop_column(table, a, b, cell):
    for row in table:
        if len(row) > 1:
            del row[b % len(row)]


def move_column(table, a, b, cell):
    for row in table:
        row.insert(a % len(row), row.pop(b % len(row)))


def lengthen(table, a, b, cell):
    table[a % len(table)].append(cell)


BEFALL = (
    [put] * 6
    + [add_row] * 4
    + [exchange, copy_cell, copy_cell, drop_row, drop_column, move_column, lengthen]
)

# And what its bytes.
BYTES = {
    "as they are": lambda data, a: data,
    "old lines": lambda data, a: data.replace(b"\n", b"\r"),
    "lines of Windows": lambda data, a: data.replace(b"\n", b"\r\n"),
    "a mark before": lambda data, a: b"\xef\xbb\xbf" + data,
    "cut": lambda data, a: data[: -(a + 1)],
    "a byte changed": lambda data, a: data[: a * 3] + bytes([a * 5 + 50]) + data[a * 3 + 1 :],
    "empty": lambda data, a: b"",
    "twice": lambda data, a: data + data,
    "empty lines": lambda data, a: data.replace(b"\n", b"\n\n"),
    "UTF-16": lambda data, a: data.decode(errors="replace").encode("utf-16"),
    "Latin": lambda data, a: data.decode(errors="replace").encode("latin-1", "replace"),
    "semicolons": lambda data, a: data.replace(b",", b";"),
    "a quote": lambda data, a: data[: a * 3] + b'"' + data[a * 3 :],
}
mishap = st.tuples(
    st.sampled_from(sorted(CATALOGUE)), st.sampled_from(BEFALL), number, number, cells
)
accident = st.tuples(st.sampled_from(sorted(CATALOGUE)), st.sampled_from(sorted(BYTES)), number)


def catalogue(mishaps: list, accidents: list, missing: set) -> dict[str, bytes]:
    tables = {name: rows(text) for name, text in CATALOGUE.items()}
    for name, befall, a, b, cell in mishaps:
        befall(tables[name], a, b, cell)
    contents = {name: written(table).encode("utf-8", "replace") for name, table in tables.items()}
    for name, what, a in accidents:
        contents[name] = BYTES[what](contents[name], a)
    return {name: data for name, data in contents.items() if name not in missing}


def check_refusal(no: Refused, contents: dict) -> None:
    assert no.sentence
    for problem in no.problems if isinstance(no, BadCatalogue) else []:
        assert problem.file.removesuffix(".csv") in contents
        assert (
            0 <= problem.line <= len(contents[problem.file.removesuffix(".csv")].splitlines()) + 1
        )
        assert problem.reason.strip().endswith((".", "?"))


def check_import(report, contents: dict) -> None:
    """All of it is there: nothing is left to do, neither for the files themselves nor for what the
    export gives.
    """
    for tally in report.tallies:
        assert tally.read == tally.added + tally.changed + tally.unchanged + tally.repeated
    assert not import_catalogue(contents).changes
    exported = {
        name.removesuffix(".csv"): written(list(table)).encode()
        for name, table in export_catalogue()
    }
    assert not import_catalogue(exported).changes


def outcome(contents: dict) -> str:
    before = fingerprint()
    with transaction.atomic():
        try:
            report = import_catalogue(contents)
        except Refused as no:
            check_refusal(no, contents)
            assert fingerprint() == before
            return "refused"
        check_import(report, contents)
        transaction.set_rollback(True)
    return "imported" if report.changes else "nothing to do"


@pytest.mark.django_db
@pytest.mark.parametrize("beginning", ["into an empty register", "into one that has it already"])
def test_a_catalogue_comes_in_whole_or_not_at_all(beginning, record_property):
    seen = Counter()
    if "already" in beginning:
        import_catalogue({name: text.encode() for name, text in CATALOGUE.items()})

    @settings(TRIALS, max_examples=TRIALS.max_examples // 2)
    @given(
        st.lists(mishap, max_size=3),
        st.one_of(st.just([]), st.just([]), st.lists(accident, max_size=1)),
        st.one_of(st.just(set()), st.sets(st.sampled_from(sorted(TABLES)), max_size=8)),
    )
    def bring(mishaps, accidents, missing):
        contents = catalogue(mishaps, accidents, missing)
        if contents:
            seen[outcome(contents)] += 1

    bring()
    told = ", ".join(f"{count} {what}" for what, count in sorted(seen.items()))
    record_property("figure", f"{sum(seen.values())} catalogues {beginning}, none in part: {told}")
    assert seen["imported"] > 2
    assert seen["refused"] > 20
