"""One notion of the same text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposals.models import clean, clean_lines, folded, same

CLEANED = [
    ("spaces at the ends and in a row", "  Trade   wind ", "Trade wind"),
    ("no-break space", "Trade\u00a0wind", "Trade wind"),
    ("ideographic and thin spaces", "Trade\u3000wind\u2009x", "Trade wind x"),
    ("line break and tab", "Trade\r\n\twind", "Trade wind"),
    ("line and paragraph separators", "Trade\u2028wind\u2029x", "Trade wind x"),
    ("zero-width space", "ETRM\u200b", "ETRM"),
    ("byte order mark", "\ufeffETRM", "ETRM"),
    ("soft hyphen", "Trade\u00adwind", "Tradewind"),
    ("direction override", "invoice\u202efdp.exe", "invoicefdp.exe"),
    ("isolates", "\u2066Ledger\u2069", "Ledger"),
    ("escape sequence of a terminal", "\x1b[31mLedger", "[31mLedger"),
    ("NUL", "Led\x00ger", "Ledger"),
    ("half a surrogate pair", "Ledger\ud800", "Ledger"),
    ("what is no character", "Led\uffffg\ufffe\ufdd0er\U0001ffff", "Ledger"),
    ("a character that is newer than Python", "Ledger\U0001fae9", "Ledger\U0001fae9"),
    ("decomposed letter", "Bjo\u0308rn", "Bjo\u0308rn".replace("o\u0308", "\u00f6")),
    ("decomposed around something unseen", "Bjo\u200b\u0308rn", "Bj\u00f6rn"),
    ("case stays", "Tradewind", "Tradewind"),
    ("compatibility forms stay", "\ufb01le", "\ufb01le"),
    ("nothing but what nobody sees", "\u200b \u202e", ""),
]


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in CLEANED], ids=[r[0] for r in CLEANED]
)
def test_a_cleaned_text_shows_all_that_it_holds(text, expected):
    assert clean(text) == expected


LINES = [
    ("lines stay", "one\r\ntwo\rthree\n\nfour", "one\ntwo\nthree\n\nfour"),
    ("indented lines too", "list:\n  one", "list:\n  one"),
    ("controls go", "one\x1b[2J\x07two", "one[2Jtwo"),
    ("direction marks go", "\u202eabc\u202c \u2067def\u2069", "abc def"),
    ("zero-width spaces go", "one\u200btwo", "onetwo"),
    (
        "letters that are joined or kept apart stay",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    ),
    ("ends are trimmed", "\n  one \n", "one"),
]


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in LINES], ids=[r[0] for r in LINES]
)
def test_free_text_keeps_its_lines(text, expected):
    assert clean_lines(text) == expected


SAME = [
    ("ETRM", "etrm"),
    ("ETRM", "ETRM\u200b"),
    ("ETRM", "\uff25\uff34\uff32\uff2d"),
    ("\u00c9TUDE", "e\u0301tude"),
    ("stra\u00dfe", "STRASSE"),
    ("Trade wind", "trade\u00a0 wind"),
    ("\u00c4RGER", "\u00e4rger"),
    ("\u03c3\u03b1\u03c2", "\u03a3\u0391\u03a3"),
    ("heart \u2764\ufe0f", "heart \u2764"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_a_reader_calls_the_same_is_the_same(one, other):
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("ETRM", "ETRN"), ("\u00f6l", "ol"), ("A B", "AB"), ("I", "1")]
)
def test_what_a_reader_tells_apart_is_not_the_same(one, other):
    assert not same(one, other)


@given(st.text())
def test_a_text_is_cleaned_and_folded_once(text):
    assert clean(clean(text)) == clean(text)
    assert clean_lines(clean_lines(text)) == clean_lines(text)
    assert folded(folded(text)) == folded(text)


@given(st.text())
def test_cleaning_does_not_change_what_a_text_is_the_same_as(text):
    assert folded(clean(text)) == folded(clean_lines(text)) == folded(text)
