"""The catalogue files of a directory, from whomever it comes."""

import os
import stat
from pathlib import Path

from ...errors import Invalid
from .problems import shown
from .reading import MOST_BYTES
from .tables import TABLES


def read_directory(directory: Path) -> dict[str, bytes]:
    """Name without ".csv" -> bytes, of the plain files in it. Invalid names the one that cannot be
    read.

    Of what is too large only so much is read as shows that it is, and nothing of what is no
    catalogue file.
    """
    if not directory.is_dir():
        raise Invalid(f"There is no directory {directory}.")
    contents, left = {}, MOST_BYTES + 1
    for path in sorted(path for path in directory.iterdir() if path.suffix.lower() == ".csv"):
        if path.stem in contents:
            raise Invalid(
                f"There are two files named {shown(path.stem)}.csv apart from upper and lower case."
            )
        contents[path.stem] = _read(path, left) if path.stem in TABLES else b""
        left -= len(contents[path.stem])
    return contents


def _read(path: Path, most: int) -> bytes:
    try:
        # Neither led elsewhere by a link nor kept waiting by a pipe.
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(opened, "rb") as stream:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise Invalid(f"Cannot read {shown(path.name)}: it is not a plain file.")
            return stream.read(most)
    except OSError as error:
        why = "it is a link" if path.is_symlink() else error.strerror
        raise Invalid(f"Cannot read {shown(path.name)}: {why}.") from None
