from dataclasses import dataclass
from functools import cached_property, partial
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from .. import workflow
from ..errors import Invalid, Refused
from ..forms import BulkDecisionForm, BulkForm, decision_verbs, focus_first
from ..forms.filters import InboxFilter
from ..models import (
    Notice,
    Offer,
    Proposal,
    Receipt,
    Right,
    User,
    Verb,
    is_walked,
    prefetch_rights,
    verbs,
)
from ..reports.keyset import Order
from .form_pages import act_once
from .lists import MOST_COUNTED, Total, counted_page

CHOSEN_PAGE = "page"  # `?choose=page`: everything on the page, for a browser without scripts


@dataclass(frozen=True)
class Queue:
    """What waits for the reader, as they filtered and ordered it in the inbox. Its query string
    goes along to the pages of the proposals, as `?inbox=`, and from one to the next.
    """

    user: User
    query: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Queue | None":
        """The one that this page was reached from."""
        if "inbox" not in request.GET or not request.user.is_authenticated:
            return None
        return cls(request.user, request.GET["inbox"])

    @classmethod
    def whole(cls, request: HttpRequest) -> "Queue":
        """All that waits for the reader, oldest first."""
        return cls(request.user, "")

    @cached_property
    def filter(self) -> InboxFilter:
        waiting = Proposal.objects.awaiting(self.user).order_by("submitted_at", "pk")
        return InboxFilter(QueryDict(self.query), waiting)

    @property
    def carried(self) -> str:
        """For the address of a page that is reached from it."""
        return f"?{urlencode({'inbox': self.query})}"

    def around(self, proposal: Proposal) -> "Neighbours":
        """What waits besides `proposal`, which itself may no longer. After the last comes the
        first again.
        """
        waiting = self.filter.found
        order = Order.of(waiting)
        place = order.read(order.values(proposal))
        if place is None:  # a draft has none
            return Neighbours(Total(0))
        ids = waiting.values_list("pk", flat=True)
        behind, ahead = ids.filter(order.behind(place)), ids.filter(order.ahead(place))
        if is_walked(waiting):
            following = list(behind[:1]) or list(ahead[:1])
            before = list(ahead.reverse()[:1])
            total = Total.of(waiting.exclude(pk=proposal.pk))
        else:
            # All: a LIMIT would make a database walk along the order, past whatever else is open.
            all_ahead = list(ahead)
            following, before = [*behind, *all_ahead], all_ahead[-1:]
            total = Total.of_number(len(following))
        ends = Proposal.objects.select_related("source", "target").in_bulk(following[:1] + before)
        return Neighbours(
            total,
            ends.get(following[0]) if following else None,
            ends.get(before[0]) if before else None,
        )


@dataclass(frozen=True)
class Neighbours:
    """How many other proposals wait, the next one of them, and the one before."""

    waiting: Total
    next: Proposal | None = None
    previous: Proposal | None = None


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for the reader, and what waits for people who delegated to them; oldest first,
    unless the query string says otherwise.
    """
    kept = request.GET.copy()
    for name in ("after", "before", "choose"):
        kept.pop(name, None)
    queue = Queue(request.user, kept.urlencode())
    # First which: with all that a row shows joined, the whole table was read for who decides much.
    named = queue.filter.found.only("submitted_at", "due_at", "source_id", "target_id")
    page, total = counted_page(named, request.GET)
    shown = Proposal.objects.listed().in_bulk([row.pk for row in page.rows])
    rows = prefetch_rights([shown[row.pk] for row in page.rows if row.pk in shown])
    context = {
        "queue": queue,
        "filter": queue.filter,
        "page": page,
        "total": total,
        "rows": [Waiting.of(row, request.user) for row in rows],
        "verbs": decision_verbs(),
        "all_chosen": request.GET.get("choose") == CHOSEN_PAGE,
    }
    return render(request, "proposals/inbox.html", context)


@dataclass(frozen=True)
class Waiting:
    """A row of the inbox: a proposal, and for which sides its reader decides by what right."""

    proposal: Proposal
    right_by_side: dict[str, Right]

    @classmethod
    def of(cls, proposal: Proposal, user: User) -> "Waiting":
        offers = proposal.offers_to(user)
        return cls(proposal, {s: r for offer in offers for s, r in offer.right_by_side.items()})


@dataclass(frozen=True)
class Choice:
    """One decision, and the proposals chosen for it, each with whether its reader may take it."""

    verb: Verb
    offers: list[tuple[Proposal, Offer | None]]

    @classmethod
    def of(cls, form: BulkForm, user: User) -> "Choice":
        verb = verbs()[form.cleaned_data["verb"]]
        rows = prefetch_rights(list(form.cleaned_data["chosen"].order_by("submitted_at", "pk")))
        return cls(verb, [(row, offer_of(verb.name, row, user)) for row in rows])

    def form(self, data: QueryDict | None = None) -> BulkDecisionForm:
        several = [row for row, offer in self.offers if offer and len(offer.verb.sides) > 1]
        both = self.verb.words.is_for_several_sides and all(
            row.policy.one_person_both_sides for row in several
        )
        return BulkDecisionForm(data, verb=self.verb, several=bool(several), both=both)

    @property
    def possible(self) -> int:
        return sum(offer is not None for _, offer in self.offers)


def offer_of(verb: str, proposal: Proposal, user: User) -> Offer | None:
    """What `verb` may be for this user now; None if they may not."""
    offers = (offer for offer in proposal.offers_to(user) if offer.verb.name == verb)
    return next(offers, None)


@require_http_methods(["GET", "HEAD", "POST"])
def decide_many(request: HttpRequest) -> HttpResponse:
    """One decision for many proposals. GET asks once for all of them; POST decides each on its own,
    for the sides that were chosen of those the reader has, and leads to what became of each.
    """
    if request.method == "POST":
        return act_once(request, partial(_decide_chosen, request))
    choice = _choice(request, request.GET)
    return _ask(request, choice, choice.form())


def _choice(request: HttpRequest, data: QueryDict) -> Choice:
    form = BulkForm(data, user=request.user)
    if not form.is_valid():
        raise Invalid(form.sentence)
    return Choice.of(form, request.user)


def _ask(
    request: HttpRequest, choice: Choice, form: BulkDecisionForm, status: int = 200
) -> HttpResponse:
    if form.is_bound:
        focus_first(form)
    else:
        form.begin()
    context = {"choice": choice, "form": form, "queue": Queue.of(request)}
    return render(request, "proposals/inbox_decide.html", context, status=status)


def _decide_chosen(request: HttpRequest, receipt: Receipt) -> HttpResponse:
    choice = _choice(request, request.POST)
    form = choice.form(request.POST)
    if not form.is_valid():
        return _ask(request, choice, form, status=400)
    for proposal, offer in choice.offers:
        sides = form.sides_of(offer.verb.sides) if offer else []
        decided = _decide(proposal, choice.verb, sides, form.written, request.user)
        receipt.results.append([proposal.pk, *decided])
    answer = redirect("inbox-decided", receipt.pk)
    queue = Queue.of(request)
    return redirect(f"{answer.url}{queue.carried}") if queue else answer


def _decide(
    proposal: Proposal, verb: Verb, sides: list[str], comment: str, user: User
) -> tuple[bool, str]:
    """(whether it was decided, what happened in one sentence)."""
    try:
        if not sides:
            workflow.refuse(proposal, verb.name, user)
        proposal = workflow.act(proposal, verb.name, by=user, sides=sides, comment=comment)
    except Refused as refusal:
        return False, refusal.sentence
    return True, f"{proposal.get_state_display()}."


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
        {
            "results": results,
            "done": sum(row[1] for row in results),
            "queue": Queue.of(request),
        },
    )


@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """How many proposals wait for the reader, and how many updates are unread: parts of the frame,
    asked for by htmx.
    """
    number = Total.of(Proposal.objects.awaiting(request.user)).number
    context = {
        "count": f"{MOST_COUNTED:,}+" if number is None else number,
        "unread": Notice.unread_count(request.user),
    }
    return render(request, "proposals/_count.html", context)
