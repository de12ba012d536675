"""What a maker wants of a flow that is there: a change, or its removal."""

from django import forms
from django.utils.functional import cached_property

from ..errors import Invalid
from ..models import LogicalFlow, Proposal, VersionInput, same
from ..reports.sentences import Parts, listed
from ..workflow.provisioning import change
from .fields import offer_choices, offer_reasons, refuse_fields
from .proposing import SENDING, SendingForm, WishForm, offer_data_types
from .tracked import TrackedForm
from .types import DataTypesField


class ConcerningForm(TrackedForm):
    """What an EDIT and a DELETE share: why, and the versions of the flow that the page showed.

    If those are no longer the newest when it is submitted, the verb refuses it.
    """

    READ = ["read_physical_flow_version", "read_specification_version", "read_logical_flow_version"]

    read_physical_flow_version = VersionInput()
    read_specification_version = VersionInput()
    read_logical_flow_version = VersionInput()

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
            # By hand: these columns are not editable, so no model form fills them.
            setattr(self.instance, name, cleaned.get(name))
        return cleaned

    def refuse(self, refusal: Invalid) -> None:
        refuse_fields(self, refusal)


class RemovalForm(ConcerningForm):
    """Why a flow should go."""


class ChangeForm(SendingForm, ConcerningForm):
    """How a physical flow should be. Its route is not among the fields, and of its specification
    only the name of one of its own: asked for where other routes share the present one.
    """

    data_types = DataTypesField()
    suggests_a_name = False

    class Meta(ConcerningForm.Meta):
        fields = [*SENDING, "data_types", "specification_name", *ConcerningForm.Meta.fields]
        labels = WishForm.Meta.labels | {"specification_name": "Name of a specification of its own"}
        help_texts = WishForm.Meta.help_texts | {
            "specification_name": "Needed if you change the data types, and only then."
        }
        widgets = WishForm.Meta.widgets | ConcerningForm.Meta.widgets

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, ["transport", "frequency", "criticality"])
        present = list(self.instance.changed_flow.specification.data_types.all())
        wanted = list(self.instance.data_types.all()) if self.instance.pk else []
        offer_data_types(
            self, kept=[row.pk for row in [*present, *wanted]], source=self.instance.source
        )
        # What comes from the form of a new flow may have left them to the specification.
        if not self.instance.pk and not (kwargs.get("initial") or {}).get("data_types"):
            self.initial["data_types"] = present
        # And it names the one that is there, of which this flow wants none of its own.
        named = self.initial.get("specification_name", "")
        if same(named, self.instance.changed_flow.specification.name):
            self.initial["specification_name"] = ""

    @cached_property
    def routes_elsewhere(self) -> Parts:
        """The other routes that share the specification."""
        routes, are_more = self._elsewhere
        return [*listed(routes), *([" and more"] if are_more else [])]

    @property
    def other_routes(self) -> str:
        return change.other_routes(*self._elsewhere)

    @cached_property
    def _elsewhere(self) -> tuple[list[LogicalFlow], bool]:
        return change.routes_elsewhere(self.instance.changed_flow)

    @property
    def offers_own_specification(self) -> bool:
        name = self["specification_name"]
        return bool(self.routes_elsewhere or name.value() or name.errors)

    def refuse(self, refusal: Invalid) -> None:
        """Where a specification of its own would help, with a name to begin with."""
        super().refuse(refusal)
        if "specification_name" in refusal.fields and not self["specification_name"].value():
            self.data = self.data.copy()
            name = change.suggested_name(self.instance.changed_flow)
            self.data[self.add_prefix("specification_name")] = name
            self.suggests_a_name = True
