"""What a new site still needs, on the front page of an administrator and from the shell."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from proposals.models import ApproverRule, System, User
from proposals.reports.setting_up import advised_tasks
from proposals.workflow import periodic

from . import factories


def said() -> str:
    out = StringIO()
    call_command("setup", stdout=out)
    return out.getvalue()


def advised(name: str) -> tuple[bool, str]:
    [task] = [task for task in advised_tasks() if task.name == name]
    return task.is_done, task.purpose


def test_an_empty_site_says_what_is_needed_and_fails(db):
    out = StringIO()
    with pytest.raises(CommandError, match=r"Still to do: Systems, People, .* A steward"):
        call_command("setup", stdout=out)
    assert "  TO DO  Reasons: What a maker may give" in out.getvalue()


def test_a_site_with_all_that_is_needed_says_so_and_goes_on_to_advise(cast):
    factories.reason()
    text = said()
    assert "  done   Reasons:" in text
    assert "  TO DO  The worker:" in text
    periodic.say_at_work(timezone.now())
    assert "  done   The worker:" in said()


def test_a_rule_that_only_rejects_approves_nothing(cast):
    ApproverRule.objects.update(may_approve=False)
    with pytest.raises(CommandError, match=r"Still to do: Approver rules, Reasons"):
        call_command("setup", stdout=StringIO())


def test_people_who_cannot_sign_in_are_counted_and_shown(as_, cast):
    User.objects.all().update(password="!nothing")
    User.objects.filter(pk=cast.maker.pk).update(password="md5$x$y")
    number = User.objects.filter(is_active=True).count() - 1
    is_done, purpose = advised("Ways to sign in")
    assert (is_done, purpose.split(" have")[0]) == (False, f"{number} people")
    assert "none yet (4 may approve): choose them" in purpose
    [task] = [task for task in advised_tasks() if task.name == "Ways to sign in"]
    chief = as_(User.objects.get(pk=cast.superuser.pk))
    assert chief.get(task.url).context["cl"].result_count == number
    rest = chief.get("/admin/proposals/user/?can_sign_in=yes").context["cl"]
    assert list(rest.queryset) == [cast.maker]


def test_a_site_without_systems_has_no_approvers_yet(db):
    is_done, purpose = advised("Approvers")
    assert (is_done, purpose.split(":")[0]) == (False, "People who may approve, for every system")


def test_systems_that_nobody_may_approve_for_are_counted(cast, source, target):
    assert advised("Approvers")[0] is True
    factories.system("Nobody's")
    assert advised("Approvers") == (
        False,
        "1 system has nobody who may approve: their side is left to the stewards, or refused.",
    )
    System.objects.filter(name="Nobody's").update(lifecycle="REMOVED")
    assert advised("Approvers")[0] is True


def test_mail_that_is_printed_is_not_sent(settings, db):
    settings.EMAIL_BACKEND = "waltzflow.console.EmailBackend"
    assert advised("Mail") == (False, "Mails are printed, not sent: set EMAIL_URL.")


def test_the_ledger_needs_a_key_that_only_the_worker_may_have(settings, tmp_path, db):
    settings.LEDGER_KEY, settings.LEDGER_CHECKPOINTS = tmp_path / "key", tmp_path
    assert advised("The ledger")[0] is False
    call_command("ledger_key", stdout=StringIO())
    settings.LEDGER_KEY = None  # as on a web host
    assert advised("The ledger")[0] is True
    settings.LEDGER_CHECKPOINTS = None
    assert advised("The ledger")[0] is False


if connection.vendor == "postgresql":

    def test_the_sites_account_does_not_own_the_tables(accounts):
        assert advised("Three accounts")[0] is False
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE waltzflow_app")
        assert advised("Three accounts")[0] is True
