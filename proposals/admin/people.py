"""People and what lets them decide: edited here; only approver rules can be deleted."""

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from ..forms import OWN_FIELDS, UserNameInput, WeighedLeavingForm
from ..models import (
    ApproverRule,
    Delegation,
    Involvement,
    InvolvementKind,
    LineInput,
    User,
)
from ..reports.leaving import leaving
from ..workflow import passwords
from .common import DeletionForm, GivesRights, Kept, Prefilled, Read, Tracked, Weighed

MOST_AT_ONCE = 50  # people that are deactivated together


class PersonForm(WeighedLeavingForm, UserChangeForm):
    class Meta(UserChangeForm.Meta):
        model = User
        field_classes = {"username": UserNameInput}


class NewPersonForm(AdminUserCreationForm):
    class Meta(AdminUserCreationForm.Meta):
        model = User
        field_classes = {"username": UserNameInput}

    def clean_username(self) -> str:
        """Django's asks whether somebody has the name in another case; the column does, and says
        who.
        """
        return self.cleaned_data["username"]


class CanSignIn(admin.SimpleListFilter):
    """Of active people: who was imported cannot until they are invited."""

    title = "signing in"
    parameter_name = "can_sign_in"

    def lookups(self, request, model_admin) -> list[tuple[str, str]]:
        return [("yes", "Can"), ("no", "Cannot yet")]

    def queryset(self, request, people):
        unable = User.objects.unable_to_sign_in().order_by().values("pk")
        active = people.filter(is_active=True)
        chosen = {"yes": active.exclude(pk__in=unable), "no": active.filter(pk__in=unable)}
        return chosen.get(self.value(), people)


# Shown only of who has some, to be taken away: rights come by groups, whose membership is in the
# history of a person.
SINGLE_PERMISSIONS = ("Single permissions", {"fields": ["user_permissions"]})


@admin.register(User)
class PersonAdmin(Weighed, Kept, UserAdmin):
    list_display = [
        "name",
        "email",
        "title",
        "organisational_unit",
        "is_active",
        "can_sign_in",
        "is_staff",
    ]
    list_filter = [CanSignIn, "is_active", "is_staff", "is_superuser", "groups"]
    actions = ["invite", "deactivate"]
    list_select_related = ["organisational_unit"]
    search_fields = ["search_text"]
    form, add_form = PersonForm, NewPersonForm
    ordering = ["name"]
    autocomplete_fields = ["manager", "organisational_unit"]
    readonly_fields = ["last_login", "date_joined"]
    person = [
        "name",
        "email",
        "employee_id",
        "title",
        "manager",
        "organisational_unit",
        "notices_wanted",
    ]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": person}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        SINGLE_PERMISSIONS,
        ("What for", {"fields": OWN_FIELDS}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "usable_password", "password1", "password2"]}),
        ("Person", {"fields": person}),
    ]
    powers = ["is_staff", "is_superuser", "groups", "user_permissions"]
    gives_rights = {"is_active", "groups"}

    @admin.display(boolean=True, description="can sign in")
    def can_sign_in(self, person: User) -> bool:
        return person.is_active and not person.cannot_sign_in

    def get_readonly_fields(self, request, obj=None) -> list[str]:
        """Superusers alone give powers: who may merely edit people could otherwise take them."""
        return self.readonly_fields + ([] if request.user.is_superuser else self.powers)

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        is_edited = self.has_change_permission(request, obj)
        has_some = obj is not None and obj.user_permissions.exists()
        return [
            named
            for named in fieldsets
            if (is_edited or named[1]["fields"] != OWN_FIELDS)
            and (has_some or named != SINGLE_PERMISSIONS)
        ]

    def has_change_permission(self, request, obj=None) -> bool:
        theirs = obj is None or not obj.is_superuser or request.user.is_superuser
        return theirs and super().has_change_permission(request, obj)

    def get_actions(self, request):
        actions = super().get_actions(request)
        if passwords.are_off():
            actions.pop("invite", None)
        return actions

    def user_change_password(self, request, id, form_url=""):
        passwords.refuse_where_off()
        return super().user_change_password(request, id, form_url)

    @admin.action(
        description="Invite the chosen: mail each a link to set a password", permissions=["change"]
    )
    @transaction.atomic
    def invite(self, request, people) -> None:
        now, left_out = timezone.now(), []
        for person in people:
            may = self.has_change_permission(request, person)
            if not may or not passwords.send_link(person, at=now, invited_by=request.user):
                left_out.append(str(person))
        invited = len(people) - len(left_out)
        self.message_user(request, f"People invited: {invited}.", messages.SUCCESS)
        if left_out:
            names = ", ".join(left_out[:10]) + (", ..." if len(left_out) > 10 else "")
            sentence = (
                f"Not invited: {names}. They are inactive, have no mail address, were sent a link "
                "within the last ten minutes, or are not yours to change."
            )
            self.message_user(request, sentence, messages.WARNING)

    @admin.action(
        description="Deactivate the chosen: first see what would be without them",
        permissions=["change"],
    )
    @transaction.atomic
    def deactivate(self, request, people) -> HttpResponse | None:
        """All or nobody; asks first, on a page that says what they would leave behind."""
        chosen = list(
            people.filter(is_active=True).select_for_update(no_key=True, of=("self",))[
                : MOST_AT_ONCE + 1
            ]
        )
        if refusal := self._why_not(request, chosen):
            self.message_user(request, refusal, messages.ERROR)
            return None
        gone, reason = (
            leaving(chosen),
            DeletionForm(request.POST if "post" in request.POST else None),
        )
        if gone.forbidden or "post" not in request.POST or not reason.is_valid():
            context = self.admin_site.each_context(request) | {
                "title": "Deactivate people",
                "opts": self.opts,
                "gone": gone,
                "reason": reason,
                "action_name": ACTION_CHECKBOX_NAME,
            }
            return render(request, "admin/proposals/deactivate.html", context)
        for person in chosen:
            person.is_active = False
            self.save_model(request, person, form=reason, change=True)
        self.message_user(request, f"People deactivated: {len(chosen)}.", messages.SUCCESS)
        self.rights_changed(request)
        return None

    def _why_not(self, request, people: list[User]) -> str:
        """Why they are not to be deactivated by whoever asks; empty if they are."""
        if not people:
            return "None of the chosen is active."
        if len(people) > MOST_AT_ONCE:
            return f"Choose {MOST_AT_ONCE} people at most, so that what they leave can be read."
        if not all(self.has_change_permission(request, person) for person in people):
            return "Some of the chosen are not yours to change. Nobody was deactivated."
        return ""


admin.site.unregister(Group)


@admin.register(Group)
class NamedGroupAdmin(Kept, Prefilled, GroupAdmin):
    """The workflow asks for its groups by name, so none is renamed or deleted; and they give
    powers.
    """

    formfield_overrides = {models.CharField: {"form_class": LineInput}}

    def has_add_permission(self, request) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request, obj=None) -> bool:
        return request.user.is_superuser

    def get_readonly_fields(self, request, obj=None) -> list[str]:
        return ["name"] if obj else []


@admin.register(InvolvementKind)
class InvolvementKindAdmin(Tracked, Kept):
    list_display = ["name", "description"]
    search_fields = ["name_folded"]


@admin.register(Involvement)
class InvolvementAdmin(GivesRights, Kept):
    list_display = ["user", "kind", "system", "started_at", "ended_at"]
    list_filter = ["kind", ("ended_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user", "kind", "system"]
    search_fields = ["user__search_text", "system__search_text"]
    autocomplete_fields = ["user", "system", "kind"]
    actions = ["end_now"]

    def systems_concerned(self, form) -> set[int]:
        # Both, if it was moved from one system to another.
        return {form.instance.system_id, form.initial.get("system", form.instance.system_id)}

    @admin.action(description="End the chosen involvements now", permissions=["change"])
    @transaction.atomic
    def end_now(self, request, involvements) -> None:
        still_open = list(involvements.open())
        for involvement in still_open:
            # One that was to begin later ends when it begins.
            involvement.ended_at = max(timezone.now(), involvement.started_at)
            self.save_model(request, involvement, form=None, change=True)
        systems = {involvement.system_id for involvement in still_open}
        self.message_user(request, f"Involvements ended: {len(still_open)}.", messages.SUCCESS)
        self.rights_changed(request, systems)


@admin.register(ApproverRule)
class ApproverRuleAdmin(Weighed):
    list_display = ["involvement_kind", "system_kind", "system", "may_approve", "may_reject"]
    list_filter = ["system_kind", "may_approve", "may_reject"]
    list_select_related = ["involvement_kind", "system"]
    search_fields = ["involvement_kind__name_folded", "system__search_text"]
    autocomplete_fields = ["involvement_kind", "system"]


@admin.register(Delegation)
class DelegationAdmin(Tracked, Read):
    list_display = ["delegator", "delegate", "system", "starts_at", "ends_at", "note"]
    list_select_related = ["delegator", "delegate", "system"]
    search_fields = [
        *("delegator__search_text", "delegate__search_text", "system__search_text"),
        "note",
    ]
    date_hierarchy = "starts_at"
