"""Forms that first say what saving would do to others, and ask why."""

from hashlib import sha256

from django import forms

from ..models import ApproverRule, LineInput, User
from ..reports.leaving import leaving
from ..workflow import effect_of

LONGEST_REASON = 300
SAY_WHY = "Say why, and save again to do it."
OWN_FIELDS = ("why", "weighed")


class WhyInput(LineInput):
    def __init__(self, **options) -> None:
        options = {"max_length": LONGEST_REASON} | options
        super().__init__(label="Why", help_text="Stands in the history of the change.", **options)


class WeighedForm(forms.ModelForm):
    """Refused once, with what it would do; the same sent again, with a reason, is saved."""

    why = WhyInput(required=False)
    # Says for what change the effect was shown.
    weighed = LineInput(required=False, widget=forms.HiddenInput)

    def _post_clean(self) -> None:
        # Django fills the instance here, after `clean`.
        super()._post_clean()  # type: ignore[misc]
        if self.errors or not self.is_weighty():
            return
        # Of the whole change: whoever changes more in the second step is shown the effect anew.
        change = sha256(repr(sorted(self._values().items())).encode()).hexdigest()
        if self.cleaned_data["weighed"] == change and self.cleaned_data["why"]:
            return
        sentences = self.effect()
        if not sentences:
            return
        self.add_error(None, [*sentences, SAY_WHY])
        self.data = self.data.copy()
        self.data[self.add_prefix("weighed")] = change

    def is_weighty(self) -> bool:
        """Whether what was changed needs weighing."""
        columns = {str(field.name) for field in self.instance._meta.concrete_fields}
        return bool(columns & set(self.changed_data))

    def effect(self) -> list[str]:
        """What saving would do, in sentences; without any it is saved at once."""
        raise NotImplementedError

    def _values(self) -> dict:
        columns = self.instance._meta.concrete_fields
        return {field.attname: getattr(self.instance, field.attname) for field in columns}


class WeighedRightsForm(WeighedForm):
    """Of a rule or the policy: who gains and who loses a right to decide."""

    def effect(self) -> list[str]:
        """Of a copy: the instance is saved later, if at all."""
        row = type(self.instance)(**self._values())
        row._state.adding = self.instance._state.adding
        is_rule = isinstance(row, ApproverRule)
        before = ApproverRule.objects.filter(pk=row.pk) if is_rule and row.pk else []
        rules = [row, *before] if is_rule else []
        return effect_of(row.save_without_historical_record, rules).sentences


class WeighedLeavingForm(WeighedForm):
    """Of a person: what would be without somebody when they are no longer active."""

    def is_weighty(self) -> bool:
        return "is_active" in self.changed_data and not self.instance.is_active

    def effect(self) -> list[str]:
        return leaving(User.objects.filter(pk=self.instance.pk)).sentences

    def _values(self) -> dict:
        return {"leaves": self.instance.pk}
