"""What the database asks of each row of a proposal, and the indexes that its lists are read by."""

from django.db import models
from django.db.models import F, Q

from .fields import OneOf
from .flow_attributes import attribute_checks
from .register import Format
from .states import DRAFT, Side, State, end_states, open_states, states, undecided_states

OPEN, END = open_states(), end_states()

CONSTRAINTS: list[models.BaseConstraint] = [
    *attribute_checks("proposal", filled=Q(submitted_at__isnull=False, with_physical_flow=True)),
    OneOf(condition=Q(state__in=states()), name="proposal_state"),
    OneOf(
        condition=Q(specification_format__in=["", *Format.values]),
        name="proposal_specification_format",
    ),
    models.CheckConstraint(
        condition=~Q(type="CREATE") | ~Q(source=F("target")),
        name="proposal_create_between_two_systems",
    ),
    models.CheckConstraint(
        condition=Q(type="CREATE", concerned_physical_flow=None, concerned_logical_flow=None)
        | Q(type="EDIT", concerned_physical_flow__isnull=False, concerned_logical_flow=None)
        | Q(
            type="DELETE",
            concerned_physical_flow__isnull=False,
            concerned_logical_flow=None,
        )
        | Q(
            type="DELETE",
            concerned_physical_flow=None,
            concerned_logical_flow__isnull=False,
        ),
        name="proposal_names_the_flow_concerned",
    ),
    models.CheckConstraint(
        condition=Q(state__in=[DRAFT, State.CANCELLED], submitted_at=None, due_at=None)
        | (
            Q(submitted_at__isnull=False, due_at__isnull=False, reason__isnull=False)
            & ~Q(state=DRAFT)
            & ~Q(content_key="")
        ),
        name="proposal_complete_when_submitted",
    ),
    models.CheckConstraint(
        condition=Q(submitted_at=None)
        | ~Q(type="CREATE")
        | Q(with_physical_flow=False, specification=None, specification_name="")
        | (Q(with_physical_flow=True) & ~Q(specification=None, specification_name=""))
        & (Q(specification=None) | Q(specification_name="")),
        name="proposal_names_one_specification",
    ),
    models.CheckConstraint(
        condition=Q(state__in=END, closed_at__isnull=False)
        | (~Q(state__in=END) & Q(closed_at=None)),
        name="proposal_closed_in_end_states",
    ),
    models.CheckConstraint(
        condition=Q(state=State.FULLY_APPROVED, result_logical_flow__isnull=False)
        | (
            ~Q(state=State.FULLY_APPROVED)
            & Q(
                result_logical_flow=None,
                result_specification=None,
                result_physical_flow=None,
            )
        ),
        name="proposal_results_when_fully_approved",
    ),
    models.CheckConstraint(
        condition=Q(revises=None, first_round=None, round_number=1)
        | Q(revises__isnull=False, first_round__isnull=False, round_number__gt=1),
        name="proposal_round_of_another",
    ),
    # A draft that was given up is no round: its maker may begin the round anew.
    models.UniqueConstraint(
        fields=["revises"],
        condition=~Q(state=State.CANCELLED) | Q(submitted_at__isnull=False),
        name="proposal_revised_once",
    ),
    models.UniqueConstraint(
        fields=["content_key"],
        condition=Q(type="CREATE", state__in=OPEN),
        name="proposal_no_open_twin",
    ),
    models.UniqueConstraint(
        fields=["concerned_physical_flow"],
        condition=Q(type__in=["EDIT", "DELETE"], state__in=OPEN),
        name="proposal_one_open_change_per_physical_flow",
    ),
    models.UniqueConstraint(
        fields=["concerned_logical_flow"],
        condition=Q(type="DELETE", state__in=OPEN),
        name="proposal_one_open_removal_per_logical_flow",
    ),
]

INDEXES = [
    models.Index(
        fields=["source", "submitted_at", "id"],
        condition=Q(state__in=undecided_states(Side.SOURCE)),
        name="proposal_waiting_for_source",
    ),
    models.Index(
        fields=["target", "submitted_at", "id"],
        condition=Q(state__in=undecided_states(Side.TARGET)),
        name="proposal_waiting_for_target",
    ),
    # A maker's own, however many were agreed long ago.
    models.Index(
        fields=["maker", "-id"],
        condition=~Q(state=State.FULLY_APPROVED),
        name="proposal_not_agreed_of_maker",
    ),
    # With the id: a file submits thousands at one moment.
    models.Index(
        fields=["submitted_at", "id"], condition=Q(state__in=OPEN), name="proposal_open_by_waiting"
    ),
    models.Index(fields=["due_at", "id"], condition=Q(state__in=OPEN), name="proposal_open_by_due"),
    models.Index(fields=["source", "id"], condition=Q(state__in=OPEN), name="proposal_open_source"),
    models.Index(fields=["target", "id"], condition=Q(state__in=OPEN), name="proposal_open_target"),
    # Along one route from a hub.
    models.Index(
        fields=["source", "target", "id"], condition=Q(state__in=OPEN), name="proposal_open_route"
    ),
    # What is rare among the newest; of the others a page is soon full.
    models.Index(
        fields=["state", "-id"],
        condition=~Q(state=State.FULLY_APPROVED),
        name="proposal_newest_in_state",
    ),
    models.Index(
        fields=["type", "-id"],
        condition=~Q(type="CREATE"),
        name="proposal_newest_of_type",
    ),
]
