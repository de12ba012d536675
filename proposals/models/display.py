"""How a field and its value are written for people, on pages, in mails and in files alike."""

from functools import cache
from typing import Any


def label(field: Any) -> str:
    """What a field of a model is called."""
    return str(field.verbose_name).capitalize()


def offset_in_words(days: int | None) -> str:
    """Of a basis offset: T+1 is the day after the business date."""
    return "" if days is None else f"T{days:+d}"


WORKING_DAYS_OF_A_YEAR = 260


def question_about_offset(days: int | None) -> str:
    """A question about a basis offset that is legal, but hardly meant; empty about any other."""
    if days is None or abs(days) <= WORKING_DAYS_OF_A_YEAR:
        return ""
    return f"{offset_in_words(days)} is more than a year of working days: is it meant?"


IN_WORDS = {"basis_offset": offset_in_words}  # fields whose number alone says too little


def in_file(row: Any, name: str) -> Any:
    """The stored value, in words where the number alone says too little."""
    value = getattr(row, name)
    return IN_WORDS[name](value) if name in IN_WORDS else value


def value_in_words(row: Any, name: str) -> str:
    """The value of a field, in the words of a page; also of a history row. Related rows that were
    not read with it are shown by number.
    """
    field: Any = row._meta.get_field(name)
    return _related(row, field) if field.is_relation else said(field, getattr(row, name))


def said(field: Any, value: Any) -> str:
    """The same of a value that was read without its row."""
    if field.name in IN_WORDS:
        return IN_WORDS[field.name](value)
    if field.choices:
        value = _words_of(field).get(value, value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


@cache
def _words_of(field: Any) -> dict[Any, str]:
    """The words of each value of a field with choices. Django makes them anew at each look, which
    was a tenth of the time of a long file.
    """
    return {value: str(words) for value, words in field.flatchoices}


def _related(row: Any, field: Any) -> str:
    number = getattr(row, field.attname)
    if number is None:
        return ""
    related = row._state.fields_cache.get(field.name)
    return str(related or f"{str(field.related_model._meta.verbose_name).capitalize()} {number}")
