"""The register of flows: read here, as it is and as it was; changed by proposals alone."""

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ..files.download import csv_response
from ..history import approvals
from ..history.as_of import LogicalRegister, PhysicalRegister, Register
from ..models import LogicalFlow, PhysicalFlow, PhysicalSpecification
from .approvals import Traced
from .asking import MomentForm, zone
from .common import Read, Tracked

ROWS_A_PAGE = 50


class Registered(Traced):
    """With the register as it was on a date: a page, and the same as a file. `register` is the half
    of it shown.
    """

    change_list_template = "admin/proposals/register_change_list.html"
    pages = Traced.pages | {"register/": "register", "register.csv": "register_csv"}
    register: type[Register]

    def register_view(self, request: HttpRequest) -> HttpResponse:
        self.require_view(request)
        form = MomentForm({"lifecycle": "LIVING"} | request.GET.dict())
        if not form.is_valid():
            return self._register_page(request, form, status=400)
        register = self._asked_for(form)
        page = Paginator(register.flows(), ROWS_A_PAGE).get_page(request.GET.get("page"))
        flows = register.in_full(page.object_list)
        return self._register_page(request, form, moment=register.moment, page=page, flows=flows)

    def register_csv_view(self, request: HttpRequest) -> HttpResponse:
        self.require_view(request)
        form = MomentForm({"lifecycle": "LIVING"} | request.GET.dict())
        if not form.is_valid():
            return self._register_page(request, form, status=400)
        register = self._asked_for(form)
        at = timezone.localtime(register.moment)
        name = f"{self.opts.verbose_name_plural}-{at:%Y-%m-%d-%H%M%S}.csv".replace(" ", "-")
        return csv_response(name, register.HEADER, register.table())

    def _asked_for(self, form: MomentForm) -> Register:
        asked_for = form.cleaned_data
        return self.register(asked_for["at"], asked_for["system"], asked_for["lifecycle"])

    def _register_page(
        self, request: HttpRequest, form: MomentForm, *, status: int = 200, **context
    ) -> HttpResponse:
        title = f"{self.opts.verbose_name_plural} on a date".capitalize()
        return self.page(
            request, "register", title, status=status, form=form, zone=zone(), **context
        )


@admin.register(LogicalFlow)
class LogicalFlowAdmin(Registered):
    list_display = [
        "trail",
        "source",
        "target",
        "lifecycle",
        "origin_proposal_id",
        "origin_batch_id",
    ]
    list_display_links = ["source"]
    list_filter = ["lifecycle"]
    list_select_related = ["source", "target"]
    search_fields = ["search_text"]
    trail_related = ["source", "target", "origin_batch__by"]
    register = LogicalRegister

    def trail_of(self, flow: LogicalFlow) -> approvals.Trail:
        return approvals.of_logical_flow(flow)


@admin.register(PhysicalSpecification)
class PhysicalSpecificationAdmin(Tracked, Read):
    list_display = ["name", "code", "owner", "format", "lifecycle"]
    list_filter = ["format", "lifecycle"]
    list_select_related = ["owner"]
    search_fields = ["search_text"]


@admin.register(PhysicalFlow)
class PhysicalFlowAdmin(Registered):
    list_display = [
        "__str__",
        "logical_flow",
        "transport",
        "frequency",
        "criticality",
        "lifecycle",
        "added_by",
        "trail",
    ]
    list_filter = ["lifecycle", "transport", "frequency", "criticality"]
    list_select_related = [
        "logical_flow__source",
        "logical_flow__target",
        "specification",
        "added_by",
    ]
    search_fields = ["search_text"]
    trail_related = [*list_select_related, "origin_batch__by"]
    register = PhysicalRegister

    def trail_of(self, flow: PhysicalFlow) -> approvals.Trail:
        return approvals.of_physical_flow(flow)

    def called(self, flow: PhysicalFlow) -> str:
        return f"{flow} on {flow.logical_flow}"
