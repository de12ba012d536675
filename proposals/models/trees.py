"""Rows that name the one above them: organisational units, data types, people and their managers.

A circle, which no form lets in but a hand or a file may have made, is walked once.
"""

from collections import defaultdict
from typing import Any

from django.core.exceptions import ValidationError


def refuse_cycle(node: Any, parent: str) -> None:
    """ValidationError if following `parent` upwards from `node` comes back to it.

    Reads all (id, parent) pairs of the table in one query: these trees are small and deep walks are
    not.
    """

    above = dict(type(node).objects.values_list("pk", f"{parent}_id")) | {
        node.pk: getattr(node, f"{parent}_id")
    }
    seen, step = set(), node.pk
    while step is not None and step not in seen:
        seen.add(step)
        step = above.get(step)
    if step is not None:
        raise ValidationError({parent: f"{node} would be above itself."})


def above(node: Any) -> list:
    """What lies above `node`, from its root down; a query for each level."""
    rows: list = []
    while node.parent is not None and node.parent not in rows:
        node = node.parent
        rows.insert(0, node)
    return rows


def with_below(node: Any) -> list[int]:
    """The ids of `node` and of all that lies below it, for an IN list; one query reads the
    (id, parent) pairs of the table.
    """
    children = defaultdict(list)
    for pk, parent in type(node).objects.order_by().values_list("pk", "parent_id"):
        children[parent].append(pk)
    reached, seen = [node.pk], {node.pk}
    for above in reached:  # grows while it is walked
        new = [pk for pk in children[above] if pk not in seen]
        reached += new
        seen.update(new)
    return reached


def lineages(model: Any) -> dict[int, tuple[str, ...]]:
    """For the id of every row of `model`, the names from its root down to itself; one query."""
    rows = {row.pk: row for row in model.objects.only("name", "parent")}

    def lineage(pk: int | None) -> tuple[str, ...]:
        names: dict[int, str] = {}
        while pk is not None and pk not in names:
            names[pk] = rows[pk].name
            pk = rows[pk].parent_id
        return tuple(reversed(names.values()))

    return {pk: lineage(pk) for pk in rows}
