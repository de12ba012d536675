"""The pages: what each does with what it is sent, and what it says. Who gets which status is in
test_urls.py.
"""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proposals import workflow
from proposals.models import LogicalFlow, PhysicalFlow, Proposal, Reason

from . import factories


def text(response) -> str:
    """What a reader reads: without tags, spaces collapsed, none before a comma or a bracket."""
    words = " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())
    return words.replace(" ,", ",").replace(" )", ")")


def queries(client, url: str) -> int:
    """How many a page takes."""
    with CaptureQueriesContext(connection) as counted:
        assert client.get(url).status_code == 200, url
    return len(counted)


# what a maker sends

SENT = {
    "with_physical_flow": "True",
    "specification_name": "trades.csv",
    "specification_format": "FLAT_FILE",
    "transport": "FILE_TRANSPORT",
    "frequency": "DAILY",
    "basis_offset": "1",
    "criticality": "HIGH",
    "justification": "The risk report needs it.",
}


@pytest.fixture
def sent(source, target):
    types = [factories.data_type("Trades").pk]
    return SENT | {
        "source": "Ledger (LEDGER)",
        "target": "risk",
        "reason": factories.reason().pk,
        "data_types": types,
    }


NEW = "/proposals/new/"


def test_a_maker_proposes_a_flow(as_, cast, sent, source, target):
    response = as_(cast.maker).post(NEW, sent | {"submit": "1"}, follow=True)
    proposal = Proposal.objects.get()
    assert (proposal.state, proposal.maker) == ("PENDING_APPROVALS", cast.maker)
    assert (proposal.source, proposal.target, proposal.basis_offset) == (source, target, 1)
    page = text(response)
    assert f"Proposal {proposal.pk} has been submitted." in page
    assert "Waits for both sides" in page
    assert "Sam Source" in page
    assert "Data Owner · may approve and reject" in page


def test_without_a_physical_flow_what_was_typed_about_one_is_dropped(as_, cast, sent):
    as_(cast.maker).post(NEW, sent | {"with_physical_flow": "False", "submit": "1"})
    proposal = Proposal.objects.get()
    assert (proposal.specification_name, proposal.transport, proposal.basis_offset) == (
        "",
        "",
        None,
    )
    assert proposal.state == "PENDING_APPROVALS"


def test_an_unfinished_draft_is_kept_and_continued(as_, cast, sent):
    client = as_(cast.maker)
    client.post(
        NEW, {"source": "LEDGER", "target": "RISK", "with_physical_flow": "True", "draft": "1"}
    )
    draft = Proposal.objects.get()
    assert (draft.state, draft.transport, draft.transitions.count()) == ("PROPOSED_CREATE", "", 0)
    page = client.get(f"/proposals/{draft.pk}/edit/").content.decode()
    assert 'value="Ledger (LEDGER)"' in page
    client.post(f"/proposals/{draft.pk}/edit/", sent | {"submit": "1"})
    assert Proposal.objects.get().state == "PENDING_APPROVALS"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"source": "nowhere"}, "No system is called “nowhere”. Type a name or a code."),
        ({"source": "ledg"}, "No system is called “ledg”. Did you mean Ledger (LEDGER)?"),
        ({"source": ""}, "Name the system that sends."),
        ({"target": "LEDGER"}, "Source and target must be two different systems."),
        ({"transport": "PIGEON"}, "PIGEON is not one of the available choices."),
        ({"transport": ""}, "Give the transport of the physical flow."),
        ({"basis_offset": "1.5"}, "Enter a whole number."),
        ({"basis_offset": "99999"}, "less than or equal to 999"),
        ({"specification_name": ""}, "Choose a specification, or name a new one."),
        ({"specification_name": "x" * 201}, "at most 200 characters"),
        ({"data_types": []}, "Choose at least one data type."),
        ({"data_types": ["nonsense"]}, "is not a valid value"),
        ({"reason": ""}, "Choose a reason."),
        ({"reason": "99999999999999999999"}, "Select a valid choice."),
        ({"justification": "x" * 4001}, "at most 4000 characters"),
    ],
)
def test_bad_input_gets_a_sentence_and_loses_nothing(as_, cast, sent, change, sentence):
    data = {"justification": "The risk report needs it."} | sent | change | {"submit": "1"}
    response = as_(cast.maker).post(NEW, data)
    assert response.status_code == 400
    assert sentence in text(response)
    if "justification" not in change:
        assert "The risk report needs it." in text(response)
    assert 'value="FILE_TRANSPORT" selected' in response.content.decode() or "transport" in change
    assert Proposal.objects.count() == 0


def test_a_removed_system_is_refused_in_the_form(as_, cast, sent, target):
    target.lifecycle = "REMOVED"
    target.save()
    response = as_(cast.maker).post(NEW, sent | {"submit": "1"})
    assert response.status_code == 409
    assert "Risk Engine (RISK) has been removed and takes no new flow." in text(response)
    assert Proposal.objects.count() == 0


def test_a_twin_is_refused_with_a_link_and_the_form_keeps_what_was_typed(as_, cast, sent, proposal):
    response = as_(cast.stranger).post(NEW, sent | {"submit": "1"})
    assert response.status_code == 409
    page = response.content.decode()
    assert f"Proposal {proposal.pk} by Mia Maker asks for the same and is still open." in page
    assert f'href="{proposal.get_absolute_url()}"' in page
    assert "The risk report needs it." in page
    assert Proposal.objects.count() == 1


def test_state_maker_and_origin_cannot_be_sent(as_, cast, sent):
    sneaky = {
        "state": "FULLY_APPROVED",
        "maker": cast.stranger.pk,
        "result_logical_flow": "1",
        "type": "DELETE",
    }
    as_(cast.maker).post(NEW, sent | sneaky | {"submit": "1"})
    proposal = Proposal.objects.get()
    assert (proposal.state, proposal.maker, proposal.type) == (
        "PENDING_APPROVALS",
        cast.maker,
        "CREATE",
    )


def test_the_specifications_of_the_source_are_offered_without_a_script(
    as_, cast, sent, source, target
):
    mine, foreign = (
        factories.specification(source, "mine.csv"),
        factories.specification(target, "foreign.csv"),
    )
    page = text(as_(cast.maker).post(NEW, sent | {"show": "1"}))
    assert str(mine) in page
    assert str(foreign) not in page
    part = text(as_(cast.maker).get("/proposals/new/source/", {"source": "ledger"}))
    assert str(mine) in part


def test_an_existing_specification_silences_the_description_of_a_new_one(as_, cast, sent, source):
    existing = factories.specification(source, types=[factories.data_type()])
    as_(cast.maker).post(NEW, sent | {"specification": existing.pk, "submit": "1"})
    proposal = Proposal.objects.get()
    assert (proposal.specification, proposal.specification_name) == (existing, "")


def test_the_route_is_filled_in_from_the_link(as_, cast, source, target):
    page = as_(cast.maker).get(NEW, {"source": source.pk, "target": "9" * 40}).content.decode()
    assert 'value="Ledger (LEDGER)"' in page


# deciding


def test_a_look_decides_nothing_and_a_click_does(as_, cast, proposal):
    client, url = as_(cast.source_approver), f"/proposals/{proposal.pk}/approve/"
    assert "Approve this proposal?" in text(client.get(url))
    assert Proposal.objects.get().state == "PENDING_APPROVALS"
    response = client.post(url, {"side": "SOURCE", "comment": "fine"}, follow=True)
    assert f"Proposal {proposal.pk}: approved for the source." in text(response)
    assert Proposal.objects.get().state == "SOURCE_APPROVED"


def test_both_sides_in_one_click(as_, cast, proposal):
    url = f"/proposals/{proposal.pk}/approve/"
    assert "Both, recorded as two decisions" in text(as_(cast.both).get(url))
    as_(cast.both).post(url, {"side": "BOTH"})
    assert Proposal.objects.get().state == "FULLY_APPROVED"
    assert PhysicalFlow.objects.count() == 1


def test_only_the_sides_one_has_are_offered(as_, cast, proposal):
    page = text(as_(cast.source_approver).get(f"/proposals/{proposal.pk}/approve/"))
    assert "Both, recorded" not in page


def test_both_sides_are_not_offered_where_the_policy_wants_two_people(as_, cast, proposal):
    factories.policy(one_person_both_sides=False)
    page = as_(cast.both).get(f"/proposals/{proposal.pk}/approve/")
    assert [value for value, _ in page.context["form"].fields["side"].widget.choices] == [
        "SOURCE",
        "TARGET",
    ]
    refused = as_(cast.both).post(f"/proposals/{proposal.pk}/approve/", {"side": "BOTH"})
    assert refused.status_code == 403
    assert "This proposal needs two people, so approve for one side." in text(refused)


def test_a_side_one_does_not_have_is_refused_though_not_offered(as_, cast, proposal):
    response = as_(cast.source_approver).post(
        f"/proposals/{proposal.pk}/approve/", {"side": "TARGET"}
    )
    assert response.status_code == 403
    assert "You may not approve for the target, Risk Engine (RISK)." in text(response)


def test_a_form_that_asks_again_offers_no_further_side(as_, cast, proposal):
    url = f"/proposals/{proposal.pk}/reject/"
    again = as_(cast.source_approver).post(url, {"side": "SOURCE", "comment": ""})
    assert again.context["form"].fields["side"].widget.choices == [("SOURCE", "Source")]
    factories.policy(one_person_both_sides=False)
    again = as_(cast.both).post(f"/proposals/{proposal.pk}/approve/", {"comment": "Fine."})
    assert [value for value, _ in again.context["form"].fields["side"].widget.choices] == [
        "SOURCE",
        "TARGET",
    ]


@pytest.mark.parametrize("side", ["", "BOTH", "NORTH"])
def test_a_decision_names_a_side_it_can_be_for(as_, cast, proposal, side):
    url = f"/proposals/{proposal.pk}/reject/"
    response = as_(cast.both).post(url, {"side": side, "comment": "No."})
    assert response.status_code == 400
    assert "Say for which side you reject." in text(response)


def test_a_rejection_without_a_comment_asks_again(as_, cast, proposal):
    response = as_(cast.rejecter).post(
        f"/proposals/{proposal.pk}/reject/", {"side": "TARGET", "comment": " "}
    )
    assert response.status_code == 400
    assert "Say why you reject: the maker needs to know." in text(response)
    assert Proposal.objects.get().state == "PENDING_APPROVALS"


def test_who_comes_too_late_reads_what_happened(as_, cast, proposal):
    workflow.reject(proposal, side="TARGET", by=cast.rejecter, comment="no")
    response = as_(cast.source_approver).post(
        f"/proposals/{proposal.pk}/approve/", {"side": "SOURCE"}
    )
    assert response.status_code == 409
    assert "Rey Rejecter rejected for the target on" in text(response)


def test_an_approval_that_can_no_longer_be_applied_says_why(as_, cast, proposal, target):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    target.lifecycle = "REMOVED"
    target.save()
    response = as_(cast.target_approver).post(
        f"/proposals/{proposal.pk}/approve/", {"side": "TARGET"}
    )
    assert response.status_code == 409
    assert "Risk Engine (RISK) has been removed" in text(response)
    assert Proposal.objects.get().state == "SOURCE_APPROVED"


def test_the_time_line_tells_the_story(as_, cast, proposal):
    workflow.approve(
        proposal, sides=["TARGET"], by=cast.target_approver, comment="We <b>need</b> it."
    )
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    page = as_(cast.stranger).get(proposal.get_absolute_url())
    told = text(page).partition("Time line")[2]
    parts = [
        "Mia Maker submitted",
        "Tess Target approved for the target",
        "Sam Source approved for the source",
    ]
    places = [
        told.index(part)
        for part in [
            *parts,
            "Both sides have approved (automatic, with the approval of Sam Source)",
        ]
    ]
    assert places == sorted(places)
    assert "We &lt;b&gt;need&lt;/b&gt; it." in page.content.decode()


def test_buttons_are_those_of_the_reader(as_, cast, proposal):
    def verbs(user):
        page = as_(user).get(proposal.get_absolute_url()).content.decode()
        return {
            verb
            for verb in ("approve", "reject", "cancel", "propose")
            if f"/{proposal.pk}/{verb}/" in page
        }

    assert verbs(cast.maker) == {"cancel"}
    assert verbs(cast.source_approver) == {"approve", "reject"}
    assert verbs(cast.rejecter) == {"reject"}
    assert verbs(cast.stranger) == verbs(cast.superuser) == verbs(cast.steward) == set()


# the register


def test_a_further_physical_flow_from_the_flow_page(as_, cast, source, target, sent):
    bare = factories.proposed(cast.maker, source, target, **factories.BARE)
    flow = workflow.approve(bare, sides=["SOURCE", "TARGET"], by=cast.both).result_logical_flow
    client = as_(cast.stranger)
    assert "Add a physical flow" in text(client.get(flow.get_absolute_url()))
    response = client.post(f"/flows/{flow.pk}/physical/new/", sent, follow=True)
    made = PhysicalFlow.objects.get()
    assert made.added_by == cast.stranger
    assert f"The physical flow {made} is in the register." in text(response)
    assert f"Added by Stan Stranger to the flow that proposal {bare.pk} brought" in text(response)


def test_a_flow_nobody_approved_offers_a_proposal_instead(as_, cast, imported):
    page = text(as_(cast.maker).get(imported.get_absolute_url()))
    assert "Add a physical flow" not in page
    assert "Propose a physical flow" in page
    assert "Nobody has approved it." in page
    response = as_(cast.maker).get(f"/flows/{imported.pk}/physical/new/")
    assert response.status_code == 409
    assert "Nobody has approved the flow Ledger → Risk Engine yet" in text(response)


def test_the_flow_page_says_who_approved_it_and_by_what_right(as_, cast, proposal):
    workflow.approve(proposal, sides=["SOURCE"], by=cast.source_approver)
    workflow.approve(proposal, sides=["TARGET"], by=cast.target_approver)
    page = text(as_(cast.stranger).get(LogicalFlow.objects.get().get_absolute_url()))
    assert "Sam Source approved for the source" in page
    assert "Data Owner of Ledger (LEDGER); rule:" in page
    assert f"Proposal {proposal.pk}: fully approved" in page


# lists


def test_filters_and_search_narrow_the_list(as_, cast, source, target, proposal):
    other = factories.proposed(
        cast.other, target, source, specification_name="limits.xml", justification="Basel"
    )
    client = as_(cast.maker)

    def found(**query):
        return {row.pk for row in client.get("/proposals/", query).context["page"].rows}

    assert found() == {proposal.pk, other.pk}
    assert (
        found(q="limits")
        == found(q="basel")
        == found(q=str(other.pk))
        == found(whose="", q="Otto")
        == {other.pk}
    )
    assert found(whose="mine") == {proposal.pk}
    assert found(state="OPEN") == {proposal.pk, other.pk}
    assert found(state="CANCELLED") == found(type="EDIT") == found(older_than="3") == set()
    assert found(system="Ledger (LEDGER)", maker="mia") == {proposal.pk}
    assert found(data_type=proposal.data_types.get().pk) == {proposal.pk}
    assert found(state="NONSENSE") == set()
    assert "Select a valid choice" in text(client.get("/proposals/", {"state": "NONSENSE"}))


def test_drafts_of_others_are_in_no_list(as_, cast, source, target):
    draft = factories.draft(cast.maker, source, target)
    assert draft in as_(cast.maker).get("/proposals/").context["page"].rows
    assert as_(cast.stranger).get("/proposals/").context["page"].rows == []


def test_older_and_newer_pages_hold_every_proposal_once(as_, cast, source, target):
    made = [factories.proposed(cast.maker, source, target, name=f"run {n}").pk for n in range(60)]
    client, seen, query = as_(cast.stranger), [], ""
    while True:
        page = client.get(f"/proposals/{query}").context["page"]
        seen += [row.pk for row in page.rows]
        if not page.next:
            break
        query = page.next
    assert seen == made[::-1]
    back = client.get(f"/proposals/{page.previous}").context["page"]
    assert [row.pk for row in back.rows] == made[::-1][25:50]


@pytest.mark.once(on="sqlite")
def test_a_list_costs_no_query_for_each_row(as_, cast, source, target):
    def rows(number, start):
        for n in range(start, start + number):
            proposal = factories.proposed(cast.maker, source, target, name=f"run {n}")
            done = factories.proposed(cast.maker, factories.system(), target)
            factories.involve(cast.both, done.source)
            workflow.approve(done, sides=["SOURCE", "TARGET"], by=cast.both)
        return proposal

    places = ["/inbox/", "/proposals/", "/systems/", "/flows/"]
    rows(1, 0)
    client = as_(cast.target_approver)
    few = {url: queries(client, url) for url in places}
    assert max(few.values()) <= 15, few
    rows(4, 1)
    assert {url: queries(client, url) for url in places} == few


# hostile input


@pytest.mark.parametrize(
    "url",
    [
        "/proposals/99999999999999999999999999/",
        "/systems/99999999999999999999999999/",
        "/flows/0/",
        "/physical-flows/1/",
        "/proposals/?before=99999999999999999999999&after=x",
        "/proposals/?q=%00&maker=%00&system=%00&older_than=1e400&unit=x&data_type=-1",
        "/proposals/?q=%F0%9F%92%A9%20%27%22%3B--&state[]=x",
        "/systems/?page=99999999999999999999&kind=%00",
        "/flows/?page=-1&lifecycle=%00&system=%00",
        "/proposals/new/?source=%00&target=%F0%9F%92%A9",
        "/proposals/new/?source=²",
        "/proposals/new/source/?source=%00",
    ],
)
def test_hostile_urls_are_answered_without_an_error(as_, cast, url):
    assert as_(cast.maker).get(url).status_code in (200, 404)


# headers


@pytest.mark.parametrize("url", ["/sign-in/", "/inbox/", "/nowhere/", "/admin/", "/healthz"])
def test_every_page_has_a_strict_content_security_policy(as_, cast, url):
    policy = as_(cast.superuser).get(url).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_signing_in_does_not_fill_the_history(client, cast):
    cast.maker.set_password("waltzflow")
    cast.maker.save()
    before = cast.maker.history.count()
    response = client.post("/sign-in/", {"username": cast.maker.username, "password": "waltzflow"})
    assert response.url == "/"
    assert cast.maker.history.count() == before


def test_an_open_redirect_after_sign_in_is_not_followed(client, cast):
    cast.maker.set_password("waltzflow")
    cast.maker.save()
    sent = {
        "username": cast.maker.username,
        "password": "waltzflow",
        "next": "https://evil.example/",
    }
    assert client.post("/sign-in/", sent).url == "/"


def test_a_deactivated_person_is_out_at_the_next_request(as_, cast):
    client = as_(cast.maker)
    assert client.get("/inbox/").status_code == 200
    cast.maker.is_active = False
    cast.maker.save()
    assert client.get("/inbox/").status_code == 302


def test_a_side_that_is_the_only_one_is_stated_and_not_asked(as_, cast, proposal):
    page = as_(cast.source_approver).get(f"/proposals/{proposal.pk}/approve/")
    assert "For the source, as Data Owner." in text(page)
    assert '<input type="hidden" name="side" value="SOURCE">' in page.content.decode()
    assert 'type="radio"' not in page.content.decode()
    assert (
        'type="radio"' in as_(cast.both).get(f"/proposals/{proposal.pk}/approve/").content.decode()
    )


def test_an_empty_list_of_reasons_says_whom_to_ask(as_, cast):
    cast.superuser.name = "Ada Admin"
    cast.superuser.save()
    factories.reason()
    advice = "There is no reason to choose from. Ask an administrator to add one: Ada Admin."
    assert advice not in text(as_(cast.maker).get("/proposals/new/"))
    Reason.objects.update(is_active=False)
    assert advice in text(as_(cast.maker).get("/proposals/new/"))


# where one begins to write


def begins(response) -> str:
    """The name of the first element that takes the focus; empty if none does."""
    elements = re.findall(r"<\w+[^>]*\sautofocus[\s>=][^>]*", response.content.decode())
    return next(iter(re.findall(r'name="(\w+)"', elements[0]) or ["other"]), "") if elements else ""


def test_who_revises_begins_at_the_first_field_that_was_remarked_on(as_, cast, proposal):
    for topic in ("external_id", "frequency"):
        workflow.remark(proposal, "Why?", by=cast.both, topic=topic)
    workflow.request_changes(proposal, side="SOURCE", by=cast.both, comment="Answer first.")
    client = as_(cast.maker)
    page = client.get(f"{NEW}?from={proposal.pk}")
    assert begins(page) == "frequency"
    # Where the last remark stands is open.
    assert "<details open>" in page.content.decode()


def test_every_form_begins_in_the_first_field_to_be_filled_or_corrected(
    as_, cast, sent, story, source, target
):
    client = as_(cast.maker)
    physical = story.physical.get_absolute_url()
    bare = f"{story.logical.get_absolute_url()}physical/new/"
    for url, field in [
        (NEW, "source"),
        (f"{NEW}?source={source.pk}", "target"),
        (f"{NEW}?source={source.pk}&target={target.pk}", "source"),
        (f"{physical}edit/", "transport"),
        (f"{physical}remove/", "reason"),
        (bare, "specification"),
        ("/me/password/", "old_password"),
        ("/me/", ""),
        ("/proposals/", ""),
        (physical, ""),
    ]:
        assert begins(client.get(url)) == field, url
    for change, field in [
        ({"target": "nowhere", "transport": ""}, "target"),
        ({"transport": "PIGEON"}, "transport"),
        ({"data_types": []}, "data_types"),
    ]:
        response = client.post(NEW, sent | {"submit": "1"} | change)
        assert (response.status_code, begins(response)) == (400, field), change
    wrong = client.post("/me/", {"delegate": cast.stranger.email, "ends_at": "never"})
    assert begins(wrong) == "ends_at"


def test_a_decision_asks_with_the_right_by_which_it_would_be_taken(as_, cast, proposal):
    ask = f"{proposal.get_absolute_url()}approve/"
    both = text(as_(cast.both).get(ask))
    assert "For the source, as Data Owner. For the target, as Data Owner." in both
    factories.delegate(cast.source_approver, cast.stranger)
    said = text(as_(cast.stranger).get(ask))
    assert f"For the source, as Data Owner for {cast.source_approver}." in said
    assert "For the target" not in said


def test_a_decision_begins_at_the_side_where_one_must_be_chosen(as_, cast, proposal):
    for person, verb, field in [
        (cast.both, "approve", "side"),
        (cast.both, "return", "side"),
        (cast.both, "reject", "side"),
        (cast.source_approver, "approve", "other"),  # its button
        (cast.source_approver, "return", "comment"),
    ]:
        page = as_(person).get(f"{proposal.get_absolute_url()}{verb}/")
        assert begins(page) == field, (person, verb)
    chosen = {"chosen": proposal.pk, "inbox": ""}
    for verb, field in [("approve", "other"), ("return", "side")]:  # approves both unless told
        page = as_(cast.both).get("/inbox/decide/", chosen | {"verb": verb})
        assert begins(page) == field, verb
