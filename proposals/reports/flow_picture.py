"""Which boxes and arrows a picture has: a system among its flows, a route among those around it,
what comes and goes.

What is not drawn is a box of its own that says how many they are and leads to their list.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import reverse

from ..models import LogicalFlow, PhysicalFlow, Proposal, ProposalType, System
from .layout import Arrow, Box, Drawing, Group, Layout
from .neighbourhood import FlowGroup, amount, around_route, by_route

# How many of each group are drawn at most: more would not fit beside each other, and a list is
# better for them.
OF_A_SYSTEM, BEFORE_AND_AFTER, BESIDE, SENT = 12, 6, 3, 6
SPACIOUS, NARROW = Layout(box=196, gutter=88), Layout(box=148, gutter=34)  # three columns or five


@dataclass(frozen=True)
class Mark:
    """What a proposal would do to a flow: `look` is the class of arrow and box, `word` stands on
    the box.
    """

    look: str
    word: str
    url: str = ""


COMES, GOES, CHANGES = (
    Mark("comes", "+ comes"),
    Mark("goes", "✕ goes"),
    Mark("changes", "± changes"),
)


@dataclass(frozen=True)
class Row:
    """One arrow in words: a row of the table that says the same as the picture."""

    source: str
    target: str
    what: str
    url: str
    source_url: str = ""
    target_url: str = ""

    @classmethod
    def between(cls, source: System, target: System, what: str, url: str) -> "Row":
        urls = [source.get_absolute_url(), target.get_absolute_url()]
        return cls(source.name, target.name, what, url, *urls)


@dataclass(frozen=True)
class Picture:
    """A drawing with its name and a sentence that says what it shows, and the same as a table."""

    title: str
    summary: str
    drawing: Drawing
    rows: list[Row]


@dataclass(frozen=True)
class End:
    """A system that arrows lead to or from, and the key of its box."""

    key: str
    system: System


class Sketch:
    """A picture in the making: boxes by their place, arrows, and the same as rows.

    `marks` says of a route (ids of source and target) what a proposal would do to it.
    """

    def __init__(self, marks: dict[tuple[int, int], Mark] | None = None) -> None:
        self.marks = marks or {}
        self.places: dict[str, dict] = defaultdict(dict)
        self.arrows: list[Arrow] = []
        self.rows: list[Row] = []

    def boxes(self, place: str) -> list[Box]:
        return list(self.places[place].values())

    def direct(self, source: End, target: End, flows: Iterable[LogicalFlow]) -> None:
        """An arrow straight from one end to the other, for the flow that there may be."""
        for flow in flows:
            self.arrows.append(Arrow(source.key, target.key, flow.lifecycle.lower()))
            self._add_row(flow, physical_in_words(flow), flow.get_absolute_url())

    def sent(self, box: Box, source: End, target: End) -> None:
        """Something that is sent from one end to the other, as a box between them."""
        self._add("route", box)
        look = box.look.removeprefix("physical ")
        self.arrows += [Arrow(source.key, box.key, look), Arrow(box.key, target.key, look)]
        what = f"{box.name}: {box.note}"
        self.rows.append(Row.between(source.system, target.system, what, box.url))

    def neighbours(self, place: str, group: FlowGroup, end: End, sending: bool, most: int) -> None:
        """At `place` the systems at the other end of the flows of `group`; `sending`: they send to
        `end`.
        """
        chosen = self._chosen(group, most)
        for flow in chosen:
            other = flow.source if sending else flow.target
            mark = self.marks.get((flow.source_id, flow.target_id)) or _as_it_is(flow)
            description = f"{other}: {mark.word}"
            box = Box(
                (place, other.pk),
                other.name,
                mark.word,
                other.get_absolute_url(),
                mark.look,
                description,
            )
            self._join(place, box, end, sending)
            self._add_row(flow, mark.word, mark.url)
        if group.total > len(chosen):
            self._rest(place, amount(group.total, len(chosen)), end, sending)

    def _chosen(self, group: FlowGroup, most: int) -> list[LogicalFlow]:
        """What is drawn of a group: those a proposal concerns, then the busiest; all if only one
        would be left out.
        """
        # A box that says "and 1 more" needs as much room as the one that it leaves out.
        most = most + 1 if group.total == most + 1 else most
        marked = [flow for flow in group.flows if (flow.source_id, flow.target_id) in self.marks]
        others = [flow for flow in group.flows if flow not in marked]
        return sorted([*marked, *others][:most], key=by_route)

    def _rest(self, place: str, number: str, end: End, sending: bool) -> None:
        """A box for what is not drawn of a group."""
        query = urlencode({"system": str(end.system), "way": "into" if sending else "out"})
        url = f"{reverse('flows')}?{query}"
        description = f"{number} more, not drawn: in the list of flows of {end.system.name}"
        rest = Box(
            (place, "rest", sending), f"and {number} more", "in the list", url, "rest", description
        )
        self._join(place, rest, end, sending)
        what, own_url = "not drawn: in the list of flows", end.system.get_absolute_url()
        row = (
            Row(f"{number} more", end.system.name, what, url, target_url=own_url)
            if sending
            else Row(end.system.name, f"{number} more", what, url, source_url=own_url)
        )
        self.rows.append(row)

    def _join(self, place: str, box: Box, end: End, sending: bool) -> None:
        self._add(place, box)
        start, to = (box.key, end.key) if sending else (end.key, box.key)
        self.arrows.append(Arrow(start, to, box.look))

    def _add(self, place: str, box: Box) -> None:
        """A box that is there already (between two ends that both know it) stays where it is."""
        drawn = self.places[place].get(box.key)
        if drawn:
            box = replace(
                drawn, note="indirect way", description=f"{drawn.description}; {box.note}"
            )
        self.places[place][box.key] = box

    def _add_row(self, flow: LogicalFlow, what: str, url: str) -> None:
        self.rows.append(Row.between(flow.source, flow.target, what, url))


def _as_it_is(flow: LogicalFlow) -> Mark:
    return Mark(flow.lifecycle.lower(), physical_in_words(flow), flow.get_absolute_url())


def physical_in_words(flow: LogicalFlow) -> str:
    """How many physical flows it has, in words. Needs `number_physical`."""
    return (
        counted(flow.number_physical, "physical flow")
        if flow.number_physical
        else "no physical flow"
    )


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def of_system(
    system: System, around: dict[str, FlowGroup], proposals: Iterable[Proposal] = ()
) -> Picture:
    """A system in the middle, on the left who sends to it, on the right to whom it sends.

    `around` is of around_system. `proposals` are open ones on it, each with `route_is_living`; what
    they would do is drawn in.
    """
    sketch, end = Sketch(_proposed(proposals)), End("self", system)
    new = [_new_flow(proposal) for proposal in proposals if _is_new(proposal)]
    into = _with(around["into"], [flow for flow in new if flow.target == system])
    out = _with(around["out"], [flow for flow in new if flow.source == system])
    sketch.neighbours("into", into, end, sending=True, most=OF_A_SYSTEM)
    sketch.neighbours("out", out, end, sending=False, most=OF_A_SYSTEM)
    sketch.direct(end, end, around["itself"].flows)
    into_it, out_of_it = around["into"], around["out"]
    columns = [
        [Group(f"Flows in: {into_it.amount}", sketch.boxes("into"))],
        [Group("", [_box_of(end)])],
        [Group(f"Flows out: {out_of_it.amount}", sketch.boxes("out"))],
    ]
    summary = f"{_flows(into_it)} into {system.name} and {_flows(out_of_it)} out of it."
    return Picture(
        f"The flows of {system.name}", summary, SPACIOUS.draw(columns, sketch.arrows), sketch.rows
    )


def _proposed(proposals: Iterable[Proposal]) -> dict[tuple[int, int], Mark]:
    """What open proposals would do, by route; of several on one route the first."""
    words: dict[str, tuple[str, str]] = {
        ProposalType.CREATE: ("changes", "± more proposed"),
        ProposalType.EDIT: ("changes", "± change proposed"),
        ProposalType.DELETE: ("goes", "✕ removal proposed"),
    }
    marks: dict[tuple[int, int], Mark] = {}
    for proposal in proposals:
        look, word = ("comes", "+ proposed") if _is_new(proposal) else words[proposal.type]
        route = (proposal.source_id, proposal.target_id)
        marks.setdefault(route, Mark(look, word, proposal.get_absolute_url()))
    return marks


def _is_new(proposal: Proposal) -> bool:
    return proposal.type == ProposalType.CREATE and not proposal.route_is_living


def _new_flow(proposal: Proposal) -> LogicalFlow:
    """The flow a proposal asks for, never saved. Its box is drawn from the mark of the proposal, so
    nobody asks it for `number_physical`.
    """
    return LogicalFlow(source=proposal.source, target=proposal.target)


def _with(group: FlowGroup, new: list[LogicalFlow]) -> FlowGroup:
    """With flows that are not in the register yet; two proposals for one route are one flow."""
    once = {(flow.source_id, flow.target_id): flow for flow in new}
    return FlowGroup([*once.values(), *group.flows], group.total + len(once))


def of_flow(flow: LogicalFlow, sent: list[PhysicalFlow]) -> Picture:
    """A route in the register: what is sent along it in the middle, around it who feeds it and whom
    it feeds.

    `sent` are its first active physical flows. Needs `number_physical`.
    """
    bare = Box(
        "bare", "No physical flow", "how is not known", flow.get_absolute_url(), "physical pending"
    )
    boxes = [_sent_box(physical) for physical in sent[:SENT]] or [bare]
    return _of_route(flow.source, flow.target, boxes, max(flow.number_physical - SENT, 0))


def of_proposal(proposal: Proposal, sent: list[PhysicalFlow], others: int) -> Picture:
    """The route of a proposal and what lies around it, with what would come, go or change drawn in.

    `sent` are the first active physical flows of the route, of `others` besides the one concerned.

    """
    staying = [physical for physical in sent if physical.pk != proposal.concerned_physical_flow_id][
        : SENT - 1
    ]
    boxes = [_proposed_box(proposal), *map(_sent_box, staying)]
    return _of_route(proposal.source, proposal.target, boxes, others - len(staying))


def _sent_box(physical: PhysicalFlow) -> Box:
    note = f"{physical.get_transport_display()}, {physical.get_frequency_display().lower()}"
    description = f"{physical}: {note}"
    return Box(
        ("sent", physical.pk),
        str(physical),
        note,
        physical.get_absolute_url(),
        "physical active",
        description,
    )


def _proposed_box(proposal: Proposal) -> Box:
    """What a proposal is about, as a box on its route."""
    marks: dict[str, Mark] = {
        ProposalType.CREATE: COMES,
        ProposalType.EDIT: CHANGES,
        ProposalType.DELETE: GOES,
    }
    mark = marks[proposal.type]
    name = subject(proposal)
    url = (proposal.concerned or proposal).get_absolute_url()
    return Box("proposed", name, mark.word, url, f"physical {mark.look}", f"{name}: {mark.word}")


def subject(proposal: Proposal) -> str:
    """What a proposal is about, in a few words: the name of the physical flow, or that there is
    none.
    """
    concerned, chosen = proposal.concerned_physical_flow, proposal.specification
    if not concerned and not proposal.with_physical_flow:
        return "the logical flow alone"
    wanted = proposal.name or (chosen.name if chosen else proposal.specification_name)
    return str(concerned or wanted or "something not named yet")


def _of_route(source: System, target: System, sent: list[Box], left_out: int) -> Picture:
    """`sent` are the boxes on the route, `left_out` how many more of them there are."""
    around, sketch, ends = (
        around_route(source, target),
        Sketch(),
        (End("source", source), End("target", target)),
    )
    if left_out:
        url = around["route"].flows[0].get_absolute_url()
        sent = [*sent, Box("rest", f"and {left_out} more", "physical flows", url, "physical rest")]
    for box in sent:
        sketch.sent(box, *ends)
    sketch.neighbours("into", around["into"], ends[0], sending=True, most=BEFORE_AND_AFTER)
    sketch.neighbours("out", around["out"], ends[1], sending=False, most=BEFORE_AND_AFTER)
    sketch.neighbours("beside", around["also_out"], ends[0], sending=False, most=BESIDE)
    sketch.neighbours("beside", around["also_into"], ends[1], sending=True, most=BESIDE)
    sketch.direct(ends[1], ends[0], around["back"].flows)
    drawing = NARROW.draw(_columns(sketch, ends, around), sketch.arrows)
    return Picture(
        f"{source.name} → {target.name}",
        _summary_of_route(source, target, around),
        drawing,
        sketch.rows,
    )


def _columns(
    sketch: Sketch, ends: tuple[End, End], around: dict[str, FlowGroup]
) -> list[list[Group]]:
    return [
        [Group(f"Into the source: {around['into'].amount}", sketch.boxes("into"))],
        [Group("Source", [_box_of(ends[0])])],
        [Group("On this route", sketch.boxes("route")), Group("Beside it", sketch.boxes("beside"))],
        [Group("Target", [_box_of(ends[1])])],
        [Group(f"Out of the target: {around['out'].amount}", sketch.boxes("out"))],
    ]


def _summary_of_route(source: System, target: System, around: dict[str, FlowGroup]) -> str:
    flows = (
        f"{_flows(around['into'])} into {source.name}, {_flows(around['out'])} out of {target.name}"
    )
    return f"{flows}, one back from target to source." if around["back"].total else f"{flows}."


def _flows(group: FlowGroup) -> str:
    return f"{group.amount} flow" if group.total == 1 else f"{group.amount} flows"


def _box_of(end: End) -> Box:
    system = end.system
    return Box(
        end.key,
        system.name,
        system.get_kind_display(),
        system.get_absolute_url(),
        "self",
        str(system),
    )
