"""A mail in plain text and HTML, and whom one can reach.

What people wrote reaches a mail as context only, so it can neither break nor steer it. Links come
from BASE_URL alone, and none of them decides.
"""

from email.utils import make_msgid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils import timezone
from post_office.models import PRIORITY, STATUS, Email

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
    are shown together by whatever reads them.
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
        text = render_to_string(f"mail/{template}.txt", content)
        html = render_to_string(f"mail/{template}.html", content)
    # Not by post_office.mail.send, which takes finished texts for templates: what people wrote
    # would steer it, and to compile three for each mail took half of the time.
    return Email(
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[person.email],
        cc=[],
        bcc=[],
        subject=" ".join(subject.split())[:200],
        message=text,
        html_message=html,
        headers=headers,
        message_id=make_msgid(domain=str(settings.POST_OFFICE["MESSAGE_ID_FQDN"])),
        priority=PRIORITY.medium,
        status=STATUS.queued,
    )


def link_to(shown: Proposal | PhysicalFlow | Remark | Notice) -> str:
    return f"{settings.ORIGIN}{shown.get_absolute_url()}"
