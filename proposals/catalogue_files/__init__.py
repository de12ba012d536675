"""The catalogue as CSV files, in and out."""

from .columns import escaped
from .exporting import export_catalogue, write_catalogue
from .importing import Report, Tally, import_catalogue
from .problems import BadCatalogue, Problem
from .reading import MOST_BYTES
from .tables import TABLES

__all__ = [
    "MOST_BYTES",
    "TABLES",
    "BadCatalogue",
    "Problem",
    "Report",
    "Tally",
    "escaped",
    "export_catalogue",
    "import_catalogue",
    "write_catalogue",
]
