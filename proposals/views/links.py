"""How pages name what has a page of its own, for every template: `{{ proposal.maker|link }}`."""

from typing import Any

from django import template
from django.utils.html import format_html, format_html_join

register = template.Library()


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
def chips(things: Any) -> str:
    """Each a small label that is a link: data types."""
    return format_html_join(
        " ", '<a class="tag" href="{}">{}</a>', ((one.get_absolute_url(), one) for one in things)
    )
