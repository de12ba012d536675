"""What a site needs before the first flow can be approved, and what it should have besides: for the
front page of an administrator, and for `manage.py setup`.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone
from post_office.models import STATUS, Email

from ..history.ledger import public_keys_file
from ..models import (
    ApproverRule,
    InvolvementKind,
    PassResult,
    Policy,
    Reason,
    SideWithoutApprover,
    System,
    SystemLifecycle,
    Transition,
    User,
    able_to_approve,
    active_stewards,
)
from .quality.systems import WithoutApprover

# A larger figure says nothing more about what to do, and counting on would make the page slow.
MOST_COUNTED = 1000
CONSOLE = "waltzflow.console.EmailBackend"


@dataclass(frozen=True)
class Task:
    """A step of setting up the site: what it is for, whether it is done, and where to do it, if
    that is a page.
    """

    name: str
    purpose: str
    is_done: bool
    url: str = ""


def unfinished() -> list[Task]:
    """All tasks while one is left without which no flow can be approved; then none any more."""
    needed = needed_tasks()
    return [] if all(task.is_done for task in needed) else needed + advised_tasks()


def needed_tasks() -> list[Task]:
    """Without these no flow can be approved."""

    def page(name: str) -> str:
        return reverse(f"admin:proposals_{name}_changelist")

    leaves_to_stewards = Policy.in_force().side_without_approver == SideWithoutApprover.STEWARD
    return [
        Task(
            "Systems",
            "What flows run between: import them from files, or add them in the administration.",
            System.objects.exists(),
            reverse("catalogue-import"),
        ),
        Task(
            "People",
            "Makers and approvers, with a user name and a password each.",
            # Without the account of createsuperuser: it is there before anybody else, and decides
            # nothing.
            User.objects.filter(is_active=True, is_superuser=False).exists(),
            page("user"),
        ),
        Task(
            "Kinds of involvement",
            "The parts people have in systems, such as Data Owner; everybody reads who has which.",
            InvolvementKind.objects.exists(),
            page("involvementkind"),
        ),
        Task(
            "Approver rules",
            "Which kind of involvement decides for which systems; at least one has to approve.",
            ApproverRule.objects.filter(may_approve=True).exists(),
            page("approverrule"),
        ),
        Task(
            "Reasons",
            "What a maker may give as the reason of a proposal; one is required.",
            Reason.objects.filter(is_active=True).exists(),
            page("reason"),
        ),
        Task(
            "A steward",
            "Decides for a side that nobody else may approve: a member of the group Stewards.",
            not leaves_to_stewards or active_stewards().exists(),
            page("user"),
        ),
    ]


def advised_tasks() -> list[Task]:
    """Without these somebody will wait in vain, or something is not guarded."""
    return [_passwords(), _approvers(), _worker(), _mail(), _ledger(), *_accounts()]


def _passwords() -> Task:
    unable = User.objects.unable_to_sign_in()
    without, approvers = _number(unable), _number(unable.filter(pk__in=_people_asked()))
    people = "1 person has" if without == "1" else f"{without} people have"
    asked = f" ({approvers} may approve)" if approvers else ""
    remedy = "choose them in the list and invite them"
    if settings.OIDC:
        remedy = "by the provider of identities they can when they have a mail address"
    return Task(
        "Ways to sign in",
        f"{people} none yet{asked}: {remedy}." if without else "Everybody active has one.",
        not without,
        reverse("admin:proposals_user_changelist") + "?can_sign_in=no",
    )


def _people_asked() -> QuerySet:
    """Whose decision somebody may wait for."""
    return able_to_approve().order_by().values("user")


def _approvers() -> Task:
    able = able_to_approve().filter(system=OuterRef("pk"))
    taking = System.objects.exclude(lifecycle=SystemLifecycle.REMOVED)
    without = _number(taking.filter(~Exists(able)))
    systems = "1 system has" if without == "1" else f"{without} systems have"
    is_done = not without and taking.exists()
    purpose = "People who may approve, for every system: involvements that fit an approver rule."
    if without:
        purpose = (
            f"{systems} nobody who may approve: their side is left to the stewards, or refused."
        )
    elif is_done:
        purpose = "Every system has somebody who may approve."
    return Task(
        "Approvers",
        purpose,
        is_done,
        reverse("quality-list", args=[WithoutApprover.slug]),
    )


def _worker() -> Task:
    lately = timezone.now() - timedelta(minutes=settings.WORKER_MINUTES)
    return Task(
        "The worker",
        "Sends mails, reminds, ends what is overdue: manage.py worker, beside the site.",
        PassResult.objects.filter(name=PassResult.WORKER, at__gt=lately).exists(),
    )


def _mail() -> Task:
    if settings.EMAIL_BACKEND == CONSOLE:
        return Task("Mail", "Mails are printed, not sent: set EMAIL_URL.", False)
    return Task(
        "Mail",
        "That one has left: manage.py sendtestemail ADDRESS tries the server of EMAIL_URL.",
        Email.objects.filter(status=STATUS.sent).exists(),
    )


def _ledger() -> Task:
    """By its public key: the private one may be on another host, or with the worker alone."""
    folder = settings.LEDGER_CHECKPOINTS
    return Task(
        "The ledger",
        "A key to sign its checkpoints and a directory for them: LEDGER_KEY, LEDGER_CHECKPOINTS, "
        "and manage.py ledger_key once.",
        folder is not None and public_keys_file(folder).exists(),
    )


def _accounts() -> list[Task]:
    """Of PostgreSQL alone; SQLite knows no accounts."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            # By what it may do and not by its name: a member of the owner is as good as the owner.
            "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = %s::regclass",
            [Transition._meta.db_table],
        )
        is_owner = cursor.fetchone()[0]
    return [
        Task(
            "Three accounts",
            "The site's own account must not own the tables, or guards do not hold against it.",
            not is_owner,
        )
    ]


def _number(rows: QuerySet) -> str:
    """How many, "more than 1,000" if so; empty if none."""
    number = rows.order_by()[: MOST_COUNTED + 1].count()
    if number > MOST_COUNTED:
        return f"more than {MOST_COUNTED:,}"
    return str(number) if number else ""
