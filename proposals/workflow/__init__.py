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
