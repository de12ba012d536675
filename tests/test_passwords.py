"""Who has no password yet, or has forgotten it, sets one by a link that comes by mail and works
once.
"""

import re
from datetime import datetime, timedelta
from unittest import mock

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import mail
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from proposals.models import User
from proposals.workflow import passwords, periodic

from . import factories
from .test_pages import text

NEW = "three-four time"
LINK = re.compile(r"http://127\.0\.0\.1:8000(/password/set/\S+/)")


@pytest.fixture
def newcomer(db):
    """Imported: with a mail address and without a password."""
    person = factories.user("Nia Newcomer")
    person.set_unusable_password()
    person.save()
    return person


def ask(name: str) -> str:
    """What the page says to who forgot the password of `name`."""
    return text(Client().post("/password/forgotten/", {"username": name}, follow=True))


def link_sent_to(person) -> str:
    periodic.send_mail(timezone.now())
    [sent] = [sent for sent in mail.outbox if sent.to == [person.email]]
    mail.outbox.clear()
    [html] = [content for content, _ in sent.alternatives]
    [link], [same] = LINK.findall(sent.body), re.findall(r'href="([^"]+)"', html)
    assert same.endswith(link)
    return link


def set_by(link: str, password: str = NEW, again: str = "", client: Client | None = None):
    client = client or Client()
    form = client.get(link, follow=True)
    if form.status_code != 200:
        return form
    sent = {"new_password1": password, "new_password2": again or password}
    return client.post(form.redirect_chain[-1][0], sent)


def signs_in(person, password: str = NEW) -> bool:
    sent = {"username": person.username, "password": password}
    return Client().post("/sign-in/", sent).status_code == 302


@pytest.mark.parametrize("name", ["username", "email"])
def test_who_forgot_a_password_sets_another_by_the_mail(newcomer, name):
    assert "a mail with a link is on its way" in ask(getattr(newcomer, name).upper())
    link = link_sent_to(newcomer)
    asked = text(Client().get(link, follow=True))
    assert f"Nia Newcomer, you will sign in as {newcomer.username}" in asked
    assert set_by(link).url == "/sign-in/"
    assert signs_in(newcomer)


def test_whoever_is_asked_for_the_answer_is_the_same_and_none_but_people_get_mail(newcomer):
    inactive = factories.user("Ina Inactive", is_active=False)
    unreachable = factories.user("Una Unreachable")
    User.objects.filter(pk=unreachable.pk).update(email="nowhere")
    names = [newcomer.username, "nobody", inactive.username, unreachable.username]
    assert len({ask(name) for name in names}) == 1
    assert [email.to for email in Email.objects.all()] == [[newcomer.email]]


def test_a_link_works_once(newcomer):
    ask(newcomer.username)
    link = link_sent_to(newcomer)
    assert set_by(link).status_code == 302
    again = set_by(link, "five-six time")
    assert again.status_code == 404
    assert "This link has been used, or is too old" in text(again)
    assert not signs_in(newcomer, "five-six time")


def test_a_program_that_opens_each_link_of_a_mail_uses_none_up(newcomer):
    """As those do that look for harm before a mail is delivered; some follow redirects."""
    ask(newcomer.username)
    link = link_sent_to(newcomer)
    for scanner in (Client(), Client()):
        assert scanner.head(link, follow=True).status_code == 200
        assert scanner.get(link, follow=True).status_code == 200
    assert set_by(link).status_code == 302
    assert signs_in(newcomer)


def test_a_link_is_of_use_for_three_days(newcomer):
    ask(newcomer.username)
    link = link_sent_to(newcomer)
    for after, status in ((timedelta(hours=73), 404), (timedelta(hours=71), 302)):
        moment = datetime.now() + after
        with mock.patch.object(PasswordResetTokenGenerator, "_now", lambda self, at=moment: at):
            assert set_by(link).status_code == status


def test_who_was_deactivated_meanwhile_sets_no_password(newcomer):
    ask(newcomer.username)
    link = link_sent_to(newcomer)
    User.objects.filter(pk=newcomer.pk).update(is_active=False)
    assert set_by(link).status_code == 404


def test_a_password_that_is_none_is_refused_in_words_and_the_link_stays_of_use(newcomer):
    ask(newcomer.username)
    link = link_sent_to(newcomer)
    refused = set_by(link, "password")
    assert refused.status_code == 400
    assert "This password is too common" in text(refused)
    assert "password fields didn" in text(set_by(link, NEW, again="four-four time"))
    assert set_by(link).status_code == 302


def test_with_the_new_password_other_sessions_end(newcomer):
    elsewhere = Client()
    elsewhere.force_login(newcomer)
    ask(newcomer.username)
    set_by(link_sent_to(newcomer))
    assert elsewhere.get("/inbox/").status_code == 302


def test_nothing_that_is_kept_holds_the_link(newcomer):
    """Administrators and auditors read the queue; with a link they could sign in as anybody."""
    ask(newcomer.username)
    link_sent_to(newcomer)
    [kept] = Email.objects.all()
    written = f"{kept.message} {kept.html_message} {kept.headers} {kept.context}"
    assert "/password/set/" not in written
    assert passwords.PLACE in written


def test_a_mail_that_leaves_at_the_second_try_has_a_link_too(newcomer, settings):
    ask(newcomer.username)
    with mock.patch("django.core.mail.backends.locmem.EmailBackend.send_messages") as send:
        send.side_effect = OSError("away")
        periodic.send_mail(timezone.now())
    assert mail.outbox == []
    periodic.send_mail(timezone.now() + timedelta(minutes=6))
    [sent] = mail.outbox
    assert LINK.search(sent.body)


@pytest.mark.parametrize("change", [{"email": "other@example.com"}, {"is_active": False}])
def test_no_link_goes_to_an_address_that_is_no_longer_theirs_or_to_who_left(newcomer, change):
    ask(newcomer.username)
    User.objects.filter(pk=newcomer.pk).update(**change)
    periodic.send_mail(timezone.now())
    assert mail.outbox == []
    assert Email.objects.get().status is None  # neither sent nor tried again


def test_one_person_gets_one_mail_in_ten_minutes(newcomer):
    for _ in range(3):
        ask(newcomer.username)
    assert Email.objects.count() == 1
    Email.objects.update(created=timezone.now() - timedelta(minutes=11))
    ask(newcomer.username)
    assert Email.objects.count() == 2


def invite(client, *people) -> str:
    sent = {"action": "invite", "_selected_action": [person.pk for person in people]}
    return text(client.post("/admin/proposals/user/", sent, follow=True))


def test_an_administrator_invites_who_has_no_password_yet(as_, cast, newcomer):
    client = as_(cast.superuser)
    listed = client.get("/admin/proposals/user/?can_sign_in=no").context["cl"].result_list
    assert newcomer in listed
    page = invite(client, newcomer, cast.inactive)
    assert "People invited: 1." in page
    assert "Not invited: Ina Inactive." in page
    set_by(link_sent_to(newcomer))
    assert signs_in(newcomer)
    newcomer.refresh_from_db()
    with_one = client.get("/admin/proposals/user/?can_sign_in=yes").context["cl"].result_list
    assert newcomer in with_one


def test_an_invitation_says_by_whom(as_, cast, newcomer):
    invite(as_(cast.superuser), newcomer)
    [kept] = Email.objects.filter(subject=passwords.SUBJECT)
    assert f"{cast.superuser} invites you to waltzflow" in kept.message
    assert f"Your user name is {newcomer.username}." in kept.message
