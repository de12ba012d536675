"""The switches of the workflow, and the reasons offered to makers."""

from django.contrib import admin

from ..models import Policy, Reason
from .common import Kept, Tracked, Weighed


@admin.register(Policy)
class PolicyAdmin(Weighed, Kept):
    def has_add_permission(self, request) -> bool:
        return False


@admin.register(Reason)
class ReasonAdmin(Tracked, Kept):
    list_display = ["name", "description", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name_folded", "description"]
