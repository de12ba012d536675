"""What a fully approved proposal does to the register, and whether it still can.

Everything here runs inside the transaction of a verb of `verbs.py`, which has locked both systems
and records who, when and why. Each type of proposal has its module with `check_submission`, `apply`
and `consequences`; a new type is a line of KINDS.
"""

from collections.abc import Iterable
from types import ModuleType

from ...errors import Invalid
from ...models import ChangeContext, DataType, Proposal, ProposalType
from . import change, create, remove
from .common import Consequence, ImpactFacts
from .create import add_further, consent_for_more

KINDS: dict[str, ModuleType] = {
    ProposalType.CREATE: create,
    ProposalType.EDIT: change,
    ProposalType.DELETE: remove,
}


def check_start(proposal: Proposal) -> None:
    """Refuses (Conflict) an EDIT or DELETE that could not be submitted whatever its maker wrote."""
    KINDS[proposal.type].check_start(proposal)


def check_submission(proposal: Proposal, types: Iterable[DataType]) -> None:
    """Refuses (Invalid, Conflict) what could not be applied if both sides agreed at once, and what
    repeats another. `types` are its data types, which of one not saved are nowhere else.
    """
    lacking = _lacking_reason(proposal)
    try:
        KINDS[proposal.type].check_submission(proposal, types)
    except Invalid as wrong:
        # Together, so that its maker reads at once all that is still to do.
        raise Invalid(wrong.sentence, **wrong.fields, **lacking) from None
    if lacking:
        raise Invalid(**lacking)


def lacking(proposal: Proposal, types: Iterable[DataType]) -> dict[str, str]:
    """What the maker of a CREATE must still write, whatever else is wrong with it: field ->
    sentence.
    """
    return create.lacking(proposal, types) | _lacking_reason(proposal)


def _lacking_reason(proposal: Proposal) -> dict[str, str]:
    if proposal.reason is None:
        return {"reason": "Choose a reason."}
    if not proposal.reason.is_active:
        return {"reason": f"The reason “{proposal.reason}” is no longer offered. Choose another."}
    return {}


def apply(proposal: Proposal, context: ChangeContext) -> None:
    """Bring into the register what both sides agreed to, and set the proposal's results (unsaved).

    Everything is judged anew: Conflict with the cause if it no longer holds.
    """
    KINDS[proposal.type].apply(proposal, context)


def consequences(proposal: Proposal, known: ImpactFacts | None = None) -> list[Consequence]:
    """What the register will be after full approval, as things stand: one sentence each, for those
    who decide.

    `known` is what they depend on, where it has been read already.
    """
    return KINDS[proposal.type].consequences(proposal, known)
