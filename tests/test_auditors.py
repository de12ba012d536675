"""What an auditor asks: who approved this, by what right, what exactly, what has changed since,
what was there then.
"""

import csv
import html
import io
import re
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from proposals import workflow
from proposals.history import approvals, as_of, ledger
from proposals.models import (
    ImportBatch,
    LedgerLeaf,
    LogicalFlow,
    PhysicalFlow,
    Proposal,
    Transition,
    User,
)
from proposals.urls import urlpatterns

from . import factories, thorough
from .factories import day
from .test_guards import without_guards


@pytest.fixture
def auditor(client, cast):
    person = factories.user("Ada Auditor", is_staff=True)
    person.groups.add(Group.objects.get(name="Auditors"))
    client.force_login(person)
    return client


def url(page, *args):
    return reverse(f"audit-{page}" if page else "audit", args=args)


def text(response) -> str:
    """What a reader reads of the page itself: without tags and header, spaces collapsed."""
    content = response.content.decode().split('<main id="main"')[-1].split("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())


def table(response) -> list[dict]:
    """The rows of a CSV download, each by the names of its columns."""
    assert response.streaming
    content = b"".join(response).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


# Who approved it, by what right, what exactly


@pytest.mark.parametrize("model", ["flow", "physical-flow", "proposal"])
def test_the_trail_says_who_approved_and_by_what_right(auditor, story, model):
    row = {"flow": story.logical, "physical-flow": story.physical, "proposal": story.create}[model]
    page = text(auditor.get(url(model, row.pk)))
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
    page = auditor.get(url("proposal", story.edit.pk)).content.decode()
    assert re.search(r"<td><del>Medium</del></td>\s*<td><ins>High</ins></td>", page)


def test_a_flow_nobody_approved_says_so(auditor, imported):
    page = text(auditor.get(url("flow", imported.pk)))
    assert "Pending. It came with import" in page
    assert "Nobody has approved it." in page
    assert "What has happened to it" in page
    assert "Logical flow created" in page


def test_a_physical_flow_added_later_shows_under_whose_consent(auditor, cast, story):
    wish = factories.wish(name="weekly", frequency="WEEKLY", specification_name="weekly.csv")
    added = workflow.add_physical_flow(
        story.logical, wish, [factories.data_type()], by=cast.other, at=day(6)
    )
    page = text(auditor.get(url("physical-flow", added.pk)))
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
    page = text(auditor.get(url("proposal", proposal.pk)))
    assert "New flow, target rejected on" in page
    assert "rule: Business Analyst of every application may reject Not ours." in page
    assert "What exactly was asked for" in page
    assert "What has changed since" not in page


def test_a_decision_by_a_delegate_names_both(auditor, cast, proposal):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.delegate)
    page = text(auditor.get(url("proposal", proposal.pk)))
    assert "Dee Delegate for Sam Source Approved for the source" in page


# What has changed since


def test_a_page_of_very_many_changes_shows_the_newest_and_says_so(
    auditor, source, story, monkeypatch
):
    monkeypatch.setattr(approvals, "MOST_CHANGES", 2)
    for number in range(4):
        source.description = f"Version {number}."
        factories.store(source, by=None, why="", at=day(10 + number))
    page = text(auditor.get(url("flow", story.logical.pk)))
    assert "Version 3." in page
    assert "Version 1." in page  # what version 2 was before
    assert "Version 0." not in page
    assert "There is more than this page shows." in page


# The register as it was


@pytest.mark.parametrize("many", [5_000, 0], ids=["of few flows", "as if of very many"])
def test_the_register_is_narrowed_to_a_system_and_bears_the_names_of_then(
    auditor, source, target, story, many, monkeypatch
):
    monkeypatch.setattr(as_of, "MANY", many)
    for name, at in [("Old Ledger", day(1)), ("New Ledger", day(8))]:
        source.name = name
        factories.store(source, by=None, why="", at=at)
    page = auditor.get(url("register"), {"at": "2024-03-05T12:00", "system": "LEDGER"})
    assert "5 Mar 2024, 12:00:00 UTC: 1 logical flow " in text(page)
    assert "Old Ledger → Risk Engine LEDGER → RISK" in text(page)
    page = auditor.get(
        url("register"), {"of": "physical", "at": "2024-03-09T00:00", "system": "new ledger"}
    )
    assert "eod New Ledger (LEDGER) → Risk Engine (RISK) trades.csv" in text(page)
    elsewhere = factories.system("Elsewhere", code="ELSE")
    factories.flow(elsewhere, target, 1)
    page = auditor.get(url("register"), {"at": "2024-03-05T12:00", "system": "ELSE"})
    assert "0 logical flows" in text(page)


def test_the_second_asked_for_counts_and_the_zone_is_said(auditor, story):
    User.objects.filter(name="Ada Auditor").update(time_zone="Asia/Tokyo")
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        before = text(auditor.get(url("register"), {"at": "2024-03-03T20:59:59"}))
        then = text(auditor.get(url("register"), {"at": "2024-03-03T21:00:00"}))
    assert "3 Mar 2024, 20:59:59 JST: 0 logical flows" in before
    assert "3 Mar 2024, 21:00:00 JST: 1 logical flow" in then
    assert "Times are in the time zone Asia/Tokyo." in then


def test_the_register_comes_as_a_file_of_the_same_rows(auditor, story):
    response = auditor.get(
        url("register"), {"of": "physical", "as": "csv", "at": "2024-03-05T12:00"}
    )
    assert (
        response["Content-Disposition"]
        == 'attachment; filename="physical-flows-2024-03-05-120000.csv"'
    )
    [row] = table(response)
    assert (row["source_code"], row["target_code"], row["name"]) == ("LEDGER", "RISK", "eod")
    assert (row["specification"], row["data_types"], row["basis_offset"]) == (
        "trades.csv",
        "Trades",
        "T+1",
    )
    assert (row["criticality"], row["lifecycle"]) == ("HIGH", "ACTIVE")
    assert (row["origin_proposal"], row["origin_import"]) == (str(story.create.pk), "")
    assert (row["changed_at"], row["changed_by"]) == ("2024-03-05T12:00:00+00:00", "Bo Both")
    assert row["why"] == f"Proposal {story.edit.pk}: fully approved"
    [row] = table(auditor.get(url("register"), {"as": "csv", "at": "2024-03-05T12:00"}))
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


def following(page) -> str:
    """The query string of the page after this one."""
    return html.unescape(re.search(r'rel="next"\s+href="([^"]+)', page.content.decode())[1])


def numbers_of_pages(*pages) -> list[int]:
    """How many flows each of them shows; none of them twice."""
    shown = [set(re.findall(r'"/audit/[a-z-]+/(\d+)/"', p.content.decode())) for p in pages]
    assert not set.intersection(*shown)
    return [len(numbers) for numbers in shown]


def queries(client, address, data=None) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address, data or {}).status_code == 200
    return len(asked)


@pytest.mark.once(on="sqlite")
@pytest.mark.parametrize("half", ["logical", "physical"])
def test_the_register_on_a_date_costs_the_same_for_one_and_many(auditor, half):
    many_flows(1)
    once = queries(auditor, f"{url('register')}?of={half}")
    many_flows(59)
    first = auditor.get(f"{url('register')}?of={half}")
    assert ": 60 " in text(first)
    assert queries(auditor, f"{url('register')}?of={half}") == once
    assert once <= 12
    assert "at=" in following(first)
    second = auditor.get(url("register") + following(first))
    assert numbers_of_pages(first, second) == [50, 10]


@pytest.mark.once(on="sqlite")
@pytest.mark.parametrize("model", ["flow", "physical-flow", "proposal"])
def test_a_trail_costs_the_same_however_long_it_is(auditor, cast, source, story, model):
    row = {"flow": story.logical, "physical-flow": story.physical, "proposal": story.create}[model]
    once = queries(auditor, url(model, row.pk))
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
    assert queries(auditor, url(model, row.pk)) == once
    assert once <= 18


# Files


def test_the_whole_trail_of_a_proposal_comes_as_a_file(auditor, story):
    rows = table(auditor.get(url("proposal", story.create.pk), {"as": "csv"}))
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
        url("transitions"), {"as": "csv", "first": "2024-03-02", "last": "2024-03-04"}
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
    User.objects.filter(name="Ada Auditor").update(time_zone="Pacific/Kiritimati")
    with timezone.override(
        ZoneInfo("Pacific/Kiritimati")
    ):  # fourteen hours ahead: noon is tomorrow there
        span = {"as": "csv", "first": "2024-03-02", "last": "2024-03-02"}
        rows = table(auditor.get(url("transitions"), span))
        assert [row["at"] for row in rows] == ["2024-03-02T02:00:00+14:00"]
        assert "time zone Pacific/Kiritimati" in text(auditor.get(url("transitions")))


def test_what_people_typed_is_no_formula_in_any_file(auditor, story):
    rows = table(
        auditor.get(url("transitions"), {"as": "csv", "first": "2024-03-05", "last": "2024-03-05"})
    )
    assert [row["comment"] for row in rows] == ["'=1+1", "'=1+1", ""]
    rows = table(auditor.get(url("proposal", story.edit.pk), {"as": "csv"}))
    assert [row["comment"] for row in rows if row["part"] == "TRANSITION"] == [
        "",
        "'=1+1",
        "'=1+1",
        "",
    ]


@pytest.mark.parametrize(
    ("page", "data"),
    [
        ("transitions", {"first": "2024-03-05", "last": "2024-03-04"}),
        ("transitions", {"first": "2024-03-05"}),
        ("transitions", {"first": "0001-01-01", "last": "9999-12-31", "as": "csv"}),
        ("difference", {"first": "yesterday", "last": "never"}),
        ("difference", {"first": "2024-03-05", "last": "2024-03-04", "as": "csv"}),
        ("difference", {"last": "2024-03-04"}),
        ("register", {"at": "2999-01-01T00:00"}),
        ("register", {"at": "0001-01-01T00:00:00+14:00"}),
        ("register", {"at": "9999-12-31T23:59:59-14:00"}),
        ("register", {"of": "physical", "system": "nobody"}),
        ("register", {"of": "physical", "lifecycle": "BURIED"}),
        ("register", {"of": "physical", "as": "csv", "at": "x" * 5000}),
        ("register", {"as": "csv", "system": "nobody"}),
        ("", {"q": "x" * 5000}),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(auditor, page, data):
    response = auditor.get(url(page), data)
    assert response.status_code == 400
    assert 'class="errorlist' in response.content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 40, ""])
def test_a_page_that_is_none_is_the_first_one(auditor, story, page):
    assert "1 logical flow" in text(auditor.get(url("register"), {"after": page}))


# What came, changed and went


def between(client, first: int, last: int, of: str = "physicalflow") -> str:
    span = {"first": f"2024-03-{first:02}", "last": f"2024-03-{last:02}", "of": of}
    return text(client.get(url("difference"), span))


@pytest.fixture
def removed(cast, story):
    """The physical flow of the story, the last of its logical one, removed on 7 March."""
    removal = Proposal.removal_of(PhysicalFlow.objects.get(pk=story.physical.pk), cast.maker)
    removal.reason = factories.reason()
    workflow.submit(removal, [], by=cast.maker, at=day(6))
    return workflow.approve(removal, sides=["SOURCE", "TARGET"], by=cast.both, at=day(7))


# kind, first and last day -> what it comes to; None where nothing is different
OUTCOMES = [
    ("physicalflow", 1, 2, None),
    ("physicalflow", 3, 3, "Came"),
    ("physicalflow", 4, 4, None),
    ("physicalflow", 5, 6, "Changed"),
    ("physicalflow", 3, 6, "Came"),
    ("physicalflow", 7, 7, "Went"),
    ("physicalflow", 5, 7, "Went"),
    ("physicalflow", 3, 7, "The same again"),
    ("logicalflow", 3, 6, "Came"),
    ("logicalflow", 5, 6, None),
    ("logicalflow", 7, 9, "Went"),
    ("physicalspecification", 3, 3, "Came"),
    ("physicalspecification", 7, 7, "Went"),
]


def test_two_dates_are_compared_and_what_brought_it_is_named(auditor, story, removed):
    causes = {3: story.create, 5: story.edit, 7: removed}
    for kind, first, last, outcome in OUTCOMES:
        page = between(auditor, first, last, kind)
        if outcome is None:
            assert "No difference" in page, (kind, first, last)
            continue
        assert "1 changed from" in page, (kind, first, last)
        assert f" {outcome} " in page, (kind, first, last, page)
        for at, proposal in causes.items():
            is_named = f" Proposal {proposal.pk} " in page
            touched = kind == "physicalflow" or at != 5
            assert is_named == (first <= at <= last and touched), (kind, first, last)
    assert "Criticality: Medium → High" in between(auditor, 5, 6)
    assert "Lifecycle: Active → Removed" in between(auditor, 7, 7)


@pytest.mark.parametrize("many", [5_000, 0], ids=["of few flows", "as if of very many"])
def test_the_difference_is_narrowed_to_one_system(
    auditor, cast, story, source, target, many, monkeypatch
):
    """To its flows, what they carry and its own specifications; tabs and file stay with it."""
    monkeypatch.setattr(as_of, "MANY", many)
    other = factories.system("Archive", code="ARCHIVE")
    span = {"first": "2024-03-03", "last": "2024-03-03"}
    for kind, about, number in [
        ("logicalflow", source, 1),
        ("logicalflow", target, 1),
        ("logicalflow", other, 0),
        ("physicalflow", target, 1),
        ("physicalflow", other, 0),
        ("physicalspecification", source, 1),
        ("physicalspecification", target, 1),
        ("physicalspecification", other, 0),
    ]:
        answer = auditor.get(url("difference"), span | {"of": kind, "system": about.code})
        assert len(answer.context["things"]) == number, (kind, about)
    others = re.findall(r'href="(\?[^"]*of=physicalflow[^"]*)"', answer.content.decode())
    assert ["system=ARCHIVE" in address for address in others] == [True]
    files = {
        about: table(auditor.get(url("difference"), span | {"system": about, "as": "csv"}))
        for about in ("RISK", "ARCHIVE")
    }
    assert {row["kind"] for row in files["RISK"]} == {
        "Logical flow",
        "Physical flow",
        "Physical specification",
    }
    assert files["ARCHIVE"] == []
    wrong = auditor.get(url("difference"), span | {"system": "nowhere"})
    assert (wrong.status_code, "No system is called “nowhere”" in text(wrong)) == (400, True)


def test_an_import_and_a_direct_addition_are_named_too(auditor, cast, source, target, imported):
    story = factories.story(cast, source, target)  # after the import of its flow
    wish = factories.wish(name="weekly", frequency="WEEKLY", specification_name="weekly.csv")
    workflow.add_physical_flow(
        story.logical, wish, [factories.data_type()], by=cast.other, at=day(6)
    )
    assert "Added directly by Otto Other" in between(auditor, 6, 6)
    whole = {"first": "1970-01-01", "last": str(timezone.localdate()), "of": "logicalflow"}
    assert f"Import {imported.origin_batch_id} " in text(auditor.get(url("difference"), whole))


def test_a_further_data_type_is_a_difference_of_the_specification(auditor, cast, story):
    wish = Proposal.change_of(PhysicalFlow.objects.get(pk=story.physical.pk), cast.maker)
    wish.reason = factories.reason()
    types = [story.specification.data_types.get(), factories.data_type("Positions")]
    workflow.submit(wish, types, by=cast.maker, at=day(6))
    workflow.approve(wish, sides=["SOURCE", "TARGET"], by=cast.both, at=day(7))
    page = between(auditor, 7, 7, "physicalspecification")
    assert "Data types: Trades → Positions, Trades" in page
    assert f"Proposal {wish.pk}" in page


def test_the_difference_comes_as_one_file_of_the_whole_register(auditor, story, removed):
    span = {"first": "2024-03-05", "last": "2024-03-06", "as": "csv"}
    response = auditor.get(url("difference"), span)
    name = "difference-2024-03-05-2024-03-06.csv"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    [row] = table(response)
    assert (row["kind"], row["number"]) == ("Physical flow", str(story.physical.pk))
    assert (row["outcome"], row["field"]) == ("CHANGED", "Criticality")
    assert (row["before"], row["after"]) == ("Medium", "High")
    assert row["brought_by"] == f"Proposal {story.edit.pk}"
    assert row["last_change_at"] == "2024-03-05T12:00:00+00:00"
    rows = table(auditor.get(url("difference"), span | {"last": "2024-03-07"}))
    assert {(row["kind"], row["outcome"]) for row in rows} == {
        ("Logical flow", "WENT"),
        ("Physical flow", "WENT"),
        ("Physical specification", "WENT"),
    }


@pytest.mark.once(on="sqlite")
def test_a_difference_costs_the_same_for_one_and_many_and_is_shown_page_by_page(auditor):
    many_flows(1)
    span = "first=2024-03-01&last=2024-03-01&of=physicalflow"
    once = queries(auditor, f"{url('difference')}?{span}")
    many_flows(29)
    first = auditor.get(f"{url('difference')}?{span}")
    assert "30 changed" in text(first)
    assert queries(auditor, f"{url('difference')}?{span}") == once <= 16
    second = auditor.get(url("difference") + following(first))
    assert numbers_of_pages(first, second) == [25, 5]


# Finding a trail


def test_a_trail_is_found_by_number_code_and_name(auditor, story):
    def found(text):
        page = auditor.get(url(""), {"q": text}).content.decode()
        return set(re.findall(r'"(/audit/[a-z-]+/\d+/)"', page))

    proposals = {url("proposal", row.pk) for row in (story.create, story.edit)}
    flows = {url("flow", story.logical.pk), url("physical-flow", story.physical.pk)}
    assert found("LEDGER") == found("ledger → risk") == proposals | flows
    assert url("proposal", story.edit.pk) in found(str(story.edit.pk))
    assert url("proposal", story.edit.pk) in found(f"#{story.edit.pk}")
    assert found("eod") >= {url("physical-flow", story.physical.pk)}
    assert found("RISK → LEDGER") == set()
    for nothing in ("qzx", "9" * 30):
        assert found(nothing) == set()
        assert "Nothing is called so." in text(auditor.get(url(""), {"q": nothing}))


def test_a_draft_of_another_is_not_found(auditor, cast, source, target):
    draft = factories.draft(cast.maker, target, source)
    address = url("proposal", draft.pk)
    assert address not in auditor.get(url(""), {"q": str(draft.pk)}).content.decode()
    auditor.force_login(cast.superuser)
    assert address in auditor.get(url(""), {"q": str(draft.pk)}).content.decode()


# The state of the ledger


def test_the_state_of_the_ledger_is_told(auditor, story, settings, tmp_path):
    page = text(auditor.get(url("")))
    assert "the worker has not begun it yet" in page
    assert "No directory is set for them" in page
    settings.LEDGER_CHECKPOINTS = tmp_path
    assert "The public keys of the ledger cannot be read" in text(auditor.get(url("")))


def test_the_lag_the_last_checkpoint_and_where_it_is_kept_are_told(auditor, story, place):
    place.LEDGER_MAIL = ["audit@example.com"]
    assert "None has been signed yet." in text(auditor.get(url("")))
    call_command("checkpoint")
    page = text(auditor.get(url("")))
    assert "Rows not in it yet None" in page
    assert f"of {ledger.size()} leaves Its signature is good" in page
    assert f"{place.LEDGER_CHECKPOINTS} , and mailed to audit@example.com" in page
    assert str(ledger.read_key(place.LEDGER_KEY).public) in page
    story.create.source.name = "Ledger of old"
    story.create.source.save()
    assert "Rows not in it yet 1 (versions of systems: 1)." in text(auditor.get(url("")))


def test_a_rewritten_ledger_and_a_checkpoint_that_was_touched_are_told(auditor, story, place):
    call_command("checkpoint")
    without_guards()
    LedgerLeaf.objects.filter(number=3).update(sha256="0" * 64)
    page = text(auditor.get(url("")))
    assert "leaves are not those that" in page
    assert "Its signature is good" not in page
    [path] = [p for p in place.LEDGER_CHECKPOINTS.iterdir() if p.name.startswith("0")]
    path.chmod(0o644)
    path.write_text(path.read_text().replace("time 2", "time 3"))
    assert f"{path.name}: " in text(auditor.get(url("")))


def test_of_very_many_rows_that_wait_the_page_tells_the_most_there_can_be(
    auditor, story, monkeypatch
):
    newest = Transition.objects.latest("pk").pk
    assert "transitions: 8" in text(auditor.get(url("")))
    monkeypatch.setattr("proposals.history.ledger.state.MOST_COUNTED", 2)
    assert f"transitions: up to {newest}" in text(auditor.get(url("")))


# Who may


PAGES = {
    "": [],
    "flow": ["logical"],
    "flow-evidence": ["logical"],
    "physical-flow": ["physical"],
    "physical-flow-evidence": ["physical"],
    "proposal": ["create"],
    "proposal-evidence": ["create"],
    "register": [],
    "difference": [],
    "transitions": [],
}
# Nobody signed in, a stranger, staff without a right, with half of the rights, an auditor without
# staff status, an auditor, a superuser.
STATUSES = [302, 403, 403, 403, 403, 200, 200]
OF_A_DRAFT = [302, 403, 403, 403, 403, 404, 200]


def test_every_page_of_the_record_is_in_the_table():
    names = {getattr(pattern, "name", "") or "" for pattern in urlpatterns}
    named = {name for name in names if name.startswith("audit")}
    assert named == {f"audit-{page}" if page else "audit" for page in PAGES}


@pytest.mark.parametrize("page", PAGES)
def test_who_gets_which_status(client, cast, source, target, story, place, page):
    call_command("checkpoint")
    draft = factories.draft(cast.maker, target, source)
    ada, clerk, half, guest = (
        factories.user(name, is_staff=name != "Guest") for name in ("Ada", "Clerk", "Half", "Guest")
    )
    for auditor in (ada, guest):
        auditor.groups.add(Group.objects.get(name="Auditors"))
    half.user_permissions.add(Permission.objects.get(codename="view_logicalflow"))
    people = [None, cast.stranger, clerk, half, guest, ada, cast.superuser]
    rows = [(url(page, *(getattr(story, name).pk for name in PAGES[page])), STATUSES)]
    if page.startswith("proposal"):
        rows.append((url(page, draft.pk), OF_A_DRAFT))
    for address, statuses in rows:
        asked = list(zip(people, statuses, strict=True))
        for person, expected in thorough.cases(asked, lambda case: case[1], of=address):
            client.logout()
            if person:
                client.force_login(person)
                assert (url("") in client.get("/").content.decode()) == (person in people[-2:])
            assert client.get(address).status_code == expected, person
            posted = client.post(address, {"state": "CANCELLED"}).status_code
            assert posted == (302 if expected == 302 else 405), person


def test_a_draft_nobody_submitted_leaves_no_transition_for_others(auditor, cast, source, target):
    draft = factories.draft(cast.maker, source, target)
    workflow.cancel(draft, by=cast.maker, at=day(2))
    span = {"as": "csv", "first": "2024-03-02", "last": "2024-03-02"}
    assert table(auditor.get(url("transitions"), span)) == []
    assert "Nothing was decided" in text(auditor.get(url("transitions"), span | {"as": ""}))
    auditor.force_login(cast.superuser)
    assert [row["action"] for row in table(auditor.get(url("transitions"), span))] == ["cancel"]


@pytest.mark.parametrize("number", ["0", "99999999", "9" * 30])
def test_a_trail_of_what_is_not_there_is_not_found(auditor, number):
    for kind in ("flow", "physical-flow", "proposal"):
        address = url(kind, 1).replace("/1/", f"/{number}/")
        assert auditor.get(address).status_code == 404


def test_an_auditor_finds_all_of_it_from_the_site_and_from_the_admin(auditor, cast, story):
    index = auditor.get("/admin/").content.decode()
    for page in ["", "register", "difference", "transitions"]:
        assert url(page) in index
        assert url(page) in auditor.get(url("")).content.decode()
    for kind, model, row in [
        ("flow", "logicalflow", story.logical),
        ("physical-flow", "physicalflow", story.physical),
        ("proposal", "proposal", story.edit),
    ]:
        listed = reverse(f"admin:proposals_{model}_changelist")
        change = reverse(f"admin:proposals_{model}_change", args=[row.pk])
        for page in (row.get_absolute_url(), listed, change):
            shown = auditor.get(page).content.decode()
            assert url(kind, row.pk) in shown
            assert page == listed or url(f"{kind}-evidence", row.pk) in shown
        if model != "proposal":
            assert url("register") in auditor.get(listed).content.decode()
    listed = reverse("admin:proposals_transition_changelist")
    assert url("transitions") in auditor.get(listed).content.decode()
    told = reverse("admin:proposals_notice_changelist")
    trail = auditor.get(url("proposal", story.edit.pk)).content.decode()
    assert f"{told}?proposal__id__exact={story.edit.pk}" in trail
    auditor.force_login(cast.stranger)
    assert "/audit/" not in auditor.get(story.edit.get_absolute_url()).content.decode()


def test_who_may_not_read_the_record_is_not_shown_the_way(client, cast):
    client.force_login(factories.user(is_staff=True))
    assert "The record, by question" not in client.get("/admin/").content.decode()
