"""What a maker should know before submitting: who could approve, and what is there already. Nothing
here decides.

A *wish* is a proposal as far as it is written, saved or not: its source or target may still be
missing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse

from ..errors import Refused, Repeated
from ..models import (
    Basis,
    LaterPhysicalFlows,
    LogicalFlow,
    PhysicalFlow,
    Proposal,
    Right,
    Side,
    SideWithoutApprover,
    User,
    on_submission,
    open_states,
    question_about_offset,
    rights_on,
    verbs,
)
from ..workflow.provisioning import create
from ..workflow.provisioning.common import check_systems, refuse_twin
from .sentences import Parts, first_listed, in_words

MOST = 5


@dataclass(frozen=True)
class Way:
    """What one can do instead; `takes_on` if its page begins with what was typed so far."""

    label: str
    link: str
    takes_on: bool = False


@dataclass(frozen=True)
class Hint:
    """One sentence about a page, `label`; one that `stops` says what would be refused. `ways` are
    what one can do instead.
    """

    sentence: str
    link: str = ""
    label: str = ""
    stops: bool = False
    ways: Sequence[Way] = ()


@dataclass(frozen=True)
class Approvers:
    """Who could approve for one side of a wish, a sentence in parts; `nobody` if only stewards
    could, or nobody at all; `unreachable` if none of them has a way to sign in yet.
    """

    side: Side
    system: Any
    parts: Parts
    nobody: bool = False
    unreachable: bool = False

    @property
    def sentence(self) -> str:
        return in_words(self.parts)


def advice(wish: Proposal) -> dict:
    """For the partial _advice: `sides` (Approvers of those named so far), `hints`, and the
    `precedent`.
    """
    named = [side for side in Side if wish.system_id(side)]
    sides = _approvers(wish, named)
    return {"sides": sides, "hints": _hints(wish, sides), "precedent": precedent(wish)}


def _approvers(wish: Proposal, named: list[Side]) -> list[Approvers]:
    automatic = {}
    # With one system alone it cannot be told: of two sides that the maker may approve, only one
    # counts as approved.
    if len(named) == len(Side):
        approvals = verbs()["approve"].actions
        automatic = {action.side: right for action, right in on_submission(wish, approvals)}
    return [_approvers_on(wish, side, automatic.get(side)) for side in named]


def _approvers_on(wish: Proposal, side: Side, automatic: Right | None) -> Approvers:
    system = getattr(wish, side.lower())
    if automatic:
        sentence = f"Counts as approved when you submit: {automatic.capacity}."
        return Approvers(side, system, [sentence])
    able = [right for right in rights_on(wish, side) if right.may_approve]
    own = [right for right in able if right.basis != Basis.STEWARD]
    ready, unready = _by_way_to_sign_in(own)
    if own:
        return Approvers(side, system, _who_can(ready, unready), unreachable=not ready)
    parts = [_why_nobody(wish, side), " ", *_instead(wish, able)]
    return Approvers(side, system, parts, nobody=True)


def _by_way_to_sign_in(rights: list[Right]) -> tuple[list[Right], list[Right]]:
    """Those of people who have one, and those of people who have none yet."""
    people = User.objects.filter(pk__in={right.user_id for right in rights})
    unable = set(people.unable_to_sign_in().order_by().values_list("pk", flat=True))
    unready = [right for right in rights if right.user_id in unable]
    return [right for right in rights if right.user_id not in unable], unready


def _who_can(ready: list[Right], unready: list[Right]) -> Parts:
    if not unready:
        return [*_names(ready), " can approve."]
    if not ready:
        return [*_names(unready), f" can approve, but {_have_no_way(unready)}"]
    others = [*_names(unready), f" could too, but {_have_no_way(unready)}"]
    return [*_names(ready), " can approve. ", *others]


def _have_no_way(rights: list[Right]) -> str:
    have = "has" if len({right.user_id for right in rights}) == 1 else "have"
    return f"{have} no way to sign in yet."


def _why_nobody(wish: Proposal, side: Side) -> str:
    """Nobody; and where the maker is the one who could, that."""
    of_maker = [
        row
        for row in wish.rights.deciders
        if row.user_id == wish.maker_id and row.system_id == wish.system_id(side)
    ]
    if any(row.may_approve for row in of_maker):
        return "Only you could approve for it, but makers do not decide on their own proposals."
    return "Nobody can approve for it."


def _instead(wish: Proposal, stewards: list[Right]) -> Parts:
    if wish.policy.side_without_approver == SideWithoutApprover.REFUSE:
        return ["So it cannot be submitted."]
    _, unready = _by_way_to_sign_in(stewards)
    if stewards and unready:
        silent = [*_names(unready), f" {_have_no_way(unready)}"]
        return ["The stewards decide: ", *_names(stewards), ". ", *silent]
    if stewards:
        return ["The stewards decide: ", *_names(stewards), "."]
    return ["There is no steward either: it would wait until somebody can."]


def _names(rights: Iterable[Right]) -> Parts:
    by_person: dict[int, Parts] = {}
    for right in rights:
        whom = [" for ", right.on_behalf_of] if right.on_behalf_of else []
        if right.user_id:
            by_person.setdefault(right.user_id, [right.user, *whom])
    return first_listed(list(by_person.values()))


def _hints(wish: Proposal, sides: list[Approvers]) -> list[Hint]:
    """What would be refused comes first."""
    if not sides:
        return []
    hints = [*_refused(check_systems, [side.system for side in sides])]
    if wish.policy.side_without_approver == SideWithoutApprover.REFUSE:
        hints += [
            Hint(f"{side.system}: {side.sentence}", stops=True) for side in sides if side.nobody
        ]
    if (
        wish.source_id
        and wish.with_physical_flow
        and (wish.specification_id or wish.specification_name)
    ):
        # A specification belongs to the source, so that is told before the target is known.
        hints += _refused(create.check_specification, wish)
    if len(sides) < len(Side):
        return [*hints, *doubts(wish)]
    if wish.source_id == wish.target_id:
        return [*hints, Hint("Source and target must be two different systems.", stops=True)]
    return [*hints, *_twins(wish), *_on_the_route(wish), *_open_proposals(wish), *doubts(wish)]


def _refused(check: Callable, *args: Any) -> list[Hint]:
    """What `check` would refuse, as a hint."""
    try:
        check(*args)
    except Refused as no:
        return [Hint(no.sentence, *_page(no.about), stops=True, ways=ways_instead(no))]
    return []


def ways_instead(refusal: Refused) -> list[Way]:
    """How to use what is there already, where that is why it was refused."""
    twin = refusal.about if isinstance(refusal, Repeated) else None
    if twin is None:
        return []
    page = twin.get_absolute_url()
    if isinstance(twin, Proposal):
        return [Way(f"Use proposal {twin.pk}: watch it, or remark on it", page)]
    use = Way("Use the existing one", page)
    if isinstance(twin, PhysicalFlow):
        change = reverse("physical-flow-edit", args=[twin.pk])
        return [use, Way("Propose a change of it", change, takes_on=True)]
    return [use]


def _page(about: Any) -> tuple[str, str]:
    return (about.get_absolute_url(), str(about)) if about else ("", "")


def doubt_about_offset(wish: Proposal, offset: int | None) -> str:
    """The question about a basis offset that is hardly meant; none about one that the flow which is
    to change has already.
    """
    concerned = wish.concerned_physical_flow
    if concerned and concerned.basis_offset == offset:
        return ""
    return question_about_offset(offset)


def doubts(wish: Proposal) -> list[Hint]:
    """What is legal and hardly meant."""
    doubt = doubt_about_offset(wish, wish.basis_offset)
    return [Hint(doubt)] if doubt else []


def _twins(wish: Proposal) -> list[Hint]:
    """The flow or open proposal that says the same; as soon as the wish is complete enough to
    tell.
    """
    specification = wish.specification_id or wish.specification_name
    if wish.with_physical_flow and not (specification and wish.transport and wish.frequency):
        return []
    # Not by truth as the others: an offset of 0 is one.
    if wish.with_physical_flow and wish.basis_offset is None:
        return []
    wish.set_content_key()
    return _refused(refuse_twin, create.twin_of(wish))


def _on_the_route(wish: Proposal) -> list[Hint]:
    """What the register has between the two systems, in both directions."""
    there = Q(source=wish.source_id, target=wish.target_id) | Q(
        source=wish.target_id, target=wish.source_id
    )
    flows = {
        flow.source_id: flow for flow in LogicalFlow.objects.living().filter(there).with_consent()
    }
    hints = _along(wish, flows[wish.source_id]) if wish.source_id in flows else []
    reverse_flow = flows.get(wish.target_id)
    if reverse_flow:
        link = reverse_flow.get_absolute_url()
        hints.append(
            Hint("is in the register: data already goes the other way.", link, str(reverse_flow))
        )
    return hints


def _along(wish: Proposal, flow: LogicalFlow) -> list[Hint]:
    # One more than is shown says that there are others, without counting them.
    physical = list(flow.physical_flows.active().select_related("specification")[: MOST + 1])
    hints = [
        Hint(f"already goes this way: {sent(row)}.", row.get_absolute_url(), str(row))
        for row in physical[:MOST]
    ]
    if len(physical) > MOST:
        hints.append(Hint("has still more physical flows.", flow.get_absolute_url(), str(flow)))
    if not physical:
        hints.append(
            Hint("is in the register, without a physical flow.", flow.get_absolute_url(), str(flow))
        )
    if flow.has_consent and wish.policy.later_physical_flows == LaterPhysicalFlows.DIRECT:
        link, label = reverse("physical-flow-new", args=[flow.pk]), "Add a physical flow at once"
        hints.append(Hint("instead: both sides have approved this route already.", link, label))
    return hints


def sent(flow: PhysicalFlow) -> str:
    """How a physical flow is sent, in a few words."""
    return ", ".join(
        [
            flow.get_transport_display().lower(),
            flow.get_frequency_display().lower(),
            flow.offset_wording,
        ]
    )


def _open_proposals(wish: Proposal) -> list[Hint]:
    """Open ones between the two systems, in both directions, and the maker's own drafts."""
    there = Q(source=wish.source_id, target=wish.target_id) | Q(
        source=wish.target_id, target=wish.source_id
    )
    own_drafts = Q(maker=wish.maker_id, submitted_at=None, closed_at=None)
    open_ones = (
        Proposal.objects.filter(there)
        .exclude(pk=wish.pk)
        .filter(Q(state__in=open_states()) | own_drafts)
    )
    return [
        _open_hint(wish, row) for row in open_ones.select_related("maker", "specification")[:MOST]
    ]


def _open_hint(wish: Proposal, row: Proposal) -> Hint:
    way = "on this route" if row.source_id == wish.source_id else "the other way"
    what = row.specification or row.specification_name or row.get_type_display().lower()
    by = "is your own draft" if row.is_draft else f"by {row.maker} is open"
    ways = [Way("Continue it", reverse("proposal-edit", args=[row.pk]))] if row.is_draft else []
    link, label = row.get_absolute_url(), f"Proposal {row.pk}"
    return Hint(f"{by} {way}: {what}.", link, label, ways=ways)


def precedent(wish: Proposal) -> PhysicalFlow | None:
    """How the chosen specification is sent already: its newest active physical flow."""
    if not wish.specification_id:
        return None
    known = PhysicalFlow.objects.active().filter(specification=wish.specification_id)
    return known.select_related("logical_flow__target", "specification").order_by("-pk").first()
