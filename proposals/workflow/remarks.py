"""Remarks on a proposal, and who is mentioned in them."""

import re
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from ..errors import Conflict, Invalid, NoRight
from ..models import TOPICS, Proposal, Remark, User, clean_lines, containing, folded, same
from . import notices
from .retry import retrying_transaction

# Not within a mail address; a space after it means that nobody is mentioned.
AT_SIGN = re.compile(r"(?<![\w@.+-])@(?=[^\s@])")
ADDRESS = re.compile(r"[^\s@,;:()<>]+@[^\s@,;:()<>]+\w")
LONGEST_NAME = 6  # words
MOST_MENTIONED = 20
MOST_ALIKE = 20  # people looked at for one name
PUNCTUATION = ".,;:!?)]}\"'”\u2019…"


@retrying_transaction
def remark(
    proposal: Proposal,
    text: str,
    *,
    by: User,
    topic: str = "",
    answers: Remark | None = None,
    at: datetime | None = None,
) -> Remark:
    """Append a remark on an open proposal, on one field of it (`topic`) or on the whole, and tell
    those it concerns. An answer is about what it answers.

    Refused: Conflict when the proposal is not open, Invalid for an empty text, an unknown topic, a
    remark of another conversation, or a mention that names nobody or several.
    """
    proposal = (
        Proposal.objects.select_for_update(of=("self",), no_key=True)
        .select_related("source", "target", "maker")
        .get(pk=proposal.pk)
    )
    topic = answers.topic if answers else topic
    _require_possible(proposal, text, topic, answers, by)
    mentioned = mentions(text)
    at = at or timezone.now()
    made = Remark.objects.create(
        proposal=proposal,
        topic=topic,
        answers=answers,
        by=by,
        text=clean_lines(text),
        # The clocks of two servers differ a little.
        at=max(at, proposal.submitted_at or at),
    )
    made.mentioned.set(mentioned)
    notices.tell_of_remark(made, mentioned)
    return made


def _require_possible(
    proposal: Proposal, text: str, topic: str, answers: Remark | None, by: User
) -> None:
    if not by.is_active:
        raise NoRight("Your account is not active.")
    if not proposal.is_open:
        raise Conflict("Only an open proposal takes remarks.", proposal)
    if not folded(text):
        raise Invalid(text="Write what you want to say.")
    if answers and not answers.proposal.is_round_of(proposal):
        raise Invalid("That remark belongs to another proposal.")
    if topic and topic not in TOPICS:
        raise Invalid(topic="Choose a field of the proposal.")


def mentions(text: str) -> list[User]:
    """Whom the text names after an `@`: by mail address, user name or full name. Invalid, with what
    to write instead, if one of them is nobody's or several people's.
    """
    places = [match.end() for match in AT_SIGN.finditer(text)]
    if len(places) > MOST_MENTIONED:
        raise Invalid(text=f"Mention at most {MOST_MENTIONED} people in one remark.")
    return list(dict.fromkeys(_mentioned(text[place:]) for place in places))


def ways_to_mention(people: list[User]) -> dict[int, str]:
    """Of each, by id, what is written after an @: the name where it means nobody else, otherwise
    the mail address.
    """
    if not people:
        return {}
    keys = {person.pk: folded(person.name) for person in people}
    alike = Q(username_folded__in=keys.values())
    for person in people:
        alike |= containing(person.name)
    rows = User.objects.filter(alike, is_active=True).values_list("pk", "name", "username_folded")
    bearers: dict[str, set[int]] = {}
    for pk, name, username in rows:
        for key in (folded(name), username):
            bearers.setdefault(key, set()).add(pk)
    return {
        person.pk: person.name
        if bearers.get(keys[person.pk]) == {person.pk} and _can_be_read(person.name)
        else person.email or person.username
        for person in people
    }


def _can_be_read(name: str) -> bool:
    """Whether `mentions` finds the whole of it."""
    words = name.split()
    is_plain = "@" not in name and name == name.rstrip(PUNCTUATION)
    return 0 < len(words) <= LONGEST_NAME and is_plain


def _mentioned(rest: str) -> User:
    """The person whose name `rest` begins with; of two that fit the longer."""
    people = User.objects.filter(is_active=True)
    if address := ADDRESS.match(rest):
        candidates = [address[0]]
    else:
        words = rest.splitlines()[0].split()[:LONGEST_NAME]
        candidates = [" ".join(words[:number]) for number in range(len(words), 0, -1)]
    for name in dict.fromkeys(c.rstrip(PUNCTUATION) for c in candidates):
        key = folded(name)
        if not key:
            continue
        matches = list(people.filter(Q(email_folded=key) | Q(username_folded=key))[:2])
        matches = matches or [row for row in people.like(name)[:MOST_ALIKE] if same(row.name, name)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            addresses = " or ".join(f"@{person.email}" for person in matches)
            raise Invalid(text=f"Several people are called “{name}”. Write {addresses}.")
    name = candidates[-1].rstrip(PUNCTUATION) or candidates[-1]
    similar = [f"@{person.name}" for person in people.like(name)[:5]]
    hint = f"Did you mean {' or '.join(similar)}?" if similar else "Pick somebody from the list."
    raise Invalid(
        text=f"“@{name}” names nobody here. {hint} With a space after the @ nobody is mentioned."
    )
