"""Mails with a link by which a person sets a password: who is invited, or has forgotten theirs.

The link is made when the mail leaves. Neither the queue nor the mails that the admin shows hold
one, for whoever reads it could sign in as that person.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from post_office.models import Email

from ..errors import NoRight
from ..models import User
from .mails import compose, has_address

SUBJECT = "Set your password for waltzflow"
PLACE = "[the link is written here when the mail is sent]"
OF = "X-Waltzflow-Password-Of"  # header of the mails that get one: the id of the person
PAUSE = timedelta(minutes=10)  # between two mails to one person


def are_off() -> bool:
    """Whether a provider of identities signs everybody in."""
    return settings.OIDC is not None and settings.OIDC.is_only


def refuse_where_off() -> None:
    if are_off():
        raise NoRight("Passwords are switched off here: the provider of identities signs you in.")


def send_link(person: User, *, at: datetime, invited_by: User | None = None) -> bool:
    """Queue the mail; False if there is none: where passwords are switched off, for somebody
    inactive or without a mail address, or where one was asked for within the last ten minutes.
    """
    if are_off() or not person.is_active or not has_address(person) or _asked_lately(person, at):
        return False
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    content = {"invited_by": invited_by, "link": PLACE, "hours": hours}
    mail = compose(person, SUBJECT, "password", content)
    mail.headers |= {OF: str(person.pk)}
    mail.save()
    return True


def _asked_lately(person: User, at: datetime) -> bool:
    mails = Email.objects.filter(subject=SUBJECT, to=[person.email], created__gt=at - PAUSE)
    return mails.exists()


def is_wanted(mail: Email) -> bool:
    """Whether a mail that gets a link still goes to that person, and to nobody else: their address
    may have changed since. Any other mail is.
    """
    person = _person_of(mail)
    return person is None or (person.is_active and mail.to == [person.email])


def _person_of(mail: Email) -> User | None:
    pk = (mail.headers or {}).get(OF)
    return User.objects.get(pk=pk) if pk else None


def write_link(mail: Email) -> None:
    """Put the link into a mail that gets one, on its way out; it works once."""
    person = _person_of(mail)
    if person is None:
        return
    del mail.headers[OF]
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    link = reverse("password-set", args=[uid, default_token_generator.make_token(person)])
    mail.message = mail.message.replace(PLACE, f"{settings.ORIGIN}{link}")
    mail.html_message = mail.html_message.replace(PLACE, f"{settings.ORIGIN}{link}")
