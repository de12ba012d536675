"""Systems and what describes them: edited here, never deleted; and where they came from."""

from django.contrib import admin

from ..models import DataType, ImportBatch, ImportedFile, OrganisationalUnit, System
from .common import Kept, Read, Tracked


@admin.register(OrganisationalUnit)
class OrganisationalUnitAdmin(Tracked, Kept):
    list_display = ["name", "code", "parent"]
    list_select_related = ["parent"]
    search_fields = ["search_text"]
    autocomplete_fields = ["parent"]


@admin.register(System)
class SystemAdmin(Tracked, Kept):
    list_display = ["name", "code", "kind", "organisational_unit", "is_external", "lifecycle"]
    list_filter = ["kind", "lifecycle", "is_external"]
    list_select_related = ["organisational_unit"]
    search_fields = ["search_text"]
    autocomplete_fields = ["organisational_unit"]


@admin.register(DataType)
class DataTypeAdmin(Tracked, Kept):
    list_display = ["name", "code", "parent", "is_deprecated", "is_unknown"]
    list_filter = ["is_deprecated", "is_unknown"]
    list_select_related = ["parent"]
    search_fields = ["search_text"]
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
