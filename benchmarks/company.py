"""A register of any size: the demo company, copied in the database.

`grow(proposals)` works on a PostgreSQL that holds the demo company and nothing else, as its owner.
Every table is copied by one INSERT ... SELECT, its keys moved by a stride, so that what refers to
each other in the company does so in each copy: flows, decisions, histories and what was evidence.

Companies are not copies side by side. A system that `HUBS` names stands once for all copies, one
that `SHARED` names once for ten, and so does whoever has a part in it: hubs end with a flow in each
copy, and their people with thousands of systems. How many copies share a row is its *reach*; 0
stands for all of them.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Model

from proposals.models import (
    ApproverRule,
    Delegation,
    Involvement,
    LedgerForm,
    LedgerLeaf,
    LedgerNode,
    LogicalFlow,
    Notice,
    PassResult,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    Receipt,
    RightsChange,
    System,
    Transition,
    User,
)

from .derived import KEYED, LONGEST, search_statements, stride, table, write_key_parts, write_keys

HUBS = ["DWH", "MDHUB"]
SHARED = ["GL", "REFDATA", "CPTY", "RISKENG", "CURVES", "POSKEEP", "SETTLE", "METER", "REGREP"]
REACH_OF_SHARED, FOR_ALL = 10, 0
FARTHEST = 1_000_000  # stands for FOR_ALL where reaches are compared
CHUNK = 500  # copies made by one statement

# Of whose copies a row is one: of that with the smallest reach.
FOLLOWS: dict[type[Model], list[str]] = {
    ApproverRule: ["system"],
    Involvement: ["system", "user"],
    Delegation: ["delegator", "delegate"],
    LogicalFlow: ["source", "target"],
    PhysicalSpecification: ["owner"],
    PhysicalFlow: ["logical_flow"],
    Proposal: ["source", "target"],
    Transition: ["proposal"],
}
# Where two copies may not say the same, or would not be told apart.
SUFFIXED: dict[type[Model], list[str]] = {
    System: ["code", "code_folded", "name"],
    User: ["username", "username_folded", "email", "email_folded", "employee_id", "name"],
    PhysicalSpecification: ["code", "code_folded"],
}
# What was read of a flow is named by the key of a history row, without being a foreign key.
VERSIONS = {
    "read_physical_flow_version": PhysicalFlow,
    "read_specification_version": PhysicalSpecification,
    "read_logical_flow_version": LogicalFlow,
}
# What was mailed, done by the clock or left to it, sent twice; and the ledger, which the worker
# writes.
LEFT_OUT = {Notice, PassResult, Receipt, RightsChange, LedgerForm, LedgerLeaf, LedgerNode}


def grow(proposals: int) -> None:
    """Copy the company until there are at least as many `proposals`."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Guards look away; what they would refuse, verify_audit names.
        cursor.execute("SET LOCAL session_replication_role = replica")
        _write_reaches(cursor)
        write_key_parts(cursor)
        present = Proposal.objects.count()
        cursor.execute(f"SELECT sum(1.0 / nullif(reach, {FOR_ALL})) FROM reach_{table(Proposal)}")
        copies = max(int((proposals - present) / cursor.fetchone()[0]) + 1, 0)
        indexes = _drop_indexes(cursor)
        for first in range(1, copies + 1, CHUNK):
            last = min(first + CHUNK - 1, copies)
            for model in _models():
                cursor.execute(_copy(model), {"first": first, "last": last})
        for statement in [*_finish(), *indexes]:
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _drop_indexes(cursor) -> list[str]:
    """All but the keys, since to write a million rows into an index one by one takes longer than
    all else; the statements that make them again.
    """
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid = ANY(%s::regclass[]) AND NOT EXISTS "
        "(SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        [[table(model) for model in _models()]],
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _, definition in indexes]


def _models() -> list[type[Model]]:
    every = apps.get_app_config("proposals").get_models(include_auto_created=True)
    return [model for model in every if model not in LEFT_OUT]


def _tracked(model: type[Model]) -> type[Model] | None:
    """The model that this one is the history of."""
    return getattr(model, "instance_type", None)


def _base(model: type[Model]) -> list[tuple[type[Model], str]]:
    """(model, column) of the rows whose reach a row of `model` follows."""
    tracked = _tracked(model)
    if tracked is not None:
        return [(tracked, "id")]
    names = FOLLOWS.get(model)
    fields = [model._meta.get_field(name) for name in names] if names else _of_link(model)
    return [(field.related_model, field.column) for field in fields]


def _of_link(model: type[Model]) -> list:
    """Of a many-to-many table, or its history: the row that has the set."""
    foreign = [field for field in model._meta.concrete_fields if field.is_relation]
    if any(field.name == "history" for field in foreign):
        return [field for field in foreign if field.name == "history"]
    return foreign[:1] if model._meta.auto_created else []


def _write_reaches(cursor) -> None:
    """A temporary table for each model: id -> reach."""
    done: set[type[Model]] = set()
    while len(done) < len(_models()):
        for model in _models():
            needs = {other for other, _ in _base(model)} - done
            if model not in done and not needs:
                key = model._meta.pk.column
                cursor.execute(
                    f"CREATE TEMP TABLE reach_{table(model)} (id, reach) ON COMMIT DROP AS "
                    f"SELECT t.{key}, {_reach(model)} FROM {table(model)} t"
                )
                cursor.execute(f"CREATE UNIQUE INDEX ON reach_{table(model)} (id)")
                cursor.execute(f"ANALYZE reach_{table(model)}")
                done.add(model)


def _reach(model: type[Model]) -> str:
    """SQL for the reach of a row `t`."""
    if model is System:
        hubs, shared = (", ".join(f"'{code}'" for code in codes) for codes in (HUBS, SHARED))
        return (
            f"CASE WHEN t.code IN ({hubs}) THEN {FOR_ALL} "
            f"WHEN t.code IN ({shared}) THEN {REACH_OF_SHARED} ELSE 1 END"
        )
    if model is User:
        # As far as their furthest system, of which FOR_ALL is the furthest of all; and who runs the
        # site is one for all.
        furthest = (
            f"SELECT max(coalesce(nullif(r.reach, {FOR_ALL}), {FARTHEST})) "
            f"FROM {table(Involvement)} i JOIN reach_{table(System)} r ON r.id = i.system_id "
            "WHERE i.user_id = t.id"
        )
        groups = f"SELECT 1 FROM {table(User.groups.through)} g WHERE g.user_id = t.id"
        return (
            f"CASE WHEN t.is_superuser OR EXISTS ({groups}) THEN {FOR_ALL} "
            f"ELSE coalesce(({furthest}), 1) % {FARTHEST} END"
        )
    parts = [
        f"(SELECT nullif(r.reach, {FOR_ALL}) FROM reach_{table(other)} r WHERE r.id = t.{column})"
        for other, column in _base(model)
    ]
    return f"coalesce(least({', '.join(parts)}), {FOR_ALL})" if parts else str(FOR_ALL)


def _copy(model: type[Model]) -> str:
    """The statement that makes copies `first` to `last` of the rows of `model`."""
    columns, values, joins = [], [], []
    for number, field in enumerate(model._meta.concrete_fields):
        value, join = _value(model, field, f"r{number}")
        columns.append(f'"{field.column}"')
        values.append(value)
        joins += [join] if join else []
    return (
        f"INSERT INTO {table(model)} ({', '.join(columns)}) SELECT {', '.join(values)} "
        f"FROM reach_{table(model)} own JOIN {table(model)} t "
        f"ON t.{model._meta.pk.column} = own.id "
        "CROSS JOIN generate_series(%(first)s, %(last)s) copy "
        f"{' '.join(joins)} WHERE own.reach > 0 AND copy %% own.reach = 0"
    )


def _value(model: type[Model], field: models.Field, alias: str) -> tuple[str, str]:
    """What a column holds in a copy; and the join that says it."""
    column = f't."{field.column}"'
    if field.name == "content_key":  # unique until `write_keys` knows it
        key = f"copy || '-' || t.{model._meta.pk.column}"
        return f"CASE WHEN {column} = '' THEN '' ELSE {key} END", ""
    target = _refers_to(model, field)
    if target is model and field.primary_key:
        return f"{column} + {stride(model)} * (copy / own.reach)", ""
    if target is not None:
        join = f"LEFT JOIN reach_{table(target)} {alias} ON {alias}.id = {column}"
        moved = f"CASE WHEN {alias}.reach > 0 THEN copy / {alias}.reach ELSE 0 END"
        return f"{column} + {stride(target)} * {moved}", join
    if field.name in SUFFIXED.get(_tracked(model) or model, ()):
        kept = f"left({column}, {LONGEST})"
        # At the end, or of an address before its domain.
        numbered = rf"regexp_replace({kept}, '(@|$)', '-' || copy / own.reach || '\1')"
        return f"CASE WHEN {column} = '' THEN '' ELSE {numbered} END", ""
    return column, ""


def _refers_to(model: type[Model], field: models.Field) -> type[Model] | None:
    if field.primary_key:
        return model
    if field.name in VERSIONS:
        return VERSIONS[field.name].history.model
    tracked = _tracked(model)
    if tracked is not None and field.column == "id":
        return tracked
    related = field.related_model if field.is_relation else None
    return related if related in _models() else None


def _finish() -> Iterator[str]:
    for model in KEYED:
        yield write_keys(model)
    yield from search_statements()
    for model in _models():
        key = model._meta.pk.column
        yield (
            f"SELECT setval(pg_get_serial_sequence('{table(model)}', '{key}'), max({key})) "
            f"FROM {table(model)} HAVING count(*) > 0"
        )
