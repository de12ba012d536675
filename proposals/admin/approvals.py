"""The ways from a row of the record to its trail, which is a page of the site."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from .common import Read, Tracked


class Traced(Tracked, Read):
    """With the ways to the page of a row's trail: a column of the list, tools of its own page."""

    change_form_template = "admin/proposals/traced_change_form.html"
    trail_page = ""  # the name of the site's page

    def change_view(self, request, object_id, form_url="", extra_context=None):
        context = (extra_context or {}) | {"trail_page": self.trail_page}
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description="trail")
    def trail(self, obj) -> str:
        return format_html('<a href="{}">Trail</a>', reverse(self.trail_page, args=[obj.pk]))
