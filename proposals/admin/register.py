"""The register of flows: read here, changed by proposals alone."""

from django.contrib import admin

from ..models import LogicalFlow, PhysicalFlow, PhysicalSpecification
from .common import Read, Tracked


@admin.register(LogicalFlow)
class LogicalFlowAdmin(Tracked, Read):
    list_display = ["source", "target", "lifecycle", "origin_proposal_id", "origin_batch_id"]
    list_filter = ["lifecycle"]
    list_select_related = ["source", "target"]
    search_fields = ["source__name", "source__code", "target__name", "target__code"]


@admin.register(PhysicalSpecification)
class PhysicalSpecificationAdmin(Tracked, Read):
    list_display = ["name", "code", "owner", "format", "lifecycle"]
    list_filter = ["format", "lifecycle"]
    list_select_related = ["owner"]
    search_fields = ["name", "code", "owner__name", "owner__code"]


@admin.register(PhysicalFlow)
class PhysicalFlowAdmin(Tracked, Read):
    list_display = ["__str__", "logical_flow", "transport", "frequency", "criticality", "lifecycle", "added_by"]
    list_filter = ["lifecycle", "transport", "frequency", "criticality"]
    list_select_related = ["logical_flow__source", "logical_flow__target", "specification", "added_by"]
    search_fields = ["name", "specification__name", "external_id", "logical_flow__source__name"]
