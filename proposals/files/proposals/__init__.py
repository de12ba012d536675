"""Files of proposals: each row is one proposal, through the same door as the form."""

from .proposing import MANY, Proposing, RowResult
from .reading import MOST_BYTES, MOST_ROWS, FileRow, read_rows
from .table import LEFT, TABLE
from .uploads import FAILED, counts_of, work_on
