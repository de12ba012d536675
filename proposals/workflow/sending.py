"""How a queued mail leaves: only while it is wanted, and until a server takes it, refuses it for
good, or three days have passed.
"""

import logging
import time
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError, transaction
from django.db import connection as db
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from post_office.models import STATUS, Email

from ..models import Notice
from . import notices, passwords

log = logging.getLogger(__name__)

RETRY = timedelta(minutes=5)
CLAIM = timedelta(minutes=2)  # after which one whose worker died is sent by another
PATIENCE = 60  # seconds that a failover may take; well within CLAIM


def send_queued(at: datetime) -> tuple[int, int]:
    """One pass over what is due: (how many were sent, how many will never be).

    Each is claimed before, and recorded as soon as it is sent: only one whose worker died between
    the two comes twice, and none is lost. Administrators are told of those that will never be.
    """
    connection = get_connection()
    sent = 0
    failures: list[tuple[Email, str]] = []
    unreachable: Exception | None = None  # the server: then none of the others is tried
    try:
        for pk in _due(at).values_list("pk", flat=True):
            email = Email.objects.get(pk=pk)
            if not _is_wanted(email):
                _withdraw(email)
                continue
            if not unreachable and not _claim(pk, at):
                continue
            error = unreachable or _refusal(email, connection)
            if isinstance(error, ServerUnreachable):
                unreachable = error
            if error is None:
                sent += 1
            elif is_permanent(error) or at - email.created >= notices.GIVE_UP:
                failures.append((email, answer_of(error)))
            else:
                _postpone(email, error, at)
    finally:
        connection.close()
        _give_up(failures)
    return sent, len(failures)


class ServerUnreachable(Exception):
    """No connection to the mail server, or no answer in time."""


def is_permanent(error: Exception) -> bool:
    """Whether the server refused the recipient, or this mail, for good (5xx). What it says of the
    sender or the sign-in is for the administrators to mend, so that it is tried again.
    """
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, SMTPDataError) and error.smtp_code >= 500


def answer_of(error: Exception) -> str:
    """What the server said: "550 5.1.1 No such user"."""
    answers: list[tuple[int, bytes | str]]
    if isinstance(error, SMTPRecipientsRefused):
        answers = list(error.recipients.values())
    elif isinstance(error, SMTPDataError):
        answers = [(error.smtp_code, error.smtp_error)]
    else:
        return f"{type(error).__name__}: {error}"
    return "; ".join(
        f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
        for code, text in answers
    )


def _claim(pk: int, at: datetime) -> bool:
    """Whether this worker is the one to send it: no other tries before CLAIM is over. Committed
    first, so that a worker that has sent it may still write that down when the database is back,
    and none that lost its lock meanwhile sends it again.
    """
    return bool(_due(at).filter(pk=pk).update(scheduled_time=timezone.now() + CLAIM))


def _due(at: datetime) -> QuerySet[Email]:
    """Those tried least come first, so that a mail on which every try breaks holds up no other."""
    queued = Email.objects.filter(status__in=[STATUS.queued, STATUS.requeued])
    due = queued.filter(Q(scheduled_time=None) | Q(scheduled_time__lte=at))
    return due.order_by(F("number_of_retries").asc(nulls_first=True), "pk")


def _is_wanted(email: Email) -> bool:
    """A mail of the site's own, which no notice stands behind, is; but for a link that would reach
    somebody else.
    """
    if not passwords.is_wanted(email):
        return False
    news = Notice.objects.filter(mail=email).select_related(*notices.READ_WITH)
    return not news or any(notices.is_wanted(notice) for notice in news)


@transaction.atomic
def _withdraw(email: Email) -> None:
    """Neither sent nor failed: it has no status any more, and its notice says why."""
    Email.objects.filter(pk=email.pk).update(status=None)
    Notice.objects.filter(mail=email).update(withdrawn=True)


def _refusal(email: Email, connection: BaseEmailBackend) -> Exception | None:
    """Send it, and record that it was sent; or why it was not taken."""
    try:
        connection.open()
    except OSError as error:
        return ServerUnreachable(str(error))
    try:
        passwords.write_link(email)
        email.dispatch(commit=False, disconnect_after_delivery=False, connection=connection)
    except TimeoutError as error:
        connection.close()
        return ServerUnreachable(str(error))
    except Exception as error:  # whatever it is, the other mails go on
        connection.close()
        return error
    _record_sent(email)
    return None


def _record_sent(email: Email) -> None:
    """As soon as the database takes it: what is not recorded is sent again."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with transaction.atomic():
                Email.objects.filter(pk=email.pk).update(status=STATUS.sent)
                email.logs.create(status=STATUS.sent, message="")
            return
        except (OperationalError, InterfaceError):
            if db.in_atomic_block or time.monotonic() > end:
                raise
            log.warning("Mail %s has left, which is written down when the database is back.", email)
            db.close()
            time.sleep(1)


def _postpone(email: Email, error: Exception, at: datetime) -> None:
    answer = answer_of(error)
    log.warning("Mail %s to %s is tried again later: %s", email.pk, ", ".join(email.to), answer)
    Email.objects.filter(pk=email.pk).update(
        status=STATUS.requeued,
        scheduled_time=at + RETRY,
        number_of_retries=(email.number_of_retries or 0) + 1,
    )
    email.logs.create(status=STATUS.failed, exception_type=type(error).__name__, message=answer)


@transaction.atomic
def _give_up(failures: list[tuple[Email, str]]) -> None:
    """For good. Of the mails that told of such failures themselves nobody is told."""
    for email, answer in failures:
        log.error("Mail %s to %s is given up: %s", email.pk, ", ".join(email.to), answer)
        Email.objects.filter(pk=email.pk).update(status=STATUS.failed)
        email.logs.create(status=STATUS.failed, exception_type="Given up", message=answer)
    of_people = Notice.objects.filter(mail__in=[email.pk for email, _ in failures])
    with_notice = set(of_people.values_list("mail", flat=True))
    if with_notice:
        notices.tell_administrators([(e, answer) for e, answer in failures if e.pk in with_notice])
