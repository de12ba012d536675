"""Columns of text: cleaned at every door, folded beside where they must be unique.

A model whose text anybody may write takes one of these, and then its forms, the admin, imports and
`save` all clean it; a test asks for it. To the database they are Django's own columns.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import DEFAULT_DB_ALIAS, models

from .text import clean, clean_lines, folded


class LineInput(forms.CharField):
    """One line, cleaned."""

    def to_python(self, value):
        return super().to_python(clean(value) if isinstance(value, str) else value)


class FreeTextInput(forms.CharField):
    """Lines of text, cleaned."""

    widget = forms.Textarea

    def to_python(self, value):
        return super().to_python(clean_lines(value) if isinstance(value, str) else value)


class MailInput(forms.EmailField):
    """A mail address, cleaned."""

    def to_python(self, value):
        return super().to_python(clean(value) if isinstance(value, str) else value)


class Uncleaned(str):
    """A text of the database that no door would have let in: it reads, and is shown, in its clean
    form, and is written back as it stands. What was submitted never changes, for better or worse.
    """

    stored: str


class CleanedField(models.Field):
    """Holds a text that `cleaning` has cleaned, whoever writes it."""

    cleaning: Callable[[str], str] = staticmethod(clean)
    input_class: type[forms.CharField] = LineInput
    column_class: type[models.Field] = models.CharField

    def from_db_value(self, value, expression, connection):
        if value is None:
            return None
        cleaned = self.cleaning(value)
        if cleaned == value:
            return value
        shown = Uncleaned(cleaned)
        shown.stored = value
        return shown

    def to_python(self, value):
        value = super().to_python(value)
        is_cleaned = value is None or isinstance(value, Uncleaned)
        return value if is_cleaned else self.cleaning(value)

    def pre_save(self, instance, add: bool):
        # Set on the instance too, which would otherwise say something else than its row.
        value = self.to_python(super().pre_save(instance, add))
        setattr(instance, self.attname, value)
        return value

    def get_prep_value(self, value):
        return value.stored if isinstance(value, Uncleaned) else super().get_prep_value(value)

    def validate(self, value, model_instance) -> None:
        super().validate(value, model_instance)
        for field in self.model._meta.concrete_fields:
            if isinstance(field, FoldedField) and field.of == self.name:
                field.refuse_taken(value, model_instance)

    def formfield(self, **kwargs):
        if self.choices is None:
            kwargs = {"form_class": self.input_class} | kwargs
        return super().formfield(**kwargs)

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        # As Django's own column, so that a migration needs no class of the project.
        return name, f"django.db.models.{self.column_class.__name__}", args, kwargs


class LineField(CleanedField, models.CharField):
    """A name, a code, a subject: one line."""


class MailField(CleanedField, models.EmailField):
    """A mail address."""

    input_class, column_class = MailInput, models.EmailField


class FreeTextField(CleanedField, models.TextField):
    """A description, a comment: lines of text."""

    cleaning, input_class = staticmethod(clean_lines), FreeTextInput
    column_class = models.TextField


class BoundedField(models.Field):
    """A whole number whose form says from where to where it goes, as its validators judge."""

    def formfield(self, **kwargs):
        least = max(v.limit_value for v in self.validators if isinstance(v, MinValueValidator))
        most = min(v.limit_value for v in self.validators if isinstance(v, MaxValueValidator))
        help_text = f"{self.help_text} From {least} to {most:,}.".strip()
        bounds = {"min_value": least, "max_value": most, "help_text": help_text}
        return super().formfield(**bounds | kwargs)

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        return name, f"django.db.models.{self.get_internal_type()}", args, kwargs


class NumberField(BoundedField, models.SmallIntegerField):
    """A whole number, negative ones too."""


class CountField(BoundedField, models.PositiveSmallIntegerField):
    """A whole number of something."""


def key_in(text: str) -> int | None:
    """The number of a row that `text` is, if it can be one."""
    # Nineteen digits may be more than a key can hold.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class VersionInput(forms.IntegerField):
    """The version of a row that a page showed."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs) -> None:
        # The largest that a key can be: beyond it the database would answer with an error.
        super().__init__(**{"min_value": 1, "max_value": 2**63 - 1, "required": False} | kwargs)


class DerivedField(models.Field):
    """Filled from other columns of its row at every save."""

    def derive(self, instance) -> str:
        raise NotImplementedError

    def pre_save(self, instance, add: bool) -> str:
        value = self.derive(instance)
        setattr(instance, self.attname, value)
        return value


class FoldedField(DerivedField, models.CharField):
    """The folded form of the column `of`, which makes that unique in the sense of a reader.

    What is longer than the column, by letters that unfold to words, is cut: two codes that differ
    only beyond that are refused rather than lost.
    """

    def __init__(self, *args, of: str = "", **kwargs) -> None:
        self.of = of
        super().__init__(*args, **{"max_length": 255, "unique": True, "editable": False} | kwargs)

    def fold(self, text: str | None) -> str:
        return folded(text or "")[: self.max_length]

    def derive(self, instance) -> str:
        return self.fold(getattr(instance, self.of))

    def refuse_taken(self, text: str | None, instance: models.Model | None) -> None:
        """ValidationError, naming the other row, if another one than `instance` has the same text.

        There is no instance where a command asks for a value before it makes the row.
        """
        others = self.model._default_manager.exclude(pk=instance and instance.pk)
        other = others.filter(**{self.name: self.fold(text)}).first()
        if other is not None:
            what: Any = self.model._meta.get_field(self.of)
            raise ValidationError(f"{other} has this {what.verbose_name} already.", code="unique")

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def derived_fields(model: type[models.Model]) -> list[str]:
    """The names of its columns that follow from others."""
    return [field.name for field in model._meta.concrete_fields if isinstance(field, DerivedField)]


def renew_derived(rows: list[Any]) -> list[str]:
    """Fill what follows from other columns, for a `bulk_update`, which calls no `save`; gives the
    names of the columns to be written with the others.
    """
    fields = (
        [f for f in type(rows[0])._meta.concrete_fields if isinstance(f, DerivedField)]
        if rows
        else []
    )
    for row in rows:
        for field in fields:
            field.pre_save(row, add=False)
    return [field.name for field in fields]


class OneOf(models.CheckConstraint):
    """A CheckConstraint for the database and its migrations. A form need not ask the database
    whether a value is in a list: Django's own would, with three statements for each.
    """

    def validate(self, model, instance, exclude=None, using=DEFAULT_DB_ALIAS) -> None:
        """Nothing: the column itself has these choices."""

    def deconstruct(self):
        _, args, kwargs = super().deconstruct()
        return "django.db.models.CheckConstraint", args, kwargs
