"""The table of attacks: raw SQL, each with the guard that must stop it, and the scene it happens
in.
"""

from types import SimpleNamespace

from django.apps import apps
from django.db import connection

from proposals import workflow
from proposals.models import (
    ImportBatch,
    ImportedFile,
    Policy,
    SavedView,
    Upload,
    UploadedFile,
    UploadedRow,
    WebhookDelivery,
    WebhookEndpoint,
)

from . import factories

# SQLite's CURRENT_TIMESTAMP ends with the second: it lies before what was written a moment ago.
NOW = (
    "CURRENT_TIMESTAMP"
    if connection.vendor == "postgresql"
    else "strftime('%Y-%m-%d %H:%M:%f', 'now')"
)


def scene(cast, source, target) -> SimpleNamespace:
    """Ids of fully approved proposals with their flows, one that waits for both sides, and a draft;
    and the people.
    """
    done, other, bare = (
        workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
        for proposal in (
            factories.proposed(cast.maker, source, target),
            factories.proposed(cast.maker, target, source),
            factories.proposed(cast.maker, *_further(cast), **factories.BARE),
        )
    )
    waiting = factories.proposed(cast.maker, source, target, specification_name="other.csv")
    other_waiting = factories.proposed(cast.maker, source, target, specification_name="fourth.csv")
    remark = workflow.remark(waiting, "@Tess Target, is it daily?", by=cast.maker)
    workflow.watch(waiting, by=cast.stranger)
    SavedView.objects.create(owner=cast.maker, list_name="flows", name="Bare", query="q=x")
    factories.delegate(cast.both, cast.other, system=target)
    token = factories.token(cast.source_approver, "nightly").token
    factories.token(cast.source_approver, "gateway", may_decide=True)
    brought = Upload.objects.create(kind="PROPOSALS", by=cast.maker, name="x.csv")
    UploadedFile.objects.create(upload=brought, name="x.csv", data=b"x")
    UploadedRow.objects.create(upload=brought, line=2, texts={})
    endpoint = WebhookEndpoint.objects.create(address="https://receiver.example/")
    WebhookDelivery.objects.create(
        endpoint=endpoint, body="{}", at=waiting.submitted_at, due_at=waiting.submitted_at
    )
    draft = factories.draft(cast.maker, source, target, specification_name="third.csv")
    factories.policy(remind_after_days=4)
    factories.unit("Trading")
    batch = ImportBatch.objects.create(outcome="made by a test")
    ImportedFile.objects.create(batch=batch, name="flows.csv", sha256="0" * 64, rows=1)
    versions = [
        row.history.first().pk
        for row in (waiting, done.result_logical_flow, done.result_physical_flow)
    ]
    return SimpleNamespace(
        **{name: person.pk for name, person in vars(cast).items()},
        **_results("", done),
        **_results("other_", other),
        bare_flow=bare.result_logical_flow_id,
        done=done.pk,
        waiting=waiting.pk,
        other_waiting=other_waiting.pk,
        remark=remark.pk,
        token=token.pk,
        draft=draft.pk,
        type=done.data_types.get().pk,
        unused_type=factories.data_type().pk,
        source=source.pk,
        target=target.pk,
        policy=Policy.in_force().version_id,
        old_policy=Policy.history.earliest().pk,
        waiting_version=versions[0],
        flow_version=versions[1],
        physical_version=versions[2],
        specification_version=done.result_specification.history.first().pk,
    )


def _further(cast) -> list:
    systems = [factories.system("Warehouse"), factories.system("Data Lake")]
    for system in systems:
        factories.involve(cast.both, system)
    return systems


def _results(prefix: str, proposal) -> dict[str, int]:
    results = {
        "flow": proposal.result_logical_flow_id,
        "physical": proposal.result_physical_flow_id,
    }
    results["specification"] = proposal.result_specification_id
    return {f"{prefix}{name}": key for name, key in results.items()}


# How an attack is written: SQL, with ids of the scene in braces.


def copied(table: str, key: str, **changes: str) -> str:
    """A row like that with `key`, but for its own key and `changes` (SQL)."""
    table = f"proposals_{table}"
    model = next(m for m in apps.get_models() if m._meta.db_table == table)
    columns = [
        field.column for field in model._meta.local_concrete_fields if field != model._meta.pk
    ]
    values = ", ".join(str(changes.get(column, column)) for column in columns)
    own = model._meta.pk.column
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} WHERE {own} = "
        f"{key}"
    )


def step(**changes: str) -> str:
    """The source approver approves for the source of the waiting proposal, but for `changes`
    (SQL).
    """
    row = STEP | changes
    for column, value in _right(row).items():
        row.setdefault(column, value)
    return f"INSERT INTO proposals_transition ({', '.join(row)}) VALUES ({', '.join(row.values())})"


def _right(row: dict[str, str]) -> dict[str, str]:
    """The right that whoever acts in this step really has, as a transition names it."""
    if row["side"] == "''":
        basis = {"'time_out'": "'CLOCK'", "'complete'": "'BOTH_SIDES'"}.get(
            row["action"], "'MAKER'"
        )
        return {"basis": basis}
    holder = row["by_id"] if row["on_behalf_of_id"] == "NULL" else row["on_behalf_of_id"]
    system = "{source}" if row["side"] == "'SOURCE'" else "{target}"
    part = (
        "FROM proposals_historicalinvolvement h "
        f"WHERE h.user_id = {holder} AND h.system_id = {system}"
    )
    kinds = f"SELECT h.kind_id {part}"
    return {
        "basis": "'INVOLVEMENT'",
        "involvement_id": f"(SELECT MAX(h.history_id) {part})",
        "rule_id": "(SELECT MAX(r.history_id) FROM proposals_historicalapproverrule r "
        f"WHERE r.involvement_kind_id IN ({kinds}))",
    }


STEP = {
    "proposal_id": "{waiting}",
    "number": "2",
    "action": "'approve_source'",
    "from_state": "'PENDING_APPROVALS'",
    "to_state": "'SOURCE_APPROVED'",
    "side": "'SOURCE'",
    "by_id": "{source_approver}",
    "on_behalf_of_id": "NULL",
    "capacity": "'raw'",
    "policy_id": "{policy}",
    "comment": "''",
    "automatic": "FALSE",
    "at": NOW,
}
SECOND = {
    "number": "3",
    "action": "'approve_target'",
    "from_state": "'SOURCE_APPROVED'",
    "to_state": "'TARGET_APPROVED'",
    "side": "'TARGET'",
}


def update(table: str, key: str, **changes: str) -> str:
    return (
        f"UPDATE proposals_{table} SET {', '.join(f'{c} = {v}' for c, v in changes.items())} WHERE "
        f"id = {key}"
    )


def full(flow: str) -> str:
    """The waiting proposal made fully approved in two steps, with this logical flow as its
    result.
    """
    ended = {
        "state": "'FULLY_APPROVED'",
        "closed_at": NOW,
        "result_logical_flow_id": flow,
    }
    return f"{MOVED}; {update('proposal', '{waiting}', **ended)}"


WITHDRAWN = update("token", "{token}", withdrawn_at=NOW, withdrawn_by_id="{other}")
MOVED = update("proposal", "{waiting}", state="'SOURCE_APPROVED'")
CLOSED = {"state": "'CANCELLED'", "closed_at": NOW}
REOPENED = {"state": "'PENDING_APPROVALS'", "closed_at": "NULL"}
REOPENED |= {
    f"result_{what}_id": "NULL" for what in ("logical_flow", "specification", "physical_flow")
}
NEWEST_POLICY = "(SELECT MAX(history_id) FROM proposals_historicalpolicy)"
TWO_PEOPLE = copied("historicalpolicy", "{policy}", one_person_both_sides="FALSE")
SPECIFICATION_GONE = update("physicalspecification", "{specification}", lifecycle="'REMOVED'")
PHYSICAL_GONE = update("physicalflow", "{physical}", lifecycle="'REMOVED'")

SPARE_SPECIFICATION = copied(
    "physicalspecification", "{specification}", code="'SPARE'", code_folded="'spare'"
)
NEWEST_SPECIFICATION = "(SELECT MAX(id) FROM proposals_physicalspecification)"
NOTICE = "(SELECT MIN(id) FROM proposals_notice)"
MAIL = "(SELECT MIN(id) FROM post_office_email)"
MAILED = 'from_email, "to", cc, bcc, subject, message, html_message, backend_alias'
SENT = "UPDATE post_office_email SET status = 0"

# guard that must stop it: attacks
TABLE = {
    # Proposals
    "proposal_stays": [
        "DELETE FROM proposals_proposal_data_types WHERE proposal_id = {draft}; "
        "DELETE FROM proposals_proposal WHERE id = {draft}"
    ],
    "proposal_born_a_draft": [
        copied("proposal", "{waiting}", content_key="'9'"),
        copied("proposal", "{draft}", state="'CANCELLED'", closed_at=NOW),
    ],
    "proposal_moves_as_the_table_says": [
        update(
            "proposal",
            "{waiting}",
            state="'FULLY_APPROVED'",
            closed_at=NOW,
            result_logical_flow_id="{flow}",
        ),
        update(
            "proposal", "{waiting}", state="'PROPOSED_CREATE'", submitted_at="NULL", due_at="NULL"
        ),
        update(
            "proposal",
            "{draft}",
            state="'SOURCE_APPROVED'",
            submitted_at=NOW,
            due_at=NOW,
            content_key="'9'",
        ),
    ],
    "proposal_end_is_final": [
        update("proposal", "{done}", **REOPENED),
        update("proposal", "{done}", result_physical_flow_id="{other_physical}"),
    ],
    "proposal_frozen_when_submitted": [
        update("proposal", "{waiting}", frequency="'YEARLY'"),
        update("proposal", "{waiting}", due_at=NOW),
        update("proposal", "{waiting}", submitted_at=NOW),
        update("proposal", "{waiting}", content_key="'0'"),
        update("proposal", "{waiting}", target_id="(SELECT MAX(id) FROM proposals_system)"),
    ],
    "proposal_stays_its_makers": [
        update("proposal", "{draft}", maker_id="{source_approver}"),
        update("proposal", "{draft}", type="'DELETE'", concerned_physical_flow_id="{physical}"),
    ],
    "proposal_data_types_frozen": [
        "DELETE FROM proposals_proposal_data_types WHERE proposal_id = {waiting}",
        "INSERT INTO proposals_proposal_data_types (proposal_id, datatype_id) VALUES ({done}, "
        "{unused_type})",
    ],
    "proposal_data_types_never_swapped": [
        "UPDATE proposals_proposal_data_types SET datatype_id = {unused_type} WHERE proposal_id = "
        "{done}",
        "UPDATE proposals_proposal_data_types SET proposal_id = {draft}, "
        "datatype_id = {unused_type} "
        "WHERE proposal_id = {done}",
    ],
    "proposal_revises_its_makers_own": [
        copied(
            "proposal",
            "{draft}",
            id="900002",
            revises_id="{done}",
            first_round_id="{done}",
            round_number="2",
        ),
        copied(
            "proposal",
            "{draft}",
            id="900003",
            revises_id="{waiting}",
            first_round_id="{waiting}",
            round_number="2",
        ),
    ],
    "proposal_concerns_its_own_route": [
        copied(
            "proposal", "{draft}", type="'DELETE'", concerned_physical_flow_id="{other_physical}"
        ),
        copied("proposal", "{draft}", type="'DELETE'", concerned_logical_flow_id="{other_flow}"),
    ],
    # State, transitions and results at commit
    "proposal_agrees_with_its_trail": [MOVED, update("proposal", "{waiting}", **CLOSED)],
    "transition_agrees_with_its_trail": [step()],
    "proposal_full_when_both_approved": [full("{flow}")],
    "transition_full_when_both_approved": [
        f"{step()}; {step(**SECOND, by_id='{target_approver}')}"
    ],
    "proposal_results_fit": [full("{other_flow}")],
    # Transitions
    "transition_unchanged": [
        "UPDATE proposals_transition SET comment = 'x' WHERE proposal_id = {done}",
        "UPDATE proposals_transition SET by_id = {other} WHERE proposal_id = {done}",
    ],
    "transition_stays": [
        "DELETE FROM proposals_transition WHERE proposal_id = {done} AND number = 4"
    ],
    "transition_is_a_row_of_the_table": [
        step(to_state="'FULLY_APPROVED'"),
        step(side="'TARGET'"),
        step(from_state="'SOURCE_APPROVED'"),
    ],
    "transition_next_in_line": [step(number="3"), step(from_state="'TARGET_APPROVED'")],
    "transition_of_the_policy_in_force": [step(policy_id="{old_policy}")],
    "transition_by_somebody_active": [step(by_id="{inactive}"), step(on_behalf_of_id="{inactive}")],
    "transition_by_the_maker_where_his": [
        step(action="'cancel'", to_state="'CANCELLED'", side="''", by_id="{other}"),
    ],
    "transition_not_by_a_barred_maker": [step(by_id="{maker}"), step(on_behalf_of_id="{maker}")],
    "transition_by_two_people_where_asked": [
        f"{TWO_PEOPLE}; {step()}; "
        f"{step(**SECOND, by_id=who, on_behalf_of_id=for_whom, policy_id=NEWEST_POLICY)}"
        for who, for_whom in [("{source_approver}", "NULL"), ("{both}", "{source_approver}")]
    ],
    "transition_rests_on_what_its_action_asks": [
        step(basis="'MAKER'", involvement_id="NULL", rule_id="NULL"),
        step(basis="'EXTERNAL'", involvement_id="NULL", rule_id="NULL"),
        step(basis="'CLOCK'", involvement_id="NULL", rule_id="NULL"),
    ],
    "transition_rests_on_an_involvement": [
        step(by_id="{other}"),
        step(involvement_id="NULL"),
        step(rule_id="NULL"),
        step(by_id="{rejecter}"),
        step(by_id="{target_approver}"),
        step(by_id="{other}", capacity="'Steward'"),
        step(by_id="{other}", on_behalf_of_id="{source_approver}"),
        # A delegate for the target alone decides for the source.
        step(
            by_id="{other}",
            on_behalf_of_id="{both}",
            delegation_id="(SELECT MAX(history_id) FROM proposals_historicaldelegation "
            "WHERE system_id = {target})",
        ),
        step(
            involvement_id="(SELECT MAX(history_id) FROM proposals_historicalinvolvement "
            "WHERE user_id = {target_approver})"
        ),
    ],
    "transition_rests_on_a_stewardship": [
        step(
            basis="'STEWARD'",
            by_id="{other}",
            capacity="'Steward'",
            involvement_id="NULL",
            rule_id="NULL",
        ),
        step(
            basis="'STEWARD'",
            by_id="{other}",
            involvement_id="NULL",
            rule_id="NULL",
            stewardship_id="(SELECT MAX(m2m_history_id) FROM proposals_historicaluser_groups)",
        ),
    ],
    "transition_automatic_as_the_policy_says": [
        step(by_id="{maker}", automatic="TRUE"),
        step(automatic="TRUE"),
    ],
    # The register
    "logicalflow_stays": [
        f"{copied('logicalflow', '{bare_flow}', target_id='{source}')}; "
        "DELETE FROM proposals_logicalflow WHERE id = (SELECT MAX(id) FROM proposals_logicalflow)"
    ],
    "logicalflow_keeps_its_place": [
        update("logicalflow", "{flow}", target_id="{source}"),
        update("logicalflow", "{flow}", origin_proposal_id="{waiting}"),
    ],
    "logicalflow_lives_as_its_table_says": [update("logicalflow", "{flow}", lifecycle="'PENDING'")],
    "logicalflow_has_consent": [
        copied("logicalflow", "{bare_flow}", target_id="{source}"),
        copied("logicalflow", "{bare_flow}", target_id="{source}", origin_proposal_id="{waiting}"),
    ],
    "logicalflow_active_with_physical": [update("logicalflow", "{flow}", lifecycle="'REMOVED'")],
    "user_groups_known_to_history": [
        "INSERT INTO proposals_user_groups (user_id, group_id) "
        "SELECT {other}, id FROM auth_group WHERE name = 'Stewards'",
        "DELETE FROM proposals_user_groups WHERE user_id = {steward}",
    ],
    "user_last_administrator_stays": [
        update("user", "{superuser}", is_active="FALSE"),
        update("user", "{superuser}", is_superuser="FALSE"),
        update("user", "{superuser}", is_staff="FALSE"),
    ],
    "user_last_administrator_not_deleted": ["DELETE FROM proposals_user WHERE id = {superuser}"],
    "token_stays": ["DELETE FROM proposals_token WHERE id = {token}"],
    "token_unchanged": [
        update("token", "{token}", may_decide="TRUE"),
        update("token", "{token}", owner_id="{other}"),
        update("token", "{token}", digest="'x'"),
        update("token", "{token}", expires_at="'2099-01-01'"),
    ],
    "token_withdrawn_for_good": [
        f"{WITHDRAWN}; {update('token', '{token}', withdrawn_at='NULL', withdrawn_by_id='NULL')}"
    ],
    "transition_through_a_token_that_may": [
        step(token="'none such'"),
        step(token="'nightly'", by_id="{both}"),
        step(token="'nightly'"),  # which may only propose
        f"{WITHDRAWN}; {step(token=chr(39) + 'nightly' + chr(39))}",
    ],
    "transition_decided_on_a_page": [step(token="'gateway'")],
    "user_leaves_without_sessions": [update("user", "{other}", is_active="FALSE")],
    "physicalflow_stays": [
        f"{copied('physicalflow', '{physical}', content_key=key)}; "
        f"DELETE FROM proposals_physicalflow WHERE content_key = {key}"
        for key in ["'3'"]
    ],
    "physicalflow_keeps_its_place": [
        update("physicalflow", "{physical}", logical_flow_id="{other_flow}"),
        update("physicalflow", "{physical}", added_by_id="{other}"),
    ],
    "physicalflow_keeps_its_specification": [
        update("physicalflow", "{physical}", specification_id="{other_specification}"),
        f"{SPARE_SPECIFICATION}; "
        + update("physicalflow", "{physical}", specification_id=NEWEST_SPECIFICATION),
    ],
    "physicalflow_lives_as_its_table_says": [
        f"{PHYSICAL_GONE}; {update('physicalflow', '{physical}', lifecycle=back)}"
        for back in ["'ACTIVE'"]
    ],
    "physicalflow_has_consent": [
        copied("physicalflow", "{physical}", origin_proposal_id="{waiting}", content_key="'1'"),
    ],
    "physicalflow_under_active": [
        PHYSICAL_GONE,
        copied("physicalflow", "{physical}", logical_flow_id="{bare_flow}", content_key="'1'"),
    ],
    "physicalflow_sends_living": [
        f"{SPECIFICATION_GONE}; {copied('physicalflow', '{physical}', content_key='2')}"
    ],
    "specification_lives_while_sent": [SPECIFICATION_GONE],
    "physicalspecification_stays": [
        f"{copied('physicalspecification', '{specification}', code=code, code_folded=code)}; "
        f"DELETE FROM proposals_physicalspecification WHERE code = {code}"
        for code in ["'SPARE'"]
    ],
    "physicalspecification_keeps_its_place": [
        update("physicalspecification", "{specification}", owner_id="{target}"),
        update("physicalspecification", "{specification}", code="'X'"),
    ],
    "physicalspecification_lives_as_its_table_says": [
        f"{SPECIFICATION_GONE}; "
        f"{update('physicalspecification', '{specification}', lifecycle=back)}"
        for back in ["'ACTIVE'"]
    ],
    # Histories of what lives
    "proposal_agrees_with_history": [MOVED],
    "logicalflow_agrees_with_history": [update("logicalflow", "{flow}", lifecycle="'REMOVED'")],
    "physicalflow_agrees_with_history": [
        update("physicalflow", "{physical}", frequency="'YEARLY'")
    ],
    "physicalspecification_agrees_with_history": [
        update("physicalspecification", "{specification}", name="'x'")
    ],
    "policy_agrees_with_history": [update("policy", "1", maker_decides="'WALTZ'")],
    "past_proposal_agrees_with_history": [
        copied("historicalproposal", "{waiting_version}", frequency="'YEARLY'")
    ],
    "past_logicalflow_agrees_with_history": [
        copied("historicallogicalflow", "{flow_version}", lifecycle="'REMOVED'")
    ],
    "past_physicalflow_agrees_with_history": [
        copied("historicalphysicalflow", "{physical_version}", transport="'MANUAL'"),
    ],
    "past_physicalspecification_agrees_with_history": [
        copied("historicalphysicalspecification", "{specification_version}", name="'x'"),
    ],
    "past_policy_agrees_with_history": [
        copied("historicalpolicy", "{policy}", maker_decides="'WALTZ'")
    ],
    "physicalspecification_data_types_known_to_history": [
        "DELETE FROM proposals_physicalspecification_data_types WHERE physicalspecification_id = "
        "{specification}",
    ],
    "logicalflow_declared_data_types_known_to_history": [
        "INSERT INTO proposals_logicalflow_declared_data_types (logicalflow_id, "
        "datatype_id) VALUES ({flow}, {type})",
    ],
    "proposal_data_types_known_to_history": [
        "INSERT INTO proposals_proposal_data_types (proposal_id, datatype_id) VALUES ({draft}, "
        "{unused_type})",
    ],
    # Remarks
    "remark_on_an_open_proposal": [
        copied("remark", "{remark}", proposal_id="{done}"),
        copied("remark", "{remark}", proposal_id="{draft}"),
    ],
    "remark_by_somebody_active": [copied("remark", "{remark}", by_id="{inactive}")],
    "remark_answers_in_its_conversation": [
        f"{copied('remark', '{remark}', proposal_id='{other_waiting}')}; "
        + copied("remark", "{remark}", answers_id="(SELECT MAX(id) FROM proposals_remark)"),
    ],
    # What people are told
    "notice_unchanged": [
        update("notice", NOTICE, recipient_id="{stranger}"),
        update("notice", NOTICE, summary="'nothing'"),
        update("notice", NOTICE, at="'2020-01-01'"),
    ],
    "notice_stays": ["DELETE FROM proposals_notice WHERE remark_id IS NOT NULL"],
    "mail_unchanged": [
        f"UPDATE post_office_email SET {column} = 'x@x.example' WHERE id = {MAIL}"
        for column in ('"to"', "cc", "subject", "message", "html_message")
    ],
    "mail_queued_first": [
        f"INSERT INTO post_office_email ({MAILED}, status, created, last_updated) "
        f"SELECT {MAILED}, {status}, created, last_updated FROM post_office_email WHERE id = {MAIL}"
        for status in ("0", "NULL")
    ],
    "mail_leaves_the_queue_once": [
        f"{SENT}; UPDATE post_office_email SET status = {status}" for status in ("2", "NULL")
    ],
    # The ledger
    "ledgerleaf_next_in_line": [
        "INSERT INTO proposals_ledgerform (id, \"table\", columns) VALUES (900, 'x', '[]'); "
        'INSERT INTO proposals_ledgerleaf (number, "table", "row", form_id, salt, sha256) '
        "VALUES (900, 'x', 1, 900, '00', '00')"
    ],
}


def other_s(table: str, column: str, key: str) -> str:
    return f"(SELECT {column} FROM proposals_{table} WHERE id = {key})"


def pushing_out(table: str, key: str, **changes: str) -> str:
    return update(table, key, **changes).replace("UPDATE", "UPDATE OR REPLACE")


# What only SQLite can be told: guard that must stop it: attacks
REPLACING = {
    "proposal_not_replaced": [
        copied(
            "proposal",
            "{waiting}",
            content_key="content_key",
        ).replace("INSERT", "REPLACE")
    ],
    "proposal_not_pushed_out": [
        pushing_out(
            "proposal",
            "{draft}",
            state="'PENDING_APPROVALS'",
            submitted_at=NOW,
            due_at=NOW,
            content_key=other_s("proposal", "content_key", "{waiting}"),
        )
    ],
    "logicalflow_not_replaced": [
        copied("logicalflow", "{flow}").replace("INSERT", "REPLACE"),
    ],
    "logicalflow_not_pushed_out": [
        pushing_out(
            "logicalflow",
            "{flow}",
            source_id=other_s("logicalflow", "source_id", "{other_flow}"),
            target_id=other_s("logicalflow", "target_id", "{other_flow}"),
        )
    ],
    "physicalflow_not_replaced": [
        copied("physicalflow", "{physical}").replace("INSERT", "REPLACE"),
    ],
    "physicalflow_not_pushed_out": [
        pushing_out(
            "physicalflow",
            "{physical}",
            content_key=other_s("physicalflow", "content_key", "{other_physical}"),
        )
    ],
    "physicalspecification_not_replaced": [
        copied("physicalspecification", "{specification}").replace("INSERT", "REPLACE"),
    ],
    "physicalspecification_not_pushed_out": [
        pushing_out(
            "physicalspecification",
            "{specification}",
            code_folded=other_s("physicalspecification", "code_folded", "{other_specification}"),
        )
    ],
    "token_not_replaced": [
        copied("token", "{token}").replace("INSERT", "REPLACE"),
    ],
    "transition_not_replaced": [
        "REPLACE INTO proposals_transition "
        + step(number="1").removeprefix("INSERT INTO proposals_transition "),
    ],
    **{
        f"{table}_not_replaced": [
            f"REPLACE INTO proposals_{table} SELECT * FROM proposals_{table}",
            # By the pair, under a number of its own.
            f"REPLACE INTO proposals_{table} ({pair}) SELECT {pair} FROM proposals_{table}",
            f"INSERT OR REPLACE INTO proposals_{table} (id, {pair}) "
            f"SELECT id + 1000, {pair} FROM proposals_{table}",
        ]
        for table, pair in (
            ("proposal_data_types", "proposal_id, datatype_id"),
            ("logicalflow_declared_data_types", "logicalflow_id, datatype_id"),
            ("physicalspecification_data_types", "physicalspecification_id, datatype_id"),
            ("user_groups", "user_id, group_id"),
            ("remark_mentioned", "remark_id, user_id"),
        )
    },
}
ATTACKS = [(guard, attack) for guard, attacks in TABLE.items() for attack in attacks]
