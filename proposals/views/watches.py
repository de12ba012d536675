from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from .. import workflow
from ..models import Proposal, System, User, Watch
from .form_pages import form_target

MOST_SHOWN = 100  # of what somebody watches, on their own page


@form_target
def watch_proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """Watch it, in all its rounds, or with `stop` no longer."""
    proposal = get_object_or_404(
        Proposal.objects.visible_to(request.user).select_related("source", "target"), pk=pk
    )
    return _watch(request, proposal, f"proposal {proposal.pk}", "of what happens to it")


@form_target
def watch_system(request: HttpRequest, pk: int) -> HttpResponse:
    """Watch it, or with `stop` no longer."""
    system = get_object_or_404(System, pk=pk)
    what = "of what is decided about its flows, and of flows that are added"
    return _watch(request, system, str(system), what)


def _watch(request: HttpRequest, watched: System | Proposal, name: str, what: str) -> HttpResponse:
    """Set it as the form says, and go back to where that was: its page, or the reader's own."""
    if "stop" in request.POST:
        workflow.stop_watching(watched, by=request.user)
        messages.success(request, f"You no longer watch {name}.")
    else:
        workflow.watch(watched, by=request.user)
        messages.success(request, f"You watch {name}: you are told {what}.")
    return redirect("me") if "me" in request.POST else redirect(watched)


def is_watched(watched: System | Proposal, by: User) -> bool:
    return Watch.objects.on(watched).filter(user=by).exists()


def watches_of(user: User) -> dict:
    """For the reader's own page: the newest MOST_SHOWN, and whether there are more."""
    ends = ["system", "proposal__source", "proposal__target"]
    newest = list(user.watches.select_related(*ends)[: MOST_SHOWN + 1])
    return {"watches": newest[:MOST_SHOWN], "watches_more": len(newest) > MOST_SHOWN}
