"""How pages name what has a page of its own, for every template: `{{ proposal.maker|link }}`."""

from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from ..errors import Refused
from ..models import Remark
from ..reports.advice import Way, ways_instead

register = template.Library()
NOTHING = "\u2013"


@register.filter
def link(thing: Any, text: str = "") -> str:
    """Its name, or `text`, as a link to its page; nothing for nobody and nothing."""
    return (
        format_html('<a href="{}">{}</a>', thing.get_absolute_url(), text or thing) if thing else ""
    )


@register.filter
def links(things: Any) -> str:
    """Their names one after the other, each a link."""
    return format_html_join(
        ", ", '<a href="{}">{}</a>', ((thing.get_absolute_url(), thing) for thing in things)
    )


@register.filter
def approver(person: Any) -> str:
    """Who is named because they may decide; a mark says that they have no way to sign in yet."""
    if getattr(person, "cannot_sign_in", False):
        return format_html('{} <span class="unable">cannot sign in yet</span>', link(person))
    return link(person)


@register.filter
def approvers(people: Any) -> str:
    return format_html_join(", ", "{}", ((approver(person),) for person in people))


@register.filter
def with_links(parts: Any, target: str = "") -> str:
    """A sentence in parts: what has a page is a link, in a tab of its own where that is said."""
    if isinstance(parts, str):
        return parts
    attributes = format_html(' target="{}" rel="noopener"', target) if target else ""
    return format_html_join("", "{}", ((_part(part, attributes),) for part in parts))


def _part(part: Any, attributes: str) -> str:
    if isinstance(part, str):
        return part
    return format_html('<a href="{}"{}>{}</a>', part.get_absolute_url(), attributes, part)


@register.filter
def ways(refusal: Refused) -> list[Way]:
    return ways_instead(refusal)


@register.filter
def remarks(field: BoundField) -> list[Remark]:
    """What was said about it in the rounds before, where the form is that of a later one."""
    said = getattr(field.form, "said", None)
    return said.about(field.name) if said else []


@register.filter
def cell(column: Any, row: Any) -> str:
    """What a column of a list says of a row: things are links, of a moment the day is shown."""
    value = column.value(row)
    if isinstance(value, list):
        return approvers(value) or NOTHING
    if isinstance(value, datetime):
        local = timezone.localtime(value)
        return format_html(
            '<time datetime="{}" title="{}">{}</time>',
            local.isoformat(),
            f"{local:%-d %b %Y, %H:%M %Z}",
            f"{local:%-d %b %Y}",
        )
    if hasattr(value, "get_absolute_url"):
        return link(value)
    return NOTHING if value in ("", None) else str(value)


@register.filter
def chips(things: Any) -> str:
    """Each a small label that is a link: data types."""
    return format_html_join(
        " ", '<a class="tag" href="{}">{}</a>', ((one.get_absolute_url(), one) for one in things)
    )
