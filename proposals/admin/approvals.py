"""The pages that tell the trail of a flow or of a proposal, and its evidence pack. They only show
what `history/approvals.py` finds, and hand out what `files/evidence/` packs.
"""

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import content_disposition_header

from ..files import evidence
from ..history.approvals import Trail
from .common import Tracked, WithPages


class Traced(Tracked, WithPages):
    """With the page of a row's trail, and the ways there: a column of the list, a tool of the row's
    own page.
    """

    change_form_template = "admin/proposals/traced_change_form.html"
    pages = {"<int:object_id>/trail/": "trail", "<int:object_id>/evidence/": "evidence"}
    trail_related: list[str] = []  # what the page needs of the row itself

    def trail_of(self, obj) -> Trail:
        raise NotImplementedError

    def trail_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        obj = self.seen(request, object_id, *self.trail_related)
        return self.page(
            request, "trail", f"Trail of {self.called(obj)}", original=obj, trail=self.trail_of(obj)
        )

    def evidence_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """For whoever may see the ledger: a pack holds rows of many tables."""
        obj = self.seen(request, object_id, *self.trail_related)
        if not request.user.has_perm("proposals.view_ledgerleaf"):
            raise PermissionDenied
        now = timezone.now()
        pack = evidence.pack_of(obj, settings.LEDGER_CHECKPOINTS, now)
        response = HttpResponse(pack.zipped(now), content_type="application/zip")
        name = evidence.name_of(obj)
        response["Content-Disposition"] = content_disposition_header(True, name)
        return response

    def called(self, obj) -> str:
        return str(obj)

    @admin.display(description="trail")
    def trail(self, obj) -> str:
        return format_html('<a href="{}">Trail</a>', self.url("trail", obj.pk))
