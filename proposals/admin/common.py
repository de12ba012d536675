"""What the pages of the admin have in common: what is kept, tracked, or read only."""

from contextlib import suppress

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import (
    flatten_fieldsets,
    lookup_spawns_duplicates,
    unquote,
)
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils import timezone
from simple_history.admin import SimpleHistoryAdmin

from .. import workflow
from ..forms import OWN_FIELDS, TrackedForm, WeighedRightsForm, WhyInput
from ..models import EARLIEST, LATEST, MomentField, SplitMomentInput, found_in, plain_numbers, words


class BoundedChangeList(ChangeList):
    """A list by years that knows which years there are."""

    def get_filters(self, request):
        year = self.get_filters_params().get(f"{self.date_hierarchy}__year", [""])[-1]
        # Django would count the days of any year, and fails beyond 9999; int() fails on thousands
        # of digits.
        if year and not (year.isdecimal() and EARLIEST.year <= int(year[:9]) <= LATEST.year):
            raise IncorrectLookupParameters(f"There is no list of the year {year[:20]}.")
        return super().get_filters(request)


class Searched(admin.ModelAdmin):
    """Its search finds what a reader would call the same, and numbers as the product writes them.
    Moments that can be entered here are bounded.
    """

    formfield_overrides = {
        MomentField: {"form_class": SplitMomentInput, "widget": AdminSplitDateTime}
    }

    def get_changelist(self, request, **kwargs):
        return BoundedChangeList

    def render_change_form(self, request, context, *args, **kwargs):
        """What is wrong is named, where Django would only say that something is."""
        if context["errors"]:
            form = context["adminform"].form
            wrong = [form[name].label for name in form.errors if name in form.fields]
            context |= {"errors": None, "unsaved": True, "wrong": wrong}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_search_results(self, request, queryset, search_term):
        if hasattr(queryset, "matching"):
            return queryset.matching(search_term), False
        paths = self.get_search_fields(request)
        for word in words(plain_numbers(search_term)):
            occurs = [found_in(queryset, path, word) for path in paths]
            queryset = queryset.filter(Q(*occurs, _connector=Q.OR))
        return queryset, any(lookup_spawns_duplicates(self.opts, path) for path in paths)


class Kept(Searched):
    """Never deleted, by nobody."""

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class Prefilled(Searched):
    """Its form for adding takes what the address says of it, but for what cannot be: Django would
    look up related rows, and write down moments, unread.
    """

    def get_changeform_initial_data(self, request) -> dict:
        initial = {}
        for name, value in super().get_changeform_initial_data(request).items():
            with suppress(FieldDoesNotExist, ValidationError):
                initial[name] = self._as_it_could_be(name, value)
        return initial

    def _as_it_could_be(self, name: str, value):
        field = self.opts.get_field(name)
        if not field.is_relation:
            return field.to_python(value)
        for key in value if isinstance(value, list) else [value]:
            field.target_field.to_python(key)
        return value


class Tracked(SimpleHistoryAdmin, Prefilled):
    """With its history, which is read: the page of one history row would save on POST, even for a
    mere reader.
    """

    object_history_list_template = "admin/history_list.html"

    def get_form(self, request, obj=None, change=False, **kwargs):
        """Whoever saves over somebody else's change is told."""
        if obj is not None and self.has_change_permission(request, obj):
            plain = kwargs.get("form", self.form)
            kwargs["form"] = type(f"Tracked{plain.__name__}", (TrackedForm, plain), {})
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request, obj=None):
        """With the version the page shows, which the admin would leave out of named fieldsets."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self.has_change_permission(request, obj):
            return fieldsets
        named = flatten_fieldsets(fieldsets)
        hidden = [] if "read_version" in named else [(None, {"fields": ["read_version"]})]
        return [*fieldsets, *hidden]

    def history_view(self, request, object_id, extra_context=None):
        self._require_visible(request, object_id)
        return super().history_view(request, object_id, extra_context)

    def history_form_view(self, request, object_id, version_id, extra_context=None):
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        # The address takes any text here, and simple-history would ask the database for it as a
        # number.
        if not version_id.isascii() or not version_id.isdigit():
            raise Http404
        self._require_visible(request, object_id)
        return super().history_form_view(request, object_id, version_id, extra_context)

    def _require_visible(self, request, object_id: str) -> None:
        """What the reader may not see has no history for them either; simple-history would show
        it.
        """
        if self.get_object(request, unquote(object_id)) is None:
            raise Http404


class GivesRights(Tracked):
    """What lets people decide: whoever can now decide is asked for what waits; who changes it is
    told where a proposal waits for a steward and there is none.
    """

    gives_rights: set[str] | None = None  # the fields that do; None for all of them

    def save_related(self, request, form, formsets, change) -> None:
        super().save_related(request, form, formsets, change)
        if self.gives_rights is None or self.gives_rights & set(form.changed_data):
            self.rights_changed(request, self.systems_concerned(form))

    def delete_model(self, request, obj) -> None:
        super().delete_model(request, obj)
        self.rights_changed(request)

    def delete_queryset(self, request, queryset) -> None:
        super().delete_queryset(request, queryset)
        self.rights_changed(request)

    def systems_concerned(self, form) -> set[int] | None:
        """The ids of the systems on which rights change; None for any."""
        return None

    def rights_changed(self, request, systems: set[int] | None = None) -> None:
        sentence = workflow.rights_changed(by=request.user, at=timezone.now(), systems=systems)
        if sentence:
            self.message_user(request, sentence, messages.WARNING)


class Weighed(GivesRights):
    """What decides who may decide for many: its form shows who gains and who loses, and asks why;
    so does the page that deletes a row.
    """

    form = WeighedRightsForm
    delete_confirmation_template = "admin/proposals/weighed_delete.html"

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        is_edited = self.has_change_permission(request, obj) if obj else True
        return fields if is_edited else [name for name in fields if name not in OWN_FIELDS]

    def get_actions(self, request):
        """One by one: each deletion has its own effect and its own reason."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_model(self, request, obj, form, change) -> None:
        obj._change_reason = form.cleaned_data.get("why", "")
        super().save_model(request, obj, form, change)

    def delete_view(self, request, object_id, extra_context=None):
        row = self.get_object(request, unquote(object_id))
        # Left to the admin, which answers as it does everywhere.
        if row is None or not self.has_delete_permission(request, row):
            return super().delete_view(request, object_id, extra_context)
        # By the field `post` the admin knows the answer to its question from the first step.
        reason = DeletionForm(request.POST if "post" in request.POST else None)
        if "post" in request.POST and not reason.is_valid():
            messages.error(request, "Say why it is deleted: that stands in its history.")
            return HttpResponseRedirect(request.path)
        effect = workflow.effect_of(type(row).objects.filter(pk=row.pk).delete, [row])
        context = (extra_context or {}) | {"reason": reason, "effect": effect}
        return super().delete_view(request, object_id, context)

    def delete_model(self, request, obj) -> None:
        obj._change_reason = DeletionForm(request.POST).reason
        super().delete_model(request, obj)


class DeletionForm(forms.Form):
    why = WhyInput()

    @property
    def reason(self) -> str:
        return self.cleaned_data["why"] if self.is_valid() else ""


@admin.display(description="Basis offset")
def basis_offset(row) -> str:
    return row.offset_wording


class Read(Kept):
    """Visible and searchable; changed by the workflow alone."""

    actions = None

    def get_fields(self, request, obj=None) -> list:
        """As pages say it: T+1."""
        fields = super().get_fields(request, obj)
        return [basis_offset if name == "basis_offset" else name for name in fields]

    def get_readonly_fields(self, request, obj=None) -> list:
        return [*super().get_readonly_fields(request, obj), basis_offset]

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


def without_drafts_of_others(proposals, user):
    """A draft is its maker's and the administrators', in its history too."""
    return (
        proposals
        if user.is_superuser
        else proposals.filter(Q(submitted_at__isnull=False) | Q(maker=user))
    )
