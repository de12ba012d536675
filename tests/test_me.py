"""My delegations and notices, and deciding many at once in the inbox."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from proposals import workflow
from proposals.models import Delegation, Notice, Proposal, User

from . import factories, worlds
from .test_pages import text


def day(later: int) -> str:
    return f"{timezone.now() + timedelta(days=later):%Y-%m-%d}"


def test_a_delegation_is_made_and_ended_on_my_page(as_, cast, proposal):
    client = as_(cast.target_approver)
    sent = {"delegate": cast.stranger.email, "ends_at": day(7), "note": "Holiday"}
    page = client.post("/me/", sent, follow=True).content.decode()
    assert "Stan Stranger decides for you until" in page
    made = Delegation.objects.get(delegator=cast.target_approver)
    assert (made.delegate, made.note, made.history.get().history_user) == (
        cast.stranger,
        "Holiday",
        cast.target_approver,
    )
    assert list(Proposal.objects.awaiting(cast.stranger)) == [proposal]
    client.post(f"/me/delegations/{made.pk}/end/")
    assert list(Proposal.objects.awaiting(cast.stranger)) == []
    assert [h.history_change_reason for h in made.history.all()] == [
        "Delegation ended",
        "Delegation made",
    ]


def test_one_delegates_for_chosen_systems_and_ends_each(as_, cast, source, target, proposal):
    as_maker, client = cast.maker, as_(cast.both)
    onward = factories.proposed(as_maker, target, factories.system("Lake"))
    foreign = factories.system("Not mine")
    page = client.get("/me/").content.decode()
    assert (source.name in page, foreign.name in page) == (True, False)
    sent = {"delegate": cast.stranger.email, "ends_at": day(7), "systems": [source.pk]}
    refused = client.post("/me/", sent | {"systems": [foreign.pk]})
    assert refused.status_code == 400
    client.post("/me/", sent)
    assert list(Proposal.objects.awaiting(cast.stranger)) == [proposal]
    [made] = Delegation.objects.filter(delegate=cast.stranger)
    assert made.system == source
    page = client.post("/me/", sent | {"systems": [source.pk, target.pk]}, follow=True)
    ends = timezone.localtime() + timedelta(days=7)
    names = " and ".join(sorted(map(str, [source, target])))
    begins = f"Stan Stranger decides for you on {names} until the end of {ends:%A %-d %B %Y}"
    assert begins in text(page)
    assert set(Proposal.objects.awaiting(cast.stranger)) == {proposal, onward}
    told = Notice.objects.filter(recipient=cast.stranger, delegation__isnull=False)
    assert f"Bo Both lets you decide for them on {names} until" in told.latest("pk").summary
    assert told.count() == 2  # one for each time somebody pressed the button
    assert f"Only {target}, until" in text(as_(cast.stranger).get("/me/"))
    person = text(as_(cast.maker).get(cast.both.get_absolute_url()))
    assert f"Stan Stranger decides for Bo Both too, only on {target}" in person
    client = as_(cast.both)
    for one in Delegation.objects.filter(delegate=cast.stranger, system=source):
        page = client.post(f"/me/delegations/{one.pk}/end/", follow=True)
        assert f"Stan Stranger no longer decides for you on {source}." in text(page)
    assert set(Proposal.objects.awaiting(cast.stranger)) == {proposal, onward}


def test_who_decides_for_very_many_systems_names_one(as_, cast, source, target, monkeypatch):
    monkeypatch.setattr("proposals.forms.me.MOST_TO_CHOOSE", 1)
    foreign, client = factories.system("Not mine"), as_(cast.both)
    page = client.get("/me/").content.decode()
    assert ("Only for one system" in page, "Only for these systems" in page) == (True, False)
    sent = {"delegate": cast.stranger.email, "ends_at": day(7)}
    refused = client.post("/me/", sent | {"system": foreign.code})
    assert f"You do not decide for {foreign}." in text(refused)
    client.post("/me/", sent | {"system": target.code})
    client.post("/me/", sent)
    made = Delegation.objects.filter(delegate=cast.stranger).order_by("pk")
    assert [one.system for one in made] == [target, None]


def test_my_page_shows_some_of_very_many_and_leads_to_the_others(as_, cast, monkeypatch):
    monkeypatch.setattr("proposals.views.me.MOST_SHOWN", 1)
    for giver in (cast.source_approver, cast.target_approver):
        factories.delegate(giver, cast.both)
    page = as_(cast.both).get("/me/").content.decode()
    assert page.count("All of them") == 2
    assert f'href="/people/{cast.both.pk}/delegations/"' in page


def test_who_decides_for_no_system_is_offered_none(as_, cast):
    assert "Only for these systems" not in text(as_(cast.stranger).get("/me/"))


def test_one_that_has_not_begun_gives_nothing_yet_and_can_be_ended(as_, cast, proposal):
    client = as_(cast.target_approver)
    client.post("/me/", {"delegate": cast.stranger.email, "starts_at": day(3), "ends_at": day(7)})
    assert list(Proposal.objects.awaiting(cast.stranger)) == []
    made = Delegation.objects.get(delegator=cast.target_approver)
    client.post(f"/me/delegations/{made.pk}/end/")
    made.refresh_from_db()
    assert made.starts_at <= made.ends_at <= timezone.now()


def test_a_delegation_is_of_whole_days_by_the_clock_of_the_delegator(as_, cast):
    """The last day is included, also where a day has no midnight; who is told reads their own."""
    User.objects.filter(pk=cast.source_approver.pk).update(time_zone="Africa/Cairo")
    User.objects.filter(pk=cast.stranger.pk).update(time_zone="America/New_York")
    client = as_(cast.source_approver)
    days = {"starts_at": "2090-04-24", "ends_at": "2090-04-27"}  # on the 28th clocks skip 00:00
    page = client.post("/me/", {"delegate": cast.stranger.email} | days, follow=True)
    words = "from Monday 24 April 2090 until the end of Thursday 27 April 2090 (EE"
    assert f"Stan Stranger decides for you {words}" in text(page)
    made = Delegation.objects.get(delegate=cast.stranger)
    assert timezone.localtime(made.starts_at).hour in (0, 21, 22)
    with timezone.override("Africa/Cairo"):
        last = timezone.localtime(made.ends_at - timedelta(seconds=1))
        assert (last.day, last.hour, timezone.localtime(made.starts_at).hour) == (27, 23, 0)
    told = made.history.get().notices.get().summary
    assert re.search(r"from 23 Apr 2090, 1[78]:00 E[SD]T until 27 Apr 2090, 1[78]:00 E[SD]T", told)


def test_a_delegation_of_today_begins_at_once_and_is_over_tonight(as_, cast, proposal):
    client = as_(cast.target_approver)
    today = {"starts_at": day(0), "ends_at": day(0)}
    assert f'value="{day(0)}"' in client.get("/me/").content.decode()
    client.post("/me/", {"delegate": cast.stranger.email} | today)
    assert list(Proposal.objects.awaiting(cast.stranger)) == [proposal]
    made = Delegation.objects.get(delegate=cast.stranger)
    assert f"{made.ends_at:%H:%M}" == "00:00"
    assert made.starts_at <= timezone.now() < made.ends_at <= timezone.now() + timedelta(days=1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"delegate": "nobody at all"},
            "Nobody is called “nobody at all”. Type a name or a mail address.",
        ),
        ({"delegate": "tess"}, "Did you mean Tess Target"),
        ({"delegate": "sam source"}, "You cannot delegate to yourself."),
        ({"delegate": "Ina Inactive"}, "Nobody is called “Ina Inactive”."),
        ({"ends_at": "yesterday"}, "Enter a valid date."),
        (
            {"ends_at": "2020-01-01"},
            "Choose a last day that is not over and not before the first.",
        ),
        ({"ends_at": ""}, "This field is required."),
    ],
)
def test_a_delegation_that_cannot_be_is_refused_in_words(as_, cast, change, sentence):
    before = Delegation.objects.count()
    sent = {"delegate": cast.stranger.email, "ends_at": day(7), "note": "Holiday"} | change
    response = as_(cast.source_approver).post("/me/", sent)
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert 'value="Holiday"' in response.content.decode()
    assert Delegation.objects.count() == before


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("dee", ["Dee Delegate"]),
        ("Delegate D", ["Dee Delegate"]),
        ("stan.str", ["Stan Stranger"]),
        ("@example.com", "everybody but two"),
        ("Sam Source", []),  # oneself
        ("Ina", []),  # inactive
        ("nobody at all", []),
        ("' OR 1=1 --\x00", []),
        ("", ["Bo Both", "Rey Rejecter"]),  # who has a part in the same system
    ],
)
def test_people_are_offered_as_one_types(as_, cast, typed, offered):
    page = as_(cast.source_approver).get("/me/people/", {"delegate": typed}).content.decode()
    found = re.findall(r'role="option".*?<span>([^<]+)<', page, re.DOTALL)
    assert found == offered if isinstance(offered, list) else len(found) == User.objects.count() - 2


def test_what_is_offered_is_taken_as_it_is_offered(as_, cast):
    namesake = factories.user("Stan Stranger")
    client = as_(cast.source_approver)
    offers = re.findall(
        r'data-value="([^"]+)"', client.get("/me/people/?delegate=stan").content.decode()
    )
    assert offers == [cast.stranger.with_mail, namesake.with_mail]
    client.post("/me/", {"delegate": offers[1], "ends_at": day(7)})
    assert cast.source_approver.delegations_given.latest("pk").delegate == namesake


def test_nobody_ends_the_delegation_of_another(as_, cast):
    theirs = Delegation.objects.get(delegate=cast.delegate)
    assert as_(cast.delegate).post(f"/me/delegations/{theirs.pk}/end/").status_code == 404


def test_a_delegate_decides_and_it_is_recorded_for_whom(as_, cast, proposal):
    client = as_(cast.delegate)
    assert "for Sam Source" in text(client.get("/inbox/"))
    client.post(f"/proposals/{proposal.pk}/approve/", {"side": "SOURCE", "comment": "as agreed"})
    row = proposal.transitions.get(side="SOURCE")
    assert (row.by, row.on_behalf_of) == (cast.delegate, cast.source_approver)
    assert "Data Owner of Ledger (LEDGER)" in row.capacity
    page = text(client.get(proposal.get_absolute_url()))
    assert "Dee Delegate for Sam Source approved for the source" in page


def test_notices_are_chosen_with_history(as_, cast):
    as_(cast.maker).post("/me/notices/", {"notices_wanted": "DIGEST"})
    person = User.objects.get(pk=cast.maker.pk)
    assert (person.notices_wanted, person.history.first().history_change_reason) == (
        "DIGEST",
        "Notices chosen",
    )
    as_(cast.maker).post("/me/notices/", {"notices_wanted": "SHOUT"})
    assert User.objects.get(pk=cast.maker.pk).notices_wanted == "DIGEST"


# my password


def test_a_password_is_changed_and_ends_the_other_sessions(as_, cast):
    cast.maker.set_password("waltzflow")
    cast.maker.save()
    elsewhere, client = Client(), as_(cast.maker)
    elsewhere.force_login(cast.maker)
    histories = cast.maker.history.count()
    new = {
        "old_password": "waltzflow",
        "new_password1": "three-four time",
        "new_password2": "three-four time",
    }
    for wrong, sentence in [
        ({"old_password": "wrong"}, "Your old password was entered incorrectly"),
        ({"new_password2": "four-four time"}, "password fields didn"),
        ({"new_password1": "password", "new_password2": "password"}, "This password is too common"),
    ]:
        response = client.post("/me/password/", new | wrong)
        assert response.status_code == 400
        assert sentence in response.content.decode()
    assert (
        "Your password has been changed."
        in client.post("/me/password/", new, follow=True).content.decode()
    )
    assert User.objects.get(pk=cast.maker.pk).check_password("three-four time")
    assert (client.get("/me/").status_code, elsewhere.get("/me/").status_code) == (200, 302)
    assert cast.maker.history.count() == histories


# many at once


@worlds.shared
def three(cast, source, target):
    return [
        factories.proposed(cast.maker, source, target, specification_name=f"{n}.csv")
        for n in range(3)
    ]


def states():
    return [proposal.state for proposal in Proposal.objects.order_by("pk")]


def test_many_are_approved_with_one_comment_each_on_its_own(as_, cast, three):
    sent = {"chosen": [p.pk for p in three[:2]], "verb": "approve", "comment": "all fine"}
    page = as_(cast.both).post("/inbox/decide/", sent, follow=True).content.decode()
    assert "2 of 2 decided." in page
    assert states() == ["FULLY_APPROVED", "FULLY_APPROVED", "PENDING_APPROVALS"]
    assert {row.comment for row in three[0].transitions.exclude(side="")} == {"all fine"}


def test_the_result_names_what_was_not_decided_and_why(as_, cast, three):
    workflow.cancel(three[1], by=cast.maker)
    sent = {"chosen": [p.pk for p in three], "verb": "reject", "comment": "not now"}
    page = as_(cast.source_approver).post("/inbox/decide/", sent, follow=True).content.decode()
    assert "2 of 3 decided." in page
    assert "Mia Maker cancelled on" in page
    assert states() == ["SOURCE_REJECTED", "CANCELLED", "SOURCE_REJECTED"]


def test_one_that_can_no_longer_be_applied_does_not_stop_the_others(
    as_, cast, three, source, target
):
    other = factories.system("Gone")
    factories.involve(cast.both, other)
    doomed = factories.proposed(cast.maker, other, target)
    other.lifecycle = "REMOVED"
    other.save()
    sent = {"chosen": [doomed.pk, three[0].pk], "verb": "approve"}
    page = as_(cast.both).post("/inbox/decide/", sent, follow=True).content.decode()
    assert "1 of 2 decided." in page
    assert "has been removed and takes no new flow." in page
    assert Proposal.objects.get(pk=doomed.pk).transitions.count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"chosen": []}, "Choose at least one proposal."),
        ({"verb": "reject", "comment": " "}, "Say why you reject: the maker needs to know."),
        ({"verb": "explode"}, "Select a valid choice."),
    ],
)
def test_a_choice_that_says_too_little_is_asked_again(as_, cast, three, change, sentence):
    sent = {"chosen": [three[0].pk], "verb": "approve", "comment": ""} | change
    response = as_(cast.both).post("/inbox/decide/", sent)
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert set(states()) == {"PENDING_APPROVALS"}


def test_a_stranger_decides_nothing_in_bulk(as_, cast, three):
    sent = {"chosen": [p.pk for p in three], "verb": "approve"}
    page = as_(cast.stranger).post("/inbox/decide/", sent, follow=True)
    assert "0 of 3 decided." in page.content.decode()
    assert "You may not approve for the source, Ledger (LEDGER)." in page.content.decode()
    assert set(states()) == {"PENDING_APPROVALS"}


def test_the_inbox_pages_hold_everything_once(as_, cast, source, target):
    made = [
        factories.proposed(cast.maker, source, target, specification_name=f"{n}.csv").pk
        for n in range(30)
    ]
    client = as_(cast.both)
    first = client.get("/inbox/").context["page"]
    second = client.get(f"/inbox/{first.next}").context["page"]
    assert [p.pk for p in [*first.rows, *second.rows]] == made
    assert (first.previous, second.next) == ("", "")


@pytest.mark.parametrize("place", ["the list", "a system", "a logical flow", "a physical flow"])
def test_wherever_it_is_listed_one_sees_whom_it_waits_for_and_since_and_until_when(
    as_, cast, proposal, place
):
    done = workflow.approve(proposal, sides=["SOURCE", "TARGET"], by=cast.both)
    change = Proposal.change_of(done.result_physical_flow, cast.maker)
    change.reason, change.frequency = done.reason, "WEEKLY"
    workflow.submit(
        change, done.data_types.all(), by=cast.maker, at=timezone.now() - timedelta(days=10)
    )
    waiting = workflow.approve(
        change, sides=["SOURCE"], by=cast.source_approver, at=timezone.now() - timedelta(days=5)
    )
    of = {"the list": done, "a system": done.target, "a logical flow": done.result_logical_flow}
    url = (
        of.get(place, done.result_physical_flow).get_absolute_url()
        if place != "the list"
        else "/proposals/"
    )
    page = text(as_(cast.stranger).get(url))
    assert "Target Bo Both, Tess Target" in page
    assert f"since {waiting.last_transition().at:%-d %b %Y}" in page
    assert f"{waiting.due_at:%-d %b %Y}" in page
