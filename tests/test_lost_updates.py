"""Whoever saves over somebody else's change is told what changed, by whom, and keeps their text."""

import html
import re

import pytest
from django.contrib.auth.models import Group

from proposals.models import (
    ApproverRule,
    DataType,
    Involvement,
    InvolvementKind,
    OrganisationalUnit,
    Policy,
    Reason,
    System,
    User,
)

from . import factories

HIDDEN = re.compile(r'name="read_version" value="(\d+)"')


def text(response) -> str:
    """What a reader reads, spaces collapsed."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


@pytest.fixture
def two(client, cast):
    """Two administrators, each with a browser of their own."""
    other = factories.user("Olga Other", is_staff=True, is_superuser=True)
    first, second = client.__class__(), client.__class__()
    first.force_login(cast.superuser)
    second.force_login(other)
    return first, second


def fields_of(browser, url: str) -> dict:
    """What a browser would send of the form on this page, untouched."""
    form = browser.get(url).context["adminform"].form
    sent = {}
    for bound in form:
        value = bound.value()
        if hasattr(bound.field.widget, "decompress"):
            parts = bound.field.widget.decompress(value)
            sent |= {f"{bound.html_name}_{n}": part or "" for n, part in enumerate(parts)}
        elif value not in (None, False):
            sent[bound.html_name] = value
    return sent


def test_the_second_administrator_is_told_and_loses_nothing(two, cast, source):
    first, second = two
    url = f"/admin/proposals/system/{source.pk}/change/"
    sent_by_first, sent_by_second = fields_of(first, url), fields_of(second, url)
    first.post(url, sent_by_first | {"description": "The general ledger."})
    answer = second.post(url, sent_by_second | {"name": "Big Ledger"})
    page = text(answer)
    assert f"{cast.superuser} changed Description from “” to “The general ledger.” on" in page
    assert "Save again if it is right now" in page
    form = answer.context["adminform"].form
    assert form["name"].value() == "Big Ledger"
    assert form["description"].value() == "The general ledger."
    assert System.objects.get(pk=source.pk).name == "Ledger"
    again = sent_by_second | {
        "name": "Big Ledger",
        "description": form["description"].value(),
        "read_version": form["read_version"].value(),
    }
    assert second.post(url, again).status_code == 302
    stored = System.objects.get(pk=source.pk)
    assert (stored.name, stored.description) == ("Big Ledger", "The general ledger.")


def save(browser, url: str, sent: dict, why: str = "as agreed"):
    """Sent as often as the form asks: one that decides who may decide first says who gains and who
    loses.
    """
    answer = browser.post(url, sent)
    form = answer.context["adminform"].form if answer.context else None
    weighed = form["weighed"].value() if form and "weighed" in form.fields else ""
    again = {"why": why, "weighed": weighed}
    return browser.post(url, sent | again) if weighed else answer


# What each form of the admin edits: a change by one, another one by the second; None unticks.
EDITED = [
    (OrganisationalUnit, {"name": "One"}, {"description": "Two"}),
    (System, {"is_external": "on"}, {"name": "Two"}),
    (DataType, {"is_deprecated": "on"}, {"name": "Two"}),
    (Reason, {"description": "One"}, {"name": "Two"}),
    (InvolvementKind, {"description": "One"}, {"name": "Two"}),
    (ApproverRule, {"may_approve": None}, {"may_reject": None}),
    (Policy, {"time_out_days": "7"}, {"remind_after_days": "9"}),
    (User, {"title": "One"}, {"title": "Two"}),
    (Involvement, {"kind": "another kind"}, {"user": "another user"}),
]


@pytest.mark.parametrize(
    ("model", "one", "other"), EDITED, ids=[model.__name__ for model, *_ in EDITED]
)
def test_every_form_of_the_admin_tells(two, cast, proposal, model, one, other):
    factories.unit("Trading")
    named = {"another kind": factories.kind("Another").pk, "another user": cast.stranger.pk}
    row = model.objects.order_by("pk").first()
    url = f"/admin/proposals/{model._meta.model_name}/{row.pk}/change/"
    sent = []
    for browser, change in zip(two, (one, other), strict=True):
        written = {name: named.get(value, value) for name, value in change.items()}
        fields = fields_of(browser, url) | written
        sent.append({name: value for name, value in fields.items() if value is not None})
    assert save(two[0], url, sent[0]).status_code == 302
    answer = two[1].post(url, sent[1])
    assert answer.status_code == 200
    assert f"{cast.superuser} changed" in text(answer)


def test_a_change_of_what_the_form_does_not_show_disturbs_nobody(client, cast):
    """Somebody's title is no business of the choice of mails."""
    client.force_login(cast.maker)
    [version] = HIDDEN.findall(client.get("/me/").content.decode())
    cast.maker.title = "Head of Flows"
    cast.maker.save()
    client.post("/me/notices/", {"notices_wanted": "DIGEST", "read_version": version})
    stored = User.objects.get(pk=cast.maker.pk)
    assert (stored.notices_wanted, stored.title) == ("DIGEST", "Head of Flows")


def test_a_choice_of_mails_over_another_one_is_told(client, cast):
    client.force_login(cast.maker)
    [version] = HIDDEN.findall(client.get("/me/").content.decode())
    cast.maker.notices_wanted = "NONE"
    cast.maker.save()
    page = client.post(
        "/me/notices/", {"notices_wanted": "DIGEST", "read_version": version}, follow=True
    )
    assert "changed Notices wanted from “A mail for each event” to “No mail”" in text(page)
    assert User.objects.get(pk=cast.maker.pk).notices_wanted == "NONE"


def test_a_draft_open_in_two_tabs_is_not_overwritten_unawares(client, cast, source, target):
    draft = factories.draft(cast.maker, source, target)
    client.force_login(cast.maker)
    url = f"/proposals/{draft.pk}/edit/"
    [version] = HIDDEN.findall(client.get(url).content.decode())
    sent = factories.WISH | {
        "source": str(source),
        "target": str(target),
        "with_physical_flow": "True",
        "draft": "1",
        "read_version": version,
    }
    assert client.post(url, sent | {"justification": "From the first tab."}).status_code == 302
    answer = client.post(url, sent | {"justification": "From the second tab."})
    assert answer.status_code == 400
    page = text(answer)
    assert f"{cast.maker} changed" in page
    assert "Justification from “” to “From the first tab.”" in page
    assert "Reason from “Regulation” to “”" in page
    assert "From the second tab." in page
    [newest] = HIDDEN.findall(answer.content.decode())
    again = sent | {"justification": "From the second tab.", "read_version": newest}
    assert client.post(url, again).status_code == 302
    draft.refresh_from_db()
    assert draft.justification == "From the second tab."


def test_groups_are_left_alone(two):
    """Their membership is in the history of people; the group itself has nothing to overwrite."""
    assert (
        "read_version"
        not in two[0].get(f"/admin/auth/group/{Group.objects.first().pk}/change/").content.decode()
    )
