"""The five questions about the register: what they find, how old it is, and what remedies it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from proposals import workflow
from proposals.errors import Conflict
from proposals.history import verify
from proposals.models import (
    ImportBatch,
    LogicalFlow,
    PhysicalSpecification,
    Policy,
    Proposal,
    System,
    User,
)
from proposals.reports.quality import QUESTIONS, Answer
from proposals.reports.sentences import in_words
from proposals.workflow import provisioning

from . import factories
from .test_guards import without_guards
from .test_lists import csv_rows, xlsx_rows
from .test_pages import text

NOW = timezone.now()
FLOWS, SYSTEMS, TYPES, UNUSED, OVERDUE = QUESTIONS


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def imported_flow(source, target, at=NOW, types=()) -> LogicalFlow:
    flow = LogicalFlow(
        source=source,
        target=target,
        origin_batch=ImportBatch.objects.create(at=at, outcome="1 added"),
    )
    factories.store(flow, by=None, why="imported by a test", at=at, declared_data_types=types)
    return flow


def approved(cast, source, target, types=None, at=NOW, **fields) -> Proposal:
    made = factories.proposed(cast.maker, source, target, types, at=at, **fields)
    return workflow.approve(made, sides=["SOURCE", "TARGET"], by=cast.both, at=at)


def system_since(name: str, at: datetime) -> System:
    made = System(name=name, code=name.upper())
    made._history_date = at
    made.save()
    return made


def found(slug: str) -> list[str]:
    return [str(row) for row in QUESTIONS[slug].rows()]


def ages(slug: str) -> list[int]:
    return [number for _, number in QUESTIONS[slug].answer().ages]


def row_of(page: str, name: str) -> str:
    """The row of a table, as HTML, that leads to `name`."""
    return next(row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if f">{name}<" in row)


def links(row: str) -> dict[str, str]:
    """Label -> where it leads, of the last cell of a row."""
    cell = row.rpartition("<td")[2]
    return {label: unescape(url) for url, label in re.findall(r'<a\s+href="([^"]+)">([^<]+)', cell)}


@pytest.mark.parametrize(
    ("count", "total", "share"),
    [
        (0, 0, "0%"),
        (0, 9, "0%"),
        (1, 1000, "under 1%"),
        (1, 3, "33%"),
        (999, 1000, "99%"),
        (3, 3, "100%"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(count, total, share):
    assert Answer(None, count, total, None, []).share == share


# what is found


def test_flows_without_a_physical_flow_age_from_consent_or_import(cast, source, target):
    third = factories.system("Third")
    factories.involve(cast.both, third)
    imported_flow(target, third, at=days_ago(100))
    approved(cast, source, third, at=days_ago(40), **factories.BARE)
    approved(cast, source, target, at=days_ago(5))
    answer = QUESTIONS[FLOWS].answer()
    assert (answer.count, answer.total, answer.share, answer.oldest) == (2, 3, "67%", days_ago(100))
    assert answer.ages == [("up to 30 days", 0), ("31 to 90 days", 1), ("older", 1)]
    assert answer.bars == [(0, 0.0, 0.0), (1, 0.0, 50.0), (2, 50.0, 50.0)]
    assert found(FLOWS) == ["Risk Engine → Third", "Ledger → Third"]


def test_systems_without_an_approver_age_from_the_day_the_last_one_left(cast, source, target):
    names = ("Lonely", "Gone", "Left", "Off", "Unruled")
    _, gone, left, off, unruled = (system_since(name, days_ago(200)) for name in names)
    System.objects.filter(pk=gone.pk).update(lifecycle="REMOVED")
    factories.involve(cast.other, left, ended_at=days_ago(50))
    factories.involve(cast.rejecter, unruled, "Business Analyst")
    leaver = factories.user("Lea Leaver")
    factories.involve(leaver, off)
    leaver.is_active, leaver._history_date = False, days_ago(10)
    leaver.save()
    answer = QUESTIONS[SYSTEMS].answer()
    assert (answer.count, answer.total, answer.oldest) == (4, 7, days_ago(200))
    assert ages(SYSTEMS) == [1, 1, 2]
    since = {system.name: system.since for system in QUESTIONS[SYSTEMS].rows()}
    assert since == {
        "Lonely": days_ago(200),
        "Unruled": days_ago(200),
        "Left": days_ago(50),
        "Off": days_ago(10),
    }


def test_a_rule_of_its_own_can_leave_a_system_without_an_approver(cast, source):
    assert found(SYSTEMS) == []
    factories.rule("Auditor", system=source)
    assert found(SYSTEMS) == ["Ledger (LEDGER)"]


def test_unknown_and_deprecated_types_are_found_where_declared_and_where_sent(cast, source, target):
    fit, unknown = (
        factories.data_type("Trades"),
        factories.data_type("Nobody knows", is_unknown=True),
    )
    old = factories.data_type("Fixings")
    third = factories.system("Third")
    imported_flow(target, third, at=days_ago(100), types=[unknown])
    imported_flow(target, source, types=[fit])
    approved(cast, source, target, [old], specification_name="fixings.csv")
    assert found(TYPES) == ["Risk Engine → Third"]
    old.is_deprecated = True
    old.save()
    assert found(TYPES) == ["Risk Engine → Third", "Ledger → Risk Engine"]
    assert ages(TYPES) == [1, 0, 1]
    question = QUESTIONS[TYPES]
    assert [in_words(line.about) for line in question.lines(list(question.rows()), cast.maker)] == [
        "Nobody knows (unknown) on the flow itself",
        "Fixings (deprecated) in fixings.csv",
    ]


def test_specifications_no_active_flow_uses_age_from_their_first_row(cast, source, target):
    idle = PhysicalSpecification(owner=source, name="idle.csv")
    factories.store(idle, by=None, why="imported by a test", at=days_ago(35))
    approved(cast, source, target, specification_name="used.csv")
    going = approved(cast, source, target, specification_name="gone.csv").result_physical_flow
    removal = Proposal.removal_of(going, cast.maker)
    removal.reason = factories.reason()
    workflow.save_draft(removal, [], by=cast.maker)
    workflow.approve(
        workflow.propose(removal, by=cast.maker), sides=["SOURCE", "TARGET"], by=cast.both
    )
    answer = QUESTIONS[UNUSED].answer()
    assert (answer.count, answer.total, answer.oldest, ages(UNUSED)) == (
        1,
        2,
        days_ago(35),
        [0, 1, 0],
    )
    assert found(UNUSED) == [str(idle)]


def test_overdue_are_those_past_their_deadline_and_those_within_three_days_of_it(
    cast, source, target
):
    policy_days = Policy.objects.get().time_out_days
    made = {
        left: factories.proposed(
            cast.maker, source, target, at=days_ago(policy_days - left), name=f"{left} left"
        )
        for left in (2.9, 3.1, -1)
    }
    closed = factories.proposed(cast.maker, source, target, at=days_ago(policy_days + 1))
    workflow.time_out(closed, at=NOW)
    question = QUESTIONS[OVERDUE]
    answer = question.answer()
    assert (answer.count, answer.total, answer.share) == (2, 3, "67%")
    rows = list(question.rows())
    assert [row.pk for row in rows] == [made[-1].pk, made[2.9].pk]
    first, second = question.lines(rows, cast.maker)
    assert first.note.startswith("Overdue since")
    assert second.note.startswith("Due ")
    assert (
        in_words(first.about)
        == "Waits for Bo Both, Sam Source, Dee Delegate (source); Bo Both, Tess Target (target)"
    )


# what remedies it


@pytest.mark.parametrize("policy", ["DIRECT", "PROPOSAL"])
def test_a_flow_nobody_approved_needs_a_proposal_and_an_approved_one_what_the_policy_says(
    as_, cast, source, target, policy
):
    third = factories.system("Third")
    factories.involve(cast.both, third)
    mine, theirs = (
        imported_flow(target, third),
        approved(cast, source, third, **factories.BARE).result_logical_flow,
    )
    factories.policy(later_physical_flows=policy)
    page = as_(cast.stranger).get(f"/quality/{FLOWS}/").content.decode()
    propose = {"Propose a physical flow": f"/proposals/new/?source={source.pk}&target={third.pk}"}
    add = {"Add a physical flow": f"/flows/{theirs.pk}/physical/new/"}
    removal = {"Propose its removal": f"/flows/{theirs.pk}/remove/"}
    assert links(row_of(page, theirs)) == (add if policy == "DIRECT" else propose) | removal
    assert links(row_of(page, mine)) == {
        "Propose a physical flow": f"/proposals/new/?source={target.pk}&target={third.pk}",
        "Propose its removal": f"/flows/{mine.pk}/remove/",
    }
    for url in links(row_of(page, theirs)).values():
        assert as_(cast.stranger).get(url).status_code == 200


def test_a_flow_that_is_asked_for_already_leads_to_its_proposal(
    as_, cast, source, target, imported, proposal
):
    row = row_of(as_(cast.stranger).get(f"/quality/{FLOWS}/").content.decode(), imported)
    assert links(row) == {f"Proposal {proposal.pk}": proposal.get_absolute_url()}


def test_where_a_system_was_removed_its_flows_can_be_removed(as_, cast, source, target, imported):
    loop = imported_flow(source, source)
    System.objects.filter(pk=target.pk).update(lifecycle="REMOVED")
    page = as_(cast.stranger).get(f"/quality/{FLOWS}/").content.decode()
    removal = f"/flows/{imported.pk}/remove/"
    assert links(row_of(page, imported)) == {"Propose its removal": removal}
    assert as_(cast.stranger).get(removal).status_code == 200
    assert "Risk Engine has been removed, so its flows can only be removed." in row_of(
        page, imported
    )
    assert links(row_of(page, loop)) == {"Propose its removal": f"/flows/{loop.pk}/remove/"}


def test_who_may_name_an_approver_does_and_all_others_ask(as_, cast, source, settings):
    settings.ORIGIN = "https://flows.example"
    lonely = factories.system("Lonely & Co", code="LONE")
    add = f"/admin/proposals/involvement/add/?system={lonely.pk}"
    page = as_(cast.superuser).get(f"/quality/{SYSTEMS}/").content.decode()
    assert links(row_of(page, "Lonely &amp; Co")) == {"Name an approver": add}
    assert as_(cast.superuser).get(add).status_code == 200
    page = as_(cast.maker).get(f"/quality/{SYSTEMS}/").content.decode()
    link = links(row_of(page, "Lonely &amp; Co"))["Ask for an approver by mail"]
    assert unquote(link) == (
        f"mailto:{cast.superuser.email}?subject=An approver for Lonely & Co (LONE)"
        "&body=Nobody can approve flows from or to Lonely & Co (LONE).\r\nPlease name an "
        "approver:\r\n"
        f"https://flows.example{add}"
    )
    assert "Lonely%20%26%20Co" in link


def test_without_an_administrator_one_is_led_to_the_system(as_, cast):
    without_guards()
    User.objects.filter(is_superuser=True).update(is_active=False)
    lonely = factories.system("Lonely")
    row = row_of(as_(cast.maker).get(f"/quality/{SYSTEMS}/").content.decode(), "Lonely")
    assert links(row) == {"See who decides": lonely.get_absolute_url()}


def test_types_are_mended_by_a_change_and_what_is_declared_by_a_new_proposal(
    as_, cast, source, target
):
    old = factories.data_type("Fixings")
    sent = approved(
        cast, source, target, [old], specification_name="fixings.csv"
    ).result_physical_flow
    old.is_deprecated = True
    old.save()
    bare = imported_flow(target, source, types=[old])
    page = as_(cast.maker).get(f"/quality/{TYPES}/").content.decode()
    change = {"Propose other data types": f"/physical-flows/{sent.pk}/edit/#field-data_types"}
    assert links(row_of(page, sent.logical_flow)) == change
    anew = f"/proposals/new/?source={target.pk}&target={source.pk}&bare=1"
    assert links(row_of(page, bare)) == {"Propose other data types": anew}
    assert as_(cast.maker).get(*change.values()).status_code == 200
    form = as_(cast.maker).get(anew).context["form"]
    assert (form["target"].value(), form["with_physical_flow"].value()) == (str(source), False)
    factories.policy(physical_flow_required=True)
    page = as_(cast.maker).get(f"/quality/{TYPES}/").content.decode()
    anew = {"Propose other data types": anew.removesuffix("&bare=1")}
    assert links(row_of(page, bare)) == anew


def test_a_flow_says_other_types_by_itself_once_both_sides_agreed(as_, cast, source, target):
    old, trades = factories.data_type("Fixings"), factories.data_type("Trades")
    kept = factories.data_type("Cash")
    bare = imported_flow(source, target, types=[old, kept])
    with pytest.raises(Conflict, match="already has the flow"):
        factories.proposed(cast.maker, source, target, [trades], **factories.BARE)
    old.is_unknown = True
    old.save()
    asked = factories.proposed(cast.maker, source, target, [trades], **factories.BARE)
    assert "It no longer says by itself that it carries Fixings." in [
        str(consequence) for consequence in provisioning.consequences(asked)
    ]
    workflow.approve(asked, sides=["SOURCE", "TARGET"], by=cast.both)
    assert set(bare.declared_data_types.all()) == {kept, trades}
    page = as_(cast.maker).get(f"/quality/{TYPES}/").content.decode()
    assert str(bare) not in page
    assert list(verify.breaches()) == []


def test_a_physical_flow_says_what_was_not_known_before(cast, source, target):
    unknown = factories.data_type("Unknown", is_unknown=True)
    bare = imported_flow(source, target, types=[unknown])
    approved(cast, source, target, [factories.data_type("Trades")])
    assert [str(one) for one in bare.data_types()] == ["Trades"]
    assert list(verify.breaches()) == []


def test_an_unused_specification_is_offered_for_a_proposal_and_chosen_there(
    as_, cast, source, target
):
    idle = factories.specification(source, "idle.csv")
    page = as_(cast.maker).get(f"/quality/{UNUSED}/").content.decode()
    url = links(row_of(page, "idle.csv"))["Propose a flow with it"]
    assert url == f"/proposals/new/?source={source.pk}&specification={idle.pk}"
    assert f'<option value="{idle.pk}" selected>' in as_(cast.maker).get(url).content.decode()
    asked = factories.proposed(
        cast.maker, source, target, specification=idle, specification_name=""
    )
    page = as_(cast.maker).get(f"/quality/{UNUSED}/").content.decode()
    assert links(row_of(page, "idle.csv")) == {f"Proposal {asked.pk}": asked.get_absolute_url()}


def test_who_can_decide_is_led_to_the_decision_and_all_others_ask_those(as_, cast, source, target):
    late = factories.proposed(cast.maker, source, target, at=days_ago(28))
    workflow.approve(late, sides=["SOURCE"], by=cast.source_approver)
    name = "Ledger → Risk Engine"
    page = as_(cast.target_approver).get(f"/quality/{OVERDUE}/").content.decode()
    assert links(row_of(page, name)) == {"Decide": late.get_absolute_url()}
    page = as_(cast.maker).get(f"/quality/{OVERDUE}/").content.decode()
    link = unquote(links(row_of(page, name))["Ask for a decision by mail"])
    assert link.startswith(
        f"mailto:{cast.both.email},{cast.target_approver.email}?subject=Proposal {late.pk} waits"
    )
    assert late.get_absolute_url() in link


def test_people_cannot_steer_the_mail_by_a_name(as_, cast, source):
    factories.system("Evil?bcc=x@y.z&body=\r\nhi", code="EVIL")
    page = as_(cast.maker).get(f"/quality/{SYSTEMS}/").content.decode()
    link = next(unescape(url) for url in re.findall(r'href="(mailto:[^"]+)"', page))
    assert link.count("?") == 1
    assert link.count("&") == 1
    assert "bcc=" not in link


# the lists


def test_the_overview_tells_each_number_and_leads_to_its_list(as_, cast, imported):
    page = text(as_(cast.maker).get("/quality/"))
    assert "Flows without a physical flow" in page
    assert "100% of 1 living flows" in page
    assert "0% of 3 systems" in page
    for slug in QUESTIONS:
        assert as_(cast.maker).get(f"/quality/{slug}/").status_code == 200


@pytest.mark.parametrize("slug", QUESTIONS)
def test_an_empty_list_says_that_there_is_nothing_to_mend(as_, maker, slug):
    assert "None Nothing to mend here." in text(as_(maker).get(f"/quality/{slug}/"))
    assert "matches Loosen the filter" in text(as_(maker).get(f"/quality/{slug}/?q=x"))


def test_a_list_is_narrowed_by_words_unit_involvement_and_age(as_, cast, source, target):
    unit = factories.unit("Treasury")
    System.objects.filter(pk=target.pk).update(organisational_unit=unit)
    third = factories.system("Third")
    old = imported_flow(source, third, at=days_ago(100))
    new = imported_flow(third, target)

    def rows(user=cast.maker, **query):
        page = as_(user).get(f"/quality/{FLOWS}/", query).context["page"]
        return [row.pk for row in page.rows]

    assert rows() == [old.pk, new.pk]
    assert rows(q="risk") == rows(q="third engine") == rows(unit=unit.pk) == [new.pk]
    assert rows(older_than=30) == [old.pk]
    assert rows(whose="mine") == []
    assert rows(cast.source_approver, whose="mine") == [old.pk]
    assert rows(cast.both, whose="mine") == [old.pk, new.pk]


def test_files_hold_what_is_filtered_and_the_days(as_, cast, source, target):
    imported_flow(source, target, at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    expected = ["Ledger", "LEDGER", "Risk Engine", "RISK", "Imported"]
    header, row = csv_rows(as_(cast.maker).get(f"/quality/{FLOWS}/?as=csv&q=ledger"))
    assert header == [
        *("Source", "Source code", "Target", "Target code", "Consent", "Open proposal"),
        *("In the register since", "Days"),
    ]
    assert row[:-1] == [*expected, "", "2026-01-02T03:04:05+00:00"]
    assert int(row[-1]) == (timezone.now() - datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)).days
    assert xlsx_rows(as_(cast.maker).get(f"/quality/{FLOWS}/?as=xlsx"))[1][:5] == expected
    assert len(csv_rows(as_(cast.maker).get(f"/quality/{FLOWS}/?as=csv&q=nothing"))) == 1


@pytest.fixture
def lack(cast, source, target):
    """Adds a row to every list, as often as it is called."""
    old = factories.data_type("Old")

    def add(number: int) -> None:
        old.is_deprecated = False
        old.save()
        for _ in range(number):
            lonely = factories.system()
            imported_flow(lonely, target, types=[old])
            factories.specification(source)
            late = factories.proposed(cast.maker, lonely, target, [old], at=days_ago(28))
            factories.proposed(
                cast.maker, source, target, specification_name=f"{late.pk}.csv", at=days_ago(28)
            )
            approved(cast, source, target, [old], specification_name=f"{late.pk} sent.csv")
        old.is_deprecated = True
        old.save()

    return add


@pytest.mark.once(on="sqlite")
def test_a_list_and_its_file_cost_no_query_for_each_row(
    as_, cast, lack, django_assert_max_num_queries
):
    client = as_(cast.target_approver)

    def queries(url: str) -> int:
        with django_assert_max_num_queries(14) as counted:
            b"".join(client.get(url))
        return len(counted)

    urls = [f"/quality/{slug}/{file}" for slug in QUESTIONS for file in ("", "?as=csv")]
    lack(1)
    few = {url: queries(url) for url in urls}
    with django_assert_max_num_queries(16) as overview:
        client.get("/quality/")
    lack(4)
    assert {url: queries(url) for url in urls} == few
    assert min(question.answer().count for question in QUESTIONS.values()) >= 5
    with django_assert_max_num_queries(len(overview)):
        client.get("/quality/")


def test_a_row_without_a_history_is_listed_with_an_unknown_age(as_, cast, source):
    """Written past Python, by hand or by an older version; among the oldest, for nobody knows."""
    idle = factories.specification(source, "idle.csv")
    lonely = factories.system("Lonely", code="LONE")
    without_guards()
    System.history.filter(id=lonely.pk).delete()
    PhysicalSpecification.history.filter(id=idle.pk).delete()
    for slug, name in [(SYSTEMS, "Lonely"), (UNUSED, "idle.csv")]:
        page = as_(cast.maker).get(f"/quality/{slug}/")
        assert page.context["lines"][0].name == name
        assert "unknown" in row_of(page.content.decode(), name)
        for kind, rows_of in [("csv", csv_rows), ("xlsx", xlsx_rows)]:
            row = rows_of(as_(cast.maker).get(f"/quality/{slug}/?as={kind}"))[1]
            assert name in row
            assert [cell or "" for cell in row[-2:]] == ["", ""]
        assert QUESTIONS[slug].answer().count >= 1
    assert as_(cast.maker).get("/quality/").status_code == 200


def test_a_system_without_a_history_has_had_none_since_somebody_left(as_, cast):
    left = factories.system("Left", code="LEFT")
    factories.involve(cast.both, left, started_at=days_ago(9), ended_at=days_ago(3))
    without_guards()
    System.history.filter(id=left.pk).delete()
    since = {row.name: row.since for row in QUESTIONS[SYSTEMS].rows()}
    assert since["Left"] == days_ago(3)


def test_who_may_name_an_approver_is_who_has_the_permission(cast):
    """Django's own answer, which asks each person in turn."""
    add = Permission.objects.get(codename="add_involvement")
    group = Group.objects.create(name="Owners of the catalogue")
    group.permissions.add(add)
    by_group, by_themselves, gone = (factories.user(name) for name in ("Gil", "Tim", "Gone"))
    by_group.groups.add(group)
    by_themselves.user_permissions.add(add)
    gone.groups.add(group)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    able = set(User.objects.allowed_to("add_involvement"))
    backend = "django.contrib.auth.backends.ModelBackend"
    assert able == set(User.objects.with_perm("proposals.add_involvement", backend=backend))
    assert able >= {by_group, by_themselves, cast.superuser}
    assert gone not in able


def test_flows_come_as_they_entered_the_register(cast, source, target):
    """And not by age, which is worked out of each for the page alone."""
    third = factories.system("Third")
    first = imported_flow(source, third, at=days_ago(5))
    second = imported_flow(target, third, at=days_ago(50))
    assert found(FLOWS) == ["Ledger → Third", "Risk Engine → Third"]
    assert [(flow.pk, flow.since) for flow in QUESTIONS[FLOWS].rows()] == [
        (first.pk, days_ago(5)),
        (second.pk, days_ago(50)),
    ]
