"""What every page with a form has in common."""

import hashlib
from collections.abc import Callable
from functools import wraps
from uuid import uuid4

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from ..models import Receipt
from ..workflow.idempotency import one_effect

KEYS = {"csrfmiddlewaretoken", "form_key"}  # other ones in every copy of a page


def form_key(request: HttpRequest) -> dict:
    """Context processor: `{{ form_key }}` is another one each time it is written."""
    return {"form_key": uuid4}


def form_page(view: Callable) -> Callable:
    """GET shows the form, POST carries it out: once, however often and in parallel it is sent."""
    return require_http_methods(["GET", "HEAD", "POST"])(_acting_once(view))


def form_target(view: Callable) -> Callable:
    """POST alone; carried out once, however often and however parallel it is sent."""
    return require_http_methods(["POST"])(_acting_once(view))


def _acting_once(view: Callable) -> Callable:
    @wraps(view)
    def acting_once(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        return act_once(request, lambda receipt: view(request, *args, **kwargs))

    return acting_once


def act_once(request: HttpRequest, act: Callable[[Receipt], HttpResponse]) -> HttpResponse:
    """A redirect is what a form leads to when it had its effect; any other answer means that
    nothing was done. A form sent again is led where its first sending led.
    """
    answers: list[HttpResponse] = []

    def effect(receipt: Receipt) -> str | None:
        answers.append(act(receipt))
        return answers[-1].url if isinstance(answers[-1], HttpResponseRedirect) else None

    form_key = request.POST.get("form_key", "")
    page = one_effect(form_key, _content(request), by=request.user, act=effect)
    return answers[-1] if answers else redirect(page)


def _content(request: HttpRequest) -> list[tuple[str, list[str]]]:
    """What was sent, and where to: what makes two submissions of one form the same."""
    fields = [(name, values) for name, values in request.POST.lists() if name not in KEYS]
    brought = [(name, list(map(_fingerprint, files))) for name, files in request.FILES.lists()]
    return [*fields, *brought, ("", [request.get_full_path()])]


def _fingerprint(file: UploadedFile) -> str:
    """Its name and what is in it."""
    digest = hashlib.sha256(file.read()).hexdigest()
    file.seek(0)
    return f"{file.name} {digest}"
