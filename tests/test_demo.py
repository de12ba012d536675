"""The demo company: what the first minutes promise is there, and its story holds together."""

import io
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
from django.conf import settings as project
from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.contrib.auth.backends import ModelBackend
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from post_office.models import STATUS, Email

from proposals import demo
from proposals.history import verify
from proposals.models import (
    DataType,
    ImportBatch,
    Involvement,
    InvolvementKind,
    LogicalFlow,
    OrganisationalUnit,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    State,
    System,
    Transition,
    User,
    actions,
    decidable_by,
    open_states,
)
from proposals.reports import insights
from proposals.reports.quality import QUESTIONS
from proposals.workflow import periodic

from .reading import dead_names
from .test_urls import page_url

pytestmark = pytest.mark.django_db
QUICK = {"DEBUG": True, "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}
TABLES = [
    System,
    User,
    LogicalFlow,
    PhysicalFlow,
    PhysicalSpecification,
    Proposal,
    Transition,
    ImportBatch,
]


def systems_of(username):
    user = User.objects.get(username=username)
    return decidable_by(user).systems[user.pk]


@pytest.fixture(scope="class")
def company(django_db_setup, django_db_blocker):
    """Built once for all tests of the class, and undone after the last."""
    parts = []
    with django_db_blocker.unblock(), override_settings(**QUICK), transaction.atomic():
        at = timezone.now()
        yield SimpleNamespace(at=at, counts=demo.build(at, parts.append), parts=parts)
        transaction.set_rollback(True)


def awaiting(username: str):
    return Proposal.objects.awaiting(User.objects.get(username=username))


def run() -> str:
    out = io.StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def proposal(state: str) -> Proposal:
    return Proposal.objects.filter(state=state, maker__username="maker").first()


def bare_flow() -> LogicalFlow:
    asked = (
        Proposal.objects.open()
        .filter(concerned_logical_flow__isnull=False)
        .values("concerned_logical_flow")
    )
    return LogicalFlow.objects.filter(lifecycle="PENDING").exclude(pk__in=asked).first()


def calm_flow() -> PhysicalFlow:
    asked = (
        Proposal.objects.open()
        .filter(concerned_physical_flow__isnull=False)
        .values("concerned_physical_flow")
    )
    return PhysicalFlow.objects.active().exclude(pk__in=asked).first()


def consented() -> LogicalFlow:
    return LogicalFlow.objects.filter(lifecycle="ACTIVE", origin_proposal__isnull=False).first()


def draft() -> Proposal:
    return proposal("PROPOSED_CREATE")


def waiting() -> Proposal:
    return awaiting("source").first()


# Name of the URL: (who looks, whose id is in the URL, what of the company must be read there).
SHOWN = {
    "home": ("source", None, lambda _: awaiting("source").earliest("pk").get_absolute_url()),
    "inbox": ("source", None, lambda _: waiting().get_absolute_url()),
    "updates": ("maker", None, lambda _: "mentions you in a remark"),
    "proposals": (
        "maker",
        None,
        lambda _: Proposal.objects.submitted().latest("pk").get_absolute_url(),
    ),
    "proposal-new": (
        "maker",
        None,
        lambda _: DataType.objects.filter(is_deprecated=False).first().name,
    ),
    "proposal": (
        "auditor",
        lambda: proposal("FULLY_APPROVED"),
        lambda it: it.transitions.get(number=2).by.name,
    ),
    "proposal-edit": ("maker", draft, lambda it: it.source.code),
    "proposal-propose": ("maker", draft, lambda it: it.source.name),
    "proposal-cancel": ("maker", draft, lambda it: it.source.name),
    "proposal-approve": ("source", waiting, lambda it: it.source.name),
    "proposal-reject": ("source", waiting, lambda it: it.source.name),
    "systems": (
        "maker",
        None,
        lambda _: System.objects.order_by("name").first().get_absolute_url(),
    ),
    "system": (
        "maker",
        lambda: consented().source,
        lambda it: it.flows_out.living().first().get_absolute_url(),
    ),
    "flows": ("maker", None, lambda _: 'href="/flows/'),
    "flow": ("maker", consented, lambda it: it.physical_flows.active().first().get_absolute_url()),
    "flow-remove": ("maker", bare_flow, lambda it: it.source.name),
    "physical-flow-new": ("maker", consented, lambda it: it.source.name),
    "physical-flow": ("maker", calm_flow, lambda it: it.specification.name),
    "physical-flow-edit": ("maker", calm_flow, lambda it: it.logical_flow.source.name),
    "physical-flow-remove": ("maker", calm_flow, lambda it: it.logical_flow.source.name),
    "quality": ("steward", None, lambda _: f">{QUESTIONS['overdue'].answer().count}<"),
    "quality-list": (
        "steward",
        lambda: SimpleNamespace(pk="overdue"),
        lambda _: 'href="/proposals/',
    ),
    "insights": (
        "auditor",
        None,
        lambda _: insights.who_waits(insights.longest_queues())[0].system.name,
    ),
    "me": (
        "source",
        None,
        lambda _: Involvement.objects.open().filter(user__username="source").first().system.name,
    ),
}


NAMED = [System, User, DataType, OrganisationalUnit]
# Reasons and justifications name systems too, and are no sentences of ours; nor are fields.
SAYS_WHAT_PEOPLE_WROTE = {"inbox", "physical-flow-edit"}


@pytest.mark.once(on="sqlite")
@pytest.mark.usefixtures("company")
class TestTheCompany:
    @pytest.mark.parametrize("name", SHOWN)
    def test_every_page_shows_some_of_it(self, client, name):
        username, thing, seen = SHOWN[name]
        found = thing() if thing else None
        client.force_login(User.objects.get(username=username))
        response = client.get(page_url(name, *([found.pk] if found else [])), follow=True)
        assert response.status_code == 200
        assert (
            escape(seen(found)) in response.content.decode()
            or seen(found) in response.content.decode()
        )

    @pytest.mark.parametrize("name", sorted(set(SHOWN) - SAYS_WHAT_PEOPLE_WROTE))
    def test_every_name_on_a_page_leads_somewhere(self, client, name):
        username, thing, _ = SHOWN[name]
        found = thing() if thing else None
        client.force_login(User.objects.get(username=username))
        page = client.get(page_url(name, *([found.pk] if found else [])), follow=True)
        names = {name for model in NAMED for name in model.objects.values_list("name", flat=True)}
        longest_first = sorted(names - {str(found)}, key=len, reverse=True)
        pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})(?!\w)")
        assert dead_names(page.content.decode(), pattern) == []

    def test_every_list_of_the_admin_shows_some_of_it(self, client):
        client.force_login(User.objects.get(username="admin"))
        ours = [model for model in admin.site._registry if model._meta.app_label == "proposals"]
        assert len(ours) > 20
        empty = [
            m.__name__
            for m in ours
            if not client.get(reverse(admin_urlname(m._meta, "changelist")))
            .context["cl"]
            .result_count
        ]
        assert empty == []

    def test_nothing_in_its_record_disagrees(self):
        assert list(verify.breaches()) == []

    @pytest.mark.parametrize(
        ("rows", "least", "most"),
        [
            (System.objects.all(), 38, 42),
            (System.objects.filter(is_external=True), 4, 8),
            (System.objects.filter(kind="END_USER_APPLICATION"), 2, 5),
            (User.objects.all(), 55, 65),
            (InvolvementKind.objects.all(), 7, 9),
            (DataType.objects.all(), 22, 28),
            (DataType.objects.filter(is_deprecated=True), 1, 1),
            (DataType.objects.filter(is_unknown=True), 1, 1),
            (PhysicalSpecification.objects.all(), 30, 55),
            (LogicalFlow.objects.living(), 140, 160),
            (LogicalFlow.objects.filter(lifecycle="PENDING"), 8, 25),
            (LogicalFlow.objects.filter(origin_proposal__isnull=False), 15, 60),
            (PhysicalFlow.objects.filter(added_by__isnull=False), 3, 9),
            (Proposal.objects.all(), 70, 100),
            (Proposal.objects.filter(state="FULLY_APPROVED"), 40, 50),
            (Proposal.objects.open(), 12, 22),
        ],
        ids=lambda value: value.model.__name__ if hasattr(value, "model") else str(value),
    )
    def test_the_company_is_as_large_as_promised(self, rows, least, most):
        assert least <= rows.all().count() <= most

    def test_what_the_command_counts_is_what_there_is(self, company):
        assert company.counts["systems"] == System.objects.count()
        assert company.counts["proposals"] == Proposal.objects.count()

    def test_whoever_waits_reads_month_by_month_what_is_being_made(self, company):
        catalogue, *months = company.parts
        assert catalogue == "Importing the catalogue of Lysvann Energy ..."
        assert len(months) == len(set(months))
        happened = Transition.objects.datetimes("at", "month")
        assert {f"Proposing and deciding, {month:%B %Y} ..." for month in happened} <= {*months}
        assert len(happened) > 5

    @pytest.mark.parametrize("state", State)
    def test_every_state_has_a_proposal_and_one_of_the_maker(self, state):
        assert Proposal.objects.filter(state=state, maker__username="maker").exists()

    @pytest.mark.parametrize("sign_in", demo.SIGN_INS, ids=lambda sign_in: sign_in.username)
    def test_every_sign_in_opens_with_the_public_password(self, sign_in):
        user = ModelBackend().authenticate(None, username=sign_in.username, password=demo.PASSWORD)
        assert user.email == sign_in.email
        assert [group.name for group in user.groups.all()] == (
            [sign_in.group] if sign_in.group else []
        )

    def test_nobody_else_can_sign_in(self):
        others = User.objects.exclude(username__in=[sign_in.username for sign_in in demo.SIGN_INS])
        assert not any(user.has_usable_password() for user in others)

    def test_only_staff_sees_the_admin_and_only_one_is_a_superuser(self):
        assert set(User.objects.filter(is_staff=True).values_list("username", flat=True)) == {
            "auditor",
            "admin",
        }
        assert User.objects.get(is_superuser=True).username == "admin"

    @pytest.mark.parametrize(("username", "side"), [("source", "source"), ("target", "target")])
    def test_the_inbox_of_each_side_is_filled(self, username, side):
        systems = systems_of(username)
        waiting = awaiting(username)
        assert 5 <= waiting.count() <= 9
        assert waiting.filter(**{f"{side}__in": systems}).count() >= 3

    def test_somebody_waits_with_both_sides(self):
        systems = systems_of("both")
        assert (
            awaiting("both")
            .filter(state="PENDING_APPROVALS", source__in=systems, target__in=systems)
            .exists()
        )

    def test_some_side_has_nobody_but_the_stewards(self):
        roles = [actions()[name].role for name in ("approve_source", "approve_target")]
        found = [role.holders(proposal) for proposal in Proposal.objects.open() for role in roles]
        assert any({right.basis for right in rights} == {"STEWARD"} for rights in found)
        assert awaiting("steward").count() >= 2

    def test_trails_are_numbered_joined_and_in_the_past(self):
        for proposal in Proposal.objects.prefetch_related("transitions"):
            trail = list(proposal.transitions.all())
            assert [row.number for row in trail] == list(range(1, len(trail) + 1))
            assert (trail[-1].to_state if trail else "PROPOSED_CREATE") == proposal.state
            assert all(
                one.to_state == two.from_state and one.at <= two.at for one, two in pairwise(trail)
            )
            assert all(proposal.created_at <= row.at <= timezone.now() for row in trail)

    def test_both_orders_and_one_person_for_both_sides_occur(self):
        trails = {
            tuple(p.transitions.values_list("action", flat=True)) for p in Proposal.objects.all()
        }
        assert ("propose", "approve_source", "approve_target", "complete") in trails
        assert ("propose", "approve_target", "approve_source", "complete") in trails
        done = Proposal.objects.filter(state="FULLY_APPROVED")
        assert any(
            p.transitions.exclude(side="").values("by").distinct().count() == 1 for p in done
        )

    def test_every_rejection_says_why(self):
        rejections = Transition.objects.filter(action__startswith="reject")
        assert all(len(comment) > 20 for comment in rejections.values_list("comment", flat=True))

    def test_open_proposals_have_their_deadline_before_them_some_close_to_it(self):
        days = [(p.due_at - timezone.now()).days for p in Proposal.objects.open()]
        assert min(days) in range(5)
        assert max(days) >= 25

    @pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.slug)
    def test_every_list_about_quality_has_a_row_and_some_way_to_mend_one(self, question):
        rows = list(question.rows())
        assert len(rows) == question.answer().count >= 1
        assert any(
            line.remedies for line in question.lines(rows, User.objects.get(username="maker"))
        )

    def test_every_chart_of_the_insights_has_something_to_show(self):
        now = timezone.now()
        ages, weeks = insights.open_by_age(now), insights.time_to_decision(now)
        assert all(sum(age.by_state[state] for age in ages) for state in open_states())
        assert sum(1 for week in weeks if week.decided) >= 20
        rejected = [outcome.reason for outcome in insights.outcomes(now) if outcome.rejected]
        assert len(rejected) >= 2
        assert len(insights.who_waits(insights.longest_queues())) == 10

    def test_no_active_flow_is_without_a_physical_flow(self):
        active = LogicalFlow.objects.filter(lifecycle="ACTIVE")
        assert not active.exclude(physical_flows__in=PhysicalFlow.objects.active()).exists()

    def test_the_company_was_there_before_its_story(self):
        founded = ImportBatch.objects.get().at
        assert not System.history.exclude(history_date=founded).exists()
        assert timedelta(days=180) < timezone.now() - founded < timedelta(days=190)
        assert Proposal.objects.earliest("created_at").created_at > founded

    def test_no_mail_waits_and_nobody_is_due_for_a_reminder(self, company):
        assert set(Email.objects.values_list("status", flat=True)) == {STATUS.sent}
        # When it was built: a minute later the next proposal may well have reached its day.
        assert periodic.remind_approvers(company.at) == (0, 0)

    def test_something_is_long_enough_to_break_a_page(self):
        assert max(len(name) for name in System.objects.values_list("name", flat=True)) > 180
        assert (
            max(len(text) for text in Proposal.objects.values_list("justification", flat=True))
            > 1000
        )

    def test_making_it_again_changes_nothing_and_prints_the_sign_ins(self):
        before = [model.objects.count() for model in TABLES]
        said = run()
        assert [model.objects.count() for model in TABLES] == before
        assert said.startswith("This database already has systems or people, so nothing was made.")
        assert all(sign_in.username in said for sign_in in demo.SIGN_INS)


def test_it_is_refused_where_debug_is_off():
    assert project.DEBUG is False
    with pytest.raises(CommandError, match="The demo company has a public password"):
        run()
    assert not System.objects.exists()


def test_people_of_ones_own_are_left_alone(settings):
    settings.DEBUG = True
    User.objects.create(name="Somebody", email="somebody@example.com")
    assert "nothing was made" in run()
    assert not System.objects.exists()


@pytest.mark.parametrize("day", range(7))
def test_its_story_can_be_told_at_any_hour_of_any_day(settings, day):
    """Nights and weekends push the last scenes back; they stay in order and before the moment it is
    told.
    """
    now = datetime(2026, 3, 23 + day, 3 * day, 17, tzinfo=UTC)
    for scene in demo.story():
        moments = [at for at, _ in scene.steps(now)]
        assert moments == sorted(set(moments))
        assert moments[-1] < now
