"""The catalogue as CSV files, in and out."""

from .directory import read_directory
from .exporting import export_catalogue, write_catalogue
from .importing import Report, Tally, import_catalogue
from .problems import BadCatalogue, Problem
from .tables import TABLES

__all__ = [
    "TABLES",
    "BadCatalogue",
    "Problem",
    "Report",
    "Tally",
    "export_catalogue",
    "import_catalogue",
    "read_directory",
    "write_catalogue",
]
