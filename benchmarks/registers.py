"""A register for each size on one server, and to which of them Django's connection leads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from .company import grow
from .measuring import PATIENCE

PREFIX = "waltzflow-benchmark"

# Size (proposals) -> a connection that stays open, so that all are measured in turn.
Registers = dict[int, BaseDatabaseWrapper]


@contextmanager
def leading_to(one: BaseDatabaseWrapper) -> Iterator[None]:
    usual = connections["default"]
    connections["default"] = one
    try:
        yield
    finally:
        connections["default"] = usual


def made(sizes: list[int]) -> Registers:
    """Those that are not there yet are grown; all are brought to the present schema."""
    registers = {}
    for size in sizes:
        name = f"{PREFIX}-{size}"
        is_new = _create(name)
        one = connection.copy()
        one.settings_dict["NAME"] = name
        with leading_to(one), open(os.devnull, "w") as nowhere:
            call_command("migrate", verbosity=0)
            if is_new:
                call_command("demo", stdout=nowhere)
                grow(size)
        registers[size] = one
    return registers


def _create(name: str) -> bool:
    """Whether there was none of this name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is not None:
            return False
        cursor.execute(f'CREATE DATABASE "{name}"')
        return True


def be_patient(registers: Registers) -> None:
    """No statement may take longer from now on."""
    for one in registers.values():
        with one.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = '{PATIENCE}s'")
