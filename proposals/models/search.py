"""What a search looks in: one column of folded text in each kind of row that is searched.

Each word of what somebody types has to occur in it. The column is filled by Python, so that both
databases find what a reader would call the same, and PostgreSQL has an index of its trigrams.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q

from .fields import DerivedField, derived_fields, key_in
from .text import folded

LONGEST, MOST_WORDS = 300, 20  # of what somebody types to find something
ARROW = re.compile("→|->")
# As the product and people write the number of a proposal: #61, No. 61, Proposal 61.
NUMBER = re.compile(r"(?:\bproposal|\bno\.?|#) ?#?([0-9]{1,18})\b")
NOT_ASCII = r"[^\u0001-\u007F]"
AROUND_WORDS = "()“”\"',;:"
SLICE = 500


class SearchField(DerivedField, models.TextField):
    """The texts that its row gives as `searched()`, folded, each after a line break of its own.
    `reads` are the paths of the columns that `searched()` asks for.
    """

    def __init__(self, *args, reads: tuple[str, ...] = (), **kwargs) -> None:
        self.reads = reads
        options: dict[str, Any] = {"default": "", "db_default": "", "editable": False}
        super().__init__(*args, **options | kwargs)

    @property
    def related(self) -> list[str]:
        """The paths of the rows whose names are among its texts."""
        return list(dict.fromkeys(path.rpartition("__")[0] for path in self.reads if "__" in path))

    def derive(self, instance) -> str:
        return search_text(instance.searched())

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs


def search_text(texts: Iterable[str]) -> str:
    return "".join(f"\n{folded(text)}" for text in texts)


def words(text: str) -> list[str]:
    """What has to occur, of what somebody typed: folded, without the signs that the product writes
    around names and codes.
    """
    parts = [part.strip(AROUND_WORDS) for part in ARROW.sub(" ", folded(text)[:LONGEST]).split()]
    return [part for part in parts if part][:MOST_WORDS]


def containing(text: str) -> Q:
    """Each word of `text` occurs in the search text."""
    return Q(*(("search_text__contains", word) for word in words(text)))


def along_route(text: str) -> Q | None:
    """For "source → target": each word before the arrow occurs in a name of the source, each after
    it in one of the target. None if there is no arrow.
    """
    sides = ARROW.split(folded(text)[:LONGEST], maxsplit=1)
    if len(sides) == 1:
        return None
    before = [rf"{re.escape(word)}[^\n]*(\n[^\n]*)?\n→\n" for word in words(sides[0])]
    after = [rf"\n→\n([^\n]*\n)?[^\n]*{re.escape(word)}" for word in words(sides[1])]
    # The words too, since only they are looked up in an index.
    return containing(text) & Q(*(("search_text__regex", side) for side in [*before, *after]))


def by_number(text: str) -> tuple[Q, str]:
    """Of the rows that "#61" in `text` means, and what else there is in it."""
    number = NUMBER.search(folded(text)[:LONGEST])
    if number is None:
        return Q(), text
    # A justification may cite the number of another proposal.
    meant = Q(pk=int(number[1])) | Q(search_text__contains=number[0])
    return meant, folded(text)[:LONGEST].replace(number[0], " ", 1)


def proposal_number(text: str) -> int | None:
    """The number of a proposal, if `text` is nothing else: 61, #61, No. 61, Proposal 61."""
    typed = folded(text)[:LONGEST]
    if number := NUMBER.fullmatch(typed):
        return int(number[1])
    return key_in(typed)


def plain_numbers(text: str) -> str:
    """Folded, with the mere number for "No. 61"."""
    return NUMBER.sub(r"\1", folded(text)[:LONGEST])


def found_in(rows: models.QuerySet, path: str, word: str) -> Q:
    """Which of `rows` have the folded `word` at `path`, for a search of the admin: a column of
    folded text, any other text, or with "=" before it a number.

    Where no folded text is stored the database finds what differs in ASCII alone; the rest, which
    are texts with other letters in them, is folded here.
    """
    if path.startswith("="):
        number = key_in(word)
        return Q(pk__in=[]) if number is None else Q(**{path[1:]: number})
    if path.endswith(("search_text", "_folded")):
        return Q(**{f"{path}__contains": word})
    plain = Q(**{f"{path}__icontains": word})
    others = rows.order_by().filter(**{f"{path}__regex": NOT_ASCII}).exclude(plain)
    ids = [pk for pk, text in others.values_list("pk", path) if word in folded(_as_text(text))]
    return plain | Q(pk__in=ids)


def _as_text(value: str | list[str]) -> str:
    """The addresses of a mail are a list."""
    return value if isinstance(value, str) else ", ".join(value)


class SearchedQuerySet(models.QuerySet):
    def matching(self, text: str):
        """Each word of `text` occurs in what a search looks in."""
        return self.filter(containing(text))


class RoutesQuerySet(SearchedQuerySet):
    """Of rows that have a source and a target."""

    def matching(self, text: str):
        route = along_route(text)
        return super().matching(text) if route is None else self.filter(route)


def route_texts(source: Any, target: Any) -> list[str]:
    """By which a row with these two systems is found, and `along_route` knows one from the
    other.
    """
    return [*source.names, "→", *target.names]


def refresh_named_in(rows: list[models.Model]) -> None:
    """Write the names of `rows`, all of one model, anew into what is found by them."""
    ids = [row.pk for row in rows]
    for model, path in _named_in(type(rows[0])) if rows else []:
        for start in range(0, len(ids), SLICE):
            _refresh(model._default_manager.filter(**{f"{path}__in": ids[start : start + SLICE]}))


def _named_in(named: type[models.Model]) -> Iterator[tuple[type[models.Model], str]]:
    for model in _searched_models():
        for path in _search_field(model).related:
            if _end_of(model, path) is named:
                yield model, path


def _end_of(model: Any, path: str) -> type[models.Model]:
    for step in path.split("__"):
        model = model._meta.get_field(step).related_model
    return model


def fill_search_texts() -> None:
    """Give one to each row that has none: rows of before there were any, or written past Python."""
    for model in _searched_models():
        _refresh(model._default_manager.filter(search_text=""))


def outdated_search_texts() -> Iterator[models.Model]:
    """Each row that a search finds by names it no longer has: they were changed past Python, by SQL
    or by `.update()`. A trigger could not know what Python folds.
    """
    for model in _searched_models():
        rows = _with_named(model._default_manager.order_by("pk"))
        yield from filter(_is_outdated, rows.iterator(chunk_size=SLICE))


def renew_search_texts() -> int:
    """Let a search find every row by the names it has; how many were found by others."""
    return sum(_refresh(model._default_manager.all()) for model in _searched_models())


def index_search_texts(connection: BaseDatabaseWrapper) -> str:
    """Let PostgreSQL look words up instead of reading every row; a sentence why not, if it cannot.

    The answers are the same without. Said by `migrate`, which tries again each time.
    """
    if connection.vendor != "postgresql":
        return ""
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            for model in _searched_models():
                table = model._meta.db_table
                cursor.execute(
                    f"CREATE INDEX IF NOT EXISTS {table}_search ON {table} "
                    "USING gin (search_text gin_trgm_ops)"
                )
    except DatabaseError as error:
        return (
            "Searches will read every row, which is slow on a large register: the extension "
            f"pg_trgm cannot be used ({str(error).splitlines()[0]}). Let an administrator of the "
            "database run CREATE EXTENSION pg_trgm in it, then run migrate again."
        )
    return ""


def _search_field(model: type[models.Model]) -> Any:
    return model._meta.get_field("search_text")


def _searched_models() -> list[type[models.Model]]:
    # Asked of the registry, so that a new model with such a column needs no entry in a list here.
    every = apps.get_app_config("proposals").get_models()
    return [model for model in every if "search_text" in derived_fields(model)]


def _refresh(rows: models.QuerySet) -> int:
    """Write the texts that are not what they should be; how many those were."""
    number = 0
    rows = _with_named(rows.order_by("pk"))
    batch = list(rows[:SLICE])
    while batch:
        outdated = [row for row in batch if _is_outdated(row)]
        for row in outdated:
            row.search_text = search_text(row.searched())
        rows.model._default_manager.bulk_update(outdated, ["search_text"])
        number += len(outdated)
        # By key, not by offset: what is written drops out of a filter for rows without a text.
        batch = list(rows.filter(pk__gt=batch[-1].pk)[:SLICE])
    return number


def _with_named(rows: models.QuerySet) -> models.QuerySet:
    """With the rows whose names are among those of each."""
    field = _search_field(rows.model)
    # No more than is read: whole tables pass here, and an auditor's account may not see passwords.
    return rows.select_related(*field.related).only(field.name, *field.reads)


def _is_outdated(row: Any) -> bool:
    return row.search_text != search_text(row.searched())
