"""What the form of a proposal asks for while somebody writes; nothing here is saved."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..forms import ProposalForm
from ..models import Proposal
from ..reports import advice


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
    draft = request.GET.get("draft", "")
    number = int(draft[:18]) if draft.isdecimal() else None
    form = ProposalForm(initial=request.GET.dict(), instance=Proposal(pk=number))
    context = advice.advice(form.so_far(request.user))
    return render(
        request, "proposals/_advice.html", context | {"unread": form.unread, "swapped": True}
    )
