"""What the browser sent, read and judged field by field; the rules of the workflow are judged by its verbs."""

from datetime import datetime

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import Q
from django.urls import reverse_lazy
from django.utils import timezone

from .models import (
    Action,
    DataType,
    Delegation,
    Lifecycle,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    Reason,
    Side,
    System,
    SystemLifecycle,
    User,
)
from .refusals import Invalid

LONGEST = 300  # of what somebody types to name a system or person


def moment_input() -> forms.DateTimeInput:
    return forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


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
        text = value.strip()[:LONGEST]
        found = self._offered(text) or self._coded(text) or list(self.queryset.filter(name__iexact=text)[:6])
        if len(found) != 1:
            raise forms.ValidationError(self._no_single(text, found))
        return found[0]

    def _offered(self, text: str) -> list[System]:
        """The system whose offer, "Name (CODE)", this is to the letter; names and codes may hold brackets."""
        starts = [at + 2 for at in range(len(text)) if text.startswith(" (", at)] if text.endswith(")") else []
        codes = [text[start:-1] for start in starts[-20:]]
        return [system for system in self.queryset.filter(code__in=codes) if str(system) == text]

    def _coded(self, text: str) -> list[System]:
        """Those with this code; if none has it to the letter, those that have it but for case."""
        return list(self.queryset.filter(code=text)) or list(self.queryset.filter(code__iexact=text)[:6])

    def _no_single(self, text: str, named: list[System]) -> str:
        similar = named or systems_like(text, self.queryset)[:5]
        hint = f" Did you mean {', '.join(map(str, similar))}?" if similar else " Type a name or a code."
        return (f"Several systems are called “{text}”." if named else f"No system is called “{text}”.") + hint


class PersonField(forms.ModelChoiceField):
    """One active person, typed by mail address or name."""

    widget = forms.TextInput

    def __init__(self, **kwargs) -> None:
        super().__init__(User.objects.filter(is_active=True), **kwargs)
        self.widget.attrs |= {"autocomplete": "off", "placeholder": "Name or mail address"}

    def to_python(self, value) -> User | None:
        if value in self.empty_values or isinstance(value, User):
            return value or None
        ProhibitNullCharactersValidator()(value)
        text = value.strip()[:LONGEST]
        found = list(self.queryset.filter(Q(email__iexact=text) | Q(name__iexact=text) | Q(username=text))[:6])
        if len(found) == 1:
            return found[0]
        similar = found or self.queryset.filter(Q(name__icontains=text) | Q(email__icontains=text))[:5]
        named = ", ".join(f"{person} ({person.email})" for person in similar)
        hint = f" Did you mean {named}? Type the mail address." if named else " Type a name or a mail address."
        raise forms.ValidationError(
            (f"Several people are called “{text}”." if found else f"Nobody is called “{text}”.") + hint
        )


def systems_like(text: str, systems=None):
    """Systems that take proposals and whose name, code or unit contains `text`, by name."""
    systems, text = System.objects.all() if systems is None else systems, text[:LONGEST]
    contains = Q(name__icontains=text) | Q(code__icontains=text) | Q(organisational_unit__name__icontains=text)
    return systems.exclude(lifecycle=SystemLifecycle.REMOVED).filter(contains).order_by("name", "pk")


def refuse_fields(form: forms.BaseForm, refusal: Invalid) -> None:
    """Show what a verb refused beside the fields it names; what names none of this form's fields, above them."""
    for field, sentence in (refusal.fields or {"": refusal.sentence}).items():
        form.add_error(field if field in form.fields else None, sentence)


def specifications_of(source: System | None):
    """The specifications a proposal from `source` may use."""
    living = PhysicalSpecification.objects.filter(owner=source, lifecycle=Lifecycle.ACTIVE)
    return living.prefetch_related("data_types")


def offer_reasons(form: forms.ModelForm) -> None:
    """The active reasons, and the one it already has."""
    form.fields["reason"].empty_label = "Choose…"
    form.fields["reason"].queryset = Reason.objects.filter(Q(is_active=True) | Q(pk=form.instance.reason_id))


def offer_choices(form: forms.ModelForm, names: list[str]) -> None:
    for name in names:
        form.fields[name].choices = [("", "Choose…"), *form.fields[name].choices[1:]]


class SpecificationField(forms.ModelChoiceField):
    """An existing specification; each choice says what it carries."""

    def label_from_instance(self, specification: PhysicalSpecification) -> str:
        types = ", ".join(map(str, specification.data_types.all()))
        return f"{specification} · {f'carries {types}' if types else 'says not yet what it carries'}"


class WishForm(forms.ModelForm):
    """The physical part of a wish: an existing specification of the source or a new one, and how it is sent."""

    specification = SpecificationField(
        PhysicalSpecification.objects.none(), required=False, empty_label="A new specification, named below"
    )
    data_types = forms.ModelMultipleChoiceField(
        DataType.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="An existing specification that says what it carries keeps its own, whatever is chosen here.",
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
        offer_choices(self, ["specification_format", "transport", "frequency", "criticality"])
        self.fields["specification"].queryset = specifications_of(source)
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

    source = SystemField(help_text="The system that sends.", error_messages={"required": "Name the system that sends."})
    target = SystemField(
        help_text="The system that receives.", error_messages={"required": "Name the system that receives."}
    )
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
        offer_reasons(self)
        self.fields["specification"].queryset = specifications_of(self._source())

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


class ConcerningForm(forms.ModelForm):
    """What an EDIT and a DELETE share: why, and the versions of the flow that the page showed.

    If those are no longer the newest when it is submitted, the verb refuses it.
    """

    READ = ["read_physical_flow_version", "read_specification_version", "read_logical_flow_version"]

    read_physical_flow_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    read_specification_version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    read_logical_flow_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Proposal
        fields = ["reason", "justification"]
        widgets = {"justification": forms.Textarea({"rows": 3})}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        offer_reasons(self)
        for name in self.READ:
            self.initial[name] = getattr(self.instance, name)

    def clean(self) -> dict:
        cleaned = super().clean()
        for name in self.READ:
            setattr(self.instance, name, cleaned.get(name))
        return cleaned

    def refuse(self, refusal: Invalid) -> None:
        refuse_fields(self, refusal)


class RemovalForm(ConcerningForm):
    """Why a flow should go."""


class ChangeForm(ConcerningForm):
    """How a physical flow should be. Route and specification are not among its fields."""

    data_types = forms.ModelMultipleChoiceField(
        DataType.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta(ConcerningForm.Meta):
        fields = [*PhysicalFlow.ATTRIBUTES, "data_types", *ConcerningForm.Meta.fields]
        labels = WishForm.Meta.labels
        help_texts = WishForm.Meta.help_texts
        widgets = WishForm.Meta.widgets | ConcerningForm.Meta.widgets

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, ["transport", "frequency", "criticality"])
        present = self.instance.specification.data_types.all()
        kept = Q(pk__in=present) | (Q(proposals=self.instance.pk) if self.instance.pk else Q(pk__in=[]))
        fit = DataType.objects.filter(kept | Q(is_deprecated=False, is_unknown=False))
        self.fields["data_types"].queryset = fit.distinct()
        if not self.instance.pk and "data_types" not in (kwargs.get("initial") or {}):
            self.initial["data_types"] = list(present)


class DelegationForm(forms.ModelForm):
    """To whom, and until when; from now on if no beginning is named."""

    delegate = PersonField(label="Who decides for you?")
    starts_at = forms.DateTimeField(
        label="From", required=False, widget=moment_input(), help_text="Empty: from now on."
    )
    ends_at = forms.DateTimeField(label="Until", widget=moment_input())

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
            self.add_error("ends_at", "It must end after it begins, and not in the past.")
        return cleaned


class NoticesForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["notices_wanted"]
        widgets = {"notices_wanted": forms.RadioSelect}
        labels = {"notices_wanted": "Which mails do you want?"}


class BulkForm(forms.Form):
    """Many proposals of the inbox, one decision, one comment."""

    chosen = forms.ModelMultipleChoiceField(
        Proposal.objects.none(), error_messages={"required": "Choose at least one."}
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
    """What a verb asks before it is carried out; `offered` are the actions the reader has, `both` says whether they
    may do all of them at once."""

    def __init__(self, *args, offered: list[Action], both: bool, **kwargs) -> None:
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

    def __init__(self, *args, offered: list[Action], both: bool, **kwargs) -> None:
        super().__init__(*args, offered=offered, both=both, **kwargs)
        sides = [action.side for action in offered]
        field, at_once = self.fields["side"], both and len(sides) > 1
        shown = [(value, label) for value, label in field.choices if value in sides or (value == "BOTH" and at_once)]
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
