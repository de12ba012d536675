"""A cell of a file that a spreadsheet opens: text in it is never a formula."""

import re

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

# What no XML holds; openpyxl knows of the first alone.
ILLEGAL = re.compile(rf"{ILLEGAL_CHARACTERS_RE.pattern}|[\ud800-\udfff\ufffe\uffff]")
FORMULA_STARTS = tuple("=+-@'\t\r")
BYTE_ORDER_MARK = "\ufeff"  # without it spreadsheets take UTF-8 for something else
LONGEST_CELL = 32_767  # characters, of a spreadsheet
# As spreadsheets write them in English, German and French.
YES = {"true", "yes", "1", "wahr", "ja", "vrai", "oui"}
NO = {"false", "no", "0", "falsch", "nein", "faux", "non"}


def escaped(text: str) -> str:
    """A text no spreadsheet takes for a formula: one that might be gets a leading apostrophe."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def unescaped(text: str) -> str:
    """What an escaped text said."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def storable(text: str) -> str:
    """The text as a cell of a workbook can hold it."""
    return ILLEGAL.sub("", text)[:LONGEST_CELL]


def yes_or_no(text: str) -> bool | None:
    """What a cell says, in any case; None where it is neither. The one reader of such words."""
    word = text.strip().casefold()
    if word in YES:
        return True
    return False if word in NO else None
