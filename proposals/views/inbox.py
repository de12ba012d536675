from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from .. import workflow
from ..errors import Refused
from ..forms import BulkForm
from ..models import Proposal, Receipt, Right, State, User, prefetch_rights
from .form_pages import act_once
from .lists import keyset_page


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for the reader, oldest first, and what waits for people who delegated to them."""
    return _page(request, BulkForm(user=request.user))


def _page(request: HttpRequest, form: BulkForm, status: int = 200) -> HttpResponse:
    waiting = Proposal.objects.awaiting(request.user).order_by("submitted_at", "pk")
    # First which: with all that a row shows joined, the whole table was read for who decides much.
    page = keyset_page(waiting.only("submitted_at"), request.GET)
    shown = Proposal.objects.filter(pk__in=[row.pk for row in page.rows]).listed()
    rows = prefetch_rights(list(shown.order_by("submitted_at", "pk")))
    context = {
        "page": page,
        "rows": [Waiting.of(row, request.user) for row in rows],
        "form": form,
        "draft": State.PROPOSED_CREATE,
        "chosen": set(form.data.getlist("chosen") if form.data else []),
    }
    return render(request, "proposals/inbox.html", context, status=status)


@dataclass(frozen=True)
class Waiting:
    """A row of the inbox: a proposal, and for which sides its reader decides by what right."""

    proposal: Proposal
    right_by_side: dict[str, Right]

    @classmethod
    def of(cls, proposal: Proposal, user: User) -> "Waiting":
        offers = proposal.offers_to(user)
        return cls(proposal, {s: r for offer in offers for s, r in offer.right_by_side.items()})


@require_POST
def decide_many(request: HttpRequest) -> HttpResponse:
    """One decision for many proposals, each on its own and for every side the reader has; and what
    became of each.
    """
    return act_once(request, partial(_decide_chosen, request))


def _decide_chosen(request: HttpRequest, receipt: Receipt) -> HttpResponse:
    form = BulkForm(request.POST, user=request.user)
    if not form.is_valid():
        return _page(request, form, status=400)
    verb, comment = form.cleaned_data["verb"], form.cleaned_data["comment"]
    for proposal in form.cleaned_data["chosen"]:
        receipt.results.append([proposal.pk, *_decide(proposal, verb, comment, request.user)])
    return redirect("inbox-decided", receipt.pk)


@require_safe
def decided(request: HttpRequest, key: UUID) -> HttpResponse:
    """What became of each proposal of one decision for many."""
    receipt = get_object_or_404(Receipt, pk=key, by=request.user)
    named = Proposal.objects.select_related("source", "target").in_bulk(
        [number for number, *_ in receipt.results]
    )
    results = [(named[number], done, sentence) for number, done, sentence in receipt.results]
    return render(
        request,
        "proposals/inbox_decided.html",
        {"results": results, "done": sum(row[1] for row in results)},
    )


def _decide(proposal: Proposal, verb: str, comment: str, user) -> tuple[bool, str]:
    """(whether it was decided, what happened in one sentence)."""
    offers = {offer.verb.name: offer.verb for offer in proposal.offers_to(user)}
    try:
        if verb not in offers:
            workflow.refuse(proposal, verb, user)
        sides = offers[verb].sides
        if not offers[verb].words.is_for_several_sides:
            sides = sides[:1]
        proposal = workflow.act(proposal, verb, by=user, sides=sides, comment=comment)
    except Refused as refusal:
        return False, refusal.sentence
    return True, f"{proposal.get_state_display()}."


@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """How many proposals wait for the reader: a part of the frame, asked for by htmx."""
    return render(
        request, "proposals/_count.html", {"count": Proposal.objects.awaiting(request.user).count()}
    )
