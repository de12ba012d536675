"""What a reader of the record may ask for: a moment, or a span of days. Both are meant in the
site's time zone.
"""

from datetime import datetime, time, timedelta

from django import forms
from django.utils import timezone

from ..models import EARLIEST, LineInput, MomentInput, other_reading
from .fields import SystemField

# The shortest time that the databases keep.
MOMENT = timedelta(microseconds=1)
LONGEST = 300
LIFECYCLES = [("LIVING", "Not removed"), ("REMOVED", "Removed"), ("ALL", "All")]


def zone() -> str:
    return str(timezone.get_current_timezone())


def start_of(day) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class Day(forms.DateField):
    """A day from 1970 to today."""

    # A field of this type shows nothing else, whatever the language of the site.
    widget = forms.DateInput({"type": "date", "min": "1970-01-01"}, format="%Y-%m-%d")

    def validate(self, value) -> None:
        super().validate(value)
        if value and not EARLIEST.date() <= value <= timezone.localdate():
            raise forms.ValidationError("Choose a day from 1970 to today.")


class SpanForm(forms.Form):
    """From one day to another, both included."""

    first = Day(label="From", help_text="From 1970 to today.")
    last = Day(label="Until", help_text="This day is included. Today at the latest.")

    def clean(self) -> dict:
        cleaned = super().clean()
        if not self.errors and cleaned["first"] > cleaned["last"]:
            raise forms.ValidationError("“Until” must not be before “From”.")
        return cleaned

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The moments it begins at and ends before."""
        days = self.cleaned_data
        return start_of(days["first"]), start_of(days["last"] + timedelta(days=1))

    @property
    def edges(self) -> tuple[datetime, datetime]:
        """The last moment before it and the last one in it, to compare what was at each."""
        begin, end = self.span
        return begin - MOMENT, end - MOMENT


class DifferenceForm(SpanForm):
    """Two days, and the one system that is asked about, if it is one."""

    system = SystemField(label="From or to system", required=False)


class TrailSearch(forms.Form):
    """What an auditor knows of a proposal or a flow whose trail is wanted."""

    q = LineInput(
        label="Proposal or flow",
        required=False,
        max_length=LONGEST,
        help_text="A number, the code or name of a system, or “LEDGER → RISK”.",
        widget=forms.TextInput({"type": "search"}),
    )


class MomentForm(forms.Form):
    """A moment of the past, to the second, or now; and what of the register is asked for. `data` is
    a plain dict.
    """

    at = MomentInput(
        label="Date and time",
        required=False,
        later=True,
        help_text="Leave empty for now. From 1970 on.",
        widget=forms.DateTimeInput(
            {"type": "datetime-local", "step": "1", "min": "1970-01-01T00:00:00"},
            format="%Y-%m-%dT%H:%M:%S",
        ),
    )
    system = SystemField(label="From or to system", required=False)
    lifecycle = forms.ChoiceField(choices=LIFECYCLES, required=False)

    def clean_at(self) -> datetime:
        """The end of that second, so that what happened in it counts. The field shows it, in the
        site's zone.
        """
        at = (self.cleaned_data["at"] or timezone.now()).replace(microsecond=999_999)
        # By the second: the end of the one that runs is not meant as the future.
        if at.replace(microsecond=0) > timezone.now():
            raise forms.ValidationError("Choose a moment that is not in the future.")
        self.data = self.data | {"at": timezone.localtime(at).strftime("%Y-%m-%dT%H:%M:%S")}
        return at

    @property
    def other_reading(self) -> datetime | None:
        """The other moment at which the clock showed the same, and that is past too."""
        other = other_reading(self.cleaned_data["at"]) if self.is_valid() else None
        return other if other and other <= timezone.now() else None

    @property
    def moment(self) -> str:
        """As a heading says it. Django's date format leaves the zone out where it matters most: in
        the hour that the clock shows twice.
        """
        return f"{timezone.localtime(self.cleaned_data['at']):%-d %b %Y, %H:%M:%S %Z}"
