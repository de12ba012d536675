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
from datetime import datetime, time, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from post_office.models import STATUS, Email

from .. import workflow
from ..errors import Refused
from ..files import uploads
from ..files.catalogue import import_catalogue
from ..files.cells import yes_or_no
from ..models import (
    ChangeContext,
    DataType,
    Delegation,
    DeliveryState,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Policy,
    Proposal,
    Reason,
    SavedView,
    Side,
    System,
    Token,
    UploadKind,
    User,
    WebhookDelivery,
    WebhookEndpoint,
    actions,
)
from ..workflow import periodic

FILES = Path(__file__).parent / "company"
PASSWORD = "waltzflow"
FOUNDED_DAYS_AGO = 182


@dataclass(frozen=True)
class SignIn:
    """A person of the company one can be; `part` says what there is to see as this person."""

    username: str
    email: str
    part: str
    group: str = ""
    flags: tuple[str, ...] = ()

    def user(self) -> User | None:
        return User.objects.filter(username=self.username, email=self.email).first()


SIGN_INS = [
    SignIn(
        "maker", "amara.okonkwo@example.com", "proposes; has drafts, and proposals in every state"
    ),
    SignIn(
        "source",
        "henrik.solberg@example.com",
        "decides mostly for sources: Tradewind, prices, curves",
    ),
    SignIn(
        "target",
        "giulia.ferrante@example.com",
        "decides mostly for targets: risk, reporting, warehouse",
    ),
    SignIn("both", "tomasz.wieczorek@example.com", "decides for both sides of some proposals"),
    SignIn(
        "steward",
        "yuki.tanabe@example.com",
        "steward: systems that have no approver",
        group="Stewards",
    ),
    SignIn(
        "auditor",
        "margaret.ashdown@example.com",
        "reads everything, admin included",
        "Auditors",
        ("is_staff",),
    ),
    SignIn(
        "admin", "rohan.deshmukh@example.com", "administers", flags=("is_staff", "is_superuser")
    ),
]


# Who is away just now, and who decides meanwhile.
DELEGATION = ("henrik.solberg@example.com", "tomasz.wieczorek@example.com")


def sign_ins() -> list[tuple[SignIn, User]]:
    """Those that exist in this database."""
    users = [(sign_in, sign_in.user()) for sign_in in SIGN_INS]
    return [(sign_in, user) for sign_in, user in users if user]


@transaction.atomic
def build(now: datetime, progress: Callable[[str], None]) -> dict[str, int]:
    """Make the company and tell its story up to `now`; what it made, counted by name.

    `progress` is called with a sentence on each part that begins: it takes a minute where the
    machine is slow. Empty, with nothing done, if there are systems or people already. Refused
    unless DEBUG.
    """
    if not settings.DEBUG:
        raise Refused(
            "The demo company has a public password, so it is made only where DEBUG is on."
        )
    if System.objects.exists() or User.objects.exists():
        return {}
    progress("Importing the catalogue of Lysvann Energy ...")
    founded = _first_moment(timezone.localtime(now), FOUNDED_DAYS_AGO, random.Random("Lysvann"))
    _make_company(founded)
    _play_story(timezone.localtime(now), progress)
    waiting = Proposal.objects.open().filter(maker__username="maker").order_by("pk")[0]
    _watch(waiting)
    _keep_views()
    _let_a_program_read(now)
    _tell_a_program_until_it_went(waiting, now)
    _bring_a_file(now)
    _talk(waiting, now)
    _remind(now)
    counted = [System, User, LogicalFlow, PhysicalFlow, PhysicalSpecification, Proposal]
    return {str(model._meta.verbose_name_plural): model.objects.count() for model in counted}


def _make_company(at: datetime) -> None:
    import_catalogue(
        {path.stem: path.read_bytes() for path in sorted(FILES.glob("catalogue/*.csv"))}, at=at
    )
    for row in _rows("reasons"):
        active = yes_or_no(row["active"])
        Reason.objects.create(name=row["name"], description=row["description"], is_active=active)
    away, stand_in = (User.objects.get(email=email) for email in DELEGATION)
    until = timezone.now() + timedelta(days=12)
    holiday = Delegation(
        delegator=away, delegate=stand_in, starts_at=until - timedelta(days=16), ends_at=until
    )
    holiday.note = "On holiday, reachable by telephone only."
    ChangeContext(away, holiday.starts_at, "Delegation made").store(holiday)
    password = make_password(PASSWORD)
    for sign_in in SIGN_INS:
        _give_sign_in(sign_in, password, at)


def _give_sign_in(sign_in: SignIn, password: str, at: datetime) -> None:
    user = User.objects.get(email=sign_in.email)
    user.username, user.password = sign_in.username, password
    for flag in sign_in.flags:
        setattr(user, flag, True)
    ChangeContext(None, at, "Sign-in of the demo company").store(user)
    user.groups.set(Group.objects.filter(name=sign_in.group))


def _rows(name: str) -> list[dict[str, str]]:
    with (FILES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _play_story(now: datetime, progress: Callable[[str], None]) -> None:
    """All steps of all scenes in the order of time, so that later rows have higher numbers."""
    steps = [step for scene in story() for step in scene.steps(now)]
    in_order = sorted(steps, key=lambda step: step[0])
    for month, of_month in groupby(in_order, key=lambda step: f"{step[0]:%B %Y}"):
        progress(f"Proposing and deciding, {month} ...")
        for at, act in of_month:
            act(at=at)


def _remind(now: datetime) -> None:
    """Whoever is slow has been told, and those mails have arrived: the console shows what happens
    from now on.
    """
    periodic.remind_approvers(now)
    Email.objects.update(status=STATUS.sent)


def _talk(waiting: Proposal, now: datetime) -> None:
    """An approver asks before deciding, and the maker answers."""
    asker = User.objects.get(username="source")
    question = f"@{waiting.maker.name} Does it come on bank holidays too?"
    asked = workflow.remark(waiting, question, by=asker, topic="frequency", at=now)
    answer = "On working days only; on the next one with what came in between."
    workflow.remark(waiting, answer, by=waiting.maker, answers=asked, at=now)


def _keep_views() -> None:
    """Some look at the same part of a list again and again; one view is shared with everybody."""
    kept = [
        ("admin", "proposals", "Open, by deadline", "state=OPEN&order=deadline", True),
        ("admin", "flows", "Without a physical flow", "lifecycle=PENDING", True),
        ("maker", "proposals", "Mine that wait", "state=OPEN&whose=mine", False),
        (
            "steward",
            "systems",
            "Who approves",
            "columns=kind&columns=approvers",
            False,
        ),
    ]
    for username, list_name, name, query, is_shared in kept:
        view = SavedView.named(User.objects.get(username=username), list_name, name)
        view.query, view.is_shared = query, is_shared
        view.save()


def _let_a_program_read(now: datetime) -> None:
    """A program of the maker's department lists what waits, every night."""
    maker = User.objects.get(username="maker")
    Token(owner=maker, name="nightly list", expires_at=now + timedelta(days=90)).make(now)


def _tell_a_program_until_it_went(waiting: Proposal, now: datetime) -> None:
    """A program heard of this proposal, and then wanted no more: so `make demo` sends nothing to a
    host that is not there.
    """
    endpoint = WebhookEndpoint.objects.create(
        address="https://catalogue.example.com/waltzflow", description="Data catalogue"
    )
    WebhookDelivery.objects.queue(waiting, waiting.transitions.order_by("pk"))
    taken = {"state": DeliveryState.DELIVERED, "due_at": None, "tries": 1, "tried_at": now}
    endpoint.deliveries.update(**taken, answer="Status 204.")
    endpoint.is_active = False
    endpoint.off_because = "The receiver answered 410 (Gone): it wants no more."
    endpoint.save()


def _bring_a_file(now: datetime) -> None:
    """The maker looks at what would become of a file of proposals."""
    maker = User.objects.get(username="maker")
    content = {"wishes.csv": (FILES / "wishes.csv").read_bytes()}
    upload = uploads.receive(UploadKind.PROPOSALS, content, by=maker)
    while upload.is_at_work:
        uploads.work_on_uploads(now)
        upload.refresh_from_db()


def _watch(waiting: Proposal) -> None:
    """Some want to hear of what they have no part in."""
    auditor, steward = (User.objects.get(username=name) for name in ("auditor", "steward"))
    for person in (auditor, steward):
        workflow.watch(waiting, by=person)
    workflow.watch(waiting.source, by=auditor)
    workflow.watch(waiting.target, by=steward)


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
        moments = {"": _first_moment(now, int(self.row["days_ago"]), self.chance)}
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
    return [Scene(row) for row in _rows("story")]


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


def _first_moment(now: datetime, days_ago: int, chance: random.Random) -> datetime:
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
    return moments["propose"] + timedelta(days=days, minutes=chance.randrange(2, 60))


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
