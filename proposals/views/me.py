from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from ..forms import DelegationForm, NoticesForm
from ..models import Delegation, store
from .once import form_page, form_target


@form_page
def me(request: HttpRequest) -> HttpResponse:
    """My involvements, my delegations, my notices; POST makes a delegation."""
    delegation = Delegation(delegator=request.user)
    form = DelegationForm(request.POST if request.method == "POST" else None, instance=delegation)
    if request.method == "POST" and form.is_valid():
        store(delegation, by=request.user, at=timezone.now(), why="Delegation made")
        messages.success(request, f"{delegation.delegate} decides for you until {_moment(delegation.ends_at)}.")
        return redirect("me")
    return _page(request, form, status=400 if request.method == "POST" else 200)


def _page(request: HttpRequest, form: DelegationForm, status: int) -> HttpResponse:
    now, mine = timezone.now(), request.user.delegations_given.select_related("delegate")
    context = {
        "form": form,
        "notices": NoticesForm(instance=request.user),
        "involvements": request.user.involvements.open().select_related("system", "kind"),
        "given": mine.filter(ends_at__gt=now),
        "ended": mine.filter(ends_at__lte=now)[:10],
        "taken": request.user.delegations_taken.filter(ends_at__gt=now).select_related("delegator"),
        "now": now,
    }
    return render(request, "proposals/me.html", context, status=status)


@form_target
def end_delegation(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of my delegations now; one that has not begun never will."""
    mine = Delegation.objects.select_for_update(no_key=True).filter(delegator=request.user)
    delegation = get_object_or_404(mine, pk=pk, ends_at__gt=timezone.now())
    delegation.ends_at = timezone.now()
    delegation.starts_at = min(delegation.starts_at, delegation.ends_at)
    store(delegation, by=request.user, at=timezone.now(), why="Delegation ended")
    messages.success(request, f"{delegation.delegate} no longer decides for you.")
    return redirect("me")


@form_target
def choose_notices(request: HttpRequest) -> HttpResponse:
    form = NoticesForm(request.POST, instance=request.user)
    if not form.is_valid():
        messages.error(request, "Choose one of the three.")
        return redirect("me")
    store(form.instance, by=request.user, at=timezone.now(), why="Notices chosen")
    messages.success(request, f"From now on: {form.instance.get_notices_wanted_display().lower()}.")
    return redirect("me")


def _moment(moment) -> str:
    return f"{timezone.localtime(moment):%-d %b %Y, %H:%M %Z}"
