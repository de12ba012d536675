"""What somebody says about a proposal."""

from django import forms
from django.urls import reverse_lazy

from ..errors import Invalid
from ..models import TOPICS, FreeTextInput, Proposal, Remark, topic_label
from .fields import refuse_fields

OF_PHYSICAL_FLOW = {"specification", *Proposal.ATTRIBUTES}


class RemarkForm(forms.Form):
    """A remark on `proposal`, or an answer to one of its rounds."""

    text = FreeTextInput(
        label="Remark",
        max_length=4000,
        widget=forms.Textarea({"rows": 3, "data-mentions": reverse_lazy("people-options")}),
        help_text="@ and a name tells that person.",
        error_messages={"required": "Write what you want to say."},
    )
    topic = forms.ChoiceField(label="About", required=False)
    answers = forms.ModelChoiceField(
        Remark.objects.none(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args, proposal: Proposal, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        has_flow = proposal.with_physical_flow or proposal.concerned_physical_flow_id
        topics = [topic for topic in TOPICS if has_flow or topic not in OF_PHYSICAL_FLOW]
        labels = [(topic, topic_label(topic)) for topic in topics]
        self.fields["topic"].choices = [("", "The whole proposal"), *labels]
        rounds = Remark.objects.filter(proposal__in=proposal.rounds())
        self.fields["answers"].queryset = rounds.select_related("proposal", "by")

    def refuse(self, refusal: Invalid) -> None:
        refuse_fields(self, refusal)
