"""Tables as downloads: what a spreadsheet makes of them."""

import csv
import io
import tracemalloc
from collections import deque
from datetime import UTC, date, datetime
from itertools import count, islice
from random import random
from xml.etree.ElementTree import fromstring
from zipfile import BadZipFile, ZipFile

import pytest
from openpyxl import load_workbook

from proposals.files import download
from proposals.files.download import csv_response, plain, table_response, xlsx_response
from proposals.models import Transport


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


def opened(response):
    """The one sheet of a workbook, as a spreadsheet would have it."""
    return load_workbook(io.BytesIO(b"".join(response))).active


def test_a_workbook_keeps_numbers_and_moments_and_holds_no_formula():
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    sheet = opened(
        xlsx_response(
            "all.xlsx",
            ["name", "days", "at", "on"],
            [["=A1\x07", -1, moment, date(2026, 3, 1)], ["é\nb", None, True, date(1, 1, 1)]],
        )
    )
    assert [[cell.value for cell in row] for row in sheet.rows] == [
        ["name", "days", "at", "on"],
        ["'=A1", -1, datetime(2026, 3, 1, 12, 30), datetime(2026, 3, 1)],
        ["é\nb", None, True, "0001-01-01"],
    ]
    assert not any(cell.data_type == "f" for row in sheet.rows for cell in row)
    assert sheet["C2"].number_format == 'yyyy-mm-dd hh:mm "UTC"'
    assert sheet["D2"].number_format == "yyyy-mm-dd"
    assert sheet["A1"].font.bold
    assert sheet.freeze_panes == "A2"


def test_a_workbook_filters_and_shows_what_its_columns_hold():
    rows = [["x" * 40, "a\nbcdefghijkl"], ["#N/A", "y" * 300]]
    sheet = opened(xlsx_response("all.xlsx", ["name", "text"], rows))
    assert sheet.auto_filter.ref == "A1:B3"
    assert [sheet.column_dimensions[column].width for column in "AB"] == [42, 60]
    assert sheet["A3"].data_type == "s"


@pytest.mark.parametrize("character", ["\uffff", "\ufffe", "\x0b", "\x00"])
def test_a_text_that_no_workbook_can_hold_does_not_break_it(character):
    sheet = opened(xlsx_response("all.xlsx", ["text"], [[f"Led{character}ger \U0001f600"]]))
    assert sheet["A2"].value == "Ledger \U0001f600"


def test_a_text_longer_than_a_cell_is_cut_and_does_not_break_the_workbook():
    sheet = opened(xlsx_response("all.xlsx", ["text"], [["x" * 40_000]]))
    assert len(sheet["A2"].value) == 32_767


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_table_that_is_cut_off_says_after_how_many_rows(form, monkeypatch):
    monkeypatch.setattr(download, "MOST_ROWS", 3)
    whole = table_response(form, "rows", ["n"], ([n] for n in range(3)))
    cut = table_response(form, "rows", ["n"], ([n] for n in range(4)))
    assert whole["Content-Disposition"] == f'attachment; filename="rows.{form}"'
    last = "Only the first 3 rows are here. Narrow the filter to get the others."
    if form == "csv":
        assert b"".join(whole).decode("utf-8-sig") == "n\r\n0\r\n1\r\n2\r\n"
        assert b"".join(cut).decode("utf-8-sig") == f"n\r\n0\r\n1\r\n2\r\n{last}\r\n"
    else:
        assert [row[0].value for row in opened(whole).rows] == ["n", 0, 1, 2]
        assert [row[0].value for row in opened(cut).rows] == ["n", 0, 1, 2, last]


def test_the_sentence_of_a_cut_names_the_limit_with_its_thousands():
    rows = deque(download._cut([n] for n in count()), maxlen=1)
    assert rows[-1] == [
        "Only the first 1,048,574 rows are here. Narrow the filter to get the others."
    ]


def test_a_long_workbook_is_not_held_in_memory():
    tracemalloc.start()
    response = xlsx_response("all.xlsx", ["n", "text"], ([n, f"{n} " * 100] for n in range(5_000)))
    size = sum(map(len, response))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 50_000
    assert peak < 1_000_000


def test_a_workbook_without_end_is_sent_as_it_is_read():
    pieces = iter(xlsx_response("all.xlsx", ["n"], ([random()] for _ in count())))
    assert next(pieces).startswith(b"PK")
    assert sum(map(len, islice(pieces, 20))) > 10_000


def test_a_workbook_whose_rows_fail_is_none():
    def rows():
        for number in range(5_000):
            yield [number]
        raise OSError("The database went away.")

    sent = []
    # What came before the failure is kept.
    with pytest.raises(OSError, match="went away"):
        sent.extend(xlsx_response("all.xlsx", ["n"], rows()))
    assert sent
    with pytest.raises(BadZipFile):
        load_workbook(io.BytesIO(b"".join(sent)))


def test_what_spreadsheets_read_of_a_workbook_is_complete_and_of_the_standard():
    """Each part is XML, and listed with its kind; sizes come after the content, so the file can be
    read from its beginning too.
    """
    more = {"It's <more>": (["a"], [["<&>"]])}
    sent = b"".join(xlsx_response("all.xlsx", ["a & b"], [[" x ", date(2026, 3, 1)]], more))
    with ZipFile(io.BytesIO(sent)) as book:
        assert book.testzip() is None
        parts = {name: fromstring(book.read(name)) for name in book.namelist()}
    listed = {part.get("PartName", "")[1:] for part in parts["[Content_Types].xml"]}
    assert listed - {""} == {name for name in parts if not name.endswith((".rels", "Types].xml"))}
    book = load_workbook(io.BytesIO(sent))
    assert book.sheetnames == ["Rows", "It's <more>"]
    assert book["It's <more>"]["A2"].value == "<&>"
    assert book["Rows"]["A2"].value == " x "
    assert book["Rows"]["A1"].value == "a & b"
    assert book["It's <more>"].auto_filter.ref == "A1:A2"
