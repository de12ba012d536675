"""Whether proposals, transitions, histories and flows agree, over the whole database: every breach
named with its rows.

What the guards judge at commit on PostgreSQL is asked here of every row, in the same words; what no
trigger can judge (the trail step by step, what was applied against what was approved) is walked row
by row. Memory stays constant.
"""

from collections.abc import Iterator

from . import applied, columns, register, rights, transitions
from .breach import Breach
from .checkpoint import CheckpointBroken, compare, take

__all__ = ["CHECKS", "Breach", "CheckpointBroken", "breaches", "compare", "take"]

CHECKS = {
    "guards in place": register.missing_guards,
    "trails": transitions.breaches,
    "rights at the moment": rights.breaches,
    "state, register and history agree": register.disagreements,
    "nothing erased": register.erased,
    "causes exist": register.causes,
    "nothing twice": register.twins,
    "somebody administers": register.administrators,
    "moments within bounds": columns.unbounded,
    "folded as written": columns.misfolded,
    "found by their names": columns.not_searchable,
    "applied as approved": applied.breaches,
}


def breaches() -> Iterator[Breach]:
    """Every breach there is, one check after the other."""
    for check in CHECKS.values():
        yield from check()
