"""The catalogue as CSV files or workbooks, in and out."""

from .directory import read_files
from .exporting import WORKBOOK, export_catalogue, write_catalogue, write_workbook
from .importing import Report, import_catalogue
from .problems import BadCatalogue, Problem
from .tables import TABLES
