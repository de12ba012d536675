from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe
from django.views.generic import DetailView

from .. import workflow
from ..errors import Invalid, Refused
from ..files.download import table_response
from ..forms import WishForm, focus_first
from ..forms.filters import FlowFilter
from ..history.changes import history_of
from ..models import LogicalFlow, PhysicalFlow, Proposal, prefetch_rights
from ..reports import list_columns
from ..reports.flow_picture import of_flow
from ..reports.list_columns import Columns
from ..reports.neighbourhood import OF_A_ROUTE, sent_along
from ..workflow import provisioning
from .form_pages import form_page
from .lists import keyset_page, list_context, listed_page, wanted_file
from .proposing import earlier, write

DECISIONS = ["transitions__by", "transitions__on_behalf_of"]


@require_safe
def flow_list(request: HttpRequest) -> HttpResponse:
    """The logical flows of the register, by source and target; the filter is the query string."""
    listed = LogicalFlow.objects.with_consent().with_physical_count().with_data_types().by_route()
    chosen = FlowFilter(request.GET, listed, request=request)
    columns = Columns.of(list_columns.FLOWS, request.GET.getlist("columns"))
    if kind := wanted_file(request):
        found = chosen.found
        more = {"Physical flows": list_columns.physical_flows(found)} if kind == "xlsx" else {}
        return table_response(kind, "flows", *list_columns.flows(found, columns), more=more)
    context = listed_page(chosen, request.GET, size=50)
    context |= list_context(columns, request, sorts=not chosen.newest_first)
    return render(request, "proposals/logicalflow_list.html", context)


class FlowPage(DetailView):
    """One logical flow: what is sent along it and what lies around it, where it came from, open
    proposals, history.
    """

    queryset = LogicalFlow.objects.with_consent().select_related(
        "origin_proposal__maker", "origin_batch"
    )
    template_name = "proposals/logicalflow_detail.html"
    context_object_name = "flow"

    def get_queryset(self):
        return self.queryset.with_physical_count()

    def get_context_data(self, **kwargs) -> dict:
        flow = self.object
        related = ["specification", "origin_proposal", "origin_batch", "added_by"]
        on_it = Proposal.objects.open().filter(source=flow.source_id, target=flow.target_id)
        physical = flow.physical_flows.select_related(*related).order_by(
            "lifecycle", "specification__name", "pk"
        )
        proposals = prefetch_rights(list(on_it.listed()[:25]))
        removals = (row for row in proposals if row.concerned_logical_flow_id == flow.pk)
        return super().get_context_data(
            page=keyset_page(physical, self.request.GET),
            picture=of_flow(flow, list(physical.active()[:OF_A_ROUTE])),
            data_types=flow.data_types(),
            consents=flow.consent()
            .select_related("maker", "reason")
            # The newest; its trail has all.
            .prefetch_related(*DECISIONS)[:5],
            proposals=proposals,
            removal=next(removals, None),
            may_add=_takes_more(flow, self.request.user),
            history=history_of(flow),
            **kwargs,
        )


def _takes_more(flow: LogicalFlow, user) -> bool:
    """Whether `user` may add a further physical flow without a proposal."""
    try:
        workflow.refuse_further(flow, by=user)
    except Refused:
        return False
    return True


class PhysicalFlowPage(DetailView):
    """One physical flow: its attributes and specification, who else uses that, its origin, open
    proposals, history.
    """

    queryset = PhysicalFlow.objects.select_related(
        "logical_flow__source",
        "logical_flow__target",
        "specification__owner",
        "origin_proposal__maker",
        "origin_proposal__reason",
        "origin_batch",
        "added_by",
    ).prefetch_related("specification__data_types")
    template_name = "proposals/physicalflow_detail.html"
    context_object_name = "physical"

    def get_context_data(self, **kwargs) -> dict:
        physical = self.object
        route, origin = (
            physical.logical_flow,
            Proposal.objects.filter(pk=physical.origin_proposal_id),
        )
        return super().get_context_data(
            consents=origin.select_related("maker", "reason").prefetch_related(*DECISIONS),
            proposals=prefetch_rights(list(physical.changes_proposed.open().listed()[:25])),
            sent=sent_along(route.source, route.target, physical.specification),
            history=history_of(physical, physical.specification),
            **kwargs,
        )


def _write(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """The form of an EDIT or DELETE, unless it would be written in vain."""
    if request.method != "POST":
        # Not on POST: there the same refusal stands on the form, beside what was typed.
        provisioning.check_start(proposal)
    return write(request, proposal, initial=earlier(request, proposal))


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
    flow = get_object_or_404(LogicalFlow.objects.with_consent(), pk=pk)
    workflow.refuse_further(flow, by=request.user)
    form = WishForm(request.POST if request.method == "POST" else None, source=flow.source)
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            made = workflow.add_physical_flow(
                flow, form.instance, form.cleaned_data["data_types"], by=request.user
            )
            messages.success(request, f"The physical flow {made} is in the register.")
            return redirect(made)
        except Invalid as wrong:
            form.refuse(wrong)
        except Refused as no:
            refusal = no
    status = 200 if request.method != "POST" else refusal.status if refusal else 400
    focus_first(form)
    return render(
        request,
        "proposals/physicalflow_form.html",
        {"flow": flow, "form": form, "refusal": refusal},
        status=status,
    )
