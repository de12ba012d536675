"""The catalogue as CSV files or workbooks, in and out."""

from .directory import CatalogueFiles, read_files
from .exporting import WORKBOOK, export_catalogue, write_catalogue, write_workbook
from .importing import Report, Tally, import_catalogue
from .problems import BadCatalogue, Problem
from .tables import TABLES

__all__ = [
    "TABLES",
    "WORKBOOK",
    "BadCatalogue",
    "CatalogueFiles",
    "Problem",
    "Report",
    "Tally",
    "export_catalogue",
    "import_catalogue",
    "read_files",
    "write_catalogue",
    "write_workbook",
]
