"""Writing a proposal: its form, what its buttons do, and what it asks for while somebody writes."""

from typing import Any

from django.contrib import messages
from django.forms import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from .. import workflow
from ..errors import Conflict, Invalid, NoRight, Refused
from ..forms import ChangeForm, ProposalForm, RemovalForm, focus_first
from ..models import PhysicalFlow, Proposal, ProposalType, System, key_in
from ..reports import advice
from ..reports.conversation import SaidBefore
from ..workflow import provisioning
from .form_pages import form_page
from .proposals import readable

WRITTEN = {
    ProposalType.CREATE: (ProposalForm, "proposals/proposal_form.html"),
    ProposalType.EDIT: (ChangeForm, "proposals/proposal_change.html"),
    ProposalType.DELETE: (RemovalForm, "proposals/proposal_removal.html"),
}
MOST_LISTED = 200  # systems offered where no script searches
SHOWN = {"show", "like"}  # buttons that show the form again, and judge and keep nothing


@form_page
def new(request: HttpRequest) -> HttpResponse:
    """Write a CREATE. `?source=` `?target=` `?specification=` (ids) and `?bare=1` (no physical
    flow) fill it in, `?from=` one of the reader's.
    """
    route = {side: key_in(request.GET.get(side, "")) for side in ("source", "target")}
    named = System.objects.in_bulk([number for number in route.values() if number])
    typed: dict[str, Any] = {side: named.get(number) for side, number in route.items() if number}
    if specification := key_in(request.GET.get("specification", "")):
        typed["specification"] = specification
    if "bare" in request.GET:
        typed["with_physical_flow"] = False
    proposal = Proposal(maker=request.user)
    return write(request, proposal, initial=earlier(request, proposal) | typed)


@form_page
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Continue a draft."""
    proposal = get_object_or_404(readable(request.user), pk=pk)
    if proposal.maker_id != request.user.pk:
        raise NoRight(f"Only its maker, {proposal.maker}, can change this draft.", proposal)
    if not proposal.is_draft:
        raise Conflict("It has been submitted: its content can no longer change.", proposal)
    return write(request, proposal, initial={"source": proposal.source, "target": proposal.target})


def earlier(request: HttpRequest, proposal: Proposal) -> dict:
    """The content of the reader's own proposal `?from=<id>`, to start a new one from it.

    `proposal`, the new one, is its next round if it was closed without agreement. Refused if it has
    been revised already.
    """
    number = key_in(request.GET.get("from", ""))
    if number is None:
        return {}
    original = Proposal.objects.filter(maker=request.user, pk=number).first()
    if original is None:
        raise Http404
    if original.can_be_revised and original.concerns_the_same_as(proposal):
        workflow.require_revisable(original, request.user)
        proposal.revise(original)
    fields = [*ProposalForm.Meta.fields, "source", "target"]
    return model_to_dict(
        original,
        fields=[field for field in fields if field != "specification" or original.type == "CREATE"],
    )


def write(request: HttpRequest, proposal: Proposal, initial: dict) -> HttpResponse:
    """The form of a proposal, and what its buttons do: submit, keep as draft, or show it again with
    what is known.
    """
    form_class, _ = WRITTEN[proposal.type]
    if request.method != "POST" or SHOWN & set(request.POST):
        return _form(request, form_class(instance=proposal, initial=initial | _typed(request)))
    form, refusal = form_class(request.POST, instance=proposal), None
    if form.is_valid():
        try:
            return _keep(request, form)
        except Invalid as wrong:
            form.refuse(wrong)
        except Refused as no:
            refusal = no
    elif "submit" in request.POST and proposal.type == ProposalType.CREATE:
        _name_lacking(form)
    return _form(request, form, refusal, status=refusal.status if refusal else 400)


def _name_lacking(form: ProposalForm) -> None:
    """Say at once all that is missing, not only what could not be read."""
    lacking = provisioning.lacking(form.instance, form.cleaned_data.get("data_types", []))
    for field, sentence in lacking.items():
        if field not in form.errors:
            form.add_error(field, sentence)


def _keep(request: HttpRequest, form) -> HttpResponse:
    proposal, is_submitted = form.instance, "submit" in request.POST
    verb = workflow.submit if is_submitted else workflow.save_draft
    verb(proposal, form.cleaned_data.get("data_types", []), by=request.user)
    if "keep" in request.POST:  # by the script, while its maker writes on
        return redirect("proposal-edit", proposal.pk)
    done = "submitted" if is_submitted else "saved as a draft"
    messages.success(request, f"Proposal {proposal.pk} has been {done}.")
    return redirect(proposal)


def _form(
    request: HttpRequest, form, refusal: Refused | None = None, status: int = 200
) -> HttpResponse:
    proposal = form.instance
    context = {"form": form, "proposal": proposal, "refusal": refusal, "judged": form.is_bound}
    remarked: set[str] = set()
    if proposal.revises:
        context["closing"] = proposal.revises.last_transition()
        form.said = SaidBefore.of(proposal)
        context["remarks"] = form.said.beside_none_of(form.fields)
        remarked = form.said.topics_of(proposal.revises_id)
    if form.is_bound or request.method != "POST":
        focus_first(form, remarked)
    if proposal.type == ProposalType.CREATE:
        wish = form.so_far(request.user)
        context |= {
            "systems": System.objects.taking_flows()[:MOST_LISTED],
            **advice.advice(wish),
        }
        context["unread"] = [] if form.is_bound else form.unread
        context["lacking"] = form.lacking(wish)
    elif proposal.type == ProposalType.DELETE:
        context["consequences"] = provisioning.consequences(proposal)
    return render(request, WRITTEN[proposal.type][1], context, status=status)


def _typed(request: HttpRequest) -> dict:
    """What has been typed so far, to show the form again without judging it; sent as the flow
    `like` (its id) is.
    """
    if request.method != "POST":
        return {}
    way = PhysicalFlow.objects.active().filter(pk=key_in(request.POST.get("like", "")))
    same = way.values(*PhysicalFlow.REQUIRED).first() or {}
    return request.POST.dict() | {"data_types": request.POST.getlist("data_types")} | same


@require_safe
def of_source(request: HttpRequest) -> HttpResponse:
    """What is known of the source typed so far: its specifications, and the data types it usually
    sends.
    """
    typed = request.GET.dict() | {"data_types": request.GET.getlist("data_types")}
    return render(request, "proposals/_of_source.html", {"form": ProposalForm(initial=typed)})


@require_safe
def advise(request: HttpRequest) -> HttpResponse:
    """Who could approve what is written so far, and what is there already, other than the draft
    `?draft=` (an id).
    """
    if request.GET.get("about") == "basis_offset":
        doubt = ProposalForm(initial=request.GET.dict()).doubt
        return HttpResponse(doubt, content_type="text/plain")
    number = key_in(request.GET.get("draft", ""))
    typed = request.GET.dict() | {"data_types": request.GET.getlist("data_types")}
    form = ProposalForm(initial=typed, instance=Proposal(pk=number))
    wish = form.so_far(request.user)
    context = advice.advice(wish) | {"lacking": form.lacking(wish), "form": form}
    context |= {"unread": form.unread, "swapped": True}
    return render(request, "proposals/_advice.html", context)
