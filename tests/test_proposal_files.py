"""Files of proposals: each row is one proposal through the one door, done or not by itself."""

import io

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook
from post_office.models import Email

from proposals import workflow
from proposals.files.catalogue import BadCatalogue
from proposals.files.proposals import Proposing, read_rows
from proposals.models import Notice, Outcome, PhysicalFlow, Proposal, State

from . import factories, worlds
from .test_file_bombs import BOOKS

HEADER = (
    "type,source_code,target_code,physical_flow,specification_code,specification_name,"
    "specification_format,name,transport,frequency,basis_offset,criticality,description,"
    "data_type_codes,reason,justification"
)
# What a row of HEADER says, and what becomes of it where everything is complete or made wrong.
SENT = "trades.csv,FLAT_FILE,,EMAIL,DAILY,1,HIGH,,TRADES,Regulation,Needed"


@worlds.shared
def company(cast, source, target):
    """The two systems, a third one, a flow with two physical flows, one data type."""
    cast.trades = factories.data_type("Trades", code="TRADES")
    factories.data_type("Old", code="OLD", is_deprecated=True)
    factories.reason()
    cast.archive = factories.system("Old Archive", code="GONE", lifecycle="REMOVED")
    cast.third = factories.system("Billing", code="BILL")
    cast.spec = factories.specification(source, "positions", [cast.trades], code="POS")
    cast.flow = factories.flow(source, target, physical=2, spec=cast.spec)
    cast.sent = list(PhysicalFlow.objects.order_by("pk"))
    return cast


def lines(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def results(data: bytes, by, do="carry_out", **settings) -> list:
    proposing = Proposing(by, **settings)
    return [getattr(proposing, do)(row) for row in read_rows("wishes.csv", data)]


@pytest.mark.django_db
def test_each_row_has_its_result_and_a_bad_one_stops_no_other(company):
    first = company.sent[0]
    rows = {
        f"CREATE,LEDGER,BILL,,,{SENT}": ("SUBMITTED", ""),
        f"CREATE,ledger,Bill,,,{SENT.upper()}": ("TWIN", "by Mia Maker asks for the same"),
        f"CREATE,LEDGER,BILL,,,{SENT.replace('FLAT_FILE', 'flat')}": (
            "REFUSED",
            "specification_format: “flat” is not one of BINARY",
        ),
        f"CREATE,LEDGER,NONE,,,{SENT}": ("REFUSED", "target_code: No system has the code “NONE”."),
        f"CREATE,LEDGER,LEDGER,,,{SENT}": ("REFUSED", "target_code: Source and target must be"),
        f"CREATE,LEDGER,GONE,,,{SENT}": ("REFUSED", "has been removed and takes no new flow"),
        f"SWAP,LEDGER,BILL,,,{SENT}": ("REFUSED", "type: “SWAP” is not one of CREATE, EDIT"),
        f"CREATE,BILL,LEDGER,,,{SENT.replace('Regulation', '')}": ("KEPT", "reason: Choose a"),
        f"CREATE,BILL,RISK,,,{SENT.replace('TRADES', 'OLD')}": ("KEPT", "data_type_codes: The"),
        f"CREATE,BILL,RISK,,,{SENT.replace('Regulation', 'Why not')}": ("REFUSED", "reason: “Why"),
        f"CREATE,BILL,RISK,,,{SENT.replace(',1,', ',soon,')}": ("REFUSED", "basis_offset: “soon”"),
        "CREATE,RISK,BILL,,,,,,,,,,,TRADES,Regulation,": ("SUBMITTED", ""),
        f"EDIT,LEDGER,RISK,{first.pk},,,,run 0,EMAIL,DAILY,1,LOW,,TRADES,Regulation,": (
            "SUBMITTED",
            "Transport: File transport becomes Email.",
        ),
        "EDIT,LEDGER,RISK,,POS,,,run 0,EMAIL,DAILY,1,LOW,,TRADES,Regulation,": (
            "REFUSED",
            f"physical_flow: Several physical flows fit: {first.pk} (run 0)",
        ),
        "DELETE,LEDGER,RISK,,POS,,,run 1,,,,,,,Regulation,": ("SUBMITTED", ""),
        "DELETE,LEDGER,BILL,,,,,,,,,,,,Regulation,": ("REFUSED", "has no flow from"),
        "DELETE,LEDGER": ("REFUSED", "The row has 2 cells, the header has 16."),
    }
    made = results(lines(*rows), company.maker)
    for row, result, (outcome, words) in zip(rows, made, rows.values(), strict=True):
        assert result.outcome == outcome, (row, result)
        assert words in result.sentence, (row, result)
    assert Proposal.objects.open().count() == 4
    assert Proposal.objects.filter(state=State.PROPOSED_CREATE).count() == 2
    edit = Proposal.objects.get(type="EDIT")
    assert (edit.concerned_physical_flow, edit.transport, edit.description) == (first, "EMAIL", "")


@pytest.mark.django_db
def test_a_file_brought_again_makes_no_second_proposal(company):
    rows = lines(
        f"CREATE,LEDGER,BILL,,,{SENT}",
        f"CREATE,BILL,LEDGER,,,{SENT.replace('Regulation', '')}",
        "DELETE,LEDGER,RISK,,POS,,,run 1,,,,,,,Regulation,",
    )
    asked = [result.proposal for result in results(rows, company.maker)]
    again = results(rows, company.maker)
    assert [result.outcome for result in again] == [Outcome.TWIN] * 3
    assert [result.proposal for result in again] == asked
    assert f"Proposal {asked[0].pk} by Mia Maker asks for the same" in again[0].sentence
    assert f"It is your draft {asked[1].pk}." in again[1].sentence
    # Another maker's same wish is a twin, their same unfinished one a draft of their own.
    others = results(rows, company.stranger)
    assert [result.outcome for result in others] == [Outcome.TWIN, Outcome.KEPT, Outcome.TWIN]


@pytest.mark.django_db
def test_a_draft_kept_by_a_file_is_the_one_that_the_same_file_submits(company):
    row = lines(f"CREATE,LEDGER,BILL,,,{SENT}")
    [kept] = results(row, company.maker, submits=False)
    [seen] = results(row, company.maker, do="preview")
    [sent] = results(row, company.maker)
    assert (kept.outcome, seen.outcome, sent.outcome) == ("KEPT", "READY", "SUBMITTED")
    assert sent.proposal == kept.proposal
    assert Proposal.objects.get().is_open


@pytest.mark.django_db
def test_an_absent_column_leaves_the_flow_as_it_is_and_an_empty_cell_empties(company):
    first = company.sent[0]
    header = "type;source_code;target_code;physical_flow;criticality;name;reason"
    rows = lines(f"EDIT;LEDGER;RISK;{first.pk};VERY_HIGH;;Regulation", header=f"sep=;\n{header}")
    [result] = results(rows, company.maker)
    asked = result.proposal
    assert (asked.name, asked.criticality, asked.transport) == ("", "VERY_HIGH", first.transport)
    assert [str(kind) for kind in asked.data_types.all()] == ["Trades"]
    unchanged = lines(f"EDIT;LEDGER;RISK;{company.sent[1].pk};MEDIUM;run 1;", header=header)
    [result] = results(unchanged, company.maker)
    assert (result.outcome, result.sentence) == ("TWIN", "The physical flow run 1 says so already.")


@pytest.mark.django_db
def test_a_preview_writes_nothing_and_comes_true(company):
    rows = lines(
        f"CREATE,LEDGER,BILL,,,{SENT}",
        f"CREATE,BILL,LEDGER,,,{SENT.replace('TRADES', '')}",
        f"CREATE,BILL,RISK,,,{SENT.replace(',1,', ',400,')}",
        f"CREATE,ledger,Bill,,,{SENT.replace('HIGH', 'LOW')}",
    )
    seen = results(rows, company.maker, do="preview")
    assert [result.outcome for result in seen] == ["READY", "UNFINISHED", "READY", "TWIN"]
    assert seen[3].sentence == "Line 2 of this file asks for the same."
    assert "is it meant?" in seen[2].sentence
    assert not Proposal.objects.exists()
    factories.policy(side_without_approver="REFUSE")
    [refused, *_] = results(rows, company.maker, do="preview")
    assert (refused.outcome, "Nobody can approve for the target" in refused.sentence) == (
        "REFUSED",
        True,
    )
    [refused, *_] = results(rows, company.maker)
    assert refused.outcome == "REFUSED"
    assert not Proposal.objects.exclude(state=State.PROPOSED_CREATE).exists()


@pytest.mark.django_db
def test_many_at_once_reach_approvers_in_one_digest(company):
    workflow.submit(
        factories.wish(
            maker=company.maker,
            source=company.third,
            target=company.flow.target,
            reason=factories.reason(),
        ),
        [company.trades],
        by=company.maker,
        in_digest=True,
    )
    told = Notice.objects.filter(recipient=company.target_approver)
    assert [notice.mail for notice in told] == [None]
    assert not told.get().withdrawn
    assert not Email.objects.exists()


def workbook(**sheets: list[list]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_file_is_read_as_a_spreadsheet_writes_it():
    wanted = {"type": "CREATE", "source_code": "A", "target_code": "B", "name": "'=1"}
    cells = [list(wanted), list(wanted.values())]
    text = "\n".join(";".join(row) for row in cells)
    files = [
        text.encode("utf-8-sig"),
        f'"sep=;"\n{text}\n;;;\n'.encode("utf-16"),
        text.replace(";", "\t").encode(),
        workbook(Sheet1=cells),
        workbook(systems=[["code"], ["A"]], Proposals=[*cells, [None, "", None]]),
    ]
    for data in files:
        [row] = read_rows("x", data)
        assert row.texts == wanted


def test_what_is_wrong_with_the_whole_file_is_said_before_any_row():
    start = b"type,source_code,target_code"
    files = {
        b"": "not even a header row",
        start: "The file has no row below its header.",
        b"type,source_code\nCREATE,A": "target_code: The column is missing.",
        start + b",colour\nCREATE,A,B,red": "colour: The column “colour” is unknown.",
        start + b"\n" + "CREATE,Ä,B".encode("latin-1"): "probably Windows-1252",
        start + b'\nCREATE,A,B\nCREATE,"A,B': "line 3: This is not CSV",
        start + b"\nCREATE,A,B" * 20_001: "more than 20,000 rows",
        b"x" * (16 * 1024 * 1024 + 1): "larger than 16 MiB",
        workbook(a=[["type"]], b=[["type"]]): "none of them is named proposals",
    }
    for data, words in files.items():
        with pytest.raises(BadCatalogue) as bad:
            read_rows("wishes.csv", data)
        assert words in str(bad.value.problems[0]), words


@pytest.mark.parametrize(
    "case", ["cells without end", "a thousand million laughs", "half a workbook"]
)
def test_a_workbook_made_to_harm_is_refused(case):
    make, _ = BOOKS[case]
    with pytest.raises(BadCatalogue):
        read_rows("wishes.xlsx", make())


@pytest.mark.django_db
def test_the_command_says_each_fate_and_fails_where_a_row_was_refused(
    company, tmp_path, capsys, monkeypatch
):
    path = tmp_path / "wishes.csv"
    path.write_bytes(lines(f"CREATE,LEDGER,BILL,,,{SENT}", f"CREATE,LEDGER,NONE,,,{SENT}"))
    by = f"--by={company.maker.username}"
    with pytest.raises(CommandError, match="1 of 2 rows were refused"):
        call_command("propose", path, by, "--dry-run")
    assert not Proposal.objects.exists()
    assert "Line 2: will be submitted.\nLine 3: refused" in capsys.readouterr().out
    with pytest.raises(CommandError, match="1 of 2 rows were refused"):
        call_command("propose", path, by, "--submit")
    out = capsys.readouterr().out
    number = Proposal.objects.open().get().pk
    assert f"Line 2: submitted as proposal {number}." in out
    assert "Line 3: refused: target_code: No system has the code “NONE”." in out
    assert "2 rows; refused: 1, submitted: 1." in out
    path.write_bytes(lines(f"CREATE,LEDGER,BILL,,,{SENT}"))
    call_command("propose", path, by)
    assert f"there already: Proposal {number} by Mia Maker" in capsys.readouterr().out
    monkeypatch.setattr("proposals.management.commands.propose.SHOWN", 0)
    call_command("propose", path, by)
    assert capsys.readouterr().out.startswith(
        "And 1 more rows: --verbose names all.\n1 rows; there"
    )
    for wrong, words in [
        ([path, "--by=nobody"], "Nobody active"),
        ([tmp_path, by], "is a directory"),
        ([tmp_path / "no.csv", by], "There is no"),
    ]:
        with pytest.raises(CommandError, match=words):
            call_command("propose", *wrong)
