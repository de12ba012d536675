"""For administrators and auditors: catalogue, people, rules, reasons and policy are edited here; all else is read.

Nothing is deleted except approver rules: systems are removed, people deactivated, involvements ended, reasons retired.
"""

from axes.models import AccessAttempt, AccessLog
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponseNotAllowed
from django.utils import timezone
from post_office import admin as of_mail
from post_office.models import Attachment, Email, EmailTemplate, Log
from simple_history.admin import SimpleHistoryAdmin

from .models import (
    ApproverRule,
    DataType,
    Delegation,
    ImportBatch,
    ImportedFile,
    Involvement,
    InvolvementKind,
    LogicalFlow,
    Notice,
    OrganisationalUnit,
    PhysicalFlow,
    PhysicalSpecification,
    Policy,
    Proposal,
    Reason,
    System,
    Transition,
    User,
)

admin.site.site_header = "waltzflow administration"
admin.site.site_title = "waltzflow"
admin.site.index_title = "Catalogue, people, rules and the record of everything"


class Kept(admin.ModelAdmin):
    """Never deleted, by nobody."""

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class Tracked(SimpleHistoryAdmin):
    """With its history, which is read: the page of one history row would save on POST, even for a mere reader."""

    object_history_list_template = "admin/history_list.html"

    def history_view(self, request, object_id, extra_context=None):
        self._require_visible(request, object_id)
        return super().history_view(request, object_id, extra_context)

    def history_form_view(self, request, object_id, version_id, extra_context=None):
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        self._require_visible(request, object_id)
        return super().history_form_view(request, object_id, version_id, extra_context)

    def _require_visible(self, request, object_id: str) -> None:
        """What the reader may not see has no history for them either; simple-history would show it."""
        if self.get_object(request, unquote(object_id)) is None:
            raise Http404


class Read(Kept):
    """Visible and searchable; changed by the workflow alone."""

    actions = None

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


@admin.register(OrganisationalUnit)
class OrganisationalUnitAdmin(Kept):
    list_display = ["name", "code", "parent"]
    list_select_related = ["parent"]
    search_fields = ["name", "code"]
    autocomplete_fields = ["parent"]


@admin.register(System)
class SystemAdmin(Tracked, Kept):
    list_display = ["name", "code", "kind", "organisational_unit", "is_external", "lifecycle"]
    list_filter = ["kind", "lifecycle", "is_external"]
    list_select_related = ["organisational_unit"]
    search_fields = ["name", "code", "description"]
    autocomplete_fields = ["organisational_unit"]


@admin.register(DataType)
class DataTypeAdmin(Kept):
    list_display = ["name", "code", "parent", "is_deprecated", "is_unknown"]
    list_filter = ["is_deprecated", "is_unknown"]
    list_select_related = ["parent"]
    search_fields = ["name", "code"]
    autocomplete_fields = ["parent"]


class ImportedFileInline(admin.TabularInline):
    model = ImportedFile
    extra = 0
    can_delete = False


@admin.register(ImportBatch)
class ImportBatchAdmin(Read):
    list_display = ["__str__", "at", "by", "outcome"]
    list_select_related = ["by"]
    search_fields = ["outcome", "files__name", "files__sha256"]
    date_hierarchy = "at"
    inlines = [ImportedFileInline]


@admin.register(User)
class PersonAdmin(Tracked, Kept, UserAdmin):
    list_display = ["name", "email", "title", "organisational_unit", "is_active", "is_staff"]
    list_filter = ["is_active", "is_staff", "is_superuser", "groups"]
    list_select_related = ["organisational_unit"]
    search_fields = ["name", "email", "username", "employee_id"]
    ordering = ["name"]
    autocomplete_fields = ["manager", "organisational_unit"]
    readonly_fields = ["last_login", "date_joined"]
    person = ["name", "email", "employee_id", "title", "manager", "organisational_unit", "notices_wanted"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": person}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "usable_password", "password1", "password2"]}),
        ("Person", {"fields": person}),
    ]
    powers = ["is_staff", "is_superuser", "groups", "user_permissions"]

    def get_readonly_fields(self, request, obj=None) -> list[str]:
        """Superusers alone give powers: who may merely edit people could otherwise take them."""
        return self.readonly_fields + ([] if request.user.is_superuser else self.powers)

    def has_change_permission(self, request, obj=None) -> bool:
        theirs = obj is None or not obj.is_superuser or request.user.is_superuser
        return theirs and super().has_change_permission(request, obj)


admin.site.unregister(Group)


@admin.register(Group)
class NamedGroupAdmin(Kept, GroupAdmin):
    """The workflow asks for its groups by name, so none is renamed or deleted; and they give powers."""

    def has_add_permission(self, request) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    def get_readonly_fields(self, request, obj=None) -> list[str]:
        return ["name"] if obj else []


@admin.register(InvolvementKind)
class InvolvementKindAdmin(Kept):
    list_display = ["name", "description"]
    search_fields = ["name"]


@admin.register(Involvement)
class InvolvementAdmin(Tracked, Kept):
    list_display = ["user", "kind", "system", "started_at", "ended_at"]
    list_filter = ["kind", ("ended_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user", "kind", "system"]
    search_fields = ["user__name", "user__email", "system__name", "system__code"]
    autocomplete_fields = ["user", "system", "kind"]
    actions = ["end_now"]

    @admin.action(description="End the chosen involvements now", permissions=["change"])
    @transaction.atomic
    def end_now(self, request, involvements) -> None:
        still_open = list(involvements.open())
        for involvement in still_open:
            involvement.ended_at = max(timezone.now(), involvement.started_at)
            self.save_model(request, involvement, form=None, change=True)
        self.message_user(request, f"{len(still_open)} involvements ended.", messages.SUCCESS)


@admin.register(ApproverRule)
class ApproverRuleAdmin(Tracked):
    list_display = ["involvement_kind", "system_kind", "system", "may_approve", "may_reject"]
    list_filter = ["system_kind", "may_approve", "may_reject"]
    list_select_related = ["involvement_kind", "system"]
    search_fields = ["involvement_kind__name", "system__name", "system__code"]
    autocomplete_fields = ["involvement_kind", "system"]


@admin.register(Delegation)
class DelegationAdmin(Tracked, Read):
    list_display = ["delegator", "delegate", "starts_at", "ends_at", "note"]
    list_select_related = ["delegator", "delegate"]
    search_fields = ["delegator__name", "delegate__name", "note"]
    date_hierarchy = "starts_at"


@admin.register(Policy)
class PolicyAdmin(Tracked, Kept):
    def has_add_permission(self, request) -> bool:
        return False


@admin.register(Reason)
class ReasonAdmin(Kept):
    list_display = ["name", "description", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "description"]


class TransitionInline(admin.TabularInline):
    model = Transition
    fields = ["number", "at", "action", "to_state", "side", "by", "on_behalf_of", "capacity", "automatic", "comment"]
    extra = 0
    can_delete = False


def without_drafts_of_others(proposals, user):
    """A draft is its maker's and the administrators', in its history too."""
    return proposals if user.is_superuser else proposals.filter(Q(submitted_at__isnull=False) | Q(maker=user))


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

# Of the mail queue the mails are of interest here, to read: its own pages would send one again at a mere link.
for foreign in (Attachment, Email, EmailTemplate, Log):
    of_mail.admin.site.unregister(foreign)


@admin.register(Email)
class MailAdmin(Read):
    list_display = ["subject", "to", "status", "created", "last_updated", "number_of_retries"]
    list_filter = ["status"]
    search_fields = ["to", "subject"]
    date_hierarchy = "created"
    ordering = ["-created", "-id"]
    exclude = ["context", "template", "backend_alias"]
    change_form_template = "admin/change_form.html"


@admin.register(AccessLog)
class SignInAdmin(Read):
    """Who came in, from where."""

    list_display = ["attempt_time", "username", "ip_address", "user_agent", "logout_time"]
    search_fields = ["username", "ip_address"]
    date_hierarchy = "attempt_time"
    exclude = ["session_hash"]


@admin.register(AccessAttempt)
class FailedSignInAdmin(Read):
    """Who tried and failed of late; locked when the failures reach SIGN_IN_TRIES."""

    list_display = ["attempt_time", "username", "ip_address", "user_agent", "failures_since_start"]
    search_fields = ["username", "ip_address"]
    date_hierarchy = "attempt_time"
    exclude = ["get_data", "post_data"]
