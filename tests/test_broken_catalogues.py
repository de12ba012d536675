"""Every bad row is named with file, line, column and reason, and nothing of a bad catalogue comes
in.
"""

import pytest

from proposals.files import catalogue
from proposals.files.catalogue import BadCatalogue, import_catalogue
from proposals.models import (
    ImportBatch,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    System,
    User,
)

from . import factories
from .catalogues import CATALOGUE, bring, texts

pytestmark = pytest.mark.django_db
EMPTY, LONG = "This must not be empty.", "This is longer than 64 characters."
NO_CSV = "This is not CSV ({}); the file was not read any further."
TWICE = "Line {} has the same key ({}) with other content."
SAVE_AS = (
    "In the spreadsheet choose “Save as” and the type “CSV UTF-8”, or save it as a workbook (XLSX)."
)
NO_UTF8 = f"The file is not UTF-8. It is probably {{}}. {SAVE_AS}"
NO_MARK = f"The file is UTF-16 without its mark, which is not read. {SAVE_AS}"
OTHER_KIND = "The system “RISK” is of the kind APPLICATION."
NO_ROUTE = "There is no logical flow from “LEDGER” to “LEDGER”."
KINDS = "APPLICATION, ACTOR, END_USER_APPLICATION"
FORMATS = "BINARY, DATABASE, FLAT_FILE, JSON, XML, UNSTRUCTURED, OTHER, UNKNOWN"


def problems(contents: dict) -> list[tuple]:
    batches = ImportBatch.objects.count()
    with pytest.raises(BadCatalogue) as caught:
        import_catalogue(contents)
    assert ImportBatch.objects.count() == batches
    return [(found.file, found.line, found.column, found.reason) for found in caught.value.problems]


def unknown(code: str, file: str) -> str:
    return f"“{code}” is unknown: it is not in {file}.csv and has not been imported before."


FLOW = "LEDGER,RISK,S1,{},EMAIL,DAILY,{},HIGH,,\n"
FLOW_1 = FLOW.format("n", "1")
UNKNOWN_S9 = unknown("S9", "specifications")
BROKEN_ROWS = [
    ("systems", "APPLCATION,A,A,,,,\n", 5, "kind", f"“APPLCATION” is not one of {KINDS}."),
    ("systems", ",A,A,,,,\n", 5, "kind", EMPTY),
    ("systems", "ACTOR,A,,,,,\n", 5, "name", EMPTY),
    ("systems", "ACTOR,A,\xa0 \t,,,,\n", 5, "name", EMPTY),
    ("systems", "ACTOR,RISK ,Risks,,,,\n", 5, "code", TWICE.format(3, "code")),
    ("logical_flows", "RISK,LEDGER ,CLIENT; CLEINT \n", 5, "data_type_codes",
        unknown("CLEINT", "data_types")),
    ("systems", f"ACTOR,{'A' * 65},A,,,,\n", 5, "code", LONG),
    ("systems", "ACTOR,A,A,,,yep,\n", 5, "external", "“yep” is neither true nor false."),
    ("systems", "ACTOR,A,A,,,,GONE\n", 5, "lifecycle_status",
        "“GONE” is not one of ACTIVE, PENDING, REMOVED."),
    ("systems", "ACTOR,A,A,x\0y,,,\n", 5, "description", "This contains a NUL character."),
    ("systems", "ACTOR,A,A,,XX,,\n", 5, "organisational_unit_code",
        unknown("XX", "organisational_units")),
    ("systems", "ACTOR,A,A\n", 5, "", "The row has 3 cells, the header has 7."),
    ("systems", "ACTOR,A,A,,,,,,x\n", 5, "", "The row has 9 cells, the header has 7."),
    ("systems", "ACTOR,RISK,Risk,,,,\n", 5, "code", TWICE.format(3, "code")),
    ("systems", '\nACTOR,A,"A\nB",,,,\nACTOR,B,,,,,\n', 8, "name", EMPTY),
    ("systems", 'ACTOR,A,"A,,,,\n', 5, "",
        NO_CSV.format("a quotation mark is opened there and never closed")),
    ("systems", 'ACTOR,A,"Al"pha",,,,\n', 5, "", NO_CSV.format(
        'a quotation mark within a quoted cell has to be written twice: ""')),
    ("systems", 'ACTOR,A,"Al\\"pha",,,,\n', 5, "", NO_CSV.format(
        'a quotation mark within a quoted cell has to be written twice: ""')),
    ("organisational_units", "A,A,A,\n", 4, "parent_code", "“A” would be above itself."),
    ("organisational_units", ",A,,\n", 4, "code", EMPTY),
    ("data_types", "A,A,PARTI,,,\n", 6, "parent_code", unknown("PARTI", "data_types")),
    ("data_types", "A,A,,,jain,\n", 6, "deprecated", "“jain” is neither true nor false."),
    ("people", "nobody,,N,,,,\n", 5, "email", "“nobody” is not a mail address."),
    ("people", ",E9,N,,,,\n", 5, "email", EMPTY),
    ("people", f"n@{'d' * 60}.{'d' * 60}.{'d' * 60}.org,,N,,,,\n", 5, "email",
        "This is longer than 150 characters."),
    ("people", "new@example.com,E2,N,,,,\n", 5, "employee_id",
        "“E2” already belongs to “ada@example.com”."),
    ("people", "new@example.com,E3,N,,E9,,\n", 5, "manager_employee_id", unknown("E9", "people")),
    ("people", "new@example.com,E3,N,,E3,,\n", 5, "manager_employee_id",
        "“new@example.com” would be above itself."),
    ("people", "ADA@example.com,E2,Ada,Queen,E1,IT,false\n", 5, "email", TWICE.format(2, "email")),
    ("involvement_kinds", ",x\n", 3, "name", EMPTY),
    ("approver_rules", "Owner,ACTOR,,true,true\n", 4, "involvement_kind",
        unknown("Owner", "involvement_kinds")),
    ("approver_rules", "Data Owner,ACTOR,RISK,,\n", 4, "system_kind", OTHER_KIND),
    ("approver_rules", "Data Owner,ACTOR,,2,\n", 4, "may_approve",
        "“2” is neither true nor false."),
    ("involvements", "ACTOR,RISK,ada@example.com,Data Owner\n", 4, "system_kind", OTHER_KIND),
    ("involvements", "ACTOR,FED,no@example.com,Data Owner\n", 4, "email",
        unknown("no@example.com", "people")),
    ("specifications", "S2,x,LEDGER,CSV,,\n", 3, "format", f"“CSV” is not one of {FORMATS}."),
    ("specifications", f"S2,x,LEDGER,XML,{'d' * 4001},\n", 3, "description",
        "This is longer than 4000 characters."),
    ("specifications", "S2,x,,XML,,\n", 3, "owner_code", EMPTY),
    ("specifications", "S2,x,RISK,XML,,CLIENT;CLEINT\n", 3, "data_type_codes",
        unknown("CLEINT", "data_types")),
    ("logical_flows", "RISK,NONE,\n", 5, "target_code", unknown("NONE", "systems")),
    ("logical_flows", "LEDGER,RISK,OLD\n", 5, "", TWICE.format(2, "source_code, target_code")),
    ("physical_flows", FLOW.format("n", "1.5"), 3, "basis_offset", "“1.5” is not a whole number."),
    ("physical_flows", FLOW.format("n", ""), 3, "basis_offset", EMPTY),
    ("physical_flows", FLOW.format("n", "1000"), 3, "basis_offset",
        "Ensure this value is less than or equal to 999."),
    ("physical_flows", FLOW_1.replace("DAILY", ""), 3, "frequency", EMPTY),
    ("physical_flows", FLOW.format("n" * 201, "1"), 3, "name",
        "This is longer than 200 characters."),
    ("physical_flows", FLOW_1.replace("S1", "S9"), 3, "specification_code", UNKNOWN_S9),
    ("physical_flows", FLOW_1.replace("RISK", "LEDGER"), 3, "", NO_ROUTE),
]  # fmt: skip


@pytest.mark.parametrize(("file", "row", "line", "column", "reason"), BROKEN_ROWS)
def test_a_bad_row_is_named_and_nothing_comes_in(file, row, line, column, reason):
    assert problems(texts(**{f"more_{file}": row})) == [(f"{file}.csv", line, column, reason)]
    assert not System.objects.exists()
    assert not User.objects.exists()


BROKEN_FILES = [
    (b"", 1, "", "The file is empty: not even a header row."),
    (b"\n\n", 1, "", "The file is empty: not even a header row."),
    ("name\nPrüfer\n".encode("latin-1"), 2, "", NO_UTF8.format("Windows-1252 or Latin-1")),
    ("name\nPrüfer \u2013 Köln\n".encode("cp1252"), 2, "", NO_UTF8.format("Windows-1252")),
    ("name\nPrüfer \u2013 Köln\n".encode("mac_roman"), 2, "", NO_UTF8.format("Mac Roman")),
    ("name\nPrüfer Köln\n".encode("cp850"), 2, "", NO_UTF8.format("DOS (code page 850)")),
    ("name\nA\n".encode("utf-16-le"), 1, "", NO_MARK),
    ("name\nA\n".encode("utf-16-be"), 1, "", NO_MARK),
    ("name\nA\n".encode("utf-32"), 1, "", f"The file is UTF-32, which is not read. {SAVE_AS}"),
    (b"description\nA\n", 1, "name", "The column is missing."),
    (b"name,colour\nA,red\n", 1, "colour",
        "The column “colour” is unknown. Known columns: name, description."),
    (b"name;description\nData Owner;\nA\n", 3, "", "The row has 1 cell, the header has 2."),
    (b"name,\nData Owner,\nA,a\n", 3, "", "The row has 2 cells, the header has 1."),
    (b"name,,description\nData Owner,,\nA,x,a\n", 3, "",
        "Column 2 has no name in the header, but holds “x”."),
    (b"name,name\nA,A\n", 1, "name", "The column is there more than once."),
    (b"name\n" + b"A" * 140_000, 2, "", NO_CSV.format("field larger than field limit (131072)")),
]  # fmt: skip


@pytest.mark.parametrize(("data", "line", "column", "reason"), BROKEN_FILES)
def test_a_bad_file_is_named_and_those_that_need_it_are_not_blamed(data, line, column, reason):
    assert problems(texts() | {"involvement_kinds": data}) == [
        ("involvement_kinds.csv", line, column, reason)
    ]


def test_a_file_too_large_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(catalogue.reading, "MOST_BYTES", 1024 * 1024)
    data = b'name\n"unclosed' + b"x" * 1024 * 1024
    assert problems({"involvement_kinds": data}) == [
        ("involvement_kinds.csv", 0, "", "The file is larger than 1 MiB."),
    ]


def test_all_problems_of_all_files_are_named_at_once_in_the_order_of_the_files():
    contents = texts(
        more_physical_flows=FLOW.format("n", "x"),
        more_systems="ROBOT,A,A,,,maybe,\nROBOT,B,B,,,,\n",
        more_organisational_units="A,A,XX,\n",
    )
    assert [found[:3] for found in problems(contents)] == [
        ("organisational_units.csv", 4, "parent_code"),
        ("systems.csv", 5, "kind"),
        ("systems.csv", 5, "external"),
        ("systems.csv", 6, "kind"),
        ("physical_flows.csv", 3, "basis_offset"),
    ]


def test_rows_that_refer_to_a_bad_row_are_not_blamed():
    contents = texts(
        systems=CATALOGUE["systems"].replace("APPLICATION,LEDGER", "ROBOT,LEDGER"),
        people=CATALOGUE["people"].replace("E1,Bo", "E1,"),
    )
    assert [found[:3] for found in problems(contents)] == [
        ("people.csv", 3, "name"),
        ("systems.csv", 2, "kind"),
    ]
    contents = texts(
        logical_flows=CATALOGUE["logical_flows"].replace("RISK,CLIENT", "RISK,CLIENT,PARTY")
    )
    assert [found[:3] for found in problems(contents)] == [("logical_flows.csv", 2, "")]


def test_a_circle_is_seen_though_half_of_it_was_here_before():
    bring(organisational_units="code,name,parent_code\nA,A,\nB,B,A\nC,C,B\n")
    circle = {"organisational_units": b"code,name,parent_code\nD,D,\nA,A,C\n"}
    assert problems(circle) == [
        ("organisational_units.csv", 3, "parent_code", "“A” would be above itself.")
    ]
    bring(people="email,employee_id,name,manager_employee_id\na@x.org,1,A,\nb@x.org,2,B,1\n")
    circle = {"people": b"email,employee_id,name,manager_employee_id\nA@x.org,1,A,2\n"}
    assert problems(circle)[0][1:] == (2, "manager_employee_id", "“a@x.org” would be above itself.")


def test_an_employee_id_cannot_be_taken_from_somebody_else():
    bring(people="email,employee_id,name\na@x.org,1,A\n")
    taken = {"people": b"email,employee_id,name\na@x.org,1,A\nb@x.org,1,B\n"}
    assert problems(taken) == [
        ("people.csv", 3, "employee_id", "“1” already belongs to “a@x.org”.")
    ]


def test_what_is_in_the_register_is_not_edited_by_a_file():
    import_catalogue(texts())
    contents = texts(
        specifications=CATALOGUE["specifications"].replace("FLAT_FILE", "XML"),
        logical_flows=CATALOGUE["logical_flows"].replace("RISK,CLIENT", "RISK,PARTY"),
        physical_flows=CATALOGUE["physical_flows"].replace(
            "Night run,EMAIL,DAILY,-1,HIGH", "night  RUN,EMAIL,DAILY,-1,LOW"
        ),
    )
    sentence = "This is already in the register with other content ({}); propose a change."
    assert problems(contents) == [
        ("specifications.csv", 2, "", sentence.format("format")),
        ("logical_flows.csv", 2, "", sentence.format("data_type_codes")),
        ("physical_flows.csv", 2, "", sentence.format("name, criticality")),
    ]


def test_what_was_removed_does_not_come_back_by_a_file():
    import_catalogue(texts())
    factories.remove_flows(PhysicalFlow, LogicalFlow, PhysicalSpecification)
    sentence = "This has been removed; it needs a new proposal."
    files = ("specifications", "logical_flows", "logical_flows", "logical_flows")
    expected = [
        (f"{file}.csv", line, "", sentence) for file, line in zip(files, (2, 2, 3, 4), strict=True)
    ]
    assert problems(texts()) == expected
    assert problems({"physical_flows": CATALOGUE["physical_flows"].encode()}) == [
        ("physical_flows.csv", 2, "specification_code", "“S1” has been removed."),
    ]


def test_a_physical_flow_does_not_revive_a_removed_route_or_itself():
    import_catalogue(texts())
    factories.remove_flows(PhysicalFlow)
    only = {"physical_flows": CATALOGUE["physical_flows"].encode()}
    assert problems(only)[0][3] == "This has been removed; it needs a new proposal."
    factories.remove_flows(LogicalFlow)
    assert (
        problems(only)[0][3]
        == "The logical flow from “LEDGER” to “RISK” has been removed; it needs a new proposal."
    )


def test_a_system_named_by_a_rule_keeps_its_kind():
    import_catalogue(texts())
    changed = {"systems": CATALOGUE["systems"].replace("ACTOR,FED", "APPLICATION,FED").encode()}
    reason = "An approver rule names this system as one of the kind ACTOR; delete that rule first."
    assert problems(changed) == [("systems.csv", 4, "kind", reason)]


def test_a_problem_reads_as_a_sentence_with_its_place():
    with pytest.raises(BadCatalogue, match="1 problem") as caught:
        import_catalogue(texts(more_systems="APPLCATION,A,A,,,,\n"))
    assert (
        str(caught.value.problems[0])
        == f"systems.csv, line 5, kind: “APPLCATION” is not one of {KINDS}."
    )


def test_an_unknown_file_is_refused():
    with pytest.raises(BadCatalogue) as caught:
        import_catalogue({"sytems": b"code\n"})
    assert str(caught.value.problems[0]).startswith(
        "sytems.csv: This is not a catalogue file. Known files: organisational_"
    )
