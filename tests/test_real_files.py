"""Files as spreadsheets and people really make them: each comes in as it was meant, or is refused
in words, and silence in a file is no order.
"""

import io
import re
import zipfile
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook, load_workbook

from proposals.files.catalogue import (
    TABLES,
    BadCatalogue,
    import_catalogue,
    write_catalogue,
    write_workbook,
)
from proposals.files.cells import yes_or_no
from proposals.models import ImportBatch, System, User

from . import factories
from .catalogues import CATALOGUE, bring, texts

pytestmark = pytest.mark.django_db
PLAIN = "kind,code,name,external\nAPPLICATION,ZED,Zählerstände,false\n"
GERMAN = "kind;code;name;external\r\nAPPLICATION;ZED;Zählerstände;FALSCH\r\n"
TABS = PLAIN.replace(",", "\t")

# What a spreadsheet writes: the system ZED, "Zählerstände", not external.
SPREADSHEETS = {
    "UTF-8": PLAIN.encode(),
    "UTF-8 with its mark": PLAIN.encode("utf-8-sig"),
    "UTF-16 of Windows": TABS.encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff" + TABS.encode("utf-16-be"),
    "German Excel": GERMAN.encode("utf-8-sig"),
    "announced semicolons": f"sep=;\r\n{GERMAN}".encode(),
    "announced in quotes": f'"sep=;"\r\n{GERMAN}'.encode("utf-8-sig"),
    "announced tabs": f"sep=\t\n{TABS}".encode("utf-16"),
    "quoted names": PLAIN.replace("kind,code", '"kind","code"').encode(),
    "names with capitals": PLAIN.replace("kind,code", "Kind,CODE").encode(),
    "empty rows": PLAIN.replace("\n", "\n,,,\n , ,,\n\n").encode(),
    "empty rows above": b"\n;;;\n" + GERMAN.encode(),
    "empty columns behind": PLAIN.replace("\n", ",,\n").encode(),
    "an empty column between": PLAIN.replace(",", ",,").encode(),
    "more cells than the header": PLAIN.replace("false", "false,,").encode(),
    "old Mac lines": PLAIN.replace("\n", "\r").encode(),
    "the row twice": (PLAIN + PLAIN.splitlines()[1]).encode(),
    "the row twice, differing by case": (PLAIN + "APPLICATION,zed,ZÄHLERSTÄNDE,FALSE\n").encode(),
}  # fmt: skip


@pytest.mark.parametrize("case", SPREADSHEETS)
def test_what_spreadsheets_write_is_read(case):
    import_catalogue({"systems": SPREADSHEETS[case]})
    system = System.objects.get()
    assert (system.code, system.name, system.is_external) == ("ZED", "Zählerstände", False)


YES = ["true", "TRUE", "yes", "Yes", "1", "wahr", "WAHR", "ja", "vrai", "oui", " Oui "]
NO = ["false", "FALSE", "no", "No", "0", "falsch", "FALSCH", "nein", "faux", "non", " Non "]


@pytest.mark.parametrize(("word", "answer"), [(w, True) for w in YES] + [(w, False) for w in NO])
def test_yes_and_no_are_read_in_three_languages(word, answer):
    bring(systems=f"kind,code,name,external\nACTOR,ZED,Zed,{word}\n")
    assert System.objects.get().is_external is answer


@pytest.mark.parametrize("word", ["", "y", "2", "nej", "truefalse"])
def test_other_words_are_neither_yes_nor_no(word):
    assert yes_or_no(word) is None


@pytest.fixture
def company():
    """The catalogue of the tests, one removed system, one removed person, one administrator."""
    import_catalogue(texts())
    factories.system("Position Mainframe", code="OLDPOS", description="Old", lifecycle="REMOVED")
    factories.user("Leaver", email="leaver@firm.example", employee_id="E-1001", is_active=False)
    factories.user(
        "Root", email="admin@firm.example", employee_id="E-9", is_superuser=True, is_staff=True
    )


# file, its text, model, what names the row, the row's fields afterwards
SILENCE = [
    ("systems", "kind,code,name\nAPPLICATION,OLDPOS,Position Mainframe\n", System,
     {"code": "OLDPOS"},
     {"lifecycle": "REMOVED", "description": "Old"}),
    ("systems", "kind,code,name\nACTOR,FED,The regulator\n", System, {"code": "FED"},
     {"name": "The regulator", "is_external": True}),
    ("systems", "kind,code,name\nAPPLICATION,LEDGER,L\n", System, {"code": "LEDGER"},
     {"name": "L", "description": "Books", "organisational_unit__code": "IT"}),
    ("systems", "kind,code,name,description\nAPPLICATION,LEDGER,L,\n", System, {"code": "LEDGER"},
     {"description": "", "organisational_unit__code": "IT"}),
    ("systems", "kind,code,name,organisational_unit_code\nAPPLICATION,LEDGER,L,\n", System,
     {"code": "LEDGER"},
     {"description": "Books", "organisational_unit__code": None}),
    ("systems", "kind,code,name,lifecycle_status\nAPPLICATION,OLDPOS,P,ACTIVE\n", System,
     {"code": "OLDPOS"},
     {"lifecycle": "ACTIVE"}),
    ("systems", "kind,code,name\nACTOR,NEW,New\n", System, {"code": "NEW"},
     {"lifecycle": "ACTIVE", "description": "", "is_external": False}),
    ("systems", "kind,code,name\nAPPLICATION,ledger\u200b,L\n", System, {"code": "LEDGER"},
     {"name": "L"}),
    ("people", "email,employee_id,name\nleaver@firm.example,E-1001,Former\n", User,
     {"employee_id": "E-1001"},
     {"is_active": False, "name": "Former"}),
    ("people", "email,employee_id,name,is_removed\nleaver@firm.example,E-1001,Back,nein\n", User,
     {"employee_id": "E-1001"}, {"is_active": True}),
    ("people", "email,employee_id,name\nada@example.com,E2,A\n", User, {"employee_id": "E2"},
     {"title": "Owner", "manager__name": "Bo", "organisational_unit__code": "IT"}),
    ("people", "email,employee_id,name,manager_employee_id\nada@example.com,E2,A,\n", User,
     {"employee_id": "E2"},
     {"title": "Owner", "manager__name": None}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "model", "row", "fields"), SILENCE)
def test_an_absent_column_leaves_the_field_and_an_empty_cell_empties_it(
    company, file, text, model, row, fields
):
    systems = System.objects.count()
    bring(**{file: text})
    assert model.objects.values(*fields).get(**row) == fields
    assert System.objects.count() == systems + ("NEW" in text)


LAST = (
    "This is the last active administrator. Make somebody else a superuser with staff status "
    "first, or nobody could administer the site any more."
)
BACK = (
    "“{}” has been removed, and an empty cell would put it back in force. Write {} if that is "
    "meant, else {}."
)
REFUSED = [
    ("systems", "kind,code,name,lifecycle_status\nAPPLICATION,OLDPOS,P,\n", "lifecycle_status",
     BACK.format("OLDPOS", "ACTIVE", "REMOVED")),
    ("people", "email,employee_id,name,is_removed\nleaver@firm.example,E-1001,F,\n", "is_removed",
     BACK.format("leaver@firm.example", "false", "true")),
    ("people", "email,employee_id,name,is_removed\nadmin@firm.example,E-9,Root,true\n",
     "is_removed", LAST),
    ("people", "email,employee_id,name,is_removed\nnew@firm.example,E-9,Root,oui\n", "is_removed",
     LAST),
    ("systems", "kind,code,name\nAPPLICATION,ledger,L\nAPPLICATION,LEDGER,M\n", "code",
     "Line 2 has the same key (code) with other content."),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "column", "reason"), REFUSED)
def test_nobody_comes_back_or_goes_last_unsaid(company, file, text, column, reason):
    with pytest.raises(BadCatalogue) as caught:
        bring(**{file: text})
    (problem,) = caught.value.problems
    assert (problem.file, problem.column, problem.reason) == (f"{file}.csv", column, reason)


def test_an_administrator_may_go_while_another_stays(company):
    factories.user("Second", is_superuser=True, is_staff=True)
    bring(people="email,employee_id,name,is_removed\nadmin@firm.example,E-9,Root,true\n")
    assert not User.objects.get(employee_id="E-9").is_active


def test_a_person_with_a_new_mail_address_is_known_by_the_employee_id(company):
    ada = User.objects.get(employee_id="E2")
    report = bring(
        people="email,employee_id,name,manager_employee_id\nada.l@example.com,E2,Ada,E1\n",
        involvements=CATALOGUE["involvements"],
    )
    assert [str(warning) for warning in report.warnings] == [
        "people.csv, line 2, email: The mail address of “Ada” changes from “ada@example.com”: the "
        "employee id “E2” is the same."
    ]
    assert [(tally.added, tally.changed) for tally in report.tallies] == [(0, 1), (0, 0)]
    ada.refresh_from_db()
    assert (ada.email, ada.username) == ("ada.l@example.com", "ada.l@example.com")
    assert not bring(people="email,employee_id,name\nada.l@example.com,E2,Ada\n").changes


def test_a_manager_with_a_new_mail_address_keeps_those_below(company):
    report = bring(people="email,employee_id,name\nbo.new@example.com,E1,Bo\n")
    assert report.tallies[0].changed == 1
    assert User.objects.get(employee_id="E2").manager.email == "bo.new@example.com"


DAMAGED = [
    ("systems", "kind,code,name\nACTOR,123,A\n", "code",
     "“00123” is here already: has “123” lost its zeros?"),
    ("systems", "kind,code,name\nACTOR,1E+05,A\n", "code",
     "“1E+05” looks like a code that a spreadsheet took for a number."),
    ("systems", "kind,code,name\nACTOR,3-Jan,A\n", "code",
     "“3-Jan” looks like a code that a spreadsheet took for a date."),
    ("systems", "kind,code,name\nACTOR,01. Mrz,A\n", "code",
     "“01. Mrz” looks like a code that a spreadsheet took for a date."),
    ("systems", "kind,code,name\nACTOR,A,BjÃ¶rn\n", "name",
     "“BjÃ¶rn” was decoded twice; “Björn” is probably meant."),
    ("systems", "kind,code,name\nACTOR,A,Bj\ufffdrn\n", "name",
     "“Bj\ufffdrn” has letters that were lost in a wrong encoding."),
    ("systems", "kind,code,name\nACTOR,A,#N/A\n", "name",
     "“#N/A” is what a spreadsheet writes for a formula that fails."),
    ("people", "email,employee_id,name\nn@x.org,7,N\n", "employee_id",
     "“007” is here already: has “7” lost its zeros?"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "column", "reason"), DAMAGED)
def test_what_looks_damaged_comes_in_with_a_warning(file, text, column, reason):
    factories.system(code="00123")
    factories.user(employee_id="007")
    report = bring(**{file: text})
    assert [(w.file, w.line, w.column, w.reason) for w in report.warnings] == [
        (f"{file}.csv", 2, column, reason)
    ]
    assert report.tallies[0].added == 1
    assert bring(**{file: text}).warnings == []


@pytest.mark.parametrize("number", [8926100000000000017, 9_007_199_254_740_993, 1e15, 12.1])
def test_a_number_of_which_a_spreadsheet_drops_digits_is_no_code(number):
    sheet = workbook([["kind", "code", "name"], ["ACTOR", number, "A"], ["ACTOR", 10**15 - 1, "B"]])
    for is_dry_run in (True, False):
        with pytest.raises(BadCatalogue) as caught:
            import_catalogue({"systems.xlsx": sheet}, dry_run=is_dry_run)
        [problem] = map(str, caught.value.problems)
        assert problem.startswith("systems.xlsx, line 2: code: the spreadsheet keeps this as a")
        assert problem.endswith("Format the column as text and type it anew.")
    assert not System.objects.exists()


def test_as_text_such_a_number_is_a_code_like_any_other():
    sheet = workbook([["kind", "code", "name"], ["ACTOR", "8926100000000000017", 1.5]])
    import_catalogue({"systems.xlsx": sheet})
    assert [(row.code, row.name) for row in System.objects.all()] == [
        ("8926100000000000017", "1.5")
    ]


def test_in_a_file_of_text_such_a_number_is_warned_of():
    assert bring(systems="kind,code,name\nACTOR,9007199254740993,B\n").warnings == []
    [rounded] = bring(systems="kind,code,name\nACTOR,9007199254740990,C\n").warnings
    assert "looks like a code that a spreadsheet took for a number" in rounded.reason


@pytest.mark.parametrize(
    ("offset", "warned"),
    [("400", ["T+400 is more than a year of working days: is it meant?"]), ("260", [])],
)
def test_a_basis_offset_of_more_than_a_year_is_warned_of(source, target, offset, warned):
    report = bring(
        specifications="code,name,owner_code,format,description,data_type_codes\n"
        "L-TRADES,trades,LEDGER,FLAT_FILE,,\n",
        logical_flows="source_code,target_code,data_type_codes\nLEDGER,RISK,\n",
        physical_flows="source_code,target_code,specification_code,name,transport,frequency,"
        "basis_offset,criticality,description,external_id\n"
        f"LEDGER,RISK,L-TRADES,,MESSAGING,DAILY,{offset},HIGH,,\n",
    )
    assert [warning.reason for warning in report.warnings] == warned


@pytest.mark.parametrize("name", ["Björn", "Ångström", "naïve", "Ärger über Öl", "ÃÃ", "Ã¶"[:1]])
def test_a_rightly_written_name_is_no_suspicion(name):
    assert bring(systems=f"kind,code,name\nACTOR,A1,{name}\n").warnings == []


# Workbooks


def workbook(rows: list[list], title: str = "Sheet1", **more: list[list]) -> bytes:
    book = Workbook()
    book.active.title = title
    for sheet, lines in {title: rows, **more}.items():
        if sheet not in book.sheetnames:
            book.create_sheet(sheet)
        for line in lines:
            book[sheet].append(line)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


SYSTEMS = [
    ["kind", "code", "name", "external"],
    ["ACTOR", 123, date(2026, 3, 1), True],
    [None],
    ["ACTOR", "Z"],
]


def test_a_workbook_stands_in_for_a_file():
    rows = [*SYSTEMS[:3], ["ACTOR", "Z", "Zed", False], ["ACTOR", 1.0, 1.5]]
    import_catalogue({"systems.xlsx": workbook(rows)})
    fields = System.objects.order_by("code").values_list("code", "name", "is_external")
    assert list(fields) == [("1", "1.5", False), ("123", "2026-03-01", True), ("Z", "Zed", False)]


def test_a_problem_in_a_workbook_names_sheet_and_row():
    with pytest.raises(BadCatalogue) as caught:
        import_catalogue({"book.xlsx": workbook(SYSTEMS, "Systems", people=[])})
    assert list(map(str, caught.value.problems)) == [
        "book.xlsx, sheet systems, line 4, name: This must not be empty."
    ]
    with pytest.raises(BadCatalogue) as caught:
        import_catalogue({"systems.xlsx": workbook(SYSTEMS)})
    assert str(caught.value.problems[0]).startswith("systems.xlsx, line 4, name: ")


BAD_BOOKS = [
    ({"systems": b"PK\x03\x04rest"}, "systems.csv: This is no workbook that can be read"),
    ({"systems.xlsx": b"\xd0\xcf\x11\xe0rest"}, "systems.xlsx: This is an old workbook (.xls)"),
    ({"book.xlsx": workbook(SYSTEMS)}, "book.xlsx: The sheet “Sheet1” is none of the catalogue."),
    ({"book.xlsx": b"kind,code"}, "book.xlsx: This is not a catalogue file."),
    ({"systems.xlsx": workbook(SYSTEMS, other=SYSTEMS)},
     "systems.xlsx: The workbook has more than one sheet."),
    ({"systems": b"kind", "b.xlsx": workbook(SYSTEMS, "systems")},
     "b.xlsx, sheet systems: systems.csv brings the same"),
    ({"systems.xlsx": workbook([])},
     "systems.xlsx, line 1: The file is empty: not even a header row."),
]  # fmt: skip


@pytest.mark.parametrize(("contents", "problem"), BAD_BOOKS)
def test_a_workbook_that_is_none_is_refused_in_words(contents, problem):
    with pytest.raises(BadCatalogue) as caught:
        import_catalogue(contents)
    assert str(caught.value.problems[0]).startswith(problem)


def test_the_catalogue_goes_through_a_workbook_and_nothing_changes(tmp_path, company):
    factories.system("=1+1", code="'=2", description="#N/A\n@x")
    written = write_workbook(tmp_path / "all.xlsx")
    assert list(written) == list(TABLES)
    report = import_catalogue({"all.xlsx": (tmp_path / "all.xlsx").read_bytes()})
    assert not report.changes
    assert [tally.read for tally in report.tallies] == list(written.values())


def test_an_exported_workbook_keeps_its_types_and_its_header_in_sight(tmp_path, company):
    write_workbook(tmp_path / "all.xlsx")
    book = load_workbook(tmp_path / "all.xlsx")
    people = book["people"]
    assert (people.freeze_panes, people.auto_filter.ref) == ("A2", "A1:G6")
    assert people.column_dimensions["A"].width == len("leaver@firm.example") + 2
    assert {people.cell(row, 7).value for row in range(2, 7)} == {True, False}
    assert book["physical_flows"]["G2"].value == -1


def test_every_exported_file_begins_with_the_mark(tmp_path, company):
    write_catalogue(tmp_path)
    assert {path.read_bytes()[:3] for path in tmp_path.iterdir()} == {b"\xef\xbb\xbf"}


# The command


def run(capsys, *args, **options) -> list[str]:
    call_command("import_catalogue", *map(str, args), **options)
    return capsys.readouterr().out.splitlines()


def test_a_dry_run_lists_each_field_old_and_new(company, tmp_path, capsys):
    (tmp_path / "systems.csv").write_text(
        "kind,code,name,organisational_unit_code,external\nAPPLICATION,LEDGER,Main,BANK,ja\n"
        "ACTOR,NEW,New,,\n"
    )
    assert run(capsys, tmp_path, dry_run=True) == [
        "systems.csv, line 2, LEDGER, name: “Ledger” becomes “Main”",
        "systems.csv, line 2, LEDGER, organisational_unit_code: “IT” becomes “BANK”",
        "systems.csv, line 2, LEDGER, external: false becomes true",
        "systems.csv: 2 rows, 1 added, 1 changed, 0 unchanged",
        "Dry run: nothing was written.",
    ]
    assert System.objects.get(code="LEDGER").name == "Ledger"


def test_a_long_dry_run_counts_the_rest(tmp_path, capsys):
    rows = [f"ACTOR,A{number},Name {number}" for number in range(120)]
    bring(systems="kind,code,name\n" + "\n".join(rows))
    (tmp_path / "systems.csv").write_text("kind,code,name\n" + "\n".join(rows).replace("Name", "N"))
    lines = run(capsys, tmp_path, dry_run=True)
    assert lines[100] == "And 20 more differences: --verbose lists all."
    assert len(lines) == 103
    assert len(run(capsys, tmp_path, dry_run=True, verbose=True)) == 122


def test_files_that_programs_leave_behind_are_passed_over(tmp_path, capsys):
    for name in ["._systems.csv", ".systems.csv", "~$systems.xlsx", "._x.xlsx"]:
        (tmp_path / name).write_bytes(b"\0\5\x16\7")
    (tmp_path / "systems.csv").write_text(PLAIN)
    (tmp_path / "people.ods").touch()
    (tmp_path / "notes.txt").touch()
    assert run(capsys, tmp_path)[:-2] == [
        "._systems.csv: passed over, a by-product of another program.",
        "._x.xlsx: passed over, a by-product of another program.",
        ".systems.csv: passed over, a by-product of another program.",
        "people.ods: passed over, neither CSV nor a workbook (XLSX).",
        "~$systems.xlsx: passed over, a by-product of another program.",
    ]
    assert System.objects.get().code == "ZED"


@pytest.mark.parametrize("name", ["admin@firm.example", "ADMIN@FIRM.example", "Root1"])
def test_an_import_records_who_ran_it(company, tmp_path, capsys, name):
    root = User.objects.get(employee_id="E-9")
    if "@" not in name:
        root.username = "root1"
        root.save()
    (tmp_path / "systems.csv").write_text(PLAIN)
    assert run(capsys, tmp_path, by=name)[-1].endswith("recorded as run by Root.")
    assert ImportBatch.objects.first().by == root
    assert System.objects.get(code="ZED").history.get().history_user == root


def test_an_import_asks_who_runs_it_where_somebody_can_answer(
    company, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "admin@firm.example")
    (tmp_path / "systems.csv").write_text(PLAIN)
    assert run(capsys, tmp_path)[-1].endswith("recorded as run by Root.")


def test_an_import_that_names_nobody_says_so(company, tmp_path, capsys):
    (tmp_path / "systems.csv").write_text(PLAIN)
    assert run(capsys, tmp_path)[-1].endswith(
        "recorded as run by nobody; name the person with --by."
    )


@pytest.mark.parametrize("name", ["nobody@firm.example", "leaver@firm.example"])
def test_an_import_by_somebody_unknown_or_removed_is_refused(company, tmp_path, name):
    (tmp_path / "systems.csv").write_text(PLAIN)
    with pytest.raises(CommandError, match=f"Nobody active has .* {name}"):
        call_command("import_catalogue", str(tmp_path), by=name)
    assert not System.objects.filter(code="ZED").exists()


def test_the_commands_bring_a_workbook_out_and_in(company, tmp_path, capsys):
    call_command("export_catalogue", str(tmp_path / "new"), xlsx=True)
    call_command("export_catalogue", str(tmp_path / "own.xlsx"), xlsx=True)
    assert "own.xlsx, sheet systems: 4 rows" in capsys.readouterr().out
    for place in [tmp_path / "new", tmp_path / "new" / "catalogue.xlsx", tmp_path / "own.xlsx"]:
        assert run(capsys, place)[-1] == "Nothing changed."


def test_a_sheet_that_claims_to_be_endless_is_read_as_far_as_it_goes():
    book = workbook([["name"], ["Owner"]])
    with zipfile.ZipFile(io.BytesIO(book)) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert b'ref="A1:A2"' in parts[sheet]
    parts[sheet] = parts[sheet].replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"')
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, data)
    assert import_catalogue({"involvement_kinds.xlsx": stream.getvalue()}).tallies[0].added == 1


def with_result(data: bytes, cell: str, kind: str, result: str) -> bytes:
    """The workbook with what the formula in `cell` comes to, as a spreadsheet stores it."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(written, "w") as new:
        for part in old.namelist():
            text = old.read(part)
            if part.startswith("xl/worksheets/"):
                pattern = rf'<c r="{cell}"([^>]*)><f>(.*?)</f><v ?/?>(</v>)?</c>'.encode()
                result_xml = f'<c r="{cell}" t="{kind}"><f>\\2</f><v>{result}</v></c>'.encode()
                text, number = re.subn(pattern, result_xml, text)
                assert number == 1
            new.writestr(part, text)
    return written.getvalue()


FORMULAS = [["kind", "code", "name", "description"], ["ACTOR", "Z", "Zed", '=IF(A1="","",A1)']]


def test_a_formula_without_what_it_comes_to_is_refused_and_empties_nothing():
    factories.system("Zed", code="Z", kind="ACTOR", description="Old and dear.")
    with pytest.raises(BadCatalogue) as caught:
        import_catalogue({"book.xlsx": workbook(FORMULAS, "systems")})
    assert list(map(str, caught.value.problems)) == [
        "book.xlsx, sheet systems, line 2: The cell D2 of the sheet “systems” holds a formula, "
        "and the file not what it comes to. Open the workbook in a spreadsheet, save it there and "
        "import it again, or write the value in place of the formula."
    ]
    assert System.objects.get().description == "Old and dear."


def test_a_sheet_of_nothing_but_such_formulas_is_not_passed_over():
    data = workbook([["=1+1"]], "systems", involvement_kinds=[["name"], ["Clerk"]])
    with pytest.raises(BadCatalogue, match="Nothing was imported") as caught:
        import_catalogue({"book.xlsx": data})
    assert "The cell A1 of the sheet “systems”" in str(caught.value.problems[0])


@pytest.mark.parametrize(
    ("kind", "result", "expected"), [("str", "", ""), ("str", "New", "New"), ("n", "2", "2")]
)
def test_a_formula_is_read_as_what_it_comes_to(kind, result, expected):
    data = with_result(workbook(FORMULAS, "systems"), "D2", kind, result)
    import_catalogue({"book.xlsx": data})
    assert System.objects.get().description == expected
