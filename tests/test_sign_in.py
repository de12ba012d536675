"""The door: how often one may try, what it gives away, where it leads, and what is behind it
afterwards.
"""

import re
from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.hashers import get_hasher
from django.db import IntegrityError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from proposals.files.catalogue import import_catalogue
from proposals.models import Proposal, User
from proposals.views.sign_in import address

from . import factories
from .test_guards import carry_out

DOOR, RIGHT = "/sign-in/", "waltzflow"


@pytest.fixture
def person(cast):
    cast.maker.set_password(RIGHT)
    cast.maker.save()
    return cast.maker


def knock(name: str, password: str = "wrong", times: int = 1, **request):
    """The last answer to so many tries from one browser each."""
    for _ in range(times):
        response = Client().post(DOOR, {"username": name, "password": password}, **request)
    return response


def text(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


# tries


def test_the_fifth_failure_closes_the_door_and_says_for_how_long(person):
    assert knock(person.username, times=4).status_code == 200
    response = knock(person.username)
    assert response.status_code == 429
    assert "Wait 15 minutes, then try again." in text(response)
    assert 890 < int(response.headers["Retry-After"]) <= 900


def test_a_closed_door_is_closed_to_the_right_password_and_tries_do_not_lengthen_it(person):
    knock(person.username, times=5)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=13, seconds=30))
    for password in (RIGHT, "wrong"):
        response = knock(person.username, password)
        assert response.status_code == 429
        assert "Wait 2 minutes, then" in text(response)


def test_after_the_pause_the_door_opens(person):
    knock(person.username, times=5)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))
    assert knock(person.username, RIGHT).status_code == 302


def test_a_success_begins_the_count_anew(person):
    knock(person.username, times=4)
    assert knock(person.username, RIGHT).status_code == 302
    assert knock(person.username, times=4).status_code == 200


def test_others_are_not_locked_with_them(person, cast):
    knock(person.username, times=5)
    assert knock(person.username, RIGHT, REMOTE_ADDR="10.0.0.2").status_code == 302
    assert knock(cast.other.username).status_code == 200


def test_another_browser_is_no_other_address(person):
    knock(person.username, times=4)
    assert knock(person.username, HTTP_USER_AGENT="another").status_code == 429


def test_the_count_is_the_same_at_every_door(person):
    knock(person.username, times=4)
    answer = Client().post(
        "/admin/login/?next=/admin/", {"username": person.username, "password": "wrong"}
    )
    assert answer.url == "/sign-in/?next=/admin/"
    assert (
        Client().post(answer.url, {"username": person.username, "password": "wrong"}).status_code
        == 429
    )


def test_strange_tries_break_nothing(person):
    for name in ("", "\x00", "x" * 5000, "\ud83d\ude00", "a\nb", "' OR 1=1 --"):
        assert (
            knock(name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")).status_code
            == 200
        )
    assert knock("x", HTTP_USER_AGENT="u" * 5000, HTTP_ACCEPT="a" * 5000).status_code == 200
    assert knock("y", times=6, REMOTE_ADDR="").status_code == 429


def test_tries_keep_no_password(person):
    knock(person.username, "my secret")
    assert "my secret" not in repr(AccessAttempt.objects.values())


# who exists


def answers(name: str) -> list[str]:
    """What somebody reads who tries this name until the door closes; the name itself and tokens
    left out.
    """
    responses = [knock(name) for _ in range(6)]
    return [
        re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", r.content.decode()).replace(name, "")
        for r in responses
    ]


def test_a_name_that_does_not_exist_is_treated_like_one_that_does(person, cast):
    cast.inactive.set_password("wrong")
    cast.inactive.save()
    assert (
        answers(person.username) == answers("nobody@example.com") == answers(cast.inactive.username)
    )


def test_a_name_that_does_not_exist_takes_as_much_work(person, monkeypatch):
    hashed = []
    monkeypatch.setattr(type(get_hasher()), "encode", lambda *a, **k: hashed.append(a) or "")
    imported = factories.user("Imported")
    imported.set_unusable_password()
    imported.save()
    for name in ("nobody@example.com", imported.username):
        before = len(hashed)
        knock(name)
        assert len(hashed) == before + 1, name


# whose address


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "counted"),
    [
        (False, "1.2.3.4", "10.0.0.1"),
        (True, "1.2.3.4", "1.2.3.4"),
        (True, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (True, "", "10.0.0.1"),
        (True, "1.2.3.4, nonsense", "10.0.0.1"),
        (True, "1.2.3.4,", "10.0.0.1"),
        (True, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (True, "::ffff:1.2.3.4", "1.2.3.4"),
        (True, "fe80::1%eth0", "fe80::"),
        (True, "' OR 1=1", "10.0.0.1"),
        (True, "203.0.113.7:50000", "203.0.113.7"),
        (True, "6.6.6.6:1, 198.51.100.9:41000", "198.51.100.9"),
        (True, "[2001:db8:9::1]:41000", "2001:db8:9::"),
        (True, "[2001:db8:9::1]", "2001:db8:9::"),
        (True, "[::ffff:1.2.3.4]:80", "1.2.3.4"),
        (True, "1.2.3.4:", "1.2.3.4"),
        (True, "1.2.3.4:x", "10.0.0.1"),
        (True, "[1.2.3.4", "10.0.0.1"),
    ],
)
def test_only_what_the_proxy_saw_is_believed(settings, behind_proxy, forwarded, counted):
    settings.BEHIND_PROXY = behind_proxy
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded, REMOTE_ADDR="10.0.0.1")
    assert address(request) == counted


@pytest.mark.parametrize("elsewhere", ["198.51.100.9:41000", "[2001:db8:9::1]:41000"])
def test_a_proxy_that_names_ports_locks_one_client_out_and_no_other(person, settings, elsewhere):
    settings.BEHIND_PROXY = True
    for port in range(50_000, 50_005):
        knock(person.username, HTTP_X_FORWARDED_FOR=f"203.0.113.7:{port}")
    right = {"username": person.username, "password": "waltzflow"}
    shut_out = Client().post("/sign-in/", right, HTTP_X_FORWARDED_FOR="203.0.113.7:50009")
    assert shut_out.status_code == 429
    assert AccessAttempt.objects.get().ip_address == "203.0.113.7"
    let_in = Client().post("/sign-in/", right, HTTP_X_FORWARDED_FOR=elsewhere)
    assert let_in.status_code == 302


def test_a_forged_address_does_not_open_the_door(person):
    for n in range(4):
        knock(person.username, HTTP_X_FORWARDED_FOR=f"10.1.1.{n}")
    assert knock(person.username, HTTP_X_FORWARDED_FOR="10.2.2.2").status_code == 429


# where it leads


EVIL = [
    *(
        "https://evil.example/",
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "\\/evil.example",
    ),
    *(
        "///evil.example",
        "http:evil.example",
        "https:///evil.example",
        "javascript:alert(1)",
        "JaVaScript:alert(1)",
    ),
    *(
        "data:text/html,x",
        " //evil.example",
        "\t//evil.example",
        "/\t/evil.example",
        "//evil.example%2f..",
    ),
    *(
        "http://testserver@evil.example/",
        "http://testserver.evil.example/",
        "//testserver:80@evil.example",
    ),
    *("\x00//evil.example", "ftp://testserver/", "////evil.example/%2e%2e"),
]


@pytest.mark.parametrize("place", EVIL)
def test_the_door_leads_nowhere_else(person, place):
    sent = {"username": person.username, "password": RIGHT, "next": place}
    assert Client().post(DOOR, sent).url == "/"
    del sent["next"]
    assert Client().post(DOOR, sent, query_params={"next": place}).url == "/"


def test_one_comes_back_to_where_one_wanted_to_go(person):
    asked = Client().get("/proposals/?state=OPEN&q=a%20b")
    assert asked.url == "/sign-in/?next=/proposals/%3Fstate%3DOPEN%26q%3Da%2520b"
    assert (
        Client().post(asked.url, {"username": person.username, "password": RIGHT}).url
        == "/proposals/?state=OPEN&q=a%20b"
    )


def test_signing_out_leads_nowhere_else(person):
    browser = Client()
    browser.force_login(person)
    assert browser.post("/sign-out/", {"next": "https://evil.example/"}).url == "/sign-in/"
    assert (
        browser.post("/sign-in/", {"username": person.username, "password": RIGHT}).status_code
        == 302
    )
    assert browser.post("/admin/logout/", {"next": "//evil.example"}).url == "/sign-in/"


# sessions


def test_a_session_planted_beforehand_is_not_the_one_signed_in(person):
    browser = Client()
    planted = browser.session
    planted["planted"] = True
    planted.save()
    browser.cookies["sessionid"] = planted.session_key
    browser.post(DOOR, {"username": person.username, "password": RIGHT})
    assert browser.session["_auth_user_id"] == str(person.pk)
    assert browser.session.session_key != planted.session_key
    assert not planted.exists(planted.session_key)
    made_up = Client()
    made_up.cookies["sessionid"] = "a" * 32
    made_up.post(DOOR, {"username": person.username, "password": RIGHT})
    assert made_up.session.session_key != "a" * 32


def test_signing_out_ends_the_session_on_the_server_and_clears_the_browser(person):
    browser, thief = Client(), Client()
    browser.force_login(person)
    thief.cookies["sessionid"] = browser.cookies["sessionid"].value
    assert thief.get("/inbox/").status_code == 200
    response = browser.post("/sign-out/")
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert thief.get("/inbox/").url == "/sign-in/?next=/inbox/"


def test_a_link_does_not_sign_anybody_out(person):
    browser = Client()
    browser.force_login(person)
    for url in ("/sign-out/", "/admin/logout/"):
        browser.get(url)
        assert browser.get("/inbox/").status_code == 200


def test_a_new_password_ends_the_other_sessions(person):
    browser = Client()
    browser.force_login(person)
    person.set_password("another one")
    person.save()
    assert browser.get("/inbox/").status_code == 302


def test_a_session_ends_after_a_working_day_and_its_cookie_is_no_script_s(person):
    cookie = knock(person.username, RIGHT).cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 12 * 3600)


def test_who_came_in_is_kept_for_the_administrators(person):
    knock(person.username, RIGHT, REMOTE_ADDR="10.0.0.7")
    assert AccessLog.objects.values_list("username", "ip_address").get() == (
        person.username,
        "10.0.0.7",
    )


def deactivated_in_the_admin(person, cast, active):
    person.refresh_from_db()
    person.is_active = active
    person.save()


def deactivated_by_a_file(person, cast, active):
    removed = "no" if active else "yes"
    content = f"email,employee_id,name,is_removed\n{person.email},,{person.name},{removed}\n"
    import_catalogue({"people.csv": content.encode()})


def deactivated_in_bulk(person, cast, active):
    User.objects.filter(pk=person.pk).update(is_active=active)


def deactivated_in_the_database(person, cast, active):
    salt = "" if active else ", session_salt = 'another'"
    carry_out(f"UPDATE proposals_user SET is_active = {active}{salt} WHERE id = {person.pk}")


@pytest.mark.parametrize(
    "set_active",
    [
        deactivated_in_the_admin,
        deactivated_by_a_file,
        deactivated_in_bulk,
        deactivated_in_the_database,
    ],
)
def test_an_old_session_does_not_come_back_to_life_with_its_person(person, cast, set_active):
    browser = Client()
    browser.force_login(person)
    assert browser.get("/inbox/").status_code == 200
    set_active(person, cast, False)
    assert browser.get("/inbox/").status_code == 302
    set_active(person, cast, True)
    assert User.objects.get(pk=person.pk).is_active
    assert browser.get("/inbox/").status_code == 302
    assert knock(person.username, RIGHT).status_code == 302


def test_nobody_is_deactivated_with_a_session_that_could_come_back(person):
    with pytest.raises(IntegrityError, match="Whoever is deactivated gets another session_salt"):
        carry_out(f"UPDATE proposals_user SET is_active = FALSE WHERE id = {person.pk}")


def test_a_sign_in_in_another_tab_loses_nothing(person):
    """The first tab's form has a token from before; it leads where it would have led."""
    browser = Client(enforce_csrf_checks=True)
    browser.get("/sign-in/?next=/flows/")
    old = browser.cookies["csrftoken"].value
    browser.force_login(person)
    sent = {"username": "x", "password": "y", "csrfmiddlewaretoken": "x" * 64}
    answer = browser.post("/sign-in/?next=/flows/", sent | {"next": "/flows/"})
    assert (answer.status_code, answer.url, bool(old)) == (302, "/flows/", True)
    answer = browser.post("/sign-in/", sent | {"next": "https://evil.example/"})
    assert (answer.status_code, answer.url) == (302, "/")
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", sent | {"next": "/flows/"})
    assert answer.status_code == 403  # nobody has signed in
    assert "Please send it again" in answer.content.decode()


# left alone


@pytest.fixture
def later(monkeypatch):
    """From now on it is so much later than it is."""

    def pass_by(**time):
        moment = timezone.now() + timedelta(**time)
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    return pass_by


def test_whoever_asks_for_nothing_for_an_hour_is_signed_out_and_told_why(as_, cast, later):
    browser = as_(cast.maker)
    later(minutes=61)
    answer = browser.get("/inbox/", follow=True)
    assert answer.redirect_chain == [("/sign-in/?next=/inbox/", 302)]
    assert "Nothing was asked for 60 minutes, so you were signed out." in text(answer)
    assert browser.get("/inbox/").status_code == 302


def test_whoever_goes_on_stays_until_twelve_hours_after_signing_in(as_, cast, later):
    browser = as_(cast.maker)
    for _ in range(17):
        later(minutes=42)
        assert browser.get("/inbox/").status_code == 200
        session = browser.session
        assert session["began"] == cast.maker.last_login.isoformat()
    kept = session.get_expiry_age()
    assert kept == pytest.approx(12 * 3600 - 17 * 42 * 60, abs=60)


def test_a_click_right_after_another_writes_nothing(as_, cast, later):
    browser = as_(cast.maker)
    browser.get("/me/")
    later(seconds=50)
    with CaptureQueriesContext(connection) as asked:
        browser.get("/me/")
    assert not [query["sql"] for query in asked if "UPDATE" in query["sql"]]


def test_the_session_a_form_is_sent_in_may_have_ended_meanwhile(as_, cast, later, proposal):
    browser = as_(cast.source_approver)
    later(hours=2)
    answer = browser.post(f"/proposals/{proposal.pk}/approve/", {"sides": "SOURCE"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in/")
    proposal = Proposal.objects.get(pk=proposal.pk)
    assert proposal.state == "PENDING_APPROVALS"
