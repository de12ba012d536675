-- By waltzflow_owner, after the first migrate, and again where CHANGELOG.md says so.

-- Tables whose rows are meant to go.
GRANT DELETE ON django_session, proposals_receipt, proposals_watch, proposals_savedview, proposals_approverrule,
    proposals_user_groups, proposals_user_user_permissions, auth_group_permissions, proposals_proposal_data_types,
    proposals_physicalspecification_data_types, proposals_logicalflow_declared_data_types,
    proposals_upload, proposals_uploadedfile, proposals_uploadedrow, proposals_webhookdelivery, axes_accessattempt,
    axes_accessattemptexpiration
    TO waltzflow_app;
-- The record is only added to.
REVOKE UPDATE ON proposals_transition, proposals_remark, proposals_remark_mentioned, proposals_ledgerform,
    proposals_ledgerleaf, proposals_ledgernode FROM waltzflow_app;
-- An auditor reads everything but sessions, and the hashes of passwords and tokens.
REVOKE SELECT ON django_session, proposals_user, proposals_token FROM waltzflow_auditor;
GRANT SELECT (id, username, username_folded, name, email, email_folded, employee_id, title, manager_id,
    organisational_unit_id, is_active, is_staff, is_superuser, date_joined, last_login, notices_wanted, time_zone,
    search_text)
    ON proposals_user TO waltzflow_auditor;
GRANT SELECT (id, owner_id, name, may_read, may_propose, may_decide, created_at, expires_at, last_used_at, used,
    withdrawn_at, withdrawn_by_id) ON proposals_token TO waltzflow_auditor;
