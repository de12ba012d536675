"""Views of lists that people keep: what is kept, who sees them, and who may remove them."""

import pytest
from playwright.sync_api import expect

from proposals.models import SavedView
from proposals.views.saved_views import MOST

from . import factories
from .browsing import Visitor
from .test_pages import text


@pytest.fixture
def admin(cast):
    return cast.superuser


def keep(client, query: str, name: str = "Mine", list_name: str = "flows", **more):
    return client.post("/views/", {"list_name": list_name, "name": name, "query": query} | more)


def test_a_view_keeps_what_the_list_understands_and_not_the_place_in_it(as_, cast):
    query = "q=led&q2=x&columns=consent&columns=data_types&after=a&order=route-down&as=csv&origin="
    answer = keep(as_(cast.stranger), query)
    assert answer.url == "/flows/?q=led&columns=consent&columns=data_types&order=route-down"
    page = as_(cast.stranger).get(answer.url)
    assert page.status_code == 200
    assert 'aria-current="page">Mine</a>' in " ".join(page.content.decode().split())


@pytest.mark.parametrize("query", ["", "after=x", "nonsense=1", "q="])
def test_a_list_as_it_always_is_needs_no_view(as_, cast, query):
    page = as_(cast.stranger).post(
        "/views/", {"list_name": "flows", "name": "Mine", "query": query}, follow=True
    )
    assert "Filter the list, order it or choose columns first." in text(page)
    assert not SavedView.objects.exists()


def test_the_same_name_in_any_case_takes_the_place_of_the_view(as_, cast):
    client = as_(cast.stranger)
    keep(client, "q=one", "My flows")
    keep(client, "q=two", "MY  FLOWS")
    keep(client, "q=three", "My flows", "systems")
    kept = SavedView.objects.order_by("pk").values_list("name", "list_name", "query")
    assert list(kept) == [("My flows", "flows", "q=two"), ("My flows", "systems", "q=three")]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"list_name": "people"}, 404),
        ({"name": ""}, 302),
        ({"name": "x" * 61}, 302),
        ({"name": "\x00"}, 302),
        ({"query": "q=" + "x" * 2000}, 302),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(as_, cast, sent, status):
    wish = {"list_name": "flows", "name": "Mine", "query": "q=led"}
    assert as_(cast.stranger).post("/views/", wish | sent).status_code == status
    assert not SavedView.objects.exists()


def test_others_see_a_view_only_if_an_administrator_shares_it(as_, cast, admin):
    keep(as_(cast.maker), "q=led", "Of the maker", is_shared="on")
    keep(as_(admin), "q=risk", "Of all", is_shared="on")
    keep(as_(admin), "q=desk", "Of the admin")
    names = {
        person.name: [view.name for view in as_(person).get("/flows/").context["views"]]
        for person in (cast.maker, cast.stranger, admin)
    }
    assert list(names.values()) == [
        ["Of all", "Of the maker"],
        ["Of all"],
        ["Of all", "Of the admin"],
    ]
    assert as_(cast.stranger).get("/systems/").context["views"] == []


def test_one_removes_ones_own_and_an_administrator_what_is_shared(as_, cast, admin):
    keep(as_(cast.maker), "q=led")
    keep(as_(admin), "q=led", "Of all", is_shared="on")
    own, shared = SavedView.objects.order_by("pk")
    for person, view, status in [
        (cast.stranger, own, 404),
        (cast.maker, shared, 404),
        (admin, own, 404),
        (cast.maker, own, 302),
        (admin, shared, 302),
    ]:
        assert as_(person).post(f"/views/{view.pk}/remove/").status_code == status
    assert not SavedView.objects.exists()


def test_nobody_keeps_more_views_of_a_list_than_one_can_read(as_, cast):
    SavedView.objects.bulk_create(
        SavedView(owner=cast.maker, list_name="flows", name=f"View {n}", query="q=x")
        for n in range(MOST)
    )
    client = as_(cast.maker)
    keep(client, "q=more", "One more")
    keep(client, "q=less", "View 3")
    assert SavedView.objects.count() == MOST
    assert SavedView.objects.get(name="View 3").query == "q=less"


def test_kept_and_opened_and_removed_in_a_browser(chromium, live_server, people, source, target):
    factories.flow(source, target, physical=1)
    visitor = Visitor(chromium, live_server.url, script=True).sign_in(people.maker)
    page = visitor.page
    page.goto("/flows/?q=ledger")
    page.get_by_text("Keep this view").click()
    page.get_by_label("Name", exact=True).fill("Of the ledger")
    visitor.check()
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("The view “Of the ledger” is kept.")).to_be_visible()
    page.goto("/flows/")
    page.get_by_role("link", name="Of the ledger").click()
    page.wait_for_url("**/flows/?q=ledger")
    page.get_by_text("Columns", exact=True).click()
    visitor.check()
    visitor.check_on_a_telephone()
    page.get_by_text("Keep this view").click()
    page.get_by_role("button", name="Remove Of the ledger").click()
    expect(page.get_by_text("The view “Of the ledger” is removed.")).to_be_visible()
    visitor.context.close()
