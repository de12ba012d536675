"""An empty file of proposals to fill in, with what may be written; and the rows that are left of
one, each with why.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from ...models import (
    DataType,
    Lifecycle,
    Outcome,
    PhysicalSpecification,
    Reason,
    System,
    Upload,
    UploadedRow,
)
from ..catalogue.columns import Choice, Number
from ..cells import unescaped
from ..download import plain
from ..workbook import Sheet, written
from .table import LEFT, TABLE

MOST_LISTED = 5_000  # rows of a sheet of codes; a larger one would be slow to open and to look in
MOST_FILLED = 20_001  # rows below which lists are offered
FILLED = [name for name in TABLE.by_name if name not in LEFT]
MEANINGS = {
    "type": "CREATE for a new flow, EDIT for a change, DELETE for a removal.",
    "source_code": "The code of the system that sends.",
    "target_code": "The code of the system that receives.",
    "physical_flow": "EDIT and DELETE: the number in the address of the physical flow's page. "
    "Needed only if the rest of the row fits several.",
    "with_physical_flow": "CREATE: yes or no. Empty means yes if the row describes one.",
    "specification_code": "An existing specification of the source.",
    "specification_name": "CREATE: the name of a new specification. EDIT: that of one of its own, "
    "where other routes share the present one and the data types change.",
    "specification_format": "CREATE: the format of a new specification.",
    "specification_description": "CREATE: text about a new specification.",
    "name": "Only if the same specification is sent several times.",
    "transport": "How it travels.",
    "frequency": "How often the source sends it.",
    "basis_offset": "Days after the business date: 0 for the same day, 1 for T+1.",
    "criticality": "How much it hurts the target if it is late, wrong or missing.",
    "description": "Text about the flow.",
    "external_id": "Its number in another inventory.",
    "data_type_codes": "Codes of data types, with ; between them.",
    "reason": "The name of a reason, from the sheet of reasons.",
    "justification": "What the approvers should know.",
}
LEFT_OVER = [Outcome.UNFINISHED, Outcome.TWIN, Outcome.REFUSED]


def written_template() -> bytes:
    """A workbook: the sheet to fill in, what each column says, and the codes that there are."""
    reasons = list(Reason.objects.filter(is_active=True).values_list("name"))
    meanings = ([name, MEANINGS[name], ", ".join(_values(name))] for name in FILLED)
    types = DataType.objects.proposable().order_by("code").values_list("code", "name")
    systems = System.objects.taking_flows().order_by("name", "pk").values_list("code", "name")
    sheets = [
        Sheet(TABLE.name, FILLED, [], _choices(len(reasons))),
        Sheet("columns", ["column", "says", "values"], meanings),
        Sheet("reasons", ["reason"], _safe(reasons)),
        Sheet("data_types", ["code", "name"], _safe(_listed(types, "data types"))),
        Sheet("systems", ["code", "name"], _safe(_listed(systems, "systems"))),
        Sheet(
            "specifications",
            ["owner_code", "code", "name"],
            _safe(_listed(_specifications(), "specifications")),
        ),
    ]
    return b"".join(written(sheets))  # small, since no sheet has more than MOST_LISTED rows


def _specifications() -> QuerySet:
    living = PhysicalSpecification.objects.filter(lifecycle=Lifecycle.ACTIVE)
    return living.order_by("pk").values_list("owner__code", "code", "name")


def _values(name: str) -> list[str]:
    column = TABLE.by_name[name]
    return [value for value, _ in column.field.flatchoices] if isinstance(column, Choice) else []


def _choices(reasons: int) -> dict[str, str]:
    """The lists in the cells of the columns that take one of a few values."""
    sources = {name: f'"{",".join(_values(name))}"' for name in FILLED if _values(name)}
    sources["with_physical_flow"] = '"yes,no"'
    if reasons:
        sources["reason"] = f"reasons!$A$2:$A${reasons + 1}"
    letters = {name: chr(ord("A") + place) for place, name in enumerate(FILLED)}
    return {
        f"{letters[name]}2:{letters[name]}{MOST_FILLED}": formula
        for name, formula in sources.items()
    }


def _listed(rows: QuerySet, noun: str) -> Iterator[Sequence[str]]:
    """No more than somebody looks through; a last row says where the others are."""
    rest = rows.iterator(chunk_size=1000)
    yield from islice(rest, MOST_LISTED)
    if next(rest, None) is not None:
        yield [f"Only the first {MOST_LISTED:,} {noun} are here; look for others on the site."]


def _safe(rows: Iterable[Sequence[str]]) -> Iterator[list]:
    return ([plain(value) for value in row] for row in rows)


def left_over(upload: Upload) -> tuple[list[str], Iterator[list[Any]]]:
    """The rows that were not submitted or kept, as they were brought, each with its line and why:
    (header, rows).
    """
    rows = upload.rows.filter(outcome__in=LEFT_OVER).order_by("line")
    used = {name for texts in rows.values_list("texts", flat=True).iterator() for name in texts}
    names = [name for name in FILLED if name in used]
    return [*names, *LEFT], (_left(row, names) for row in rows.iterator())


def _left(row: UploadedRow, names: list[str]) -> list[Any]:
    cells = [_cell(name, row.texts.get(name, "")) for name in names]
    return [*cells, row.line, f"{row.get_outcome_display()}: {row.sentence}"]


def _cell(name: str, text: str) -> Any:
    """A number as one, since a text that begins with a minus sign would be escaped."""
    is_number = isinstance(TABLE.by_name[name], Number) and re.fullmatch(r"-?[0-9]{1,9}", text)
    return int(text) if is_number else unescaped(text)
