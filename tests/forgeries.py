"""What a careful forger with the application's account writes, and what comes of it.

Unlike the attacks on single guards, each leaves everything else as it has to be: the transition has
its state and its history, the change its history row. The scene is committed before, so each begins
with a transaction of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from simple_history.models import HistoricalRecords

from .attacks import MOVED, NEWEST_POLICY, NOW, copied, step, update

DENIED = "permission denied"  # by PostgreSQL itself, for lack of a grant
AUDIT = "audit"  # passes, and verify_audit names it
INHERENT = "inherent"  # passes as what it is: something the account may do, told by the record


@dataclass(frozen=True)
class Forgery:
    """`outcome` is the name of the guard that refuses it, or one of the words above; `why` says of
    what passes why it may.
    """

    kind: str
    name: str
    sql: str
    outcome: str
    why: str = ""


def historical(table: str) -> tuple:
    """(model, its history model) of a table of the project."""
    model = next(m for m in apps.get_models() if m._meta.db_table == f"proposals_{table}")
    return model, model.history.model


def newest(table: str, key: str) -> str:
    return f"(SELECT MAX(history_id) FROM proposals_historical{table} WHERE id = {key})"


def recorded(table: str, key: str, **written: str) -> str:
    """The history row, with its sets, that the row as it reads now would have been given; but for
    what is `written` in it (SQL).
    """
    model, history = historical(table)
    own = {field.column for field in model._meta.local_concrete_fields}
    row = {
        field.column: field.column
        for field in history._meta.local_concrete_fields
        if field.column in own
    }
    row |= {"history_date": NOW, "history_type": "'~'"} | written
    columns, values = ", ".join(row), ", ".join(row.values())
    rows = [
        f"INSERT INTO proposals_historical{table} ({columns}) "
        f"SELECT {values} FROM proposals_{table} WHERE id = {key}"
    ]
    for field, past in HistoricalRecords.m2m_models.items():
        if field.model is model:
            live, owner = field.remote_field.through._meta.db_table, field.m2m_column_name()
            names = f"id, {owner}, {field.m2m_reverse_name()}"
            rows.append(
                f"INSERT INTO {past._meta.db_table} (history_id, {names}) "
                f"SELECT {newest(table, key)}, {names} FROM {live} WHERE {owner} = {key}"
            )
    return "; ".join(rows)


def of_proposal(key: str, by: str) -> dict[str, str]:
    """What a history row says that a proposal caused."""
    return {"cause": "'PROPOSAL'", "cause_proposal_id": key, "history_user_id": by}


def decided(by: str = "{source_approver}", **changes: str) -> str:
    """The source of the waiting proposal is approved, with all that belongs to it."""
    written = recorded("proposal", "{waiting}", **of_proposal("{waiting}", by))
    return f"{step(by_id=by, **changes)}; {MOVED}; {written}"


def changed(table: str, key: str, written: dict[str, str] | None = None, **values: str) -> str:
    """A row changed with its history."""
    return f"{update(table, key, **values)}; {recorded(table, key, **(written or {}))}"


def added(table: str, key: str, written: dict[str, str] | None = None, **values: str) -> str:
    """A copy of the row with `key`, with its history."""
    history = {"history_type": "'+'"} | (written or {})
    return f"{copied(table, key, **values)}; {recorded(table, last(table), **history)}"


def last(table: str) -> str:
    return f"(SELECT MAX(id) FROM proposals_{table})"


SAMS_PART = (
    "(SELECT MAX(id) FROM proposals_involvement "
    "WHERE user_id = {source_approver} AND system_id = {source})"
)
ANALYSTS_RULE = "(SELECT MAX(id) FROM proposals_approverrule WHERE NOT may_approve)"
TO_OTHER = {"delegator_id": "{source_approver}", "delegate_id": "{other}"}
THROUGH = {
    "on_behalf_of_id": "{source_approver}",
    "delegation_id": "(SELECT MAX(history_id) FROM proposals_historicaldelegation)",
}
AS_STEWARD = {
    "basis": "'STEWARD'",
    "involvement_id": "NULL",
    "rule_id": "NULL",
    "stewardship_id": "(SELECT MAX(m2m_history_id) FROM proposals_historicaluser_groups)",
}
JOINED = (
    "INSERT INTO proposals_user_groups (user_id, group_id) "
    f"SELECT {{other}}, id FROM auth_group WHERE name = 'Stewards'; {recorded('user', '{other}')}"
)
LEFT = f"DELETE FROM proposals_user_groups WHERE user_id = {{other}}; {recorded('user', '{other}')}"
INVOLVED = added("involvement", SAMS_PART, user_id="{other}")
UNINVOLVED = changed("involvement", last("involvement"), ended_at=NOW)
LENT = added("delegation", last("delegation"), **TO_OTHER)
TAKEN_BACK = changed("delegation", last("delegation"), ends_at=NOW)
BY_OTHER = decided("{other}")


def policy_to(value: str) -> str:
    return changed("policy", "1", maker_decides=f"'{value}'")


def for_a_moment() -> Iterator[tuple[str, str]]:
    """Something that gives a right, changed in the transaction that decides."""
    under_waltz = decided(policy_id=NEWEST_POLICY)
    by_maker = decided("{maker}", policy_id=NEWEST_POLICY)
    maker_involved = added("involvement", SAMS_PART, user_id="{maker}")
    yield "WALTZ", f"{maker_involved}; {policy_to('WALTZ')}; {by_maker}; {policy_to('NEVER')}"
    yield "WALTZ stays", f"{maker_involved}; {policy_to('WALTZ')}; {by_maker}"
    pretended = recorded("policy", "1", maker_decides="'WALTZ'")
    yield "history of WALTZ alone", f"{pretended}; {under_waltz}; {recorded('policy', '1')}"
    yield "involved", f"{INVOLVED}; {BY_OTHER}"
    yield "involved and no longer", f"{INVOLVED}; {BY_OTHER}; {UNINVOLVED}"
    in_savepoint = f"SAVEPOINT tried; {INVOLVED}; RELEASE SAVEPOINT tried"
    yield "involved in a savepoint", f"{in_savepoint}; {BY_OTHER}; {UNINVOLVED}"
    allowed, forbidden = (
        changed("approverrule", ANALYSTS_RULE, may_approve=may) for may in ("TRUE", "FALSE")
    )
    yield "analysts approve", f"{allowed}; {decided('{rejecter}')}; {forbidden}"
    yield "lent", f"{LENT}; {decided('{other}', **THROUGH)}"
    yield "lent and taken back", f"{LENT}; {decided('{other}', **THROUGH)}; {TAKEN_BACK}"
    yield "steward", f"{JOINED}; {decided('{other}', **AS_STEWARD)}"
    yield "steward for a second", f"{JOINED}; {decided('{other}', **AS_STEWARD)}; {LEFT}"
    awake = changed("user", "{inactive}", is_active="TRUE")
    asleep = changed("user", "{inactive}", is_active="FALSE", session_salt="'another'")
    yield "awake", f"{awake}; {decided('{inactive}')}"
    yield "awake for a second", f"{awake}; {decided('{inactive}')}; {asleep}"
    actor, application = (
        changed("system", "{source}", kind=f"'{kind}'") for kind in ("ACTOR", "APPLICATION")
    )
    yield "system of a kind that others decide for", f"{actor}; {decided()}; {application}"
    for level in ("REPEATABLE READ", "SERIALIZABLE"):
        yield level, f"SET TRANSACTION ISOLATION LEVEL {level}; {decided()}"


def table() -> Iterator[Forgery]:
    for name, sql in for_a_moment():
        yield Forgery("the world for a moment", name, sql, "transition_after_rights_are_settled")


FORGERIES = list(table())
