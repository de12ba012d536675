"""What a catalogue brings in, what it leaves alone, and that what goes out comes back the same."""

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks import plans, writing
from proposals import guards
from proposals.files.catalogue import TABLES, import_catalogue, write_catalogue
from proposals.guards.guard import AT_COMMIT
from proposals.models import (
    ApproverRule,
    DataType,
    ImportBatch,
    Involvement,
    LogicalFlow,
    OrganisationalUnit,
    PhysicalFlow,
    PhysicalSpecification,
    System,
    User,
)

from . import factories
from .catalogues import CATALOGUE, bring, texts

pytestmark = pytest.mark.django_db
FLOWS = 1_000
FORGET_STATISTICS = """
    WITH known AS (UPDATE pg_class SET relpages = 0, reltuples = -1
        WHERE relname LIKE 'proposals_%' AND relkind = 'r' RETURNING oid)
    DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM known)"""
TRACKED = [
    System,
    Involvement,
    ApproverRule,
    User,
    PhysicalSpecification,
    LogicalFlow,
    PhysicalFlow,
]
EVENING = datetime(2024, 5, 1, 18, tzinfo=UTC)


def history_rows() -> int:
    return sum(model.history.count() for model in TRACKED)


def counts(report) -> dict:
    return {t.file: (t.read, t.added, t.changed, t.unchanged, t.repeated) for t in report.tallies}


def flow(source: str, target: str) -> LogicalFlow:
    return LogicalFlow.objects.get(source__code=source, target__code=target)


def test_the_whole_catalogue_comes_in():
    report = import_catalogue(texts())
    assert counts(report)["logical_flows.csv"] == (3, 3, 0, 0, 0)
    assert OrganisationalUnit.objects.get(code="IT").parent.code == "BANK"
    assert DataType.objects.get(code="OLD").is_deprecated
    sent, ledger = PhysicalFlow.objects.get(), System.objects.get(code="LEDGER")
    assert (sent.name, sent.basis_offset, sent.specification.code, sent.external_id) == (
        "Night run",
        -1,
        "S1",
        "X9",
    )
    assert sent.content_key == sent.twin_key(
        ledger.pk, sent.logical_flow.target_id, sent.specification_id
    )
    assert {kind.code for kind in sent.specification.data_types.all()} == {"CLIENT", "OLD"}
    assert (ledger.kind, ledger.organisational_unit.code, ledger.lifecycle) == (
        "APPLICATION",
        "IT",
        "ACTIVE",
    )
    assert ApproverRule.objects.get(system__code="FED").may_reject is False
    assert Involvement.objects.get(system=ledger).user.name == "Ada"


def test_people_arrive_without_a_password_and_follow_their_mail_address():
    import_catalogue(texts())
    ada, bo, cy = User.objects.order_by("name")
    assert ada.manager == bo
    assert (bo.email, bo.username, bo.employee_id) == ("Bo@example.com", "bo@example.com", "E1")
    assert (cy.employee_id, cy.is_active) == (None, False)
    assert not any(person.has_usable_password() for person in (ada, bo, cy))


def test_a_flow_is_active_only_with_a_physical_flow():
    import_catalogue(texts())
    assert flow("LEDGER", "RISK").lifecycle == "ACTIVE"
    assert flow("LEDGER", "FED").lifecycle == flow("RISK", "RISK").lifecycle == "PENDING"


def test_a_pending_flow_becomes_active_with_its_first_physical_flow():
    import_catalogue(texts())
    added = CATALOGUE["physical_flows"].replace("LEDGER,RISK", "LEDGER,FED")
    assert bring(physical_flows=added).activated == 1
    changed = flow("LEDGER", "FED")
    assert changed.lifecycle == "ACTIVE"
    assert [row.lifecycle for row in changed.history.order_by("history_id")] == [
        "PENDING",
        "ACTIVE",
    ]
    assert changed.history.latest().declared_data_types.count() == 2


def test_what_came_in_names_its_batch_as_origin_and_reason():
    person = factories.user()
    batch = import_catalogue(texts(), by=person, at=EVENING).batch
    assert (batch.by, batch.at) == (person, EVENING)
    assert LogicalFlow.objects.filter(origin_batch=batch).count() == 3
    assert PhysicalFlow.objects.get().origin_batch == batch
    for model in TRACKED:
        for obj in model.objects.exclude(pk=person.pk if model is User else None):
            row = obj.history.get()
            assert (row.history_type, row.history_user, row.history_change_reason) == (
                "+",
                person,
                f"Import {batch.pk}",
            )
            assert row.history_date == EVENING
    row = flow("LEDGER", "FED").history.get()
    assert {link.datatype.code for link in row.declared_data_types.all()} == {"UNKNOWN", "OLD"}


def test_a_run_keeps_one_batch_with_the_prints_of_its_files():
    batch = import_catalogue(texts()).batch
    assert ImportBatch.objects.get() == batch
    assert len(batch.files.all()) == len(TABLES)
    kept = batch.files.get(name="systems.csv")
    assert (kept.rows, kept.sha256) == (
        3,
        hashlib.sha256(CATALOGUE["systems"].encode()).hexdigest(),
    )
    assert "systems.csv: 3 added." in batch.outcome


def test_the_same_again_changes_nothing():
    import_catalogue(texts())
    before = history_rows()
    report = import_catalogue(texts())
    assert report.batch is None
    assert not report.changes
    assert ImportBatch.objects.count() == 1
    assert history_rows() == before


def test_a_row_repeated_word_for_word_is_skipped_and_counted():
    report = import_catalogue(texts(more_logical_flows="LEDGER,RISK,CLIENT\n"))
    assert counts(report)["logical_flows.csv"] == (4, 3, 0, 0, 1)


def test_catalogue_and_people_are_updated_with_one_history_row_each():
    import_catalogue(texts())
    report = bring(
        people=CATALOGUE["people"].replace("E2,Ada,Owner,E1", "E2,Ada L,Queen,"),
        systems=CATALOGUE["systems"].replace("LEDGER,Ledger,Books,IT", "LEDGER,Main Ledger,,BANK"),
        approver_rules=CATALOGUE["approver_rules"].replace("FED,true,false", "FED,true,true"),
        organisational_units=CATALOGUE["organisational_units"].replace("Runs", "Breaks"),
    )
    assert [tally.changed for tally in report.tallies] == [1, 1, 1, 1]
    ada, ledger = User.objects.get(employee_id="E2"), System.objects.get(code="LEDGER")
    assert (ada.name, ada.title, ada.manager) == ("Ada L", "Queen", None)
    assert (ledger.name, ledger.description, ledger.organisational_unit.code) == (
        "Main Ledger",
        "",
        "BANK",
    )
    for obj in (ada, ledger, ApproverRule.objects.get(system__code="FED")):
        newest, _first = obj.history.all()
        assert (newest.history_type, newest.history_change_reason) == (
            "~",
            f"Import {report.batch.pk}",
        )


def test_two_people_may_exchange_their_employee_ids():
    import_catalogue(texts())
    swapped = (
        CATALOGUE["people"].replace("E1,Bo", "E0,Bo").replace("E2,Ada,Owner,E1", "E1,Ada,Owner,E2")
    )
    bring(people=swapped.replace("E0,Bo", "E2,Bo"))
    ada, bo = User.objects.get(name="Ada"), User.objects.get(name="Bo")
    assert (ada.employee_id, bo.employee_id, ada.manager) == ("E1", "E2", bo)
    assert not bring(people=swapped.replace("E0,Bo", "E2,Bo")).changes


def test_rows_missing_from_a_file_change_nothing():
    import_catalogue(texts())
    before = history_rows()
    report = bring(
        systems="kind,code,name\nACTOR,SWIFT,Swift\n",
        logical_flows="source_code,target_code\nSWIFT,FED\n",
    )
    assert [tally.added for tally in report.tallies] == [1, 1]
    assert System.objects.count() == 4
    assert history_rows() == before + 2


def test_a_known_person_keeps_password_and_a_user_name_of_their_own():
    known = factories.user("Mia", username="mia", email="Mia@example.com")
    known.set_password("secret")
    known.save()
    bring(people="email,employee_id,name\nmia@EXAMPLE.com,7,Mia M\n")
    known.refresh_from_db()
    assert (known.name, known.employee_id, known.username) == ("Mia M", "7", "mia")
    assert known.check_password("secret")


def test_an_ended_involvement_may_be_had_again():
    import_catalogue(texts())
    Involvement.objects.update(ended_at=datetime(2100, 1, 1, tzinfo=UTC))
    assert bring(involvements=CATALOGUE["involvements"]).tallies[0].added == 2


def test_a_flow_that_was_removed_and_approved_again_is_known():
    import_catalogue(texts())
    factories.remove_flows(PhysicalFlow)
    gone = PhysicalFlow.objects.get()
    values = {
        field: getattr(gone, field)
        for field in [*PhysicalFlow.ATTRIBUTES, "logical_flow", "specification"]
    }
    approved_again = PhysicalFlow(**values, origin_batch=gone.origin_batch)
    factories.store(approved_again, at=gone.origin_batch.at)
    assert not import_catalogue(texts()).changes


def test_a_system_without_a_code_gets_the_same_one_at_every_import():
    nameless = "kind,code,name\nAPPLICATION,,Test Application\n"
    bring(systems=nameless)
    assert System.objects.get().code.startswith("SYSTEM-")
    assert not bring(systems=nameless).changes


def test_a_mark_at_the_beginning_of_the_file_is_no_part_of_it():
    report = import_catalogue({"involvement_kinds": b"\xef\xbb\xbfname\r\nOwner\r\n"})
    assert counts(report) == {"involvement_kinds.csv": (1, 1, 0, 0, 0)}


def test_a_dry_run_judges_and_writes_nothing():
    report = import_catalogue(texts(), dry_run=True)
    assert counts(report)["systems.csv"] == (3, 3, 0, 0, 0)
    assert report.batch is None
    assert not System.objects.exists()
    assert not ImportBatch.objects.exists()


def padded(text: str) -> str:
    """Every cell with spaces around it, of the kinds that spreadsheets leave: blank, tab,
    non-breaking.
    """
    rows = [line.split(",") for line in text.splitlines()]
    return "".join(
        ",".join(f"  {cell.replace(';', ' ; ')}\xa0\t" for cell in row) + "\n" for row in rows
    )


def test_spaces_around_a_cell_are_no_part_of_it():
    import_catalogue(texts())
    again = {name: padded(text) for name, text in CATALOGUE.items()}
    assert not import_catalogue(texts(**again)).changes
    bring(systems="kind, code, name\nACTOR, SWIFT, Swift \nACTOR,SWIFT,Swift\n")
    assert System.objects.get(code="SWIFT").name == "Swift"


def test_a_padded_row_is_a_repetition_and_not_a_second_one():
    report = import_catalogue(texts(more_systems=" APPLICATION ,RISK ,Risk,,,,\n"))
    assert counts(report)["systems.csv"] == (4, 3, 0, 0, 1)


NASTY = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "'quoted'",
    "'=1",
    "''",
    "\tTab",
    "\rReturn",
    'a "b", c\nd\r\ne',
    "; ;",
    " x ",
    "”",
]


def test_what_goes_out_comes_back_and_changes_nothing(tmp_path):
    import_catalogue(texts())
    for number, text in enumerate(NASTY):
        system = factories.system(text, code=f"{text}{number}", description=text)
        types = [
            factories.data_type(text, code=f"{text}{number}"),
            factories.data_type(code=f"{text}:{number}"),
        ]
        factories.specification(system, text, types=types, description=text, code=text)
        factories.involve(
            factories.user(text, email=f"p{number}@example.com", title=text), system, text
        )
    factories.user("Boss without id").reports.add(*User.objects.filter(name="Ada"))
    before = history_rows()
    write_catalogue(tmp_path)
    report = import_catalogue({path.stem: path.read_bytes() for path in tmp_path.iterdir()})
    assert [str(tally) for tally in report.tallies if tally.added or tally.changed] == []
    assert history_rows() == before


def test_an_export_holds_no_formula_and_leaves_numbers_alone(tmp_path):
    import_catalogue(texts(more_systems='ACTOR,=1,-2,"@cmd",,,\n'))
    write_catalogue(tmp_path)
    assert "ACTOR,'=1,'-2,'@cmd,,false,ACTIVE" in (tmp_path / "systems.csv").read_text()
    assert ",DAILY,-1,HIGH," in (tmp_path / "physical_flows.csv").read_text()


def test_an_export_leaves_out_what_was_removed_or_has_ended(tmp_path):
    import_catalogue(texts())
    factories.remove_flows(PhysicalFlow, LogicalFlow, PhysicalSpecification)
    Involvement.objects.update(ended_at=datetime(2100, 1, 1, tzinfo=UTC))
    assert {name for name, rows in write_catalogue(tmp_path).items() if not rows} == {
        "involvements.csv",
        "specifications.csv",
        "logical_flows.csv",
        "physical_flows.csv",
    }


def test_twenty_times_the_rows_do_not_need_a_query_for_each():
    def queries(first: int, last: int) -> int:
        numbers = range(first, last)
        systems = "kind,code,name\n" + "".join(f"ACTOR,A{n},Actor {n}\n" for n in numbers)
        flows = "source_code,target_code,data_type_codes\n" + "".join(
            f"A{n},RISK,CLIENT\n" for n in numbers
        )
        with CaptureQueriesContext(
            connection,
        ) as captured:
            bring(systems=systems, logical_flows=flows)
        return len(captured)

    import_catalogue(texts())
    assert queries(10, 210) - queries(0, 10) < 30


def test_each_file_says_where_it_names_rows_of_large_tables():
    large = {name for name, table in TABLES.items() if table.lookup}
    for name, table in TABLES.items():
        columns = {column.name for column in table.columns if getattr(column, "of", "") in large}
        said = {column for named in table.names.values() for parts in named for column in parts}
        if name != "people":  # read whole with its file
            assert columns <= said, name
            assert (name in large) == (name in table.names)


def test_of_large_tables_only_those_rows_are_read_that_the_files_may_mean(monkeypatch):
    import_catalogue(texts())
    bring(
        specifications="code,name,owner_code,format\n007,old.csv,RISK,XML\n",
        logical_flows="source_code,target_code\nFED,RISK\n",
        physical_flows=(
            "source_code,target_code,specification_code,transport,frequency,basis_offset,"
            "criticality\nFED,RISK,007,EMAIL,DAILY,1,HIGH\n"
        ),
    )
    read = []
    values = type(TABLES["specifications"]).values
    monkeypatch.setattr(
        type(TABLES["specifications"]),
        "values",
        lambda table, obj: read.append(str(obj)) or values(table, obj),
    )
    report = bring(
        specifications=(
            "code,name,owner_code,format\n7,new.csv,RISK,XML\ns1,trades.csv,LEDGER,FLAT_FILE\n"
        ),
        physical_flows=(
            "source_code,target_code,specification_code,transport,frequency,basis_offset,"
            "criticality\nFED,RISK,7,EMAIL,DAILY,1,HIGH\n"
        ),
    )
    large = (System, User, Involvement, PhysicalSpecification, LogicalFlow, PhysicalFlow)
    of_large_tables = {str(obj) for model in large for obj in model.objects.all()}
    assert of_large_tables & set(read) == {
        *(str(System.objects.get(code=code)) for code in ("RISK", "LEDGER", "FED")),
        str(PhysicalSpecification.objects.get(code="S1")),
        str(flow("FED", "RISK")),
        str(PhysicalFlow.objects.get(specification__code="007")),
    }
    assert counts(report) == {
        "specifications.csv": (2, 1, 0, 1, 0),
        "physical_flows.csv": (1, 1, 0, 0, 0),
    }
    assert [warning.reason for warning in report.warnings] == [
        "“007” is here already: has “7” lost its zeros?"
    ]


if connection.vendor == "postgresql":  # the other tells no rows, and judges nothing at commit

    @pytest.mark.once(on="postgresql")
    def test_what_judges_an_import_at_commit_does_not_walk_through_all_it_wrote(subtests):
        import_catalogue(texts())
        import_catalogue(writing.catalogue(FLOWS))
        flow = PhysicalFlow.objects.order_by("pk")[FLOWS // 2]
        keys = {}
        for row in (flow, flow.logical_flow, flow.specification):
            keys |= {model._meta.db_table: row.pk for model in (type(row), type(row).history.model)}
        # As triggers are asked: without knowing of which row, nor how many there are of what. Other
        # tests leave statistics behind of what they took back.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FORGET_STATISTICS)
            cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            for number, guard in enumerate(guards.GUARDS):
                condition = re.sub(r"\bNEW\.id\b", "$1", guard.condition("NEW"))
                if guard.where == AT_COMMIT and guard.table in keys and "NEW" not in condition:
                    cursor.execute(f"PREPARE judge{number} (bigint) AS SELECT ({condition})")
                    asked = f"EXECUTE judge{number} ({keys[guard.table]})"
                    with subtests.test(guard=guard.name):
                        assert plans.rows_of(plans.explained(asked, None)) < FLOWS // 10


def test_whoever_waits_is_told_how_far_it_is():
    told, tried = [], []
    import_catalogue(texts(), dry_run=True, progress=lambda *rows: tried.append(rows))
    import_catalogue(texts(), progress=lambda *rows: told.append(rows))
    assert (told, tried) == (sorted(told), sorted(tried))
    assert told[-1] == tried[-1] == (22, 22)
    assert (11, 22) in told  # all are judged, none is written


def write_texts(directory: Path, contents: dict[str, bytes]) -> Path:
    for name, data in contents.items():
        (directory / f"{name}.csv").write_bytes(data)
    return directory


def test_the_commands_bring_a_directory_in_and_out_again(tmp_path, capsys):
    call_command("import_catalogue", str(write_texts(tmp_path, texts())))
    assert "systems.csv: 3 rows, 3 added, 0 changed, 0 unchanged" in capsys.readouterr().out
    call_command("export_catalogue", str(tmp_path / "new" / "place"))
    call_command("import_catalogue", str(tmp_path / "new" / "place"))
    assert capsys.readouterr().out.endswith("Nothing changed.\n")


def test_the_command_names_every_problem_and_fails(tmp_path, capsys):
    write_texts(tmp_path, texts(more_systems="ROBOT,A,,,,,\n"))
    with pytest.raises(CommandError, match="Nothing was imported: 2 problems"):
        call_command("import_catalogue", str(tmp_path))
    assert [line.split(": ")[0] for line in capsys.readouterr().err.splitlines()] == [
        "systems.csv, line 5, kind",
        "systems.csv, line 5, name",
    ]


@pytest.mark.parametrize(
    ("place", "reason"), [("", "There is no catalogue file"), ("none", "There is no directory")]
)
def test_a_directory_without_catalogue_files_is_refused(place, reason, tmp_path):
    with pytest.raises(CommandError, match=reason):
        call_command("import_catalogue", str(tmp_path / place))
