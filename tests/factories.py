"""Small builders: each makes one valid thing and lets the test say only what matters to it."""

from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from proposals import workflow
from proposals.models import (
    ApproverRule,
    ChangeContext,
    DataType,
    Delegation,
    ImportBatch,
    Involvement,
    InvolvementKind,
    LogicalFlow,
    OrganisationalUnit,
    PhysicalFlow,
    PhysicalSpecification,
    Policy,
    Proposal,
    Reason,
    System,
    Token,
    User,
)
from proposals.models.tokens import Made

numbers = count(1)


def day(number: int, hour: int = 12) -> datetime:
    """Of a month long past, in which stories are told."""
    return datetime(2024, 3, number, hour, tzinfo=UTC)


def person(name: str = "", **fields) -> User:
    """Somebody not saved yet."""
    number = next(numbers)
    name = name or f"Person {number}"
    email = f"{name.lower().replace(' ', '.')}.{number}@example.com"
    made = User(**{"name": name, "email": email} | fields)
    made.follow_email()
    return made


def user(name: str = "", **fields) -> User:
    made = person(name, **fields)
    made.save()
    return made


def store(obj, *, by=None, why="", at, **many) -> None:
    """Save it with its history; an imported flow by its import, all else as if added directly."""
    batch = getattr(obj, "origin_batch", None)
    context = ChangeContext(by, at, why, batch=batch, direct=batch is None)
    context.store(obj, **many)


@transaction.atomic
def stored(rows: list) -> list:
    """All saved at once, each with its history."""
    type(rows[0]).objects.bulk_create(rows)
    ChangeContext(None, timezone.now(), "").record(rows, created=True)
    return rows


def system(name: str = "", **fields) -> System:
    number = next(numbers)
    return System.objects.create(
        **{"name": name or f"System {number}", "code": f"SYS-{number}"} | fields
    )


def unit(name: str) -> OrganisationalUnit:
    return OrganisationalUnit.objects.create(name=name, code=f"UNIT-{next(numbers)}")


def data_type(name: str = "", **fields) -> DataType:
    number = next(numbers)
    return DataType.objects.create(
        **{"name": name or f"Type {number}", "code": f"TYPE-{number}"} | fields
    )


def reason(name: str = "Regulation") -> Reason:
    return Reason.objects.get_or_create(name=name)[0]


def kind(name: str) -> InvolvementKind:
    return InvolvementKind.objects.get_or_create(name=name)[0]


def rule(
    name: str, approve: bool = True, reject: bool = True, system_kind="APPLICATION", system=None
) -> ApproverRule:
    return ApproverRule.objects.create(
        involvement_kind=kind(name),
        system_kind=system_kind,
        system=system,
        may_approve=approve,
        may_reject=reject,
    )


def part(person: User, system: System, kind: InvolvementKind, **fields) -> Involvement:
    """In a system, not saved yet."""
    long_ago = timezone.now() - timedelta(days=400)
    return Involvement(
        **{"user": person, "system": system, "kind": kind, "started_at": long_ago} | fields
    )


def involve(person: User, system: System, name: str = "Data Owner", **fields) -> Involvement:
    made = part(person, system, kind(name), **fields)
    made.save()
    return made


def token(owner: User, name: str = "nightly", days: int = 30, **scopes) -> Made:
    """A token that may propose, with the text that a program sends."""
    now = timezone.now()
    scopes = {"may_propose": True} | scopes
    made = Token(owner=owner, name=name, expires_at=now + timedelta(days=days), **scopes)
    return made.make(now)


def delegation(delegator: User, to: User, **fields) -> Delegation:
    """That runs, not saved yet."""
    now = timezone.now()
    running = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=1)}
    return Delegation(delegator=delegator, delegate=to, **running | fields)


def delegate(delegator: User, to: User, **fields) -> Delegation:
    made = delegation(delegator, to, **fields)
    made.save()
    return made


def policy(**fields) -> Policy:
    """The policy changed as an administrator does it, with its history."""
    changed = Policy.objects.get()
    for name, value in fields.items():
        setattr(changed, name, value)
    changed.save()
    return changed


@transaction.atomic
def remove_flows(*models: type) -> None:
    """Every living row of `models` removed, as a proposal would do it one by one."""
    for model in models:
        for row in model.objects.exclude(lifecycle="REMOVED"):
            row.remove()
            store(row, by=None, why="removed by a test", at=timezone.now())


def specification(owner: System, name: str = "", types=(), **fields) -> PhysicalSpecification:
    made = PhysicalSpecification(
        owner=owner, name=name or f"spec-{next(numbers)}.csv", format="FLAT_FILE", **fields
    )
    store(made, by=None, why="made by a test", at=timezone.now(), data_types=types)
    return made


WISH = {
    "specification_name": "trades.csv",
    "specification_format": "FLAT_FILE",
    "name": "",
    "transport": "FILE_TRANSPORT",
    "frequency": "DAILY",
    "basis_offset": 1,
    "criticality": "MEDIUM",
}
BARE = {field: None if field == "basis_offset" else "" for field in WISH} | {
    "with_physical_flow": False
}


def wish(**fields) -> Proposal:
    """A proposal never saved: what somebody wants."""
    return Proposal(**WISH | fields)


def edited(flow, by, at, **changes) -> Proposal:
    """An EDIT of `flow`, proposed by `by` at `at` and not decided."""
    wish = Proposal.change_of(PhysicalFlow.objects.get(pk=flow.pk), by)
    for field, value in ({"reason": reason()} | changes).items():
        setattr(wish, field, value)
    workflow.submit(wish, flow.specification.data_types.all(), by=by, at=at)
    return wish


def draft(maker: User, source: System, target: System, types=None, at=None, **fields) -> Proposal:
    fields.setdefault("reason", reason())
    proposal = wish(maker=maker, source=source, target=target, **fields)
    workflow.save_draft(proposal, [data_type()] if types is None else types, by=maker, at=at)
    return proposal


def proposed(
    maker: User, source: System, target: System, types=None, at=None, **fields
) -> Proposal:
    return workflow.propose(draft(maker, source, target, types, at, **fields), by=maker, at=at)


def cast(source: System, target: System, maker: User) -> SimpleNamespace:
    """People by their part. Data Owners approve and reject, Business Analysts reject only. Written
    in bulk: nearly every test has them.
    """
    people = SimpleNamespace(
        source_approver=person("Sam Source"),
        target_approver=person("Tess Target"),
        both=person("Bo Both"),
        rejecter=person("Rey Rejecter"),
        other=person("Otto Other"),
        steward=person("Stella Steward"),
        auditor=person("Ada Auditor", is_staff=True),
        superuser=person("Sue Superuser", is_superuser=True, is_staff=True),
        inactive=person("Ina Inactive", is_active=False),
        stranger=person("Stan Stranger"),
        delegate=person("Dee Delegate"),
        delegates_delegate=person("Dan Further"),
        makers_delegate=person("Moe Deputy"),
    )
    stored(list(vars(people).values()))
    people.maker = maker
    for member, group in [(people.steward, "Stewards"), (people.auditor, "Auditors")]:
        member.groups.add(Group.objects.get(name=group))
    owner, analyst = (
        rule("Data Owner").involvement_kind,
        rule("Business Analyst", approve=False).involvement_kind,
    )
    parts = [
        part(people.source_approver, source, owner),
        part(people.target_approver, target, owner),
    ]
    for side in (source, target):
        parts += [part(people.both, side, owner), part(people.inactive, side, owner)]
        parts.append(part(people.rejecter, side, analyst))
    stored([*parts, part(people.other, system("Archive"), owner)])
    chain = [
        (people.source_approver, people.delegate),
        (people.delegate, people.delegates_delegate),
    ]
    stored([delegation(*pair) for pair in [*chain, (people.maker, people.makers_delegate)]])
    return people


def source() -> System:
    return system("Ledger", code="LEDGER")


def target() -> System:
    return system("Risk Engine", code="RISK")


def maker() -> User:
    return user("Mia Maker")


def story(cast: SimpleNamespace, source: System, target: System) -> SimpleNamespace:
    """Proposed on day 1, approved on days 2 and 3; its criticality changed with consent on day
    5.
    """
    asked = {"name": "eod", "justification": "=HYPERLINK(1)", "reason": reason("Regulation")}
    create = proposed(cast.maker, source, target, [data_type("Trades")], at=day(1), **asked)
    workflow.approve(
        create,
        sides=["SOURCE"],
        by=cast.source_approver,
        comment="Ours, and fine.",
        at=day(2),
    )
    create = workflow.approve(create, sides=["TARGET"], by=cast.target_approver, at=day(3))
    edit = edited(create.result_physical_flow, cast.maker, day(4), criticality="HIGH")
    edit = workflow.approve(
        edit, sides=["SOURCE", "TARGET"], by=cast.both, comment="=1+1", at=day(5)
    )
    return SimpleNamespace(
        create=create,
        edit=edit,
        logical=create.result_logical_flow,
        physical=create.result_physical_flow,
        specification=create.result_specification,
    )


@transaction.atomic
def flow(
    source: System, target: System, physical: int = 0, spec: PhysicalSpecification | None = None
) -> LogicalFlow:
    """A logical flow an import brought, with so many physical flows, of one specification."""
    batch = ImportBatch.objects.first() or ImportBatch.objects.create(outcome="made by a test")
    origin = {"by": None, "why": f"Import {batch.pk}", "at": batch.at}
    made = LogicalFlow(source=source, target=target, origin_batch=batch)
    store(made, **origin, declared_data_types=[])
    spec = spec or (specification(source) if physical else None)
    attributes = {field: WISH[field] for field in PhysicalFlow.REQUIRED}
    for number in range(physical):
        sent = PhysicalFlow(
            logical_flow=made,
            specification=spec,
            name=f"run {number}",
            origin_batch=batch,
            **attributes,
        )
        store(sent, **origin)
    if physical:
        made.activate()
        store(made, **origin)
    return made
