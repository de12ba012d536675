"""What the rows of a catalogue owe each other: known codes, agreeing kinds, one owner for each id,
no circles.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...models import (
    LAST_ADMINISTRATOR,
    SystemLifecycle,
    User,
)
from .columns import Code, Codes, Text
from .plan import Plan, Row, Shelf
from .problems import quoted
from .tables import TABLES


def judge(plan: Plan) -> None:
    """Compare every row taken into the plan with what is here, or say what is wrong with it."""
    for shelf in plan.taken:
        # In the order of the tables, so that what a row refers to has been judged before it.
        plan.compare(shelf, [key for key, row in shelf.rows.items() if _is_sound(plan, shelf, row)])
        _judge_unique(plan, shelf)
        _judge_revivals(plan, shelf)
        if shelf.table.name == "people":
            _judge_administrators(plan, shelf)
        if shelf.table.above:
            _judge_tree(plan, shelf)


def _is_sound(plan: Plan, shelf: Shelf, row: Row) -> bool:
    references: list[Code | Codes] = [*shelf.table.of_codes, *shelf.table.of_many]
    columns = [column for column in references if column.name not in row.absent]
    # A list and not a generator in all(): each reference that is wrong is to be reported.
    known = [_refer(plan, shelf, row, column) for column in columns]
    if not all(known):
        return False
    disagreements = list(_AGREEMENTS.get(shelf.table.name, _nothing)(plan, row))
    for column, reason in disagreements:
        plan.report(shelf.table, row.line, column, reason)
    return not disagreements


def _refer(plan: Plan, shelf: Shelf, row: Row, column: Code | Codes) -> bool:
    """Turn what a cell calls other rows into their keys; whether all of them can be referred to."""
    target, value = plan.shelf(column.of), row.values[column.name]
    known, fold = target.keys_by(column.by), target.table.by_name[column.by].fold
    names = [value] if isinstance(value, str) else sorted(value)
    keys = {name: known.get(fold(name)) for name in names if name}
    row.values[column.name] = (
        keys.get(value, "") if isinstance(column, Code) else frozenset(keys.values())
    )
    for name, key in keys.items():
        if reason := _unfit(target, key, is_known=fold(name) in known, name=name):
            plan.report(shelf.table, row.line, column.name, reason)
    return all(key is not None and not target.is_removed(key) for key in keys.values())


def _unfit(target: Shelf, key, *, is_known: bool, name: str) -> str:
    """Why a row cannot be referred to; empty if it can, or if the reason is reported where that row
    is.
    """
    # What is missing may stand in the part of its file that could not be read.
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
    system, systems = row.values["system_code"], plan.shelf("systems")
    kind = systems.after[system]["kind"] if system else row.values["system_kind"]
    if kind != row.values["system_kind"]:
        yield "system_kind", f"The system {quoted(systems.shown(system))} is of the kind {kind}."


def _agree_with_rules(plan: Plan, row: Row) -> Iterator[tuple[str, str]]:
    """A rule that names a system says of which kind it is: that cannot change behind its back."""
    before = plan.shelf("systems").before
    code = TABLES["systems"].key_of(row.values)
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
    source, target = (plan.shelf("systems").shown(system) for system in route)
    words = f"from {quoted(source)} to {quoted(target)}"
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
        # Columns of the key are left out: rows of the same key are one row.
        if isinstance(column, Text) and column.field.unique and column.name not in shelf.table.key:
            for keys in _owners(shelf, column).values():
                for key in keys[1:]:
                    value = shelf.after[key][column.name]
                    reason = f"{quoted(value)} already belongs to {quoted(shelf.shown(keys[0]))}."
                    plan.report(shelf.table, shelf.rows[key].line, column.name, reason)


def _owners(shelf: Shelf, column: Text) -> dict[str, list]:
    """Folded value -> the keys of the rows that have it: who keeps it unchanged first, then in the
    order of the file.
    """
    owners = defaultdict(list)
    for key, values in shelf.after.items():
        if values[column.name]:
            owners[column.fold(values[column.name])].append(key)
    for keys in owners.values():
        keys.sort(key=lambda key: shelf.rows[key].line if key in shelf.rows else 0)
    return owners


@dataclass(frozen=True)
class _Removal:
    """In which column a row says that it is removed, the value of that, and the words of a file."""

    column: str
    value: Any
    yes: str
    no: str


_REMOVALS = {
    "people": _Removal("is_removed", False, yes="true", no="false"),
    "systems": _Removal("lifecycle_status", SystemLifecycle.REMOVED, yes="REMOVED", no="ACTIVE"),
}


def _judge_revivals(plan: Plan, shelf: Shelf) -> None:
    """Nobody and nothing comes back in force by a cell that says nothing."""
    removal = _REMOVALS.get(shelf.table.name)
    if removal is None:
        return
    for key, columns in shelf.changed.items():
        was_removed = shelf.before[key][removal.column] == removal.value
        changes = removal.column in [column.name for column in columns]
        if changes and was_removed and not shelf.rows[key].texts[removal.column]:
            reason = (
                f"{quoted(shelf.shown(key))} has been removed, and an empty cell would put it back "
                f"in force. Write {removal.no} if that is meant, else {removal.yes}."
            )
            plan.report(shelf.table, shelf.rows[key].line, removal.column, reason)


def _judge_administrators(plan: Plan, shelf: Shelf) -> None:
    """Somebody can always administer the site."""
    leaving = {
        shelf.existing[key].pk: shelf.rows[key].line
        for key in shelf.changed
        if shelf.existing[key].is_administrator and not shelf.rows[key].values["is_removed"]
    }
    if leaving and User.objects.are_last_administrators(leaving):
        for line in leaving.values():
            plan.report(shelf.table, line, "is_removed", LAST_ADMINISTRATOR)


def _judge_tree(plan: Plan, shelf: Shelf) -> None:
    name = shelf.table.above
    above = {key: values[name] for key, values in shelf.after.items()}
    for key in _circling(above) & shelf.rows.keys():
        reason = f"{quoted(shelf.shown(key))} would be above itself."
        plan.report(shelf.table, shelf.rows[key].line, name, reason)


def _circling(above: dict) -> set:
    """The keys from which the way up leads back to them."""
    circling: set = set()
    done: set = set()
    # In a loop, since a file may name so long a line of superiors that recursion would end in an
    # error.
    for start in above:
        trail: dict = {}
        step = start
        while step and step not in done and step not in trail:
            trail[step] = len(trail)
            step = above.get(step)
        if step in trail:
            circling |= {key for key, place in trail.items() if place >= trail[step]}
        done.update(trail)
    return circling
