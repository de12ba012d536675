"""Dates and times that somebody may enter: bounded, and never refused for what the clock does at
the beginning and the end of summer time.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, cast
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

# As a clock on the wall shows them, in the time zone of the site.
EARLIEST, LATEST = datetime(1970, 1, 1), datetime(2099, 12, 31, 23, 59, 59, 999_999)
BOUNDS = "From 1970 to 2099."
OUT_OF_BOUNDS = "Choose a date from 1970 to 2099."

CONTINENTS = {
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"),
    *("Indian", "Pacific"),
}


@cache
def zones() -> frozenset[str]:
    """Names of time zones by a place, and UTC."""
    return frozenset(
        name
        for name in available_timezones()
        if name == "UTC" or name.partition("/")[0] in CONTINENTS
    )


def moment_of(reading: datetime, *, later: bool = False) -> datetime:
    """The moment, in UTC, at which the clock of the site shows `reading`.

    A time that it shows twice, when summer time ends, means the first or the `later` one. For a
    time that it never shows, when summer time begins, it is what it would be without the change.
    """
    moment = timezone.make_aware(reading.replace(fold=0)).astimezone(UTC)
    if later and is_shown_by(reading, moment):
        moment = timezone.make_aware(reading.replace(fold=1)).astimezone(UTC)
    return moment


def is_shown_by(reading: datetime, moment: datetime) -> bool:
    return timezone.localtime(moment).replace(tzinfo=None, fold=0) == reading.replace(fold=0)


def other_reading(moment: datetime) -> datetime | None:
    """The other moment at which the clock shows the same, if there is one."""
    reading = timezone.localtime(moment).replace(tzinfo=None)
    both = {moment_of(reading, later=later) for later in (False, True)}
    return next(iter(both - {moment.astimezone(UTC)}), None) if len(both) > 1 else None


def refuse_out_of_bounds(moment: datetime) -> None:
    """ValidationError for what no clock here will show. Of an aware moment the day may be off by
    one, which harms nothing.
    """
    if not EARLIEST <= moment.replace(tzinfo=None) <= LATEST:
        raise ValidationError(OUT_OF_BOUNDS, code="out_of_bounds")


def chosen_moment(reading: datetime, *, later: bool) -> datetime:
    """What somebody means who enters `reading`, with an offset of its own or without."""
    refuse_out_of_bounds(reading)
    if timezone.is_aware(reading):
        return reading.astimezone(UTC)
    return moment_of(reading, later=later)


def beginning_of(day: date) -> datetime:
    """The moment at which the day begins, by the reader's clock."""
    return moment_of(datetime.combine(day, time()))


def beginning_in_words(moment: datetime) -> str:
    """The day, if `moment` is the beginning of one, else date and time."""
    local = timezone.localtime(moment)
    if moment == beginning_of(local.date()):
        return f"{local:%A %-d %B %Y}"
    return f"{local:%-d %b %Y, %H:%M %Z}"


def end_in_words(moment: datetime) -> str:
    """The last day, if with `moment` a day is over, else date and time."""
    local = timezone.localtime(moment)
    if moment == beginning_of(local.date()):
        return f"the end of {local.date() - timedelta(days=1):%A %-d %B %Y} ({local:%Z})"
    return f"{local:%-d %b %Y, %H:%M %Z}"


class DayInput(forms.DateField):
    """A whole day, by the reader's clock, as the moment at which it begins; `ends` as the one at
    which it is over.
    """

    def __init__(self, *, ends: bool = False, **kwargs) -> None:
        self.ends = ends
        last = LATEST.date() - timedelta(days=1)  # of which the end is within bounds too
        bounds = {"type": "date", "min": f"{EARLIEST:%Y-%m-%d}", "max": f"{last:%Y-%m-%d}"}
        super().__init__(widget=forms.DateInput(bounds, format="%Y-%m-%d"), **kwargs)

    def prepare_value(self, value):
        if isinstance(value, datetime):
            value = timezone.localtime(value).date() - timedelta(days=self.ends)
        return value

    def clean(self, value) -> datetime | None:
        day = super().clean(value)
        if day is None:
            return None
        if not EARLIEST.date() <= day < LATEST.date():
            raise ValidationError(OUT_OF_BOUNDS, code="out_of_bounds")
        return beginning_of(day + timedelta(days=self.ends))


class MomentInput(forms.DateTimeField):
    """A date and a time within bounds; `later` means the second, if the clock shows it twice."""

    widget = forms.DateTimeInput(
        {
            "type": "datetime-local",
            "min": EARLIEST.strftime("%Y-%m-%dT%H:%M"),
            "max": LATEST.strftime("%Y-%m-%dT%H:%M"),
        },
        format="%Y-%m-%dT%H:%M",
    )

    def __init__(self, *, later: bool = False, **kwargs) -> None:
        self.later = later
        super().__init__(**kwargs)

    def to_python(self, value) -> datetime | None:
        if value in self.empty_values:
            return None
        reading = value if isinstance(value, datetime) else self._parsed(str(value).strip())
        return chosen_moment(reading, later=self.later)

    def _parsed(self, text: str) -> datetime:
        try:
            parsed = parse_datetime(text)
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        # Django's own goes on to convert, and there refuses times that the clock shows twice.
        if parsed is None:
            parsed = cast(datetime, forms.fields.BaseTemporalField.to_python(self, text))
        return parsed


class SplitMomentInput(forms.SplitDateTimeField):
    """The same in two fields, as the admin has it."""

    def compress(self, data_list) -> datetime | None:
        if not data_list:
            return None
        for part, message in zip(data_list, ("invalid_date", "invalid_time"), strict=True):
            if part in self.empty_values:
                raise ValidationError(self.error_messages[message], code=message)
        return chosen_moment(datetime.combine(*data_list), later=False)


class MomentField(models.DateTimeField):
    """A moment that somebody may enter."""

    def validate(self, value, model_instance) -> None:
        super().validate(value, model_instance)
        if value is not None:
            refuse_out_of_bounds(value)

    def formfield(self, **kwargs):
        help_text = f"{self.help_text} {BOUNDS}".strip()
        options: dict[str, Any] = {"form_class": MomentInput, "help_text": help_text}
        return super().formfield(**options | kwargs)

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs
