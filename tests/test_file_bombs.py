"""Files made to harm: refused within 2 seconds and 100 MB, by name and with the reason."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import zipfile

import pytest
from openpyxl import Workbook

from . import databases
from .run import ROOT

HEADER = b"kind,code,name\n"
UNITS = b"code,name,parent_code\n"
MIB = 1024 * 1024


def row(n: int, kind: str = "ACTOR") -> bytes:
    return f"{kind},CODE-{n},The system of number {n}\n".encode()


def circle(length: int) -> bytes:
    return UNITS + b"".join(f"U{n},U{n},U{(n + 1) % length}\n".encode() for n in range(length))


def book(sheet: bytes = b"", texts: bytes = b"", styles: bytes = b"", **parts: bytes) -> bytes:
    """A workbook with one sheet that holds these rows, raw as they are; packed as tightly as can
    be.
    """
    made = Workbook()
    made.active.append(["kind", "code", "name"])
    stream = io.BytesIO()
    made.save(stream)
    with zipfile.ZipFile(stream) as old:
        contents = {name: old.read(name) for name in old.namelist()}
    place = "xl/worksheets/sheet1.xml"
    contents[place] = contents[place].replace(b"</sheetData>", sheet + b"</sheetData>")
    contents["xl/sharedStrings.xml"] = b"<sst>" + texts + b"</sst>"
    contents["xl/styles.xml"] += styles
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in (contents | parts).items():
            new.writestr(name, data)
    return packed.getvalue()


def laughs() -> bytes:
    """Ten entities, each ten times the one before."""
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY a0 "{"ha" * 500}">{entities}]><x>&a9;</x>'.encode()


def liar() -> bytes:
    """Says that its large part is small."""
    data = book(b"<row/>" * 5_000_000)
    with zipfile.ZipFile(io.BytesIO(data)) as made:
        size = made.getinfo("xl/worksheets/sheet1.xml").file_size
    return data.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))


CELLS = b"<row>" + b"<c/>" * 1000 + b"</row>"
UNPACKS = "systems.xlsx: The workbook unpacks to more than"
# name of the case: (workbook, what is said of it)
BOOKS = {
    "cells without end": (lambda: book(CELLS * 5000), UNPACKS),
    "rows without end": (lambda: book(b"<row/>" * 5_000_000), UNPACKS),
    "more than all together": (
        lambda: book(b"<row/>" * 12_000_000),
        "systems.xlsx: The workbook holds more than 64",
    ),
    "texts without end": (lambda: book(texts=b"<si/>" * 3_000_000), UNPACKS),
    "styles without end": (lambda: book(styles=b"<xf/>" * 600_000), UNPACKS),
    "the last row of all": (
        lambda: book(b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>'),
        "systems.xlsx: The sheet has more than 500,000 rows",
    ),
    "a row beyond the last": (
        lambda: book(b'<row r="99999999"><c r="A99999999"><v>1</v></c></row>'),
        "systems.xlsx: The sheet has more than 500,000 rows",
    ),
    "the last column of all": (
        lambda: book(b'<row><c r="XFD2"><v>1</v></c></row>'),
        "systems.xlsx, line 2: The row has 16384 cells, the header has 3.",
    ),
    "many last columns": (
        lambda: book(
            b"".join(b'<row><c r="XFD%d"><v>1</v></c></row>' % n for n in range(2, 5000))
        ),
        "systems.xlsx, line 612: The sheet has too many cells",
    ),
    "parts without end": (
        lambda: book(**{f"xl/{n}.xml": b"" for n in range(2000)}),
        "systems.xlsx: The workbook has too many parts",
    ),
    "a thousand million laughs": (
        lambda: book(**{"xl/workbook.xml": laughs()}),
        "systems.xlsx: This is no workbook that can be read",
    ),
    "a small number for a large part": (liar, "systems.xlsx: This is no workbook that can be read"),
    "half a workbook": (
        lambda: book()[:2000],
        "systems.xlsx: This is no workbook that can be read",
    ),
    "a workbook for another program": (
        lambda: book(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"),
        "systems.xlsx: This is an OpenDocument file.",
    ),
}  # fmt: skip


# name of the case: (file, what makes its bytes, what is said of it)
BOMBS = {
    "a file without end": ("systems", lambda: HEADER + b"x" * 65 * MIB,
        "systems.csv: The file is larger than 64 MiB."),
    "nothing but NUL": ("systems", lambda: b"\0" * 60 * MIB,
        "systems.csv, line 1: The line is longer than 262,144 characters"),
    "a line without end": ("systems", lambda: HEADER + b"x" * 60 * MIB,
        "systems.csv, line 2: The line is longer than"),
    "a field without end": ("systems", lambda: HEADER + b'ACTOR,A,"' + b"x" * 200_000,
        "line 2: This is not CSV (field larger"),
    "a field over many lines": ("systems", lambda: HEADER + b'A,"' + (b"x" * 200 + b"\n") * 300_000,
        "line 2: This is not CSV"),
    "quotes without end": ("systems", lambda: HEADER + b'"' * 60 * MIB,
        "systems.csv, line 2: The line is longer than"),
    "quotes by pairs": ("systems", lambda: HEADER + b'""' * 130_000,
        "systems.csv, line 2: The row has 1 cell"),
    "lines without end": ("systems", lambda: HEADER + b"\n" * 20 * MIB,
        "The file has more than 500,000 lines"),
    "old lines without end": ("systems", lambda: HEADER + b"\r" * 20 * MIB,
        "The file has more than 500,000 lines"),
    "commas without end": ("systems", lambda: HEADER + (b"," * 200_000 + b"x\n") * 300,
        "The row has 200001 cells, the header"),
    "a header without end": ("systems", lambda: b"a," * 100_000 + b"\n",
        "systems.csv, line 1: The header has 100,000 columns"),
    "a wide header": ("systems", lambda: ",".join(f"c{n}" for n in range(99)).encode(),
        "line 1, kind: The column is missing."),
    "every row wrong": (
        "systems",
        lambda: HEADER + b"".join(row(n, "ROBOT") for n in range(400_000)),
        "10000 problems, and there may be more.",
    ),
    "the 9,999th row wrong": (
        "systems",
        lambda: HEADER + b"".join(row(n) for n in range(9_998)) + row(9_999, "ROBOT"),
        "systems.csv, line 10000, kind: “ROBOT” is not one of APPLICATION, ACTOR, "
        "END_USER_APPLICATION.\nNothing was imported: 1 problem.",
    ),
    "codes without end": (
        "specifications",
        lambda: b"code,name,owner_code,format,data_type_codes\nS,s,A,XML,"
        + b";".join(b"%d" % n for n in range(20_000)),
        "specifications.csv, line 2, data_type_codes: “0” is unknown",
    ),
    "a long circle": ("organisational_units", lambda: circle(9_000),
        "line 9001, parent_code: “U8999” would be"),
    "UTF-16 cut in two": ("systems", lambda: "kind,code,name\nACTOR,A,A\n".encode("utf-16")[:-1],
        "begins as UTF-16, but is"),
    "the last byte of many": ("systems", lambda: HEADER + (b"x" * 99 + b"\n") * 499_000 + b"\xff",
        "line 499002: The file"),
    "an overlong slash": ("systems", lambda: HEADER + b"ACTOR,A,\xc0\xaf\n",
        "line 2: The file is not UTF-8."),
    "half a pair": ("systems", lambda: HEADER + b"ACTOR,A,\xed\xa0\x80\n",
        "line 2: The file is not UTF-8."),
    "a letter cut in two": ("systems", lambda: HEADER + b"ACTOR,A," + b"\xf0\x9f\x92",
        "line 2: The file is not UTF-8."),
    "orders to a terminal": ("systems", lambda: b"kind,code,\x1b[2Jname\n",
        "The column “\ufffd[2Jname” is unknown"),
    "a compressed file": ("systems", lambda: b"PK\x03\x04" + bytes(range(256)),
        "systems.csv: This is no workbook that can be"),
}  # fmt: skip


def link(place, path):
    (path / "systems.csv").symlink_to(place)


def occupied(path) -> None:
    """A socket; the name of its file may not be long."""
    here = os.getcwd()
    os.chdir(path)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("systems.csv")
    os.chdir(here)


def large_together(path) -> None:
    for name in ("systems", "people"):
        (path / f"{name}.csv").write_bytes(b"x" * 40 * MIB)


def sparse(path) -> None:
    with (path / "systems.csv").open("wb") as stream:
        stream.truncate(2**40)


TRAPS = {
    "a link to a secret": (
        lambda path: link("/etc/passwd", path),
        "Cannot read systems.csv: it is a link.",
    ),
    "a link without end": (
        lambda path: link("/dev/zero", path),
        "Cannot read systems.csv: it is a link.",
    ),
    "a link to itself": (
        lambda path: link("systems.csv", path),
        "Cannot read systems.csv: it is a link.",
    ),
    "a pipe": (
        lambda path: os.mkfifo(path / "systems.csv"),
        "Cannot read systems.csv: it is not a plain file.",
    ),
    "a directory": (
        lambda path: (path / "systems.csv").mkdir(),
        "Cannot read systems.csv: Is a directory.",
    ),
    "a socket": (occupied, "Cannot read systems.csv: No such device or address."),
    "a terabyte that is not there": (sparse, "systems.csv: The file is larger than 64 MiB."),
    "large together": (
        large_together,
        "The files together are larger than 64 MiB; import them in parts.",
    ),
    "a strange name": (
        lambda path: (path / "\x1b[2J.csv").touch(),
        "\ufffd[2J.csv: This is not a catalogue file.",
    ),
    "a name of broken bytes": (
        lambda path: (path / "\udcff.csv").touch(),
        "\ufffd.csv: This is not a catalogue file.",
    ),
    "a large unknown file": (
        lambda path: (path / "x.csv").write_bytes(b"x" * 70 * MIB),
        "x.csv: This is not a catalogue file",
    ),
}


def write(data: bytes, place) -> None:
    place.write_bytes(data)


CASES = (
    {
        case: (lambda path, file=file, made=made: write(made(), path / f"{file}.csv"), refusal)
        for case, (file, made, refusal) in BOMBS.items()
    }
    | TRAPS
    | {
        case: (lambda path, made=made: write(made(), path / "systems.xlsx"), refusal)
        for case, (made, refusal) in BOOKS.items()
    }
)


pytestmark = pytest.mark.once(on="sqlite")  # brings a database of its own


@pytest.fixture(scope="module")
def importing(tmp_path_factory, django_db_setup):
    """A process that imports the directory it is given a line with, and answers what it took.

    One for each worker of a run, and each case only where its test is: all of them at once would be
    made twice where two workers share the cases.
    """
    place = tmp_path_factory.mktemp("bombs")
    (place / "systems.csv").write_bytes(HEADER + row(1))
    (place / "involvement_kinds.xlsx").write_bytes(book())
    environ = os.environ | {
        "DATABASE_URL": f"sqlite:///{place}/db",
        "DJANGO_SETTINGS_MODULE": "waltzflow.settings",
        "PYTHONPATH": str(ROOT),
    }
    databases.copy_file(place / "db")
    bombed = [sys.executable, "tests/bombed.py", str(place)]
    pipe = subprocess.PIPE
    with subprocess.Popen(bombed, cwd=ROOT, env=environ, stdin=pipe, stdout=pipe, text=True) as it:
        yield it
        it.stdin.close()


@pytest.mark.parametrize("case", CASES)
def test_what_is_made_to_harm_is_refused_in_little_time_and_memory(importing, tmp_path, case):
    lay, refusal = CASES[case]
    lay(tmp_path)
    print(tmp_path, file=importing.stdin, flush=True)
    took = json.loads(importing.stdout.readline())
    shutil.rmtree(tmp_path)
    assert refusal in took["said"], took["said"][:500]
    assert took["seconds"] < 4  # half of it on a quiet machine
    assert took["megabytes"] < 100
