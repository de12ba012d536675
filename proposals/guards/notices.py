"""Guards of what people are told: a notice stays as it was written, a mail as it was queued, and
what is decided reaches the maker.
"""

from post_office.models import STATUS, Email

from ..models import Notice, Proposal, Transition, User
from .guard import (
    AT_COMMIT,
    POSTGRESQL,
    Guard,
    columns,
    differ,
    never_deleted,
    not_now,
    table,
)

NOTICE, MAIL = table(Notice), table(Email)
# What becomes of a notice and of a mail later.
LATER = ["mail_id", "withdrawn", "read_at"]
# `to` is a word of SQL.
SAID = ["from_email", '"to"', "cc", "bcc", "subject", "message", "html_message", "headers"]
WAITING = f"({STATUS.queued}, {STATUS.requeued})"


def guards() -> list[Guard]:
    return [*of_notices(), *of_mails()]


def of_notices() -> list[Guard]:
    written = [column for column in columns(Notice) if column not in LATER]
    decided = "NEW.side <> '' AND NOT NEW.automatic"
    return [
        Guard(
            "notice_unchanged",
            NOTICE,
            ("UPDATE",),
            differ(written),
            "A notice stays as it was written.",
        ),
        # REPLACE of SQLite is let pass: whoever is asked again after a withdrawal has the one
        # notice still, which an INSERT with ON CONFLICT finds.
        never_deleted(Notice),
        Guard(
            "notice_dated_now",
            NOTICE,
            ("INSERT",),
            not_now("NEW.at"),
            "A notice is dated when it is written.",
            POSTGRESQL,
            spares_owner=True,
        ),
        Guard(
            "transition_told_to_the_maker",
            table(Transition),
            ("INSERT",),
            f"""{decided} AND EXISTS (SELECT 1 FROM {table(Proposal)} p
                JOIN {table(User)} u ON u.id = p.maker_id
                WHERE p.id = NEW.proposal_id AND u.id <> NEW.by_id AND u.is_active
                AND NOT EXISTS (SELECT 1 FROM {NOTICE} n
                    WHERE n.transition_id = NEW.id AND n.recipient_id = u.id))""",
            "Its maker is not told of this decision.",
            AT_COMMIT,
            spares_owner=True,
        ),
    ]


def of_mails() -> list[Guard]:
    """Whether a mail was really sent the database cannot know: that is in the hands of the account
    that sends.
    """
    return [
        Guard(
            "mail_unchanged",
            MAIL,
            ("UPDATE",),
            differ(SAID),
            "A mail is sent as it was queued.",
        ),
        Guard(
            "mail_queued_first",
            MAIL,
            ("INSERT",),
            f"NEW.status IS NULL OR NEW.status NOT IN {WAITING}",
            "A mail begins in the queue.",
        ),
        Guard(
            "mail_leaves_the_queue_once",
            MAIL,
            ("UPDATE",),
            f"""NEW.status IS DISTINCT FROM OLD.status
                AND (OLD.status IS NULL OR OLD.status NOT IN {WAITING})""",
            "What became of a mail stays as it was recorded.",
        ),
    ]
