"""What the rows of a catalogue owe each other: known codes, agreeing kinds, one owner for each id,
no circles.
"""

from collections import defaultdict
from collections.abc import Iterator

from .columns import Code, Codes, Text
from .plan import Plan, Row, Shelf
from .problems import quoted


def judge(plan: Plan) -> None:
    """Compare every row taken into the plan with what is here, or say what is wrong with it."""
    for shelf in plan.taken:
        plan.compare(shelf, [key for key, row in shelf.rows.items() if _is_sound(plan, shelf, row)])
        _judge_unique(plan, shelf)
        if shelf.table.above:
            _judge_tree(plan, shelf)


def _is_sound(plan: Plan, shelf: Shelf, row: Row) -> bool:
    columns = [*shelf.table.of_codes, *shelf.table.of_many]
    known = [_refer(plan, shelf, row, column) for column in columns]
    if not all(known):
        return False
    found = list(_AGREEMENTS.get(shelf.table.name, _nothing)(plan, row))
    for column, reason in found:
        plan.report(shelf.table, row.line, column, reason)
    return not found


def _refer(plan: Plan, shelf: Shelf, row: Row, column: Code | Codes) -> bool:
    """Turn what a cell calls other rows into their keys; whether all of them can be referred to."""
    target, value = plan.shelf(column.of), row.values[column.name]
    known, fold = target.keys_by(column.by), target.table.by_name[column.by].fold
    names = [value] if isinstance(value, str) else sorted(value)
    keys = {name: known.get(fold(name)) for name in names if name}
    if isinstance(column, Code):
        row.values[column.name] = keys.get(value, "")
    for name, key in keys.items():
        if reason := _unfit(target, key, is_known=fold(name) in known, name=name):
            plan.report(shelf.table, row.line, column.name, reason)
    return all(key is not None and not target.is_removed(key) for key in keys.values())


def _unfit(target: Shelf, key, *, is_known: bool, name: str) -> str:
    """Why a row cannot be referred to; empty if it can, or if the reason is reported where that row
    is.
    """
    if not is_known and target.complete:
        return (
            f"{quoted(name)} is unknown: it is not in {target.table.file} and has not been "
            "imported before."
        )
    if key is not None and target.is_removed(key) and key not in target.rows:
        return f"{quoted(name)} has been removed."
    return ""


def _nothing(plan: Plan, row: Row) -> Iterator[tuple[str, str]]:
    yield from ()


def _agree_with_system(plan: Plan, row: Row) -> Iterator[tuple[str, str]]:
    system = row.values["system_code"]
    kind = plan.shelf("systems").after[system]["kind"] if system else row.values["system_kind"]
    if kind != row.values["system_kind"]:
        yield "system_kind", f"The system {quoted(system)} is of the kind {kind}."


def _agree_with_rules(plan: Plan, row: Row) -> Iterator[tuple[str, str]]:
    """A rule that names a system says of which kind it is: that cannot change behind its back."""
    code, before = row.values["code"], plan.shelf("systems").before
    if code in before and before[code]["kind"] != row.values["kind"]:
        rules = plan.shelf("approver_rules").before.values()
        if any(rule["system_code"] == code for rule in rules):
            kind = before[code]["kind"]
            yield (
                "kind",
                f"An approver rule names this system as one of the kind {kind}; "
                "delete that rule first.",
            )


def _agree_with_route(plan: Plan, row: Row) -> Iterator[tuple[str, str]]:
    flows, route = (
        plan.shelf("logical_flows"),
        (row.values["source_code"], row.values["target_code"]),
    )
    words = f"from {quoted(route[0])} to {quoted(route[1])}"
    if route not in flows.after and route not in flows.broken_keys and flows.complete:
        yield "", f"There is no logical flow {words}."
    elif flows.is_removed(route) and route not in flows.rows:
        yield "", f"The logical flow {words} has been removed; it needs a new proposal."


_AGREEMENTS = {
    "systems": _agree_with_rules,
    "approver_rules": _agree_with_system,
    "involvements": _agree_with_system,
    "physical_flows": _agree_with_route,
}


def _judge_unique(plan: Plan, shelf: Shelf) -> None:
    for column in shelf.table.columns:
        if isinstance(column, Text) and column.field.unique and column.name not in shelf.table.key:
            for value, keys in _owners(shelf, column.name).items():
                for key in keys[1:]:
                    reason = f"{quoted(value)} already belongs to {quoted(keys[0])}."
                    plan.report(shelf.table, shelf.rows[key].line, column.name, reason)


def _owners(shelf: Shelf, name: str) -> dict[str, list]:
    """Value -> the keys of the rows that have it: who keeps it unchanged first, then in the order
    of the file.
    """
    owners = defaultdict(list)
    for key, values in shelf.after.items():
        if values[name]:
            owners[values[name]].append(key)
    for keys in owners.values():
        keys.sort(key=lambda key: shelf.rows[key].line if key in shelf.rows else 0)
    return owners


def _judge_tree(plan: Plan, shelf: Shelf) -> None:
    name = shelf.table.above
    above = {key: values[name] for key, values in shelf.after.items()}
    for key in _circling(above) & shelf.rows.keys():
        plan.report(
            shelf.table, shelf.rows[key].line, name, f"{quoted(key)} would be above itself."
        )


def _circling(above: dict) -> set:
    """The keys from which the way up leads back to them."""
    circling, done = set(), set()
    for start in above:
        trail, step = {}, start
        while step and step not in done and step not in trail:
            trail[step] = len(trail)
            step = above.get(step)
        if step in trail:
            circling |= {key for key, place in trail.items() if place >= trail[step]}
        done.update(trail)
    return circling
