"""The record: proposals with all that happened to them, and every history table; read by all,
changed by nobody.
"""

from django.contrib import admin, messages
from django.db import transaction

from ..guards.record import TRACKED
from ..models import (
    Notice,
    PhysicalFlow,
    Proposal,
    Remark,
    SavedView,
    Token,
    Transition,
    Watch,
)
from .approvals import Traced
from .common import Read, without_drafts_of_others


class TransitionInline(admin.TabularInline):
    model = Transition
    fields = [
        "number",
        "at",
        "action",
        "to_state",
        "side",
        "by",
        "on_behalf_of",
        "capacity",
        "automatic",
        "token",
        "comment",
    ]
    extra = 0
    can_delete = False


@admin.register(Proposal)
class ProposalAdmin(Traced):
    list_display = [
        "id",
        "trail",
        "type",
        "source",
        "target",
        "state",
        "maker",
        "submitted_at",
        "closed_at",
    ]
    list_filter = ["state", "type", "with_physical_flow"]
    list_select_related = ["source", "target", "maker"]
    search_fields = ["search_text"]
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

    trail_page = "audit-proposal"

    def get_queryset(self, request):
        return without_drafts_of_others(super().get_queryset(request), request.user)


@admin.register(Transition)
class TransitionAdmin(Read):
    change_list_template = "admin/proposals/transition_change_list.html"
    list_display = ["proposal_id", "at", "to_state", "side", "by", "on_behalf_of", "automatic"]
    list_filter = ["action", "side", "automatic"]
    list_select_related = ["by", "on_behalf_of"]
    # The number by `=`: as a part of a text it would be looked for in every row.
    search_fields = ["=proposal__id", "by__search_text", "comment", "capacity"]
    date_hierarchy = "at"
    ordering = ["-at", "-id"]

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)


@admin.register(Remark)
class RemarkAdmin(Read):
    list_display = ["proposal_id", "at", "by", "topic", "text"]
    list_select_related = ["by"]
    search_fields = ["=proposal__id", "by__search_text", "text"]
    date_hierarchy = "at"
    ordering = ["-at", "-id"]


@admin.register(Notice)
class NoticeAdmin(Read):
    list_display = ["event", "proposal", "recipient", "mail", "withdrawn"]
    list_filter = ["withdrawn"]
    list_select_related = [
        "transition",
        "delegation",
        "remark",
        "proposal__source",
        "proposal__target",
        "recipient",
        "mail",
    ]
    search_fields = ["=proposal__id", "recipient__search_text"]


@admin.register(SavedView)
class SavedViewAdmin(Read):
    list_display = ["name", "list_name", "owner", "is_shared", "query"]
    list_filter = ["list_name", "is_shared"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__search_text"]


@admin.register(Token)
class TokenAdmin(Read):
    """An administrator withdraws one; nobody makes one for somebody else."""

    list_display = ["name", "owner", "scopes", "expires_at", "last_used_at", "withdrawn_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__search_text"]
    # The hash is what a token is known by, and `used` counts within one minute alone.
    exclude = ["digest", "used"]
    actions = ["withdraw"]

    @admin.display(description="may")
    def scopes(self, token: Token) -> str:
        return ", ".join(token.scopes)

    def has_withdraw_permission(self, request) -> bool:
        return request.user.is_superuser

    @admin.action(description="Withdraw the chosen", permissions=["withdraw"])
    @transaction.atomic
    def withdraw(self, request, tokens) -> None:
        number = tokens.order_by().withdraw(by=request.user)
        self.message_user(request, f"Tokens withdrawn: {number}.", messages.SUCCESS)


@admin.register(Watch)
class WatchAdmin(Read):
    list_display = ["user", "system", "proposal", "since"]
    list_select_related = ["user", "system", "proposal__source", "proposal__target"]
    search_fields = ["user__search_text", "system__search_text", "=proposal__id"]


class HistoryAdmin(Read):
    """One history table: every version of every row, newest first."""

    list_display = [
        "history_date",
        "history_object_id",
        "history_type",
        "history_user",
        "history_change_reason",
    ]
    list_filter = ["history_type"]
    list_select_related = ["history_user"]
    search_fields = ["=id", "history_change_reason", "history_user__search_text"]
    date_hierarchy = "history_date"
    ordering = ["-history_date", "-history_id"]

    @admin.display(description="row", ordering="id")
    def history_object_id(self, row) -> int:
        return row.id

    def get_queryset(self, request):
        versions = super().get_queryset(request)
        is_proposal = self.model is Proposal.history.model
        return without_drafts_of_others(versions, request.user) if is_proposal else versions


for tracked in TRACKED:
    admin.site.register(tracked.history.model, HistoryAdmin)
