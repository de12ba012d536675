"""What the browser sent, read and judged field by field; the rules of the workflow are judged by its verbs."""

from .deciding import ApprovalForm, BulkForm, CommentForm, DecisionForm, RejectionForm
from .fields import SystemField
from .me import DelegationForm, NoticesForm
from .proposing import ChangeForm, ProposalForm, RemovalForm, WishForm

__all__ = [
    "ApprovalForm",
    "BulkForm",
    "ChangeForm",
    "CommentForm",
    "DecisionForm",
    "DelegationForm",
    "NoticesForm",
    "ProposalForm",
    "RejectionForm",
    "RemovalForm",
    "SystemField",
    "WishForm",
]
