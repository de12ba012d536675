"""Raw SQL that one CHECK or UNIQUE each must stop, in the scene of tests/attacks.py and with the
guards away.

A constraint without a name of its own goes by its table and columns.
"""

from django.apps import apps
from django.db import connection

from ..attacks import NOW, copied, step, update

X = "'X'"  # a value that no choice has


def first(table, key="id"):
    return f"(SELECT MIN({key}) FROM proposals_{table})"


def again(table, **changes):
    """The first row of the table once more."""
    return copied(table, first(table), **changes)


def clash(table, column):
    """The first and the last row of the table get the same value."""
    last = f"(SELECT MAX(id) FROM proposals_{table})"
    return "; ".join(update(table, key, **{column: "'same'"}) for key in (first(table), last))


def removal(**concerned):
    """Two open proposals to remove the same."""
    return "; ".join(
        [copied("proposal", "{waiting}", type="'DELETE'", with_physical_flow="FALSE", **concerned)]
        * 2
    )


def doubled(table, **values):
    """A row of the table, twice."""
    sql = (
        f"INSERT INTO proposals_{table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"
    )
    return f"{sql}; {sql}"


ADDED = {
    "origin_proposal_id": "NULL",
    "origin_batch_id": "(SELECT MAX(id) FROM proposals_importbatch)",
    "added_by_id": "{maker}",
}
BATCH = f"INSERT INTO proposals_importbatch (at, outcome) VALUES ({NOW}, 'raw')"
FILE = (
    "INSERT INTO proposals_importedfile (batch_id, name, sha256, "
    f"rows) VALUES ({first('importbatch')}, 'x', 'x', -1)"
)
FORM = "INSERT INTO proposals_ledgerform (id, \"table\", columns) VALUES (900, 'x', '[]')"
OF_SYSTEM = again("approverrule", system_id="{source}")


def leaf(number, row):
    return (
        'INSERT INTO proposals_ledgerleaf (number, "table", "row", form_id, salt, sha256) '
        f"VALUES ({number}, 'x', {row}, 900, 'x', 'x')"
    )


def node(level, place):
    return f"INSERT INTO proposals_ledgernode (level, place, sha256) VALUES ({level}, {place}, 'x')"


NEXT_ROUND = copied(
    "proposal", "{draft}", revises_id="{done}", first_round_id="{done}", round_number="2"
)


def told_twice(**cause):
    """Somebody of the same, which is no transition."""
    cause = {"transition_id": "NULL", "proposal_id": "NULL"} | cause
    return "; ".join([again("notice", **cause)] * 2)


# constraint: the attack it stops
TABLE = {
    # Catalogue and people
    "organisationalunit(code_folded)": doubled(
        "organisationalunit", code=X, code_folded=X, name=X, description=X
    ),
    "system(code_folded)": clash("system", "code_folded"),
    "system_kind": update("system", "{source}", kind=X),
    "system_lifecycle": update("system", "{source}", lifecycle=X),
    "datatype(code_folded)": clash("datatype", "code_folded"),
    "importedfile(rows)": f"{BATCH}; {FILE}",
    "ledgerleaf(number)": f"{FORM}; {leaf(-1, 1)}",
    "ledgerleaf(row)": f"{FORM}; {leaf(0, -1)}",
    "ledgerleaf_once_per_row": f"{FORM}; {leaf(0, 1)}; {leaf(1, 1)}",
    "remark_mentioned(remark_id, user_id)": doubled(
        "remark_mentioned", remark_id="{remark}", user_id="{maker}"
    ),
    "remark_says_something": copied("remark", "{remark}", text="''"),
    "remark_topic": copied("remark", "{remark}", topic="'state'"),
    "ledgernode(place)": node(8, -1),
    "ledgernode_level": node(9, 0),
    "ledgernode_once": f"{node(8, 0)}; {node(8, 0)}",
    "user(username)": clash("user", "username"),
    "user(employee_id)": clash("user", "employee_id"),
    "user(username_folded)": clash("user", "username_folded"),
    "user(email_folded)": clash("user", "email_folded"),
    "user_employee_id_not_empty": update("user", "{other}", employee_id="''"),
    "user_notices_wanted": update("user", "{other}", notices_wanted=X),
    "user_groups(group_id, user_id)": doubled(
        "user_groups", user_id="{maker}", group_id="(SELECT MIN(id) FROM auth_group)"
    ),
    "user_user_permissions(permission_id, user_id)": doubled(
        "user_user_permissions",
        user_id="{maker}",
        permission_id="(SELECT MIN(id) FROM auth_permission)",
    ),
    "involvementkind(name_folded)": clash("involvementkind", "name_folded"),
    "involvement_once_while_open": again("involvement"),
    "involvement_ends_after_start": update(
        "involvement", first("involvement"), ended_at="'1999-12-31 00:00:00'"
    ),
    "approver_rule_system_kind": update("approverrule", first("approverrule"), system_kind=X),
    "approver_rule_once_per_kind": again("approverrule"),
    "approver_rule_once_per_system": f"{OF_SYSTEM}; {OF_SYSTEM}",
    "delegation_ends_after_start": update(
        "delegation", first("delegation"), ends_at="'1999-12-31 00:00:00'"
    ),
    "delegation_to_another": update("delegation", first("delegation"), delegate_id="delegator_id"),
    # Policy
    "policy_is_one_row": update("policy", "1", id="2"),
    "policy_maker_decides": update("policy", "1", maker_decides=X),
    "policy_side_without_approver": update("policy", "1", side_without_approver=X),
    "policy_later_physical_flows": update("policy", "1", later_physical_flows=X),
    "policy_time_out_days": update("policy", "1", time_out_days="0"),
    "policy_remind_after_days": update("policy", "1", remind_after_days="3651"),
    "historicalpolicy(time_out_days)": copied("historicalpolicy", "{policy}", time_out_days="-1"),
    "historicalpolicy(remind_after_days)": copied(
        "historicalpolicy", "{policy}", remind_after_days="-1"
    ),
    # Causes and bases
    **{
        f"historical_{name}_one_cause": copied(f"historical{name}", key, cause="'DIRECT'")
        for name, key in {
            "logicalflow": "{flow_version}",
            "physicalflow": "{physical_version}",
            "physicalspecification": "(SELECT MAX(history_id) "
            "FROM proposals_historicalphysicalspecification)",
            "proposal": "{waiting_version}",
        }.items()
    },
    "transition_basis": step(basis="'x'"),
    "transition_names_what_its_basis_knows": step(basis="'MAKER'"),
    "reason(name_folded)": doubled(
        "reason", name=X, name_folded=X, description=X, is_active="TRUE"
    ),
    # Register
    "logical_flow_once_per_route": copied("logicalflow", "{flow}"),
    "logical_flow_lifecycle": update("logicalflow", "{flow}", lifecycle=X),
    "logical_flow_one_origin": update("logicalflow", "{flow}", origin_proposal_id="NULL"),
    "logicalflow_declared_data_types(datatype_id, logicalflow_id)": doubled(
        "logicalflow_declared_data_types", logicalflow_id="{flow}", datatype_id="{unused_type}"
    ),
    "physicalspecification(code_folded)": clash("physicalspecification", "code_folded"),
    "specification_has_code": update("physicalspecification", "{specification}", code="''"),
    "specification_format": update("physicalspecification", "{specification}", format=X),
    "specification_lifecycle": update("physicalspecification", "{specification}", lifecycle=X),
    "physicalspecification_data_types(datatype_id, physicalspecification_id)": doubled(
        "physicalspecification_data_types",
        physicalspecification_id="{specification}",
        datatype_id="{unused_type}",
    ),
    "physical_flow_transport": update("physicalflow", "{physical}", transport=X),
    "physical_flow_frequency": update("physicalflow", "{physical}", frequency=X),
    "physical_flow_criticality": update("physicalflow", "{physical}", criticality=X),
    "physical_flow_attributes_complete": update("physicalflow", "{physical}", basis_offset="NULL"),
    "physical_flow_lifecycle": update("physicalflow", "{physical}", lifecycle=X),
    "physical_flow_one_origin": update("physicalflow", "{physical}", origin_proposal_id="NULL"),
    "physical_flow_added_under_proposal": (
        f"{BATCH}; {update('physicalflow', '{physical}', **ADDED)}"
    ),
    "physical_flow_no_active_twin": copied("physicalflow", "{physical}"),
    # Proposals
    "proposal_state": update("proposal", "{waiting}", state=X),
    "proposal_transport": update("proposal", "{draft}", transport=X),
    "proposal_frequency": update("proposal", "{draft}", frequency=X),
    "proposal_criticality": update("proposal", "{draft}", criticality=X),
    "proposal_specification_format": update("proposal", "{draft}", specification_format=X),
    "proposal_attributes_complete": update("proposal", "{waiting}", frequency="''"),
    "proposal_create_between_two_systems": update("proposal", "{draft}", target_id="source_id"),
    "proposal_names_the_flow_concerned": update(
        "proposal", "{draft}", concerned_physical_flow_id="{physical}"
    ),
    "proposal_complete_when_submitted": update("proposal", "{draft}", submitted_at=NOW),
    "proposal_names_one_specification": update(
        "proposal", "{waiting}", specification_id="{specification}"
    ),
    "proposal_closed_in_end_states": update("proposal", "{waiting}", closed_at=NOW),
    "proposal_results_when_fully_approved": update(
        "proposal", "{waiting}", result_logical_flow_id="{flow}"
    ),
    "proposal_round_of_another": update("proposal", "{draft}", round_number="2"),
    "proposal_revised_once": f"{NEXT_ROUND}; {NEXT_ROUND}",
    "historicalproposal(round_number)": copied(
        "historicalproposal", "{waiting_version}", round_number="-1"
    ),
    "proposal_no_open_twin": copied("proposal", "{waiting}"),
    "proposal_one_open_change_per_physical_flow": removal(concerned_physical_flow_id="{physical}"),
    "proposal_one_open_removal_per_logical_flow": removal(concerned_logical_flow_id="{flow}"),
    "proposal_data_types(datatype_id, proposal_id)": doubled(
        "proposal_data_types", proposal_id="{draft}", datatype_id="{unused_type}"
    ),
    # What happened
    "transition_numbered_once": step(number="1", action="'cancel'", side="''"),
    "transition_one_decision_per_side": f"{step()}; {step(number='3')}",
    "transition_numbered_from_one": step(number="0"),
    "transition_side": step(side=X),
    "transition_action": step(action=X),
    "transition_states": step(to_state=X),
    "transition_by_the_clock_or_a_person": step(by_id="NULL"),
    "transition_rejected_with_a_comment": step(
        action="'reject_source'", to_state="'SOURCE_REJECTED'"
    ),
    "transition_for_another_when_deciding": step(on_behalf_of_id="{source_approver}"),
    "transition_by_some_right": step(capacity="''"),
    "notice_once_per_event_and_recipient": again("notice"),
    "notice_one_cause": update("notice", first("notice"), proposal_id="NULL"),
    "notice_once_per_delegation": told_twice(
        delegation_id=first("historicaldelegation", "history_id")
    ),
    "notice_once_per_remark": told_twice(remark_id="{remark}", proposal_id="{waiting}"),
    "notice_once_per_physical_flow": told_twice(physical_flow_id="{physical}"),
    "saved_view_list": update("savedview", first("savedview"), list_name=X),
    "saved_view_once_per_name": again("savedview"),
    "token_once_per_name": again("token"),
    "token_has_a_name": update("token", "{token}", name="''"),
    "token_has_a_scope": update("token", "{token}", may_read="FALSE", may_propose="FALSE"),
    "token_ends_after_it_began": update("token", "{token}", expires_at="created_at"),
    "token_withdrawn_by_somebody": update("token", "{token}", withdrawn_at=NOW),
    "token(used)": update("token", "{token}", used="-1"),
    "upload_kind": update("upload", first("upload"), kind=X),
    "upload_state": update("upload", first("upload"), state=X),
    "upload(rows_done)": update("upload", first("upload"), rows_done="-1"),
    "upload(rows_total)": update("upload", first("upload"), rows_total="-1"),
    "uploaded_file_once_per_name": again("uploadedfile"),
    "uploaded_row_once_per_line": again("uploadedrow"),
    "uploaded_row_outcome": update("uploadedrow", first("uploadedrow"), outcome=X),
    "uploadedrow(line)": update("uploadedrow", first("uploadedrow"), line="-1"),
    "webhook_delivery_state": update(
        "webhookdelivery", first("webhookdelivery"), state=X, due_at="NULL"
    ),
    "webhook_delivery_due_while_waiting": update(
        "webhookdelivery", first("webhookdelivery"), due_at="NULL"
    ),
    "webhookdelivery(message_id)": again("webhookdelivery"),
    "webhookdelivery(tries)": update("webhookdelivery", first("webhookdelivery"), tries="-1"),
    "watch_one_thing": update("watch", first("watch"), system_id="{source}"),
    "watch_once_per_proposal": again("watch"),
    "watch_once_per_system": doubled("watch", user_id="{maker}", system_id="{source}", since=NOW),
    "notice(reminder_day)": update("notice", first("notice"), reminder_day="-1"),
}

# What another one says more strictly, so that nothing can break it alone.
IMPLIED = {
    "ledgernode(level)": "ledgernode_level",
    "policy(time_out_days)": "policy_time_out_days",
    "policy(remind_after_days)": "policy_remind_after_days",
    "transition(number)": "transition_numbered_from_one",
    "proposal(round_number)": "proposal_round_of_another",
    "proposal_type": "proposal_names_the_flow_concerned",
}


def constraints():
    """{name in TABLE: (table, name in the database)} of every CHECK and UNIQUE there is, but for
    primary keys.
    """
    models = list(apps.get_app_config("proposals").get_models(include_auto_created=True))
    declared = {constraint.name for model in models for constraint in model._meta.constraints}
    found = {}
    with connection.cursor() as cursor:
        for model in models:
            table = model._meta.db_table
            for name, about in connection.introspection.get_constraints(cursor, table).items():
                if (about["check"] or about["unique"]) and not about["primary_key"]:
                    columns = ", ".join(sorted(filter(None, about["columns"])))
                    known = (
                        name
                        if name in declared
                        else f"{table.removeprefix('proposals_')}({columns})"
                    )
                    found[known] = (table, name)
    return found
