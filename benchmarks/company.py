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
    FLOW_ATTRIBUTES,
    ApproverRule,
    Delegation,
    Involvement,
    LogicalFlow,
    Notice,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    Receipt,
    System,
    Transition,
    User,
    folded,
)

HUBS = ["DWH", "MDHUB"]
SHARED = ["GL", "REFDATA", "CPTY", "RISKENG", "CURVES", "POSKEEP", "SETTLE", "METER", "REGREP"]
REACH_OF_SHARED, FOR_ALL = 10, 0
FARTHEST = 1_000_000  # stands for FOR_ALL where reaches are compared
CHUNK = 500  # copies made by one statement
LONGEST = 190  # letters kept of a name, before the number of the copy

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
LEFT_OUT = {Notice, Receipt}  # what was mailed, and what was sent twice


def grow(proposals: int) -> None:
    """Copy the company until there are at least as many `proposals`."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Guards look away; what they would refuse, verify_audit names.
        cursor.execute("SET LOCAL session_replication_role = replica")
        _write_reaches(cursor)
        _write_key_parts(cursor)
        present = Proposal.objects.count()
        cursor.execute(f"SELECT sum(1.0 / nullif(reach, {FOR_ALL})) FROM reach_{_table(Proposal)}")
        copies = max(int((proposals - present) / cursor.fetchone()[0]) + 1, 0)
        for first in range(1, copies + 1, CHUNK):
            last = min(first + CHUNK - 1, copies)
            for model in _models():
                cursor.execute(_copy(model), {"first": first, "last": last})
        for statement in _finish():
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _table(model: type[Model]) -> str:
    return model._meta.db_table


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
                    f"CREATE TEMP TABLE reach_{_table(model)} (id, reach) ON COMMIT DROP AS "
                    f"SELECT t.{key}, {_reach(model)} FROM {_table(model)} t"
                )
                cursor.execute(f"CREATE UNIQUE INDEX ON reach_{_table(model)} (id)")
                cursor.execute(f"ANALYZE reach_{_table(model)}")
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
            f"FROM {_table(Involvement)} i JOIN reach_{_table(System)} r ON r.id = i.system_id "
            "WHERE i.user_id = t.id"
        )
        groups = f"SELECT 1 FROM {_table(User.groups.through)} g WHERE g.user_id = t.id"
        return (
            f"CASE WHEN t.is_superuser OR EXISTS ({groups}) THEN {FOR_ALL} "
            f"ELSE coalesce(({furthest}), 1) % {FARTHEST} END"
        )
    parts = [
        f"(SELECT nullif(r.reach, {FOR_ALL}) FROM reach_{_table(other)} r WHERE r.id = t.{column})"
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
        f"INSERT INTO {_table(model)} ({', '.join(columns)}) SELECT {', '.join(values)} "
        f"FROM reach_{_table(model)} own JOIN {_table(model)} t "
        f"ON t.{model._meta.pk.column} = own.id "
        "CROSS JOIN generate_series(%(first)s, %(last)s) copy "
        f"{' '.join(joins)} WHERE own.reach > 0 AND copy %% own.reach = 0"
    )


def _value(model: type[Model], field: models.Field, alias: str) -> tuple[str, str]:
    """What a column holds in a copy; and the join that says it."""
    column = f't."{field.column}"'
    if field.name == "content_key":  # unique until `_write_keys` knows it
        key = f"copy || '-' || t.{model._meta.pk.column}"
        return f"CASE WHEN {column} = '' THEN '' ELSE {key} END", ""
    target = _refers_to(model, field)
    if target is model and field.primary_key:
        return f"{column} + {_stride(model)} * (copy / own.reach)", ""
    if target is not None:
        join = f"LEFT JOIN reach_{_table(target)} {alias} ON {alias}.id = {column}"
        moved = f"CASE WHEN {alias}.reach > 0 THEN copy / {alias}.reach ELSE 0 END"
        return f"{column} + {_stride(target)} * {moved}", join
    if field.name in SUFFIXED.get(_tracked(model) or model, ()):
        kept = f"left({column}, {LONGEST})"
        return f"CASE WHEN {column} = '' THEN '' ELSE {kept} || '-' || copy / own.reach END", ""
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


def _stride(model: type[Model]) -> str:
    return f"(SELECT max(id) FROM reach_{_table(model)})"


def _write_key_parts(cursor) -> None:
    """What of a content key is the same in each copy: the part that names a new specification, if
    it names one, and the part after that.
    """
    cursor.execute(
        "CREATE TEMP TABLE key_parts (of text, id bigint, named text, rest text) ON COMMIT DROP"
    )
    rows = [
        [_table(model), row.pk, *_key_parts(row)]
        for model in _keyed()
        for row in model.objects.exclude(content_key="")
    ]
    with cursor.copy("COPY key_parts FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _keyed() -> list:
    return [Proposal, PhysicalFlow, Proposal.history.model, PhysicalFlow.history.model]


def _key_parts(row) -> tuple[str | None, str]:
    is_proposal = hasattr(row, "with_physical_flow")
    if is_proposal and not row.with_physical_flow:
        return "", ""
    named = None if row.specification_id else f"\nstr\n{folded(row.specification_name)}"
    values = [getattr(row, attribute.name) for attribute in FLOW_ATTRIBUTES if attribute.is_in_key]
    return named, "".join(f"\n{folded(str(value))}" for value in values)


def _write_keys(model: type[Model]) -> str:
    """The statement that gives each copy its content key."""
    route = "t" if hasattr(model, "with_physical_flow") else "f"
    join = "" if route == "t" else f"JOIN {_table(LogicalFlow)} f ON f.id = t.logical_flow_id"
    key = model._meta.pk.column
    return f"""
        UPDATE {_table(model)} changed SET content_key = encode(sha256(convert_to(concat(
            {route}.source_id, E'\n', {route}.target_id,
            coalesce(p.named, E'\nint\n' || t.specification_id), p.rest), 'UTF8')), 'hex')
        FROM {_table(model)} t {join}
        JOIN key_parts p ON p.of = '{_table(model)}' AND p.id = (t.{key} - 1) % {_stride(model)} + 1
        WHERE changed.{key} = t.{key} AND t.{key} > {_stride(model)}"""


def _search_statements() -> Iterator[str]:
    """What a search looks in, of the copies, from the texts of the rows they name."""
    route = f"{_names('source')} || E'\\n→' || {_names('target')}"
    ends = (
        f"JOIN {_table(System)} source ON source.id = {{0}}.source_id "
        f"JOIN {_table(System)} target ON target.id = {{0}}.target_id"
    )
    # The texts that have the number of the copy come first.
    yield _set_search_text(System, _numbered(System, 2))
    yield _set_search_text(User, _numbered(User, 4))
    yield _set_search_text(
        PhysicalSpecification,
        f"{_line('t', 1)} || E'\\n' || t.code_folded || {_names('owner')}",
        f"JOIN {_table(System)} owner ON owner.id = t.owner_id",
    )
    yield _set_search_text(LogicalFlow, route, ends.format("t"))
    yield _set_search_text(
        PhysicalFlow,
        # Its own name and external id come after the route: the first three lines are the source
        # and the arrow.
        f"{route} || {_line('t', 6)} || {_line('t', 7)} || {_line('s', 1)} || {_line('s', 2)}",
        f"JOIN {_table(LogicalFlow)} f ON f.id = t.logical_flow_id "
        f"JOIN {_table(PhysicalSpecification)} s ON s.id = t.specification_id {ends.format('f')}",
    )
    yield _set_search_text(
        Proposal,
        f"{route} || {_line('maker', 1)} || {_after('t', 6)}",
        f"{ends.format('t')} JOIN {_table(User)} maker ON maker.id = t.maker_id",
    )


def _line(row: str, number: int) -> str:
    """SQL: one of the texts that a search looks in, with its line break."""
    return f"E'\\n' || split_part({row}.search_text, E'\\n', {number + 1})"


def _names(system: str) -> str:
    return f"{_line(system, 1)} || {_line(system, 2)}"


def _after(row: str, number: int) -> str:
    """SQL: the texts after the first few, which are the same in each copy."""
    return rf"regexp_replace({row}.search_text, '^(\n[^\n]*){{{number}}}', '')"


def _numbered(model: type[Model], most: int) -> str:
    """SQL: the first texts of a row `t` with the number of its copy, and the others."""
    copy = f"(t.id - 1) / {_stride(model)}"
    first = [
        f"regexp_replace(left({_line('t', number)}, {LONGEST + 1}), '([^\\n])$', '\\1-' || {copy})"
        for number in range(1, most + 1)
    ]
    return " || ".join([*first, _after("t", most)])


def _set_search_text(model: type[Model], text: str, joins: str = "") -> str:
    return (
        f"UPDATE {_table(model)} changed SET search_text = {text} FROM {_table(model)} t {joins} "
        f"WHERE changed.id = t.id AND t.id > {_stride(model)}"
    )


def _finish() -> Iterator[str]:
    for model in _keyed():
        yield _write_keys(model)
    yield from _search_statements()
    for model in _models():
        key = model._meta.pk.column
        yield (
            f"SELECT setval(pg_get_serial_sequence('{_table(model)}', '{key}'), max({key})) "
            f"FROM {_table(model)} HAVING count(*) > 0"
        )
