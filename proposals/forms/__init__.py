"""What the browser sent, read and judged field by field; the rules of the workflow are judged by
its verbs.
"""

from .changing import ChangeForm, RemovalForm
from .deciding import ActionForm, BulkDecisionForm, BulkForm, decision_verbs, who_needs_comment
from .fields import MOST_OFFERED, SystemField, UserNameInput, focus_first
from .me import AppearanceForm, DelegationForm, NoticesForm, PasswordForm, TokenForm
from .proposing import ProposalForm, WishForm
from .remarks import RemarkForm
from .tracked import TrackedForm
from .webhooks import EndpointForm
from .weighed import OWN_FIELDS, WeighedLeavingForm, WeighedRightsForm, WhyInput
