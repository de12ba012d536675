"""Proposals from a file in the browser: brought, looked at by the worker, submitted."""

import io
import time
from datetime import timedelta
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import Workbook, load_workbook
from post_office.models import Email

from proposals import workflow
from proposals.files import proposals as files
from proposals.files.proposals import read_rows, uploads
from proposals.files.uploads import forget_uploads, work_on_uploads
from proposals.models import Proposal, Upload, UploadedFile, UploadedRow

from .test_pages import text
from .test_proposal_files import SENT, company, lines

__all__ = ["company"]

pytestmark = pytest.mark.django_db
WRONG = SENT.replace("DAILY,1", "DAILY,-1").replace("Needed", "'=Needed")
ROWS = lines(
    f"CREATE,LEDGER,BILL,,,{SENT}",
    f"CREATE,BILL,LEDGER,,,{SENT.replace('Regulation', '')}",
    f"CREATE,LEDGER,NONE,,,{WRONG}",
    "DELETE",
)


def bring(client, data: bytes, name="wishes.csv", **more):
    file = SimpleUploadedFile(name, data)
    return client.post("/proposals/import/", {"file": file, **more})


def work(times: int = 5) -> None:
    for _ in range(times):
        work_on_uploads(timezone.now())


def outcomes(upload: Upload) -> list[str]:
    return list(upload.rows.order_by("line").values_list("outcome", flat=True))


def test_an_external_id_that_a_workbook_keeps_as_a_number_is_refused(company, as_):
    book = Workbook()
    book.active.append(["type", "source_code", "target_code", "external_id"])
    for number in (8926100000000000017, "8926100000000000017", 42):
        book.active.append(["CREATE", "LEDGER", "BILL", number])
    stream = io.BytesIO()
    book.save(stream)
    bring(as_(company.maker), stream.getvalue(), "wishes.xlsx")
    work()
    rounded, *others = Upload.objects.get().rows.order_by("line")
    assert (rounded.line, rounded.outcome) == (2, "REFUSED")
    assert "external_id: the spreadsheet keeps this as a number" in rounded.sentence
    assert [row.texts["external_id"] for row in others] == ["8926100000000000017", "42"]
    assert {row.outcome for row in others} == {"UNFINISHED"}


def test_a_file_is_brought_looked_at_and_what_can_be_is_submitted(company, as_):
    client = as_(company.maker)
    page = bring(client, ROWS).url
    upload = Upload.objects.get()
    assert "Being looked at" in client.get(page).content.decode()
    assert client.get(f"{page}progress/").headers.get("HX-Refresh") is None
    work()
    assert outcomes(upload) == ["READY", "UNFINISHED", "REFUSED", "REFUSED"]
    assert not Proposal.objects.exists()
    assert not UploadedFile.objects.exists()
    assert client.get(f"{page}progress/").headers["HX-Refresh"] == "true"
    shown = client.get(page).content.decode()
    for words in (
        "Submit 1 proposal",
        "Nothing is submitted yet",
        "reason: Choose a reason.",
        "target_code: No system has the code “NONE”.",
        "The row has 1 cell, the header has 16.",
    ):
        assert words in shown, words
    assert "No system" not in client.get(f"{page}?outcome=READY").content.decode()
    client.post(page, {})
    work()
    assert outcomes(upload) == ["SUBMITTED", "UNFINISHED", "REFUSED", "REFUSED"]
    made = Proposal.objects.get()
    assert made.is_open
    assert upload.rows.get(outcome="SUBMITTED").proposal == made
    assert f"No. {made.pk}" in client.get(page).content.decode()
    own = client.get(f"/proposals/{made.pk}/")
    assert "from line 2 of wishes.csv" in text(own)
    assert f'href="{page}"' in own.content.decode()
    foreign = as_(company.both).get(f"/proposals/{made.pk}/")
    assert "from line 2 of wishes.csv" in text(foreign)
    assert f'href="{page}"' not in foreign.content.decode()
    client = as_(company.maker)
    # Once more is refused, and does nothing.
    assert client.post(page, {}).status_code == 409


def test_what_is_left_is_mended_and_brought_again(company, as_):
    client = as_(company.maker)
    page = bring(client, ROWS).url
    work()
    for kind in ("csv", "xlsx"):
        answer = client.get(f"{page}?as={kind}")
        data = b"".join(answer.streaming_content)
        left = read_rows(f"left.{kind}", data)
        assert [row.texts["line"] for row in left] == ["3", "4", "5"]
        assert left[0].texts["why"] == "Not complete: reason: Choose a reason."
        assert (left[1].texts["basis_offset"], left[1].texts["justification"]) == ("-1", "'=Needed")
    bring(client, data, "left.xlsx")
    work()
    assert outcomes(Upload.objects.latest("pk")) == ["UNFINISHED", "REFUSED", "REFUSED"]


def test_unfinished_rows_are_kept_as_drafts_where_their_maker_wishes(company, as_):
    client = as_(company.maker)
    page = bring(client, ROWS).url
    work()
    client.post(page, {"keeps_drafts": "on"})
    work()
    assert outcomes(Upload.objects.get())[:2] == ["SUBMITTED", "KEPT"]
    assert Proposal.objects.filter(state="PROPOSED_CREATE").count() == 1


def test_a_worker_killed_in_the_middle_repeats_no_row(company, as_):
    rows = [f"CREATE,LEDGER,BILL,,,{SENT.replace('trades', f'trades{n}')}" for n in range(6)]
    page = bring(as_(company.maker), lines(*rows)).url
    work()
    as_(company.maker).post(page, {})
    submit, calls = workflow.submit, []

    def killed(*args, **kwargs):
        submit(*args, **kwargs)
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt  # after the row, before its end is kept

    with mock.patch.object(workflow, "submit", killed), pytest.raises(KeyboardInterrupt):
        work()
    assert outcomes(Upload.objects.get()).count("SUBMITTED") == Proposal.objects.count() == 2
    work()
    assert outcomes(Upload.objects.get()) == ["SUBMITTED"] * 6
    assert Proposal.objects.count() == 6


def test_a_slice_ends_in_time_and_two_files_share_the_worker(company, as_):
    client = as_(company.maker)
    for name in ("a", "b"):
        rows = [f"CREATE,LEDGER,BILL,,,{SENT.replace('trades', name * n)}" for n in range(1, 8)]
        bring(client, lines(*rows), f"{name}.csv")
    first, second = Upload.objects.order_by("pk")
    with mock.patch.object(uploads, "AT_ONCE", 2), mock.patch("proposals.files.uploads.SLICE", 0):
        work(2)  # reads each, and no more
        assert outcomes(first) == outcomes(second) == ["WAITING"] * 7
    with mock.patch.object(uploads, "AT_ONCE", 2):
        files.work_on(Upload.objects.get(pk=second.pk), time.monotonic() + 60)
    assert outcomes(second) == ["READY"] * 7
    assert outcomes(first) == ["WAITING"] * 7


def test_a_form_sent_twice_brings_one_file_and_another_file_is_another_act(company, as_):
    client, key = as_(company.maker), "0" * 31 + "1"
    pages = [bring(client, data, form_key=key).url for data in (ROWS, ROWS, ROWS + b"\n\n")]
    assert pages[0] == pages[1] != pages[2]
    assert Upload.objects.count() == 2
    bring(client, ROWS)
    again = Upload.objects.latest("pk").get_absolute_url()
    assert f'<a href="{pages[0]}">the same file</a>' in client.get(again).content.decode()


def test_what_no_file_can_be_is_said_and_lost_is_nothing(company, as_):
    client = as_(company.maker)
    assert "Choose a file." in client.post("/proposals/import/", {}).content.decode()
    with mock.patch.dict("proposals.views.uploading.TAKING", {"proposal-import": 1000}):
        bring(client, b"x" * 2000)
        assert bring(client, b"x" * 9000).status_code == 400
    assert bytes(UploadedFile.objects.get().data) == b"x" * 1001
    bring(client, b"type,source_code\nCREATE,A\n", "\u202egpj.\u0000csv\n")
    work()
    bad = Upload.objects.latest("pk")
    assert (bad.name, bad.state) == ("gpj.csv", "BAD")
    assert (
        "target_code: The column is missing." in client.get(bad.get_absolute_url()).content.decode()
    )
    for _ in range(12):
        last = bring(client, ROWS)
    assert (last.status_code, Upload.objects.count()) == (409, 12)
    assert "Finish or discard one" in last.content.decode()
    client.post(f"{bad.get_absolute_url()}discard/")
    assert not Upload.objects.filter(pk=bad.pk).exists()


def test_a_row_that_no_database_keeps_and_a_file_that_fails_hold_up_nobody(company, as_):
    client = as_(company.maker)
    row = f"CREATE,LEDGER,BILL,,,{SENT}"
    bring(client, lines(row.replace("Needed", "Ne\0eded"), row), "nul.csv")
    bring(client, ROWS, "fails.csv")
    read = uploads.read_rows

    def failing(name, data):
        if name == "fails.csv":
            raise RuntimeError("a mistake of ours")
        return read(name, data)

    with mock.patch.object(uploads, "read_rows", failing):
        work()
    nul, fails = Upload.objects.order_by("pk")
    assert outcomes(nul) == ["REFUSED", "READY"]
    assert nul.rows.first().sentence == "justification: This contains a NUL character."
    assert (fails.state, "in the log of the site" in fails.problems[0]) == ("BAD", True)


def test_of_many_nobody_gets_a_mail_for_each(company, as_):
    rows = [f"CREATE,LEDGER,BILL,,,{SENT.replace('trades', f'trades{n}')}" for n in range(21)]
    client = as_(company.maker)
    page = bring(client, lines(*rows)).url
    work()
    assert "daily digest" in client.get(page).content.decode()
    client.post(page, {})
    work()
    assert Proposal.objects.open().count() == 21
    assert not Email.objects.exists()


def test_the_template_offers_what_may_be_written_and_is_read_back(company, as_):
    client = as_(company.maker)
    data = client.get("/proposals/import/template/").content
    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames[:2] == ["proposals", "columns"]
    assert ["BILL", "Billing"] in [[cell.value for cell in row] for row in book["systems"]]
    assert "GONE" not in [cell.value for cell in book["systems"]["A"]]
    offered = {rule.formula1 for rule in book["proposals"].data_validations.dataValidation}
    assert {'"CREATE,EDIT,DELETE"', "reasons!$A$2:$A$2"} <= offered
    book["proposals"].append(["CREATE", "LEDGER", "BILL"])
    filled = io.BytesIO()
    book.save(filled)
    [row] = read_rows("filled.xlsx", filled.getvalue())
    assert row.texts["target_code"] == "BILL"
    text = b"".join(client.get("/proposals/import/template/?as=csv").streaming_content)
    assert text.decode("utf-8-sig").startswith("type,source_code,target_code,")


def test_an_old_upload_is_forgotten_and_what_it_led_to_stays(company, as_):
    page = bring(as_(company.maker), ROWS).url
    work()
    as_(company.maker).post(page, {})
    work()
    at = timezone.now()
    assert forget_uploads(at) == (0, 0)
    assert forget_uploads(at + timedelta(days=31)) == (1, 0)
    assert not UploadedRow.objects.exists()
    assert Proposal.objects.get().is_open


def test_nobody_else_sees_a_file(company, as_):
    page = bring(as_(company.maker), ROWS).url
    assert as_(company.superuser).get(page).status_code == 404
    assert as_(company.stranger).post(f"{page}discard/").status_code == 404


def queries_of_work(table: str) -> int:
    """How often the worker asks for rows of it."""
    with CaptureQueriesContext(connection) as asked:
        work()
    return sum(f'FROM "{table}"' in row["sql"] for row in asked)


def test_a_row_is_judged_once_to_be_submitted_and_who_decides_is_no_part_of_judging_it(
    company, as_
):
    rows = [
        f"CREATE,LEDGER,BILL,,,{SENT.replace('trades', f'trades{number}')}" for number in range(3)
    ]
    client = as_(company.maker)
    page = bring(client, lines(*rows)).url
    assert queries_of_work("proposals_involvement") == 0
    client.post(page, {})
    assert queries_of_work("proposals_physicalflow") == 3
    assert outcomes(Upload.objects.get()) == ["SUBMITTED"] * 3
