"""Pages of lists: the filters of the pages, a cursor instead of links."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import QuerySet
from ninja import Query

from ..forms.list_filter import ListFilter, SystemFilter
from ..reports.keyset import Order
from .access import Call
from .problems import Problem

MOST = 200
OWN = {"cursor", "limit"}

Limit = Query(50, ge=1, le=MOST, description="Rows of a page.")
Cursor = Query("", max_length=2000, description="`next` of the page before.")


def page(
    request: Call,
    chosen: ListFilter,
    written: Callable[[Any], dict[str, Any]],
    cursor: str,
    limit: int,
) -> dict[str, Any]:
    """One page of what the filter finds."""
    unknown = set(request.GET) - set(chosen.base_filters) - OWN
    if unknown:
        errors = dict.fromkeys(sorted(unknown), "There is no such filter.")
        raise Problem(422, "A filter is not known here.", errors=errors)
    if not chosen.is_valid():
        raise Problem(422, "A filter cannot be read.", errors=sentences(chosen.form))
    return page_of(chosen.found, written, cursor, limit)


def page_of(
    rows: QuerySet, written: Callable[[Any], dict[str, Any]], cursor: str, limit: int
) -> dict[str, Any]:
    order = Order.of(rows)
    place = _place(order, cursor)
    behind = rows.filter(order.behind(place)) if place else rows
    found = list(behind[: limit + 1])
    has_next = len(found) > limit
    return {
        "items": [written(row) for row in found[:limit]],
        "next": _cursor(order.values(found[limit - 1])) if has_next else None,
    }


def _cursor(values: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def _place(order: Order, cursor: str) -> list | None:
    if not cursor:
        return None
    try:
        texts = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, ValueError):
        texts = None
    is_one = isinstance(texts, list) and all(isinstance(text, str) for text in texts)
    place = order.read(texts) if is_one else None
    if place is None:
        wrong = {"cursor": "Send `next` of the page before, with the same filters and order."}
        raise Problem(422, "The cursor names no place in this list.", errors=wrong)
    return place


def sentences(form: forms.BaseForm) -> dict[str, str]:
    return {
        "" if name == NON_FIELD_ERRORS else name: " ".join(map(str, errors))
        for name, errors in form.errors.items()
    }


def parameters_of(filters: type[ListFilter]) -> dict[str, Any]:
    """What an operation of a list says of its filters in the OpenAPI document."""
    return {
        "parameters": [
            {
                "in": "query",
                "name": name,
                "required": False,
                "description": str(chosen.label or name),
                "schema": _schema(chosen),
            }
            for name, chosen in filters.base_filters.items()
        ]
    }


def _schema(chosen: django_filters.Filter) -> dict[str, Any]:
    if isinstance(chosen, django_filters.ModelChoiceFilter):
        by_name = {"type": "string", "maxLength": 200}
        return by_name if isinstance(chosen, SystemFilter) else {"type": "integer", "minimum": 1}
    if isinstance(chosen, django_filters.ChoiceFilter):
        return {
            "type": "string",
            "enum": [value for value, _ in _flat(chosen.field.choices) if value],
        }
    if isinstance(chosen, django_filters.BooleanFilter):
        return {"type": "boolean"}
    if isinstance(chosen, django_filters.NumberFilter):
        bounds = {"minimum": chosen.extra["min_value"], "maximum": chosen.extra["max_value"]}
        return {"type": "integer"} | bounds
    return {"type": "string", "maxLength": 200}


def _flat(choices: Iterable) -> Iterable[tuple[str, str]]:
    for value, words in choices:
        yield from words if isinstance(words, list | tuple) else [(value, words)]
