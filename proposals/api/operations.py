"""All operations together, and how their refusals are answered."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import conditional_page
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from ..errors import Invalid, Refused
from . import consent, writing
from .problems import PROBLEM, Problem
from .schemas import ProblemOut

REFUSAL = {"$ref": "#/components/schemas/Problem"}


class Described(NinjaAPI):
    """Its document names the refusals that any operation may answer, and operations in our words:
    the names of our modules would become those of other people's functions.
    """

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        described = super().get_openapi_schema(**options)
        described["components"]["schemas"]["Problem"] = ProblemOut.model_json_schema()
        refusal = {"description": "A refusal, in words", "content": {PROBLEM: {"schema": REFUSAL}}}
        for operations in described["paths"].values():
            for operation in operations.values():
                operation["responses"]["default"] = refusal
        return described


api = Described(
    title="waltzflow",
    version="1",
    description="A data flow enters the register only when both sides agree. See docs/api.md.",
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
)
for router in (writing.router, consent.router):
    api.add_router("", router)


@api.exception_handler(Problem)
def problem(request: HttpRequest, error: Problem) -> HttpResponse:
    return error.answer()


@api.exception_handler(Refused)
def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    fields = refusal.fields if isinstance(refusal, Invalid) else None
    status = 422 if isinstance(refusal, Invalid) else refusal.status
    more = {"about": refusal.about.get_absolute_url()} if refusal.about else {}
    return Problem(status, refusal.sentence, errors=fields, **more).answer()


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = {_place(row["loc"]): str(row["msg"]) for row in error.errors}
    return Problem(422, "The request does not fit its description.", errors=errors).answer()


def _place(location: tuple) -> str:
    """Without what ninja calls the arguments of its functions."""
    return ".".join(str(part) for part in location[1:] if part != "sent") or str(location[0])


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """A body that is no JSON."""
    return Problem(400).answer()


@api.exception_handler(Http404)
def nothing(request: HttpRequest, error: Http404) -> HttpResponse:
    return Problem(404).answer()


@api.exception_handler(Exception)
def unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    """Left to the site, which tells a database that is away from a mistake, and writes it down."""
    raise error


def _opened(pattern: Any) -> Any:
    """For whoever has a token: the site asks for no session here."""
    # conditional_page: who has the answer already, by its ETag, gets 304 and no body.
    pattern.callback = login_not_required(conditional_page(pattern.callback))
    pattern.callback.csrf_exempt = True
    return pattern


patterns = [_opened(pattern) for pattern in api.urls[0]]
