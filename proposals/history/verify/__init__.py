"""Whether proposals, transitions, histories and flows agree, over the whole database: every breach
named with its rows; and whether the ledger agrees with them and with its checkpoints.

What the guards judge at commit on PostgreSQL is asked here of every row, in the same words; what no
trigger can judge (the trail step by step, what was applied against what was approved) is walked row
by row. Memory stays constant.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from django.db import connection

from ...models import reading_by_cursor
from . import applied, columns, ledger, register, remarks, rights, schema, transitions
from .breach import Breach
from .looked_at import looked_at
from .restored import loss, unapplied_migrations, unknown_migrations

Check = Callable[[], Iterator[Breach]]
CHECKS: dict[str, Check] = {
    "guards in place": register.missing_guards,
    "constraints and indexes in place": schema.breaches,
    "tables as they were made": schema.of_tables,
    "accounts may no more than they are to": schema.of_grants,
    "next numbers are free": schema.of_sequences,
    "trails": transitions.breaches,
    "remarks in place": remarks.breaches,
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
    "specifications as approved": applied.moved,
}


def checks(folder: Path | None, *, is_first: bool) -> dict[str, Check]:
    """All of them; `folder` holds the kept checkpoints, of which there may be none yet if
    `is_first`.
    """
    of_ledger = partial(ledger.breaches, folder, is_first=is_first)
    return CHECKS | {"ledger and checkpoints": of_ledger}


def checked(
    folder: Path | None, *, is_first: bool, processes: int = 1
) -> Iterator[tuple[str, Iterator[Breach]]]:
    """(name, breaches) of each check, in their order; shared out over so many processes. Each of
    them reads by a connection of its own, so it sees nothing that is not committed.
    """
    every = checks(folder, is_first=is_first)
    if processes == 1:
        with reading_by_cursor():
            for name, check in every.items():
                yield name, check()
        return
    connection.close()  # or the forked ones would speak through it too
    # Forked and not begun anew: each has Django set up already.
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        # The last ones walk through the most rows: begun first, so that none is waited for alone.
        running = {name: pool.submit(_found_by, name, folder, is_first) for name in reversed(every)}
        for name in every:
            yield name, iter(running[name].result())


def _found_by(name: str, folder: Path | None, is_first: bool) -> list[Breach]:
    try:
        with reading_by_cursor():
            return list(checks(folder, is_first=is_first)[name]())
    finally:
        connection.close()


def breaches() -> Iterator[Breach]:
    """Every breach there is, one check after the other; without a checkpoint."""
    for check in checks(None, is_first=True).values():
        yield from check()
