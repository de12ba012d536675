"""A form over a row with a history: nobody saves over somebody else's change unawares."""

from django import forms
from django.db import connection, models
from django.utils import timezone

from ..history.changes import Change, changes_after
from ..models import VersionInput

MOST_TOLD = 5


class TrackedForm(forms.ModelForm):
    """Remembers which version of the row its page showed.

    If somebody else has changed one of its fields since, the form is refused once, and says who
    changed what. What the sender wrote stays in its field; a field they had not touched shows the
    newer value. Sent again it saves. Without a version (a row that is made here, or a program that
    sends none) nothing is compared.
    """

    read_version = VersionInput()
    has_newer = False  # once refused because of what somebody else changed

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["read_version"] = self.instance.version()

    def clean(self) -> dict | None:
        cleaned = super().clean()
        read = self.cleaned_data.get("read_version")
        if self.instance.pk and read:
            self._compare_with(read)
        return cleaned

    def _compare_with(self, read: int) -> None:
        model = type(self.instance)
        if connection.in_atomic_block:
            # Until the transaction ends, or somebody could still change it before it is saved.
            rows = model._default_manager.select_for_update().filter(pk=self.instance.pk)
            list(rows.order_by().values("pk"))
        newest = self.instance.version()
        labels = {self._label(name) for name in self.fields}
        changes = [
            change
            for change in changes_after(self.instance, read)
            if any(difference.what in labels for difference in change.differences or [])
        ]
        if not changes or newest is None:
            return
        self.has_newer = True
        self._show_newer(read, newest)
        self.add_error(None, [_sentence(change, labels) for change in changes[-MOST_TOLD:]])
        self.add_error(
            None,
            "This happened while you were writing. What you wrote is kept below; what you had not "
            "touched shows the newer value. Save again if it is right now.",
        )

    def _label(self, name: str) -> str:
        """How the history calls this field."""
        known = {field.name: field for field in type(self.instance)._meta.get_fields()}
        field = known.get(name)
        return str(getattr(field, "verbose_name", name)).capitalize()

    def _show_newer(self, read: int, newest: int) -> None:
        """Let the page that is sent back carry the newest version, and its values where the sender
        had touched nothing.
        """
        history = type(self.instance).history
        versions = history.in_bulk([read, newest])
        self.data = self.data.copy()
        self.data[self.add_prefix("read_version")] = newest
        if read not in versions:
            return
        for field in versions[read].tracked_fields:
            shown = self.fields.get(field.name)
            # A moment in two entries has no one value to put into the page.
            if shown is None or isinstance(shown.widget, forms.MultiWidget):
                continue
            if self.cleaned_data.get(field.name) == _value(versions[read], field):
                self._put(field.name, shown, _value(versions[newest], field))

    def _put(self, name: str, field: forms.Field, value) -> None:
        key = self.add_prefix(name)
        if isinstance(field, forms.BooleanField):
            self.data.pop(key, None)
            if value:
                self.data[key] = "on"
            return
        prepared = field.prepare_value(value)
        self.data[key] = "" if prepared is None else prepared


def _value(version: models.Model, field: models.Field):
    return getattr(version, field.name)


def _sentence(change: Change, labels: set[str]) -> str:
    by = str(change.by) if change.by else "An import or a command"
    at = f"{timezone.localtime(change.at):%-d %B %Y, %H:%M %Z}"
    differences = [
        f"{difference.what} from “{difference.old}” to “{difference.new}”"
        for difference in change.differences or []
        if difference.what in labels
    ]
    return f"{by} changed {'; '.join(differences)} on {at}."
