"""A small FINOS Waltz: a few tables with a few rows, in the shape of today and of 1.40."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from .run import postgresql

COMMON = """
CREATE TABLE organisational_unit (id bigint, name varchar, description varchar, parent_id bigint);
INSERT INTO organisational_unit VALUES (10, 'CEO Office', '', NULL), (20, 'CIO Office', '=x', 10);
CREATE TABLE data_type (id bigint, code varchar, name varchar, description varchar,
    parent_id bigint, deprecated boolean, "unknown" boolean);
INSERT INTO data_type VALUES (1, 'PARTY', 'Party', 'Who', NULL, false, false),
    (2, 'ADDRESS', 'Address', '', 1, true, false), (3, 'UNKNOWN', 'Unknown', '', NULL, false, true);
CREATE TABLE person (id bigint, employee_id varchar, display_name varchar, email varchar,
    title varchar, manager_employee_id varchar, organisational_unit_id bigint, is_removed boolean);
INSERT INTO person VALUES
    (1, 'E1', 'Ada Archer', 'ada@bank.example', 'CEO', NULL, 10, false),
    (2, 'E2', 'Ben Baker', 'ben@bank.example', 'Clerk', 'E1', 20, false),
    (3, 'E3', 'Cy Cole', NULL, '', 'E1', 20, false),
    (4, 'E4', 'Dee Dunn', 'dee@bank.example', '', 'E3', 20, false),
    (5, 'E5', 'Ben Before', 'BEN@bank.example', '', NULL, 20, true),
    (6, 'E6', 'No Address', 'not an address', '', NULL, 20, false);
CREATE TABLE application (id bigint, name varchar, asset_code varchar, kind varchar,
    description varchar, organisational_unit_id bigint, is_removed boolean,
    entity_lifecycle_status varchar);
INSERT INTO application VALUES
    (1, 'Ledger', 'A-1', 'IN_HOUSE', 'Books' || chr(13) || chr(10) || 'and more', 10, false,
     'ACTIVE'),
    (2, 'Payments', 'A-2', 'IN_HOUSE', '', 20, false, 'ACTIVE'),
    (3, 'Old', 'a-2', 'IN_HOUSE', '', 20, true, 'REMOVED'),
    (4, 'Rating agency', NULL, 'EXTERNAL', '', 20, false, 'PENDING');
CREATE TABLE actor (id bigint, name varchar, description varchar, is_external boolean,
    external_id varchar);
INSERT INTO actor VALUES (1, 'Tax office', '', true, NULL);
CREATE TABLE involvement (entity_kind varchar, entity_id bigint, kind_id bigint,
    employee_id varchar);
INSERT INTO involvement VALUES ('APPLICATION', 1, 1, 'E1'), ('APPLICATION', 2, 1, 'E2'),
    ('APPLICATION', 2, 1, 'E5'), ('APPLICATION', 2, 2, 'E3'), ('CHANGE_INITIATIVE', 7, 1, 'E1');
CREATE TABLE physical_spec_data_type (specification_id bigint, data_type_id bigint);
INSERT INTO physical_spec_data_type VALUES (1, 2), (1, 1);
CREATE TABLE logical_flow_decorator (logical_flow_id bigint, decorator_entity_kind varchar,
    decorator_entity_id bigint);
INSERT INTO logical_flow_decorator VALUES (1, 'DATA_TYPE', 1), (2, 'DATA_TYPE', 3);
CREATE TABLE logical_flow (id bigint, source_entity_kind varchar, source_entity_id bigint,
    target_entity_kind varchar, target_entity_id bigint, is_removed boolean,
    entity_lifecycle_status varchar);
INSERT INTO logical_flow VALUES (1, 'APPLICATION', 1, 'APPLICATION', 2, false, 'ACTIVE'),
    (2, 'APPLICATION', 2, 'ACTOR', 1, false, 'ACTIVE'),
    (3, 'APPLICATION', 2, 'APPLICATION', 1, true, 'REMOVED'),
    (4, 'APPLICATION', 3, 'APPLICATION', 1, false, 'ACTIVE');
CREATE TABLE physical_specification (id bigint, owning_entity_kind varchar,
    owning_entity_id bigint, name varchar, format varchar, description varchar,
    external_id varchar, is_removed boolean);
INSERT INTO physical_specification VALUES
    (1, 'APPLICATION', 1, 'balances.csv', 'FLAT_FILE', '-', 'PS_1', false),
    (2, 'APPLICATION', 1, 'gone.csv', 'FLAT_FILE', '', 'PS_2', true),
    (3, 'APPLICATION', 2, 'orders', 'AVRO', '', '', false);
"""

OF_1_40 = (
    COMMON
    + """
CREATE TABLE involvement_kind (id bigint, name varchar, description varchar);
INSERT INTO involvement_kind VALUES (1, 'Owner', 'Owns it'), (2, 'Analyst', '');
CREATE TABLE physical_flow (id bigint, logical_flow_id bigint, specification_id bigint,
    transport varchar, frequency varchar, basis_offset integer, criticality varchar,
    description varchar, external_id varchar, entity_lifecycle_status varchar, is_removed boolean);
INSERT INTO physical_flow VALUES
    (1, 1, 1, 'FILE_TRANSPORT', 'DAILY', -1, 'HIGH', 'At night', 'PF_1', 'ACTIVE', false),
    (2, 1, 1, 'EMAIL', 'DAILY', 0, 'LOW', '', NULL, 'REMOVED', true),
    (3, 2, 3, 'CARRIER_PIGEON', 'ON_DEMAND', 0, 'LOW', '', NULL, 'ACTIVE', false);
"""
)

TODAY = (
    COMMON
    + """
CREATE TABLE involvement_kind (id bigint, name varchar, description varchar, subject_kind varchar);
INSERT INTO involvement_kind VALUES (1, 'Owner', 'Owns it', 'APPLICATION'),
    (2, 'Analyst', '', 'APPLICATION'), (3, 'owner', 'Of an actor', 'ACTOR'),
    (4, 'Sponsor', '', 'CHANGE_INITIATIVE');
CREATE TABLE end_user_application (id bigint, name varchar, description varchar,
    organisational_unit_id bigint, external_id varchar, is_promoted boolean);
INSERT INTO end_user_application VALUES (1, 'Sheet of Ben', '', 20, 'EUDA-1', false),
    (2, 'Sheet of all', '', 20, NULL, true);
CREATE TABLE physical_flow (id bigint, logical_flow_id bigint, specification_id bigint,
    name varchar, transport varchar, frequency varchar, basis_offset integer, criticality varchar,
    description varchar, external_id varchar, entity_lifecycle_status varchar, is_removed boolean);
INSERT INTO physical_flow VALUES
    (1, 1, 1, 'nightly', 'FILE_TRANSPORT', 'DAILY', -1, 'HIGH', 'At night', 'PF_1', 'ACTIVE',
     false),
    (2, 1, 1, NULL, 'EMAIL', 'DAILY', 0, 'LOW', '', NULL, 'REMOVED', true),
    (3, 2, 3, NULL, 'CARRIER_PIGEON', 'ON_DEMAND', 0, 'LOW', '', NULL, 'ACTIVE', false),
    (4, 1, 1, 'Nightly', 'FILE_TRANSPORT', 'DAILY', -1, 'LOW', 'A twin', 'PF_4', 'ACTIVE', false);
CREATE TABLE permission_group (id bigint, name varchar, is_default boolean);
INSERT INTO permission_group VALUES (1, 'Default', true), (2, 'Ledger', false), (3, 'None', false);
CREATE TABLE permission_group_entry (permission_group_id bigint, entity_kind varchar,
    entity_id bigint);
INSERT INTO permission_group_entry VALUES (2, 'APPLICATION', 1), (3, 'ACTOR', 1);
CREATE TABLE involvement_group_entry (involvement_group_id bigint, involvement_kind_id bigint);
INSERT INTO involvement_group_entry VALUES (1, 1), (1, 2), (2, 1), (1, 4);
CREATE TABLE permission_group_involvement (permission_group_id bigint,
    involvement_group_id bigint, operation varchar, parent_kind varchar, subject_kind varchar);
INSERT INTO permission_group_involvement VALUES
    (1, 1, 'APPROVE', 'APPLICATION', 'PROPOSED_FLOW'),
    (1, 2, 'REJECT', 'APPLICATION', 'PROPOSED_FLOW'),
    (1, NULL, 'APPROVE', 'ACTOR', 'PROPOSED_FLOW'),
    (1, 1, 'ATTEST', 'APPLICATION', 'LOGICAL_DATA_FLOW'),
    (2, 2, 'APPROVE', 'APPLICATION', 'PROPOSED_FLOW'),
    (2, 2, 'REJECT', 'APPLICATION', 'PROPOSED_FLOW');
CREATE TABLE proposed_flow (id bigint, source_entity_kind varchar, source_entity_id bigint,
    target_entity_kind varchar, target_entity_id bigint, created_at timestamp, created_by varchar,
    flow_def text, proposal_type varchar, physical_flow_id bigint);
INSERT INTO proposed_flow VALUES
    (11, 'APPLICATION', 1, 'ACTOR', 1, '2026-01-02 10:00', 'Ben@bank.example',
     '{"reason": {"ratingId": 3, "description": "Regulation"}, "dataTypeIds": [1, 2],
       "specification": {"id": null, "name": "tax.csv", "format": "FLAT_FILE"},
       "flowAttributes": {"name": "=yearly", "transport": "EMAIL", "frequency": "YEARLY",
       "basisOffset": -5, "criticality": "LOW"}}', 'CREATE', NULL),
    (12, 'APPLICATION', 1, 'APPLICATION', 2, '2026-01-03 10:00', 'ben@bank.example',
     '{"flowAttributes": {"name": "nightly", "transport": "FILE_TRANSPORT", "frequency": "DAILY",
       "basisOffset": 0, "criticality": "HIGH"}, "dataTypeIds": [1]}', 'EDIT', 1),
    (13, 'APPLICATION', 2, 'ACTOR', 1, '2026-01-04 10:00', 'ada@bank.example', '{}', 'DELETE', 3),
    (14, 'APPLICATION', 1, 'APPLICATION', 2, '2025-01-02 10:00', 'ada@bank.example', '{}',
     'CREATE', NULL),
    (15, 'APPLICATION', 1, 'APPLICATION', 2, '2026-01-02 10:00', 'gone@bank.example', '{}',
     'CREATE', NULL),
    (16, 'APPLICATION', 1, 'APPLICATION', 2, '2026-01-02 10:00', 'ada@bank.example', 'nonsense',
     'CREATE', NULL),
    (17, 'APPLICATION', 1, 'APPLICATION', 2, '2026-01-02 10:00', 'ada@bank.example', '{}',
     'DELETE', 2);
CREATE TABLE entity_workflow_state (entity_kind varchar, entity_id bigint, state varchar);
INSERT INTO entity_workflow_state VALUES ('PROPOSED_FLOW', 11, 'SOURCE_APPROVED'),
    ('PROPOSED_FLOW', 12, 'PENDING_APPROVALS'), ('PROPOSED_FLOW', 13, 'PENDING_APPROVALS'),
    ('PROPOSED_FLOW', 14, 'FULLY_APPROVED'), ('CHANGE_INITIATIVE', 12, 'CANCELLED');
CREATE TABLE entity_workflow_transition (entity_kind varchar, entity_id bigint,
    from_state varchar, to_state varchar, reason varchar, last_updated_at timestamp,
    last_updated_by varchar);
INSERT INTO entity_workflow_transition VALUES
    ('PROPOSED_FLOW', 11, 'PENDING_APPROVALS', 'SOURCE_APPROVED', 'Fine', '2026-01-03 09:30',
     'ada@bank.example'),
    ('PROPOSED_FLOW', 11, 'PROPOSED_CREATE', 'PENDING_APPROVALS', NULL, '2026-01-02 10:00',
     'ben@bank.example'),
    ('PROPOSED_FLOW', 14, 'TARGET_APPROVED', 'FULLY_APPROVED', 'Yes', '2025-01-03 09:30',
     'ada@bank.example');
"""
)


@pytest.fixture(scope="session")
def waltz_server(django_db_setup) -> Iterator[str]:
    """The address of a PostgreSQL: that of the run, or on SQLite one for this session."""
    if connection.vendor == "postgresql":
        options = connection.get_connection_params()
        names = ("host", "port", "user", "password")
        yield make_conninfo(**{name: options[name] for name in names if options.get(name)})
        return
    with own_server() as address:
        yield address


@contextmanager
def own_server() -> Iterator[str]:
    """As the run on PostgreSQL has one; what that sets for the whole process is set back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", tempfile.gettempdir())
        patch.setattr(tempfile, "tempdir", tempfile.gettempdir())
        patch.setenv("XDG_RUNTIME_DIR", "")
        with postgresql(hasty=True) as address:
            yield address


@contextmanager
def waltz(server: str, script: str) -> Iterator[str]:
    """The address of a database there in which `script` was carried out."""
    name = f"waltz-{os.getpid()}"
    with closing(psycopg.connect(make_conninfo(server, dbname="postgres"), autocommit=True)) as it:
        it.execute(f'CREATE DATABASE "{name}"')
        address = make_conninfo(server, dbname=name)
        try:
            run(address, script)
            yield address
        finally:
            it.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def run(address: str, script: str) -> None:
    with psycopg.connect(address) as connected:
        connected.execute(script)
