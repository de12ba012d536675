"""A FINOS Waltz database brought in: read as the catalogue files, and imported as they are."""

from .catalogue import Catalogue
from .database import read_waltz
from .importing import import_rows
from .report import WaltzReport
from .rules import place_rules

__all__ = ["Catalogue", "WaltzReport", "import_rows", "place_rules", "read_waltz"]
