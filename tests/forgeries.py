"""What a careful forger with the application's account writes, and what comes of it.

Unlike the attacks on single guards, each leaves everything else as it has to be: the transition has
its state and its history, the change its history row. The scene is committed before, so each begins
with a transaction of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from simple_history.models import HistoricalRecords

from proposals.models import PhysicalFlow

from .attacks import MOVED, NEWEST_POLICY, NOW, SECOND, copied, step, update

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
    return f"{step(by_id=by, **changes)}; {TOLD}; {MOVED}; {written}"


# The maker, of the newest transition.
TOLD = (
    "INSERT INTO proposals_notice "
    "(transition_id, reminder_day, recipient_id, proposal_id, summary, at, withdrawn) "
    f"SELECT MAX(id), 0, {{maker}}, {{waiting}}, 'It was decided.', {NOW}, FALSE "
    "FROM proposals_transition"
)


def completed(
    *,
    flow: dict[str, str] | None = None,
    specification: dict[str, str] | None = None,
    types: str = "SELECT datatype_id FROM proposals_proposal_data_types WHERE proposal_id = "
    "{waiting}",
    by: str = "{target_approver}",
    results: dict[str, str] | None = None,
) -> str:
    """The waiting proposal is approved by both sides and applied, by people who may; but for what
    the register is given, by whom that is said, and what the proposal calls its `results`.
    """
    cause = of_proposal("{waiting}", by)
    approver = of_proposal("{waiting}", "{target_approver}")
    whole = {
        "number": "4",
        "action": "'complete'",
        "from_state": "'TARGET_APPROVED'",
        "to_state": "'FULLY_APPROVED'",
        "side": "''",
        "automatic": "TRUE",
    }
    named = {"state": "'FULLY_APPROVED'", "closed_at": NOW, "result_logical_flow_id": "{flow}"}
    named |= {
        "result_specification_id": last("physicalspecification"),
        "result_physical_flow_id": last("physicalflow"),
    }
    said = {name: wished(f"specification_{name}") for name in ("name", "format", "description")}
    said |= {"code": "'FORGED'", "code_folded": "'forged'"} | (specification or {})
    sent = {name: wished(name) for name in PhysicalFlow.ATTRIBUTES}
    sent |= {
        "origin_proposal_id": "{waiting}",
        "specification_id": last("physicalspecification"),
        "content_key": "'9'",
    }
    members = (
        "INSERT INTO proposals_physicalspecification_data_types "
        f"(physicalspecification_id, datatype_id) SELECT {last('physicalspecification')}, t.* "
        f"FROM ({types}) t"
    )
    new = {"history_type": "'+'"} | cause
    register = [
        copied("physicalspecification", "{specification}", **said),
        members,
        recorded("physicalspecification", last("physicalspecification"), **new),
        copied("physicalflow", "{physical}", **sent | (flow or {})),
        recorded("physicalflow", last("physicalflow"), **new),
    ]
    return "; ".join(
        [
            decided(),
            step(**SECOND, by_id="{target_approver}"),
            TOLD,
            changed("proposal", "{waiting}", approver, state="'TARGET_APPROVED'"),
            *(register if results is None else []),
            step(**whole, by_id="{target_approver}"),
            changed("proposal", "{waiting}", approver, **named | (results or {})),
        ]
    )


def wished(column: str) -> str:
    return f"(SELECT w.{column} FROM proposals_proposal w WHERE w.id = {{waiting}})"


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
TO_OTHER = {
    "delegator_id": "{source_approver}",
    "delegate_id": "{other}",
    "system_id": "NULL",
}
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


JUDGED_ALREADY = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"
LONG_AGO, LATER = (f"{NOW} {sign} INTERVAL '1 year'" for sign in "-+")
AN_HOUR_AGO = f"{NOW} - INTERVAL '1 hour'"


def in_time() -> Iterator[tuple[str, str, str]]:
    """(guard, name, SQL) of what is dated otherwise than it happens."""
    for name, moment in {"past": LONG_AGO, "hour": AN_HOUR_AGO, "future": LATER}.items():
        yield "transition_dated_now", name, decided(at=moment)
        yield "remark_dated_now", f"remark of {name}", copied("remark", "{remark}", at=moment)
        notice = copied("notice", last("notice"), at=moment, recipient_id="{auditor}")
        yield "notice_dated_now", f"notice of {name}", notice
    just = f"{NOW} - INTERVAL '50 seconds'"
    yield "transition_not_before_the_last", "before it was submitted", decided(at=just)
    clock = {"action": "'time_out'", "side": "''", "to_state": "'TIMED_OUT'", "automatic": "TRUE"}
    ended = {"state": "'TIMED_OUT'", "closed_at": NOW}
    of_clock = of_proposal("{waiting}", "NULL")
    timed_out = (
        f"{step(by_id='NULL', **clock)}; {changed('proposal', '{waiting}', of_clock, **ended)}"
    )
    yield "transition_by_the_clock_when_due", "early", timed_out
    submitted = {
        "action": "'propose'",
        "side": "''",
        "number": "1",
        "from_state": "'PROPOSED_CREATE'",
        "to_state": "'PENDING_APPROVALS'",
        "proposal_id": "{draft}",
    }
    for name, due in {"at once": NOW, "never": LATER}.items():
        written = changed(
            "proposal",
            "{draft}",
            of_proposal("{draft}", "{maker}"),
            state="'PENDING_APPROVALS'",
            submitted_at=NOW,
            due_at=due,
            content_key="'9'",
        )
        sql = f"{step(by_id='{maker}', **submitted)}; {written}"
        yield "transition_due_as_the_policy_says", f"due {name}", sql
    of_draft = of_proposal(last("proposal"), "{maker}")
    for name, moment in {"past": LONG_AGO, "future": LATER}.items():
        sql = added("proposal", "{draft}", of_draft, created_at=moment)
        yield "proposal_begins_now", name, sql


# What of a row of each tracked table says something; SQL for another value.
SAYS = {
    "proposal": ("justification", "'forged'"),
    "logicalflow": ("lifecycle", "'REMOVED'"),
    "physicalspecification": ("description", "'forged'"),
    "physicalflow": ("external_id", "'forged'"),
    "policy": ("time_out_days", "1"),
    "system": ("description", "'forged'"),
    "datatype": ("description", "'forged'"),
    "organisationalunit": ("description", "'forged'"),
    "reason": ("description", "'forged'"),
    "involvementkind": ("description", "'forged'"),
    "involvement": ("ended_at", NOW),
    "approverrule": ("may_reject", "NOT may_reject"),
    "delegation": ("note", "'forged'"),
    "user": ("title", "'forged'"),
}
CATALOGUE = list(SAYS)[4:]
SETS = {  # table: (its set, what is in it, a row that has some)
    "proposal": ("proposal_data_types", "datatype_id", "{draft}"),
    "logicalflow": ("logicalflow_declared_data_types", "datatype_id", "{bare_flow}"),
    "physicalspecification": (
        "physicalspecification_data_types",
        "datatype_id",
        "{specification}",
    ),
    "user": ("user_groups", "group_id", "{steward}"),
}
BATCH = f"INSERT INTO proposals_importbatch (at, outcome) VALUES ({NOW}, 'made by hand')"
FILE = (
    "INSERT INTO proposals_importedfile (batch_id, name, sha256, rows) "
    f"VALUES ({last('importbatch')}, 'systems.csv', repeat('0', 64), 1)"
)
OF_BATCH = {"cause": "'IMPORT'", "cause_batch_id": last("importbatch")}
DIRECTLY = {"cause": "'DIRECT'", "history_user_id": "{maker}"}
FIRST_PROPOSAL = "(SELECT MIN(id) FROM proposals_proposal)"
DRAFTED = of_proposal("{draft}", "{maker}")


def row_of(table: str) -> str:
    return {"proposal": "{draft}", "physicalspecification": "{specification}"}.get(
        table, last(table)
    )


def cause_for(table: str) -> tuple[str, dict[str, str]]:
    """(statements that make it true, columns of a history row) for the best cause there is."""
    if table == "proposal":
        return "", DRAFTED
    return (f"{BATCH}; {FILE}; ", OF_BATCH) if table not in CATALOGUE else ("", {})


def history_by_hand() -> Iterator[tuple[str, str, str]]:
    for table, (column, other) in SAYS.items():
        key, (first, cause) = row_of(table), cause_for(table)
        touched = first + update(table, key, **{column: column})
        for name, number in {"-1": "-1", "2^31-1": "2147483647"}.items():
            row, *members = recorded(table, key, **cause, history_id=number).split("; ")
            members = [sql.replace(newest(table, key), number) for sql in members]
            sql = "; ".join([touched, row, *(members if number != "-1" else [])])
            yield f"past_{table}_numbered", f"number {name}", sql
        for name, moment in {"past": LONG_AGO, "future": LATER}.items():
            sql = f"{touched}; {recorded(table, key, **cause | {'history_date': moment})}"
            yield f"past_{table}_dated_now", name, sql
        yield f"past_{table}_of_a_change", "one too many", first + recorded(table, key, **cause)
        false = recorded(table, key, **cause, **{column: other})
        judged = f"{touched}; {JUDGED_ALREADY}; {false}"
        yield f"past_{table}_agrees_with_history", "another value", judged
        silently = update(table, key, **{column: other})
        yield f"{table}_agrees_with_history", "without history", silently
    for table in ("involvement", "delegation", "approverrule"):
        changes = {"involvement": {"user_id": "{other}"}, "delegation": TO_OTHER}.get(
            table, {"system_kind": "'ACTOR'"}
        )
        sql = copied(table, SAMS_PART if table == "involvement" else last(table), **changes)
        yield f"{table}_agrees_with_history", "added without history", sql
    sql = f"DELETE FROM proposals_approverrule WHERE id = {ANALYSTS_RULE}"
    yield "approverrule_agrees_with_history", "taken away without history", sql


def sets_by_hand() -> Iterator[tuple[str, str, str]]:
    for table, (members, member, key) in SETS.items():
        (column, _), (first, cause) = SAYS[table], cause_for(table)
        own = {"cause_proposal_id": key} if table == "proposal" else {}
        touched = first + update(table, key, **{column: column})
        written = recorded(table, key, **cause | own)
        live, past = f"proposals_{members}", f"proposals_historical{members}"
        other = "(SELECT MAX(id) FROM auth_group)" if table == "user" else "{unused_type}"
        swapped = f"UPDATE {live} SET {member} = {other} WHERE {table}_id = {key}"
        yield f"{members}_never_swapped", "swapped", f"{touched}; {swapped}; {written}"
        extra = (
            f"INSERT INTO {past} (history_id, id, {table}_id, {member}) "
            f"VALUES ({{version}}, 1000000, {key}, {other})"
        )
        oldest = f"(SELECT MIN(history_id) FROM proposals_historical{table} WHERE id = {key})"
        sql = f"{touched}; {written}; {extra.replace('{version}', oldest)}"
        yield f"past_{members}_in_time", "added to an old version", sql
        sql = (
            f"{touched}; {written}; SET CONSTRAINTS ALL IMMEDIATE; "
            f"{extra.replace('{version}', newest(table, key))}"
        )
        yield f"past_{members}_whole", "one too many", sql
        row, *_ = written.split("; ")
        yield f"past_{table}_with_its_set", "without its set", f"{touched}; {row}"
    joined, _ = JOINED.split("; ", 1)
    yield "user_groups_known_to_history", "a steward without history", joined


def unasked() -> Iterator[tuple[str, str, str]]:
    """The register changed though nobody asked for it, or another did."""
    keys = {
        "logicalflow": "{flow}",
        "physicalspecification": "{specification}",
        "physicalflow": "{physical}",
    }
    for table, key in keys.items():
        column, value = SAYS[table] if table != "logicalflow" else ("external_id", "external_id")
        column, value = ("lifecycle", "lifecycle") if table == "logicalflow" else (column, value)
        change = {column: value}
        causes = {
            "direct": DIRECTLY,
            "by the proposal of before": of_proposal("{done}", "{both}"),
            "by one that is open": of_proposal("{waiting}", "{both}"),
            "by one of another flow": of_proposal(
                "(SELECT MIN(id) FROM proposals_proposal)", "{maker}"
            ),
        }
        for name, cause in causes.items():
            sql = changed(table, key, cause, **change)
            yield f"past_{table}_has_its_cause", name, sql
        sql = f"{BATCH}; {changed(table, key, OF_BATCH, **change)}"
        yield f"past_{table}_has_its_cause", "by an import without files", sql
    further = {"content_key": "'8'", "name": "'unasked'"}
    sql = f"{BATCH}; {FILE}; {added('physicalflow', '{physical}', OF_BATCH, **further)}"
    yield "physicalflow_has_consent", "of a proposal that asked for another", sql
    by_policy = changed("policy", "1", later_physical_flows="'PROPOSAL'")
    direct = added("physicalflow", "{physical}", DIRECTLY, **further, added_by_id="{maker}")
    sql = f"{by_policy}; {direct}"
    yield "past_physicalflow_has_its_cause", "though the policy asks for a proposal", sql
    twin = added("physicalflow", "{physical}", DIRECTLY, content_key="'8'", added_by_id="{maker}")
    yield "physicalflow_has_no_twin", "by another content key", twin


def not_as_approved() -> Iterator[tuple[str, str, str]]:
    """Both sides approve, who may, and the register is given something else, or nothing."""
    for column, value in {"frequency": "'YEARLY'", "description": "'forged'"}.items():
        sql = completed(flow={column: value})
        yield "past_physicalflow_has_its_cause", f"another {column} of the flow", sql
    guard = "past_physicalspecification_has_its_cause"
    for column in ("name", "description"):
        sql = completed(specification={column: "'forged'"})
        yield guard, f"another {column} of the specification", sql
    yield guard, "another data type", completed(types="SELECT {unused_type}")
    both = "SELECT {unused_type} UNION SELECT {type}"
    yield guard, "one data type more", completed(types=both)
    there = {
        "result_specification_id": "{specification}",
        "result_physical_flow_id": "{physical}",
    }
    yield "proposal_is_applied", "nothing, since there is a flow", completed(results=there)


def untold() -> Iterator[tuple[str, str, str]]:
    yield "transition_told_to_the_maker", "the maker", decided().replace(f"{TOLD}; ", "")
    elsewhere = TOLD.replace("{maker}", "{stranger}")
    yield "transition_told_to_the_maker", "another", decided().replace(TOLD, elsewhere)


def by_somebody_else() -> Iterator[tuple[str, str, str]]:
    """Who a history row names."""
    for name, person in {"another": "{other}", "nobody": "NULL"}.items():
        moved = f"{step()}; {TOLD}; {MOVED}"
        written = recorded("proposal", "{waiting}", **of_proposal("{waiting}", person))
        yield "past_proposal_by_whoever_moved", f"of a step, {name}", f"{moved}; {written}"
        draft = changed(
            "proposal", "{draft}", of_proposal("{draft}", person), justification="'forged'"
        )
        yield "past_proposal_by_whoever_moved", f"of a draft, {name}", draft
        applied = completed(by=person)
        yield "past_physicalspecification_has_its_cause", f"of what was applied, {name}", applied
    imported = {"origin_proposal_id": "NULL", "origin_batch_id": last("importbatch")}
    imported |= {"content_key": "'7'", "name": "'batch'"}
    of_other = OF_BATCH | {"history_user_id": "{other}"}
    sql = f"{BATCH}; {FILE}; {added('physicalflow', '{physical}', of_other, **imported)}"
    yield "past_physicalflow_has_its_cause", "of an import", sql


def of_keys() -> Iterator[tuple[str, str, str]]:
    """The draft asks for what the waiting proposal does, under another key."""
    submitted = {
        "action": "'propose'",
        "side": "''",
        "number": "1",
        "from_state": "'PROPOSED_CREATE'",
        "to_state": "'PENDING_APPROVALS'",
        "proposal_id": "{draft}",
    }
    policy = "(SELECT h.time_out_days FROM proposals_policy h)"
    due = f"{NOW} + make_interval(hours => 24 * {policy})"
    drafted = of_proposal("{draft}", "{maker}")
    same = changed("proposal", "{draft}", drafted, specification_name=wished("specification_name"))
    moved = changed(
        "proposal",
        "{draft}",
        drafted,
        state="'PENDING_APPROVALS'",
        submitted_at=NOW,
        due_at=due,
        content_key="'9'",
    )
    sql = f"{same}; {step(by_id='{maker}', **submitted)}; {moved}"
    yield "proposal_has_no_twin", "by another content key", sql


def inherent() -> Iterator[tuple[str, str, str, str]]:
    """(kind, name, SQL, why it passes)."""
    yield (
        "decisions",
        "one who may decide does",
        completed(),
        "it is all that an approval is; only the people can say that it was not theirs",
    )
    imported = {"origin_proposal_id": "NULL", "origin_batch_id": last("importbatch")}
    imported |= {"content_key": "'7'", "name": "'batch'"}
    yield (
        "imports",
        "a flow of an import by hand",
        f"{BATCH}; {FILE}; {added('physicalflow', '{physical}', OF_BATCH, **imported)}",
        "an import is nothing else, and what its files said the database never sees; the record "
        "names it as an import, with all that it brought",
    )
    yield (
        "imports",
        "an import that names an administrator",
        BATCH.replace("(at,", "(by_id, at,").replace("VALUES (", "VALUES ({superuser}, "),
        "whoever holds the account acts as any person who could have acted",
    )
    yield (
        "mails",
        "marked as sent",
        "UPDATE post_office_email SET status = 0",
        "the worker that sends has the same account, and no database sees a mail leave; that "
        "somebody was told stands in the notice, which stays, and on the site",
    )
    yield (
        "mails",
        "given up",
        "UPDATE post_office_email SET status = 1",
        "as of one marked as sent",
    )
    yield (
        "history by hand",
        "who changed a row of the catalogue",
        changed("system", "{source}", {"history_user_id": "{stranger}"}, description="'forged'"),
        "a person, the worker, an import and the provider of identities change the catalogue, and "
        "which of its people does the account alone knows",
    )
    yield (
        "history by hand",
        "why a row of the catalogue changed",
        changed(
            "system", "{source}", {"history_change_reason": "'forged'"}, description="'forged'"
        ),
        "a reason is free text for readers: no code reads it, and nothing says what is true of it",
    )
    yield (
        "people",
        "somebody's password",
        "UPDATE proposals_user SET password = '!' WHERE id = {source_approver}",
        "whoever signs in as somebody acts as that person: nothing in the record can tell",
    )


def table() -> Iterator[Forgery]:
    for kind, name, sql, why in inherent():
        yield Forgery(kind, name, sql, INHERENT, why)
    for name, sql in for_a_moment():
        yield Forgery("the world for a moment", name, sql, "transition_after_rights_are_settled")
    kinds = {
        "time": in_time,
        "history by hand": history_by_hand,
        "sets": sets_by_hand,
        "changed without being asked": unasked,
        "imports": of_imports,
        "who is who": who_is_who,
        "not as approved": not_as_approved,
        "untold": untold,
        "by somebody else": by_somebody_else,
        "keys": of_keys,
    }
    for kind, forgeries in kinds.items():
        for guard, name, sql in forgeries():
            yield Forgery(kind, name, sql, guard)


def of_imports() -> Iterator[tuple[str, str, str]]:
    unowned = {"origin_proposal_id": "NULL", "origin_batch_id": last("importbatch")}
    old = "(SELECT MIN(id) FROM proposals_importbatch)"
    for table, key, changes in (
        ("logicalflow", "{bare_flow}", {**unowned, "target_id": "{source}"}),
        ("physicalflow", "{physical}", {**unowned, "content_key": "'7'", "name": "'batch'"}),
    ):
        flow_of_old = added(table, key, OF_BATCH, **changes | {"origin_batch_id": old})
        sql = f"{BATCH}; {FILE}; {flow_of_old}"
        yield f"{table}_of_a_running_import", "of one that is over", sql
    for table, change in {"importbatch": "outcome = 'x'", "importedfile": "rows = 9"}.items():
        yield f"{table}_unchanged", "rewritten", f"UPDATE proposals_{table} SET {change}"
    yield "importedfile_of_a_running_import", "a file slipped in", FILE


def who_is_who() -> Iterator[tuple[str, str, str]]:
    for table in [*CATALOGUE[1:], "importbatch", "importedfile", "notice"]:
        sql = f"UPDATE proposals_{table} SET id = id + 1000000 WHERE id = {last(table)}"
        yield f"{table}_keeps_its_id", "another number", sql
    sql = "UPDATE auth_group SET id = id + 1000000 WHERE name = 'Stewards'"
    yield "group_keeps_its_id", "another number", sql
    sql = "UPDATE auth_group SET name = 'Stewards of old' WHERE name = 'Stewards'"
    yield "group_keeps_its_name", "another group is the stewards", sql


FORGERIES = list(table())
