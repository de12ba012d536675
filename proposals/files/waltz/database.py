"""A FINOS Waltz database: read, never written, in one transaction that sees one moment."""

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import namedtuple_row

from ...errors import Invalid

SECONDS_TO_CONNECT = 10
MOST_NAMED = 4  # of what is not there


@dataclass(frozen=True)
class WaltzTable:
    """The columns that have to be there, and those that some versions lack, with what is read
    instead. A table that `may_lack` is empty where it is not there.
    """

    needed: str
    newer: dict[str, Any] = field(default_factory=dict)
    may_lack: bool = False

    @property
    def columns(self) -> list[str]:
        return [*self.needed.split(), *self.newer]


TABLES = {
    "organisational_unit": WaltzTable("id name", {"parent_id": None, "description": "",
                                                  "external_id": None}),
    "data_type": WaltzTable("id code name parent_id", {"description": "", "deprecated": False,
                                                       "unknown": False}),
    "person": WaltzTable(
        "id employee_id display_name email",
        {"title": "", "manager_employee_id": None, "organisational_unit_id": None,
         "is_removed": False},
    ),
    "application": WaltzTable(
        "id name asset_code organisational_unit_id",
        {"description": "", "kind": "IN_HOUSE", "is_removed": False,
         "entity_lifecycle_status": "ACTIVE"},
    ),
    "actor": WaltzTable("id name", {"description": "", "is_external": False, "external_id": None}),
    "end_user_application": WaltzTable(
        "id name",
        {"description": "", "organisational_unit_id": None, "external_id": None,
         "is_promoted": False},
        may_lack=True,
    ),
    "involvement_kind": WaltzTable("id name", {"description": "", "subject_kind": None}),
    "involvement": WaltzTable("entity_kind entity_id kind_id employee_id"),
    "permission_group": WaltzTable("id name is_default", may_lack=True),
    "permission_group_entry": WaltzTable(
        "permission_group_id entity_kind entity_id", may_lack=True
    ),
    "permission_group_involvement": WaltzTable(
        "permission_group_id involvement_group_id operation parent_kind subject_kind",
        may_lack=True,
    ),
    "involvement_group_entry": WaltzTable(
        "involvement_group_id involvement_kind_id", may_lack=True
    ),
    "physical_specification": WaltzTable(
        "id owning_entity_kind owning_entity_id name format",
        {"external_id": None, "description": "", "is_removed": False},
    ),
    "physical_spec_data_type": WaltzTable("specification_id data_type_id"),
    "logical_flow": WaltzTable(
        "id source_entity_kind source_entity_id target_entity_kind target_entity_id",
        {"entity_lifecycle_status": "ACTIVE", "is_removed": False},
    ),
    "logical_flow_decorator": WaltzTable(
        "logical_flow_id decorator_entity_kind decorator_entity_id"
    ),
    "physical_flow": WaltzTable(
        "id logical_flow_id specification_id transport frequency basis_offset",
        {"name": None, "criticality": "UNKNOWN", "description": "", "external_id": None,
         "entity_lifecycle_status": "ACTIVE", "is_removed": False},
    ),
    "proposed_flow": WaltzTable(
        "id source_entity_kind source_entity_id target_entity_kind target_entity_id "
        "created_at created_by flow_def proposal_type",
        {"physical_flow_id": None},
        may_lack=True,
    ),
    "entity_workflow_state": WaltzTable("entity_kind entity_id state", may_lack=True),
    "entity_workflow_transition": WaltzTable(
        "entity_kind entity_id from_state to_state reason last_updated_at last_updated_by",
        may_lack=True,
    ),
}  # fmt: skip

Rows = dict[str, list[Any]]


def read_waltz(url: str) -> Rows:
    """Name of a table -> its rows, all of one moment. Invalid says in a sentence why there is
    nothing to read; it never holds the password.
    """
    try:
        password = str(conninfo_to_dict(url).get("password") or "")
    except psycopg.ProgrammingError:
        raise Invalid(
            "This is not the address of a PostgreSQL database: "
            "write postgresql://user:password@host:port/name."
        ) from None
    try:
        with closing(_connected(url)) as connection:
            return _read(connection)
    except psycopg.Error as error:
        reason = _reason(error, password)
        raise Invalid(f"The Waltz database cannot be read: {reason}.") from None


def _reason(error: psycopg.Error, password: str) -> str:
    """What PostgreSQL said first, on one line and without the password."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    # Before it libpq says which of the addresses it tried.
    cause = line.rsplit("failed: ", 1)[-1].removeprefix("FATAL:").strip(" .:")
    return cause.replace(password, "***") if password else cause


def _connected(url: str) -> psycopg.Connection[Any]:
    connection = psycopg.connect(
        url, connect_timeout=SECONDS_TO_CONNECT, row_factory=namedtuple_row
    )
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    return connection


def _read(connection: psycopg.Connection[Any]) -> Rows:
    there = _columns_there(connection)
    lacks = _lacks(there)
    if lacks:
        more = f", and so on ({len(lacks)} in all)" if len(lacks) > MOST_NAMED else ""
        named = ", ".join(lacks[:MOST_NAMED]) + more
        raise Invalid(f"This is no Waltz database of 1.40 or later that can be read: {named}.")
    rows: Rows = {}
    for name, table in TABLES.items():
        rows[name] = []
        if name in there:
            rows[name] = connection.execute(_query(name, table, there[name])).fetchall()
    return rows


def _columns_there(connection: psycopg.Connection[Any]) -> dict[str, set[str]]:
    """Those that the account may read, in the schemas where it looks."""
    query = """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = ANY (current_schemas(false)) AND table_name = ANY (%s)
    """
    there: dict[str, set[str]] = {}
    for table, column in connection.execute(query, [list(TABLES)]):
        there.setdefault(table, set()).add(column)
    return there


def _lacks(there: dict[str, set[str]]) -> list[str]:
    lacks = []
    for name, table in TABLES.items():
        if name not in there:
            if not table.may_lack:
                lacks.append(f"the table {name} is not there")
            continue
        for column in table.needed.split():
            if column not in there[name]:
                lacks.append(f"the table {name} has no column {column}")
    return lacks


def _query(name: str, table: WaltzTable, there: set[str]) -> sql.Composed:
    """In an order that is the same each time: which of two rows comes first must not change."""
    columns = [
        sql.Identifier(column)
        if column in there
        else sql.SQL("{} AS {}").format(sql.Literal(table.newer[column]), sql.Identifier(column))
        for column in table.columns
    ]
    order = ["id"] if table.needed.startswith("id ") else table.needed.split()
    return sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
        sql.SQL(", ").join(columns),
        sql.Identifier(name),
        sql.SQL(", ").join(map(sql.Identifier, order)),
    )
