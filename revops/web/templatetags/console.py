"""
The kit's tags, loaded everywhere as built-ins.

    {{ row.total|money }}   {% money row.minor row.currency %}   {{ row.total|amount }}
    {{ at|when }}   {{ at|when:"utc" }}   {{ at|age }}   {{ at|until }}   {{ at|due }}
    {{ day|accounting_date }}   {{ 12345|number }}   {{ ms|duration }}   {% percent part whole %}
    {% status_tag row.state %}   {% status_tag "held" "Needs you" %}   {% icon "copy" %}
    {{ email|seen:"contact" }}   {% kbd "r" %}   {% nav %}   {% copy_button text %}
    {% querystring_with sort="-age" %}   {% querystring_with page.next %}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils.html import escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from accounts.authority import may
from revops.kernel.privacy import Data
from revops.kernel.sight import shown
from revops.web import charts, filters, formats, icons, statuses

register = template.Library()

register.filter("accounting_date", formats.accounting_date)
register.filter("age", formats.age)
register.filter("due", formats.due)
register.filter("duration", formats.duration)
register.filter("mid", formats.mid_sentence)
register.filter("number", formats.number)
register.filter("until", formats.until)
register.filter("when", formats.when)
register.simple_tag(formats.money, name="money")
register.simple_tag(formats.amount, name="amount")
register.simple_tag(formats.percent, name="percent")
register.simple_tag(icons.icon, name="icon")
register.simple_tag(statuses.status_tag, name="status_tag")
register.simple_tag(charts.sparkline, name="sparkline")
register.simple_tag(charts.bars, name="bars")
register.simple_tag(charts.ranks, name="ranks")


@register.filter("money")
def money_of(value: formats.Amount) -> SafeString:
    """``{{ total|money }}`` for a Money; minor units need ``{% money minor currency %}``."""
    return formats.money(value)


@register.filter("amount")
def amount_of(value: formats.Amount) -> SafeString:
    return formats.amount(value)


@register.filter("seen")
def seen(value: object, data: str) -> object:
    """``{{ email|seen:"contact" }}``: masked to whoever may not see data of that class."""
    return shown(value, Data(data))


@register.filter("may")
def may_do(user: object, action: str) -> bool:
    """``{% if request.user|may:"cases.view" %}``: nobody is shown a way that is closed to them."""
    return may(user, action)


@register.filter("signed")
def signed(value: formats.Amount) -> SafeString:
    """A difference, ``+`` or ``−`` always in front, without its currency."""
    return formats.amount(value, signed=True)


@register.filter("tone")
def tone(status: str) -> str:
    """The tone's class of a state, for a strip or a timeline."""
    return statuses.look(status).tone.value


@register.filter("status_icon")
def status_icon(status: str) -> SafeString:
    """The shape of a state without its word, where the word stands beside it."""
    return icons.icon(statuses.look(status).icon)


@register.simple_tag
def kbd(keys: str) -> SafeString:
    """``<kbd>`` for each key; not read out, because the name of a button is its verb."""
    drawn = "".join(f'<kbd aria-hidden="true">{escape(key)}</kbd>' for key in keys.split())
    return SafeString(drawn)


@register.simple_tag
def copy_button(text: str, what: str = "") -> SafeString:
    """A button that copies ``text``; without JavaScript the text beside it can be selected."""
    return format_html(
        '<button type="button" class="button quiet tiny" data-copy="{}">{}<span>Copy</span>'
        '<span class="hidden-text"> {}</span></button>',
        text,
        icons.icon("copy"),
        what or text,
    )


@register.inclusion_tag("web/_nav.html", takes_context=True)
def nav(context: template.Context) -> dict[str, Any]:
    """The rail's items for this person; counts are asked for here and nowhere else."""
    console = context["console"]
    return {"groups": console.rail, "scope": console.scope.query}


@register.simple_tag(takes_context=True)
def querystring_with(
    context: template.Context, *mappings: Mapping[str, object] | None, **changes: object
) -> str:
    """
    This page's address with some keys changed, canonical. None or "" removes a key, a list repeats
    it; changing what is listed goes back to the first page.

    Uses ``state`` of the context (``filters.State``), else the request's own query in its order.
    """
    request: HttpRequest = context["request"]
    wanted = {key: value for mapping in mappings for key, value in (mapping or {}).items()}
    wanted.update(changes)
    state = context.get("state")
    if isinstance(state, filters.State):
        return state.changed(wanted).address(request.path)
    gone = {*wanted, *filters.PLACES}
    kept = [(key, value) for key, value in request.GET.lists() if key not in gone]
    for key, value in wanted.items():
        values = value if isinstance(value, list | tuple) else [value]
        kept.append((key, [str(item) for item in values if item not in (None, "")]))
    query = urlencode([(key, item) for key, items in kept for item in items])
    return f"{request.path}?{query}" if query else request.path
