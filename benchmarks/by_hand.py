"""The best SQL one would write by hand for what a page shows, and what the product answers.

Both have to say the same, or the benchmark stops. The queries know the policy that a new site has.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from proposals.models import LogicalFlow, PhysicalFlow, Proposal, Side, System, User, rights_on
from proposals.reports.neighbourhood import around_system, sent_along

INBOX_ROWS = 26  # one more than a page shows

# Systems for which somebody decides, themselves or as a delegate, and in whose place.
DECISIVE = """
WITH decided_for AS (
    SELECT %(me)s::bigint AS id, NULL::bigint AS only_system
    UNION ALL
    SELECT delegator_id, system_id FROM proposals_delegation
    WHERE delegate_id = %(me)s AND starts_at <= now() AND ends_at > now()
), decisive AS (
    SELECT DISTINCT part.system_id, part.user_id
    FROM decided_for
    JOIN proposals_user person ON person.id = decided_for.id AND person.is_active
    JOIN proposals_involvement part ON part.user_id = person.id AND part.ended_at IS NULL
        AND (decided_for.only_system IS NULL OR decided_for.only_system = part.system_id)
    JOIN proposals_system system ON system.id = part.system_id
    LEFT JOIN proposals_approverrule own
        ON own.involvement_kind_id = part.kind_id AND own.system_id = part.system_id
    LEFT JOIN proposals_approverrule general
        ON general.involvement_kind_id = part.kind_id AND general.system_id IS NULL
        AND general.system_kind = system.kind
    WHERE CASE WHEN own.id IS NOT NULL THEN own.may_approve OR own.may_reject
        ELSE (general.may_approve OR general.may_reject) AND NOT EXISTS (
            SELECT FROM proposals_approverrule named WHERE named.system_id = part.system_id)
        END
), waiting AS (
    SELECT proposal.id, proposal.submitted_at
    FROM decisive JOIN proposals_proposal proposal ON proposal.source_id = decisive.system_id
        AND proposal.state IN ('PENDING_APPROVALS', 'TARGET_APPROVED')
    WHERE proposal.maker_id NOT IN (%(me)s, decisive.user_id)
    UNION
    SELECT proposal.id, proposal.submitted_at
    FROM decisive JOIN proposals_proposal proposal ON proposal.target_id = decisive.system_id
        AND proposal.state IN ('PENDING_APPROVALS', 'SOURCE_APPROVED')
    WHERE proposal.maker_id NOT IN (%(me)s, decisive.user_id)
)
"""
INBOX = f"{DECISIVE} SELECT id FROM waiting ORDER BY submitted_at, id LIMIT {INBOX_ROWS}"
COUNT = f"{DECISIVE} SELECT count(*) FROM waiting"
DECIDERS = """
SELECT side.name, part.user_id FROM proposals_proposal proposal
CROSS JOIN LATERAL (VALUES
    ('SOURCE', proposal.source_id, proposal.state IN ('PENDING_APPROVALS', 'TARGET_APPROVED')),
    ('TARGET', proposal.target_id, proposal.state IN ('PENDING_APPROVALS', 'SOURCE_APPROVED'))
) side (name, system_id, is_undecided)
JOIN proposals_system system ON system.id = side.system_id
JOIN proposals_involvement part ON part.system_id = system.id AND part.ended_at IS NULL
JOIN proposals_user person ON person.id = part.user_id AND person.is_active
LEFT JOIN proposals_approverrule own
    ON own.involvement_kind_id = part.kind_id AND own.system_id = part.system_id
LEFT JOIN proposals_approverrule general
    ON general.involvement_kind_id = part.kind_id AND general.system_id IS NULL
    AND general.system_kind = system.kind
WHERE proposal.id = %(pk)s AND side.is_undecided AND part.user_id <> proposal.maker_id
    AND CASE WHEN own.id IS NOT NULL THEN own.may_approve
    ELSE general.may_approve AND NOT EXISTS (
        SELECT FROM proposals_approverrule named WHERE named.system_id = part.system_id)
    END
"""
DATA_TYPES = """
SELECT datatype_id FROM proposals_logicalflow_declared_data_types WHERE logicalflow_id = %(pk)s
UNION
SELECT carried.datatype_id FROM proposals_physicalflow sent
JOIN proposals_physicalspecification_data_types carried
    ON carried.physicalspecification_id = sent.specification_id
WHERE sent.logical_flow_id = %(pk)s AND sent.lifecycle = 'ACTIVE'
"""
SAME_SPECIFICATION = """
SELECT sent.id FROM proposals_physicalflow this
JOIN proposals_physicalflow sent ON sent.specification_id = this.specification_id
    AND sent.lifecycle = 'ACTIVE' AND sent.logical_flow_id <> this.logical_flow_id
WHERE this.id = %(pk)s ORDER BY sent.id LIMIT 7
"""
# Of each direction the 25 with most physical flows among the newest 200.
NEIGHBOURS = " UNION ALL ".join(
    f"""
(SELECT '{way}', newest.id FROM (
    SELECT id FROM proposals_logicalflow
    WHERE {end} = %(pk)s AND {other} <> %(pk)s AND lifecycle <> 'REMOVED'
    ORDER BY id DESC LIMIT 200
) newest
LEFT JOIN LATERAL (
    SELECT count(*) AS number FROM proposals_physicalflow sent
    WHERE sent.logical_flow_id = newest.id AND sent.lifecycle = 'ACTIVE'
) sent ON true
ORDER BY sent.number DESC, newest.id LIMIT 25)
"""
    for way, end, other in (
        ("into", "target_id", "source_id"),
        ("out", "source_id", "target_id"),
    )
)


@dataclass(frozen=True)
class ByHand:
    """`product()` gives the same rows, in whatever order."""

    sql: str
    params: dict[str, Any]
    product: Callable[[], list[tuple]]

    def run(self) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.params)
            return cursor.fetchall()

    def check(self) -> None:
        ours, theirs = sorted(self.product()), sorted(self.run())
        assert ours == theirs, f"The product says {ours}, and by hand it is {theirs}: {self.sql}"


def inbox(me: User) -> ByHand:
    def product() -> list[tuple]:
        waiting = Proposal.objects.awaiting(me).order_by("submitted_at", "pk")
        return list(waiting.values_list("pk")[:INBOX_ROWS])

    return ByHand(INBOX, {"me": me.pk}, product)


def count(me: User) -> ByHand:
    return ByHand(COUNT, {"me": me.pk}, lambda: [(Proposal.objects.awaiting(me).count(),)])


def decision(proposal: Proposal) -> ByHand:
    """Who may approve for which side that has not decided."""

    def product() -> list[tuple]:
        fresh = Proposal.objects.get(pk=proposal.pk)
        return [
            (str(side), right.user.pk)
            for side in Side
            if side in fresh.undecided_sides
            for right in rights_on(fresh, side)
            if right.may_approve and right.decider and not right.delegation
        ]

    return ByHand(DECIDERS, {"pk": proposal.pk}, product)


def flow(logical: LogicalFlow) -> ByHand:
    """What it carries."""
    return ByHand(
        DATA_TYPES, {"pk": logical.pk}, lambda: list(logical.data_types().values_list("pk"))
    )


def physical_flow(physical: PhysicalFlow) -> ByHand:
    """Where else its specification is sent."""

    def product() -> list[tuple]:
        route = physical.logical_flow
        sent = sent_along(route.source, route.target, physical.specification)
        return [(row.pk,) for row in sent.elsewhere]

    return ByHand(SAME_SPECIFICATION, {"pk": physical.pk}, product)


def system(one: System) -> ByHand:
    """What flows into it and out of it."""

    def product() -> list[tuple]:
        around = around_system(one)
        return [(way, row.pk) for way in ("into", "out") for row in around[way].flows]

    return ByHand(NEIGHBOURS, {"pk": one.pk}, product)
