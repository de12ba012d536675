"""What a maker wants: a new flow."""

from django import forms
from django.utils.functional import cached_property

from ..errors import Invalid
from ..models import (
    Lifecycle,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    System,
    User,
)
from ..reports.advice import doubt_about_offset
from ..workflow import provisioning
from .fields import SystemField, offer_choices, offer_reasons, refuse_fields
from .tracked import TrackedForm
from .types import DataTypesField

A_NEW_ONE = "new"  # chosen instead of an existing specification
NEW_SPECIFICATION = ["specification_name", "specification_format", "specification_description"]
# With the source, what tells whether a wish repeats another or is like it.
TELLING = ["target", "with_physical_flow", "specification", "specification_name", "name"]
TELLING += ["specification_format", "transport", "frequency", "basis_offset", "criticality"]
TELLING += ["reason"]
# As the pages ask for them: what has to be filled first.
SENDING = sorted(PhysicalFlow.ATTRIBUTES, key=lambda name: name not in PhysicalFlow.REQUIRED)


def specifications_of(source: System | None):
    """The specifications a proposal from `source` may use."""
    if source is None:
        return PhysicalSpecification.objects.none()
    living = PhysicalSpecification.objects.filter(owner=source, lifecycle=Lifecycle.ACTIVE)
    return living.prefetch_related("data_types")


def offer_data_types(form: forms.ModelForm, *, kept, source: System | None) -> None:
    """Fill the chooser; what was typed into its filter stays, however the form is shown."""
    like = form.data.get("data_types_like") or form.initial.get("data_types_like") or ""
    form.fields["data_types"].offer(kept=kept, source=source, like=like)


class SpecificationSelect(forms.Select):
    """Marks the choices that say what they carry: with such a one nothing is left to choose."""

    def create_option(self, name, value, *args, **kwargs) -> dict:
        option = super().create_option(name, value, *args, **kwargs)
        if value and value != A_NEW_ONE and value.instance.data_types.all():
            option["attrs"]["data-carries"] = True
        return option


class SpecificationChoices(forms.models.ModelChoiceIterator):
    """Those that exist, and a new one; where none exists nothing has to be chosen."""

    def __iter__(self):
        choices = list(super().__iter__())
        # The first is the empty one.
        if len(choices) > 1:
            yield from choices
        yield (A_NEW_ONE, "A new specification")


class SpecificationField(forms.ModelChoiceField):
    """An existing specification, each saying what it carries; None for a new one."""

    widget = SpecificationSelect
    iterator = SpecificationChoices

    def to_python(self, value):
        return None if value == A_NEW_ONE else super().to_python(value)

    def label_from_instance(self, specification: PhysicalSpecification) -> str:
        types = ", ".join(map(str, specification.data_types.all()))
        return (
            f"{specification} · "
            f"{f'carries {types}' if types else 'does not yet say what it carries'}"
        )


class SendingForm(TrackedForm):
    """How and when a physical flow is sent. Of what is legal and hardly meant it asks once, before
    it acts; a draft may say anything.
    """

    # Other than a submission, which a form without names for its buttons always is.
    WITHOUT_EFFECT = {"draft", "keep", "show", "like"}

    asked_offset: int | None = None  # the basis offset that the page now asks about

    @property
    def doubt(self) -> str:
        """What stands beside the basis offset, unless it is asked there already."""
        if self.is_bound:
            return ""
        try:
            offset = self.fields["basis_offset"].clean(self["basis_offset"].value())
        except forms.ValidationError:
            return ""
        return doubt_about_offset(self.instance, offset)

    def clean(self) -> dict | None:
        cleaned = super().clean()
        offset = self.cleaned_data.get("basis_offset")
        doubt = doubt_about_offset(self.instance, offset)
        is_meant = self.data.get("meant_offset") == str(offset)
        if doubt and not is_meant and not self.WITHOUT_EFFECT & set(self.data):
            self.asked_offset = offset
            self.add_error("basis_offset", f"{doubt} Send it again if it is.")
        return cleaned


class WishForm(SendingForm):
    """The physical part of a wish: an existing specification of the source or a new one, and how it
    is sent.
    """

    specification = SpecificationField(
        PhysicalSpecification.objects.none(),
        required=False,
        empty_label="Choose…",
        help_text=(
            "What is sent: a file, a message, a table. Take one the source has already, if it fits."
        ),
    )
    data_types = DataTypesField(
        help_text=(
            "An existing specification that says what it carries keeps that, "
            "whatever you choose here."
        ),
    )

    class Meta:
        model = Proposal
        fields = ["specification", *NEW_SPECIFICATION, "data_types", *SENDING]
        labels = {
            "specification_name": "Name",
            "specification_format": "Format",
            "specification_description": "Description",
            "name": "Name of the flow",
            "description": "Description of the flow",
        }
        help_texts = {
            "specification_name": "As the source calls it: positions_eod.csv, trade events v2.",
            "name": "Only if the same specification is sent several times: intraday, end of day.",
            "transport": "How it travels: a file, a message, a call, a table somebody reads.",
            "frequency": "How often the source sends it.",
            "basis_offset": (
                "Days after the business date: 0 for the same day, 1 for T+1, "
                "-1 for the day before."
            ),
            "criticality": "How much it hurts the target if it is late, wrong or missing.",
            "external_id": "Its number in another inventory, if it has one.",
            "reason": "Why now; the approvers see it first.",
            "justification": "What the approvers should know: who needs it, for what, since when.",
        }
        widgets = {
            "specification_description": forms.Textarea({"rows": 2}),
            "description": forms.Textarea({"rows": 2}),
        }

    def __init__(self, *args, source: System | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, ["specification_format", "transport", "frequency", "criticality"])
        if self.initial.get("specification") in (None, "", A_NEW_ONE):
            is_named = self.initial.get("specification_name")
            self.initial["specification"] = A_NEW_ONE if is_named else ""
        self._of(source)

    def _of(self, source: System | None) -> None:
        """Offer what is known of `source`: its specifications and the data types it usually
        sends.
        """
        self.fields["specification"].queryset = specifications_of(source)
        kept = self.instance.data_types.values("pk") if self.instance.pk else []
        offer_data_types(self, kept=kept, source=source)

    def clean(self) -> dict:
        """An existing specification silences the fields that would describe a new one."""
        cleaned = super().clean()
        if cleaned.get("specification"):
            self._silence(cleaned, *NEW_SPECIFICATION)
        return cleaned

    def _silence(self, cleaned: dict, *names: str) -> None:
        """Drop what was typed into fields that the page hides by now, and what is wrong with it."""
        for name in names:
            self.errors.pop(name, None)
            cleaned[name] = None if name in ("basis_offset", "specification") else ""

    def refuse(self, refusal: Invalid) -> None:
        refuse_fields(self, refusal)


class ProposalForm(WishForm):
    """A CREATE as its maker writes it. Only source and target must be there: a draft may be
    unfinished.
    """

    source = SystemField(
        help_text="The system that sends.",
        error_messages={"required": "Name the system that sends."},
    )
    target = SystemField(
        help_text="The system that receives.",
        error_messages={"required": "Name the system that receives."},
    )
    with_physical_flow = forms.TypedChoiceField(
        label="What do you know about it?",
        choices=[
            (True, "What is sent, how and when (a physical flow)"),
            (False, "Only that data flows"),
        ],
        coerce=lambda value: value == "True",
        widget=forms.RadioSelect,
        initial=True,
    )

    class Meta(WishForm.Meta):
        fields = [
            "source",
            "target",
            "with_physical_flow",
            *WishForm.Meta.fields,
            "reason",
            "justification",
        ]
        widgets = WishForm.Meta.widgets | {"justification": forms.Textarea({"rows": 3})}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.unread: list[str] = []  # why the source or target typed so far is no system
        offer_reasons(self)
        self._of(self.typed_source)

    @cached_property
    def typed_source(self) -> System | None:
        """The source as typed so far, or None: its specifications are the ones to choose from."""
        return self._typed("source")

    def _typed(self, name: str):
        """What a field says so far, or None if that cannot be read."""
        field, value = self.fields[name], self[name].value()
        # What was handed in as a system and is still there needs no look-up.
        if isinstance(self.initial.get(name), System) and value == field.prepare_value(
            self.initial[name]
        ):
            return self.initial[name]
        try:
            return field.clean(field.prepare_value(value))
        except forms.ValidationError as wrong:
            if value and name in ("source", "target"):
                self.unread.append(wrong.messages[0])
            return None

    def so_far(self, maker: User) -> Proposal:
        """The wish as far as it is written, never to be saved; what cannot be read yet is left
        out.
        """
        wish = Proposal(pk=self.instance.pk, maker=maker)
        written = {"source": self.typed_source} | {name: self._typed(name) for name in TELLING}
        for name, value in written.items():
            if value is not None:
                setattr(wish, name, value)
        return wish

    def lacking(self, wish: Proposal) -> list[forms.BoundField]:
        """The fields without which `wish`, what is written so far, could not be submitted; before
        it has both its systems, those alone.
        """
        unnamed = [side for side in ("source", "target") if not getattr(wish, f"{side}_id")]
        types = self._typed("data_types") or []
        if wish.specification_id:
            types = types or list(wish.specification.data_types.all())
        needed = unnamed or provisioning.lacking(wish, types)
        return [self[name] for name in self.fields if name in needed]

    def clean(self) -> dict:
        """Without a physical flow whatever was typed about one is dropped."""
        cleaned = super().clean()
        if cleaned.get("source") and cleaned.get("source") == cleaned.get("target"):
            self.add_error("target", "Source and target must be two different systems.")
        if cleaned.get("with_physical_flow") is False:
            self._silence(cleaned, "specification", *NEW_SPECIFICATION, *PhysicalFlow.ATTRIBUTES)
        return cleaned
