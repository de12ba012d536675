"""The front page: what waits for somebody, what is theirs, what happened."""

from datetime import timedelta

import pytest
from django.utils import timezone

from proposals import workflow
from proposals.models import ApproverRule, Proposal, Reason, User

from . import factories

pytestmark = pytest.mark.django_db


def words(response) -> str:
    return " ".join(response.content.decode().split())


def part(response, name: str) -> str:
    """The text of one section of the page; empty where it is not there."""
    page = words(response)
    start = page.find(f'id="{name}"')
    return page[start : page.find("</section>", start)] if start >= 0 else ""


def test_an_approver_sees_what_waits_for_them_the_oldest_first(as_, cast, source, target):
    now = timezone.now()
    made = [
        factories.proposed(
            cast.maker,
            source,
            target,
            at=now - timedelta(days=days),
            specification_name=f"{days}.csv",
        )
        for days in (2, 9, 3, 4, 5, 6)
    ]
    page = as_(cast.source_approver).get("/")
    shown = [row.pk for row in page.context["home"].waiting]
    assert shown == [made[number].pk for number in (1, 5, 4, 3, 2)]
    waiting = part(page, "waiting")
    assert f"No. {made[1].pk}" in waiting
    assert "waits 1 week" in waiting
    assert '<a href="/inbox/">All in the inbox</a>' in waiting
    assert part(page, "your-turn") == ""
    assert "Nothing." in part(as_(cast.stranger).get("/"), "waiting")


def test_a_maker_sees_whose_turn_it_is(as_, cast, source, target, proposal):
    draft = factories.draft(cast.maker, source, target, specification_name="draft.csv")
    others = factories.draft(cast.other, source, target, specification_name="others.csv")
    page = as_(cast.maker).get("/")
    own = part(page, "own")
    assert f"No. {proposal.pk}" in own
    for person in (cast.both, cast.source_approver):
        assert f'<a href="/people/{person.pk}/">{person}</a>' in own
    assert f"No. {draft.pk}" in part(page, "your-turn")
    assert f"No. {others.pk}" not in words(page)


@pytest.mark.parametrize(
    ("how", "said", "is_shown"),
    [
        ("return", "Which file do you mean?", True),
        ("reject", "No such need.", True),
        ("cancel", "", False),
        ("approve", "", False),
    ],
)
def test_what_was_closed_without_agreement_is_the_makers_turn(
    as_, cast, proposal, how, said, is_shown
):
    sides = {"return": ["SOURCE"], "reject": ["SOURCE"], "approve": ["SOURCE", "TARGET"]}
    by = cast.maker if how == "cancel" else cast.both
    workflow.act(proposal, how, by=by, sides=sides.get(how, []), comment=said)
    page = as_(cast.maker).get("/")
    assert ([row.proposal.pk for row in page.context["home"].to_revise] == [proposal.pk]) is (
        is_shown
    )
    assert part(page, "your-turn").count(said or "No. ") == (1 if is_shown else 0)


def test_once_revised_it_is_no_longer_the_makers_turn(as_, cast, proposal):
    returned = workflow.request_changes(proposal, side="SOURCE", by=cast.both, comment="Otherwise.")
    following = factories.wish(maker=cast.maker, source=returned.source, target=returned.target)
    following.revise(returned)
    workflow.save_draft(following, [], by=cast.maker)
    home = as_(cast.maker).get("/").context["home"]
    assert (home.to_revise, [row.pk for row in home.drafts]) == ([], [following.pk])
    workflow.cancel(following, by=cast.maker)
    home = as_(cast.maker).get("/").context["home"]
    assert [row.proposal.pk for row in home.to_revise] == [returned.pk]


def test_what_happened_is_what_one_was_told(as_, cast, proposal):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    news = part(as_(cast.maker).get("/"), "news")
    assert "Sam Source approved for the source" in news
    # A request for a decision waits above, and is no news.
    asked = part(as_(cast.target_approver).get("/"), "news")
    assert "Nothing in the last 30 days." in asked


def test_who_wants_no_mails_is_told_here_all_the_same(as_, cast, proposal):
    User.objects.filter(pk=cast.maker.pk).update(notices_wanted="NONE")
    workflow.remark(proposal, "Is it daily?", by=cast.both)
    news = part(as_(cast.maker).get("/"), "news")
    assert f"Bo Both remarks on proposal {proposal.pk}" in news


def test_a_fresh_superuser_sees_what_is_to_do_until_it_is_done(as_, db):
    chief = factories.user("Sue", is_superuser=True, is_staff=True)
    page = as_(chief).get("/")
    needed = page.context["home"].tasks[:6]
    assert [(task.name, task.is_done) for task in needed] == [
        ("Systems", False),
        ("People", False),
        ("Kinds of involvement", False),
        ("Approver rules", False),
        ("Reasons", False),
        ("A steward", False),
    ]
    assert '<a href="/admin/proposals/reason/"><strong>Reasons</strong></a>' in part(page, "set-up")
    source, target = factories.system("Ledger"), factories.system("Risk")
    cast = factories.cast(source, target, factories.user("Mia Maker"))
    tasks = as_(chief).get("/").context["home"].tasks[:6]
    assert [task.name for task in tasks if not task.is_done] == ["Reasons"]
    factories.reason()
    assert (Reason.objects.count(), ApproverRule.objects.count()) == (1, 2)
    assert part(as_(chief).get("/"), "set-up") == ""
    assert part(as_(cast.maker).get("/"), "set-up") == ""


def test_the_page_costs_few_queries_however_much_there_is(
    as_, cast, source, target, django_assert_max_num_queries
):
    def more(number: int) -> None:
        for name in range(number):
            file = f"{Proposal.objects.count()}-{name}.csv"
            factories.proposed(cast.maker, source, target, specification_name=file)
            factories.draft(cast.maker, source, target, specification_name=f"d{file}")

    web = as_(cast.maker)
    more(1)
    with django_assert_max_num_queries(16) as first:
        web.get("/")
    more(8)
    with django_assert_max_num_queries(len(first)):
        web.get("/")
