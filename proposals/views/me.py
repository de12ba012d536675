from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from .. import workflow
from ..forms import (
    MOST_OFFERED,
    AppearanceForm,
    DelegationForm,
    NoticesForm,
    PasswordForm,
    focus_first,
)
from ..models import ChangeContext, Delegation, Involvement, User, clean, extent_of
from ..reports.catalogue_pages import First
from ..workflow import passwords
from .appearance import keep
from .form_pages import form_page, form_target
from .lists import keyset_page
from .watches import watches_of

MOST_SHOWN = 25  # of one's parts, and of those for whom one decides


@form_page
def me(request: HttpRequest) -> HttpResponse:
    """My involvements, my delegations, my notices; POST makes a delegation."""
    delegation = Delegation(delegator=request.user)
    form = DelegationForm(request.POST if request.method == "POST" else None, instance=delegation)
    if request.method == "POST" and form.is_valid():
        now, made = timezone.now(), form.delegations()
        for delegation in made:
            ChangeContext(request.user, now, "Delegation made").store(delegation)
        workflow.tell_of_delegations(made, by=request.user, at=now)
        begins = f"{delegation.delegate} decides for you{extent_of(made)} {delegation.period}."
        messages.success(request, begins)
        return redirect("me")
    if form.is_bound:
        focus_first(form)
    return _page(request, form, status=400 if form.is_bound else 200)


def _page(request: HttpRequest, form: DelegationForm, status: int) -> HttpResponse:
    now, person = timezone.now(), request.user
    given = person.delegations_given.select_related("delegate", "system")
    taken = person.delegations_taken.select_related("delegator", "system")
    parts = person.involvements.open().select_related("system", "kind")
    context = {
        "form": form,
        "notices": NoticesForm(instance=request.user),
        "appearance": AppearanceForm(
            initial={
                "theme": request.COOKIES.get("theme", ""),
                "zone": request.user.time_zone,
            }
        ),
        "involvements": First.of(parts.order_by("-pk"), MOST_SHOWN),
        "given": keyset_page(given.filter(ends_at__gt=now).order_by("ends_at", "pk"), request.GET),
        "ended": given.filter(ends_at__lte=now)[:10],
        "taken": First.of(taken.filter(ends_at__gt=now).order_by("ends_at", "pk"), MOST_SHOWN),
        **watches_of(request.user),
        "now": now,
        "are_passwords_off": passwords.are_off(),
    }
    return render(request, "proposals/me.html", context, status=status)


@form_target
def end_delegation(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of my delegations now; one that has not begun never will."""
    own_delegations = Delegation.objects.select_for_update(no_key=True).filter(
        delegator=request.user
    )
    delegation = get_object_or_404(own_delegations, pk=pk, ends_at__gt=timezone.now())
    delegation.ends_at = now = timezone.now()
    delegation.starts_at = min(delegation.starts_at, now)
    ChangeContext(request.user, now, "Delegation ended").store(delegation)
    workflow.tell_of_delegations([delegation], by=request.user, at=now)
    ended = f"{delegation.delegate} no longer decides for you{delegation.extent}."
    messages.success(request, ended)
    return redirect("me")


@form_target
def choose_notices(request: HttpRequest) -> HttpResponse:
    # Not `request.user`: an administrator may have changed that row since this request began.
    person = User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
    form = NoticesForm(request.POST, instance=person)
    if not form.is_valid():
        refusals = form.non_field_errors() or ["Choose which mails you want."]
        messages.error(request, " ".join(refusals))
        return redirect("me")
    ChangeContext(request.user, timezone.now(), "Notices chosen").store(form.instance)
    messages.success(request, f"From now on: {form.instance.get_notices_wanted_display().lower()}.")
    return redirect("me")


@form_target
def choose_appearance(request: HttpRequest) -> HttpResponse:
    """Light or dark for this browser, and the time zone for the person."""
    form = AppearanceForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose what is offered.")
        return redirect("me")
    person = User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
    if person.time_zone != form.cleaned_data["zone"]:
        person.time_zone = form.cleaned_data["zone"]
        ChangeContext(request.user, timezone.now(), "Time zone chosen").store(person)
    messages.success(request, "Kept.")
    return keep(redirect("me"), **form.cleaned_data)


@form_page
def change_password(request: HttpRequest) -> HttpResponse:
    """Another password; whoever else is signed in with the old one no longer is."""
    passwords.refuse_where_off()
    form = PasswordForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        request.user.set_password(form.cleaned_data["new_password1"])
        # Nothing else: the request read its user before somebody may have changed the rest.
        request.user.save(update_fields=["password"])
        update_session_auth_hash(request, request.user)
        messages.success(request, "Your password has been changed.")
        return redirect("me")
    focus_first(form)
    status = 400 if request.method == "POST" else 200
    return render(request, "proposals/password.html", {"form": form}, status=status)


@require_safe
def people_options(request: HttpRequest) -> HttpResponse:
    """Others who match what is typed into the field of a person, or after an @; with nothing typed,
    those of the reader's systems.
    """
    is_mention = "mention" in request.GET
    typed = clean(request.GET["mention"] if is_mention else request.GET.get("delegate", ""))
    others = User.objects.filter(is_active=True).exclude(pk=request.user.pk)
    if not typed:
        near = Involvement.objects.open().beside(request.user)
        others = others.filter(pk__in=near.order_by().values("user"))
    people = others.like(typed)[:MOST_OFFERED]
    mentions = workflow.ways_to_mention(list(people)) if is_mention else {}
    offers = [PersonOffer(person, mentions.get(person.pk, "")) for person in people]
    return render(request, "proposals/_people_options.html", {"offers": offers})


@dataclass(frozen=True)
class PersonOffer:
    """One line of the list under a field, and what is written after an @, where that is asked."""

    person: User
    mention: str
