"""The catalogue files of a directory, from whomever it comes."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import Invalid
from .problems import printable
from .sources import MOST_BYTES, SUFFIXES
from .tables import TABLES

# What a spreadsheet, a Mac or an editor leaves beside a file; none is meant by anybody.
BY_PRODUCTS = (".", "~$")


@dataclass
class CatalogueFiles:
    """`contents`: file name -> its bytes; `passed_over`: a sentence for each file that looks like
    one of the catalogue and is not read.
    """

    contents: dict[str, bytes] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)


def read_files(path: Path) -> CatalogueFiles:
    """The CSV files and workbooks of a directory, or one file. Invalid names the one that cannot be
    read.

    Of what is too large only so much is read as shows that it is, and nothing of a CSV file that is
    no catalogue file.
    """
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        return CatalogueFiles({path.name: _read(path, MOST_BYTES + 1)})
    if not path.is_dir():
        raise Invalid(f"There is no directory {path}, nor a CSV file or workbook (XLSX) there.")
    files, left = CatalogueFiles(), MOST_BYTES + 1
    for file in sorted(path.iterdir()):
        if reason := _passed_over(file):
            files.passed_over.append(f"{printable(file.name)}: passed over, {reason}.")
        if reason or not file.name.lower().endswith(SUFFIXES):
            continue
        is_known = file.stem.lower() in TABLES or file.suffix.lower() == ".xlsx"
        name = file.stem + file.suffix.lower()
        if name in files.contents:
            raise Invalid(
                f"There are two files named {printable(name)} apart from upper and lower case."
            )
        files.contents[name] = _read(file, left) if is_known else b""
        left -= len(files.contents[name])
    return files


def _passed_over(file: Path) -> str:
    """Why a file is not read though its owner may think so; empty for all others."""
    is_of_catalogue = file.name.lower().endswith(SUFFIXES)
    if is_of_catalogue and file.name.startswith(BY_PRODUCTS):
        return "a by-product of another program"
    is_named_so = file.stem.lower() in TABLES and not is_of_catalogue
    return "neither CSV nor a workbook (XLSX)" if is_named_so else ""


def _read(path: Path, most: int) -> bytes:
    try:
        # Neither led elsewhere by a link nor kept waiting by a pipe.
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(opened, "rb") as stream:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise Invalid(f"Cannot read {printable(path.name)}: it is not a plain file.")
            return stream.read(most)
    except OSError as error:
        why = "it is a link" if path.is_symlink() else error.strerror
        raise Invalid(f"Cannot read {printable(path.name)}: {why}.") from None
