"""What an auditor asks: who approved this, by what right, what exactly, what has changed since,
what was there then.
"""

import csv
import io
import re
from zoneinfo import ZoneInfo

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from proposals import workflow
from proposals.admin.common import WithPages
from proposals.history import approvals
from proposals.models import ImportBatch, LogicalFlow, PhysicalFlow

from . import factories
from .factories import day


@pytest.fixture
def auditor(client, cast):
    person = factories.user("Ada Auditor", is_staff=True)
    person.groups.add(Group.objects.get(name="Auditors"))
    client.force_login(person)
    return client


def url(model, page, *args):
    return reverse(f"admin:proposals_{model}_{page}", args=args)


def text(response) -> str:
    """What a reader reads of the page itself: without tags and sidebar, spaces collapsed."""
    content = response.content.decode().split('<div id="content-main">')[-1]
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())


def table(response) -> list[dict]:
    """The rows of a CSV download, each by the names of its columns."""
    assert response.streaming
    content = b"".join(response).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


# Who approved it, by what right, what exactly


@pytest.mark.parametrize("model", ["logicalflow", "physicalflow", "proposal"])
def test_the_trail_says_who_approved_and_by_what_right(auditor, story, model):
    row = {"logicalflow": story.logical, "physicalflow": story.physical, "proposal": story.create}[
        model
    ]
    page = text(auditor.get(url(model, "trail", row.pk)))
    right = "Data Owner of {}; rule: Data Owner of every application may approve and reject"
    source = f"2 Mar 2024, 12:00:00 UTC Sam Source Approved for the source Source approved {right}"
    assert source.format("Ledger (LEDGER)") + " Ours, and fine." in page
    target = f"3 Mar 2024, 12:00:00 UTC Tess Target Approved for the target Target approved {right}"
    assert target.format("Risk Engine (RISK)") in page
    assert "The policy in force then" in page
    assert "One person both sides yes" in page


def test_of_a_change_the_trail_has_old_and_new(auditor, cast, story):
    factories.edited(
        story.physical, cast.maker, day(6), criticality="LOW"
    )  # what is asked later changes nothing here
    [record] = approvals.of_proposal(story.edit).records
    assert [(line.what, line.old, line.new) for line in record.content if line.differs] == [
        ("Criticality", "Medium", "High")
    ]
    assert ("Data types", "Trades", "Trades") in [
        (line.what, line.old, line.new) for line in record.content
    ]
    page = auditor.get(url("proposal", "trail", story.edit.pk)).content.decode()
    assert re.search(r"<td><del>Medium</del></td>\s*<td><ins>High</ins></td>", page)


def test_a_flow_nobody_approved_says_so(auditor, imported):
    page = text(auditor.get(url("logicalflow", "trail", imported.pk)))
    assert "Pending. It came with import" in page
    assert "Nobody has approved it." in page
    assert "What has happened to it" in page
    assert "Logical flow created" in page


def test_a_physical_flow_added_later_shows_under_whose_consent(auditor, cast, story):
    wish = factories.wish(name="weekly", frequency="WEEKLY", specification_name="weekly.csv")
    added = workflow.add_physical_flow(
        story.logical, wish, [factories.data_type()], by=cast.other, at=day(6)
    )
    page = text(auditor.get(url("physicalflow", "trail", added.pk)))
    assert (
        "Otto Other added it, without a proposal of its own, "
        f"to the flow that proposal {story.create.pk}" in page
    )
    assert "Sam Source Approved for the source" in page
    assert "weekly Physical flow created" in page


def test_what_was_rejected_has_its_trail_too(auditor, cast, proposal):
    workflow.reject(
        proposal, side="TARGET", by=cast.rejecter, comment="Not\nours.", at=timezone.now()
    )
    page = text(auditor.get(url("proposal", "trail", proposal.pk)))
    assert "New flow, target rejected on" in page
    assert "rule: Business Analyst of every application may reject Not ours." in page
    assert "What exactly was asked for" in page
    assert "What has changed since" not in page


def test_a_decision_by_a_delegate_names_both(auditor, cast, proposal):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.delegate)
    page = text(auditor.get(url("proposal", "trail", proposal.pk)))
    assert "Dee Delegate for Sam Source Approved for the source" in page


# What has changed since


def test_a_page_of_very_many_changes_shows_the_newest_and_says_so(
    auditor, source, story, monkeypatch
):
    monkeypatch.setattr(approvals, "MOST_CHANGES", 2)
    for number in range(4):
        source.description = f"Version {number}."
        factories.store(source, by=None, why="", at=day(10 + number))
    page = text(auditor.get(url("logicalflow", "trail", story.logical.pk)))
    assert "Version 3." in page
    assert "Version 1." in page  # what version 2 was before
    assert "Version 0." not in page
    assert "There is more than this page shows." in page


# The register as it was


def test_the_register_is_narrowed_to_a_system_and_bears_the_names_of_then(
    auditor, source, target, story
):
    for name, at in [("Old Ledger", day(1)), ("New Ledger", day(8))]:
        source.name = name
        factories.store(source, by=None, why="", at=at)
    page = auditor.get(
        url("logicalflow", "register"), {"at": "2024-03-05T12:00", "system": "LEDGER"}
    )
    assert "5 Mar 2024, 12:00:00 UTC: 1 logical flow " in text(page)
    assert "Old Ledger (LEDGER)" in text(page)
    page = auditor.get(
        url("physicalflow", "register"), {"at": "2024-03-09T00:00", "system": "new ledger"}
    )
    assert "New Ledger (LEDGER) Risk Engine (RISK) eod trades.csv" in text(page)
    factories.system("Elsewhere", code="ELSE")
    page = auditor.get(url("logicalflow", "register"), {"at": "2024-03-05T12:00", "system": "ELSE"})
    assert "0 logical flows" in text(page)


def test_the_second_asked_for_counts_and_the_zone_is_said(auditor, story):
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        before = text(auditor.get(url("logicalflow", "register"), {"at": "2024-03-03T20:59:59"}))
        then = text(auditor.get(url("logicalflow", "register"), {"at": "2024-03-03T21:00:00"}))
    assert "3 Mar 2024, 20:59:59 JST: 0 logical flows" in before
    assert "3 Mar 2024, 21:00:00 JST: 1 logical flow" in then
    assert "Times are in the time zone Asia/Tokyo." in then


def test_the_register_comes_as_a_file_of_the_same_rows(auditor, story):
    response = auditor.get(url("physicalflow", "register_csv"), {"at": "2024-03-05T12:00"})
    assert (
        response["Content-Disposition"]
        == 'attachment; filename="physical-flows-2024-03-05-120000.csv"'
    )
    [row] = table(response)
    assert (row["source_code"], row["target_code"], row["name"]) == ("LEDGER", "RISK", "eod")
    assert (row["specification"], row["data_types"], row["basis_offset"]) == (
        "trades.csv",
        "Trades",
        "1",
    )
    assert (row["criticality"], row["lifecycle"]) == ("HIGH", "ACTIVE")
    assert (row["origin_proposal"], row["origin_import"]) == (str(story.create.pk), "")
    assert (row["changed_at"], row["changed_by"]) == ("2024-03-05T12:00:00+00:00", "Bo Both")
    assert row["why"] == f"Proposal {story.edit.pk}: fully approved"
    [row] = table(auditor.get(url("logicalflow", "register_csv"), {"at": "2024-03-05T12:00"}))
    assert (row["source"], row["target"], row["data_types"]) == ("Ledger", "Risk Engine", "Trades")
    assert (row["physical_flows"], row["changed_at"]) == ("1", "2024-03-03T12:00:00+00:00")


def many_flows(number: int) -> None:
    """Imported, each with a physical flow of a specification of its own."""
    batch = ImportBatch.objects.create(outcome="many")
    for _ in range(number):
        flow = LogicalFlow(source=factories.system(), target=factories.system(), origin_batch=batch)
        flow.activate()
        factories.store(
            flow, by=None, why="Import", at=day(1), declared_data_types=[factories.data_type()]
        )
        sent = factories.specification(flow.source, types=[factories.data_type()])
        attributes = {
            name: value for name, value in factories.WISH.items() if not name.startswith("spec")
        }
        physical = PhysicalFlow(
            logical_flow=flow, specification=sent, origin_batch=batch, **attributes
        )
        factories.store(physical, by=None, why="Import", at=day(1))


def queries(client, address, data=None) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address, data or {}).status_code == 200
    return len(asked)


@pytest.mark.once(on="sqlite")
@pytest.mark.parametrize("model", ["logicalflow", "physicalflow"])
def test_the_register_on_a_date_costs_the_same_for_one_and_many(auditor, model):
    many_flows(1)
    once = queries(auditor, url(model, "register"))
    many_flows(59)
    page = auditor.get(url(model, "register"))
    assert "Page 1 of 2" in text(page)
    assert queries(auditor, url(model, "register")) == once
    assert once <= 12
    stamp = re.search(r"page=2&amp;at=([^&\"]+)", page.content.decode())[1]
    assert "Page 2 of 2" in text(auditor.get(f"{url(model, 'register')}?page=2&at={stamp}"))


@pytest.mark.once(on="sqlite")
@pytest.mark.parametrize("model", ["logicalflow", "physicalflow", "proposal"])
def test_a_trail_costs_the_same_however_long_it_is(auditor, cast, source, story, model):
    row = {"logicalflow": story.logical, "physicalflow": story.physical, "proposal": story.create}[
        model
    ]
    once = queries(auditor, url(model, "trail", row.pk))
    for number in range(3):
        change = factories.edited(
            story.physical, cast.maker, day(6), criticality=["LOW", "HIGH", "LOW"][number]
        )
        workflow.approve(change, sides=["SOURCE", "TARGET"], by=cast.both, at=day(7))
        wish = factories.wish(name=f"n{number}", specification_name=f"s{number}")
        workflow.add_physical_flow(
            story.logical, wish, [factories.data_type()], by=cast.other, at=day(8)
        )
        source.description = str(number)
        factories.store(source, by=None, why="", at=day(9))
    assert queries(auditor, url(model, "trail", row.pk)) == once
    assert once <= 16


# Files


def test_the_whole_trail_of_a_proposal_comes_as_a_file(auditor, story):
    rows = table(auditor.get(url("proposal", "trail_csv", story.create.pk)))
    asked = {row["field"]: row["new"] for row in rows if row["part"] == "ASKED"}
    assert asked["Criticality"] == "Medium"
    assert asked["Justification"] == "'=HYPERLINK(1)"
    steps = [row for row in rows if row["part"] == "TRANSITION"]
    assert [(row["what"], row["side"], row["by"], row["comment"]) for row in steps] == [
        ("propose", "", "Mia Maker", ""),
        ("approve_source", "SOURCE", "Sam Source", "Ours, and fine."),
        ("approve_target", "TARGET", "Tess Target", ""),
        ("complete", "", "Tess Target", ""),
    ]
    assert steps[1]["capacity"].startswith(
        "Data Owner of Ledger (LEDGER); rule: Data Owner of every application"
    )
    changed = [
        row
        for row in rows
        if row["part"] == "SINCE" and row["what"].startswith("Changed: Physical flow")
    ]
    assert [(row["field"], row["old"], row["new"], row["at"]) for row in changed] == [
        ("Criticality", "Medium", "High", "2024-03-05T12:00:00+00:00")
    ]
    assert {row["what"] for row in rows if row["part"] == "APPLIED"} >= {
        "Created: Physical flow eod"
    }


def test_transitions_between_two_dates_include_both_days(auditor, story):
    response = auditor.get(
        url("transition", "between"), {"first": "2024-03-02", "last": "2024-03-04"}
    )
    assert (
        response["Content-Disposition"]
        == 'attachment; filename="transitions-2024-03-02-2024-03-04.csv"'
    )
    rows = table(response)
    assert [(row["proposal"], row["number"], row["action"], row["at"]) for row in rows] == [
        (str(story.create.pk), "2", "approve_source", "2024-03-02T12:00:00+00:00"),
        (str(story.create.pk), "3", "approve_target", "2024-03-03T12:00:00+00:00"),
        (str(story.create.pk), "4", "complete", "2024-03-03T12:00:00+00:00"),
        (str(story.edit.pk), "1", "propose", "2024-03-04T12:00:00+00:00"),
    ]
    assert (rows[0]["from_state"], rows[0]["to_state"]) == ("PENDING_APPROVALS", "SOURCE_APPROVED")
    assert (rows[0]["by"], rows[0]["on_behalf_of"], rows[0]["automatic"]) == (
        "Sam Source",
        "",
        "false",
    )
    assert rows[2]["automatic"] == "true"


def test_days_begin_in_the_zone_of_the_site(auditor, story):
    with timezone.override(
        ZoneInfo("Pacific/Kiritimati")
    ):  # fourteen hours ahead: noon is tomorrow there
        rows = table(
            auditor.get(url("transition", "between"), {"first": "2024-03-02", "last": "2024-03-02"})
        )
        assert [row["at"] for row in rows] == ["2024-03-02T02:00:00+14:00"]
        assert "time zone Pacific/Kiritimati" in text(auditor.get(url("transition", "between")))


def test_what_people_typed_is_no_formula_in_any_file(auditor, story):
    rows = table(
        auditor.get(url("transition", "between"), {"first": "2024-03-05", "last": "2024-03-05"})
    )
    assert [row["comment"] for row in rows] == ["'=1+1", "'=1+1", ""]
    rows = table(auditor.get(url("proposal", "trail_csv", story.edit.pk)))
    assert [row["comment"] for row in rows if row["part"] == "TRANSITION"] == [
        "",
        "'=1+1",
        "'=1+1",
        "",
    ]


@pytest.mark.parametrize(
    ("page", "data"),
    [
        (("transition", "between"), {"first": "2024-03-05", "last": "2024-03-04"}),
        (("transition", "between"), {"first": "2024-03-05"}),
        (("transition", "between"), {"first": "0001-01-01", "last": "9999-12-31"}),
        (("transition", "between"), {"first": "yesterday", "last": "never"}),
        (("logicalflow", "register"), {"at": "2999-01-01T00:00"}),
        (("logicalflow", "register"), {"at": "0001-01-01T00:00:00+14:00"}),
        (("logicalflow", "register"), {"at": "9999-12-31T23:59:59-14:00"}),
        (("physicalflow", "register"), {"system": "nobody"}),
        (("physicalflow", "register"), {"lifecycle": "BURIED"}),
        (("physicalflow", "register_csv"), {"at": "x" * 5000}),
        (("logicalflow", "register_csv"), {"system": "nobody"}),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(auditor, page, data):
    response = auditor.get(url(*page), data)
    assert response.status_code == 400
    assert 'class="errorlist' in response.content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 40, ""])
def test_a_page_that_is_none_is_the_nearest_one(auditor, story, page):
    assert "1 logical flow" in text(auditor.get(url("logicalflow", "register"), {"page": page}))


# Who may


# status by role: nobody signed in, a stranger, staff without a right, an auditor, a superuser
PAGES = {
    "logicalflow_trail": (302, 302, 403, 200, 200),
    "logicalflow_register": (302, 302, 403, 200, 200),
    "logicalflow_register_csv": (302, 302, 403, 200, 200),
    "logicalflow_evidence": (302, 302, 403, 200, 200),
    "physicalflow_evidence": (302, 302, 403, 200, 200),
    "proposal_evidence": (302, 302, 403, 200, 200),
    "physicalflow_trail": (302, 302, 403, 200, 200),
    "physicalflow_register": (302, 302, 403, 200, 200),
    "physicalflow_register_csv": (302, 302, 403, 200, 200),
    "proposal_trail": (302, 302, 403, 200, 200),
    "proposal_trail_csv": (302, 302, 403, 200, 200),
    "transition_between": (302, 302, 403, 200, 200),
    "draft_trail": (302, 302, 403, 404, 200),
    "draft_trail_csv": (302, 302, 403, 404, 200),
    "draft_evidence": (302, 302, 403, 404, 200),
}


def test_every_page_of_the_record_is_in_the_table():
    shown = [made for made in admin.site._registry.values() if isinstance(made, WithPages)]
    names = {f"{made.opts.model_name}_{name}" for made in shown for name in made.pages.values()}
    assert names == {name for name in PAGES if not name.startswith("draft")}


@pytest.mark.parametrize("name", PAGES)
def test_who_gets_which_status(client, auditor, cast, source, target, story, place, name):
    call_command("checkpoint")
    draft = factories.draft(cast.maker, target, source)
    rows = {
        "logicalflow": story.logical,
        "physicalflow": story.physical,
        "proposal": story.create,
        "draft": draft,
    }
    model, _, page = name.partition("_")
    args = [rows[model].pk] if page.startswith(("trail", "evidence")) else []
    address = url(model.replace("draft", "proposal"), page, *args)
    ada, clerk = auditor.session["_auth_user_id"], factories.user(is_staff=True)
    for person, expected in zip(
        [None, cast.stranger, clerk, ada, cast.superuser], PAGES[name], strict=True
    ):
        client.logout()
        if person:
            client.force_login(type(clerk).objects.get(pk=getattr(person, "pk", person)))
        assert client.get(address).status_code == expected, person
        assert client.post(address, {"state": "CANCELLED"}).status_code == (
            302 if expected == 302 else 405
        ), person


def test_a_draft_nobody_submitted_leaves_no_transition_for_others(auditor, cast, source, target):
    draft = factories.draft(cast.maker, source, target)
    workflow.cancel(draft, by=cast.maker, at=day(2))
    span = {"first": "2024-03-02", "last": "2024-03-02"}
    assert table(auditor.get(url("transition", "between"), span)) == []
    auditor.force_login(cast.superuser)
    assert [row["action"] for row in table(auditor.get(url("transition", "between"), span))] == [
        "cancel"
    ]


@pytest.mark.parametrize("number", ["0", "99999999", "9" * 30])
def test_a_trail_of_what_is_not_there_is_not_found(auditor, number):
    for model in ("logicalflow", "physicalflow", "proposal"):
        address = url(model, "trail", 1).replace("/1/", f"/{number}/")
        assert auditor.get(address).status_code == 404


def test_an_auditor_finds_all_of_it_from_the_index_and_the_pages_of_the_rows(auditor, story):
    index = auditor.get("/admin/").content.decode()
    for page in [
        ("logicalflow", "register"),
        ("physicalflow", "register"),
        ("transition", "between"),
    ]:
        assert url(*page) in index
    for model, row in [
        ("logicalflow", story.logical),
        ("physicalflow", story.physical),
        ("proposal", story.edit),
    ]:
        assert (
            url(model, "trail", row.pk)
            in auditor.get(url(model, "change", row.pk)).content.decode()
        )
        assert url(model, "trail", row.pk) in auditor.get(url(model, "changelist")).content.decode()
    assert (
        url("logicalflow", "register")
        in auditor.get(url("logicalflow", "changelist")).content.decode()
    )
    assert (
        url("transition", "between")
        in auditor.get(url("transition", "changelist")).content.decode()
    )
    assert (
        auditor.get(
            f"{url('notice', 'changelist')}?proposal__id__exact={story.edit.pk}"
        ).status_code
        == 200
    )


def test_who_may_not_read_the_record_is_not_shown_the_way(client, cast):
    client.force_login(factories.user(is_staff=True))
    assert "The record, by question" not in client.get("/admin/").content.decode()
