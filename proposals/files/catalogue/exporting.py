"""Gives the catalogue back as the files the import reads: importing them again changes nothing."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from django.db.models import Model

from ...models import pieces
from ..workbook import Sheet, written
from .tables import TABLES, Table

Rows = Iterator[list]
WORKBOOK = "catalogue.xlsx"


def export_catalogue() -> Iterator[tuple[str, Rows]]:
    """(file name, its rows with the header first) for every catalogue file, without what was
    removed or has ended.
    """
    return ((table.file, _rows(table)) for table in TABLES.values())


def _rows(table: Table) -> Rows:
    yield [column.name for column in table.columns]
    for obj in _objects(table):
        yield [column.text(obj) for column in table.columns]


def _objects(table: Table) -> Iterator[Model]:
    return chain.from_iterable(pieces(table.objects(removed=False)))


def write_catalogue(directory: Path) -> dict[str, int]:
    """Write all files into `directory`, made if need be; file name -> data rows.

    Each file appears whole or not at all, in place of an older one.
    """
    directory.mkdir(parents=True, exist_ok=True)
    return {name: _write(directory / name, rows) for name, rows in export_catalogue()}


def write_workbook(path: Path) -> dict[str, int]:
    """Write one workbook with a sheet for each file; sheet -> data rows."""
    sheets = [
        Sheet(table.name, [column.name for column in table.columns], _cells(table))
        for table in TABLES.values()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with _appearing_whole(path) as unfinished, unfinished.open("xb") as stream:
        stream.writelines(written(sheets))
    return {sheet.title: sheet.count for sheet in sheets}


def _cells(table: Table) -> Rows:
    return ([column.cell_value(obj) for column in table.columns] for obj in _objects(table))


def _write(path: Path, rows: Rows) -> int:
    with (
        _appearing_whole(path) as unfinished,
        # With the mark by which spreadsheets know UTF-8.
        unfinished.open("x", encoding="utf-8-sig", newline="") as stream,
    ):
        writer = csv.writer(stream)
        # Without the header.
        return sum(1 for row in rows if writer.writerow(row)) - 1


@contextmanager
def _appearing_whole(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to, which then takes its place."""
    unfinished = path.with_suffix(".unfinished")
    try:
        # Of an export that was cut short, or a trap: never written through.
        unfinished.unlink(missing_ok=True)
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
