"""What the rows of a catalogue owe each other: known codes, agreeing kinds, one owner for each id,
no circles.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ...models import (
    LAST_ADMINISTRATOR,
    SystemLifecycle,
    User,
)
from .columns import Code, Codes, Text
from .plan import Plan, Row, TablePlan
from .problems import quoted
from .tables import TABLES

TOLD_EVERY = 1000  # rows


def judge(plan: Plan, advance: Callable[[int], None]) -> None:
    """Compare every row taken into the plan with what is here, or say what is wrong with it.

    `advance` is told how many rows are done.
    """
    for part in plan.taken:
        # In the order of the tables, so that what a row refers to has been judged before it.
        plan.compare(part, _sound(plan, part, advance))
        _judge_unique(plan, part)
        _judge_revivals(plan, part)
        if part.table.name == "people":
            _judge_administrators(plan, part)
        if part.table.above:
            _judge_tree(plan, part)


def _sound(plan: Plan, part: TablePlan, advance: Callable[[int], None]) -> Iterator:
    """The keys of sound rows, whose references have been turned into keys."""
    told = 0
    for number, (key, row) in enumerate(part.rows.items(), start=1):
        if _is_sound(plan, part, row):
            part.rows[key] = row
            yield key
        if number - told == TOLD_EVERY:
            told = number
            advance(TOLD_EVERY)
    advance(part.read - told)


def _is_sound(plan: Plan, part: TablePlan, row: Row) -> bool:
    references: list[Code | Codes] = [*part.table.of_codes, *part.table.of_many]
    columns = [column for column in references if column.name not in row.absent]
    # A list and not a generator in all(): each reference that is wrong is to be reported.
    known = [_refer(plan, part, row, column) for column in columns]
    if not all(known):
        return False
    disagreements = list(_AGREEMENTS.get(part.table.name, _nothing)(plan, row))
    for column, reason in disagreements:
        plan.report(part.table, row.line, column, reason)
    return not disagreements


def _refer(plan: Plan, part: TablePlan, row: Row, column: Code | Codes) -> bool:
    """Turn what a cell calls other rows into their keys; whether all of them can be referred to."""
    target, value = plan.part(column.of), row.values[column.name]
    fold = target.table.by_name[column.by].fold
    names = [value] if isinstance(value, str) else sorted(value)
    keys = {name: target.key_called(column.by, fold(name)) for name in names if name}
    row.values[column.name] = (
        keys.get(value, "") if isinstance(column, Code) else frozenset(keys.values())
    )
    for name, key in keys.items():
        if reason := _unfit(target, key, name=name):
            plan.report(part.table, row.line, column.name, reason)
    return all(key and not target.is_removed(key) for key in keys.values())


def _unfit(target: TablePlan, key, *, name: str) -> str:
    """Why a row cannot be referred to; empty if it can, or if the reason is reported where that row
    is.
    """
    # What is missing may stand in the part of its file that could not be read.
    if key == "" and target.complete:
        return (
            f"{quoted(name)} is unknown: it is not in {target.table.file} and has not been "
            "imported before."
        )
    if key and target.is_removed(key) and key not in target.rows:
        return f"{quoted(name)} has been removed."
    return ""


def _nothing(plan: Plan, row: Row) -> Iterator[tuple[str, str]]:
    yield from ()


def _agree_with_system(plan: Plan, row: Row) -> Iterator[tuple[str, str]]:
    system, systems = row.values["system_code"], plan.part("systems")
    kind = systems.after[system]["kind"] if system else row.values["system_kind"]
    if kind != row.values["system_kind"]:
        yield "system_kind", f"The system {quoted(systems.shown(system))} is of the kind {kind}."


def _agree_with_rules(plan: Plan, row: Row) -> Iterator[tuple[str, str]]:
    """A rule that names a system says of which kind it is: that cannot change behind its back."""
    before = plan.part("systems").before
    code = TABLES["systems"].key_of(row.values)
    if code in before and before[code]["kind"] != row.values["kind"]:
        rules = plan.part("approver_rules").before.values()
        if any(rule["system_code"] == code for rule in rules):
            kind = before[code]["kind"]
            yield (
                "kind",
                f"An approver rule names this system as one of the kind {kind}; "
                "delete that rule first.",
            )


def _agree_with_route(plan: Plan, row: Row) -> Iterator[tuple[str, str]]:
    flows, route = (
        plan.part("logical_flows"),
        (row.values["source_code"], row.values["target_code"]),
    )
    if route not in flows.after and route not in flows.broken_keys and flows.complete:
        yield "", f"There is no logical flow {_route_in_words(plan, route)}."
    elif flows.is_removed(route) and route not in flows.rows:
        words = _route_in_words(plan, route)
        yield "", f"The logical flow {words} has been removed; it needs a new proposal."


def _route_in_words(plan: Plan, route: tuple[str, str]) -> str:
    source, target = (plan.part("systems").shown(system) for system in route)
    return f"from {quoted(source)} to {quoted(target)}"


_AGREEMENTS = {
    "systems": _agree_with_rules,
    "approver_rules": _agree_with_system,
    "involvements": _agree_with_system,
    "physical_flows": _agree_with_route,
}


def _judge_unique(plan: Plan, part: TablePlan) -> None:
    for column in part.table.columns:
        # Columns of the key are left out: rows of the same key are one row.
        if isinstance(column, Text) and column.field.unique and column.name not in part.table.key:
            for keys in _owners(part, column).values():
                for key in keys[1:]:
                    value = part.after[key][column.name]
                    reason = f"{quoted(value)} already belongs to {quoted(part.shown(keys[0]))}."
                    plan.report(part.table, part.rows[key].line, column.name, reason)


def _owners(part: TablePlan, column: Text) -> dict[str, list]:
    """Folded value -> the keys of the rows that have it: who keeps it unchanged first, then in the
    order of the file.
    """
    owners = defaultdict(list)
    for key, values in part.after.items():
        if values[column.name]:
            owners[column.fold(values[column.name])].append(key)
    for keys in owners.values():
        keys.sort(key=lambda key: part.rows[key].line if key in part.rows else 0)
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


def _judge_revivals(plan: Plan, part: TablePlan) -> None:
    """Nobody and nothing comes back in force by a cell that says nothing."""
    removal = _REMOVALS.get(part.table.name)
    if removal is None:
        return
    for key, columns in part.changed.items():
        was_removed = part.before[key][removal.column] == removal.value
        changes = removal.column in [column.name for column in columns]
        if changes and was_removed and not part.rows[key].texts[removal.column]:
            reason = (
                f"{quoted(part.shown(key))} has been removed, and an empty cell would put it back "
                f"in force. Write {removal.no} if that is meant, else {removal.yes}."
            )
            plan.report(part.table, part.rows[key].line, removal.column, reason)


def _judge_administrators(plan: Plan, part: TablePlan) -> None:
    """Somebody can always administer the site."""
    leaving = {
        part.ids[key]: part.rows[key].line
        for key in part.changed
        if part.objects[key].is_administrator and not part.rows[key].values["is_removed"]
    }
    if leaving and User.objects.are_last_administrators(leaving):
        for line in leaving.values():
            plan.report(part.table, line, "is_removed", LAST_ADMINISTRATOR)


def _judge_tree(plan: Plan, part: TablePlan) -> None:
    name = part.table.above
    above = {key: values[name] for key, values in part.after.items()}
    for key in _circling(above) & part.rows.keys():
        reason = f"{quoted(part.shown(key))} would be above itself."
        plan.report(part.table, part.rows[key].line, name, reason)


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
