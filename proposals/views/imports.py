"""The catalogue from files in the browser, for administrators: bring them, see what would change,
import.
"""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from ..errors import Conflict
from ..files.catalogue import TABLES
from ..files.download import csv_response
from ..files.uploads import Progress, receive
from ..forms.uploads import CatalogueFilesForm
from ..models import Upload, UploadKind, UploadState
from .form_pages import form_page, form_target

MOST_SHOWN = 20  # uploads
SIZE = 50  # differences, warnings or problems on a page
HEADER = ["file", "line", "row", "column", "before", "after"]


def administrators_only(view: Callable) -> Callable:
    @wraps(view)
    def shown(request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        if not request.user.is_superuser:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return shown


def _own(request: HttpRequest):
    return Upload.objects.filter(by=request.user, kind=UploadKind.CATALOGUE)


@form_page
@administrators_only
def bring(request: HttpRequest) -> HttpResponse:
    """Bring catalogue files; and those one brought before."""
    form = CatalogueFilesForm(request.POST, request.FILES) if request.method == "POST" else None
    refusal = None
    if form and form.is_valid():
        files = {file.name: file.read() for file in form.cleaned_data["files"]}
        try:
            return redirect(receive(UploadKind.CATALOGUE, files, by=request.user))
        except Conflict as no:
            refusal = no
    context = {
        "form": form or CatalogueFilesForm(),
        "refusal": refusal,
        "tables": TABLES.values(),
        # Each of these may name thousands of rows.
        "uploads": _own(request).defer("report", "problems").order_by("-pk")[:MOST_SHOWN],
    }
    status = refusal.status if refusal else 400 if form else 200
    return render(request, "proposals/catalogue_import.html", context, status=status)


@form_page
@administrators_only
def upload(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What would change, and all that is wrong; POST has it imported."""
    brought = get_object_or_404(_own(request), pk=pk)
    if request.method == "POST":
        return _confirm(request, brought)
    report = brought.report or {}
    differences = report.get("differences", [])
    if request.GET.get("as") == "csv":
        rows = ([line[name] for name in HEADER] for line in differences)
        return csv_response("differences.csv", HEADER, rows)
    context = {
        "upload": brought,
        "progress": Progress(brought.rows_done, brought.rows_total),
        "report": report,
        "problems": _page(request, "problems", brought.problems),
        "warnings": _page(request, "warnings", report.get("warnings", [])),
        "differences": _page(request, "differences", differences),
    }
    return render(request, "proposals/catalogue_upload.html", context)


def _page(request: HttpRequest, name: str, lines: list):
    return Paginator(lines, SIZE).get_page(request.GET.get(name))


def _confirm(request: HttpRequest, brought: Upload) -> HttpResponse:
    seen = (brought.report or {}).get("digest", "")
    if request.POST.get("digest") != seen:
        raise Conflict("What would change is no longer what that page showed.", brought)
    waiting = Upload.objects.filter(pk=brought.pk, state=UploadState.JUDGED)
    # One statement, so that of two clicks only one finds it waiting.
    if not waiting.update(state=UploadState.CONFIRMED, rows_done=0):
        raise Conflict("These files do not wait for you: see what has become of them.", brought)
    messages.success(request, "Begun. You may leave this page: it goes on without you.")
    return redirect(brought)


@require_safe
@administrators_only
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar alone, for a page that asks again and again; at the end it loads itself anew."""
    brought = get_object_or_404(_own(request).defer("report", "problems"), pk=pk)
    context = {"upload": brought, "progress": Progress(brought.rows_done, brought.rows_total)}
    answer = render(request, "proposals/_upload_progress.html", context)
    if not brought.is_at_work:
        answer.headers["HX-Refresh"] = "true"
    return answer


@form_target
@administrators_only
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """The files go; what was imported stays."""
    brought = get_object_or_404(_own(request), pk=pk)
    if brought.state == UploadState.CONFIRMED:
        raise Conflict("They are being imported; wait until that is done.", brought)
    brought.delete()
    messages.success(request, "The files are gone. What was imported from them stays.")
    return redirect("catalogue-import")
