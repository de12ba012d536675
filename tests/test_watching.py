"""Who watches a system or a proposal is told, and whoever stops is not."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from post_office.models import STATUS, Email

from proposals import workflow
from proposals.errors import Conflict
from proposals.models import Notice, Proposal, Watch
from proposals.workflow import notices, periodic

from . import factories

pytestmark = pytest.mark.django_db


def told(person) -> list[str]:
    """The sentences they got, without the moments in them."""
    summaries = person.notices.order_by("pk").values_list("summary", flat=True)
    return [re.sub(r" on \d+ \w+ \d+, [\d:]+ \w+", "", summary) for summary in summaries]


def test_who_watches_a_proposal_hears_of_remarks_decisions_and_the_end(cast, proposal):
    workflow.watch(proposal, by=cast.stranger)
    workflow.remark(proposal, "Is it daily?", by=cast.both)
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    workflow.approve(proposal, sides=["TARGET"], by=cast.target_approver)
    where = "Ledger → Risk Engine"
    number, why = proposal.pk, "You watch this proposal."
    assert told(cast.stranger) == [
        f"Bo Both remarks on proposal {number}, {where}. {why}",
        f"Proposal {number} of Mia Maker, {where}: Sam Source approved for the source. {why}",
        f"Proposal {number} of Mia Maker, {where}: Tess Target approved for the target. "
        f"It is fully approved, and the register is up to date. {why}",
    ]
    assert Email.objects.filter(to=[cast.stranger.email]).count() == 3


def test_who_watches_a_system_hears_what_is_decided_about_its_flows(cast, proposal, source):
    workflow.watch(source, by=cast.stranger)
    workflow.remark(proposal, "Is it daily?", by=cast.both)
    workflow.request_changes(proposal, side="TARGET", by=cast.both, comment="Weekly?")
    [summary] = told(cast.stranger)
    assert summary.endswith("Bo Both requested changes for the target. You watch Ledger.")


def test_who_watches_either_end_hears_of_a_flow_that_nobody_approved(cast, proposal, target):
    done = workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    workflow.watch(target, by=cast.stranger)
    workflow.watch(target, by=cast.other)
    wish = factories.wish(
        specification=done.result_specification, specification_name="", name="second run"
    )
    workflow.add_physical_flow(done.result_logical_flow, wish, [], by=cast.other)
    [summary] = told(cast.stranger)
    assert summary.endswith("It was not itself approved. You watch Risk Engine.")
    assert told(cast.other) == []  # who did it need not be told


def test_who_has_a_part_is_told_once_and_as_one_who_has_it(cast, proposal, source):
    for person in (cast.maker, cast.source_approver):
        workflow.watch(proposal, by=person)
        workflow.watch(source, by=person)
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    assert told(cast.maker)[-1].startswith(f"Your proposal {proposal.pk}")
    assert len(told(cast.maker)) == 1
    assert all("approved for" not in summary for summary in told(cast.source_approver))


def test_a_watch_is_on_all_rounds(cast, proposal):
    workflow.watch(proposal, by=cast.stranger)
    workflow.request_changes(proposal, side="SOURCE", by=cast.source_approver, comment="Daily?")
    proposal.refresh_from_db()
    again = factories.wish(maker=cast.maker, source=proposal.source, target=proposal.target)
    again.reason = proposal.reason
    again.revise(proposal)
    workflow.submit(again, proposal.data_types.all(), by=cast.maker)
    workflow.remark(again, "Daily now.", by=cast.maker)
    assert told(cast.stranger)[-1].startswith(f"Mia Maker remarks on proposal {again.pk}")
    workflow.stop_watching(again, by=cast.stranger)
    assert Watch.objects.count() == 0


def test_the_end_without_a_decision_reaches_who_watches_the_proposal_by_mail(
    cast, proposal, source
):
    Email.objects.update(status=STATUS.sent)
    workflow.watch(proposal, by=cast.stranger)
    workflow.watch(source, by=cast.other)
    workflow.cancel(proposal, by=cast.maker)
    assert [person.notices.count() for person in (cast.stranger, cast.other)] == [1, 0]
    assert notices.is_wanted(cast.stranger.notices.get())
    periodic.send_mail(timezone.now() + timedelta(seconds=1))
    assert Email.objects.get(to=[cast.stranger.email]).status == STATUS.sent


def test_whoever_stops_or_is_no_longer_active_is_told_nothing(cast, proposal):
    for person in (cast.stranger, cast.other):
        workflow.watch(proposal, by=person)
        workflow.watch(proposal, by=person)  # twice is once
    assert Watch.objects.count() == 2
    workflow.stop_watching(proposal, by=cast.stranger)
    cast.other.is_active = False
    cast.other.save()
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    assert not Notice.objects.filter(recipient__in=[cast.stranger, cast.other]).exists()


def test_a_draft_is_not_watched(cast, source, target):
    with pytest.raises(Conflict):
        workflow.watch(factories.draft(cast.maker, source, target), by=cast.maker)


def test_watching_begins_and_ends_on_the_page_and_is_listed_on_my_own(
    client, cast, proposal, source
):
    client.force_login(cast.stranger)
    for thing in (proposal, source):
        address = thing.get_absolute_url()
        page = client.post(f"{address}watch/", follow=True)
        assert page.redirect_chain == [(address, 302)]
        assert "Stop watching" in page.content.decode()
    mine = client.get("/me/").content.decode().split('id="watches"')[1].split("</section>")[0]
    assert f'href="{proposal.get_absolute_url()}"' in mine
    assert f'href="{source.get_absolute_url()}"' in mine
    for thing in (proposal, source):
        address = f"{thing.get_absolute_url()}watch/"
        page = client.post(address, {"stop": "1", "me": "1"}, follow=True)
        assert page.redirect_chain == [("/me/", 302)]
    assert Watch.objects.count() == 0
    assert "Stop watching" not in client.get(proposal.get_absolute_url()).content.decode()


def test_nobody_watches_what_they_may_not_see(client, cast, source, target):
    draft = factories.draft(cast.maker, source, target)
    client.force_login(cast.stranger)
    assert client.post(f"{draft.get_absolute_url()}watch/").status_code == 404
    client.force_login(cast.maker)
    assert client.post(f"{draft.get_absolute_url()}watch/").status_code == 409
    assert Proposal.objects.get(pk=draft.pk).watches.count() == 0
