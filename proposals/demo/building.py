"""Builds Lysvann Energy in an empty database: who works there, what has happened, what waits."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

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
    Delegation,
    DeliveryState,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    Reason,
    SavedView,
    System,
    Token,
    UploadKind,
    User,
    WebhookDelivery,
    WebhookEndpoint,
)
from ..workflow import periodic
from .scenes import FILES, first_moment, rows, story

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
    founded = first_moment(timezone.localtime(now), FOUNDED_DAYS_AGO, random.Random("Lysvann"))
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
    for row in rows("reasons"):
        active = yes_or_no(row["active"])
        Reason.objects.create(name=row["name"], description=row["description"], is_active=active)
    away, stand_in = (User.objects.get(email=email) for email in DELEGATION)
    until = timezone.now() + timedelta(days=12)
    holiday = Delegation(
        delegator=away, delegate=stand_in, starts_at=until - timedelta(days=16), ends_at=until
    )
    holiday.note = "On holiday, reachable by telephone only."
    ChangeContext(away, holiday.starts_at, "Delegation made").store(holiday)
    # Once for all of them: a hash is slow on purpose.
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
