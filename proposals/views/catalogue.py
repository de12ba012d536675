"""What the register speaks of: data types, specifications, people, organisational units."""

from django.views.generic import DetailView

from ..history.changes import history_of
from ..models import DataType, OrganisationalUnit, PhysicalSpecification, System, User
from ..reports.catalogue_pages import (
    data_type_details,
    person_details,
    proposals_sending,
    running_of,
    unit_details,
)
from ..reports.leaving import leaving
from .lists import MOST_COUNTED, keyset_page


class DataTypePage(DetailView):
    """One data type: its place in the tree, who sends and receives it, the flows that carry it."""

    queryset = DataType.objects.select_related("parent")
    template_name = "proposals/datatype_detail.html"
    context_object_name = "data_type"

    def get_context_data(self, **kwargs) -> dict:
        details = data_type_details(self.object)
        flows = details.flows.with_consent().with_physical_count().with_data_types()
        flows = flows.by_route() if details.is_sorted else flows.order_by("-pk")
        page = keyset_page(flows, self.request.GET, is_short=details.is_sorted)
        return super().get_context_data(details=details, page=page, **kwargs)


class SpecificationPage(DetailView):
    """One specification: what it describes, where it is sent, open proposals on it, its history."""

    queryset = PhysicalSpecification.objects.select_related("owner").prefetch_related("data_types")
    template_name = "proposals/physicalspecification_detail.html"
    context_object_name = "specification"

    def get_context_data(self, **kwargs) -> dict:
        specification = self.object
        sent = specification.physical_flows.active().select_related(
            "logical_flow__source", "logical_flow__target", "specification"
        )
        return super().get_context_data(
            page=keyset_page(sent.order_by("pk"), self.request.GET),
            proposals=proposals_sending(specification),
            history=history_of(specification),
            **kwargs,
        )


class PersonPage(DetailView):
    """One person: how to reach them, their parts in systems, what waits for them, what they did."""

    queryset = User.objects.select_related("manager", "organisational_unit")
    template_name = "proposals/person_detail.html"
    context_object_name = "person"

    def get_context_data(self, **kwargs) -> dict:
        parts = self.object.involvements.open()
        # So many that to sort them by name would read all of them and their systems.
        is_newest_first = parts.order_by("pk")[MOST_COUNTED:].exists()
        order = ["-pk"] if is_newest_first else ["system__name", "pk"]
        parts = parts.select_related("system", "kind").order_by(*order)
        # Only administrators make somebody leave, and only whoever is there can.
        is_asked = self.request.user.is_superuser and self.object.is_active
        return super().get_context_data(
            gone=leaving([self.object]) if is_asked else None,
            details=person_details(self.object, self.request.user),
            page=keyset_page(parts, self.request.GET),
            is_newest_first=is_newest_first,
            **kwargs,
        )


class PersonDelegations(DetailView):
    """All who decide for a person while they are away, and for whom this person does."""

    queryset = User.objects.all()
    template_name = "proposals/person_delegations.html"
    context_object_name = "person"

    def get_context_data(self, **kwargs) -> dict:
        running = running_of(self.object).order_by("ends_at", "pk")
        return super().get_context_data(page=keyset_page(running, self.request.GET), **kwargs)


class UnitPage(DetailView):
    """One unit with all below it: its systems, what flows across its border, what waits there."""

    queryset = OrganisationalUnit.objects.select_related("parent")
    template_name = "proposals/unit_detail.html"
    context_object_name = "unit"

    def get_context_data(self, **kwargs) -> dict:
        details = unit_details(self.object)
        systems = System.objects.filter(organisational_unit__in=details.units)
        systems = systems.select_related("organisational_unit").order_by("name", "pk")
        page = keyset_page(systems, self.request.GET)
        return super().get_context_data(details=details, page=page, **kwargs)
