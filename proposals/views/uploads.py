"""Proposals from a file: bring one, see what would become of each row, submit what can be."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from ..errors import Conflict
from ..files.download import XLSX, csv_response, table_response
from ..files.proposals import MANY, counts_of
from ..files.proposals.template import FILLED, LEFT_OVER, left_over, written_template
from ..files.uploads import Progress, receive
from ..forms.uploads import ProposalFileForm, UploadDecisionForm
from ..models import Outcome, Upload, UploadKind, UploadState
from .form_pages import form_page, form_target
from .lists import keyset_page, wanted_file

MOST_SHOWN = 20  # uploads


@form_page
def bring(request: HttpRequest) -> HttpResponse:
    """Bring a file of proposals; and those one brought before."""
    form = ProposalFileForm(request.POST, request.FILES) if request.method == "POST" else None
    refusal = None
    if form and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            return redirect(
                receive(UploadKind.PROPOSALS, {file.name: file.read()}, by=request.user)
            )
        except Conflict as no:
            refusal = no
    context = {
        "form": form or ProposalFileForm(),
        "refusal": refusal,
        "uploads": _own(request).order_by("-pk")[:MOST_SHOWN],
    }
    status = refusal.status if refusal else 400 if form else 200
    return render(request, "proposals/proposal_import.html", context, status=status)


def _own(request: HttpRequest):
    return Upload.objects.filter(by=request.user, kind=UploadKind.PROPOSALS)


@require_safe
def template(request: HttpRequest) -> HttpResponseBase:
    """An empty file to fill in."""
    if request.GET.get("as") == "csv":
        return csv_response("proposals.csv", FILLED, [])
    disposition = content_disposition_header(True, "proposals.xlsx")
    headers = {"Content-Disposition": disposition}
    return HttpResponse(written_template(), content_type=XLSX, headers=headers)


@form_page
def upload(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What would become, and became, of each row; POST has it done."""
    brought = get_object_or_404(_own(request), pk=pk)
    if request.method == "POST":
        return _confirm(request, brought)
    if kind := wanted_file(request):
        return table_response(kind, "proposals-left", *left_over(brought))
    counts = counts_of(brought)
    shown = request.GET.get("outcome", "")
    rows = brought.rows.select_related("proposal").order_by("line", "pk")
    rows = rows.filter(outcome=shown) if shown in Outcome.values else rows
    context = {
        "upload": brought,
        "tabs": counts.items(),
        "counts": {outcome.value: number for outcome, number in counts.items()},
        "progress": Progress.of(brought, counts),
        "shown": shown,
        "page": keyset_page(rows, request.GET),
        "left": sum(counts.get(outcome, 0) for outcome in LEFT_OVER),
        "in_digest": counts.get(Outcome.READY, 0) > MANY,
        "earlier": _own(request).filter(sha256=brought.sha256, pk__lt=pk).order_by("-pk").first(),
    }
    return render(request, "proposals/proposal_upload.html", context)


def _confirm(request: HttpRequest, brought: Upload) -> HttpResponse:
    form = UploadDecisionForm(request.POST)
    keeps = form.is_valid() and form.cleaned_data["keeps_drafts"]
    waiting = Upload.objects.filter(pk=brought.pk, state=UploadState.JUDGED)
    # One statement, so that of two clicks only one finds it waiting.
    if not waiting.update(state=UploadState.CONFIRMED, keeps_drafts=keeps):
        raise Conflict("This file does not wait for you: look at what has become of it.", brought)
    messages.success(request, "Begun. You may leave this page: it goes on without you.")
    return redirect(brought)


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar alone, for a page that asks again and again; at the end it loads itself anew."""
    brought = get_object_or_404(_own(request), pk=pk)
    context = {"upload": brought, "progress": Progress.of(brought, counts_of(brought))}
    answer = render(request, "proposals/_upload_progress.html", context)
    if not brought.is_at_work:
        answer.headers["HX-Refresh"] = "true"
    return answer


@form_target
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """It goes, with its rows; what was proposed stays."""
    brought = get_object_or_404(_own(request), pk=pk)
    if brought.state == UploadState.CONFIRMED:
        raise Conflict("It is being carried out; wait until that is done.", brought)
    name = brought.name
    brought.delete()
    messages.success(request, f"{name} is gone. What was proposed from it stays.")
    return redirect("proposal-import")
