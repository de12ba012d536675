from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.generic import DetailView
from django_filters.views import FilterView

from .. import provisioning, workflow
from ..filters import FlowFilter
from ..forms import WishForm
from ..models import LogicalFlow, PhysicalFlow, Proposal
from ..refusals import Invalid, Refused
from .once import form_page
from .proposals import earlier, write


class FlowList(FilterView):
    """The logical flows of the register, by source and target."""

    filterset_class = FlowFilter
    template_name = "proposals/logicalflow_list.html"
    paginate_by = 50
    strict = False

    def get_queryset(self):
        return LogicalFlow.objects.with_standing().with_physical_count().by_route()


class FlowPage(DetailView):
    """One logical flow: what is sent along it, where it came from, open proposals on its route, its history."""

    queryset = LogicalFlow.objects.with_standing().select_related("origin_proposal__maker", "origin_batch")
    template_name = "proposals/logicalflow_detail.html"
    context_object_name = "flow"

    def get_context_data(self, **kwargs) -> dict:
        flow = self.object
        return super().get_context_data(
            physical_flows=flow.physical_flows.select_related("specification", "origin_proposal", "added_by"),
            data_types=flow.data_types(),
            consents=flow.consent().prefetch_related("transitions__by").select_related("maker", "reason"),
            proposals=Proposal.objects.open().filter(source=flow.source_id, target=flow.target_id).listed(),
            history=flow.history.select_related("history_user")[:20],
            **kwargs,
        )


class PhysicalFlowPage(DetailView):
    """One physical flow: its attributes, its specification, its origin and its history."""

    queryset = PhysicalFlow.objects.select_related(
        "logical_flow__source", "logical_flow__target", "specification__owner", "origin_proposal", "origin_batch"
    ).prefetch_related("specification__data_types")
    template_name = "proposals/physicalflow_detail.html"
    context_object_name = "physical"

    def get_context_data(self, **kwargs) -> dict:
        history = self.object.history.select_related("history_user")[:20]
        return super().get_context_data(history=history, **kwargs)


def _write(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """The form of an EDIT or DELETE, unless it would be written in vain."""
    if request.method != "POST":
        provisioning.check_start(proposal)
    return write(request, proposal, initial=earlier(request))


@form_page
def edit_physical_flow(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose an EDIT; `?from=` an earlier one of the reader's fills it in."""
    flow = get_object_or_404(PhysicalFlowPage.queryset, pk=pk)
    return _write(request, Proposal.change_of(flow, request.user))


@form_page
def remove_physical_flow(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose a DELETE of a physical flow."""
    flow = get_object_or_404(PhysicalFlowPage.queryset, pk=pk)
    return _write(request, Proposal.removal_of(flow, request.user))


@form_page
def remove_flow(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose a DELETE of a logical flow that has no physical flow."""
    flow = get_object_or_404(FlowPage.queryset, pk=pk)
    return _write(request, Proposal.removal_of(flow, request.user))


@form_page
def add_physical_flow(request: HttpRequest, pk: int) -> HttpResponse:
    """A further physical flow on an approved logical flow."""
    flow = get_object_or_404(LogicalFlow.objects.with_standing(), pk=pk)
    workflow.refuse_further(flow, by=request.user)
    form = WishForm(request.POST if request.method == "POST" else None, source=flow.source)
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            made = workflow.add_physical_flow(flow, form.instance, form.cleaned_data["data_types"], by=request.user)
            messages.success(request, f"The physical flow {made} is in the register.")
            return redirect(made)
        except Invalid as wrong:
            form.refuse(wrong)
        except Refused as no:
            refusal = no
    status = 200 if request.method != "POST" else refusal.status if refusal else 400
    return render(
        request, "proposals/physicalflow_form.html", {"flow": flow, "form": form, "refusal": refusal}, status=status
    )
