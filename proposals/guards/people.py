"""Guards of people: somebody can always administer the site, and no session outlives the rights of
its person.
"""

from ..models import User
from .guard import Guard, table

USER = table(User)


def guards() -> list[Guard]:
    # FOR SHARE and no mere look: of two administrators who deactivate each other at once, one waits
    # for the row that the other rests on.
    other = f"""EXISTS (SELECT 1 FROM {USER} u
        WHERE u.id <> OLD.id AND u.is_active AND u.is_superuser AND u.is_staff FOR SHARE)"""
    was = "OLD.is_active AND OLD.is_superuser AND OLD.is_staff"
    last = f"{was} AND NOT (NEW.is_active AND NEW.is_superuser AND NEW.is_staff)"
    return [
        Guard(
            "user_last_administrator_stays",
            USER,
            ("UPDATE",),
            f"{last} AND NOT {other}",
            "The last active administrator stays one.",
        ),
        Guard(
            "user_last_administrator_not_deleted",
            USER,
            ("DELETE",),
            f"{was} AND NOT {other}",
            "The last active administrator stays one.",
        ),
        Guard(
            "user_leaves_without_sessions",
            USER,
            ("UPDATE",),
            "OLD.is_active AND NOT NEW.is_active AND NEW.session_salt = OLD.session_salt",
            "Whoever is deactivated gets another session_salt, which ends their sessions for good.",
        ),
    ]
