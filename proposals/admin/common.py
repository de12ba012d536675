"""What the pages of the admin have in common: what is kept, tracked, or read only."""

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Q
from django.http import Http404, HttpResponseNotAllowed
from simple_history.admin import SimpleHistoryAdmin


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


def without_drafts_of_others(proposals, user):
    """A draft is its maker's and the administrators', in its history too."""
    return proposals if user.is_superuser else proposals.filter(Q(submitted_at__isnull=False) | Q(maker=user))
