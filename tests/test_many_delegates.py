"""Somebody for whom dozens of others decide: pages name a few of them and count the rest."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals import workflow
from proposals.models import Notice, Proposal, prefetch_rights
from proposals.models.delegations import RunningDelegations
from proposals.workflow import notices

from . import factories
from .test_pages import text

NUMBER = 40


@pytest.fixture
def delegates(cast) -> list[str]:
    """Names of those who decide for Sam Source, one of them on another system only."""
    people = [factories.user(f"Del {number:02}") for number in range(NUMBER)]
    for person in people:
        factories.delegate(cast.source_approver, person)
    elsewhere = factories.user("Del elsewhere")
    factories.delegate(cast.source_approver, elsewhere, system=factories.system("ELSE"))
    return [person.name for person in people]


def people_read(url: str, client) -> int:
    """Rows of people that the page asks for by their ids."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(url)
    table = '"proposals_user"."id" IN ('
    by_id = [query["sql"].split(table)[1] for query in asked if table in query["sql"]]
    return max((ids.split(")")[0].count(",") + 1 for ids in by_id), default=0)


def test_a_page_names_a_few_and_counts_the_rest(as_, cast, delegates, proposal):
    client = as_(cast.maker)
    page = text(client.get(proposal.get_absolute_url()))
    # Approvers themselves come first.
    assert "Source Bo Both, Sam Source, Dee Delegate and 40 more Target Bo Both" in page
    named = [name for name in delegates if f"{name} for Sam Source" in page]
    assert named == delegates[:2]  # besides Dee Delegate
    assert "and 38 more for Sam Source" in page
    listed = text(client.get("/proposals/"))
    assert "Source Bo Both, Sam Source and 41 more" in listed
    file = b"".join(client.get("/proposals/?as=csv")).decode()
    assert '"Bo Both, Sam Source, Dee Delegate, Del 00, Del 01 and 38 more"' in file


def test_everybody_is_named_on_the_page_of_whom_they_stand_in_for(as_, cast, delegates, proposal):
    client = as_(cast.maker)
    url = f"/people/{cast.source_approver.pk}/delegations/"
    assert f'href="{url}">38 more' in client.get(proposal.get_absolute_url()).text
    assert f'href="{url}">All delegations' in client.get(f"/people/{cast.source_approver.pk}/").text
    named = ""
    while url:
        answer = client.get(url)
        named += text(answer)
        following = answer.context["page"].next
        url = answer.wsgi_request.path + following if following else ""
    for name in [*delegates, "Dee Delegate", "Del elsewhere"]:
        assert named.count(f"{name} decides for Sam Source too") == 1, name
    assert "Del elsewhere decides for Sam Source too, only on" in named


def test_who_is_only_counted_is_not_read(as_, cast, delegates, proposal):
    few = RunningDelegations.FEW[0]
    client = as_(cast.maker)
    assert people_read(proposal.get_absolute_url(), client) <= few
    assert people_read("/proposals/", client) <= few
    assert people_read(f"/systems/{proposal.source_id}/", client) <= few
    [row] = prefetch_rights([Proposal.objects.get(pk=proposal.pk)])
    [(_, people), _] = row.pending_approvers
    assert len(people) == NUMBER + 3
    assert [person.name for person in people][-1] == delegates[-1]


def test_all_of_them_may_decide_and_are_asked(cast, delegates, proposal):
    proposal = Proposal.objects.get(pk=proposal.pk)
    people = notices.able_to_decide(proposal)
    assert {person.name for person in people} >= {*delegates, "Dee Delegate", "Sam Source"}
    assert "Del elsewhere" not in {person.name for person in people}
    [last] = [person for person in people if person.name == delegates[-1]]
    assert proposal in Proposal.objects.awaiting(last)
    workflow.approve(proposal, sides=["SOURCE"], by=last)
    step = proposal.transitions.latest("number")
    assert (step.by.name, step.on_behalf_of) == (delegates[-1], cast.source_approver)


def test_all_of_them_hear_of_a_new_proposal(cast, delegates, source, target):
    made = factories.proposed(cast.maker, source, target)
    told = Notice.objects.filter(transition__proposal=made).values_list(
        "recipient__name", flat=True
    )
    assert set(told) >= {*delegates, "Dee Delegate", "Sam Source", "Tess Target"}
