"""Guards of remarks: each is said by somebody active while the proposal is open, and answers one of
the same conversation.
"""

from ..models import Proposal, Remark, User, open_states
from .guard import POSTGRESQL, Guard, listed, not_now, table

REMARK, PROPOSAL, USER = map(table, (Remark, Proposal, User))


def guards() -> list[Guard]:
    is_open = f"""EXISTS (SELECT 1 FROM {PROPOSAL} p
        WHERE p.id = NEW.proposal_id AND p.state IN {listed(open_states())})"""
    is_active = f"EXISTS (SELECT 1 FROM {USER} u WHERE u.id = NEW.by_id AND u.is_active)"
    of_rounds = f"""EXISTS (SELECT 1 FROM {REMARK} r
        JOIN {PROPOSAL} p ON p.id = r.proposal_id
        JOIN {PROPOSAL} n ON n.id = NEW.proposal_id
        WHERE r.id = NEW.answers_id
        AND COALESCE(p.first_round_id, p.id) = COALESCE(n.first_round_id, n.id))"""
    return [
        Guard(
            "remark_on_an_open_proposal",
            REMARK,
            ("INSERT",),
            f"NOT {is_open}",
            "A proposal that is not open takes no remarks.",
        ),
        Guard(
            "remark_by_somebody_active",
            REMARK,
            ("INSERT",),
            f"NOT {is_active}",
            "Somebody who is not active says nothing.",
        ),
        Guard(
            "remark_answers_in_its_conversation",
            REMARK,
            ("INSERT",),
            f"NEW.answers_id IS NOT NULL AND NOT {of_rounds}",
            "A remark answers one on the same proposal or another round of it.",
        ),
        Guard(
            "remark_dated_now",
            REMARK,
            ("INSERT",),
            not_now("NEW.at"),
            "A remark is dated when it is made.",
            POSTGRESQL,
            spares_owner=True,
        ),
    ]
