"""Tables as downloads: what a spreadsheet makes of them."""

import csv
import io
from datetime import UTC, date, datetime
from itertools import count

import pytest

from proposals.models import Transport
from proposals.tabular import csv_response, plain


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Ledger", "Ledger"),
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-", "'-"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("'quoted", "''quoted"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        (" =1", " =1"),
        (-5, -5),
        (1.5, 1.5),
        (True, "true"),
        (False, "false"),
        (None, ""),
        (Transport.RPC, "RPC"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 12, 30, 15, 999, tzinfo=UTC), "2026-03-01T12:30:15+00:00"),
    ],
)
def test_a_cell_is_never_a_formula_and_a_number_stays_one(value, written):
    assert plain(value) == written


def test_a_table_is_downloaded_with_its_header_and_survives_commas_quotes_and_lines():
    response = csv_response("räume.csv", ["name", "days"], [["a, “b”\nc", -1], ["=A1", 2]])
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''r%C3%A4ume.csv"
    text = b"".join(response).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == [["name", "days"], ["a, “b”\nc", "-1"], ["'=A1", "2"]]


def test_a_table_without_end_is_sent_as_it_is_read():
    pieces = iter(csv_response("all.csv", ["n"], ([n] for n in count())))
    assert next(pieces).decode("utf-8-sig") == ""
    assert next(pieces).startswith(b"n\r\n0\r\n1\r\n")
