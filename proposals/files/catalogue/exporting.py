"""Gives the catalogue back as the files the import reads: importing them again changes nothing."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from .tables import TABLES, Table

Rows = Iterator[list[str]]


def export_catalogue() -> Iterator[tuple[str, Rows]]:
    """(file name, its rows with the header first) for every catalogue file, without what was
    removed or has ended.
    """
    return ((table.file, _rows(table)) for table in TABLES.values())


def _rows(table: Table) -> Rows:
    yield [column.name for column in table.columns]
    for obj in table.objects(removed=False).iterator(chunk_size=1000):
        yield [column.text(obj) for column in table.columns]


def write_catalogue(directory: Path) -> dict[str, int]:
    """Write all files into `directory`, made if need be; file name -> data rows.

    Each file appears whole or not at all, in place of an older one.
    """
    directory.mkdir(parents=True, exist_ok=True)
    return {name: _write(directory / name, rows) for name, rows in export_catalogue()}


def _write(path: Path, rows: Rows) -> int:
    unfinished = path.with_suffix(".unfinished")
    try:
        unfinished.unlink(
            missing_ok=True
        )  # of an export that was cut short, or a trap: never written through
        with unfinished.open("x", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            count = sum(1 for row in rows if writer.writerow(row))
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count - 1
