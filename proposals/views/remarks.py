from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from .. import workflow
from ..errors import Conflict, Invalid, Refused
from ..forms import RemarkForm, focus_first
from ..models import Proposal, Remark, key_in
from .form_pages import form_page
from .proposals import readable


@form_page
def remark(request: HttpRequest, pk: int) -> HttpResponse:
    """Say something about a proposal; `?answers=` names the remark that is answered."""
    proposal = get_object_or_404(readable(request.user), pk=pk)
    if request.method != "POST":
        if not proposal.is_open:
            raise Conflict("Only an open proposal takes remarks.", proposal)
        form = RemarkForm(proposal=proposal, initial={"answers": request.GET.get("answers", "")})
        return _page(request, proposal, form, request.GET.get("answers", ""))
    form = RemarkForm(request.POST, proposal=proposal)
    refusal = None
    if form.is_valid():
        try:
            made = workflow.remark(
                proposal,
                form.cleaned_data["text"],
                by=request.user,
                topic=form.cleaned_data["topic"],
                answers=form.cleaned_data["answers"],
            )
            return redirect(made)
        except Invalid as wrong:
            form.refuse(wrong)
        except Refused as no:
            refusal = no
    answered = request.POST.get("answers", "")
    return _page(request, proposal, form, answered, refusal, refusal.status if refusal else 400)


def _page(
    request: HttpRequest,
    proposal: Proposal,
    form: RemarkForm,
    answered: str,
    refusal: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    focus_first(form)
    context = {
        "proposal": proposal,
        "form": form,
        "refusal": refusal,
        "answered": _answered(form, answered),
    }
    return render(request, "proposals/remark.html", context, status=status)


def _answered(form: RemarkForm, number: str) -> Remark | None:
    """The remark with this number, if it is one of the conversation."""
    return form.fields["answers"].queryset.filter(pk=key_in(number)).first()
