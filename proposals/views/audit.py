"""The pages of auditors: the trails, the register as it was, what came and went between two dates,
what was decided, and the state of the ledger. They only show; nothing here changes anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from waltzflow.replica import from_replica

from ..files import evidence
from ..files.download import csv_response
from ..forms.record import DifferenceForm, MomentForm, SpanForm, TrailSearch, zone
from ..history import approvals, ledger
from ..history.approvals import Trail
from ..history.as_of import LogicalRegister, PhysicalRegister
from ..history.difference import REGISTER, Between
from ..models import LogicalFlow, PhysicalFlow, Proposal, Transition, User, key_in
from .lists import counted_page, wanted_file

OFFERED = 10  # rows of one kind that a search shows


def auditors_only(view: Callable) -> Callable:
    """GET and HEAD, for those to whom the whole record is open."""

    @require_safe
    @wraps(view)
    def shown(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.may_audit:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return shown


@dataclass(frozen=True)
class Subject:
    """What has a trail: the noun of its addresses, and how to find and to read one."""

    name: str
    noun: str
    rows: Callable[[User], QuerySet]
    trail: Callable[[Any], Trail]
    list_page: str

    @property
    def page(self) -> str:
        return f"audit-{self.name}"

    def get(self, request: HttpRequest, pk: int) -> Model:
        return get_object_or_404(self.rows(request.user), pk=pk)


SUBJECTS = {
    subject.name: subject
    for subject in [
        Subject(
            "proposal",
            "proposal",
            lambda user: Proposal.objects.visible_to(user).select_related(
                "source", "target", "maker", "result_logical_flow"
            ),
            approvals.of_proposal,
            "proposals",
        ),
        Subject(
            "flow",
            "logical flow",
            lambda user: LogicalFlow.objects.select_related("source", "target", "origin_batch__by"),
            approvals.of_logical_flow,
            "flows",
        ),
        Subject(
            "physical-flow",
            "physical flow",
            lambda user: PhysicalFlow.objects.select_related(
                "logical_flow__source",
                "logical_flow__target",
                "specification",
                "added_by",
                "origin_batch__by",
            ),
            approvals.of_physical_flow,
            "",
        ),
    ]
}


@dataclass(frozen=True)
class Matches:
    """The newest rows of one kind that a search found, and whether there are more."""

    subject: Subject
    rows: list
    is_cut: bool
    more: str  # address of the list with all of them, if there is one and it has more


@auditors_only
def home(request: HttpRequest) -> HttpResponse:
    """What an auditor may ask, a search for trails, and the state of the ledger."""
    search = TrailSearch(request.GET)
    text = search.cleaned_data["q"] if search.is_valid() else ""
    context = {
        "search": search,
        "text": text,
        "matches": _matches(text, request.user) if text else [],
        # The three have fields of the same names, and an id stands once on a page.
        "moment_form": MomentForm(auto_id="register_%s"),
        "difference_form": DifferenceForm(auto_id="difference_%s"),
        "transitions_form": SpanForm(auto_id="transitions_%s"),
        "zone": zone(),
        "ledger": ledger.ledger_state(settings.LEDGER_CHECKPOINTS),
        "folder": settings.LEDGER_CHECKPOINTS,
        "mailed_to": settings.LEDGER_MAIL,
    }
    return render(request, "audit/home.html", context, status=200 if search.is_valid() else 400)


def _matches(text: str, user: User) -> list[Matches]:
    found = [_matches_of(subject, text, user) for subject in SUBJECTS.values()]
    return [matches for matches in found if matches.rows]


def _matches_of(subject: Subject, text: str, user: User) -> Matches:
    """The one with this number first, then what a search of its list finds. Not counted: a frequent
    word occurs everywhere.
    """
    rows = subject.rows(user)
    number = key_in(text.lstrip("#").strip())
    exact = [] if number is None else list(rows.filter(pk=number))
    # First which: to be sorted, all that match would be read with all that is shown of them.
    keys = list(rows.matching(text).order_by("-pk").values_list("pk", flat=True)[: OFFERED + 1])
    others = rows.filter(pk__in=keys[:OFFERED]).exclude(pk__in=[row.pk for row in exact])
    listed = reverse(subject.list_page, query={"q": text}) if subject.list_page else ""
    is_cut = len(keys) > OFFERED
    shown = [*exact, *others.order_by("-pk")]
    return Matches(subject, shown, is_cut, listed if is_cut else "")


@auditors_only
def trail(request: HttpRequest, pk: int, *, of: str) -> HttpResponse:
    """How a proposal or a flow came to be what it is; of a proposal also as a file."""
    subject = SUBJECTS[of]
    row: Any = subject.get(request, pk)
    if of == "proposal" and wanted_file(request) == "csv":
        return csv_response(
            f"proposal-{row.pk}.csv", approvals.FACT_HEADER, approvals.proposal_table(row)
        )
    context = {
        "subject": subject,
        "original": row,
        "trail": subject.trail(row),
        "evidence_page": reverse(f"{subject.page}-evidence", args=[row.pk]),
        "record_page": reverse(f"admin:proposals_{row._meta.model_name}_change", args=[row.pk]),
    }
    return render(request, "audit/trail.html", context)


@auditors_only
def pack(request: HttpRequest, pk: int, *, of: str) -> HttpResponse:
    """The evidence pack of a proposal or a flow."""
    row: Any = SUBJECTS[of].get(request, pk)
    now = timezone.now()
    made = evidence.pack_of(row, settings.LEDGER_CHECKPOINTS, now)
    response = HttpResponse(made.zipped(now), content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, evidence.name_of(row))
    return response


HALVES = {"logical": LogicalRegister, "physical": PhysicalRegister}


@auditors_only
@from_replica
def register(request: HttpRequest) -> HttpResponse:
    """The register as it was at a moment, one half of it: logical or physical flows. Also as a
    file.
    """
    half = request.GET.get("of", "")
    half = half if half in HALVES else "logical"
    form = MomentForm({"lifecycle": "LIVING"} | request.GET.dict())
    context = {"form": form, "half": half, "zone": zone()}
    if not form.is_valid():
        return render(request, "audit/register.html", context, status=400)
    asked = form.cleaned_data
    shown = HALVES[half](asked["at"], asked["system"], asked["lifecycle"])
    if wanted_file(request) == "csv":
        at = timezone.localtime(shown.moment)
        name = f"{half}-flows-{at:%Y-%m-%d-%H%M%S}.csv"
        return csv_response(name, shown.HEADER, shown.table())
    query = request.GET.copy()
    query["at"] = shown.moment.isoformat()  # or each page would show the moment it was asked for
    page, total = counted_page(shown.flows(), query, size=50)
    context |= {"moment": shown.moment, "page": page, "total": total}
    context["flows"] = shown.in_full(page.rows)
    return render(request, "audit/register.html", context)


# Where more is told of a thing that changed.
THING_PAGES = {
    "logicalflow": "audit-flow",
    "physicalflow": "audit-physical-flow",
    "physicalspecification": "specification",
}


@auditors_only
@from_replica
def difference(request: HttpRequest) -> HttpResponse:
    """What came into the register, changed in it and went from one day to another; each kind of
    thing on a page of its own, all of them in one file.
    """
    kinds = {str(model._meta.model_name): model for model in REGISTER}
    kind = request.GET.get("of", "")
    kind = kind if kind in kinds else next(iter(kinds))
    form = _bound(DifferenceForm, request)
    tabs = [(name, model._meta.verbose_name_plural) for name, model in kinds.items()]
    context = {"form": form, "kind": kind, "kinds": tabs, "zone": zone()}
    if not form.is_valid():
        return _asked_in_vain(request, "difference", context)
    between = Between(*form.edges, form.cleaned_data["system"])
    if wanted_file(request) == "csv":
        name = "difference-{first}-{last}.csv".format(**form.cleaned_data)
        return csv_response(name, between.HEADER, between.table())
    page, total = counted_page(between.rows(kinds[kind]), request.GET)
    context |= {"page": page, "total": total, "between": between}
    context["thing_page"] = THING_PAGES[kind]
    context["things"] = between.in_full(kinds[kind], page.rows)
    return render(request, "audit/difference.html", context)


@auditors_only
@from_replica
def transitions(request: HttpRequest) -> HttpResponse:
    """Every change of state of every proposal from one day to another; also as a file."""
    form = _bound(SpanForm, request)
    context: dict[str, Any] = {"form": form, "zone": zone()}
    if not form.is_valid():
        return _asked_in_vain(request, "transitions", context)
    begin, end = form.span
    rows = Transition.objects.visible_to(request.user).filter(at__gte=begin, at__lt=end)
    if wanted_file(request) == "csv":
        name = "transitions-{first}-{last}.csv".format(**form.cleaned_data)
        return csv_response(name, approvals.STEP_HEADER, approvals.transitions_table(rows))
    related = ["by", "on_behalf_of", "proposal__source", "proposal__target"]
    listed = rows.select_related(*related).order_by("-at", "-pk")
    page, total = counted_page(listed, request.GET, size=50)
    return render(request, "audit/transitions.html", context | {"page": page, "total": total})


def _bound(form_class: type[SpanForm], request: HttpRequest) -> SpanForm:
    """Bound once days were asked for; the kind of thing alone asks nothing."""
    return form_class(request.GET if {"first", "last"} & set(request.GET) else None)


def _asked_in_vain(request: HttpRequest, page: str, context: dict) -> HttpResponse:
    """The page with its form alone: nothing was asked yet, or nothing that makes sense."""
    status = 400 if context["form"].is_bound else 200
    return render(request, f"audit/{page}.html", context, status=status)
