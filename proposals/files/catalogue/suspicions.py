"""What looks like damage that a spreadsheet or a wrong encoding has done: it comes in, with a
warning.
"""

import re
from collections.abc import Iterator
from itertools import chain, islice

from ...models import among, question_about_offset
from .columns import Identifier, Number, Text
from .plan import Plan, Row, TablePlan
from .problems import quoted

MOST_ZEROS = 10  # that somebody may have lost
NUMBERS_AT_ONCE = 1_000  # in one query
_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?[eE][+-]?[0-9]{1,3}")
_ROUNDED = re.compile(r"[0-9]{15}0+")  # of more digits than a spreadsheet keeps
_MONTHS = "jan|feb|mar|mär|mrz|apr|avr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|déc"
_DATE = re.compile(
    rf"[0-9]{{1,2}}[-. ]{{1,2}}({_MONTHS})[a-zé]*\.?|({_MONTHS})[a-zé]*\.?[- ][0-9]{{2,4}}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}( 00:00:00)?",
    re.IGNORECASE,
)
_ERRORS = {"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#NV", "#BEZUG!"}


def warn_of_damage(plan: Plan) -> None:
    """Look at every row that is added or changed."""
    for part in plan.taken:
        texts = [column for column in part.table.columns if isinstance(column, Text)]
        codes = {
            column.name: _without_zeros(part, column)
            for column in texts
            if isinstance(column, Identifier)
        }
        offsets = [column for column in part.table.columns if isinstance(column, Number)]
        for row in _coming(part):
            for column in texts:
                value = row.values[column.name] if column.name in row.texts else ""
                for reason in _suspicions(value, codes.get(column.name)):
                    plan.warn(part, row, column.name, reason)
            for offset in offsets:
                if doubt := question_about_offset(row.values.get(offset.name)):
                    plan.warn(part, row, offset.name, doubt)


def _coming(part: TablePlan) -> Iterator[Row]:
    return (part.rows[key] for key in chain(part.added, part.changed))


def _without_zeros(part: TablePlan, column: Identifier) -> dict[str, str]:
    """Of the codes that these rows give, those that are left of one that is here and begins with
    zeros, once a spreadsheet took it for a number -> the code that is here.
    """
    texts = (row.values[column.name] for row in _coming(part))
    numbers = (text for text in texts if text.isascii() and text.isdigit() and text[0] != "0")
    values = part.table.model.objects.values_list(column.path, flat=True)
    found: dict[str, str] = {}
    while few := set(islice(numbers, NUMBERS_AT_ONCE)):
        # What they may have been is asked for; all codes that begin with zeros would be too many.
        longer = {"0" * zeros + number for zeros in range(1, MOST_ZEROS + 1) for number in few}
        here = values.order_by().filter(**{f"{column.unique_path}__in": among(longer)})
        found |= {code.lstrip("0"): code for code in here}
    return found


def _suspicions(value: str, codes: dict[str, str] | None) -> Iterator[str]:
    """Why a value is probably not what somebody wrote; `codes` unless it is no code."""
    if codes is not None:
        if value in codes:
            yield f"{quoted(codes[value])} is here already: has {quoted(value)} lost its zeros?"
        if _SCIENTIFIC.fullmatch(value) or _ROUNDED.fullmatch(value):
            yield f"{quoted(value)} looks like a code that a spreadsheet took for a number."
        if _DATE.fullmatch(value):
            yield f"{quoted(value)} looks like a code that a spreadsheet took for a date."
    if value in _ERRORS:
        yield f"{quoted(value)} is what a spreadsheet writes for a formula that fails."
    if "\ufffd" in value:
        yield f"{quoted(value)} has letters that were lost in a wrong encoding."
    elif (mended := _decoded_once(value)) != value:
        yield f"{quoted(value)} was decoded twice; {quoted(mended)} is probably meant."


def _decoded_once(text: str) -> str:
    """The text before UTF-8 was read as an older encoding; itself if that never happened."""
    if text.isascii():
        return text
    for codec in ("cp1252", "latin-1", "mac_roman"):
        try:
            return text.encode(codec).decode()
        except UnicodeError:
            continue
    return text
