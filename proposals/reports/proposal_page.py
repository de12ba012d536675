"""All that the page of one proposal shows, read in a number of queries that does not depend on what
it asks.

What is one row or one list of names comes along as a column of the proposal itself: the policy in
force, the stewards, the flow and the data types as they were read and as they are wanted.
"""

from dataclasses import dataclass, field, replace

from django.db.models import F, Func, JSONField, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from simple_history.models import HistoricalRecords

from ..models import (
    DataType,
    Lifecycle,
    PhysicalFlow,
    PhysicalSpecification,
    Policy,
    Proposal,
    ProposalType,
    User,
    active_stewards,
)
from ..workflow import provisioning
from ..workflow.provisioning import Consequence, ImpactFacts
from .flow_picture import Picture, of_proposal, subject
from .neighbourhood import Sent, route_is_living, sent_along


class JsonList(Func):
    """Every value of a subquery as one JSON list; NULL or an empty list where there is none."""

    function = "JSON_GROUP_ARRAY"
    output_field = JSONField()

    def as_postgresql(self, compiler, connection, **more):
        return self.as_sql(compiler, connection, function="JSONB_AGG", **more)


@dataclass(frozen=True)
class ProposalDetails:
    """`subject` says what it is about, `types` are the names of the data types concerned. There is
    a `comparison` for an EDIT, and the rest while it is open or a draft.
    """

    subject: str
    types: list[str]
    comparison: list[tuple[str, str, str, bool]] = field(default_factory=list)
    consequences: list[Consequence] = field(default_factory=list)
    sent: Sent | None = None
    picture: Picture | None = None


def with_columns(proposals: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Each with what `proposal_details` needs of it, and with policy and stewards for its roles."""
    then = HistoricalRecords.m2m_models[PhysicalSpecification._meta.get_field("data_types")].objects
    was = PhysicalFlow.history.filter(pk=OuterRef("read_physical_flow_version"))
    present = DataType.objects.filter(
        specifications=OuterRef("concerned_physical_flow__specification")
    )
    return proposals.annotate(
        route_is_living=route_is_living(),
        policy_row=_row(
            Policy.objects.all(), [column.attname for column in Policy._meta.concrete_fields]
        ),
        steward_rows=_list(
            active_stewards(), JSONObject(id="pk", name="name", username="username")
        ),
        flow_then=_row(was, PhysicalFlow.ATTRIBUTES),
        types_then=_list(
            then.filter(history_id=OuterRef("read_specification_version")), F("datatype__name")
        ),
        types_now=_list(present, F("name")),
        types_wanted=_list(DataType.objects.filter(proposals=OuterRef("pk")), F("name")),
    )


def _row(rows: QuerySet, fields: list[str]) -> Subquery:
    return Subquery(rows.order_by().values(told=JSONObject(**{name: name for name in fields}))[:1])


def _list(rows: QuerySet, value) -> Subquery:
    return Subquery(rows.order_by().values(told=JsonList(value)))


def proposal_details(proposal: Proposal) -> ProposalDetails:
    """Of a proposal that came `with_columns`, its route, specification and the flow concerned. At
    most two queries.
    """
    proposal.policy = Policy(**proposal.policy_row)
    rows = sorted(proposal.steward_rows or [], key=lambda row: (row["name"], row["id"]))
    proposal.stewards = [User(**row) for row in rows]
    wanted, present = sorted(proposal.types_wanted or []), sorted(proposal.types_now or [])
    types = present if proposal.type == ProposalType.DELETE else wanted
    comparison = []
    if proposal.type == ProposalType.EDIT:
        was = PhysicalFlow(**proposal.flow_then)
        comparison = provisioning.comparison(was, proposal.types_then or [], proposal, wanted)
    known = ProposalDetails(subject(proposal), types, comparison)
    return known if proposal.is_closed else _open(proposal, known, types_change=wanted != present)


def _open(proposal: Proposal, known: ProposalDetails, types_change: bool) -> ProposalDetails:
    concerned = proposal.concerned_physical_flow
    specification = concerned.specification if concerned else proposal.specification
    sent = sent_along(proposal.source, proposal.target, specification)
    itself = 1 if concerned and concerned.lifecycle == Lifecycle.ACTIVE else 0
    facts = ImpactFacts(sent.of_route - itself, sent.of_specification - itself, types_change)
    return replace(
        known,
        sent=sent,
        consequences=provisioning.consequences(proposal, facts),
        picture=of_proposal(proposal, sent.along, facts.of_route),
    )
