"""Finding anything by a few words, or a proposal by its number."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from ..models import clean
from ..reports import search as reports

MOST_TYPED = 200  # characters, as in the lists


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Everything that matches `?q=`, or with `?kind=` more of one kind; a number alone leads
    straight to its proposal. To htmx, which asks as somebody types, the matches alone.
    """
    text = clean(request.GET.get("q", ""))[:MOST_TYPED]
    only = request.GET.get("kind", "")
    is_typing = bool(request.htmx)
    meant = None if is_typing or only else reports.proposal_meant(text, request.user)
    if meant is not None:
        return redirect(meant)
    context = {"text": text, "found": reports.matches(text, request.user, only)}
    name = "proposals/_matches.html" if is_typing else "proposals/search.html"
    return render(request, name, context)
