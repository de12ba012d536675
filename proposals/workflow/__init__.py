"""The one door through which a proposal moves, and what happens on the way: notices, retries,
periodic work.
"""

from .additions import add_physical_flow, refuse_further
from .effects import effect_of
from .new_rights import rights_changed, tell_of_delegations
from .remarks import remark, ways_to_mention
from .reminders import remind_now
from .verbs import (
    act,
    approve,
    cancel,
    check,
    propose,
    refuse,
    reject,
    request_changes,
    require_revisable,
    save_draft,
    submit,
    time_out,
)
from .watching import stop_watching, watch

__all__ = [
    "act",
    "add_physical_flow",
    "approve",
    "cancel",
    "check",
    "effect_of",
    "propose",
    "refuse",
    "refuse_further",
    "reject",
    "remark",
    "remind_now",
    "request_changes",
    "require_revisable",
    "rights_changed",
    "save_draft",
    "stop_watching",
    "submit",
    "tell_of_delegations",
    "time_out",
    "watch",
    "ways_to_mention",
]
