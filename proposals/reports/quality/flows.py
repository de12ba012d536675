"""Flows nobody has said enough about, and flows that carry what nobody should propose any more."""

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from ...models import (
    DataType,
    FlowLifecycle,
    LaterPhysicalFlows,
    LogicalFlow,
    PhysicalFlow,
    Policy,
    Proposal,
    ProposalType,
    State,
    User,
)
from ..sentences import Called, Parts, in_words, listed
from .common import Line, Question, Remedy, Row, asked_for, propose


def consented_at() -> Subquery:
    """When both sides last agreed to a logical flow."""
    consents = Proposal.objects.filter(
        result_logical_flow=OuterRef("pk"), type=ProposalType.CREATE, state=State.FULLY_APPROVED
    )
    return Subquery(consents.order_by("-closed_at").values("closed_at")[:1])


class FlowQuestion(Question):
    """A question about logical flows; their age counts from the newest consent, or from the
    import.
    """

    of = "living flows"
    noun = "flow"
    since_label = "In the register since"
    since_means = (
        "Since both sides last agreed to it; where they never did, since its import. "
        "Those that entered the register first come first."
    )
    systems = ["source", "target"]

    def population(self) -> QuerySet:
        return LogicalFlow.objects.living()

    def dated(self, flows: QuerySet) -> QuerySet:
        return flows.annotate(
            since=Coalesce(consented_at(), "origin_batch__at", "origin_proposal__closed_at")
        )

    def rows(self) -> QuerySet:
        return (
            super()
            .rows()
            .with_consent()
            .annotate(open_proposal_id=asked_for(source="source", target="target"))
        )

    def line(self, flow: Row, about: Parts | str, remedies: list[Remedy]) -> Line:
        codes = [Called(system, system.code) for system in (flow.source, flow.target)]
        gone = flow.removed_ends
        note = f"{gone[0].name} has been removed, so its flows can only be removed." if gone else ""
        remedies = [] if flow.open_proposal_id else remedies
        return Line(
            str(flow),
            flow.get_absolute_url(),
            listed(codes, " → "),
            about,
            flow.since,
            remedies,
            note,
            flow.open_proposal_id,
        )


class WithoutPhysicalFlow(FlowQuestion):
    slug = "flows-without-physical-flow"
    title = "Flows without a physical flow"
    short = "No physical flow"
    hint = "The register says that data flows, and not what, how or when."
    header = ["Source", "Source code", "Target", "Target code", "Consent", "Open proposal"]

    def matches(self) -> QuerySet:
        return self.dated(LogicalFlow.objects.filter(lifecycle=FlowLifecycle.PENDING))

    def lines(self, rows: list, user: User) -> list[Line]:
        direct = Policy.in_force().later_physical_flows == LaterPhysicalFlows.DIRECT
        return [self.line(flow, self._consent(flow), self._remedies(flow, direct)) for flow in rows]

    def _remedies(self, flow: Row, direct: bool) -> list[Remedy]:
        removal = Remedy("Propose its removal", reverse("flow-remove", args=[flow.pk]))
        if flow.source_id == flow.target_id or flow.removed_ends:
            return [removal]
        if flow.has_consent and direct:
            return [
                Remedy("Add a physical flow", reverse("physical-flow-new", args=[flow.pk])),
                removal,
            ]
        return [
            Remedy("Propose a physical flow", propose(flow.source, target=flow.target_id)),
            removal,
        ]

    def _consent(self, flow: Row) -> str:
        return "Approved by both sides" if flow.has_consent else "Imported"

    def csv_row(self, flow: Row) -> list:
        return [*route(flow), self._consent(flow), flow.open_proposal_id]


class UnfitDataTypes(FlowQuestion):
    slug = "unfit-data-types"
    title = "Flows with unknown or deprecated data types"
    short = "Unknown or deprecated types"
    hint = "What they carry is not known yet, or should be replaced."
    header = [
        "Source",
        "Source code",
        "Target",
        "Target code",
        "Unknown or deprecated",
        "Open proposal",
    ]

    def matches(self) -> QuerySet:
        unfit = DataType.objects.exclude(pk__in=DataType.objects.proposable())
        types = list(unfit.order_by().values_list("pk", flat=True))
        flows = LogicalFlow.objects.living().carrying(types, PhysicalFlow.objects.active())
        return self.dated(flows)

    def rows(self) -> QuerySet:
        unfit = DataType.objects.exclude(pk__in=DataType.objects.proposable())
        active = (
            PhysicalFlow.objects.active().filter(specification__data_types__in=unfit).distinct()
        )
        carried = Prefetch("specification__data_types", unfit, to_attr="unfit")
        sent = Prefetch(
            "physical_flows",
            active.select_related("specification").prefetch_related(carried),
            to_attr="sent",
        )
        return (
            super()
            .rows()
            .prefetch_related(Prefetch("declared_data_types", unfit, to_attr="unfit"), sent)
        )

    def lines(self, rows: list, user: User) -> list[Line]:
        policy = Policy.in_force()
        return [self.line(flow, self._carried(flow), self._remedies(flow, policy)) for flow in rows]

    def _carried(self, flow: Row) -> Parts:
        declared = [[*_marked(flow.unfit), " on the flow itself"]] if flow.unfit else []
        specifications = dict.fromkeys(row.specification for row in flow.sent)
        described = [[*_marked(one.unfit), " in ", one] for one in specifications]
        return listed([*declared, *described], "; ")

    def _remedies(self, flow: Row, policy: Policy) -> list[Remedy]:
        label, page = "Propose other data types", "physical-flow-edit"
        if flow.removed_ends:
            label, page = "Propose its removal", "physical-flow-remove"
        fragment = None if flow.removed_ends else "field-data_types"
        changes = [
            Remedy(
                f"{label}: {row}" if flow.sent[1:] else label,
                reverse(page, args=[row.pk], fragment=fragment),
            )
            # More are on the page of the flow.
            for row in flow.sent[:3]
        ]
        return [*self._declared_anew(flow, policy), *changes]

    def _declared_anew(self, flow: Row, policy: Policy) -> list[Remedy]:
        """What the flow itself declares is replaced when the route is proposed with other types. No
        route from a system to itself can be: it goes.
        """
        if not flow.unfit:
            return []
        if flow.source_id != flow.target_id and not flow.removed_ends:
            bare = {} if policy.physical_flow_required else {"bare": 1}
            label = "Propose other data types" + (" on the flow itself" if flow.sent else "")
            return [Remedy(label, propose(flow.source, target=flow.target_id, **bare))]
        if flow.lifecycle != FlowLifecycle.PENDING:
            return []
        return [Remedy("Propose its removal", reverse("flow-remove", args=[flow.pk]))]

    def csv_row(self, flow: Row) -> list:
        return [*route(flow), in_words(self._carried(flow)), flow.open_proposal_id]


def _marked(types: list[DataType]) -> Parts:
    return listed([row, " (deprecated)" if row.is_deprecated else " (unknown)"] for row in types)


def route(flow: Row) -> list[str]:
    return [flow.source.name, flow.source.code, flow.target.name, flow.target.code]
