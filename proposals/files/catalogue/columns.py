"""How one cell of a catalogue file is read, compared and written: a class for each kind of cell.

What a cell may hold follows from the model's field: its length, its choices, its limits, whether it
may be empty.
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from ...models import FoldedField, clean, clean_lines, folded
from ..cells import escaped, unescaped, yes_or_no
from .problems import Unreadable, quoted


def identity(value: Any) -> Any:
    return value


@dataclass
class Column:
    """One column of a file.

    `path` leads from a row's object to the value; where it has a dot the value belongs to a related
    row: it is read and exported, never set. `fold` gives what of a value counts in the key of its
    row.
    """

    name: str
    path: str = ""
    optional: bool = False
    fold: Callable[[Any], Any] = identity
    is_code = False  # a digit more or less names another thing

    def __post_init__(self) -> None:
        self.path = self.path or self.name
        self.get = attrgetter(self.path)

    def bind(self, model: Any) -> None:
        """Learn from `model` what the cells may hold."""
        for step in self.path.split("."):
            # A plain field, a reference or a set of them: which one, the kind of column knows.
            self.field: Any = model._meta.get_field(step)
            model = self.field.related_model

    @property
    def is_own(self) -> bool:
        return "." not in self.path

    def cell(self, texts: dict[str, str]) -> str:
        """What the row (column name -> text) says in this column; for a new row an absent column is
        empty.
        """
        return texts.get(self.name, "")

    def value_in(self, texts: dict[str, str]) -> Any:
        """What the row says, or Unreadable."""
        text = self.cell(texts)
        if "\0" in text:
            raise Unreadable("This contains a NUL character.")
        return self.read(self.cleaned(text))

    def cleaned(self, text: str) -> str:
        """A cell without what nobody sees, as every other door would store it."""
        return clean(text)

    def read(self, text: str) -> Any:
        """The value of a cleaned cell, or Unreadable."""
        raise NotImplementedError

    def value(self, obj: models.Model) -> Any:
        """What `read` would give for the cell that says what `obj` holds."""
        return self.get(obj)

    def text(self, obj: models.Model) -> str:
        """The cell that says what `obj` holds."""
        return str(self.get(obj))

    def shown(self, value: Any) -> str:
        """The value for somebody who compares two."""
        return quoted(value) if value else "empty"

    def cell_value(self, obj: models.Model) -> Any:
        """What a workbook holds: as `text`, where it knows no better."""
        return self.text(obj)

    def differs(self, before: Any, after: Any) -> bool:
        """Whether the one has to be written over the other."""
        return before != after

    def put(self, obj: models.Model, value: Any, find: Callable) -> None:
        """Set it on `obj`. `find(file, key)` gives the saved object a reference means."""
        setattr(obj, self.path, value)


class Text(Column):
    def cleaned(self, text: str) -> str:
        return self._stored(unescaped(text))

    def _stored(self, text: str) -> str:
        return clean_lines(text) if isinstance(self.field, models.TextField) else clean(text)

    def read(self, text: str) -> str:
        if not text and not self.field.blank:
            raise Unreadable("This must not be empty.")
        if self.field.max_length and len(text) > self.field.max_length:
            raise Unreadable(f"This is longer than {self.field.max_length} characters.")
        return text

    def value(self, obj: models.Model) -> str:
        return self._stored(self.get(obj) or "")

    def text(self, obj: models.Model) -> str:
        return escaped(self.value(obj))

    def put(self, obj: models.Model, value: str, find: Callable) -> None:
        setattr(obj, self.path, value or (None if self.field.null else ""))


@dataclass
class Identifier(Text):
    """What names its row, in whatever case and with whatever nobody sees: it is stored as it was
    written first.
    """

    fold: Callable[[Any], Any] = folded
    is_code = True

    def bind(self, model: Any) -> None:
        super().bind(model)
        folded_fields = [f for f in model._meta.fields if isinstance(f, FoldedField)]
        # By which it is found in an index.
        self.unique_path = {f.of: f.name for f in folded_fields}.get(self.path, self.path)

    def differs(self, before: str, after: str) -> bool:
        return self.fold(before) != self.fold(after)


@dataclass
class MadeUpCode(Identifier):
    """A code. A row without one gets one that follows from its columns `of`: the same one at every
    import.
    """

    prefix: str = ""
    of: tuple[str, ...] = ()

    def cell(self, texts: dict[str, str]) -> str:
        if texts.get(self.name):
            return texts[self.name]
        # Ten hexadecimal digits: among 10,000 rows two get the same code with a chance of 1 in
        # 20,000, and are then refused as one key with two contents.
        content = "\n".join(texts.get(name, "") for name in self.of)
        return f"{self.prefix}-{hashlib.sha256(content.encode()).hexdigest()[:10].upper()}"


class ForeignCode(Text):
    """What another inventory calls it."""

    is_code = True


class Email(Identifier):
    """A mail address that becomes a user name, and so has to fit into both."""

    def bind(self, model: Any) -> None:
        super().bind(model)
        self.longest = min(self.field.max_length, model._meta.get_field("username").max_length)

    def read(self, text: str) -> str:
        value = super().read(text)
        if len(value) > self.longest:
            raise Unreadable(f"This is longer than {self.longest} characters.")
        try:
            self.field.run_validators(value)
        except ValidationError:
            raise Unreadable(f"{quoted(value)} is not a mail address.") from None
        return value


class Choice(Column):
    def read(self, text: str) -> str:
        if not text and self.optional:
            return self.field.default
        known = [value for value, _ in self.field.flatchoices]
        if text not in known:
            raise Unreadable(
                f"{quoted(text)} is not one of {', '.join(known)}."
                if text
                else "This must not be empty."
            )
        return text


@dataclass
class Flag(Column):
    """Yes or no in the words of `yes_or_no`; `negated` where the file says the opposite."""

    negated: bool = False

    def read(self, text: str) -> bool:
        answer = yes_or_no(text) if text else False
        if answer is None:
            raise Unreadable(f"{quoted(text)} is neither true nor false.")
        return answer != self.negated

    def text(self, obj: models.Model) -> str:
        return "true" if self.cell_value(obj) else "false"

    def cell_value(self, obj: models.Model) -> bool:
        return self.get(obj) != self.negated

    def shown(self, value: bool) -> str:
        return "true" if value != self.negated else "false"


class Number(Column):
    def read(self, text: str) -> int:
        # Nine digits fit into every column of whole numbers.
        if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
            raise Unreadable(
                f"{quoted(text)} is not a whole number." if text else "This must not be empty."
            )
        try:
            self.field.run_validators(int(text))
        except ValidationError as error:
            raise Unreadable(" ".join(error.messages)) from None
        return int(text)

    def cell_value(self, obj: models.Model) -> int:
        return self.get(obj)

    def shown(self, value: int) -> str:
        return str(value)


@dataclass
class Code(Column):
    """A row of the file `of`, named by its `by`. The value is that row's key, its attribute `key`
    folded; empty for none.
    """

    fold: Callable[[Any], Any] = folded
    of: str = ""
    by: str = "code"
    key: str = ""
    is_code = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.key = self.key or self.by

    def cleaned(self, text: str) -> str:
        return clean(unescaped(text))

    def read(self, text: str) -> str:
        if not text and not self.field.null:
            raise Unreadable("This must not be empty.")
        return text

    def value(self, obj: models.Model) -> str:
        return self.fold(getattr(self.get(obj), self.key)) if self.text(obj) else ""

    def text(self, obj: models.Model) -> str:
        return escaped(clean(getattr(self.get(obj), self.by, None) or ""))

    def put(self, obj: models.Model, value: str, find: Callable) -> None:
        setattr(obj, self.path, find(self.of, value) if value else None)


@dataclass
class Codes(Column):
    """Any number of rows of the file `of`, with `;` between their codes; a code with `;` in it
    stands in quotes. The value is the set of their keys.
    """

    fold: Callable[[Any], Any] = folded
    of: str = ""
    by: str = "code"
    is_code = True

    def cleaned(self, text: str) -> str:
        return clean(unescaped(text))

    def read(self, text: str) -> frozenset[str]:
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))
        except csv.Error:
            raise Unreadable(
                f"{quoted(text)} is not a list of codes with “;” between them."
            ) from None
        return frozenset(clean(code) for row in rows for code in row if code.strip())

    def value(self, obj: models.Model) -> frozenset[str]:
        return frozenset(self.fold(code) for code in self._codes(obj))

    def _codes(self, obj: models.Model) -> list[str]:
        return sorted(clean(related.code) for related in self.get(obj).all())

    def text(self, obj: models.Model) -> str:
        line = io.StringIO(newline="")
        csv.writer(line, delimiter=";").writerow(self._codes(obj))
        return escaped(line.getvalue().removesuffix("\r\n"))

    def shown(self, value: frozenset[str]) -> str:
        return super().shown("; ".join(sorted(value)))

    def put(self, obj: models.Model, value: frozenset[str], find: Callable) -> None:
        """Nothing yet: the links are written when the row has its id."""
