"""Guards of the record: transitions and histories are appended to and nothing else, and what lives
agrees with them.
"""

from itertools import chain
from typing import Any

from django.contrib.auth.models import Group
from simple_history.models import HistoricalRecords

from ..models import (
    STEWARDS,
    ApproverRule,
    DataType,
    Delegation,
    ImportBatch,
    ImportedFile,
    Involvement,
    InvolvementKind,
    LedgerForm,
    LedgerLeaf,
    LedgerNode,
    LogicalFlow,
    Notice,
    OrganisationalUnit,
    PhysicalFlow,
    PhysicalSpecification,
    Policy,
    Proposal,
    Reason,
    Remark,
    State,
    System,
    Tracked,
    Transition,
    User,
)
from .guard import (
    AT_COMMIT,
    POSTGRESQL,
    Guard,
    columns,
    listed,
    name_of,
    never_deleted,
    never_replaced,
    not_now,
    quoted,
    table,
    written_now,
)

RECORD: list[Tracked] = [Proposal, LogicalFlow, PhysicalSpecification, PhysicalFlow, Policy]
CATALOGUE: list[Tracked] = [
    *(System, DataType, OrganisationalUnit, Reason, InvolvementKind),
    *(Involvement, ApproverRule, Delegation, User),
]
TRACKED = RECORD + CATALOGUE
REMARKS: list[Any] = [Remark, Remark.mentioned.through]
DELETABLE = [ApproverRule]
# Of the history rows of one object. A sum, since PostgreSQL would else walk backwards through all
# history rows until it meets one of that object: while an import writes, it does not know how many
# others there are.
NEWEST = "MAX({}.history_id + 0)"
KEEPS_ITS_ID: list[Any] = [*CATALOGUE, ImportBatch, ImportedFile, Notice, Group]


def histories() -> list[Tracked]:
    """The history tables, those of the many-to-many sets included."""
    return [model.history.model for model in TRACKED] + list(HistoricalRecords.m2m_models.values())


def appended_only(model: Any) -> list[Guard]:
    sentence = "The record is appended to and never changed."
    change = Guard(f"{name_of(model)}_unchanged", table(model), ("UPDATE",), "TRUE", sentence)
    return [change, never_deleted(model), never_replaced(model)]


def imports() -> list[Guard]:
    """What came in by which file stays as it was written, by the import itself."""
    batch = f"SELECT 1 FROM {table(ImportBatch)} b WHERE b.id = NEW.batch_id AND"
    late = Guard(
        "importedfile_of_a_running_import",
        table(ImportedFile),
        ("INSERT",),
        f"NOT EXISTS ({batch} {written_now('b')})",
        "A file belongs to the import that reads it.",
        POSTGRESQL,
        spares_owner=True,
    )
    return [guard for model in (ImportBatch, ImportedFile) for guard in appended_only(model)] + [
        late
    ]


def ledger() -> list[Guard]:
    """Leaves come one after the other."""
    before = f"SELECT 1 FROM {table(LedgerLeaf)} l WHERE l.number = NEW.number - 1"
    in_line = Guard(
        "ledgerleaf_next_in_line",
        table(LedgerLeaf),
        ("INSERT",),
        f"NEW.number <> 0 AND NOT EXISTS ({before})",
        "A leaf comes after the last one.",
    )
    appended = [appended_only(model) for model in (LedgerForm, LedgerLeaf, LedgerNode)]
    return [*chain.from_iterable(appended), in_line]


def keeps_its_id(model: Any) -> Guard:
    sentence = "Its number never changes: the record knows it by that."
    return Guard(
        f"{name_of(model)}_keeps_its_id",
        table(model),
        ("UPDATE",),
        "NEW.id <> OLD.id",
        sentence,
    )


def groups_keep_their_names() -> Guard:
    known = f"IN {listed([STEWARDS, 'Auditors'])}"
    return Guard(
        "group_keeps_its_name",
        table(Group),
        ("UPDATE",),
        f"NEW.name <> OLD.name AND (NEW.name {known} OR OLD.name {known})",
        "Who is a steward or an auditor is a matter of members, not of names.",
    )


def history_rows(model: Tracked) -> list[Guard]:
    """A history row is numbered by its sequence after the last of its object, dated within the
    transaction, and tells of a change in it.
    """
    past, name = table(model.history.model), name_of(model.history.model)
    given = f"pg_sequence_last_value(pg_get_serial_sequence('{past}', 'history_id')::regclass)"
    unnumbered = f"""NEW.history_id < 1 OR NEW.history_id > COALESCE({given}, 0) OR EXISTS (
        SELECT 1 FROM {past} h WHERE h.id = NEW.id AND h.history_id > NEW.history_id)"""
    unchanged = f"""NEW.history_type <> '-' AND NOT EXISTS (
        SELECT 1 FROM {table(model)} t WHERE t.id = NEW.id AND {written_now("t")})"""
    for field in sets_of(model):
        unchanged += f" AND NOT ({changed_in(field, 'NEW.history_id', 'NEW.id')})"
    return [
        Guard(
            f"{name}_numbered",
            past,
            ("INSERT",),
            unnumbered,
            "A history row comes after the last one, by the number its sequence gives.",
            POSTGRESQL,
        ),
        Guard(
            f"{name}_dated_now",
            past,
            ("INSERT",),
            not_now("NEW.history_date"),
            "A history row is dated when it is written.",
            POSTGRESQL,
            spares_owner=True,
        ),
        Guard(
            f"{name}_of_a_change",
            past,
            ("INSERT",),
            unchanged,
            "A history row tells of a change in its own transaction.",
            AT_COMMIT,
            spares_owner=True,
        ),
    ]


def sets_of(model: Tracked) -> list[Any]:
    return [field for field in HistoricalRecords.m2m_models if field.model is model]


def changed_in(field: Any, version: str, key: str) -> str:
    """The set is another in this history row (SQL) than in the one before."""
    past, related = table(HistoricalRecords.m2m_models[field]), field.m2m_reverse_name()
    before = f"""(SELECT {NEWEST.format("n")} FROM {table(field.model.history.model)} n
        WHERE n.id = {key} AND n.history_id < {version})"""
    one_way = f"""EXISTS (SELECT 1 FROM {past} k WHERE k.history_id = {{}} AND NOT EXISTS (
        SELECT 1 FROM {past} o WHERE o.history_id = {{}} AND o.{related} = k.{related}))"""
    return f"{one_way.format(version, before)} OR {one_way.format(before, version)}"


def by_whoever_moved() -> Guard:
    """At commit: of a draft it is the maker, of a step whoever took it."""
    moved = f"""EXISTS (SELECT 1 FROM {table(Transition)} t WHERE t.proposal_id = NEW.id
        AND t.to_state = NEW.state AND t.by_id IS NOT DISTINCT FROM NEW.history_user_id)"""
    return Guard(
        "past_proposal_by_whoever_moved",
        table(Proposal.history.model),
        ("INSERT",),
        f"""CASE WHEN NEW.state = {quoted(State.PROPOSED_CREATE)}
            THEN NEW.history_user_id IS DISTINCT FROM NEW.maker_id ELSE NOT {moved} END""",
        "Its history names somebody else than its maker, or than who took the step.",
        AT_COMMIT,
        invariant="I8",
    )


def agreeing_with_history(model: Tracked) -> list[Guard]:
    """At commit the newest history row of every row written says what the row says."""
    history = model.history.model
    tracked = [column for column in columns(history) if column in columns(model)]
    # A decision that is under way by a general rule, which a new one of the system takes the place
    # of, comes first: it holds the system.
    of_system = f"""{table(System)} s
        WHERE s.id = {{row}}.system_id AND TG_OP = 'INSERT' FOR NO KEY UPDATE"""
    # Not =, which is never true of two nulls.
    same = " AND ".join(f"h.{column} IS NOT DISTINCT FROM t.{column}" for column in tracked)
    newest = f"SELECT {NEWEST.format(table(history))} FROM {table(history)} WHERE id = {{row}}.id"
    refused = f"""NOT EXISTS (SELECT 1 FROM {table(model)} t
        JOIN {table(history)} h ON h.history_id = ({newest})
        WHERE t.id = {{row}}.id AND h.history_type <> '-' AND {same})"""
    events: tuple[str, ...] = ("INSERT", "UPDATE")
    if model in DELETABLE:
        gone = f"""EXISTS (SELECT 1 FROM {table(history)} h
            WHERE h.history_id = ({newest}) AND h.history_type = '-')"""
        there = f"EXISTS (SELECT 1 FROM {table(model)} t WHERE t.id = {{row}}.id)"
        refused += f" AND NOT ({gone} AND NOT {there})"
        events += ("DELETE",)
    sentence = "Its newest history row does not say what it says."
    return [
        Guard(
            f"{name_of(where)}_agrees_with_history",
            table(where),
            events,
            refused,
            sentence,
            AT_COMMIT,
            invariant="I8" if where is model else "",
            spares_owner=model not in RECORD,
            held=(of_system,) if where is ApproverRule else (),
        )
        for where, events in ((model, events), (history, ("INSERT",)))
    ]


def sets_agreeing_with_history(field: Any) -> list[Guard]:
    """At commit the newest history row knows the same set; a row of an older version is never
    added, and none is turned into another.
    """
    model, live, past = field.model, field.remote_field.through, HistoricalRecords.m2m_models[field]
    history, owner = model.history.model, field.m2m_column_name()
    sentence = "Its newest history row does not know this set."
    version = f"""SELECT 1 FROM {table(history)} h WHERE h.history_id = NEW.history_id
        AND h.id = NEW.{owner} AND {written_now("h")} AND NOT EXISTS (
            SELECT 1 FROM {table(history)} x WHERE x.id = h.id AND x.history_id > h.history_id)"""

    def known(name: str, where: type, events: tuple[str, ...], key: str) -> Guard:
        refused = unknown_to_history(field, key)
        return Guard(f"{name_of(where)}_{name}", table(where), events, refused, sentence, AT_COMMIT)

    return [
        known("known_to_history", live, ("INSERT", "DELETE"), f"{{row}}.{owner}"),
        known("with_its_set", history, ("INSERT",), "NEW.id"),
        known("whole", past, ("INSERT",), f"NEW.{owner}"),
        Guard(
            f"{name_of(past)}_in_time",
            table(past),
            ("INSERT",),
            f"NOT EXISTS ({version})",
            "What a history row knows is written with it, and never added later.",
            POSTGRESQL,
        ),
        Guard(
            f"{name_of(live)}_never_swapped",
            table(live),
            ("UPDATE", "TRUNCATE"),
            "TRUE",
            "Members of a set are added and taken away, never swapped.",
        ),
        never_replaced(live),
    ]


def unknown_to_history(field: Any, key: str) -> str:
    """The set of the row with this key (SQL) is not the one its newest history row has."""
    live, past = table(field.remote_field.through), table(HistoricalRecords.m2m_models[field])
    owner, related = field.m2m_column_name(), field.m2m_reverse_name()
    history = table(field.model.history.model)
    newest = f"(SELECT {NEWEST.format('n')} FROM {history} n WHERE n.id = {key})"
    return f"""EXISTS (SELECT 1 FROM {live} x WHERE x.{owner} = {key} AND NOT EXISTS (
            SELECT 1 FROM {past} k WHERE k.history_id = {newest} AND k.{related} = x.{related}))
        OR EXISTS (SELECT 1 FROM {past} k WHERE k.history_id = {newest} AND NOT EXISTS (
            SELECT 1 FROM {live} x WHERE x.{owner} = {key} AND x.{related} = k.{related}))"""


def guards() -> list[Guard]:
    each: list[list[Guard]] = [
        *(appended_only(model) for model in [Transition, *REMARKS, *histories()]),
        *(history_rows(model) for model in TRACKED),
        *(agreeing_with_history(model) for model in TRACKED),
        *(sets_agreeing_with_history(field) for field in HistoricalRecords.m2m_models),
        [by_whoever_moved()],
        imports(),
        ledger(),
        [keeps_its_id(model) for model in KEEPS_ITS_ID],
        [groups_keep_their_names()],
    ]
    return list(chain.from_iterable(each))
