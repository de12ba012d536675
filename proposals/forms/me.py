"""What somebody chooses for themselves."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils import timezone

from ..models import (
    LONGEST_DAYS,
    DayInput,
    Delegation,
    Scope,
    System,
    Token,
    User,
    decisive_involvements,
    same,
    zones,
)
from .fields import PersonField, SystemField
from .tracked import TrackedForm

MOST_TO_CHOOSE = 100  # systems that stand there to be ticked


class DelegationForm(forms.ModelForm):
    """To whom, for which systems, and on which days by the delegator's clock; from now on if the
    first is today.
    """

    delegate = PersonField(label="Who decides for you?")
    systems = forms.ModelMultipleChoiceField(
        System.objects.none(),
        label="Only for these systems",
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "systems-list"}),
        help_text="Choose none and it holds for all your systems, also for those you get later.",
    )
    system = SystemField(
        label="Only for one system",
        required=False,
        help_text="Leave it empty and it holds for all your systems, also for those you get later.",
    )
    starts_at = DayInput(
        label="First day", required=False, help_text="If it is today, it begins at once."
    )
    ends_at = DayInput(label="Last day", ends=True, help_text="That day is included.")

    class Meta:
        model = Delegation
        fields = ["delegate", "starts_at", "ends_at", "note"]
        widgets = {"note": forms.TextInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        decisive = decisive_involvements().filter(user=self.instance.delegator).order_by()
        some = decisive.values_list("system_id", flat=True)[: MOST_TO_CHOOSE + 1]
        own = set(some)
        # Who decides nowhere yet can only delegate what they may get later; who decides in
        # thousands of systems, name one of them.
        for name, is_offered in {
            "systems": 0 < len(own) <= MOST_TO_CHOOSE,
            "system": len(own) > MOST_TO_CHOOSE,
        }.items():
            if not is_offered:
                del self.fields[name]
        if "systems" in self.fields:
            chosen_from = System.objects.filter(pk__in=own).order_by("name", "pk")
            self.fields["systems"].queryset = chosen_from

    def clean_system(self) -> System | None:
        system, person = self.cleaned_data["system"], self.instance.delegator
        if system and not decisive_involvements().filter(user=person, system=system).exists():
            raise forms.ValidationError(f"You do not decide for {system}.")
        return system

    def delegations(self) -> list[Delegation]:
        """What was asked for, not saved yet: one for all systems, or one for each chosen."""
        asked = {name: self.cleaned_data[name] for name in self.Meta.fields}
        return [
            Delegation(delegator=self.instance.delegator, system=system, **asked)
            for system in self.cleaned_data.get("systems") or [self.cleaned_data.get("system")]
        ]

    def clean_delegate(self) -> User:
        if self.cleaned_data["delegate"] == self.instance.delegator:
            raise forms.ValidationError("You cannot delegate to yourself.")
        return self.cleaned_data["delegate"]

    def clean_starts_at(self) -> datetime:
        # Today began at midnight, and nothing is recorded as if it had been true before it was
        # made.
        return max(self.cleaned_data["starts_at"] or timezone.now(), timezone.now())

    def clean(self) -> dict:
        cleaned = super().clean()
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error(
                "ends_at", "Choose a last day that is not over and not before the first."
            )
        return cleaned


class TokenForm(forms.ModelForm):
    """A token for a program; it may decide only where the policy lets programs decide."""

    expires_at = DayInput(label="Last day", ends=True)

    class Meta:
        model = Token
        fields = ["name", "may_read", "may_propose", "may_decide", "expires_at"]

    def __init__(self, *args: Any, may_decide: bool, **kwargs: Any) -> None:
        # The page has other forms with fields of the same names, and an id stands once on a page.
        super().__init__(*args, auto_id="token_%s", **kwargs)
        self.fields["expires_at"].help_text = f"At most {LONGEST_DAYS} days from now."
        if not may_decide:
            del self.fields["may_decide"]

    def clean_expires_at(self) -> datetime:
        now, ends = timezone.now(), self.cleaned_data["expires_at"]
        if not now < ends <= Token.latest_end(now):
            raise forms.ValidationError(
                f"Choose a day that is not over, and at most {LONGEST_DAYS} days from now."
            )
        return ends

    def clean(self) -> dict:
        cleaned = super().clean()
        if not any(cleaned.get(f"may_{scope}") for scope in Scope.values):
            self.add_error(None, "Choose at least one thing that it may do.")
        named = Token.objects.filter(owner=self.instance.owner)
        # Withdrawn ones too: a transition names its token by its name.
        if any(same(token.name, cleaned.get("name", "")) for token in named):
            self.add_error(
                "name", "You have had a token of this name, which the record may speak of."
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
