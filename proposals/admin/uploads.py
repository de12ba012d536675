"""Files that people brought by the browser, and what became of them."""

from django.contrib import admin

from ..files.proposals import counts_of
from ..models import Upload, UploadKind, UploadState
from .common import Read


@admin.register(Upload)
class UploadAdmin(Read):
    """No row of a file is shown: what is not submitted is its maker's own."""

    list_display = ["name", "kind", "by", "at", "standing", "finished_at"]
    list_filter = ["kind", "state"]
    list_select_related = ["by"]
    search_fields = ["name", "by__name", "sha256"]
    date_hierarchy = "at"
    ordering = ["-id"]
    fields = ["kind", "name", "sha256", "by", "at", "standing", "finished_at", "became", "reasons"]
    readonly_fields = fields

    @admin.display(description="state", ordering="state")
    def standing(self, upload: Upload) -> str:
        label = upload.get_state_display()
        return f"{label} by {upload.by}" if upload.state == UploadState.JUDGED else label

    @admin.display(description="what became of it")
    def became(self, upload: Upload) -> str:
        """Its rows by what becomes of each; of a catalogue the import, if there was one."""
        if upload.kind == UploadKind.PROPOSALS:
            counts = counts_of(upload)
            return ", ".join(f"{outcome.label}: {number}" for outcome, number in counts.items())
        batch = (upload.report or {}).get("batch")
        return f"Import {batch}" if batch else ""

    @admin.display(description="why it can be used no further")
    def reasons(self, upload: Upload) -> str:
        return "\n".join(upload.problems)
