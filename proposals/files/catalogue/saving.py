"""Carries out a plan: everything in bulk, and one history row for every object added or changed."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import models

from ...models import (
    ChangeContext,
    Involvement,
    LogicalFlow,
    PhysicalFlow,
    User,
    insert,
    refresh_named_in,
    renew_derived,
)
from .columns import Codes, Text
from .plan import Plan, TablePlan

SLICE = 1000
FEW = 500  # of ids in one query: SQLite has a limit


def carry_out(
    plan: Plan, part: TablePlan, context: ChangeContext, advance: Callable[[int], None]
) -> None:
    """Write what is to be added and changed of one table; the tables it refers to have been written
    before.

    `advance` is told how many rows are done.
    """
    advance(part.read - len(part.added) - len(part.changed))
    # First, so that a new row may take the value that an old one gives up.
    _release(part)
    for keys in slices(part.added, SLICE):
        _add(plan, part, keys, context)
        advance(len(keys))
    # In a second step: the row above may stand further down in the file.
    if part.table.above:
        _hang(plan, part)
    changed = _change(plan, part)
    advance(len(changed))
    for keys in slices(part.added, SLICE):
        added = [part.ids[key] for key in keys]
        context.record_rows(part.table.model, added, created=True)
    context.record(changed, created=False)


def slices(items: Iterable, size: int) -> Iterator[list]:
    left = iter(items)
    while few := list(islice(left, size)):
        yield few


def _release(part: TablePlan) -> None:
    """Give up the unique values that are about to change, so that two rows may exchange theirs."""
    for field in {
        column.field for columns in part.changed.values() for column in columns if _is_id(column)
    }:
        ids = [part.ids[key] for key, columns in part.changed.items() if field in _fields(columns)]
        for few in slices(ids, FEW):
            part.table.model.objects.filter(pk__in=few).update(**{field.name: None})


def _is_id(column) -> bool:
    return isinstance(column, Text) and column.field.unique and column.field.null


def _fields(columns: list) -> list[models.Field]:
    return [column.field for column in columns]


def _add(plan: Plan, part: TablePlan, keys: list, context: ChangeContext) -> None:
    rows = [part.rows[key].values for key in keys]
    _hold(plan, part, rows)
    objs = [_new(plan, part, values, context) for values in rows]
    insert(objs)
    part.ids.update({key: obj.pk for key, obj in zip(keys, objs, strict=True)})
    if not part.table.is_fixed:
        part.objects |= dict(zip(keys, objs, strict=True))
    for column in part.table.of_many:
        pairs = zip(objs, (values[column.name] for values in rows), strict=True)
        _link(plan, column, list(pairs))


def _hold(plan: Plan, part: TablePlan, rows: list[dict]) -> None:
    """What these rows refer to, of tables whose rows are only added."""
    for column in part.table.of_codes:
        plan.part(column.of).hold({values[column.name] for values in rows})
    if part.table.model is PhysicalFlow:
        plan.part("logical_flows").hold(map(_route, rows))


def _route(values: dict) -> tuple[str, str]:
    return values["source_code"], values["target_code"]


def _new(plan: Plan, part: TablePlan, values: dict, context: ChangeContext) -> Any:
    obj = part.table.model()
    for column in part.table.columns:
        if column.is_own and column.name != part.table.above:
            column.put(obj, values[column.name], plan.find)
    _COMPLETIONS.get(type(obj), _leave)(obj, values, plan, context)
    return obj


def _leave(obj: models.Model, values: dict, plan: Plan, context: ChangeContext) -> None:
    """Most rows are complete with what their file says."""


def _complete_user(user: User, values: dict, plan: Plan, context: ChangeContext) -> None:
    user.follow_email()
    # An administrator gives the first one; a file of people is no place for passwords.
    user.set_unusable_password()


def _complete_involvement(
    involvement: Involvement, values: dict, plan: Plan, context: ChangeContext
) -> None:
    involvement.started_at = context.at


def _complete_logical_flow(
    flow: LogicalFlow, values: dict, plan: Plan, context: ChangeContext
) -> None:
    flow.origin_batch = context.batch
    if _route(values) in plan.routes_gaining:
        flow.activate()


def _complete_physical_flow(
    flow: PhysicalFlow, values: dict, plan: Plan, context: ChangeContext
) -> None:
    flow.logical_flow = plan.find("logical_flows", _route(values))
    flow.origin_batch = context.batch
    flow.set_content_key()


_COMPLETIONS: dict[type, Callable[[Any, dict, Plan, ChangeContext], None]] = {
    User: _complete_user,
    Involvement: _complete_involvement,
    LogicalFlow: _complete_logical_flow,
    PhysicalFlow: _complete_physical_flow,
}


def _link(plan: Plan, column: Codes, pairs: list[tuple]) -> None:
    through = column.field.remote_field.through
    owner, related = column.field.m2m_column_name(), column.field.m2m_reverse_name()
    links = [
        through(**{owner: obj.pk, related: plan.find(column.of, code).pk})
        for obj, codes in pairs
        for code in sorted(codes)
    ]
    # Not .set() or .add(), which would ask the database for each row.
    insert(links)


def _hang(plan: Plan, part: TablePlan) -> None:
    """Put the new rows of a tree below others, which may be new themselves."""
    column = part.table.by_name[part.table.above]
    hung = [key for key in part.added if part.rows[key].values[column.name]]
    for key in hung:
        column.put(part.objects[key], part.rows[key].values[column.name], plan.find)
    objs = [part.objects[key] for key in hung]
    part.table.model.objects.bulk_update(objs, [column.path], batch_size=SLICE)


def _change(plan: Plan, part: TablePlan) -> list:
    for key, columns in part.changed.items():
        obj = part.objects[key]
        for column in columns:
            column.put(obj, part.rows[key].values[column.name], plan.find)
        if isinstance(obj, User):
            obj.follow_email()
            obj.end_sessions()
    objs = [part.objects[key] for key in part.changed]
    fields = {column.path for columns in part.changed.values() for column in columns}
    # bulk_update writes the columns named and no others, so what follows from them is named too.
    if "email" in fields:
        fields.add("username")
    if "is_active" in fields:
        fields.add("session_salt")
    fields |= set(renew_derived(objs))
    if objs:
        part.table.model.objects.bulk_update(objs, sorted(fields), batch_size=SLICE)
    # `save` would do it; bulk_update calls none.
    if "name" in fields:
        refresh_named_in(objs)
    return objs


def activate(plan: Plan, context: ChangeContext) -> None:
    """The flows that were here before, pending, and now have a physical flow."""
    if not plan.routes_gaining:
        return
    part = plan.part("logical_flows")
    for routes in slices(plan.routes_activated, SLICE):
        part.hold(routes)
        flows = [part.objects[route] for route in routes]
        for flow in flows:
            flow.activate()
        LogicalFlow.objects.bulk_update(flows, ["lifecycle"])
        context.record(flows, created=False)
