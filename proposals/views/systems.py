from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.generic import DetailView

from ..files.download import table_response
from ..forms import MOST_OFFERED
from ..forms.filters import SystemListFilter
from ..history.changes import history_of
from ..models import (
    Lifecycle,
    LogicalFlow,
    Proposal,
    System,
    clean,
    deciders,
    prefetch_rights,
    systems_of,
)
from ..reports import list_columns
from ..reports.catalogue_pages import other_parts_in
from ..reports.flow_picture import of_system as picture_of_system
from ..reports.list_columns import Columns, ListedSystem
from ..reports.neighbourhood import around_system, route_is_living
from .lists import keyset_page, list_context, listed_page, wanted_file
from .watches import is_watched


@require_safe
def system_list(request: HttpRequest) -> HttpResponse:
    """The register of systems, by name; the filter is the query string."""
    counts = {"number_out": _flows_by("source"), "number_in": _flows_by("target")}
    listed = (
        System.objects.select_related("organisational_unit")
        .annotate(**counts)
        .order_by("name", "pk")
    )
    chosen = SystemListFilter(request.GET, listed, request=request)
    columns = Columns.of(list_columns.SYSTEMS, request.GET.getlist("columns"))
    if kind := wanted_file(request):
        return table_response(kind, "systems", *list_columns.systems(chosen.found, columns))
    context = listed_page(chosen, request.GET, size=50)
    shown = context["page"].rows
    context["rows"] = (
        list_columns.with_approvers(shown)
        if columns.has("approvers")
        else [ListedSystem(system, []) for system in shown]
    )
    context |= list_context(columns, request, sorts=not chosen.newest_first)
    return render(request, "proposals/system_list.html", context)


def _flows_by(side: str) -> Coalesce:
    """How many living flows a system has as their `side`; counted for the rows shown, not for
    all.
    """
    flows = LogicalFlow.objects.living().filter(**{side: OuterRef("pk")}).order_by()
    return Coalesce(Subquery(flows.values(side).annotate(number=Count("pk")).values("number")), 0)


class SystemPage(DetailView):
    """One system: its flows in and out, its specifications, who decides for it and who else has a
    part in it, open proposals on it, its history.
    """

    queryset = System.objects.select_related("organisational_unit")
    template_name = "proposals/system_detail.html"

    def get_context_data(self, **kwargs) -> dict:
        system, around = self.object, around_system(self.object)
        open_ones = Proposal.objects.newest_open_touching(system, 25).listed()
        proposals = list(open_ones.annotate(route_is_living=route_is_living()))
        # Read once for the page of the system and for each proposal on it.
        rows = deciders({system.pk} | systems_of(proposals))
        own_deciders = [row for row in rows if row.system_id == system.pk]
        specifications = system.specifications.filter(lifecycle=Lifecycle.ACTIVE)
        specifications = specifications.prefetch_related("data_types")
        return super().get_context_data(
            around=around,
            picture=picture_of_system(system, around, proposals),
            deciders=own_deciders,
            other_parts=other_parts_in(system, own_deciders),
            page=keyset_page(specifications.order_by("name", "pk"), self.request.GET),
            proposals=prefetch_rights(proposals, rows),
            history=history_of(system),
            watched=is_watched(system, self.request.user),
            **kwargs,
        )


@require_safe
def system_options(request: HttpRequest) -> HttpResponse:
    """The systems matching what is typed into a system field, to choose from; with nothing typed,
    the reader's own.
    """
    typed = next(
        (request.GET[name] for name in ("source", "target", "system") if name in request.GET), ""
    )
    typed, offered = clean(typed), System.objects.taking_flows()
    candidates = offered if typed else offered.of(request.user)
    systems = list(candidates.like(typed)[:MOST_OFFERED]) or (
        [] if typed else offered.like("")[:MOST_OFFERED]
    )
    return render(request, "proposals/_system_options.html", {"systems": systems})
