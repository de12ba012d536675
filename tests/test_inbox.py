"""The inbox: narrowing and ordering what waits, deciding many at once, and from one to the next."""

import re
from itertools import pairwise

import pytest
from django.test import Client
from playwright.sync_api import expect

from proposals import workflow
from proposals.models import Proposal, reading

from . import factories, worlds
from .browsing import Visitor
from .test_pages import text


@pytest.fixture
def as_():
    def sign_in(person):
        client = Client()
        client.force_login(person)
        return client

    return sign_in


def listed(client, query: str) -> list[Proposal]:
    return [row.proposal for row in client.get(f"/inbox/{query}").context["rows"]]


@worlds.shared
def waiting(cast, source, target) -> dict[str, Proposal]:
    """What waits for the source approver, oldest first; by what is special about it."""
    trades, options = factories.data_type("Trades"), factories.data_type("Options")
    options.parent = trades
    options.save()
    elsewhere, mo = factories.system("Archive Two", code="ARC2"), factories.user("Mo Maker")
    made = {
        "plain": factories.proposed(cast.maker, source, target, [trades]),
        "elsewhere": factories.proposed(cast.maker, source, elsewhere),
        "options": factories.proposed(mo, source, target, [options], specification_name="o.csv"),
        "reason": factories.proposed(
            cast.maker,
            source,
            target,
            specification_name="r.csv",
            reason=factories.reason("Cost"),
        ),
    }
    returned = factories.proposed(cast.maker, source, target, specification_name="again.csv")
    workflow.request_changes(returned, side="SOURCE", by=cast.source_approver, comment="Daily?")
    again = factories.wish(
        maker=cast.maker, source=source, target=target, specification_name="again.csv"
    )
    again.reason = returned.reason
    again.revise(returned)
    workflow.submit(again, returned.data_types.all(), by=cast.maker)
    made["revised"] = again
    return made


def test_each_filter_leaves_what_it_names_and_each_order_sorts(
    as_, cast, waiting, source, target, subtests
):
    client, everything = as_(cast.source_approver), list(waiting)
    types = {row.name: row.pk for row in waiting["plain"].data_types.model.objects.all()}
    expected = {
        "": everything,
        "?system=ARC2": ["elsewhere"],
        "?system=nowhere": [],
        f"?data_type={types['Trades']}": ["plain", "options"],
        f"?data_type={types['Trades']}&only=on": ["plain"],
        "?maker=mo+maker": ["options"],
        f"?reason={waiting['reason'].reason_id}": ["reason"],
        "?round=later": ["revised"],
        "?round=first": everything[:4],
        "?order=newest": everything[::-1],
        "?order=newest&round=first&maker=mia": ["reason", "elsewhere", "plain"],
        "?order=deadline": everything,
        "?order=route": ["elsewhere", "plain", "options", "reason", "revised"],
    }
    for query, names in expected.items():
        with subtests.test(query=query):
            assert listed(client, query) == [waiting[name] for name in names]
            total = client.get(f"/inbox/{query}").context["total"]
            assert total.number == len(names)


def test_the_order_is_chosen_on_the_page(as_, cast, waiting):
    page = as_(cast.source_approver).get("/inbox/?order=newest").content.decode()
    [chooser] = re.findall(r'<select name="order".*?</select>', page, re.DOTALL)
    assert re.search(r'value="newest"[^>]*selected', chooser)
    assert page.count('name="order"') == 1


def test_what_waits_for_others_is_in_no_filter(as_, cast, waiting):
    assert listed(as_(cast.target_approver), "?system=ARC2") == []
    assert listed(as_(cast.stranger), "?round=first") == []


def test_everything_of_the_page_is_chosen_without_a_script_too(as_, cast, waiting):
    page = as_(cast.source_approver).get("/inbox/?order=newest&choose=page")
    assert len(re.findall(r'name="chosen"[^>]*checked>', page.content.decode())) == 5
    assert page.context["queue"].query == "order=newest"


# asking before many are decided


def ask(client, rows, verb: str, **more):
    return client.get("/inbox/decide/", {"chosen": [row.pk for row in rows], "verb": verb, **more})


def test_one_is_asked_before_many_are_decided_and_a_link_decides_nothing(as_, cast, waiting):
    page = ask(as_(cast.source_approver), waiting.values(), "approve", inbox="order=newest")
    markup = page.content.decode()
    assert "Approve: 5 proposals?" in markup
    assert markup.count('name="chosen"') == 5
    assert "/inbox/decide/?inbox=order%3Dnewest" in markup
    assert {row.state for row in Proposal.objects.open()} == {"PENDING_APPROVALS"}


def test_what_no_longer_waits_is_said_before_one_decides(as_, cast, waiting):
    workflow.cancel(waiting["plain"], by=cast.maker)
    page = ask(as_(cast.source_approver), waiting.values(), "reject").content.decode()
    assert "Reject: 4 proposals?" in page
    assert page.count("does not wait for you any more") == 1


@pytest.mark.parametrize("query", ["", "verb=approve", "verb=explode&chosen=1", "chosen=x&verb=x"])
def test_a_question_about_nothing_is_none(as_, cast, query):
    assert as_(cast.source_approver).get(f"/inbox/decide/?{query}").status_code == 400


def decide(client, rows, verb: str, **more):
    sent = {"chosen": [row.pk for row in rows], "verb": verb, **more}
    return client.post("/inbox/decide/?inbox=order%3Dnewest", sent)


@pytest.fixture
def pair(cast, source, target) -> list[Proposal]:
    """One that Bo decides for both sides, and one for the source alone."""
    away = factories.system("Archive Two")
    return [
        factories.proposed(cast.maker, source, target),
        factories.proposed(cast.maker, source, away),
    ]


def test_the_side_is_asked_where_there_are_several_and_marked_when_missing(as_, cast, pair):
    client = as_(cast.both)
    assert b"for which?" in ask(client, pair, "reject").content
    assert b"for which?" not in ask(client, pair[1:], "reject").content
    missing = decide(client, pair, "reject", comment="No.")
    assert missing.status_code == 400
    assert "Say for which side you reject." in missing.content.decode()
    assert missing.context["form"].errors.keys() == {"side"}
    assert 'aria-invalid="true"' in missing.content.decode()
    answer = decide(client, pair, "reject", comment="No.", side="TARGET")
    assert answer.url.endswith("/?inbox=order%3Dnewest")
    states = [Proposal.objects.get(pk=row.pk).state for row in pair]
    assert states == ["TARGET_REJECTED", "SOURCE_REJECTED"]


def test_before_it_counts_each_chosen_one_says_what_it_asks(as_, cast, pair, source):
    bare = factories.proposed(cast.maker, source, factories.system("Billing"), **factories.BARE)
    kept = factories.specification(source, "kept.csv", [factories.data_type()])
    existing = {"specification": kept, "specification_name": "", "frequency": "MONTHLY"}
    known = factories.proposed(cast.maker, source, factories.system("Tax"), [], **existing)
    page = text(ask(as_(cast.both), [*pair, bare, known], "approve"))
    assert f"No. {pair[1].pk} · New flow · trades.csv · daily · for the source" in page
    assert f"No. {bare.pk} · New flow · without a physical flow · for the source" in page
    assert f"No. {known.pk} · New flow · kept.csv · monthly · for the source" in page


def test_an_approval_may_be_for_one_side_of_several(as_, cast, pair):
    decide(as_(cast.both), pair, "approve", side="SOURCE")
    states = {Proposal.objects.get(pk=row.pk).state for row in pair}
    assert states == {"SOURCE_APPROVED"}


def test_with_two_people_for_two_sides_the_side_is_asked_of_an_approval_too(as_, cast, pair):
    factories.policy(one_person_both_sides=False)
    assert b"Both, recorded" not in ask(as_(cast.both), pair, "approve").content
    assert decide(as_(cast.both), pair, "approve").context["form"].errors.keys() == {"side"}
    decide(as_(cast.both), pair, "approve", side="TARGET")
    states = [Proposal.objects.get(pk=row.pk).state for row in pair]
    assert states == ["TARGET_APPROVED", "SOURCE_APPROVED"]


def test_the_comment_is_marked_when_missing_and_what_was_chosen_stays(as_, cast, pair):
    page = decide(as_(cast.source_approver), pair, "return", comment=" ")
    assert page.status_code == 400
    assert page.context["form"].errors.keys() == {"comment"}
    assert page.content.decode().count('name="chosen"') == 2
    assert {row.state for row in Proposal.objects.all()} == {"PENDING_APPROVALS"}


# from one to the next


@pytest.mark.parametrize("many", [2_000, 0], ids=["of few systems", "as if of very many"])
def test_a_decision_of_the_inbox_leads_to_the_next_one_in_its_order(
    as_, cast, waiting, many, monkeypatch
):
    monkeypatch.setattr(reading, "MANY", many)
    client = as_(cast.source_approver)
    number = waiting["reason"].pk
    page = client.get(f"/proposals/{number}/?inbox=order%3Dnewest")
    others = page.context["others"]
    assert (others.waiting.number, others.next, others.previous) == (
        4,
        waiting["options"],
        waiting["revised"],
    )
    sent = {"side": "SOURCE", "comment": ""}
    answer = client.post(f"/proposals/{number}/approve/?inbox=order%3Dnewest", sent)
    assert answer.url == f"/proposals/{number}/?inbox=order%3Dnewest"
    page = client.get(answer.url)
    assert page.context["others"].next == waiting["options"]
    assert "4 others wait" in " ".join(page.content.decode().split())


def test_from_a_mail_one_goes_on_with_all_that_waits(as_, cast, waiting):
    client = as_(cast.source_approver)
    address = waiting["plain"].get_absolute_url()
    page = client.get(address)
    approval = f"{address}approve/?inbox="
    assert approval in page.content.decode()
    assert "4 others wait" in " ".join(page.content.decode().split())
    answer = client.post(approval, {"side": "SOURCE", "comment": ""})
    assert answer.url == f"{address}?inbox="
    others = client.get(answer.url).context["others"]
    assert (others.waiting.number, others.next in waiting.values()) == (4, True)


def test_who_decides_nothing_here_is_led_nowhere(as_, cast, waiting):
    address = waiting["plain"].get_absolute_url()
    client = as_(cast.maker)
    page = client.get(address)
    assert page.context["queue"] is None
    assert "Nothing to decide here." in page.content.decode()
    cancelled = client.post(f"{address}cancel/", {"comment": "Not needed."})
    assert cancelled.url == address


@pytest.mark.parametrize("many", [2_000, 0], ids=["of few systems", "as if of very many"])
def test_after_the_last_comes_the_first_and_after_all_nothing(
    as_, cast, waiting, many, monkeypatch
):
    monkeypatch.setattr(reading, "MANY", many)
    client = as_(cast.source_approver)
    last = waiting.pop("revised")
    assert client.get(f"{last.get_absolute_url()}?inbox=").context["others"].next == next(
        iter(waiting.values())
    )
    for row in waiting.values():
        workflow.approve(row, sides=["SOURCE"], by=cast.source_approver)
    page = client.get(f"{last.get_absolute_url()}?inbox=")
    assert page.context["others"].next is None
    assert "Nothing else waits for you" in page.content.decode()


@pytest.mark.parametrize("query", ["order=explode", "system=%00", "data_type=" + "9" * 30, "%FF"])
def test_a_filter_that_means_nothing_leads_nowhere(as_, cast, waiting, query):
    client = as_(cast.source_approver)
    address = waiting["plain"].get_absolute_url()
    assert client.get(address, {"inbox": query}).status_code == 200
    assert client.get(f"/inbox/?{query}").status_code == 200


def test_a_draft_has_no_place_in_it(as_, cast, source, target):
    made = factories.draft(cast.maker, source, target)
    page = as_(cast.maker).get(f"{made.get_absolute_url()}?inbox=")
    assert page.context["others"].waiting.number == 0


# with the keyboard alone


@worlds.shared
def thirty(cast, source, target) -> list[Proposal]:
    names = [f"{number:02}.csv" for number in range(30)]
    return [
        factories.proposed(cast.maker, source, target, specification_name=name) for name in names
    ]


def states_of(rows) -> list[str]:
    return list(
        Proposal.objects.filter(pk__in=[row.pk for row in rows])
        .order_by("pk")
        .values_list("state", flat=True)
    )


def test_thirty_proposals_are_triaged_by_keys(chromium, live_server, people, thirty):
    visitor = Visitor(chromium, live_server.url, script=True)
    page = visitor.sign_in(people.source_approver).page

    def press(key: str) -> None:
        page.wait_for_load_state()  # before it, nothing listens to keys yet
        page.keyboard.press(key)

    heading = page.get_by_role("heading", level=1)

    # Three of them rejected together, with one comment.
    for key in "jxjxjx":
        press(key)
    expect(page.get_by_text("3 chosen:")).to_be_visible()
    visitor.check()
    press("r")
    expect(heading).to_have_text("Reject: 3 proposals?")
    expect(page.get_by_label("Why?")).to_be_focused()
    visitor.check()
    press("Tab")
    press("Enter")
    expect(page.get_by_text("Say why you reject: the maker needs to know.")).to_be_visible()
    visitor.complaints.clear()  # Chromium logs the 400
    visitor.check()
    expect(page.get_by_label("Why?")).to_be_focused()
    page.keyboard.type("jxar are only letters here")
    press("Tab")
    press("Enter")
    expect(page.get_by_text("3 of 3 decided.")).to_be_visible()
    assert states_of(thirty)[:4] == ["SOURCE_REJECTED"] * 3 + ["PENDING_APPROVALS"]
    press("Enter")
    expect(heading).to_have_text("Inbox")

    # One is returned from its row, without being chosen first.
    press("j")
    press("c")
    expect(heading).to_have_text("Request changes: 1 proposal?")
    page.keyboard.type("Weekly is enough.")
    press("Tab")
    press("Enter")
    expect(page.get_by_text("1 of 1 decided.")).to_be_visible()
    press("c")
    expect(page.get_by_text("These are decided. What still waits is in the inbox.")).to_be_visible()
    press("Enter")

    # One is read, approved, and the next one is a key away; that is approved too.
    expect(heading).to_have_text("Inbox")
    press("j")
    press("Enter")
    for row, after in pairwise(thirty[4:7]):
        expect(page).to_have_url(f"{live_server.url}/proposals/{row.pk}/?inbox=")
        press("a")
        expect(heading).to_have_text("Approve this proposal?")
        expect(page.get_by_role("button", name="Approve")).to_be_focused()
        press("Enter")
        expect(page.get_by_text(f"Proposal {row.pk}: approved for the source.")).to_be_visible()
        press("r")  # not the one that was just approved
        expect(
            page.get_by_text("Nothing to decide here. The key j leads to the next.")
        ).to_be_visible()
        visitor.check()
        press("j")
        expect(page).to_have_url(f"{live_server.url}/proposals/{after.pk}/?inbox=")
    # Reached from a mail it is no other.
    page.goto(f"{live_server.url}/proposals/{thirty[6].pk}/")
    expect(page.get_by_text("23 others wait for you")).to_be_visible()
    press("j")
    expect(page).to_have_url(f"{live_server.url}/proposals/{thirty[7].pk}/?inbox=")
    press("g")
    press("i")

    # All that are left, at once.
    expect(page.get_by_text("24 wait for you")).to_be_visible()
    page.get_by_label("Choose all of this page").focus()
    press("Space")
    expect(page.get_by_text("24 chosen:")).to_be_visible()
    press("a")
    expect(heading).to_have_text("Approve: 24 proposals?")
    press("Enter")
    expect(page.get_by_text("24 of 24 decided.")).to_be_visible()
    press("Enter")
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    expected = ["SOURCE_REJECTED"] * 3 + ["RETURNED"] + ["SOURCE_APPROVED"] * 26
    assert states_of(thirty) == expected
    assert visitor.complaints == []
    visitor.context.close()


def test_a_key_with_nothing_chosen_asks_to_choose(chromium, live_server, people, thirty):
    visitor = Visitor(chromium, live_server.url, script=True)
    page = visitor.sign_in(people.source_approver).page
    page.keyboard.press("a")
    expect(page.get_by_text("Choose at least one proposal first.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
    page.set_viewport_size({"width": 390, "height": 800})
    bar = page.get_by_role("group", name="Decide the chosen proposals").bounding_box()
    assert bar["y"] + bar["height"] == pytest.approx(800, abs=1)  # at the thumb
    visitor.check_on_a_telephone()
    visitor.context.close()


def test_without_a_script_the_page_asks_too(chromium, live_server, people, thirty):
    visitor = Visitor(chromium, live_server.url, script=False)
    page = visitor.sign_in(people.source_approver).page
    page.get_by_role("link", name="Choose all of this page").click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("25 of 25 decided.")).to_be_visible()
    page.get_by_role("link", name="Back to the inbox").click()
    expect(page.get_by_text("5 wait for you")).to_be_visible()
    visitor.context.close()
