from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from ..errors import Invalid
from ..models import Notice
from ..reports.keyset import LARGEST
from .lists import keyset_page


@require_safe
def updates(request: HttpRequest) -> HttpResponse:
    """What the reader was told, newest first, whichever mails they get; `?only=unread` of it what
    they have not opened.
    """
    told = Notice.objects.filter(recipient=request.user)
    only_unread = request.GET.get("only") == "unread"
    shown = (told.unread() if only_unread else told).order_by("-at", "-pk")
    linked = shown.select_related("proposal", "physical_flow", "remark__proposal")
    context = {
        "page": keyset_page(linked, request.GET),
        "only_unread": only_unread,
        "unread": Notice.unread_count(request.user),
        # What comes while somebody reads is not marked with the rest. In the order that has an
        # index: by id alone a database walked through what others were told.
        "newest": told.order_by("-at", "-pk").values_list("pk", flat=True).first(),
    }
    return render(request, "proposals/updates.html", context)


@require_POST
def open_update(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark it as read, and lead to what it tells of. No link: what only is asked for writes
    nothing.
    """
    notice = get_object_or_404(Notice, recipient=request.user, pk=pk)
    Notice.objects.filter(pk=pk).unread().update(read_at=timezone.now())
    return redirect(notice.get_absolute_url() or "updates")


@require_POST
def mark_read(request: HttpRequest) -> HttpResponse:
    """All that the reader was told, up to the `newest` that the page knew."""
    newest = request.POST.get("newest", "")
    if not (newest.isascii() and newest.isdigit() and len(newest) < 20 and int(newest) <= LARGEST):
        raise Invalid("Load the page again: it does not say up to where it was read.")
    unread = Notice.objects.filter(recipient=request.user, pk__lte=int(newest)).unread()
    number = unread.update(read_at=timezone.now())
    messages.success(request, f"{number} {'update' if number == 1 else 'updates'} marked as read.")
    return redirect("updates")
