"""Errors of the API as problem documents (RFC 9457): each with the sentence a person would read."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse

ROOT = "/api/"
PROBLEM, JSON = "application/problem+json", "application/json"
LARGEST = 1024 * 1024  # bytes of a body
# Of what Django or the site refuses before an operation is reached, or while it goes wrong.
SENTENCES = {
    400: "The request cannot be read.",
    401: "Send a valid token: Authorization: Bearer waltzflow_...",
    403: "You may not do this.",
    404: "There is nothing at this address, or nothing that you may see.",
    405: "This address does not take this method.",
    409: "Something else changed at the same moment. Read it again and try once more.",
    413: "The body is larger than a megabyte.",
    415: "Send JSON: Content-Type: application/json.",
    500: "Something went wrong here. It has been written down under the number of this request.",
    503: "The database cannot be reached for now. Try again later.",
}


class Problem(Exception):
    """An answer that is no success. `errors` says what is wrong where: field -> sentence."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        errors: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.headers = status, headers or {}
        self.detail = detail or SENTENCES[status]
        self.more = more | ({"errors": errors} if errors else {})

    def answer(self) -> HttpResponse:
        title = HTTPStatus(self.status).phrase
        content = {"type": "about:blank", "title": title, "status": self.status}
        content |= {"detail": self.detail, **self.more}
        return HttpResponse(
            json.dumps(content), status=self.status, content_type=PROBLEM, headers=self.headers
        )


class Problems:
    """Middleware: below /api/ no answer is a page, whoever refuses, and no cookie counts: a token
    alone opens it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(ROOT):
            return self.get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        if refusal := _unreadable(request):
            return refusal.answer()
        answer = self.get_response(request)
        is_page = answer.headers.get("Content-Type", "").startswith("text/html")
        return _instead_of(answer) if answer.status_code >= 400 and is_page else answer


def _unreadable(request: HttpRequest) -> Problem | None:
    if request.method != "POST":
        return None
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > LARGEST:
        return Problem(413)
    return None if request.content_type == JSON else Problem(415)


def _instead_of(page: HttpResponse) -> HttpResponse:
    status = page.status_code if page.status_code in SENTENCES else 400
    kept = ("Allow", "Retry-After")
    headers = {name: page.headers[name] for name in kept if name in page.headers}
    answer = Problem(status, headers=headers).answer()
    answer._has_been_logged = True  # type: ignore[attr-defined]  # as what it stands for was
    return answer
