"""Files of proposals: each row is one proposal, through the same door as the form."""

from .proposing import MANY, Fate, Proposing
from .reading import MOST_BYTES, MOST_ROWS, FileRow, read_rows
from .table import LEFT, TABLE
from .uploads import FAILED, counts_of, work_on

__all__ = [
    "FAILED",
    "LEFT",
    "MANY",
    "MOST_BYTES",
    "MOST_ROWS",
    "TABLE",
    "Fate",
    "FileRow",
    "Proposing",
    "counts_of",
    "read_rows",
    "work_on",
]
