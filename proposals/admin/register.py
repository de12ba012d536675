"""The register of flows: read here as it is; changed by proposals alone."""

from django.contrib import admin

from ..models import LogicalFlow, PhysicalFlow, PhysicalSpecification
from .approvals import Traced
from .common import Read, Tracked


class Registered(Traced):
    """With the way to the register as it was on a date, which is a page of the site."""

    change_list_template = "admin/proposals/register_change_list.html"


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
    trail_page = "audit-flow"


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
    trail_page = "audit-physical-flow"
