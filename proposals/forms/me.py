"""What somebody chooses for themselves."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils import timezone

from ..models import DayInput, Delegation, User, zones
from .fields import PersonField
from .tracked import TrackedForm


class DelegationForm(forms.ModelForm):
    """To whom, and on which days by the delegator's clock; from now on if the first is today."""

    delegate = PersonField(label="Who decides for you?")
    starts_at = DayInput(
        label="First day", required=False, help_text="If it is today, it begins at once."
    )
    ends_at = DayInput(label="Last day", ends=True, help_text="That day is included.")

    class Meta:
        model = Delegation
        fields = ["delegate", "starts_at", "ends_at", "note"]
        widgets = {"note": forms.TextInput}

    def clean_delegate(self) -> User:
        if self.cleaned_data["delegate"] == self.instance.delegator:
            raise forms.ValidationError("You cannot delegate to yourself.")
        return self.cleaned_data["delegate"]

    def clean_starts_at(self) -> datetime:
        return max(self.cleaned_data["starts_at"] or timezone.now(), timezone.now())

    def clean(self) -> dict:
        cleaned = super().clean()
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error(
                "ends_at", "Choose a last day that is not over and not before the first."
            )
        return cleaned


THEMES = [("", "As the system has it"), ("light", "Light"), ("dark", "Dark")]


class AppearanceForm(forms.Form):
    """Light or dark, for one browser; and in whose time, for the person wherever they are."""

    theme = forms.ChoiceField(
        label="Light or dark", choices=THEMES, required=False, widget=forms.RadioSelect
    )
    zone = forms.ChoiceField(label="Times are shown in", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site = f"The time of the site ({settings.TIME_ZONE})"
        named = [(name, name.replace("_", " ")) for name in sorted(zones())]
        self.fields["zone"].choices = [("", site), *named]


class NoticesForm(TrackedForm):
    class Meta:
        model = User
        fields = ["notices_wanted"]
        widgets = {"notices_wanted": forms.RadioSelect}
        labels = {"notices_wanted": "Which mails do you want?"}


class PasswordForm(PasswordChangeForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = " ".join(password_validators_help_texts())
