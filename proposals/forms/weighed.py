"""Forms that decide who may decide: they first say who gains and who loses, and ask why."""

from hashlib import sha256

from django import forms

from ..models import ApproverRule, LineInput
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
        columns = {str(field.name) for field in self.instance._meta.concrete_fields}
        if self.errors or not (columns & set(self.changed_data)):
            return
        change = sha256(repr(sorted(self._values().items())).encode()).hexdigest()
        if self.cleaned_data["weighed"] == change and self.cleaned_data["why"]:
            return
        self.add_error(None, [*self._effect().sentences, SAY_WHY])
        self.data = self.data.copy()
        self.data[self.add_prefix("weighed")] = change

    def _effect(self):
        """Of a copy: the instance is saved later, if at all."""
        row = type(self.instance)(**self._values())
        row._state.adding = self.instance._state.adding
        is_rule = isinstance(row, ApproverRule)
        before = ApproverRule.objects.filter(pk=row.pk) if is_rule and row.pk else []
        rules = [row, *before] if is_rule else []
        return effect_of(row.save_without_historical_record, rules)

    def _values(self) -> dict:
        columns = self.instance._meta.concrete_fields
        return {field.attname: getattr(self.instance, field.attname) for field in columns}
