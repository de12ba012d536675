"""The record: proposals with all that happened to them, and every history table; read by all, changed by nobody."""

from django.contrib import admin
from django.db.models import Q

from ..models import (
    ApproverRule,
    Delegation,
    Involvement,
    LogicalFlow,
    Notice,
    PhysicalFlow,
    PhysicalSpecification,
    Policy,
    Proposal,
    System,
    Transition,
    User,
)
from .common import Read, Tracked, without_drafts_of_others


class TransitionInline(admin.TabularInline):
    model = Transition
    fields = ["number", "at", "action", "to_state", "side", "by", "on_behalf_of", "capacity", "automatic", "comment"]
    extra = 0
    can_delete = False


@admin.register(Proposal)
class ProposalAdmin(Tracked, Read):
    list_display = ["id", "type", "source", "target", "state", "maker", "submitted_at", "closed_at"]
    list_filter = ["state", "type", "with_physical_flow"]
    list_select_related = ["source", "target", "maker"]
    search_fields = ["=id", "source__name", "source__code", "target__name", "target__code", "maker__name"]
    date_hierarchy = "submitted_at"
    inlines = [TransitionInline]
    fields = [
        *("type", "state", "source", "target", "maker", "reason", "justification", "data_types"),
        *("created_at", "submitted_at", "due_at", "closed_at"),
        *("with_physical_flow", "specification", "specification_name", "specification_format"),
        *("specification_description", *PhysicalFlow.ATTRIBUTES),
        *("concerned_physical_flow", "concerned_logical_flow"),
        *("result_logical_flow", "result_specification", "result_physical_flow", "content_key"),
    ]
    readonly_fields = fields

    def get_queryset(self, request):
        return without_drafts_of_others(super().get_queryset(request), request.user)


@admin.register(Transition)
class TransitionAdmin(Read):
    list_display = ["proposal_id", "at", "to_state", "side", "by", "on_behalf_of", "automatic"]
    list_filter = ["action", "side", "automatic"]
    list_select_related = ["by", "on_behalf_of"]
    search_fields = ["=proposal__id", "by__name", "by__email", "comment", "capacity"]
    date_hierarchy = "at"
    ordering = ["-at", "-id"]

    def get_queryset(self, request):
        found = super().get_queryset(request)
        mine = Q(proposal__submitted_at__isnull=False) | Q(proposal__maker=request.user)
        return found if request.user.is_superuser else found.filter(mine)


@admin.register(Notice)
class NoticeAdmin(Read):
    list_display = ["event", "recipient", "mail"]
    list_select_related = ["recipient", "mail"]
    search_fields = ["event", "recipient__name", "recipient__email"]


class HistoryAdmin(Read):
    """One history table: every version of every row, newest first."""

    list_display = ["history_date", "history_object_id", "history_type", "history_user", "history_change_reason"]
    list_filter = ["history_type"]
    list_select_related = ["history_user"]
    search_fields = ["=id", "history_change_reason", "history_user__name", "history_user__email"]
    date_hierarchy = "history_date"
    ordering = ["-history_date", "-history_id"]

    @admin.display(description="row", ordering="id")
    def history_object_id(self, row) -> int:
        return row.id

    def get_queryset(self, request):
        found = super().get_queryset(request)
        is_proposal = self.model is Proposal.history.model
        return without_drafts_of_others(found, request.user) if is_proposal else found


for tracked in [
    *(Proposal, LogicalFlow, PhysicalSpecification, PhysicalFlow),
    *(System, Involvement, ApproverRule, Delegation, Policy, User),
]:
    admin.site.register(tracked.history.model, HistoryAdmin)
