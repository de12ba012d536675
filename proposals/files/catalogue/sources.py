"""Which catalogue file each file brings: CSV, a workbook of one, or a workbook with a sheet for
each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from ...errors import Invalid
from .problems import BadCatalogue, Problem, Unreadable, printable, quoted
from .tables import TABLES
from .workbooks import ReadOnlyWorksheet, is_workbook, sheets_of

MOST_BYTES = 64 * 1024 * 1024  # of all files of one import together
SUFFIXES = (".csv", ".xlsx")


@dataclass(frozen=True)
class Source:
    """What one catalogue file is read from. `label` names it in every problem; `sheet` is there if
    it is one of a workbook.
    """

    label: str
    data: bytes
    sheet: ReadOnlyWorksheet | None = None


def sources_of(contents: Mapping[str, bytes]) -> dict[str, Source]:
    """Name of a table -> its source. BadCatalogue where a file is none of the catalogue, or two
    bring the same.
    """
    if not contents:
        raise Invalid(files=f"There is no catalogue file. Known files: {_known()}.")
    sources: dict[str, Source] = {}
    problems = []
    for name, data in contents.items():
        try:
            for table, source in _sources_in(name, data):
                if table in sources:
                    reason = f"{sources[table].label} brings the same catalogue file; keep one."
                    problems.append(Problem(source.label, 0, "", reason))
                sources.setdefault(table, source)
        except Unreadable as error:
            problems.append(Problem(printable(_label(name)), 0, "", error.reason))
    problems += _too_large_together(contents)
    if problems:
        raise BadCatalogue(problems)
    return sources


def _known() -> str:
    return ", ".join(table.file for table in TABLES.values())


def _label(name: str) -> str:
    """The file as its owner knows it; a name alone is that of a CSV file."""
    return name if name.lower().endswith(SUFFIXES) else f"{name}.csv"


def _sources_in(name: str, data: bytes) -> Iterator[tuple[str, Source]]:
    label = _label(name)
    table = PurePath(label).stem.lower()
    if is_workbook(data) and (table in TABLES or label.lower().endswith(".xlsx")):
        yield from _sheets(table, label, sheets_of(data), data)
    elif table in TABLES:
        yield table, Source(printable(label), data)
    else:
        raise Unreadable(f"This is not a catalogue file. Known files: {_known()}.")


def _sheets(
    table: str, label: str, sheets: list[ReadOnlyWorksheet], data: bytes
) -> Iterator[tuple[str, Source]]:
    """A workbook named as a catalogue file brings that one; any other has a sheet for each."""
    if table in TABLES:
        if len(sheets) > 1:
            raise Unreadable(
                "The workbook has more than one sheet. Keep one, or name each as the file it "
                "brings and the workbook otherwise, catalogue.xlsx for instance."
            )
        yield table, Source(printable(label), data, sheets[0])
        return
    for sheet in sheets:
        name = sheet.title.strip().lower()
        if name not in TABLES:
            known = ", ".join(TABLES)
            raise Unreadable(
                f"The sheet {quoted(sheet.title)} is none of the catalogue. Known sheets: {known}."
            )
        yield name, Source(f"{printable(label)}, sheet {name}", data, sheet)


def _too_large_together(contents: Mapping[str, bytes]) -> Iterator[Problem]:
    if sum(map(len, contents.values())) > MOST_BYTES and len(contents) > 1:
        largest = max(contents, key=lambda name: len(contents[name]))
        most = MOST_BYTES // 1024 // 1024
        reason = f"The files together are larger than {most} MiB; import them in parts."
        yield Problem(printable(_label(largest)), 0, "", reason)
