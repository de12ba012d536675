"""One search over everything that has a page: of each kind one small question, the best first.

What a kind finds is what its list finds. Ranked is only the beginning of what matches: whoever
finds hundreds has to say more, and a page that ranked them all would read them all.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse

from ..models import (
    ARROW,
    LONGEST,
    DataType,
    FlowLifecycle,
    Lifecycle,
    LogicalFlow,
    OrganisationalUnit,
    PhysicalSpecification,
    Proposal,
    System,
    User,
    clean,
    folded,
    proposal_number,
    words,
)

MOST_SHOWN = 8
MOST_OF_ONE = 200  # where one kind is asked for
MOST_RANKED = 1_000  # nobody reads on as far as this; to rank more would read the whole table
# At least three letters are left: gas is no plural.
PLURAL = re.compile("(?<=[a-z]{3})(ies|y|es|s)$")
SHORT = 3  # letters that an index of trigrams needs in the middle of a word


class Rank(IntEnum):
    EXACT = 0
    BEGINS = 1
    WORDS_BEGIN = 2
    CONTAINS = 3


@dataclass(frozen=True)
class Search:
    """What somebody typed, and how well a search text answers it."""

    text: str

    @cached_property
    def words(self) -> list[str]:
        return words(self.text)

    @cached_property
    def whole(self) -> str:
        return folded(self.text)[:LONGEST]

    @cached_property
    def typed(self) -> str:
        """Without the signs that the product writes around names and codes."""
        return " ".join(self.words)

    @property
    def loosely(self) -> str:
        """As people speak of data: "counterparty data" for counterparties."""
        own = [word for word in self.words if word != "data"]
        return " ".join(PLURAL.sub("", word) for word in own)

    @cached_property
    def _begin_words(self) -> list[re.Pattern]:
        # Not \b, which does not stand before a word that begins with a sign.
        return [re.compile(rf"(?<!\w){re.escape(word)}") for word in self.words]

    @property
    def is_short(self) -> bool:
        """Nothing in it that is looked up in the middle of a word."""
        return all(word.isascii() and len(word) < SHORT for word in self.words)

    @property
    def words_begin(self) -> Q:
        """Each word begins one."""
        begin = [
            Q(search_text__contains=f"\n{word}") | Q(search_text__contains=f" {word}")
            for word in self.words
        ]
        return Q(*begin)

    def rank(self, search_text: str) -> Rank:
        # It begins with a line break, so that a look-up can ask for the beginning of a line.
        lines = search_text.split("\n")[1:]
        if self._is(lines):
            return Rank.EXACT
        if any(line.startswith((self.typed, self.whole)) for line in lines):
            return Rank.BEGINS
        if all(pattern.search(search_text) for pattern in self._begin_words):
            return Rank.WORDS_BEGIN
        return Rank.CONTAINS

    def _is(self, lines: list[str]) -> bool:
        """One of the lines, as a whole; a name with its code; or a route by its two ends."""
        ends = [end.strip() for end in ARROW.split(self.whole, maxsplit=1)]
        if len(ends) == 2 and "→" in lines:
            place = lines.index("→")
            return ends[0] in lines[:place] and ends[1] in lines[place + 1 :]
        return self.whole in lines or self.typed == " ".join(words(" ".join(lines[:2])))


@dataclass(frozen=True)
class Kind:
    """One kind of what is searched. `note` says what tells two of one name apart, in parts that may
    be empty; `exact` are the columns of folded codes; `list_name` is the address of its list, if it
    has one.
    """

    slug: str
    nouns: str
    rows: Callable[[User], Any]
    note: Callable[[Any], list[Any]]
    related: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    list_name: str = ""
    newest_first: bool = False
    is_loose: bool = False  # what finds nothing is asked for once more, in other forms of the words

    @property
    def title(self) -> str:
        return self.nouns.capitalize()

    def matches(self, search: Search, reader: User, most: int) -> "Matches":
        found = self._matches(search, reader, most)
        if found.shown or not self.is_loose or search.loosely == search.typed:
            return found
        return self._matches(Search(search.loosely), reader, most)

    def _matches(self, search: Search, reader: User, most: int) -> "Matches":
        rows = self.rows(reader)
        texts = self._texts(rows.matching(search.text), search)
        is_more = len(texts) > MOST_RANKED
        for path in self.exact if is_more else ():
            # It need not be among the first.
            exact = rows.order_by().filter(**{path: search.whole})
            texts |= dict(exact.values_list("pk", "search_text"))
        number = proposal_number(search.text) if rows.model is Proposal else None
        if number is not None:
            texts |= dict(rows.filter(pk=number).values_list("pk", "search_text"))
        ranks = {
            pk: Rank.EXACT if pk == number else search.rank(text) for pk, text in texts.items()
        }
        order = sorted(texts, key=lambda pk: (ranks[pk], self._place(pk, texts[pk])))[:most]
        found = rows.select_related(*self.related).in_bulk(order)
        return Matches(
            self,
            [Match(found[pk], self._note_in_words(found[pk])) for pk in order if pk in found],
            ranks[order[0]] if order else Rank.CONTAINS,
            min(len(texts), MOST_RANKED),
            is_more,
            self._list_url(search),
        )

    def _texts(self, matching: QuerySet, search: Search) -> dict[int, str]:
        """Search text by id, of the first that match and one more."""
        if search.is_short:
            matching = matching.filter(search.words_begin)
        ordered = matching.order_by("-pk") if self.newest_first else matching.order_by()
        return dict(ordered.values_list("pk", "search_text")[: MOST_RANKED + 1])

    def _place(self, pk: int, text: str) -> Any:
        """Among those of one rank; a search text begins with the name."""
        return -pk if self.newest_first else (text, pk)

    def _note_in_words(self, row: Any) -> str:
        return " · ".join(str(part) for part in self.note(row) if part)

    def _list_url(self, search: Search) -> str:
        if self.list_name:
            return f"{reverse(self.list_name)}?{urlencode({'q': search.text})}"
        return f"{reverse('search')}?{urlencode({'q': search.text, 'kind': self.slug})}"


@dataclass(frozen=True)
class Match:
    thing: Any
    note: str


@dataclass(frozen=True)
class Matches:
    """Of one kind: the best, how many there are, and where all of them are listed."""

    kind: Kind
    shown: list[Match]
    rank: Rank
    number: int
    is_more: bool
    list_url: str

    @property
    def has_others(self) -> bool:
        return self.is_more or self.number > len(self.shown)

    @property
    def in_words(self) -> str:
        return f"{self.kind.title}: {self.number:,}{' or more' if self.is_more else ''}"

    @property
    def all_in_words(self) -> str:
        return f"All {self.number:,}{'+' if self.is_more else ''} {self.kind.nouns} that match"


def _system_note(system: System) -> list[Any]:
    return [
        system.organisational_unit,
        "external" if system.is_external else "",
        "removed" if system.is_removed else "",
    ]


def _data_type_note(data_type: DataType) -> list[Any]:
    return [
        data_type.code,
        f"in {data_type.parent}" if data_type.parent else "",
        "deprecated" if data_type.is_deprecated else "",
    ]


def _specification_note(specification: PhysicalSpecification) -> list[Any]:
    state = (
        "" if specification.lifecycle == Lifecycle.ACTIVE else specification.get_lifecycle_display()
    )
    return [f"of {specification.owner}", specification.get_format_display(), state.lower()]


def _person_note(person: User) -> list[Any]:
    state = "" if person.is_active else "no longer active"
    return [person.title, person.organisational_unit, person.email, state]


def _unit_note(unit: OrganisationalUnit) -> list[Any]:
    return [unit.code, f"in {unit.parent}" if unit.parent else ""]


def _flow_note(flow: LogicalFlow) -> list[Any]:
    state = "" if flow.lifecycle == FlowLifecycle.ACTIVE else flow.get_lifecycle_display().lower()
    return [f"{flow.source.code} → {flow.target.code}", state]


def _proposal_note(proposal: Proposal) -> list[Any]:
    specification = proposal.specification.name if proposal.specification else ""
    return [
        proposal.get_type_display(),
        specification or proposal.specification_name,
        proposal.get_state_display(),
        f"by {proposal.maker}",
    ]


# In the order in which equally good ones are shown.
KINDS = [
    Kind(
        slug="systems",
        nouns="systems",
        rows=lambda reader: System.objects.all(),
        note=_system_note,
        related=("organisational_unit",),
        exact=("code_folded",),
        list_name="systems",
    ),
    Kind(
        slug="data-types",
        nouns="data types",
        rows=lambda reader: DataType.objects.all(),
        note=_data_type_note,
        related=("parent",),
        exact=("code_folded",),
        is_loose=True,
    ),
    Kind(
        slug="specifications",
        nouns="specifications",
        rows=lambda reader: PhysicalSpecification.objects.all(),
        note=_specification_note,
        related=("owner",),
        exact=("code_folded",),
    ),
    Kind(
        slug="people",
        nouns="people",
        rows=lambda reader: User.objects.all(),
        note=_person_note,
        related=("organisational_unit",),
        exact=("username_folded", "email_folded"),
    ),
    Kind(
        slug="units",
        nouns="organisational units",
        rows=lambda reader: OrganisationalUnit.objects.all(),
        note=_unit_note,
        related=("parent",),
        exact=("code_folded",),
    ),
    Kind(
        slug="flows",
        nouns="flows",
        rows=lambda reader: LogicalFlow.objects.all(),
        note=_flow_note,
        related=("source", "target"),
        list_name="flows",
    ),
    Kind(
        slug="proposals",
        nouns="proposals",
        rows=Proposal.objects.visible_to,
        note=_proposal_note,
        related=("source", "target", "maker", "specification"),
        list_name="proposals",
        newest_first=True,
    ),
]


def matches(text: str, reader: User, only: str = "") -> list[Matches]:
    """What `reader` finds by `text`: the kind with the best match first, those without any left
    out; with `only`, the slug of a kind, as many of that as are ranked.
    """
    search = Search(clean(text))
    if not search.words:
        return []
    by_kind = list(_of_kinds(search, reader, only))
    return sorted((found for found in by_kind if found.shown), key=lambda found: found.rank)


def _of_kinds(search: Search, reader: User, only: str) -> Iterator[Matches]:
    chosen = [kind for kind in KINDS if kind.slug == only]
    for kind in chosen or KINDS:
        yield kind.matches(search, reader, MOST_OF_ONE if chosen else MOST_SHOWN)


def proposal_meant(text: str, reader: User) -> Proposal | None:
    """The one whose number is all that was typed, if `reader` may read it."""
    number = proposal_number(text)
    readable = Proposal.objects.visible_to(reader)
    return None if number is None else readable.filter(pk=number).first()
