"""Where other programs are told what happens."""

from django import forms
from django.core.exceptions import ValidationError

from ..models import WebhookEndpoint, kinds_of_events
from ..workflow.posting import NotPosted, require_postable


class EndpointForm(forms.ModelForm):
    kinds = forms.MultipleChoiceField(
        label="Events",
        choices=lambda: [(kind, kind) for kind in kinds_of_events()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="None chosen: all, and those to come.",
    )

    class Meta:
        model = WebhookEndpoint
        fields = ["address", "description", "kinds", "is_active"]

    def clean_address(self) -> str:
        """Judged on a look; what a name stands for is judged whenever something is sent."""
        address = self.cleaned_data["address"]
        try:
            require_postable(address)
        except NotPosted as error:
            raise ValidationError(str(error)) from None
        return address

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("is_active"):
            self.instance.off_because = ""
        if "address" in self.changed_data:
            # Another receiver has not asked to be left alone.
            self.instance.paused_until = None
        return cleaned
