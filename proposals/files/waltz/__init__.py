"""A FINOS Waltz database brought in: read as the catalogue files, and imported as they are."""

from .bringing import bring_waltz
from .database import read_waltz
