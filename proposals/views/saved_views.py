"""Views of lists that people keep: mine, and those an administrator shares."""

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from ..forms.saved_views import SavedViewForm
from ..models import SavedList, SavedView, User
from .form_pages import form_target

MOST = 30  # of one person, for one list


@form_target
def save(request: HttpRequest) -> HttpResponse:
    """Keep what a list shows under a name; under one of mine it takes the place of that."""
    list_name = request.POST.get("list_name", "")
    if list_name not in SavedList.values:
        raise Http404
    may_share = request.user.is_superuser
    form = SavedViewForm(request.POST, may_share=may_share)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(errors))
        return redirect(_list_as_it_was(list_name, request))
    # Two at once of one person would both find that there is none by the name.
    User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
    view = SavedView.named(request.user, list_name, form.cleaned_data["name"])
    if view.pk is None and request.user.saved_views.filter(list_name=list_name).count() >= MOST:
        messages.error(request, f"You keep {MOST} views of this list. Remove one first.")
        return redirect(_list_as_it_was(list_name, request))
    view.query = form.cleaned_data["query"]
    view.is_shared = may_share and form.cleaned_data["is_shared"]
    view.save()
    shared = ", for everybody" if view.is_shared else ""
    messages.success(request, f"The view “{view}” is kept{shared}.")
    return redirect(view)


def _list_as_it_was(list_name: str, request: HttpRequest) -> SavedView:
    return SavedView(list_name=list_name, query=request.POST.get("query", "")[:2000])


@form_target
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """One of mine, or as an administrator one that is shared."""
    mine = Q(owner=request.user)
    removable = mine | Q(is_shared=True) if request.user.is_superuser else mine
    view = get_object_or_404(SavedView.objects.filter(removable), pk=pk)
    view.delete()
    messages.success(request, f"The view “{view}” is removed.")
    return redirect(view.list_name)


def views_of(user: User, list_name: str) -> list[SavedView]:
    """Those this person can open, by name: own ones and those that are shared."""
    own = SavedView.objects.filter(owner=user, list_name=list_name)
    shared = SavedView.objects.filter(is_shared=True, list_name=list_name).exclude(owner=user)
    return sorted([*own, *shared[:MOST]], key=lambda view: (view.name.casefold(), view.pk))
