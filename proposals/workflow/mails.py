"""A mail in plain text and HTML, and whom one can reach.

What people wrote reaches a mail as context only, so it can neither break nor steer it. Links come
from BASE_URL alone, and none of them decides.
"""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import timezone
from post_office import mail
from post_office.models import Email

from ..models import Notice, PhysicalFlow, Proposal, Remark, User


def in_time_of(person: User) -> timezone.override:
    """What is written here is for `person`, whatever time zone the one who acts has chosen."""
    return timezone.override(person.zone)


def has_address(person: User) -> bool:
    """Whether a mail to them can be written. What no door would have let in, however it came, must
    not break the act that somebody else is told of.
    """
    try:
        validate_email(person.email)
    except ValidationError:
        return False
    return True


def compose(
    person: User, subject: str, template: str, content: dict, about: Proposal | None = None
) -> Email:
    """A mail in plain text and HTML, not saved; those `about` one proposal, its other rounds too,
    are shown together by whatever reads them. post-office renders what it is given, so it gets
    finished texts.
    """
    # The second is Exchange's own word for it: no absence notes, please.
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if about:
        # No mail has this id; mail programs put side by side what answers the same.
        first_round = about.first_round_id or about.pk
        thread = f"<proposal-{first_round}@{settings.POST_OFFICE['MESSAGE_ID_FQDN']}>"
        headers |= {"In-Reply-To": thread, "References": thread}
    content = content | {"person": person, "base_url": settings.BASE_URL}
    with in_time_of(person):
        finished = {
            "subject": " ".join(subject.split())[:200],
            "text": render_to_string(f"mail/{template}.txt", content),
            "html": render_to_string(f"mail/{template}.html", content),
        }
    return mail.send(
        [person.email],
        settings.DEFAULT_FROM_EMAIL,
        subject="{{ subject|safe }}",
        message="{{ text|safe }}",
        html_message="{{ html|safe }}",
        context=finished,
        headers=headers,
        commit=False,
    )


def link_to(shown: Proposal | PhysicalFlow | Remark | Notice) -> str:
    return f"{settings.ORIGIN}{shown.get_absolute_url()}"
