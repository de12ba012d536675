"""The only import path of the models."""

from .catalogue import (
    DataType,
    ImportBatch,
    ImportedFile,
    OrganisationalUnit,
    System,
    SystemKind,
    SystemLifecycle,
)
from .copying import insert
from .delegations import delegations_of
from .display import in_file, label, question_about_offset, said, value_in_words
from .fields import (
    FoldedField,
    FreeTextInput,
    LineInput,
    VersionInput,
    derived_fields,
    key_in,
    renew_derived,
)
from .flow_attributes import (
    FLOW_ATTRIBUTES,
    Attribute,
    Criticality,
    FlowAttributes,
    Frequency,
    Transport,
)
from .history import Cause, CausedHistory, ChangeContext, HistoryRow, Tracked, types_of
from .involvements import ApproverRule, Delegation, Involvement, InvolvementKind, extent_of
from .ledger import LEVELS, LedgerForm, LedgerLeaf, LedgerNode
from .moments import (
    EARLIEST,
    LATEST,
    DayInput,
    MomentField,
    MomentInput,
    SplitMomentInput,
    moment_of,
    other_reading,
    zones,
)
from .notices import Notice
from .passes import PassResult, RightsChange
from .people import LAST_ADMINISTRATOR, Notices, User
from .policy import LaterPhysicalFlows, MakerDecides, Policy, Reason, SideWithoutApprover
from .proposal import Offer, Proposal, ProposalType
from .reading import (
    among,
    among_ids,
    has_one,
    ids_of,
    is_looked_up,
    is_walked,
    pieces,
    pieces_of_values,
    reading_by_cursor,
)
from .register import (
    FlowLifecycle,
    Format,
    Lifecycle,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    types_carried,
)
from .remarks import TOPICS, Remark, topic_label
from .rights import (
    STEWARDS,
    STEWARDSHIPS,
    Basis,
    Decider,
    Right,
    RightsContext,
    able_to_approve,
    active_stewards,
    decidable_by,
    deciders,
    decisive_involvements,
    evidence,
    rights_on,
)
from .rights_locks import lock_person, lock_rights
from .rights_of_many import missing_stewards, prefetch_rights, systems_of
from .roles import Approver, Maker, on_submission
from .saved_views import SavedList, SavedView
from .search import (
    ARROW,
    LONGEST,
    containing,
    fill_search_texts,
    found_in,
    index_search_texts,
    outdated_search_texts,
    plain_numbers,
    proposal_number,
    refresh_named_in,
    renew_search_texts,
    search_text,
    words,
)
from .states import (
    Action,
    ProposalStates,
    Side,
    State,
    Verb,
    actions,
    end_states,
    kinds_of_events,
    open_states,
    rows,
    states,
    states_reached_by,
    undecided_states,
    verbs,
)
from .submissions import Receipt
from .text import clean, clean_lines, folded, same
from .tokens import LONGEST_DAYS, Scope, Token
from .transitions import Transition
from .trees import above, lineages, with_below
from .uploads import Outcome, Upload, UploadedFile, UploadedRow, UploadKind, UploadState
from .watches import Watch
from .webhooks import DeliveryState, WebhookDelivery, WebhookEndpoint
