"""Somebody can always administer the site, and is warned before nobody decides for a side."""

from contextlib import suppress

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from proposals.files.catalogue import import_catalogue
from proposals.models import ApproverRule, Notice, Policy, User, missing_stewards

from . import factories
from .test_lost_updates import fields_of, save, text
from .test_races import at_once


@pytest.fixture
def administrator(client, cast):
    client.force_login(cast.superuser)
    return cast.superuser


@pytest.mark.parametrize("power", ["is_active", "is_superuser", "is_staff"])
def test_the_last_administrator_cannot_step_down_in_the_admin(client, administrator, power):
    url = f"/admin/proposals/user/{administrator.pk}/change/"
    sent = fields_of(client, url)
    del sent[power]
    answer = client.post(url, sent)
    assert answer.status_code == 200
    assert "This is the last active administrator" in text(answer)
    assert User.objects.administrators().get() == administrator


def test_one_of_two_administrators_may_step_down(client, administrator):
    factories.user("Olga Other", is_superuser=True, is_staff=True)
    url = f"/admin/proposals/user/{administrator.pk}/change/"
    sent = fields_of(client, url)
    del sent["is_active"]
    assert client.post(url, sent).status_code == 302
    assert [str(person) for person in User.objects.administrators()] == ["Olga Other"]


def test_a_deactivated_second_administrator_is_nobody_to_rely_on(administrator):
    factories.user("Olga Other", is_superuser=True, is_staff=True, is_active=False)
    administrator.is_active = False
    with pytest.raises(ValidationError, match="last active administrator"):
        administrator.clean()


def raw(sql: str):
    return lambda person: connection.cursor().execute(sql.format(person.pk))


def bulk(person: User) -> None:
    person.is_superuser = False
    User.objects.bulk_update([person], ["is_superuser"])


STAYS = "The last active administrator stays one"


@pytest.mark.parametrize(
    ("way", "refusal"),
    [
        (lambda person: User.objects.update(is_active=False), STAYS),
        (lambda person: User.objects.update(is_staff=False), STAYS),
        (bulk, STAYS),
        (raw("UPDATE proposals_user SET is_superuser = FALSE WHERE id = {0}"), STAYS),
        (raw("DELETE FROM proposals_user WHERE id = {0}"), STAYS),
        (lambda person: person.delete(), STAYS),
    ],
)
def test_whoever_writes_the_database_keeps_the_last_administrator(administrator, way, refusal):
    with pytest.raises(DatabaseError, match=refusal), transaction.atomic():
        way(administrator)
    assert User.objects.administrators().get() == administrator


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_deactivate_each_other_leave_one():
    first, second = (
        factories.user(name, is_superuser=True, is_staff=True) for name in ("One", "Two")
    )

    def deactivate(person):
        def act():
            with suppress(DatabaseError):
                User.objects.filter(pk=person.pk).update(is_active=False)

        return act

    at_once(deactivate(first), deactivate(second))
    assert User.objects.administrators().count() == 1


def without_groups(client, person) -> str:
    """The page after an administrator took every group from this person."""
    url = f"/admin/proposals/user/{person.pk}/change/"
    sent = fields_of(client, url)
    del sent["groups"]
    return text(client.post(url, sent, follow=True))


WARNING = "No active steward is left, and 1 open proposal waits for one"


def test_who_takes_the_last_steward_away_is_told_what_waits(client, administrator, cast, target):
    lonely = factories.system("Lonely", code="LONE")
    factories.proposed(cast.maker, lonely, target)
    assert WARNING in without_groups(client, cast.steward)


def test_who_ends_the_last_right_to_approve_is_told_that_no_steward_is_left(
    client, administrator, cast, target, proposal
):
    cast.steward.groups.clear()
    involvements = target.involvements.open().values_list("pk", flat=True)
    answer = client.post(
        "/admin/proposals/involvement/",
        {"action": "end_now", "_selected_action": list(involvements)},
        follow=True,
    )
    assert WARNING in text(answer)


def test_who_deletes_the_rule_that_lets_people_approve_is_told_as_well(
    client, administrator, cast, proposal
):
    cast.steward.groups.clear()
    for rule in ApproverRule.objects.all():
        answer = client.post(
            f"/admin/proposals/approverrule/{rule.pk}/delete/",
            {"post": "yes", "why": "as agreed"},
            follow=True,
        )
    assert WARNING in text(answer)


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_import_that_takes_the_last_steward_away_warns(cast, target, dry_run):
    factories.proposed(cast.maker, factories.system("Lonely", code="LONE"), target)
    people = "email,employee_id,name,is_removed\n"
    people += f"{cast.steward.email},{cast.steward.employee_id or 'S1'},Stella Steward,true\n"
    report = import_catalogue({"people": people.encode()}, dry_run=dry_run)
    assert [warning.reason for warning in report.warnings if WARNING in warning.reason]


RULE = "involvement_kind,system_kind,system_code,may_approve,may_reject\n"
ENDS_THE_LAST_RIGHT = {
    "people": "email,employee_id,name,is_removed\n{0},{1},Tess Target,true\n",
    "approver_rules": f"{RULE}Data Owner,APPLICATION,,false,true\n",
    "approver_rules of the system": f"{RULE}Business Analyst,APPLICATION,RISK,false,true\n",
    "systems": "kind,code,name\nACTOR,RISK,Risk Engine\n",
}


def ending(files: str, approver: User) -> dict[str, bytes]:
    sheet = ENDS_THE_LAST_RIGHT[files].format(approver.email, approver.employee_id or "T1")
    return {files.split()[0]: sheet.encode()}


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("files", ENDS_THE_LAST_RIGHT)
def test_an_import_that_takes_the_last_right_to_approve_away_warns(
    cast, target, proposal, files, dry_run
):
    cast.steward.groups.clear()
    target.involvements.exclude(user=cast.target_approver).update(ended_at=timezone.now())
    report = import_catalogue(ending(files, cast.target_approver), dry_run=dry_run)
    [warning] = report.warnings
    assert str(warning).startswith(f"{files.split()[0]}.csv: {WARNING}")
    assert missing_stewards() == ("" if dry_run else warning.reason)
    assert Notice.objects.filter(recipient=cast.steward).count() == 0


def test_an_import_says_nothing_while_somebody_can_decide(cast, target, proposal):
    cast.steward.groups.clear()
    assert import_catalogue(ending("people", cast.target_approver)).warnings == []


def test_a_policy_that_turns_to_stewards_who_are_not_there_warns(
    client, administrator, cast, target
):
    factories.proposed(cast.maker, factories.system("Lonely", code="LONE"), target)
    factories.policy(side_without_approver="REFUSE")
    cast.steward.groups.clear()
    url = f"/admin/proposals/policy/{Policy.objects.get().pk}/change/"
    sent = fields_of(client, url) | {"side_without_approver": "STEWARD"}
    save(client, url, sent)
    assert WARNING in text(client.get("/admin/"))


def test_nothing_is_said_of_stewards_nobody_waits_for(client, administrator, cast, proposal):
    assert "No active steward" not in without_groups(client, cast.steward)


def test_nothing_is_said_while_another_steward_is_active(client, administrator, cast, target):
    factories.proposed(cast.maker, factories.system("Lonely", code="LONE"), target)
    factories.user("Stan Steward").groups.add(Group.objects.get(name="Stewards"))
    assert "No active steward" not in without_groups(client, cast.steward)


def test_a_policy_that_knows_no_stewards_misses_none(client, administrator, cast, target):
    factories.proposed(cast.maker, factories.system("Lonely", code="LONE"), target)
    factories.policy(side_without_approver="REFUSE")
    assert "No active steward" not in without_groups(client, cast.steward)
