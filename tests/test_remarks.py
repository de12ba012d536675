"""What people say about a proposal, where it is shown, and who is told."""

from uuid import uuid4

import pytest
from post_office.models import Email

from proposals import workflow
from proposals.errors import Conflict, Invalid, NoRight
from proposals.models import Notice, Remark, Transition, User

from . import factories


def told_of(remark) -> dict[str, str]:
    """Name -> the sentence they got."""
    return {str(n.recipient): n.summary for n in Notice.objects.filter(remark=remark)}


def page_of(client, person, proposal) -> str:
    client.force_login(person)
    return client.get(proposal.get_absolute_url()).content.decode()


def test_a_remark_changes_nothing_but_what_is_said(cast, proposal):
    before = Transition.objects.count()
    remark = workflow.remark(proposal, "Is it needed daily?", by=cast.stranger, topic="frequency")
    assert (remark.topic_label, remark.by) == ("Frequency", cast.stranger)
    proposal.refresh_from_db()
    assert proposal.state == "PENDING_APPROVALS"
    assert Transition.objects.count() == before


def test_it_stands_in_the_time_line_and_beside_its_field(client, cast, proposal):
    remark = workflow.remark(proposal, "Is it needed daily?", by=cast.stranger, topic="frequency")
    page = page_of(client, cast.maker, proposal)
    assert f'<li class="remark" id="remark-{remark.pk}">' in page
    facts = page.split("<dt>Frequency</dt>")[1].split("</dd>")[0]
    assert f'href="#remark-{remark.pk}"' in facts
    assert "Is it needed daily?" in facts


def test_who_is_mentioned_is_named_below_it(client, cast, proposal):
    workflow.remark(proposal, "@Tess Target is it daily?", by=cast.maker)
    page = page_of(client, cast.stranger, proposal)
    link = f'<a href="{cast.target_approver.get_absolute_url()}">Tess Target</a>'
    assert f'<p class="sub">Mentions {link}</p>' in page


def test_links_can_be_clicked_and_all_else_is_text(client, cast, proposal):
    workflow.remark(
        proposal, 'See https://example.com/a?b=1&c=2 <b>and</b> javascript:alert("x")', by=cast.both
    )
    page = page_of(client, cast.maker, proposal)
    assert '<a href="https://example.com/a?b=1&amp;c=2" rel="nofollow">' in page
    assert "&lt;b&gt;and&lt;/b&gt; javascript:alert(&quot;x&quot;)" in page


def test_the_maker_and_who_remarked_before_are_told_and_never_who_says_it(cast, proposal):
    first = workflow.remark(proposal, "Why?", by=cast.stranger)
    assert list(told_of(first)) == ["Mia Maker"]
    answer = workflow.remark(proposal, "Because.", by=cast.maker, answers=first)
    assert list(told_of(answer)) == [str(cast.stranger)]
    third = workflow.remark(proposal, "I see.", by=cast.both)
    assert sorted(told_of(third)) == sorted(["Mia Maker", str(cast.stranger)])
    mails = Email.objects.filter(subject__startswith="Remark on proposal")
    assert mails.count() == 4
    assert f"/proposals/{proposal.pk}/#remark-{third.pk}" in mails.last().message


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Tess Target, is it daily?", ["Tess Target"]),
        ("Ask @tess target. Or @Bo Both!", ["Bo Both", "Tess Target"]),
        ("@{mail}: you?", ["Tess Target"]),
        ("(@{mail})", ["Tess Target"]),
        ("Write to {mail} about 3 @ 4", []),
        ("@Tess Target and @Tess Target", ["Tess Target"]),
    ],
)
def test_a_mention_tells_that_person_once(cast, proposal, text, names):
    remark = workflow.remark(
        proposal, text.format(mail=cast.target_approver.email), by=cast.stranger
    )
    sentences = told_of(remark)
    mentioned = [name for name, sentence in sentences.items() if "mentions you" in sentence]
    assert sorted(mentioned) == names
    assert sorted(map(str, remark.mentioned.all())) == names


def test_a_mention_gives_no_right(client, cast, proposal):
    workflow.remark(proposal, f"@{cast.stranger.email}, please approve.", by=cast.maker)
    with pytest.raises(NoRight):
        workflow.approve(proposal, sides=["SOURCE"], by=cast.stranger)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("@Nobody Here, you?", "“@Nobody” names nobody here. Pick somebody from the list."),
        ("@Tess", "“@Tess” names nobody here. Did you mean @Tess Target?"),
        ("@Ann Twin", "Several people are called “Ann Twin”. Write @"),
        ("@Gone Girl", "names nobody here"),
        ("@a " * 21, "at most 20 people"),
        (" \u200b", "Write what you want to say."),
    ],
)
def test_what_cannot_be_said_is_refused_in_words_and_stays_typed(
    client, cast, proposal, text, sentence
):
    for _ in range(2):
        factories.user("Ann Twin")
    User.objects.filter(pk=factories.user("Gone Girl").pk).update(is_active=False)
    client.force_login(cast.maker)
    answer = client.post(f"/proposals/{proposal.pk}/remark/", {"text": text})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert sentence in page
    assert text.strip(" \u200b") in page
    assert Remark.objects.count() == 0


def test_only_an_open_proposal_takes_remarks(cast, proposal):
    workflow.cancel(proposal, by=cast.maker)
    with pytest.raises(Conflict, match="Only an open proposal takes remarks"):
        workflow.remark(proposal, "Too late.", by=cast.maker)


def test_an_answer_belongs_to_the_same_conversation(cast, source, target, proposal):
    remark = workflow.remark(proposal, "Why?", by=cast.both, topic="reason")
    other = factories.proposed(cast.maker, source, target, specification_name="other.csv")
    with pytest.raises(Invalid, match="another proposal"):
        workflow.remark(other, "Because.", by=cast.maker, answers=remark)


def test_what_was_said_in_earlier_rounds_stays_in_sight_and_can_be_answered(
    client, cast, source, target, proposal
):
    question = workflow.remark(proposal, "Why daily?", by=cast.both, topic="frequency")
    workflow.request_changes(proposal, side="SOURCE", by=cast.both, comment="Answer first.")
    again = factories.wish(maker=cast.maker, source=source, target=target)
    again.reason = proposal.reason
    again.revise(type(proposal).objects.get(pk=proposal.pk))
    workflow.submit(again, [*proposal.data_types.all()], by=cast.maker)
    answer = workflow.remark(again, "For the close.", by=cast.maker, answers=question)
    assert answer.topic == "frequency"
    page = page_of(client, cast.both, again)
    assert page.index("For the close.") < page.index(f'id="remark-{question.pk}"')
    assert "Bo Both" in told_of(answer)


def test_a_remark_sent_twice_is_said_once(client, cast, proposal):
    client.force_login(cast.both)
    sent = {"text": "Why?", "topic": "", "form_key": str(uuid4())}
    urls = {client.post(f"/proposals/{proposal.pk}/remark/", sent).url for _ in range(2)}
    assert urls == {Remark.objects.get().get_absolute_url()}
