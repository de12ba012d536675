from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.contrib import messages
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.generic import DetailView

from .. import workflow
from ..errors import Invalid, Refused
from ..files.download import table_response
from ..forms import ActionForm, RemarkForm, focus_first, who_needs_comment
from ..forms.filters import ProposalFilter
from ..models import (
    Offer,
    Proposal,
    ProposalType,
    Right,
    Side,
    Transition,
    UploadedRow,
    User,
    Verb,
    prefetch_rights,
    rights_on,
    verbs,
)
from ..reports import advice, list_columns
from ..reports.conversation import conversation_of
from ..reports.list_columns import Columns
from ..reports.proposal_page import Deciding, proposal_details
from ..reports.rounds import Rounds, rounds_of
from ..workflow import provisioning
from ..workflow.reminders import due
from .form_pages import form_page, form_target
from .inbox import Queue
from .lists import list_context, listed_page, wanted_file
from .watches import is_watched


@require_safe
def proposal_list(request: HttpRequest) -> HttpResponse:
    """All proposals the reader may see; the filter and the order are the query string."""
    newest_first = Proposal.objects.visible_to(request.user).listed().order_by("-pk")
    chosen = ProposalFilter(request.GET, newest_first, request=request)
    columns = Columns.of(list_columns.PROPOSALS, request.GET.getlist("columns"))
    if kind := wanted_file(request):
        return table_response(kind, "proposals", *list_columns.proposals(chosen.found, columns))
    context = listed_page(chosen, request.GET)
    shown = prefetch_rights(context["page"].rows)
    if columns.has("data_types"):
        prefetch_related_objects(shown, "data_types")
    context |= list_context(columns, request)
    return render(request, "proposals/proposal_list.html", context)


def readable(user):
    """The proposals `user` may see, each with what its own page shows."""
    results = ["result_logical_flow", "result_specification", "result_physical_flow"]
    concerned = ["concerned_physical_flow__specification", "concerned_logical_flow"]
    return Proposal.objects.visible_to(user).listed().select_related(*results, *concerned)


class ProposalPage(DetailView):
    """One proposal: what is asked, whose turn it is, who may decide, what has happened, what the
    reader may do.
    """

    template_name = "proposals/proposal_detail.html"
    context_object_name = "proposal"

    def get_queryset(self):
        steps = Transition.objects.select_related("by", "on_behalf_of")
        return readable(self.request.user).prefetch_related(Prefetch("transitions", steps))

    def get_context_data(self, **kwargs) -> dict:
        proposal = self.object
        transitions = list(proposal.transitions.all())
        rounds = rounds_of(proposal)
        conversation = conversation_of(proposal, transitions, rounds)
        details = proposal_details(proposal, conversation)
        offers = [] if proposal.is_closed else proposal.offers_to(self.request.user)
        queue = Queue.of(self.request)
        if queue is None and any(offer.verb.sides for offer in offers):  # from a mail, say
            queue = Queue.whole(self.request)
        missing = self._missing()
        if missing:  # to offer it would be to refuse it two pages later
            offers = [offer for offer in offers if not offer.words.submits]
        return super().get_context_data(
            details=details,
            missing=missing,
            brought=UploadedRow.that_made(proposal),
            offers=[offer for offer in offers if not offer.verb.sides],
            decision=Decision.of(offers, both=proposal.policy.one_person_both_sides),
            sides=[self._side(side) for side in Side],
            conversation=conversation,
            remark_form=RemarkForm(proposal=proposal) if proposal.is_open else None,
            queue=queue,
            watched=not proposal.is_draft and is_watched(proposal, self.request.user),
            reminding=Reminding.of(proposal, self.request.user) if proposal.is_open else None,
            others=queue.around(proposal) if queue else None,
            closing=transitions[-1] if proposal.is_closed and transitions else None,
            **self._rounds(offers, rounds),
            **kwargs,
        )

    def _rounds(self, offers: list[Offer], rounds: Rounds | None) -> dict:
        """The rounds before this one, the one after it, and what its maker may begin next."""
        proposal, user = self.object, self.request.user
        following = proposal.next_round
        # A draft is nobody else's to know of.
        if following and following.is_draft and following.maker_id != user.pk:
            following = None
        approving = [side for o in offers if o.verb.name == "approve" for side in o.verb.sides]
        return {
            "rounds": rounds,
            "next_round": following,
            "again": "" if following else again(proposal, user),
            "confirmable": rounds.confirmable(approving) if rounds else None,
        }

    def _missing(self) -> list[str]:
        """What a draft of a new flow still lacks, in sentences."""
        proposal = self.object
        if not proposal.is_draft or proposal.type != ProposalType.CREATE:
            return []
        return list(provisioning.lacking(proposal, proposal.data_types.all()).values())

    def _side(self, side: Side) -> dict:
        """One side of the proposal for the page: its system, what it decided, or who may decide."""
        proposal = self.object
        decision = next((row for row in proposal.rights.decisions if row.side == side), None)
        rights = [] if decision or proposal.is_closed else rights_on(proposal, side)
        return {
            "label": side.label,
            "system": proposal.system(side),
            "decision": decision,
            "deciding": Deciding.of(rights) if rights else [],
        }


@dataclass(frozen=True)
class Decision:
    """What the reader of a page may decide: the offers, and one form for all of them if they are
    for the same sides; else each has its own page.
    """

    offers: list[Offer]
    form: ActionForm | None

    @classmethod
    def of(cls, offers: list[Offer], *, both: bool) -> "Decision":
        decisions = [offer for offer in offers if offer.verb.sides]
        sides = {tuple(offer.verb.sides) for offer in decisions}
        if len(sides) != 1:
            return cls(decisions, None)
        verb = decisions[0].verb
        form = ActionForm(verb=verb)
        form.offer(verb, both=both)
        form.fields["comment"].label = "Comment"
        help_text = who_needs_comment([offer.verb for offer in decisions])
        form.fields["comment"].help_text = help_text
        return cls(decisions, form)

    @property
    def right_by_side(self) -> dict[str, Right]:
        """Label of each side -> by what right."""
        return {side: right for o in self.offers for side, right in o.right_by_side.items()}


@dataclass(frozen=True)
class Reminding:
    """Who was reminded last (the first MOST of them), and whether the maker, if it is the reader,
    may have others reminded now.
    """

    MOST: ClassVar = 3
    at: datetime | None
    people: list[User]
    has_more: bool
    is_maker: bool
    is_due: bool

    @classmethod
    def of(cls, proposal: Proposal, user: User) -> "Reminding":
        told = proposal.notices.filter(reminder_day__gt=0).select_related("recipient")
        last = list(told.order_by("-at", "pk")[: cls.MOST + 1])
        people = [notice.recipient for notice in last if notice.at == last[0].at]
        is_maker = proposal.maker_id == user.pk
        return cls(
            last[0].at if last else None,
            people[: cls.MOST],
            len(people) > cls.MOST,
            is_maker,
            is_maker and bool(due(proposal, timezone.now())),
        )


def again(proposal: Proposal, user) -> str:
    """Where its maker starts a new draft from a closed proposal; empty for everybody else and for
    an open one.
    """
    if proposal.maker_id != user.pk or not proposal.is_closed:
        return ""
    pages = {
        ProposalType.CREATE: lambda: reverse("proposal-new"),
        ProposalType.EDIT: lambda: reverse(
            "physical-flow-edit", args=[proposal.concerned_physical_flow_id]
        ),
        ProposalType.DELETE: lambda: f"{proposal.concerned.get_absolute_url()}remove/",
    }
    return f"{pages[proposal.type]()}?from={proposal.pk}"


@form_target
def remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Have those reminded who still have to decide."""
    proposal = get_object_or_404(Proposal.objects.visible_to(request.user), pk=pk)
    number = workflow.remind_now(proposal, by=request.user)
    people = "1 person was" if number == 1 else f"{number} people were"
    messages.success(request, f"{people} reminded.")
    return redirect(proposal)


@form_page
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """GET asks, POST carries out what `verb` names: the workflow judges anew whatever was offered.
    A link alone never decides.
    """
    known = verbs().get(verb)
    if known is None:
        raise Http404
    if request.method != "POST":
        return _ask(request, pk, known)
    form = ActionForm(request.POST, verb=known)
    if not form.is_valid():
        return _ask(request, pk, known, form, status=400)
    try:
        # The verb reads the row itself, under its lock; and nobody has a right on what they may not
        # see, of which `_ask` says that it is not there.
        done = workflow.act(
            Proposal(pk=pk), verb, by=request.user, sides=form.sides, comment=form.written
        )
    except Proposal.DoesNotExist:
        raise Http404 from None
    except Invalid as wrong:
        form.refuse(wrong)
        return _ask(request, pk, known, form, status=400)
    except Refused as no:
        return _ask(request, pk, known, form, refusal=no, status=no.status)
    messages.success(request, _what_was_done(done, known, form.sides))
    # The place in the inbox that the page was reached from, or goes on in, goes along.
    place = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(f"{done.get_absolute_url()}{place}")


def _ask(
    request: HttpRequest,
    pk: int,
    verb: Verb,
    form: ActionForm | None = None,
    *,
    refusal: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page that asks before an action is carried out, or says why it was not."""
    proposal = get_object_or_404(readable(request.user), pk=pk)
    offers = {offer.verb.name: offer for offer in proposal.offers_to(request.user)}
    if form is None:
        if verb.name not in offers:
            workflow.refuse(proposal, verb.name, request.user)
        form = ActionForm(verb=verb)
    if verb.name in offers:
        form.offer(offers[verb.name].verb, both=proposal.policy.one_person_both_sides)
    if form.is_bound:
        focus_first(form)
    else:
        form.begin()
    context = {"proposal": proposal, "verb": verb, "form": form, "refusal": refusal}
    context["queue"] = Queue.of(request)
    context["right_by_side"] = offers[verb.name].right_by_side if verb.name in offers else {}
    context["details"] = proposal_details(proposal)
    if verb.words.submits and proposal.type == ProposalType.CREATE:
        context |= advice.advice(proposal) | {"precedent": None}
    elif verb.words.submits:
        context["hints"] = advice.doubts(proposal)
    return render(request, "proposals/proposal_action.html", context, status=status)


def _what_was_done(proposal: Proposal, verb: Verb, sides: list[str]) -> str:
    if proposal.result_logical_flow_id:
        return f"Proposal {proposal.pk} is fully approved, and the register is up to date."
    done = [action.done for action in verb.actions if not sides or action.side in sides]
    return f"Proposal {proposal.pk}: {', '.join(done)}."
