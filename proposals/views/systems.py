from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.generic import DetailView
from django_filters.views import FilterView

from ..changes import history_of
from ..filters import SystemListFilter
from ..models import Proposal, System, deciders
from ..neighbourhood import around_system, route_is_living
from ..pictures import of_system

MOST_OFFERED = 20


class SystemList(FilterView):
    """The register of systems, by name."""

    filterset_class = SystemListFilter
    template_name = "proposals/system_list.html"
    paginate_by = 50
    strict = False

    def get_queryset(self):
        living = ~Q(flows_out__lifecycle="REMOVED"), ~Q(flows_in__lifecycle="REMOVED")
        listed = System.objects.select_related("organisational_unit").order_by("name", "pk")
        return listed.annotate(
            number_out=Count("flows_out", filter=living[0], distinct=True),
            number_in=Count("flows_in", filter=living[1], distinct=True),
        )


class SystemPage(DetailView):
    """One system: its flows in and out, who decides for it, open proposals on it, its history."""

    queryset = System.objects.select_related("organisational_unit")
    template_name = "proposals/system_detail.html"

    def get_context_data(self, **kwargs) -> dict:
        system, around = self.object, around_system(self.object)
        proposals = Proposal.objects.open().touching(system).listed().annotate(route_is_living=route_is_living())[:25]
        return super().get_context_data(
            around=around,
            picture=of_system(system, around, proposals),
            deciders=deciders([system.pk]),
            proposals=proposals,
            history=history_of(system),
            **kwargs,
        )


@require_safe
def system_options(request: HttpRequest) -> HttpResponse:
    """The systems matching what is typed into a system field, to choose from; with nothing typed, the reader's own."""
    typed = next((request.GET[name] for name in ("source", "target", "system") if name in request.GET), "")
    typed, offered = typed.replace("\x00", "").strip(), System.objects.taking_flows()
    mine = offered if typed else offered.of(request.user)
    systems = list(mine.like(typed)[:MOST_OFFERED]) or ([] if typed else offered.like("")[:MOST_OFFERED])
    return render(request, "proposals/_system_options.html", {"systems": systems})
