"""A further physical flow, straight from a maker, under a consent that stands."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from ..errors import NoRight
from ..models import (
    ChangeContext,
    DataType,
    LaterPhysicalFlows,
    LogicalFlow,
    PhysicalFlow,
    Policy,
    Proposal,
    User,
    lock_person,
    lock_rights,
)
from . import notices, provisioning
from .retry import retrying_transaction


@retrying_transaction
def add_physical_flow(
    flow: LogicalFlow,
    wish: Proposal,
    data_types: Iterable[DataType],
    *,
    by: User,
    at: datetime | None = None,
) -> PhysicalFlow:
    """A further physical flow, straight from a maker, on a logical flow that is approved and not
    removed.

    `wish` is a proposal never saved: its attributes and its existing or new specification,
    `data_types` those of a new one. Refused as a CREATE of the same content would be, and where the
    policy asks for a proposal.
    """
    lock_person(by, lock_rights([flow.source_id, flow.target_id]))
    refuse_further(flow, by=by)
    why = f"Further physical flow added by {by}"
    context = ChangeContext(by, at or timezone.now(), why, direct=True)
    physical = provisioning.add_further(flow, wish, list(data_types), context)
    notices.tell_of_addition(physical, by=by, at=context.at)
    return physical


def refuse_further(flow: LogicalFlow, *, by: User) -> None:
    """Raise why `flow` takes no further physical flow straight from `by`, if it does not."""
    if not by.is_active:
        raise NoRight("Your account is not active.")
    if Policy.in_force().later_physical_flows == LaterPhysicalFlows.PROPOSAL:
        raise NoRight("The policy asks for a proposal for every further physical flow.")
    provisioning.consent_for_more(flow)
