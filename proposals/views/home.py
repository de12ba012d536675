from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from ..reports.home import home_of


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What waits for the reader, what is theirs, and what happened lately."""
    return render(request, "proposals/home.html", {"home": home_of(request.user, timezone.now())})
