"""Quantities on a page: ``{% quantity row.used %}``, ``{% share row.used row.entitled %}``."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.safestring import SafeString

from revops.web.formats import MINUS, percent

register = template.Library()


@register.simple_tag
def quantity(value: Decimal | str | int) -> SafeString:
    """``12,345.75``: grouped, without trailing zeros."""
    text = format(Decimal(value), "f")
    whole, _, part = text.partition(".")
    sign = MINUS if whole.startswith("-") else ""
    part = part.rstrip("0")
    tail = f".{part}" if part else ""
    return SafeString(f"{sign}{int(whole.lstrip('-') or 0):,}{tail}")


@register.simple_tag
def share(part: Decimal, whole: Decimal) -> SafeString:
    """``104.2 %`` of what is entitled."""
    return percent(int(part * 1000), int(whole * 1000))
