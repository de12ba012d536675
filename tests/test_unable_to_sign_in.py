"""Whoever may decide and has no way to sign in yet is marked wherever they are named for it."""

from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from proposals.models import User

from . import factories
from .test_advice import advised
from .test_pages import text
from .test_quality import links

MARK = "cannot sign in yet"


def silence(*people) -> None:
    User.objects.filter(pk__in=[person.pk for person in people]).update(password="!none")


def test_one_question_and_one_fact_agree_on_who_cannot_sign_in(cast):
    silence(cast.both, cast.inactive)
    unable = set(User.objects.unable_to_sign_in())
    assert unable == {person for person in User.objects.all() if person.cannot_sign_in}
    assert unable == {cast.both}


def test_every_page_that_names_approvers_marks_who_cannot_sign_in(as_, cast, source, target):
    silence(cast.target_approver)
    nearly = timezone.now() - timedelta(days=29)
    proposal = factories.proposed(cast.maker, source, target, at=nearly)
    marked = {
        f"/proposals/{proposal.pk}/": f"Bo Both, Tess Target {MARK}",
        "/proposals/": f"Bo Both, Tess Target {MARK}",
        f"/systems/{proposal.target_id}/": f"Tess Target {MARK} Data Owner",
        "/systems/?columns=approvers": f"Bo Both, Tess Target {MARK}",
        "/quality/overdue/": f"Tess Target ({MARK})",
        "/insights/": f"Tess Target {MARK}",
        "/me/people/?delegate=tess": f"Tess Target {MARK} {cast.target_approver.email}",
        f"/people/{cast.target_approver.pk}/": "Cannot sign in yet",
    }
    client = as_(cast.maker)
    for page, words in marked.items():
        shown = text(client.get(page))
        assert words in shown, page
        assert f"Bo Both {MARK}" not in shown, page


OWN = "Target Risk Engine "


@pytest.mark.parametrize(
    ("silent", "told"),
    [
        ([], "Bo Both, Tess Target can approve."),
        (["target_approver"], "Bo Both can approve. Tess Target could too, but has no way to"),
        (["target_approver", "both"], "Bo Both, Tess Target can approve, but have no way to sign"),
    ],
)
def test_advice_says_who_can_approve_and_cannot_sign_in(as_, cast, silent, told):
    silence(*(getattr(cast, name) for name in silent))
    page = advised(as_(cast.maker))
    assert OWN + told in page
    client = as_(cast.maker)
    shown = client.get("/proposals/new/advice/", {"source": "LEDGER", "target": "RISK"})
    assert ('class="nobody"' in shown.content.decode()) == (len(silent) == 2)


def test_advice_says_that_the_steward_cannot_sign_in(as_, cast):
    factories.system("Lonely", code="LONE")
    silence(cast.steward)
    told = "The stewards decide: Stella Steward. Stella Steward has no way to sign in yet."
    assert told in advised(as_(cast.maker), target="LONE")


def test_where_nobody_of_a_side_can_sign_in_the_remedy_is_an_invitation(as_, cast, source, target):
    factories.proposed(cast.maker, source, target, at=timezone.now() - timedelta(days=29))
    silence(cast.target_approver)
    page = as_(cast.maker).get("/quality/overdue/").content.decode()
    assert list(links(page)) == ["Ask for a decision by mail"]
    asked = unquote(links(page)["Ask for a decision by mail"])
    assert asked.startswith(f"mailto:{cast.both.email},{cast.source_approver.email}")
    assert cast.target_approver.email not in asked
    silence(cast.both)
    page = as_(cast.maker).get("/quality/overdue/").content.decode()
    assert list(links(page)) == [
        "Ask for a decision by mail",
        "Ask an administrator to invite them",
    ]
    silence(cast.source_approver, cast.delegate)
    page = as_(cast.maker).get("/quality/overdue/").content.decode()
    asked = unquote(links(page)["Ask an administrator to invite them"])
    assert asked.startswith(f"mailto:{cast.superuser.email}?subject=Nobody can sign in to decide")
    page = as_(cast.superuser).get("/quality/overdue/").content.decode()
    remedy = links(page)["Invite who decides"]
    assert {
        str(person) for person in as_(cast.superuser).get(remedy).context["cl"].result_list
    } == {
        "Bo Both",
        "Dee Delegate",
        "Sam Source",
        "Tess Target",
    }


def test_as_many_queries_for_many_rows_that_need_an_invitation_as_for_one(
    as_, cast, source, target
):
    silence(cast.source_approver, cast.target_approver, cast.both, cast.delegate)
    client, asked = as_(cast.maker), []
    for number in range(3):
        name = f"file {number}"
        at = timezone.now() - timedelta(days=29)
        factories.proposed(cast.maker, source, target, specification_name=name, at=at)
        with CaptureQueriesContext(connection) as queries:
            client.get("/quality/overdue/")
        asked.append(len(queries))
    assert asked[1] == asked[2]
