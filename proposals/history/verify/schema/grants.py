"""What accounts other than the owner of the tables may do: no more than `docs/sql/` gives.

Whatever they are called: nobody but the owner deletes but where rows are meant to go, changes what
is appended only, empties tables, makes triggers, or is in truth the owner.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from .declared import all_tables

APPLICATION, AUDITOR = "waltzflow_app", "waltzflow_auditor"
# As `docs/sql/` says, which the program has not at hand where it runs; a test compares them.
DELETED_FROM = {
    *("django_session", "proposals_receipt", "proposals_watch", "proposals_savedview"),
    *("proposals_approverrule", "proposals_user_groups"),
    *("proposals_user_user_permissions", "auth_group_permissions", "proposals_proposal_data_types"),
    *("proposals_physicalspecification_data_types", "proposals_logicalflow_declared_data_types"),
    *("proposals_upload", "proposals_uploadedfile", "proposals_uploadedrow"),
    "proposals_webhookdelivery",
    *("axes_accessattempt", "axes_accessattemptexpiration"),
}
APPENDED_ONLY = {
    *("proposals_transition", "proposals_remark", "proposals_remark_mentioned"),
    *("proposals_ledgerform", "proposals_ledgerleaf", "proposals_ledgernode"),
}
NOT_FOR_AUDITORS = {
    "django_session": None,
    "proposals_user": {"password", "session_salt"},
    "proposals_token": {"digest"},
}
# A superuser needs no grant, so what is granted to one changes nothing.
GRANTED = """WITH acl AS (
    SELECT c.relname, c.relowner, NULL AS attname, c.relacl AS granted FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY (%s)
    UNION ALL SELECT c.relname, c.relowner, a.attname, a.attacl FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY (%s)
    AND a.attacl IS NOT NULL)
    SELECT relname, attname, COALESCE(r.rolname, 'PUBLIC'), a.privilege_type, a.is_grantable
    FROM acl, aclexplode(granted) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE a.grantee <> relowner AND NOT COALESCE(r.rolsuper, FALSE)
    ORDER BY 1, 3, 4, 2"""
# Of the numbers of the tables; USAGE gives the next one, UPDATE any.
OF_SEQUENCES = """SELECT s.relname, COALESCE(r.rolname, 'PUBLIC') FROM pg_class c
    JOIN pg_depend d ON d.refobjid = c.oid AND d.deptype IN ('a', 'i')
    JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S',
    aclexplode(s.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY (%s)
    AND a.privilege_type = 'UPDATE' AND a.grantee <> s.relowner
    AND NOT COALESCE(r.rolsuper, FALSE)"""
OF_SCHEMA = """SELECT COALESCE(r.rolname, 'PUBLIC') FROM pg_namespace n,
    aclexplode(n.nspacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE n.nspname = current_schema() AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner
    AND NOT COALESCE(r.rolsuper, FALSE) AND a.grantee NOT IN (
        SELECT relowner FROM pg_class WHERE relnamespace = n.oid AND relname = ANY (%s))"""
# Whoever may write is not the owner by another name.
IN_TRUTH_OWNERS = """SELECT DISTINCT r.rolname, pg_get_userbyid(c.relowner)
    FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY (%s)
    AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner AND NOT r.rolsuper
    AND pg_has_role(r.oid, c.relowner, 'MEMBER')"""
OWNED = """SELECT pg_get_userbyid(relowner), relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relname = ANY (%s)
    AND pg_get_userbyid(relowner) = ANY (%s)"""
POWERS = """SELECT r.rolname, power FROM pg_roles r, LATERAL (VALUES
        ('is a superuser', r.rolsuper), ('makes roles', r.rolcreaterole),
        ('passes by row security', r.rolbypassrls), ('replicates', r.rolreplication)
    ) powers (power, has) WHERE has AND r.rolname = ANY (%s)
    UNION ALL SELECT r.rolname, 'is a member of ' || m.rolname FROM pg_roles r, pg_roles m
    WHERE r.rolname = ANY (%s) AND NOT r.rolsuper AND m.rolname = ANY (%s)
    AND pg_has_role(r.oid, m.oid, 'MEMBER')"""
PREDEFINED = [
    *("pg_write_all_data", "pg_read_all_data", "pg_execute_server_program", "pg_maintain"),
    *("pg_write_server_files", "pg_read_server_files"),
]


def differences() -> Iterator[tuple[str, str]]:
    """(account and what it is about, sentence) of each."""
    tables = all_tables()
    for table, column, role, privilege, is_grantable in _rows(GRANTED, tables, tables):
        where = f"{table} ({column})" if column else table
        if privilege not in allowed(table, role) or is_grantable:
            more = " and may hand it on" if is_grantable else ""
            yield f"{role} on {where}", f"It may {privilege}{more}, which nobody is to be given."
    for sequence, role in _rows(OF_SEQUENCES, tables):
        yield f"{role} on {sequence}", "It may UPDATE, which nobody is to be given."
    for (role,) in _rows(OF_SCHEMA, tables):
        yield (
            f"{role} on the schema",
            "It may CREATE in it, which only the owner of the tables may.",
        )
    for role, owner in _rows(IN_TRUTH_OWNERS, tables):
        yield role, f"It is a member of {owner}, who owns the tables."
    accounts = [APPLICATION, AUDITOR]
    for role, table in _rows(OWNED, tables, accounts):
        yield f"{role} on {table}", "It owns the table, which is to be another account's."
    for role, power in _rows(POWERS, accounts, accounts, PREDEFINED):
        yield role, f"It {power}."
    yield from _secrets()


def allowed(table: str, role: str) -> set[str]:
    """What `docs/sql/` gives at most."""
    if role == "PUBLIC":
        return set()
    if role == AUDITOR:
        return {"SELECT"}
    given = {"SELECT", "INSERT"}
    given |= {"UPDATE"} if table not in APPENDED_ONLY else set()
    return given | {"DELETE"} if table in DELETED_FROM else given


def _secrets() -> Iterator[tuple[str, str]]:
    if not _rows("SELECT 1 FROM pg_roles WHERE rolname = %s AND NOT rolsuper", AUDITOR):
        return
    columns = """SELECT c.relname, a.attname, has_column_privilege(%s, c.oid, a.attnum, 'SELECT')
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY (%s)
        AND a.attnum > 0 AND NOT a.attisdropped"""
    for table, column, may_read in _rows(columns, AUDITOR, list(NOT_FOR_AUDITORS)):
        secret = NOT_FOR_AUDITORS[table]
        if may_read and (secret is None or column in secret):
            yield f"{AUDITOR} on {table} ({column})", "It may SELECT what no auditor is to read."


def _rows(sql: str, *parameters: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
