"""The maker has those reminded who still have to decide, at most once a day each."""

from datetime import timedelta

import pytest
from django.utils import timezone
from post_office.models import Email

from proposals import workflow
from proposals.errors import Conflict, NoRight
from proposals.models import Notice, Proposal
from proposals.workflow import reminders

from . import factories

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def asked(cast, source, target) -> Proposal:
    """Submitted four and a half days ago, and nobody was reminded yet."""
    at = timezone.now() - 4.5 * DAY
    made = factories.proposed(cast.maker, source, target, at=at)
    # Nobody was told: what is that old is no news. As if the site had run.
    submission = made.transitions.get()
    Notice.objects.bulk_create(
        Notice(
            transition=submission,
            proposal=made,
            recipient=person,
            summary="Please decide.",
            at=at,
            read_at=at,
        )
        for person in (cast.source_approver, cast.target_approver)
    )
    return made


def reminded(proposal: Proposal) -> list[str]:
    of_proposal = proposal.notices.filter(reminder_day__gt=0)
    return sorted(of_proposal.values_list("recipient__name", flat=True))


EVERYBODY = ["Bo Both", "Dee Delegate", "Rey Rejecter", "Sam Source", "Tess Target"]


def test_everybody_who_can_decide_is_reminded_by_the_usual_mail_and_it_is_on_record(cast, asked):
    assert workflow.remind_now(asked, by=cast.maker) == 5
    assert reminded(asked) == EVERYBODY
    notice = cast.source_approver.notices.get(reminder_day=4)
    assert notice.summary == (
        f"Mia Maker reminds you: proposal {asked.pk}, Ledger → Risk Engine, "
        "has waited for 4 days. Please decide."
    )
    mail = Email.objects.get(to=[cast.source_approver.email])
    assert mail.subject == "Still waiting for you: Ledger → Risk Engine"
    assert f"/proposals/{asked.pk}/" in mail.message


def test_nobody_is_reminded_twice_within_a_day_by_whomever(cast, asked):
    now = timezone.now()
    workflow.remind_now(asked, by=cast.maker, at=now)
    for later in (timedelta(0), 0.9 * DAY):
        with pytest.raises(Conflict, match="less than a day ago"):
            workflow.remind_now(asked, by=cast.maker, at=now + later)
    assert workflow.remind_now(asked, by=cast.maker, at=now + 1.1 * DAY) == 5
    assert len(reminded(asked)) == 10


def test_the_clock_and_the_maker_do_not_remind_on_the_same_day(cast, asked):
    now = timezone.now()
    assert reminders.remind(asked, now) == 5  # of the third day, a little late
    with pytest.raises(Conflict):
        workflow.remind_now(asked, by=cast.maker, at=now + timedelta(hours=1))
    assert reminders.remind(asked, now + timedelta(hours=2)) == 0


def test_who_has_decided_and_who_was_asked_today_is_left_alone(cast, asked):
    workflow.approve(asked, sides=["SOURCE"], by=cast.source_approver)
    submission = asked.transitions.get(number=1)
    Notice.objects.create(
        transition=submission, proposal=asked, recipient=cast.both, at=timezone.now()
    )
    workflow.remind_now(asked, by=cast.maker)
    assert reminded(asked) == ["Rey Rejecter", "Tess Target"]


def test_only_the_maker_reminds_and_only_while_it_is_open(cast, asked):
    proposal = factories.proposed(cast.maker, asked.source, asked.target, specification_name="x")
    with pytest.raises(NoRight):
        workflow.remind_now(asked, by=cast.both)
    with pytest.raises(Conflict, match="less than a day ago"):
        workflow.remind_now(proposal, by=cast.maker)  # submitted just now
    workflow.cancel(asked, by=cast.maker)
    with pytest.raises(Conflict, match="only of an open proposal"):
        workflow.remind_now(asked, by=cast.maker)
    assert reminded(asked) == reminded(proposal) == []


def test_the_button_is_there_for_the_maker_once_a_day_and_all_see_who_was_reminded(
    client, cast, asked
):
    def page(person) -> str:
        client.force_login(person)
        return " ".join(client.get(asked.get_absolute_url()).content.decode().split())

    assert "Remind now" not in page(cast.both)
    assert "Remind now" in page(cast.maker)
    assert "Reminded on" not in page(cast.maker)
    answer = client.post(f"{asked.get_absolute_url()}remind/", follow=True)
    assert "5 people were reminded." in answer.content.decode()
    after = page(cast.maker)
    assert "Remind now" not in after
    assert "a day after they were last asked" in after
    assert "Reminded on" in page(cast.stranger)
    assert client.post(f"{asked.get_absolute_url()}remind/").status_code == 403
