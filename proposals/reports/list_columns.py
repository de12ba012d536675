"""What the files of the lists say: for each noun the header, and the rows of a queryset.

The rows are read some hundred at a time, so a file of any length takes the same memory and few
queries.
"""

from collections.abc import Iterable, Iterator

from django.db.models import QuerySet

from ..files.download import MOST_ROWS
from ..models import (
    LogicalFlow,
    Proposal,
    Side,
    System,
    deciders,
    label,
    pieces,
    prefetch_rights,
    value_in_words,
)

Table = tuple[list[str], Iterator[list]]
MOST = max(MOST_ROWS.values()) + 1  # one more shows that a file was cut


def proposals(listed: QuerySet[Proposal]) -> Table:
    header = [
        "Number",
        "Type",
        "State",
        "Source",
        "Source code",
        "Target",
        "Target code",
        "Data types",
    ]
    header += [
        "With a physical flow",
        "Specification",
        *[label(Proposal._meta.get_field(name)) for name in Proposal.ATTRIBUTES],
    ]
    header += ["Reason", "Justification", "Maker", "Submitted", "Due", "Closed"]
    header += ["Source waits for", "Target waits for", "In this state since"]
    header += ["Round", "First round"]
    chunks = pieces(listed.prefetch_related("data_types"), most=MOST)
    return header, (_proposal(row) for chunk in chunks for row in prefetch_rights(chunk))


def _proposal(row: Proposal) -> list:
    waits = {side: names(people) or "nobody can" for side, people in row.pending_approvers}
    specification = row.specification.name if row.specification else row.specification_name
    return [
        *(row.pk, row.get_type_display(), row.get_state_display()),
        *(
            row.source.name,
            row.source.code,
            row.target.name,
            row.target.code,
            names(row.data_types.all()),
        ),
        *(
            row.with_physical_flow,
            specification,
            *(value_in_words(row, name) for name in Proposal.ATTRIBUTES),
        ),
        *(
            row.reason,
            row.justification,
            row.maker,
        ),
        *(row.submitted_at, row.due_at, row.closed_at),
        *(waits.get(Side.SOURCE, ""), waits.get(Side.TARGET, ""), row.moved_at),
        *(row.round_number, row.first_round_id or row.pk),
    ]


def systems(listed: QuerySet[System]) -> Table:
    header = [
        "Code",
        "Name",
        "Kind",
        "External",
        "Organisational unit",
        "Lifecycle",
        "Flows in",
        "Flows out",
    ]
    return [*header, "Approvers"], (
        row for chunk in pieces(listed, most=MOST) for row in _systems(chunk)
    )


def _systems(chunk: list[System]) -> Iterator[list]:
    approvers: dict[int, list] = {}
    for row in deciders([system.pk for system in chunk]):
        if row.may_approve:
            approvers.setdefault(row.system_id, []).append(row.user)
    for system in chunk:
        yield [
            *(
                system.code,
                system.name,
                system.get_kind_display(),
                system.is_external,
                system.organisational_unit,
            ),
            *(
                system.get_lifecycle_display(),
                system.number_in,
                system.number_out,
                names(approvers.get(system.pk, [])),
            ),
        ]


def flows(listed: QuerySet[LogicalFlow]) -> Table:
    header = [
        "Source",
        "Source code",
        "Target",
        "Target code",
        "Lifecycle",
        "Data types",
        "Physical flows",
        "Consent",
    ]
    chunks = pieces(listed, most=MOST)
    return header, (_flow(row) for chunk in chunks for row in chunk)


def _flow(row: LogicalFlow) -> list:
    return [
        *(
            row.source.name,
            row.source.code,
            row.target.name,
            row.target.code,
            row.get_lifecycle_display(),
        ),
        *(names(row.carried), row.number_physical),
        "approved by both sides" if row.has_consent else "imported",
    ]


def names(things: Iterable) -> str:
    return ", ".join(dict.fromkeys(map(str, things)))
