from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django.views.generic import ListView

from ..models import Proposal


class Inbox(ListView):
    """What waits for the reader, oldest first."""

    template_name = "proposals/inbox.html"
    context_object_name = "proposals"
    paginate_by = 25

    def get_queryset(self):
        return Proposal.objects.awaiting(self.request.user).listed().order_by("submitted_at", "pk")

    def get_context_data(self, **kwargs) -> dict:
        user = self.request.user
        mine = Proposal.objects.filter(maker=user, state__in=["PROPOSED_CREATE"]).listed()[:10]
        return super().get_context_data(drafts=mine, **kwargs)


def waiting(request: HttpRequest) -> dict:
    """For every page: `waiting`, how many proposals wait for the reader. Counted only where a template shows it."""

    def count() -> int:
        return Proposal.objects.awaiting(request.user).count()

    signed_in = getattr(request, "user", None) and request.user.is_authenticated
    return {"waiting": SimpleLazyObject(count)} if signed_in else {}


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """200 "ok" when the process answers and the database does, 503 otherwise. For load balancers; says nothing else."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        return HttpResponse("database not reachable\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
