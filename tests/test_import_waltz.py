"""A FINOS Waltz comes in: what it says of systems, people, rights and flows, and what has no place
is counted.
"""

import io

import pytest
from django.core.management import CommandError, call_command
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from proposals.models import (
    ApproverRule,
    DataType,
    ImportBatch,
    Involvement,
    LogicalFlow,
    OrganisationalUnit,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    System,
    Transition,
    User,
)

from . import factories
from .waltz import OF_1_40, TODAY, run, waltz, waltz_server  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def today(waltz_server):  # noqa: F811
    with waltz(waltz_server, TODAY) as address:
        yield address


@pytest.fixture
def of_1_40(waltz_server):  # noqa: F811
    with waltz(waltz_server, OF_1_40) as address:
        yield address


@pytest.fixture
def importer():
    return factories.user("Ida Import", is_superuser=True, is_staff=True)


def bring(address, importer, *options) -> list[str]:
    out = io.StringIO()
    call_command("import_waltz", address, *options, by=importer.username, stdout=out)
    return out.getvalue().splitlines()


def test_the_waltz_of_today_comes_in(today, importer):
    said = bring(today, importer)

    child = OrganisationalUnit.objects.get(code="20")
    assert (child.name, child.parent.code, child.description) == ("CIO Office", "10", "=x")
    assert DataType.objects.get(code="ADDRESS").is_deprecated
    assert DataType.objects.get(code="ADDRESS").parent.code == "PARTY"
    assert DataType.objects.get(is_unknown=True).code == "UNKNOWN"
    ben = User.objects.get(email="ben@bank.example")
    assert (ben.employee_id, ben.manager.name, ben.is_active) == ("E2", "Ada Archer", True)
    assert User.objects.get(employee_id="E4").manager is None
    systems = System.objects.order_by("code").values_list("code", "kind", "lifecycle")
    assert list(systems) == [
        ("A-1", "APPLICATION", "ACTIVE"),
        ("A-2", "APPLICATION", "ACTIVE"),
        ("EUDA-1", "END_USER_APPLICATION", "ACTIVE"),
        ("actor-1", "ACTOR", "ACTIVE"),
        ("application-3", "APPLICATION", "REMOVED"),
        ("application-4", "APPLICATION", "PENDING"),
    ]
    assert System.objects.get(code="A-1").description == "Books\nand more"
    external = System.objects.filter(is_external=True).values_list("code", flat=True)
    assert set(external) == {"actor-1", "application-4"}
    involved = Involvement.objects.values_list("system__code", "user__employee_id", "kind__name")
    assert set(involved) == {("A-1", "E1", "Owner"), ("A-2", "E2", "Owner")}
    flow = PhysicalFlow.objects.get(external_id="PF_1")
    assert (flow.name, flow.transport, flow.basis_offset) == ("nightly", "FILE_TRANSPORT", -1)
    assert (flow.logical_flow.source.code, flow.logical_flow.target.code) == ("A-1", "A-2")
    assert flow.specification.code == "PS_1"
    assert {of.code for of in flow.specification.data_types.all()} == {"PARTY", "ADDRESS"}
    routes = LogicalFlow.objects.values_list("source__code", "target__code", "lifecycle")
    assert set(routes) == {("A-1", "A-2", "ACTIVE"), ("A-2", "actor-1", "ACTIVE")}
    assert flow.origin_batch == ImportBatch.objects.get()
    assert ImportBatch.objects.get().by == importer
    assert "systems: 7 read, 6 new, 0 changed, 0 same, 1 without a place" in said
    assert "physical flows: 4 read, 2 new, 0 changed, 0 same, 2 without a place" in said


def test_permission_groups_become_approver_rules(today, importer):
    said = bring(today, importer)

    rules = ApproverRule.objects.values_list(
        "involvement_kind__name", "system_kind", "system__code", "may_approve", "may_reject"
    )
    assert set(rules) == {
        ("Owner", "APPLICATION", None, True, True),
        ("Analyst", "APPLICATION", None, True, False),
        ("Owner", "APPLICATION", "A-1", True, True),
    }
    assert "Without a place: 1 approver rules: everybody may, which no rule says here" in said
    assert any("a group gives nobody a right on a system" in line for line in said)


def test_what_has_no_place_is_counted_by_kind_and_reason(today, importer):
    said = bring(today, importer)

    for line in (
        "Without a place: 1 people: no mail address, or no employee id",
        "Without a place: 1 people: another person has the same mail address",
        "Without a place: 1 people: email: “…” is not a mail address.",
        "Without a place: 1 systems: an end-user application that became an application",
        "Without a place: 1 involvement kinds: of CHANGE_INITIATIVE",
        "Without a place: 1 involvements: in CHANGE_INITIATIVE",
        "Without a place: 1 logical flows: removed in Waltz",
        "Without a place: 1 logical flows: an end of it was removed, or has no place here",
        "Without a place: 1 specifications: removed in Waltz",
        "Without a place: 1 physical flows: removed in Waltz",
        "Otherwise than in Waltz: 1 physical flows: the transport “CARRIER_PIGEON” became OTHER",
        "Otherwise than in Waltz: 1 specifications: the format “AVRO” became OTHER",
    ):
        assert line in said
    assert any(line.startswith("Without a place: 1 physical flows: another row") for line in said)


def test_the_second_time_nothing_changes(today, importer):
    bring(today, importer)
    said = bring(today, importer)

    assert said[-1] == "Nothing changed."
    assert "systems: 7 read, 0 new, 0 changed, 6 same, 1 without a place" in said
    assert ImportBatch.objects.count() == 1


def test_a_dry_run_says_the_same_and_writes_nothing(today, importer):
    planned = bring(today, importer, "--dry-run")

    assert not System.objects.exists()
    assert not Proposal.objects.exists()
    assert not ImportBatch.objects.exists()
    assert planned[-1] == "Dry run: nothing was written."
    assert planned[:-1] == bring(today, importer)[:-1]


def test_what_changed_in_waltz_is_said_field_by_field_and_flows_are_left_to_proposals(
    today, importer
):
    bring(today, importer)
    run(today, "UPDATE application SET name = 'General ledger' WHERE id = 1")
    run(today, "UPDATE physical_specification SET name = 'sums.csv' WHERE id = 1")
    said = bring(today, importer, "--dry-run")

    assert any("A-1, name: “Ledger” becomes “General ledger”" in line for line in said)
    assert any(
        "1 specifications: This is already in the register with other content (name); "
        "propose a change." in line
        for line in said
    )
    bring(today, importer)
    assert System.objects.get(code="A-1").name == "General ledger"
    assert PhysicalSpecification.objects.get(code="PS_1").name == "balances.csv"


def test_the_waltz_of_1_40_comes_in(of_1_40, importer):
    said = bring(of_1_40, importer)

    assert System.objects.count() == 5
    assert set(PhysicalFlow.objects.values_list("name", "frequency")) == {
        ("", "DAILY"),
        ("", "ON_DEMAND"),
    }
    assert not ApproverRule.objects.exists()
    assert "physical flows: 3 read, 2 new, 0 changed, 0 same, 1 without a place" in said
    assert bring(of_1_40, importer)[-1] == "Nothing changed."


def test_what_is_open_in_waltz_becomes_a_draft_of_its_maker(today, importer):
    said = bring(today, importer)

    made, change, removal = Proposal.objects.order_by("created_at")
    assert {p.state for p in (made, change, removal)} == {"PROPOSED_CREATE"}
    assert (made.type, made.maker.email) == ("CREATE", "ben@bank.example")
    assert (made.specification_name, made.name, made.basis_offset) == ("tax.csv", "=yearly", -5)
    assert {of.code for of in made.data_types.all()} == {"PARTY", "ADDRESS"}
    assert made.justification.splitlines() == [
        "From FINOS Waltz, proposal 11.",
        "Proposed there on 2026-01-02 10:00 UTC by Ben@bank.example: Regulation",
        "2026-01-02 10:00 UTC, ben@bank.example: PENDING_APPROVALS",
        "2026-01-03 09:30 UTC, ada@bank.example: SOURCE_APPROVED (Fine)",
        "No decision taken there counts here.",
    ]
    assert (change.type, change.basis_offset) == ("EDIT", 0)
    assert change.concerned_physical_flow.external_id == "PF_1"
    assert (removal.type, removal.maker.email) == ("DELETE", "ada@bank.example")
    assert removal.concerned_physical_flow.transport == "OTHER"
    assert not Transition.objects.exists()
    assert "proposals: 7 read, 3 new, 0 changed, 0 same, 4 without a place" in said
    for reason in (
        "ended in Waltz as FULLY_APPROVED",
        "the maker is nobody active here",
        "what was asked cannot be read",
        "the flow it concerns is not in the register",
    ):
        assert f"Without a place: 1 proposals: {reason}" in said


def test_a_proposal_comes_once_though_waltz_goes_on_with_it(today, importer):
    bring(today, importer)
    run(today, "UPDATE entity_workflow_transition SET reason = 'Otherwise' WHERE entity_id = 11")
    said = bring(today, importer)

    assert Proposal.objects.count() == 3
    assert "proposals: 7 read, 0 new, 0 changed, 3 same, 4 without a place" in said


def test_what_ended_in_waltz_is_told_on_request(today, importer):
    said = bring(today, importer, "--verbose")
    assert "2025-01-03 09:30 UTC, ada@bank.example: FULLY_APPROVED (Yes)" in said


def test_what_is_no_waltz_is_refused_in_a_sentence(waltz_server, importer):  # noqa: F811
    without = (
        TODAY.replace("asset_code varchar", "code varchar")
        .replace("TABLE actor (", "TABLE player (")
        .replace("INTO actor ", "INTO player ")
    )
    with waltz(waltz_server, without) as address, pytest.raises(CommandError) as refused:
        bring(address, importer)
    assert str(refused.value) == (
        "This is no Waltz database of 1.40 or later that can be read: the table application has no "
        "column asset_code, the table actor is not there."
    )


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("postgresql://waltz:open-sesame@127.0.0.1:1/waltz", "cannot be read: Connection refused"),
        ("postgresql://waltz:open-sesame@no-such-host.invalid/waltz", "no-such-host.invalid"),
        ("http://waltz:open-sesame@127.0.0.1/waltz", "write postgresql://user"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_without_the_password(address, reason, importer):
    with pytest.raises(CommandError, match=reason) as refused:
        bring(address, importer)
    assert "open-sesame" not in str(refused.value)


def test_an_account_that_may_not_in_is_named_without_its_password(today, importer):
    wrong = make_conninfo(today, user="nobody_here", password="open-sesame")
    with pytest.raises(CommandError) as refused:
        bring(wrong, importer)
    assert str(refused.value) == (
        'The Waltz database cannot be read: role "nobody_here" does not exist.'
    )


def test_an_account_that_may_only_read_is_enough(today, importer):
    name = conninfo_to_dict(today)["dbname"]
    run(today, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    assert bring(today, importer)[-1].startswith("Import ")
