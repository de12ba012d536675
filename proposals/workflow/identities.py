"""Whom the claims of the provider of identities mean here, and which groups they bring."""

import logging
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction

from ..errors import NotSignedIn
from ..models import ChangeContext, User, folded
from .new_rights import rights_changed
from .provider import trusted

STAFF = "staff"
log = logging.getLogger(__name__)


@transaction.atomic
def person_of(claims: dict[str, Any], *, at: datetime) -> User:
    """Who has the verified mail address of `claims`, with the memberships that they bring; made if
    the operator wants that. NotSignedIn for everybody else.
    """
    email = claims.get("email")
    if not isinstance(email, str) or not email.strip():
        raise NotSignedIn(
            "The provider does not say your mail address, by which you are known here."
        )
    # Compared with True itself: the text "false" would count as true.
    if claims.get("email_verified") is not True:
        raise NotSignedIn("The provider does not say that your mail address is verified.")
    # Locked, or two sign-ins at once would both write the memberships that they found.
    known = User.objects.select_for_update(no_key=True).filter(email_folded=folded(email))
    person = known.first() or _made(email.strip(), claims, at)
    if not person.is_active:
        raise NotSignedIn(
            "Your account here is no longer active. Ask an administrator if it should be.",
            reason=f"{person.username} is not active",
        )
    _follow_groups(person, claims, at)
    return person


def _made(email: str, claims: dict[str, Any], at: datetime) -> User:
    if not trusted().creates:
        raise NotSignedIn(
            f"Nobody here has the mail address {email}. Ask an administrator to be added.",
            reason="nobody has this mail address",
        )
    name = claims.get("name")
    person = User(email=email, name=name if isinstance(name, str) and name.strip() else email)
    person.set_unusable_password()
    person.follow_email()
    try:
        person.full_clean()
    except ValidationError as error:
        sentence = f"What the provider says of you cannot be kept here: {' '.join(error.messages)}"
        raise NotSignedIn(sentence, reason="claims that cannot be kept") from None
    ChangeContext(None, at, "Signed in by the provider for the first time").store(person)
    return person


def _follow_groups(person: User, claims: dict[str, Any], at: datetime) -> None:
    """Only what OIDC_GROUPS names follows the claim; a claim that is not there names no group.
    Superusers keep staff status, without which they could not administer.
    """
    theirs = claims.get(trusted().groups_claim) or []
    # Some providers send the name of a single group as a text; `in` would look for parts of it.
    theirs = [theirs] if isinstance(theirs, str) else theirs
    named = set(trusted().groups.values())
    wanted = {ours for group, ours in trusted().groups.items() if group in theirs}
    groups = set(person.groups.values_list("name", flat=True))
    after = (groups - named) | (wanted - {STAFF})
    is_staff = person.is_superuser or (STAFF in wanted if STAFF in named else person.is_staff)
    if groups == after and is_staff == person.is_staff:
        return
    person.is_staff = is_staff
    why = f"Groups at the provider: {', '.join(sorted(map(str, theirs))) or 'none'}"
    rows = list(Group.objects.filter(name__in=after))
    ChangeContext(None, at, why[:300]).store(person, groups=rows)
    if groups != after and (warning := rights_changed(by=None, at=at)):
        log.warning("%s: %s", person, warning)
