"""What the browser sent, read and judged field by field; the rules of the workflow are judged by its verbs."""

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import Q
from django.urls import reverse_lazy

from .models import (
    Action,
    DataType,
    Lifecycle,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    Reason,
    Side,
    System,
    SystemLifecycle,
)
from .refusals import Invalid


class SystemField(forms.ModelChoiceField):
    """One system, typed by code or name; the page offers matching ones. Works for any number of systems.

    Accepts "Name (CODE)" as offered, a code, or a name only one system has, all ignoring case.
    """

    widget = forms.TextInput

    def __init__(self, **kwargs) -> None:
        super().__init__(kwargs.pop("queryset", System.objects.all()), **kwargs)
        self.widget.attrs |= {
            "list": "systems",
            "autocomplete": "off",
            "placeholder": "Name or code",
            "hx-get": reverse_lazy("system-options"),
            "hx-trigger": "input changed delay:200ms",
            "hx-target": "#systems",
            "hx-sync": "this:replace",
        }

    def prepare_value(self, value):
        if isinstance(value, int):
            value = self.queryset.filter(pk=value).first()
        return str(value) if isinstance(value, System) else value

    def to_python(self, value) -> System | None:
        if value in self.empty_values or isinstance(value, System):
            return value or None
        ProhibitNullCharactersValidator()(value)
        text = value.strip()
        code = text.rpartition("(")[2].removesuffix(")") if text.endswith(")") else text
        found = self.queryset.filter(code__iexact=code).first()
        named = [found] if found else list(self.queryset.filter(name__iexact=text)[:6])
        if len(named) != 1:
            raise forms.ValidationError(self._no_single(text, named))
        return named[0]

    def _no_single(self, text: str, named: list[System]) -> str:
        similar = named or systems_like(text, self.queryset)[:5]
        hint = f" Did you mean {', '.join(map(str, similar))}?" if similar else " Type a name or a code."
        return (f"Several systems are called “{text}”." if named else f"No system is called “{text}”.") + hint


def systems_like(text: str, systems=None):
    """Systems that take proposals and whose name, code or unit contains `text`, by name."""
    systems = System.objects.all() if systems is None else systems
    contains = Q(name__icontains=text) | Q(code__icontains=text) | Q(organisational_unit__name__icontains=text)
    return systems.exclude(lifecycle=SystemLifecycle.REMOVED).filter(contains).order_by("name", "pk")


def refuse_fields(form: forms.BaseForm, refusal: Invalid) -> None:
    """Show what a verb refused beside the fields it names; what is no field of this form, above them."""
    for field, sentence in refusal.fields.items():
        form.add_error(field if field in form.fields else None, sentence)


class WishForm(forms.ModelForm):
    """The physical part of a wish: an existing specification of the source or a new one, and how it is sent."""

    specification = forms.ModelChoiceField(
        PhysicalSpecification.objects.none(), required=False, empty_label="A new specification, named below"
    )
    data_types = forms.ModelMultipleChoiceField(
        DataType.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Proposal
        fields = [
            "specification",
            "specification_name",
            "specification_format",
            "specification_description",
            *PhysicalFlow.ATTRIBUTES,
            "data_types",
        ]
        labels = {
            "specification_name": "Name",
            "specification_format": "Format",
            "specification_description": "Description",
            "name": "Name of the flow",
            "description": "Description of the flow",
        }
        help_texts = {
            "specification_name": "What is sent, as the source calls it: positions_eod.csv, trade events v2.",
            "name": "Only if the same specification is sent several times.",
            "basis_offset": "Days after the business date: 0 for the same day, 1 for T+1, -1 for the day before.",
            "external_id": "Its number in another inventory, if it has one.",
        }
        widgets = {
            "specification_description": forms.Textarea({"rows": 2}),
            "description": forms.Textarea({"rows": 2}),
        }

    def __init__(self, *args, source: System | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ["specification_format", "transport", "frequency", "criticality"]:
            self.fields[name].choices = [("", "Choose…"), *self.fields[name].choices[1:]]
        self.fields["specification"].queryset = PhysicalSpecification.objects.filter(
            owner=source, lifecycle=Lifecycle.ACTIVE
        )
        kept = Q(proposals=self.instance.pk) if self.instance.pk else Q(pk__in=[])
        fit = DataType.objects.filter(kept | Q(is_deprecated=False, is_unknown=False))
        self.fields["data_types"].queryset = fit.distinct()

    def clean(self) -> dict:
        """An existing specification silences the fields that would describe a new one."""
        cleaned = super().clean()
        if cleaned.get("specification"):
            cleaned |= {"specification_name": "", "specification_format": "", "specification_description": ""}
        return cleaned

    def refuse(self, refusal: Invalid) -> None:
        refuse_fields(self, refusal)


class ProposalForm(WishForm):
    """A CREATE as its maker writes it. Only source and target must be there: a draft may be unfinished."""

    source = SystemField(help_text="The system that sends.")
    target = SystemField(help_text="The system that receives.")
    with_physical_flow = forms.TypedChoiceField(
        label="What do you know about it?",
        choices=[(True, "What is sent, how and when (a physical flow)"), (False, "Only that data flows")],
        coerce=lambda value: value == "True",
        widget=forms.RadioSelect,
        initial=True,
    )

    class Meta(WishForm.Meta):
        fields = ["source", "target", "with_physical_flow", "reason", "justification", *WishForm.Meta.fields]
        widgets = WishForm.Meta.widgets | {"justification": forms.Textarea({"rows": 3})}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].empty_label = "Choose…"
        self.fields["reason"].queryset = Reason.objects.filter(Q(is_active=True) | Q(pk=self.instance.reason_id))
        self.fields["specification"].queryset = PhysicalSpecification.objects.filter(
            owner=self._source(), lifecycle=Lifecycle.ACTIVE
        )

    def _source(self) -> System | None:
        """The source as typed so far, or None: its specifications are the ones to choose from."""
        field = self.fields["source"]
        try:
            return field.to_python(field.prepare_value(self["source"].value()))
        except forms.ValidationError:
            return None

    def clean(self) -> dict:
        """Without a physical flow whatever was typed about one is dropped."""
        cleaned = super().clean()
        if cleaned.get("source") and cleaned.get("source") == cleaned.get("target"):
            self.add_error("target", "Source and target must be two different systems.")
        if cleaned.get("with_physical_flow") is False:
            for field in ["specification_name", "specification_format", "specification_description"]:
                cleaned[field] = ""
            cleaned["specification"] = None
            for field in PhysicalFlow.ATTRIBUTES:
                cleaned[field] = None if field == "basis_offset" else ""
        return cleaned


class VerbForm(forms.Form):
    """What a verb asks before it is carried out; `offered` are the actions the reader has."""

    def __init__(self, *args, offered: list[Action], **kwargs) -> None:
        super().__init__(*args, **kwargs)

    def refuse(self, refusal: Invalid) -> None:
        refuse_fields(self, refusal)


class CommentForm(VerbForm):
    comment = forms.CharField(
        label="Comment (optional)", required=False, max_length=4000, widget=forms.Textarea({"rows": 3})
    )


class DecisionForm(CommentForm):
    """For which side, and why. Any side is accepted here and judged by the verb; the page shows those offered."""

    side = forms.ChoiceField(label="For which side?", choices=Side.choices, widget=forms.RadioSelect)
    field_order = ["side", "comment"]

    def __init__(self, *args, offered: list[Action], **kwargs) -> None:
        super().__init__(*args, offered=offered, **kwargs)
        sides = [action.side for action in offered]
        field = self.fields["side"]
        shown = [
            (value, label) for value, label in field.choices if value in sides or (value == "BOTH" and len(sides) > 1)
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
        label="Why? The maker will read it.", required=False, max_length=4000, widget=forms.Textarea({"rows": 3})
    )
