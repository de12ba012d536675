"""A place in a list, named by the values that the list is ordered by."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from django.db.models import DateTimeField, Field, IntegerField, Q, QuerySet

LARGEST = 2**63 - 1
NO_ROW = Q(pk__in=[])


@dataclass(frozen=True)
class Part:
    """One of the values by which a list is ordered."""

    path: str
    field: Field
    is_descending: bool
    empty_first: bool

    def value(self, row: Any) -> str:
        held = reduce(getattr, self.path.split("__"), row)
        if held is None:
            return ""
        return held.isoformat() if isinstance(held, datetime) else str(held)

    def read(self, text: str) -> Any:
        """The value that `text` stands for, None where there is none; ValueError for what is no
        value of it.
        """
        if not text and self.empty_first:
            return None
        if isinstance(self.field, DateTimeField):
            return _moment(text)
        if isinstance(self.field, IntegerField):
            return _number(text)
        if "\x00" in text:
            raise ValueError(text)
        return text

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True} if value is None else {self.path: value})

    def behind(self, value: Any) -> Q:
        """The rows that come later by this part alone."""
        if value is None:
            return Q(**{f"{self.path}__isnull": False})
        return Q(**{f"{self.path}__{'lt' if self.is_descending else 'gt'}": value})

    def ahead(self, value: Any) -> Q:
        if value is None:
            return NO_ROW
        earlier = Q(**{f"{self.path}__{'gt' if self.is_descending else 'lt'}": value})
        return earlier | Q(**{f"{self.path}__isnull": True}) if self.empty_first else earlier


@dataclass(frozen=True)
class Order:
    """What a list is ordered by. Values that may be absent come first, and their list says so."""

    parts: list[Part]

    @classmethod
    def of(cls, queryset: QuerySet) -> "Order":
        return cls([_part(queryset, ordered) for ordered in queryset.query.order_by])

    def values(self, row: Any) -> list[str]:
        return [part.value(row) for part in self.parts]

    def read(self, texts: list[str]) -> list | None:
        if len(texts) != len(self.parts):
            return None
        try:
            return [part.read(text) for part, text in zip(self.parts, texts, strict=True)]
        except ValueError:
            return None

    def behind(self, values: list) -> Q:
        """The rows that come after the one with `values`."""
        later = NO_ROW
        for part, value in reversed(list(zip(self.parts, values, strict=True))):
            later = part.behind(value) | part.same(value) & later
        return later & self._bound("lte" if self.parts[0].is_descending else "gte", values[0])

    def ahead(self, values: list) -> Q:
        earlier = NO_ROW
        for part, value in reversed(list(zip(self.parts, values, strict=True))):
            earlier = part.ahead(value) | part.same(value) & earlier
        return earlier & self._bound("gte" if self.parts[0].is_descending else "lte", values[0])

    def _bound(self, lookup: str, value: Any) -> Q:
        """Says nothing new, but a database finds by an index only what no OR is about."""
        first = self.parts[0]
        return Q() if first.empty_first else Q(**{f"{first.path}__{lookup}": value})


def _part(queryset: QuerySet, ordered: Any) -> Part:
    """Of a term of `order_by`: a path with or without its minus, or `F(path).asc(...)`."""
    is_path = isinstance(ordered, str)
    path = ordered.removeprefix("-") if is_path else ordered.expression.name
    name = queryset.model._meta.pk.name if path == "pk" else path
    return Part(
        path,
        queryset.query.resolve_ref(name).output_field,
        ordered.startswith("-") if is_path else ordered.descending,
        not is_path and bool(ordered.nulls_first),
    )


def _number(text: str) -> int:
    # int() takes spaces, underscores and digits of other scripts too; a longer number would not
    # fit into the column.
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST):
        raise ValueError(text)
    return int(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None
