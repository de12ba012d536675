"""Workbooks that are written row by row while they are sent: held neither in memory nor on a disk.

openpyxl, which reads them, would know the first byte only after the last row.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain, islice
from typing import Any
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils import timezone
from openpyxl.compat import safe_string
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

from .cells import storable

MEASURED_ROWS = 200  # that decide how wide the columns are
ROWS_AT_ONCE = 100  # that are compressed together
WIDEST, NARROWEST = 60, 8  # characters
FIRST_YEAR = 1900  # of the calendar of spreadsheets
BOLD, FIRST_FORMAT = 1, 2  # styles of cells; 0 is that of all others
FIRST_NUMBER = 164  # of number formats that are not built in

PREAMBLE = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
FONT = '<sz val="11"/><name val="Calibri"/><family val="2"/>'


@dataclass
class Sheet:
    """One sheet. The header is bold, stays in sight and filters.

    A text is written as it is: whoever hands one over has escaped it. `choices` are the lists that
    cells offer: their range ("A2:A99") -> a formula. `count` is the number of rows once they are
    written.
    """

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Any]]
    choices: Mapping[str, str] = field(default_factory=dict)
    count: int = 0

    @property
    def range(self) -> str:
        return f"A1:{get_column_letter(len(self.header))}{self.count + 1}"


def written(sheets: Sequence[Sheet]) -> Iterator[bytes]:
    """The bytes of a workbook, while its rows are read. One that ends early has no end by which
    any program would take it for a whole one.
    """
    pipe, formats = _Pipe(), _Formats()
    with ZipFile(pipe, "w", ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", _content_types(len(sheets)))
        book.writestr("_rels/.rels", _relations({"officeDocument": ["xl/workbook.xml"]}))
        yield pipe.taken()
        for number, sheet in enumerate(sheets, start=1):
            with book.open(_part(number), "w") as part:
                for piece in _sheet(sheet, formats):
                    part.write(piece.encode())
                    if taken := pipe.taken():
                        yield taken
        # After the rows, since only they say how far each sheet goes and which formats it needs.
        book.writestr("xl/styles.xml", formats.styles)
        book.writestr("xl/workbook.xml", _workbook(sheets))
        parts = [_part(number + 1).removeprefix("xl/") for number in range(len(sheets))]
        relations = _relations({"worksheet": parts, "styles": ["styles.xml"]})
        book.writestr("xl/_rels/workbook.xml.rels", relations)
    yield pipe.taken()


class _Pipe:
    """A file that can only be written to; what was written can be taken once."""

    def __init__(self) -> None:
        self._written = io.BytesIO()

    def write(self, data: bytes) -> int:
        return self._written.write(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Nor is anything held."""

    def taken(self) -> bytes:
        data = self._written.getvalue()
        self._written = io.BytesIO()
        return data


class _Formats:
    """How numbers are shown that are dates: the style of each format, numbered as it is met."""

    def __init__(self) -> None:
        self._formats: dict[str, int] = {}

    def style(self, number_format: str) -> int:
        return self._formats.setdefault(number_format, FIRST_FORMAT + len(self._formats))

    @property
    def styles(self) -> str:
        numbers = {code: FIRST_NUMBER + place for place, code in enumerate(self._formats)}
        formats = "".join(
            f'<numFmt numFmtId="{number}" formatCode={quoteattr(code)}/>'
            for code, number in numbers.items()
        )
        cells = ['<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>']
        cells += ['<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>']
        cells += [
            f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" '
            'applyNumberFormat="1"/>'
            for number in numbers.values()
        ]
        listed = f'<numFmts count="{len(numbers)}">{formats}</numFmts>' if numbers else ""
        return (
            f'{PREAMBLE}<styleSheet xmlns="{MAIN}">{listed}'
            f'<fonts count="2"><font>{FONT}</font><font><b/>{FONT}</font></fonts>'
            '<fills count="2"><fill><patternFill patternType="none"/></fill>'
            '<fill><patternFill patternType="gray125"/></fill></fills>'
            '<borders count="1"><border/></borders>'
            '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
            f'</cellStyleXfs><cellXfs count="{len(cells)}">{"".join(cells)}</cellXfs>'
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
            "</styleSheet>"
        )


def _part(number: int) -> str:
    return f"xl/worksheets/sheet{number}.xml"


def _content_types(sheets: int) -> str:
    kinds = {_part(number): "worksheet" for number in range(1, sheets + 1)}
    kinds |= {"xl/workbook.xml": "sheet.main", "xl/styles.xml": "styles"}
    parts = "".join(
        f'<Override PartName="/{name}" ContentType="{KIND}.{kind}+xml"/>'
        for name, kind in kinds.items()
    )
    return (
        f'{PREAMBLE}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{parts}</Types>'
    )


def _relations(targets: dict[str, list[str]]) -> str:
    """By kind where each leads; numbered in this order."""
    pairs = [(kind, target) for kind, names in targets.items() for target in names]
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(pairs, start=1)
    )
    return f'{PREAMBLE}<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'


def _workbook(sheets: Sequence[Sheet]) -> str:
    listed = "".join(
        f'<sheet name={quoteattr(sheet.title)} sheetId="{number}" r:id="rId{number}"/>'
        for number, sheet in enumerate(sheets, start=1)
    )
    # Spreadsheets keep beside each filter a hidden name for its range.
    filters = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{place}" hidden="1">'
        f"{escape(_absolute(sheet))}</definedName>"
        for place, sheet in enumerate(sheets)
    )
    return (
        f'{PREAMBLE}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
        f"<bookViews><workbookView/></bookViews><sheets>{listed}</sheets>"
        f"<definedNames>{filters}</definedNames></workbook>"
    )


def _absolute(sheet: Sheet) -> str:
    last = get_column_letter(len(sheet.header))
    title = sheet.title.replace("'", "''")
    return f"'{title}'!$A$1:${last}${sheet.count + 1}"


def _sheet(sheet: Sheet, formats: _Formats) -> Iterator[str]:
    """The part of the package that a sheet is, in pieces of some rows."""
    rest = iter(sheet.rows)
    first = list(islice(rest, MEASURED_ROWS))
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>'
        for number, width in enumerate(_widths([sheet.header, *first]), start=1)
    )
    letters = [get_column_letter(number + 1) for number in range(len(sheet.header))]
    yield (
        f'{PREAMBLE}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        '<selection pane="bottomLeft"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{columns}</cols><sheetData>'
        f"{_header(sheet.header)}"
    )
    rows = chain(first, rest)
    while few := list(islice(rows, ROWS_AT_ONCE)):
        # The header is the first row.
        numbered = enumerate(few, start=sheet.count + 2)
        yield "".join(_row(number, row, letters, formats) for number, row in numbered)
        sheet.count += len(few)
    yield f'</sheetData><autoFilter ref="{sheet.range}"/>{_choices(sheet.choices)}</worksheet>'


def _widths(rows: list[Sequence[Any]]) -> list[int]:
    widths = [NARROWEST] * len(rows[0])
    for row in rows:
        for number, value in enumerate(row[: len(widths)]):
            longest_line = max(map(len, str(value).splitlines()), default=0)
            widths[number] = max(widths[number], min(longest_line + 2, WIDEST))
    return widths


def _header(titles: Sequence[str]) -> str:
    cells = [
        _text(f"{get_column_letter(number)}1", title, f' s="{BOLD}"')
        for number, title in enumerate(titles, start=1)
    ]
    return f'<row r="1">{"".join(cells)}</row>'


def _row(number: int, row: Sequence[Any], letters: list[str], formats: _Formats) -> str:
    # A row may be shorter than the header; none is longer.
    pairs = zip(letters, row, strict=False)
    cells = [_cell(f"{letter}{number}", value, formats) for letter, value in pairs]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: Any, formats: _Formats) -> str:
    """A moment stays one a spreadsheet can count with, and says its zone."""
    if isinstance(value, str):
        return _text(place, value) if value else ""
    if value is None:
        return ""
    # Before numbers, since Python counts True and False among them.
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
    # Before dates: every moment is a date too.
    if isinstance(value, datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        number_format = f'yyyy-mm-dd hh:mm "{local.tzname() or ""}"'
        return _dated(place, local.replace(tzinfo=None), formats, number_format)
    if isinstance(value, date):
        return _dated(place, value, formats, "yyyy-mm-dd")
    return f'<c r="{place}"><v>{safe_string(value)}</v></c>'


def _dated(place: str, value: date, formats: _Formats, number_format: str) -> str:
    if value.year < FIRST_YEAR:
        return _text(place, value.isoformat())
    style = formats.style(number_format)
    return f'<c r="{place}" s="{style}"><v>{safe_string(to_excel(value))}</v></c>'


def _text(place: str, value: str, style: str = "") -> str:
    """Text whatever it begins with: neither a formula nor an error of a spreadsheet (`#N/A`)."""
    text = escape(storable(value))
    kept = ' xml:space="preserve"' if text != text.strip() else ""
    return f'<c r="{place}"{style} t="inlineStr"><is><t{kept}>{text}</t></is></c>'


def _choices(choices: Mapping[str, str]) -> str:
    if not choices:
        return ""
    listed = "".join(
        f'<dataValidation type="list" allowBlank="1" sqref="{cells}">'
        f"<formula1>{escape(formula)}</formula1></dataValidation>"
        for cells, formula in choices.items()
    )
    return f'<dataValidations count="{len(choices)}">{listed}</dataValidations>'
