"""What the owner of the tables does, or whoever opens the file of SQLite, and what comes of it.

Nothing stops an owner: triggers are off while rows are changed, and on again when the audit looks.
What nothing can name is in the tables too, and says why.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .attacks import MOVED, NOW, REPLACING, copied, step, update
from .forgeries import of_proposal, recorded

AUDIT = "named by verify_audit"
LEDGER = "named by the ledger"  # the rows agree with each other, not with their leaves
CHECKPOINT = "named by a kept checkpoint"  # the ledger agrees with the rows too
REFUSED = "refused"  # by one or another of the guards of SQLite, which are on
INHERENT = "inherent"  # nothing names it
# In the place of a statement: the ledger is written again over what is there, or goes on.
ANEW, EXTENDED = "LEDGER ANEW", "LEDGER EXTENDED"


@dataclass(frozen=True)
class Deed:
    """`sql` may hold several statements, with "; " between them; ids of the scene in braces.
    `outcome` is one of the words above, or the name of the guard that refuses it; `why` says of
    what is inherent why nothing names it.
    """

    kind: str
    name: str
    sql: str
    outcome: str
    why: str = ""


# What an owner of either database does to rows

LONG_AGO = "'2020-01-01 00:00:00+00'"
NO_PART = {"basis": "'MAKER'", "involvement_id": "NULL", "rule_id": "NULL"}
STEPPED = recorded("proposal", "{waiting}", **of_proposal("{waiting}", "{other}"))


def said(change: str) -> str:
    """In the decision for the source of the proposal that is done."""
    return f"UPDATE proposals_transition SET {change} WHERE proposal_id = {{done}} AND number = 2"


def both(table: str, key: str, change: str) -> str:
    """In the row and in all of its history."""
    return (
        f"UPDATE proposals_{table} SET {change} WHERE id = {key}; "
        f"UPDATE proposals_historical{table} SET {change} WHERE id = {key}"
    )


def of_decisions() -> Iterator[tuple[str, str, str]]:
    yield "somebody else said it", said("by_id = {other}"), AUDIT
    yield "by no right", said("basis = 'MAKER', involvement_id = NULL, rule_id = NULL"), AUDIT
    yield "for somebody else", said("on_behalf_of_id = {rejecter}"), AUDIT
    yield "for no side", said("side = ''"), AUDIT
    yield "a rejection", said("action = 'reject_source', comment = 'no'"), AUDIT
    yield "under a policy of later", said("policy_id = {policy}"), LEDGER
    yield "reworded", said("comment = 'never said'"), LEDGER
    yield "its right reworded", said("capacity = 'Data Owner'"), LEDGER
    yield "dated long ago", said(f"at = {LONG_AGO}"), AUDIT
    yield (
        "the last step taken out",
        "DELETE FROM proposals_transition WHERE proposal_id = {done} AND number = 4",
        AUDIT,
    )
    stranger = step(by_id="{other}", **NO_PART)
    yield "a stranger decides, with history", f"{stranger}; {MOVED}; {STEPPED}", AUDIT
    yield "the maker decides", f"{step(by_id='{maker}')}; {MOVED}; {STEPPED}", AUDIT
    left = step(by_id="{inactive}", **NO_PART)
    yield "somebody who had left decides", f"{left}; {MOVED}; {STEPPED}", AUDIT
    yield "a step without its history", f"{step()}; {MOVED}", AUDIT


def of_proposals() -> Iterator[tuple[str, str, str]]:
    yield "moved without a step", MOVED, AUDIT
    yield "rewritten", update("proposal", "{done}", frequency="'YEARLY'"), AUDIT
    yield "rewritten with its history", both("proposal", "{done}", "frequency = 'YEARLY'"), AUDIT
    older = "UPDATE proposals_historicalproposal SET justification = 'x' WHERE id = {draft}"
    yield "what a draft said before", older, AUDIT
    yield (
        "a draft with all it ever said",
        both("proposal", "{draft}", "justification = 'x'"),
        AUDIT,
    )
    yield "given to another maker", both("proposal", "{done}", "maker_id = {other}"), AUDIT
    yield "another deadline", both("proposal", "{waiting}", f"due_at = {LONG_AGO}"), LEDGER
    yield "a false key", both("proposal", "{waiting}", "content_key = '9'"), AUDIT
    slipped = (
        "INSERT INTO proposals_proposal_data_types (proposal_id, datatype_id) "
        "VALUES ({done}, {unused_type})"
    )
    yield "a data type slipped in", slipped, AUDIT
    past = (
        "INSERT INTO proposals_historicalproposal_data_types "
        "(id, history_id, proposal_id, datatype_id) SELECT 900001, MAX(history_id), {done}, "
        "{unused_type} FROM proposals_historicalproposal WHERE id = {done}"
    )
    yield "and into its history", f"{slipped}; {past}", AUDIT
    result = "result_physical_flow_id = {other_physical}"
    yield "another result", both("proposal", "{done}", result), AUDIT
    yield (
        "a draft thrown away",
        "DELETE FROM proposals_proposal_data_types WHERE proposal_id = {draft}; "
        "DELETE FROM proposals_proposal WHERE id = {draft}",
        AUDIT,
    )
    yield (
        "a proposal thrown away with its history",
        "DELETE FROM proposals_proposal_data_types WHERE proposal_id = {draft}; "
        "DELETE FROM proposals_proposal WHERE id = {draft}; "
        "DELETE FROM proposals_historicalproposal_data_types WHERE proposal_id = {draft}; "
        "DELETE FROM proposals_historicalproposal WHERE id = {draft}",
        LEDGER,
    )


def of_register() -> Iterator[tuple[str, str, str]]:
    yield "a flow changed", update("physicalflow", "{physical}", frequency="'YEARLY'"), AUDIT
    yearly = both("physicalflow", "{physical}", "frequency = 'YEARLY'")
    yield "a flow changed with its history", yearly, AUDIT
    yield "a description", both("physicalflow", "{physical}", "description = 'x'"), AUDIT
    removed = "lifecycle = 'REMOVED'"
    yield "a flow removed", both("physicalflow", "{physical}", removed), AUDIT
    yield "a route removed above it", both("logicalflow", "{flow}", removed), AUDIT
    yield "a route turned round", both("logicalflow", "{bare_flow}", "target_id = {source}"), AUDIT
    added = copied("physicalflow", "{physical}", content_key="'7'", name="'second'")
    yield "a flow nobody asked for", added, AUDIT
    imported = {"origin_proposal_id": "NULL", "origin_batch_id": "1000"}
    batch = f"INSERT INTO proposals_importbatch (id, at, outcome) VALUES (1000, {LONG_AGO}, 'x')"
    route = copied("logicalflow", "{bare_flow}", target_id="{source}", **imported)
    born = recorded(
        "logicalflow",
        "(SELECT MAX(id) FROM proposals_logicalflow)",
        history_type="'+'",
        history_date=LONG_AGO,
        cause="'IMPORT'",
        cause_batch_id="1000",
    )
    yield "a route by an import that never was", f"{batch}; {route}; {born}", AUDIT
    origin = "origin_proposal_id = {waiting}"
    yield "another origin", both("physicalflow", "{physical}", origin), AUDIT
    yield "a twin", copied("physicalflow", "{physical}", lifecycle="'REMOVED'"), AUDIT
    members = "proposals_physicalspecification_data_types"
    gone = f"DELETE FROM {members} WHERE physicalspecification_id = {{specification}}"
    yield "data types of a specification gone", gone, AUDIT
    yield (
        "a specification of nobody",
        both("physicalspecification", "{specification}", "owner_id = {target}"),
        AUDIT,
    )
    yield "a file that was never read", "UPDATE proposals_importedfile SET sha256 = 'f'", LEDGER
    yield "an import by somebody else", "UPDATE proposals_importbatch SET by_id = {other}", LEDGER


def of_history() -> Iterator[tuple[str, str, str]]:
    newest = "(SELECT MAX(history_id) FROM proposals_historicalproposal WHERE id = {done})"
    first = newest.replace("MAX", "MIN")
    who = "UPDATE proposals_historical{} SET history_user_id = {{other}}".format
    yield "who did it", who("proposal"), AUDIT
    yield "who did it to a system", who("system"), LEDGER
    yield "why", "UPDATE proposals_historicalsystem SET history_change_reason = 'x'", LEDGER
    when = f"UPDATE proposals_historicalsystem SET history_date = {LONG_AGO}"
    yield "when", when, LEDGER
    cause = "UPDATE proposals_historicalphysicalflow SET cause_proposal_id = {waiting}"
    yield "because of what", cause, AUDIT
    nowhere = "UPDATE proposals_historicalphysicalflow SET cause_proposal_id = 900000"
    yield "because of nothing", nowhere, AUDIT
    yield (
        "an old version gone",
        "DELETE FROM proposals_historicalproposal_data_types WHERE history_id = "
        f"{first}; DELETE FROM proposals_historicalproposal WHERE history_id = {first}",
        LEDGER,
    )
    yield (
        "the newest version gone",
        "DELETE FROM proposals_historicalproposal_data_types WHERE history_id = "
        f"{newest}; DELETE FROM proposals_historicalproposal WHERE history_id = {newest}",
        AUDIT,
    )
    yield (
        "a version that never was",
        recorded("system", "{source}", history_date=LONG_AGO),
        LEDGER,
    )
    yield (
        "what an old version held",
        f"UPDATE proposals_historicalproposal SET frequency = 'YEARLY' WHERE history_id = {first}",
        LEDGER,
    )


def of_people() -> Iterator[tuple[str, str, str]]:
    yield "two names", both("user", "{source_approver}", "name = 'Nobody'"), AUDIT
    steward = (
        "INSERT INTO proposals_user_groups (user_id, group_id) "
        "SELECT {other}, id FROM auth_group WHERE name = 'Stewards'"
    )
    yield "a steward", steward, AUDIT
    yield "no administrator", update("user", "{superuser}", is_superuser="FALSE"), AUDIT
    never = both("user", "{superuser}", "is_superuser = FALSE")
    yield "never an administrator", never, LEDGER
    part = (
        "UPDATE proposals_{}involvement SET started_at = '2020-01-01', ended_at = '2020-01-02' "
        "WHERE user_id = {{both}} AND system_id = {{source}}"
    )
    yield "an involvement that had ended", "; ".join(map(part.format, ("", "historical"))), AUDIT
    rule = "UPDATE proposals_{}approverrule SET may_approve = FALSE"
    yield "a rule that never gave it", "; ".join(map(rule.format, ("", "historical"))), AUDIT
    yield "a rule without history", rule.format(""), AUDIT
    policy = both("policy", "1", "one_person_both_sides = FALSE")
    yield "two people were asked for", policy, AUDIT
    yield "a delegation that began later", ("UPDATE proposals_delegation SET note = 'x'"), AUDIT
    yield "the kind of a system", both("system", "{source}", "kind = 'ACTOR'"), AUDIT


def of_words() -> Iterator[tuple[str, str, str]]:
    yield "a remark reworded", "UPDATE proposals_remark SET text = 'x'", LEDGER
    yield (
        "a remark gone",
        "DELETE FROM proposals_notice WHERE remark_id IS NOT NULL; "
        "DELETE FROM proposals_remark_mentioned; DELETE FROM proposals_remark",
        LEDGER,
    )
    yield "who was meant", "UPDATE proposals_remark_mentioned SET user_id = {other}", LEDGER
    told = "UPDATE proposals_notice SET recipient_id = {other} WHERE id = "
    yield "who was told", f"{told}(SELECT MIN(id) FROM proposals_notice)", LEDGER


# How far the ledger has come.
FORGOTTEN = "DELETE FROM proposals_passresult WHERE name = 'ledger'"


def of_ledger() -> Iterator[tuple[str, str, str]]:
    leaf = "UPDATE proposals_ledgerleaf SET {} WHERE number = 3".format
    yield "a leaf's salt", leaf("salt = 'zz'"), LEDGER
    yield "a leaf's hash", leaf("sha256 = 'zz'"), LEDGER
    yield "a leaf of another row", leaf('"row" = 900000'), LEDGER
    yield "a leaf gone", "DELETE FROM proposals_ledgerleaf WHERE number = 3", LEDGER
    yield "the last leaves gone", "DELETE FROM proposals_ledgerleaf WHERE number > 9", LEDGER
    node = "INSERT INTO proposals_ledgernode (level, place, sha256) VALUES (8, 7, '00')"
    yield "a node of nothing", node, LEDGER
    yield (
        "the leaves of one table gone",
        ("DELETE FROM proposals_ledgerleaf WHERE \"table\" = 'proposals_transition'"),
        LEDGER,
    )
    form = "UPDATE proposals_ledgerform SET columns = '[\"id\"]'"
    yield "what leaves tell of", form, LEDGER
    comment = said("comment = 'never said'")
    yield "all of it written anew over a lie", f"{comment}; {ANEW}", CHECKPOINT
    yield (
        "a draft gone, and all written anew",
        "DELETE FROM proposals_proposal_data_types WHERE proposal_id = {draft}; "
        "DELETE FROM proposals_proposal WHERE id = {draft}; "
        "DELETE FROM proposals_historicalproposal_data_types WHERE proposal_id = {draft}; "
        f"DELETE FROM proposals_historicalproposal WHERE id = {{draft}}; {ANEW}",
        CHECKPOINT,
    )
    dated = f"UPDATE proposals_historicalsystem SET history_date = {LONG_AGO}"
    yield "dates of a history, and all written anew", f"{dated}; {ANEW}", CHECKPOINT
    batch = f"INSERT INTO proposals_importbatch (at, outcome) VALUES ({LONG_AGO}, 'x')"
    yield "an import of long ago, with a leaf of its own", f"{batch}; {EXTENDED}", CHECKPOINT


INHERENT_DEEDS = [
    (
        "words",
        "a mail marked as sent",
        "UPDATE post_office_email SET status = 0",
        "what becomes of a mail is no part of the record; that somebody was told is",
    ),
    (
        "words",
        "what somebody has read",
        f"UPDATE proposals_notice SET read_at = {NOW}",
        "it says nothing about a proposal, and no leaf tells of it",
    ),
    (
        "people",
        "a policy of now, with its history",
        f"{update('policy', '1', maker_decides=chr(39) + 'WALTZ' + chr(39))}; "
        + recorded("policy", "1"),
        "a change of now with its history is what an administrator may do; it is on record",
    ),
    (
        "people",
        "a superuser of now, with its history",
        f"{update('user', '{other}', is_superuser='TRUE')}; {recorded('user', '{other}')}",
        "a change of now with its history is what an administrator may do; it is on record",
    ),
    (
        "people",
        "somebody's password",
        "UPDATE proposals_user SET password = '!' WHERE id = {source_approver}",
        "whoever signs in as somebody acts as that person: nothing in the record can tell",
    ),
    (
        "people",
        "what a group may see",
        "DELETE FROM auth_group_permissions",
        "what pages the site shows to whom is no part of the record",
    ),
    (
        "decisions",
        "one who may decide is made to",
        f"{step()}; {MOVED}; "
        + recorded("proposal", "{waiting}", **of_proposal("{waiting}", "{source_approver}")),
        "it is all that an approval is; only the person can say that it was not theirs",
    ),
    (
        "the ledger",
        "what came after the last checkpoint, leaf and all",
        "INSERT INTO proposals_importbatch (at, outcome) "
        f"VALUES ({NOW}, 'as it was'); {EXTENDED}; "
        "UPDATE proposals_importbatch SET outcome = 'as it never was' "
        "WHERE outcome = 'as it was'; "
        "DELETE FROM proposals_ledgerleaf WHERE number = (SELECT MAX(number) "
        f"FROM proposals_ledgerleaf); {FORGOTTEN}; {EXTENDED}",
        "no kept checkpoint knows the leaf as it was: an hour at most goes by without one",
    ),
]
KINDS = {
    "decisions": of_decisions,
    "proposals": of_proposals,
    "the register": of_register,
    "histories": of_history,
    "people": of_people,
    "words": of_words,
    "the ledger": of_ledger,
}
DEEDS = [Deed(kind, *row) for kind, rows in KINDS.items() for row in rows()]
DEEDS += [Deed(kind, name, sql, INHERENT, why) for kind, name, sql, why in INHERENT_DEEDS]


# What only PostgreSQL knows: the guards, the schema, relations, accounts

GUARD = "guard_transition_stays_delete"
AGAIN = f"DROP TRIGGER {GUARD} ON proposals_transition; CREATE TRIGGER {GUARD}"
CALL = f"EXECUTE FUNCTION {GUARD}()"
EMPTY = f"FUNCTION {GUARD}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD;END'"
TABLE_OF = "ALTER TABLE proposals_transition"
SIDE, TWINS = "transition_side", "physical_flow_no_active_twin"
ONE_DECISION = "transition_one_decision_per_side"


def by_name(table: str, kind: str, like: str, change: str) -> str:
    """A change of the constraint whose name Django made up; %I in `change` is its name."""
    return (
        f"DO $do$ BEGIN EXECUTE (SELECT format('ALTER TABLE {table} {change}', conname) "
        f"FROM pg_constraint WHERE conrelid = '{table}'::regclass AND contype = '{kind}' "
        f"AND conname LIKE '%{like}%');END $do$"
    )


def reference(tail: str) -> str:
    """That of a transition to its proposal, made anew."""
    constraint = "DROP CONSTRAINT %1$I, ADD CONSTRAINT %1$I FOREIGN KEY (proposal_id) REFERENCES "
    return by_name("proposals_transition", "f", "proposal_id", constraint + tail)


def of_guards() -> Iterator[tuple[str, str]]:
    yield "dropped", f"DROP TRIGGER {GUARD} ON proposals_transition"
    yield "its function dropped", f"DROP FUNCTION {GUARD}() CASCADE"
    yield "renamed", f"ALTER TRIGGER {GUARD} ON proposals_transition RENAME TO mine"
    yield "off", f"{TABLE_OF} DISABLE TRIGGER {GUARD}"
    yield "on a replica alone", f"{TABLE_OF} ENABLE REPLICA TRIGGER {GUARD}"
    yield "all of a table off", "ALTER TABLE proposals_notice DISABLE TRIGGER ALL"
    yield "emptied", f"CREATE OR REPLACE {EMPTY}"
    yield "reads elsewhere", f"ALTER FUNCTION {GUARD}() RESET search_path"
    spares = "guard_transition_dated_now_insert"
    yield "asks as the owner, whom it spares", f"ALTER FUNCTION {spares}() SECURITY DEFINER"
    each = "BEFORE DELETE ON proposals_transition FOR EACH"
    yield "never", f"{AGAIN} {each} ROW WHEN (false) {CALL}"
    yield "once for all rows", f"{AGAIN} {each} STATEMENT {CALL}"
    yield "of another event", f"{AGAIN} BEFORE UPDATE ON proposals_transition FOR EACH ROW {CALL}"
    yield "on another table", f"{AGAIN} BEFORE DELETE ON proposals_notice FOR EACH ROW {CALL}"
    yield (
        "with one beside it that swallows",
        (
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql "
            "AS 'BEGIN RETURN NULL;END'; "
            "CREATE TRIGGER aaa BEFORE INSERT ON proposals_notice FOR EACH ROW "
            "EXECUTE FUNCTION swallow()"
        ),
    )
    yield (
        "off in every session",
        (
            "DO $do$ BEGIN EXECUTE format('ALTER DATABASE %I SET session_replication_role = "
            "replica', current_database());END $do$"
        ),
    )
    yield (
        "off for the application",
        ("ALTER ROLE waltzflow_app SET session_replication_role = replica"),
    )
    yield (
        "off where the application likes",
        ("GRANT SET ON PARAMETER session_replication_role TO waltzflow_app"),
    )


def of_schema() -> Iterator[tuple[str, str]]:
    check = f"{TABLE_OF} DROP CONSTRAINT {SIDE}"
    yield "a check gone", check
    yield "a check that lets all pass", f"{check}, ADD CONSTRAINT {SIDE} CHECK (side <> 'x')"
    one_more = "CHECK (side IN ('', 'SOURCE', 'TARGET', 'BOTH'))"
    yield "a check that knows one more", f"{check}, ADD CONSTRAINT {SIDE} {one_more}"
    yield (
        "a check of new rows alone",
        (f"{check}, ADD CONSTRAINT {SIDE} CHECK (side IN ('', 'SOURCE', 'TARGET')) NOT VALID"),
    )
    clock = "transition_by_the_clock_or_a_person"
    yield (
        "a check whose brackets moved",
        (
            f"{TABLE_OF} DROP CONSTRAINT {clock}, ADD CONSTRAINT {clock} CHECK "
            "(by_id IS NULL OR by_id IS NOT NULL AND action <> 'x')"
        ),
    )
    yield "a key gone", f"{TABLE_OF} DROP CONSTRAINT transition_numbered_once"
    yield (
        "a key over one column more",
        (
            f"{TABLE_OF} DROP CONSTRAINT transition_numbered_once, "
            "ADD CONSTRAINT transition_numbered_once UNIQUE (proposal_id, number, id)"
        ),
    )
    yield (
        "a key judged at the end",
        (
            f"{TABLE_OF} DROP CONSTRAINT transition_numbered_once, ADD CONSTRAINT "
            "transition_numbered_once UNIQUE (proposal_id, number) DEFERRABLE INITIALLY DEFERRED"
        ),
    )
    index = f"DROP INDEX {ONE_DECISION}; CREATE {{}} INDEX {ONE_DECISION} ON proposals_transition"
    yield "a unique index gone", f"DROP INDEX {TWINS}"
    yield (
        "an index no longer unique",
        (f"{index.format('')} (proposal_id, side) WHERE NOT (side = '')"),
    )
    yield (
        "an index of fewer rows",
        (f"{index.format('UNIQUE')} (proposal_id, side) WHERE side = 'SOURCE'"),
    )
    yield (
        "an index over other columns",
        (f"{index.format('UNIQUE')} (proposal_id, side, number) WHERE NOT (side = '')"),
    )
    yield (
        "an index that is not valid",
        (f"UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = '{TWINS}'::regclass"),
    )
    yield "an index for speed gone", "DROP INDEX notice_newest_of_recipient"
    yield (
        "a unique code gone",
        by_name("proposals_system", "u", "code_folded", "DROP CONSTRAINT %I"),
    )
    yield (
        "a unique code of some rows",
        (
            by_name("proposals_system", "u", "code_folded", "DROP CONSTRAINT %I")
            + "; CREATE UNIQUE INDEX mine ON proposals_system (code_folded) WHERE id < 0"
        ),
    )
    yield (
        "a reference gone",
        by_name("proposals_transition", "f", "proposal_id", "DROP CONSTRAINT %I"),
    )
    yield (
        "a reference that takes along",
        reference("proposals_proposal ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"),
    )
    yield (
        "a reference of new rows alone",
        reference("proposals_proposal DEFERRABLE INITIALLY DEFERRED NOT VALID"),
    )
    yield "a primary key gone", by_name("proposals_rightschange", "p", "", "DROP CONSTRAINT %I")
    yield "a column that may be empty", f"{TABLE_OF} ALTER COLUMN capacity DROP NOT NULL"
    yield "a column that takes more", f"{TABLE_OF} ALTER COLUMN action TYPE varchar(99)"


def of_relations() -> Iterator[tuple[str, str]]:
    aside = "ALTER TABLE proposals_remark RENAME TO aside"
    view = "VIEW proposals_remark AS SELECT * FROM aside"
    yield "a view in its place", f"{aside}; CREATE {view}"
    yield "a view that is kept", f"{aside}; CREATE MATERIALIZED {view}"
    yield "a table gone", "DROP TABLE proposals_receipt CASCADE"
    yield "a table that a crash empties", "ALTER TABLE proposals_ledgernode SET UNLOGGED"
    restart = "ALTER SEQUENCE proposals_transition_id_seq RESTART WITH 1"
    yield "a sequence that begins again", restart
    yield "a table with a child", "CREATE TABLE child () INHERITS (proposals_ledgernode)"
    secured = "ALTER TABLE proposals_remark ENABLE ROW LEVEL SECURITY"
    yield "row security", f"{secured}; CREATE POLICY mine ON proposals_remark USING (id > 1)"
    yield "row security for the owner too", "ALTER TABLE proposals_remark FORCE ROW LEVEL SECURITY"
    yield "a policy that waits", "CREATE POLICY mine ON proposals_remark USING (FALSE)"
    rule = "CREATE RULE mine AS ON {} TO proposals_notice DO INSTEAD NOTHING".format
    yield "a rule that swallows", rule("INSERT")
    yield "a rule that keeps", rule("DELETE")
    yield (
        "a view for the auditor alone",
        (
            "CREATE SCHEMA waltzflow_auditor; CREATE VIEW waltzflow_auditor.proposals_remark AS "
            "SELECT * FROM public.proposals_remark WHERE id > 1"
        ),
    )


def of_accounts() -> Iterator[tuple[str, str]]:
    app = "TO waltzflow_app"
    for right, table in [
        ("DELETE", "proposals_transition"),
        ("TRUNCATE", "proposals_notice"),
        ("UPDATE", "proposals_transition"),
        ("UPDATE (comment)", "proposals_transition"),
        ("TRIGGER", "proposals_proposal"),
        ("REFERENCES", "proposals_proposal"),
        ("ALL", "proposals_ledgerleaf"),
    ]:
        yield f"{right} on {table}", f"GRANT {right} ON {table} {app}"
    yield "a right to hand on", f"GRANT SELECT ON proposals_proposal {app} WITH GRANT OPTION"
    yield "everybody reads", "GRANT SELECT ON proposals_user TO PUBLIC"
    yield "everybody reads a column", "GRANT SELECT (password) ON proposals_user TO PUBLIC"
    yield "the auditor reads passwords", "GRANT SELECT ON proposals_user TO waltzflow_auditor"
    yield "the auditor reads sessions", "GRANT SELECT ON django_session TO waltzflow_auditor"
    yield "the auditor writes", "GRANT INSERT ON proposals_remark TO waltzflow_auditor"
    yield (
        "somebody else writes",
        ("CREATE ROLE somebody_else; GRANT DELETE ON proposals_proposal TO somebody_else"),
    )
    yield "numbers of their own", f"GRANT UPDATE ON SEQUENCE proposals_transition_id_seq {app}"
    yield "tables of their own", f"GRANT CREATE ON SCHEMA public {app}"
    yield (
        "an owner by membership",
        ("DO $do$ BEGIN EXECUTE format('GRANT %I TO waltzflow_app', current_user);END $do$"),
    )
    yield "an owner", "ALTER TABLE proposals_remark OWNER TO waltzflow_app"
    yield "a superuser", "ALTER ROLE waltzflow_app SUPERUSER"
    yield "one who passes by row security", "ALTER ROLE waltzflow_auditor BYPASSRLS"
    yield "one who writes everything", f"GRANT pg_write_all_data {app}"
    yield "an auditor who reads everything", "GRANT pg_read_all_data TO waltzflow_auditor"


BY_THE_OWNER = {
    "guards": of_guards,
    "schema": of_schema,
    "relations": of_relations,
    "accounts": of_accounts,
}
ON_POSTGRESQL = [
    Deed(kind, name, sql, AUDIT) for kind, rows in BY_THE_OWNER.items() for name, sql in rows()
]


# What only SQLite knows

UNMADE = f"DROP TRIGGER {GUARD}; CREATE TRIGGER {GUARD}"
WRITABLE = "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = {}; "
OTHER_TWINS = f"DROP INDEX {TWINS}; CREATE {{}} INDEX {TWINS} ON proposals_physicalflow {{}}"


def of_file() -> Iterator[tuple[str, str]]:
    yield "a guard dropped", f"DROP TRIGGER {GUARD}"
    yield (
        "a guard emptied",
        (f"{UNMADE} BEFORE DELETE ON proposals_transition WHEN 0 BEGIN SELECT 1;END"),
    )
    yield (
        "a guard on another table",
        (f"{UNMADE} BEFORE DELETE ON proposals_notice BEGIN SELECT 1;END"),
    )
    yield (
        "a guard of another event",
        (f"{UNMADE} BEFORE UPDATE ON proposals_transition BEGIN SELECT 1;END"),
    )
    yield (
        "a trigger that swallows",
        ("CREATE TRIGGER mine BEFORE INSERT ON proposals_notice BEGIN SELECT RAISE(IGNORE);END"),
    )
    yield (
        "a trigger that adds",
        (
            "CREATE TRIGGER mine AFTER UPDATE ON proposals_system BEGIN "
            "UPDATE proposals_reason SET is_active = 0;END"
        ),
    )
    yield "an index gone", f"DROP INDEX {TWINS}"
    yield (
        "an index of no rows",
        OTHER_TWINS.format("UNIQUE", "(content_key) WHERE lifecycle = 'NEVER'"),
    )
    yield (
        "an index no longer unique",
        OTHER_TWINS.format("", "(content_key) WHERE lifecycle = 'ACTIVE'"),
    )
    yield "an index for speed gone", "DROP INDEX notice_newest_of_recipient"
    yield (
        "a view in the place of a table",
        (
            "ALTER TABLE proposals_receipt RENAME TO aside; "
            "CREATE VIEW proposals_receipt AS SELECT * FROM aside"
        ),
    )
    yield "a table gone", "DROP TABLE proposals_receipt"
    made = (
        "ALTER TABLE proposals_remark_mentioned RENAME TO aside; "
        "CREATE TABLE proposals_remark_mentioned AS SELECT * FROM aside; DROP TABLE aside"
    )
    yield "a table made anew, without its keys", made


ON_SQLITE = [
    *(Deed("the file", name, sql, AUDIT) for name, sql in of_file()),
    *(
        Deed("replaced", guard, sql, REFUSED)
        for guard, attacks in REPLACING.items()
        for sql in attacks
    ),
]
