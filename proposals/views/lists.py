"""Pages of long lists, and the files they are downloaded as."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from ..files.download import FORMS
from ..forms.list_filter import ListFilter
from ..models import among_ids, is_looked_up
from ..reports.keyset import Order
from ..reports.list_columns import Column, Columns
from .saved_views import views_of

SIZE = 25
# Nobody counts on as far as this; a full count would read the whole table.
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Page:
    """One page of a list. `previous` and `next` are query strings of its neighbours, empty where
    there is none.
    """

    rows: list
    previous: str
    next: str


def counted_page(
    queryset: QuerySet, query: QueryDict, size: int = SIZE, total: "Total | None" = None
) -> tuple[Page, "Total"]:
    """As `keyset_page`, and how many rows there are in all: `total`, if that is known already."""
    is_short = is_looked_up(queryset)
    if total is None:
        counted = list(queryset.order_by().values_list("pk", flat=True)[: MOST_COUNTED + 1])
        total = Total.of_number(len(counted))
        if total.number is not None and not is_short:
            # What was found need not be sought a second time: that may be long for a few rows.
            queryset, is_short = queryset.filter(pk__in=among_ids(counted)), True
    return keyset_page(queryset, query, size, is_short=is_short), total


def listed_page(chosen: ListFilter, query: QueryDict, size: int = SIZE) -> dict[str, Any]:
    """What the template of a list shows of what its filter finds. Of those that come newest first
    nobody asks how many there are.
    """
    page, total = (
        (keyset_page(chosen.found, query, size), None)
        if chosen.newest_first
        else counted_page(chosen.found, query, size)
    )
    return {"filter": chosen, "page": page, "total": total}


def keyset_page(
    queryset: QuerySet, query: QueryDict, size: int = SIZE, *, is_short: bool = False
) -> Page:
    """The page after the row that `?after=` names, or before that of `?before=`; else the first.

    A row is named by what the list is ordered by, one value for each part of the order, the last
    of them its id. What names no place in the list, or one with nothing behind it, counts as
    absent. `is_short`: the list is known to have some thousand rows at most.
    """
    read = _first_of_few if is_short else _first
    # By key, not by OFFSET: the thousandth page costs what the first does, and rows that arrive or
    # leave meanwhile move no other to where it is missed or shown twice.
    order = Order.of(queryset)
    after, before = order.read(query.getlist("after")), order.read(query.getlist("before"))
    if after is not None:
        rows = read(queryset.filter(order.behind(after)), size + 1)
        if rows:
            return _page(order, query, rows[:size], has_previous=True, has_next=len(rows) > size)
    elif before is not None:
        rows = read(queryset.filter(order.ahead(before)).reverse(), size + 1)
        if len(rows) > size:
            return _page(order, query, rows[size - 1 :: -1], has_previous=True, has_next=True)
    rows = read(queryset, size + 1)
    return _page(order, query, rows[:size], has_previous=False, has_next=len(rows) > size)


def _first(rows: QuerySet, most: int) -> list:
    return list(rows[:most])


def _first_of_few(rows: QuerySet, most: int) -> list:
    """As `_first`, for a list that is known to be short."""
    # All ids first: a LIMIT makes a database hope that it meets enough rows soon by walking along
    # the order, and where they are few it walks through the whole table.
    ids = list(rows.values_list("pk", flat=True))[:most]
    found = {row.pk: row for row in rows.order_by().filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]


def _page(
    order: "Order", query: QueryDict, rows: list, *, has_previous: bool, has_next: bool
) -> Page:
    """With links to its neighbours, where the list goes on."""
    return Page(
        rows,
        _query(query, before=order.values(rows[0])) if has_previous else "",
        _query(query, after=order.values(rows[-1])) if has_next else "",
    )


def _query(query: QueryDict, **edge: list[str]) -> str:
    kept = query.copy()
    for key in ("before", "after"):
        kept.pop(key, None)
    for key, values in edge.items():
        kept.setlist(key, values)
    return f"?{kept.urlencode()}"


@dataclass(frozen=True)
class Total:
    """How many rows a list has; None if they are more than MOST_COUNTED."""

    number: int | None

    @classmethod
    def of(cls, queryset: QuerySet) -> "Total":
        return cls.of_number(queryset.order_by().values("pk")[: MOST_COUNTED + 1].count())

    @classmethod
    def of_number(cls, number: int) -> "Total":
        return cls(number if number <= MOST_COUNTED else None)

    def __str__(self) -> str:
        return f"More than {MOST_COUNTED:,}" if self.number is None else f"{self.number:,}"


def wanted_file(request: HttpRequest) -> str:
    """The kind of file that `?as=` asks for instead of a page; empty if it asks for none there
    is.
    """
    kind = request.GET.get("as", "")
    return kind if kind in FORMS else ""


@dataclass(frozen=True)
class Head:
    """The head of a column on a page: `query` sorts by it, `sort` says how it is sorted now."""

    column: Column
    query: str = ""
    sort: str = ""


def list_context(columns: Columns, request: HttpRequest, *, sorts: bool = True) -> dict[str, Any]:
    """For the templates of a list whose columns are chosen: those, their heads, which sort by them
    where it `sorts`, what the form that chooses others keeps of the address, and the views that the
    reader can open.
    """
    query, name = request.GET, request.resolver_match.url_name
    shown = QueryDict(mutable=True)
    for key, value in besides(query, ""):
        if value:
            shown.appendlist(key, value)
    return {
        "columns": columns,
        "heads": heads_of(columns, query) if sorts else [Head(row) for row in columns.on_page],
        "elsewhere": besides(query, "columns"),
        "views": views_of(request.user, name),
        "shown": shown.urlencode(),
        "list_name": name,
    }


def heads_of(columns: Columns, query: QueryDict) -> list[Head]:
    return [_head(column, query) for column in columns.on_page]


def _head(column: Column, query: QueryDict) -> Head:
    if column.orders is None:
        return Head(column)
    order, (upwards, downwards) = query.get("order", ""), column.orders
    sort = {upwards: "ascending", downwards: "descending"}.get(order, "")
    other = downwards if order == upwards else upwards
    kept = query.copy()
    # In another order a list begins anew.
    for key in ("before", "after", "order"):
        kept.pop(key, None)
    if other:
        kept["order"] = other
    return Head(column, f"?{kept.urlencode()}", sort)


def besides(query: QueryDict, name: str) -> list[tuple[str, str]]:
    """(name, value) of what a form that asks for `name` keeps of the address: all but the place in
    the list, which begins anew.
    """
    left_out = {name, "before", "after", "as"}
    return [(key, value) for key in query if key not in left_out for value in query.getlist(key)]
