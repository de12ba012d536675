"""Before somebody leaves, administrators read what would be without them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from proposals.models import User
from proposals.reports.leaving import leaving

from . import factories
from .test_lost_updates import fields_of, save, text

LIST = "/admin/proposals/user/"


@pytest.fixture
def stuck(cast, source, target):
    """Waits for the target, for which Tess alone may approve; without stewards."""
    target.involvements.exclude(user=cast.target_approver).update(ended_at=timezone.now())
    cast.steward.groups.clear()
    return factories.proposed(cast.maker, source, target)


@pytest.fixture
def chief(client, cast):
    client.force_login(cast.superuser)
    return client


def deactivation(chief: Client, person: User, **sent):
    url = f"{LIST}{person.pk}/change/"
    fields = fields_of(chief, url)
    del fields["is_active"]
    return chief.post(url, fields | sent)


def test_what_would_be_without_somebody_is_said_of_one_and_of_several(cast, stuck, target):
    tess, sam, both = cast.target_approver, cast.source_approver, cast.both
    draft = factories.draft(tess, stuck.source, target)
    assert leaving([tess]).sentences == [
        "Nobody else may approve for Risk Engine (RISK).",
        f"Open proposals that nobody could approve any more: {stuck} (for the target).",
        f"Drafts that nobody else can submit: {draft}.",
    ]
    [delegation] = leaving([sam]).sentences
    assert delegation.startswith("A delegation ends: Dee Delegate decides for Sam Source until ")
    together = leaving([sam, both]).sentences
    assert together[0] == "Nobody else may approve for Ledger (LEDGER)."
    assert f"{stuck} (for the source)." in together[1]
    assert leaving([both, cast.stranger, cast.inactive]).sentences == []


def test_a_side_that_stewards_take_over_is_not_stuck_while_one_stays(cast, source, target):
    target.involvements.update(ended_at=timezone.now())
    proposal = factories.proposed(cast.maker, source, target)
    assert leaving([cast.target_approver]).stuck.rows == []
    gone = leaving([cast.steward])
    assert [row.proposal for row in gone.stuck.rows] == [proposal]
    assert gone.roles == ["No active member of Stewards is left: name another steward first."]


def test_the_page_of_a_person_says_it_to_administrators_alone(as_, cast, stuck):
    page = f"/people/{cast.target_approver.pk}/"
    assert "If this person leaves" not in text(as_(cast.maker).get(page))
    shown = text(as_(cast.superuser).get(page))
    assert "If this person leaves Nobody else may approve for Risk Engine (RISK)" in shown
    assert "Nothing would be without" in text(
        as_(cast.superuser).get(f"/people/{cast.stranger.pk}/")
    )


def test_who_is_missed_is_deactivated_after_a_second_look_and_with_a_reason(chief, cast, stuck):
    first = deactivation(chief, cast.target_approver)
    assert first.status_code == 200
    assert "Nobody else may approve for Risk Engine" in text(first)
    assert User.objects.get(pk=cast.target_approver.pk).is_active
    url = f"{LIST}{cast.target_approver.pk}/change/"
    sent = fields_of(chief, url)
    del sent["is_active"]
    assert save(chief, url, sent, why="She retires.").status_code == 302
    person = User.objects.get(pk=cast.target_approver.pk)
    assert not person.is_active
    assert person.history.latest().history_change_reason == "She retires."


def test_who_is_not_missed_is_deactivated_at_once(chief, cast):
    assert deactivation(chief, cast.stranger).status_code == 302
    assert not User.objects.get(pk=cast.stranger.pk).is_active


def chosen(chief: Client, *people: User, **sent):
    fields = {"action": "deactivate", "_selected_action": [person.pk for person in people]}
    return chief.post(LIST, fields | sent, follow=True)


def test_several_are_deactivated_together_or_nobody(chief, cast, stuck):
    people = [cast.target_approver, cast.stranger]
    asked = chosen(chief, *people)
    assert "Nobody else may approve for Risk Engine (RISK)" in text(asked)
    assert "This field is required" in text(chosen(chief, *people, post="yes", why=" "))
    assert User.objects.filter(pk__in=[person.pk for person in people], is_active=True).count() == 2
    done = chosen(chief, *people, post="yes", why="The team moved.")
    assert "People deactivated: 2." in text(done)
    for person in User.objects.filter(pk__in=[person.pk for person in people]):
        assert not person.is_active
        assert person.history.latest().history_change_reason == "The team moved."


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("superuser", "This is the last active administrator."),
        ("inactive", "None of the chosen is active."),
    ],
)
def test_nobody_is_deactivated_who_must_stay_or_has_left(chief, cast, who, sentence):
    people = [getattr(cast, who)] + ([cast.stranger] if who == "superuser" else [])
    assert sentence in text(chosen(chief, *people, post="yes", why="So."))
    assert User.objects.get(pk=cast.stranger.pk).is_active
    assert User.objects.get(pk=cast.superuser.pk).is_active


def test_who_edits_people_without_being_an_administrator_deactivates_no_administrator(client, cast):
    factories.user("Olga Other", is_superuser=True, is_staff=True)
    clerk = factories.user("Clara Clerk", is_staff=True)
    allowed = Permission.objects.filter(codename__in=["view_user", "change_user"])
    clerk.user_permissions.add(*allowed)
    client.force_login(clerk)
    page = chosen(client, cast.superuser, cast.stranger, post="yes", why="So.")
    assert "not yours to change" in text(page)
    assert User.objects.get(pk=cast.superuser.pk).is_active


def test_as_many_queries_for_many_parts_as_for_one(cast, stuck, django_assert_max_num_queries):
    for number in range(20):
        system = factories.system(f"Further {number}")
        factories.involve(cast.target_approver, system)
        factories.proposed(cast.maker, stuck.source, system, at=timezone.now() - timedelta(days=1))
    with django_assert_max_num_queries(20):
        gone = leaving([cast.target_approver])
    assert (len(gone.systems.rows), gone.systems.has_more) == (10, True)
    assert (len(gone.stuck.rows), gone.stuck.has_more) == (10, True)
