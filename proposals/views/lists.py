"""Pages of long lists, and the files they are downloaded as."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from ..files.download import MOST_ROWS

SIZE = 25
MOST = 1000
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Page:
    """One page of a list. `newer` and `older` are query strings of its neighbours, empty where
    there is none.
    """

    rows: list
    newer: str
    older: str


def keyset_page(queryset, query: QueryDict) -> Page:
    """The page that `?before=<id>` (older ones) or `?after=<id>` (newer ones) asks for; else the
    newest.

    By key, not by OFFSET: the thousandth page costs what the first does, and rows that arrive
    meanwhile move nothing. A value that is no id counts as absent.
    """
    before, after = _id(query.get("before")), _id(query.get("after"))
    if after is not None:
        rows = list(queryset.filter(pk__gt=after).order_by("pk")[: SIZE + 1])
        more_newer, more_older = len(rows) > SIZE, True
        rows = rows[:SIZE][::-1]
    else:
        rows = list(
            (queryset.filter(pk__lt=before) if before is not None else queryset).order_by("-pk")[
                : SIZE + 1
            ]
        )
        more_newer, more_older = before is not None, len(rows) > SIZE
        rows = rows[:SIZE]
    newer = _query(query, after=rows[0].pk) if rows and more_newer else ""
    older = _query(query, before=rows[-1].pk) if rows and more_older else ""
    return Page(rows, newer, older)


@dataclass(frozen=True)
class BoundedPage:
    """One page of the first MOST rows of a list; `total` is how many there are, None if that is
    more than MOST.
    """

    rows: list
    number: int
    pages: int
    total: int | None

    @property
    def most(self) -> str:
        return f"{MOST:,}"

    @property
    def how_many(self) -> str:
        return f"more than {self.most}" if self.total is None else f"{self.total:,}"

    @property
    def is_cut(self) -> bool:
        """Whether it is the last page one can turn to, and there is more."""
        return self.total is None and self.number == self.pages


def bounded_page(queryset: QuerySet, query: QueryDict, size: int = 50) -> BoundedPage:
    """The page `?page=<number>` of a list in an order of its own; what is no page of it counts as
    its nearest one.
    """
    # Counted no further than anybody can turn: a full count reads the whole table.
    counted = queryset.order_by().values("pk")[: MOST + 1].count()
    pages = max(1, -(-min(counted, MOST) // size))
    number = min(max(_id(query.get("page")) or 1, 1), pages)
    rows = list(queryset[(number - 1) * size : min(number * size, MOST)])
    return BoundedPage(rows, number, pages, counted if counted <= MOST else None)


def wanted_file(request: HttpRequest) -> str:
    """The kind of file that `?as=` asks for instead of a page; empty if it asks for none there
    is.
    """
    kind = request.GET.get("as", "")
    return kind if kind in MOST_ROWS else ""


def offset_page(queryset, query: QueryDict) -> Page:
    """The page `?page=<number>` of a list in an order of its own; without counting it."""
    # OFFSET reads what it skips, so there is an end to how far one can turn.
    number = min(_id(query.get("page")) or 1, 400)
    rows = list(queryset[(number - 1) * SIZE : number * SIZE + 1])
    newer = _query(query, page=number - 1) if number > 1 else ""
    older = _query(query, page=number + 1) if len(rows) > SIZE else ""
    return Page(rows[:SIZE], newer, older)


def _id(text: str | None) -> int | None:
    # isdigit() alone takes digits of other scripts; a longer number would not fit into the column.
    is_number = text and text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if is_number and int(text) <= LARGEST else None


def _query(query: QueryDict, **edge: int) -> str:
    kept = query.copy()
    for key in ("before", "after", "page"):
        kept.pop(key, None)
    kept.update(edge)
    return f"?{kept.urlencode()}"
