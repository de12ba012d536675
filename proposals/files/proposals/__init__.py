"""Files of proposals: each row is one proposal, through the same door as the form."""

from .proposing import MANY, Fate, Proposing
from .reading import MOST_BYTES, MOST_ROWS, FileRow, read_rows
from .table import TABLE

__all__ = [
    "MANY",
    "MOST_BYTES",
    "MOST_ROWS",
    "TABLE",
    "Fate",
    "FileRow",
    "Proposing",
    "read_rows",
]
