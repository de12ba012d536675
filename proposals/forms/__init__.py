"""What the browser sent, read and judged field by field; the rules of the workflow are judged by
its verbs.
"""

from .deciding import ApprovalForm, BulkForm, CommentForm, DecisionForm, RejectionForm
from .fields import MOST_OFFERED, SystemField
from .me import DelegationForm, NoticesForm, PasswordForm
from .proposing import ChangeForm, ProposalForm, RemovalForm, WishForm
from .tracked import TrackedForm

__all__ = [
    "MOST_OFFERED",
    "ApprovalForm",
    "BulkForm",
    "ChangeForm",
    "CommentForm",
    "DecisionForm",
    "DelegationForm",
    "NoticesForm",
    "PasswordForm",
    "ProposalForm",
    "RejectionForm",
    "RemovalForm",
    "SystemField",
    "TrackedForm",
    "WishForm",
]
