"""What the browser sent, read and judged field by field; the rules of the workflow are judged by
its verbs.
"""

from .deciding import ActionForm, BulkDecisionForm, BulkForm, decision_verbs, who_needs_comment
from .fields import MOST_OFFERED, SystemField, UserNameInput
from .me import AppearanceForm, DelegationForm, NoticesForm, PasswordForm
from .proposing import ChangeForm, ProposalForm, RemovalForm, WishForm
from .remarks import RemarkForm
from .tracked import TrackedForm

__all__ = [
    "MOST_OFFERED",
    "ActionForm",
    "AppearanceForm",
    "BulkDecisionForm",
    "BulkForm",
    "ChangeForm",
    "DelegationForm",
    "NoticesForm",
    "PasswordForm",
    "ProposalForm",
    "RemarkForm",
    "RemovalForm",
    "SystemField",
    "TrackedForm",
    "UserNameInput",
    "WishForm",
    "decision_verbs",
    "who_needs_comment",
]
