"""What a copy of a row cannot take over: its content key, and what a search looks in.

Both are made from names and keys that differ in each copy. The project makes them in Python, row by
row; here the database does for all, from what Python knows of the rows of the company.
"""

from collections.abc import Iterator

from django.db.models import Model

from proposals.models import (
    FLOW_ATTRIBUTES,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    System,
    User,
    folded,
)

KEYED = [Proposal, PhysicalFlow, Proposal.history.model, PhysicalFlow.history.model]
LONGEST = 190  # letters kept of a name, before the number of the copy


def table(model: type[Model]) -> str:
    return model._meta.db_table


def stride(model: type[Model]) -> str:
    return f"(SELECT max(id) FROM reach_{table(model)})"


def write_key_parts(cursor) -> None:
    """What of a content key is the same in each copy: the part that names a new specification, if
    it names one, and the part after that.
    """
    cursor.execute(
        "CREATE TEMP TABLE key_parts (of text, id bigint, named text, rest text) ON COMMIT DROP"
    )
    rows = [
        [table(model), row.pk, *_key_parts(row)]
        for model in KEYED
        for row in model.objects.exclude(content_key="")
    ]
    with cursor.copy("COPY key_parts FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _key_parts(row) -> tuple[str | None, str]:
    is_proposal = hasattr(row, "with_physical_flow")
    if is_proposal and not row.with_physical_flow:
        return "", ""
    named = None if row.specification_id else f"\nstr\n{folded(row.specification_name)}"
    values = [getattr(row, attribute.name) for attribute in FLOW_ATTRIBUTES if attribute.is_in_key]
    return named, "".join(f"\n{folded(str(value))}" for value in values)


def write_keys(model: type[Model]) -> str:
    """The statement that gives each copy its content key."""
    route = "t" if hasattr(model, "with_physical_flow") else "f"
    join = "" if route == "t" else f"JOIN {table(LogicalFlow)} f ON f.id = t.logical_flow_id"
    key = model._meta.pk.column
    return f"""
        UPDATE {table(model)} changed SET content_key = encode(sha256(convert_to(concat(
            {route}.source_id, E'\n', {route}.target_id,
            coalesce(p.named, E'\nint\n' || t.specification_id), p.rest), 'UTF8')), 'hex')
        FROM {table(model)} t {join}
        JOIN key_parts p ON p.of = '{table(model)}' AND p.id = (t.{key} - 1) % {stride(model)} + 1
        WHERE changed.{key} = t.{key} AND t.{key} > {stride(model)}"""


def search_statements() -> Iterator[str]:
    """What a search looks in, of the copies, from the texts of the rows they name."""
    route = f"{_names('source')} || E'\\n→' || {_names('target')}"
    ends = (
        f"JOIN {table(System)} source ON source.id = {{0}}.source_id "
        f"JOIN {table(System)} target ON target.id = {{0}}.target_id"
    )
    # The texts that have the number of the copy come first.
    yield _set_search_text(System, _numbered(System, 2))
    yield _set_search_text(User, _numbered(User, 4))
    yield _set_search_text(
        PhysicalSpecification,
        f"{_line('t', 1)} || E'\\n' || t.code_folded || {_names('owner')}",
        f"JOIN {table(System)} owner ON owner.id = t.owner_id",
    )
    yield _set_search_text(LogicalFlow, route, ends.format("t"))
    yield _set_search_text(
        PhysicalFlow,
        # Its own name and external id come after the route: the first three lines are the source
        # and the arrow.
        f"{route} || {_line('t', 6)} || {_line('t', 7)} || {_line('s', 1)} || {_line('s', 2)}",
        f"JOIN {table(LogicalFlow)} f ON f.id = t.logical_flow_id "
        f"JOIN {table(PhysicalSpecification)} s ON s.id = t.specification_id {ends.format('f')}",
    )
    yield _set_search_text(
        Proposal,
        f"{route} || {_line('maker', 1)} || {_after('t', 6)}",
        f"{ends.format('t')} JOIN {table(User)} maker ON maker.id = t.maker_id",
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
    copy = f"(t.id - 1) / {stride(model)}"
    first = [
        f"regexp_replace(left({_line('t', number)}, {LONGEST + 1}), "
        f"'([^\\n])(@|$)', '\\1-' || {copy} || '\\2')"
        for number in range(1, most + 1)
    ]
    return " || ".join([*first, _after("t", most)])


def _set_search_text(model: type[Model], text: str, joins: str = "") -> str:
    return (
        f"UPDATE {table(model)} changed SET search_text = {text} FROM {table(model)} t {joins} "
        f"WHERE changed.id = t.id AND t.id > {stride(model)}"
    )
