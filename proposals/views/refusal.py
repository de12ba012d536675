from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ..refusals import Refused


class RefusalPages:
    """Middleware: a verb's refusal that no view handles becomes a page with its sentence, its link and its status."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        return render(request, "proposals/refused.html", {"refusal": exception}, status=exception.status)
