"""Guards of tokens: what one is never changes, and none that was withdrawn comes back."""

from ..models import Token
from .guard import Guard, differ, never_deleted, never_replaced, table

TOKEN = table(Token)
FIXED = [
    *("id", "owner_id", "name", "digest", "created_at", "expires_at"),
    *("may_read", "may_propose", "may_decide"),
]


def guards() -> list[Guard]:
    withdrawn = "OLD.withdrawn_at IS NOT NULL"
    return [
        Guard(
            "token_unchanged",
            TOKEN,
            ("UPDATE",),
            differ(FIXED),
            "A token stays what it was made: who wants another makes another.",
        ),
        Guard(
            "token_withdrawn_for_good",
            TOKEN,
            ("UPDATE",),
            f"{withdrawn} AND {differ(['withdrawn_at', 'withdrawn_by_id'])}",
            "A token that was withdrawn does not come back.",
        ),
        never_deleted(Token),
        never_replaced(Token),
    ]
