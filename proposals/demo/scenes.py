"""The demo company: Lysvann Energy, an energy trader with half a year of proposals behind it.

What the company is stands in `company/catalogue/`, files as any company would import them. What has
happened since stands in `company/story.csv`, one scene a line, and is told through the verbs of
`verbs.py` at the moments it happened. The `course` of a scene names its steps, each a row of
STEPS, with a comment where there is one: `draft; propose; target; source: Fine with us.` Who
decides is drawn from those who may, unless the step says so: `reject-target by
priya.raghunathan@example.com: We have no model for this.`
"""

import csv
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path

from .. import workflow
from ..models import (
    DataType,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Policy,
    Proposal,
    Reason,
    Side,
    System,
    User,
    actions,
)

FILES = Path(__file__).parent / "company"


def rows(name: str) -> list[dict[str, str]]:
    with (FILES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass
class Scene:
    """One line of the story, and the proposal it has become. `chance` depends on the line alone."""

    row: dict[str, str]
    proposal: Proposal | None = None
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        # Of the line alone, so that a line more changes nothing in the others.
        self.chance = random.Random("|".join(self.row.values()))

    def steps(self, now: datetime) -> Iterator[tuple[datetime, Callable]]:
        """(moment, what to do at that moment), each later than the one before and all before
        `now`.
        """
        moments = {"": first_moment(now, int(self.row["days_ago"]), self.chance)}
        for step in self.row["course"].split(";"):
            words, _, comment = step.strip().partition(": ")
            name, _, who = words.partition(" by ")
            when, act = STEPS[name]
            moments[name] = when(moments, now, self.chance)
            yield moments[name], partial(act, self, who, comment)

    @property
    def maker(self) -> User:
        return User.objects.get(email=self.row["maker"])

    def data_types(self) -> list[DataType]:
        return list(DataType.objects.filter(code__in=self.row["data_type_codes"].split(";")))

    def wish(self) -> Proposal:
        """The proposal as the line describes it, not saved."""
        texts = {
            name: self.row[name]
            for name in ["name", "transport", "frequency", "criticality", "description"]
        }
        return Proposal(
            **texts,
            **self._specification(),
            source=System.objects.get(code=self.row["source_code"]),
            target=System.objects.get(code=self.row["target_code"]),
            maker=self.maker,
            reason=Reason.objects.filter(name=self.row["reason"]).first(),
            justification=self.row["justification"],
            basis_offset=int(self.row["basis_offset"]) if self.row["basis_offset"] else None,
        )

    def _specification(self) -> dict:
        """A new one has a format in its line; an existing one is named by its code or, made by a
        scene, its name.
        """
        named, form = self.row["specification"], self.row["format"]
        if not named:
            return {"with_physical_flow": False}
        if form:
            return {"specification_name": named, "specification_format": form}
        of_source = PhysicalSpecification.objects.filter(owner__code=self.row["source_code"])
        return {"specification": of_source.filter(code=named).first() or of_source.get(name=named)}

    def concerned(self) -> PhysicalFlow | LogicalFlow:
        """The flow a change or removal is about, by route and the code of its specification."""
        route = LogicalFlow.objects.get(
            source__code=self.row["source_code"], target__code=self.row["target_code"]
        )
        if not self.row["specification"]:
            return route
        return (
            route.physical_flows.active()
            .filter(specification__code=self.row["specification"])
            .first()
        )

    def decider(self, who: str, verb: str, sides: tuple[str, ...]) -> User:
        """`who`, or without one somebody who may `verb` for every one of `sides`."""
        if who:
            return User.objects.get(email=who)
        roles = [actions()[f"{verb}_{side.lower()}"].role for side in sides]
        own = [
            {right.user for right in role.holders(self.proposal) if not right.on_behalf_of}
            for role in roles
        ]
        return self.chance.choice(sorted(set.intersection(*own), key=lambda user: user.email))


def story() -> list[Scene]:
    return [Scene(row) for row in rows("story")]


def _draft(scene: Scene, who: str, comment: str, at: datetime) -> None:
    scene.proposal = scene.wish()
    workflow.save_draft(scene.proposal, scene.data_types(), by=scene.maker, at=at)


def _revise(scene: Scene, who: str, comment: str, at: datetime) -> None:
    """The next round of the maker's own that was closed last between these systems."""
    scene.proposal = scene.wish()
    earlier = Proposal.objects.closed().filter(
        maker=scene.maker, source=scene.proposal.source, target=scene.proposal.target
    )
    scene.proposal.revise(earlier.latest("closed_at"))
    workflow.save_draft(scene.proposal, scene.data_types(), by=scene.maker, at=at)


def _edit(scene: Scene, who: str, comment: str, at: datetime) -> None:
    """A change of a physical flow of the route, to what the line names; what the line leaves empty
    stays. What is said with the step is the name of a specification of its own.
    """
    flow = scene.concerned()
    scene.proposal = Proposal.change_of(flow, scene.maker)
    for name in ["transport", "frequency", "criticality", "description"]:
        setattr(scene.proposal, name, scene.row[name] or getattr(flow, name))
    scene.proposal.specification_name = comment
    _save_draft(scene, scene.data_types() or list(flow.specification.data_types.all()), at)


def _remove(scene: Scene, who: str, comment: str, at: datetime) -> None:
    """The removal of a physical flow of the route; without a specification in the line, of the bare
    route itself.
    """
    scene.proposal = Proposal.removal_of(scene.concerned(), scene.maker)
    _save_draft(scene, [], at)


def _save_draft(scene: Scene, data_types: list[DataType], at: datetime) -> None:
    scene.proposal.reason = Reason.objects.get(name=scene.row["reason"])
    scene.proposal.justification = scene.row["justification"]
    workflow.save_draft(scene.proposal, data_types, by=scene.maker, at=at)


def _propose(scene: Scene, who: str, comment: str, at: datetime) -> None:
    workflow.propose(scene.proposal, by=scene.maker, at=at)


def _approve(scene: Scene, who: str, comment: str, at: datetime, *, sides: tuple[str, ...]) -> None:
    by = scene.decider(who, "approve", sides)
    workflow.approve(scene.proposal, sides=sides, by=by, comment=comment, at=at)


def _reject(scene: Scene, who: str, comment: str, at: datetime, *, side: str) -> None:
    by = scene.decider(who, "reject", (side,))
    workflow.reject(scene.proposal, side=side, by=by, comment=comment, at=at)


def _return(scene: Scene, who: str, comment: str, at: datetime, *, side: str) -> None:
    by = scene.decider(who, "return", (side,))
    workflow.request_changes(scene.proposal, side=side, by=by, comment=comment, at=at)


def _cancel(scene: Scene, who: str, comment: str, at: datetime) -> None:
    workflow.cancel(scene.proposal, by=scene.maker, comment=comment, at=at)


def _time_out(scene: Scene, who: str, comment: str, at: datetime) -> None:
    workflow.time_out(scene.proposal, at=at)


def _add(scene: Scene, who: str, comment: str, at: datetime) -> None:
    """A further physical flow on a route approved by an earlier scene."""
    route = LogicalFlow.objects.get(
        source__code=scene.row["source_code"], target__code=scene.row["target_code"]
    )
    workflow.add_physical_flow(route, scene.wish(), scene.data_types(), by=scene.maker, at=at)


def first_moment(now: datetime, days_ago: int, chance: random.Random) -> datetime:
    """In office hours, `days_ago` or a little more, and long enough before `now` for what follows
    the same day.
    """
    moment = _in_office(now - timedelta(days=days_ago), chance.randrange(7 * 3600))
    # Nobody works on Saturday and Sunday.
    while moment.weekday() > 4 or moment > now - timedelta(hours=4):
        moment -= timedelta(days=1)
    return moment


def _at_first_moment(
    moments: dict[str, datetime], now: datetime, chance: random.Random
) -> datetime:
    return moments[""]


def _soon(moments: dict[str, datetime], now: datetime, chance: random.Random) -> datetime:
    return max(moments.values()) + timedelta(
        minutes=chance.randrange(3, 40), seconds=chance.randrange(60)
    )


def _in_days(moments: dict[str, datetime], now: datetime, chance: random.Random) -> datetime:
    """In office hours some days after the step before; at once where that would be too near to
    `now`.
    """
    before, soon = max(moments.values()), _soon(moments, now, chance)
    days, seconds = chance.choice([0, 0, 1, 1, 1, 2, 2, 3, 4, 6]), chance.randrange(9 * 3600)
    later = _in_office(before + timedelta(days=days), seconds)
    while later.weekday() > 4:
        later += timedelta(days=1)
    return later if before < later < now - timedelta(hours=2) else soon


def _at_deadline(moments: dict[str, datetime], now: datetime, chance: random.Random) -> datetime:
    days = Policy.in_force().time_out_days
    # In UTC, as deadlines are: summer time may have begun or ended meanwhile.
    proposed = moments["propose"].astimezone(UTC)
    return proposed + timedelta(days=days, minutes=chance.randrange(2, 60))


def _nearly_too_long_ago(
    moments: dict[str, datetime], now: datetime, chance: random.Random
) -> datetime:
    """Two days from its deadline at `now`, whatever the day of the week."""
    return now - timedelta(days=Policy.in_force().time_out_days - 2)


def _in_office(day: datetime, seconds: int) -> datetime:
    """That day, `seconds` after the office opens."""
    return datetime.combine(day, time(8), day.tzinfo) + timedelta(seconds=seconds)


# What a step of a course is called, when it comes, and what it does.
STEPS: dict[str, tuple[Callable[..., datetime], Callable[..., None]]] = {
    "draft": (_at_first_moment, _draft),
    "revise": (_at_first_moment, _revise),
    "edit": (_at_first_moment, _edit),
    "remove": (_at_first_moment, _remove),
    "propose": (_soon, _propose),
    "propose-long-ago": (_nearly_too_long_ago, _propose),
    "source": (_in_days, partial(_approve, sides=(Side.SOURCE,))),
    "target": (_in_days, partial(_approve, sides=(Side.TARGET,))),
    "both": (_in_days, partial(_approve, sides=(Side.SOURCE, Side.TARGET))),
    "reject-source": (_in_days, partial(_reject, side=Side.SOURCE)),
    "reject-target": (_in_days, partial(_reject, side=Side.TARGET)),
    "return-source": (_in_days, partial(_return, side=Side.SOURCE)),
    "return-target": (_in_days, partial(_return, side=Side.TARGET)),
    "cancel": (_in_days, _cancel),
    "time-out": (_at_deadline, _time_out),
    "add": (_at_first_moment, _add),
}
