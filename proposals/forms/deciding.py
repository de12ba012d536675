"""What somebody decides about proposals, one or many, or does to one."""

from django import forms

from ..errors import Invalid
from ..models import Action, Proposal, Side, User
from .fields import refuse_fields


class BulkForm(forms.Form):
    """Many proposals of the inbox, one decision, one comment."""

    chosen = forms.ModelMultipleChoiceField(
        Proposal.objects.none(), error_messages={"required": "Choose at least one proposal."}
    )
    verb = forms.ChoiceField(choices=[("approve", "Approve"), ("reject", "Reject")])
    comment = forms.CharField(required=False, max_length=4000)

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chosen"].queryset = Proposal.objects.visible_to(user)

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("verb") == "reject" and not cleaned.get("comment", "").strip():
            self.add_error("comment", "Say why you reject: the makers need to know.")
        return cleaned


class VerbForm(forms.Form):
    """What a verb asks before it is carried out; `offered` are the actions the reader has, `both`
    says whether they may do all of them at once.
    """

    def __init__(self, *args, offered: list[Action], both: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)

    def refuse(self, refusal: Invalid) -> None:
        refuse_fields(self, refusal)


class CommentForm(VerbForm):
    comment = forms.CharField(
        label="Comment (optional)",
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
    )


class DecisionForm(CommentForm):
    """For which side, and why. Any side is accepted here and judged by the verb; the page shows
    those offered.
    """

    side = forms.ChoiceField(
        label="For which side?", choices=Side.choices, widget=forms.RadioSelect
    )
    field_order = ["side", "comment"]

    def __init__(self, *args, offered: list[Action], both: bool, **kwargs) -> None:
        super().__init__(*args, offered=offered, both=both, **kwargs)
        sides = [action.side for action in offered]
        field, at_once = self.fields["side"], both and len(sides) > 1
        shown = [
            (value, label)
            for value, label in field.choices
            if value in sides or (value == "BOTH" and at_once)
        ]
        field.widget.choices = shown or field.choices
        self.initial["side"] = sides[0] if len(sides) == 1 else None

    @property
    def sides(self) -> list[str]:
        chosen = self.cleaned_data["side"]
        return list(Side.values) if chosen == "BOTH" else [chosen]


class ApprovalForm(DecisionForm):
    side = forms.ChoiceField(
        label="For which side?",
        choices=[*Side.choices, ("BOTH", "Both, recorded as two decisions")],
        widget=forms.RadioSelect,
    )


class RejectionForm(DecisionForm):
    comment = forms.CharField(
        label="Why? The maker will read it.",
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
    )
