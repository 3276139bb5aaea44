"""The pages of usage: by customer and meter, one account, one rated line, its raw records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import authorize, may
from revops.kernel import clock
from revops.kernel.clock import local_date
from revops.kernel.periods import Span, month
from revops.mappings.queries import today
from revops.usage.models import Account
from revops.usage.operations.acts import rate_now as rate_for_good
from revops.usage.queries import pages
from revops.usage.queries.policies import Policies
from revops.usage.rating import plain
from revops.usage.revising import label
from revops.web.charts import Point, Words
from revops.web.filters import Filters, Key, State
from revops.web.formats import number
from revops.web.htmx import render_page
from revops.web.lists import page_at, render_list
from revops.web.policy import screen

_SHOWN: Final = {"late": "Late usage", "unpriced": "Without a price"}
_LIST: Final = Filters(Key("q", label="Customer, id or meter"),
                       Key("show", label="State", choices=_SHOWN))  # fmt: skip
_PLAIN: Final = Filters()
_ORDER: Final = ("subscription__customer__name", "pk")


@screen("usage.view")
@require_GET
def accounts(request: HttpRequest) -> HttpResponse:
    """By customer and meter: used, entitled, billable, late, last record; and who is unknown."""
    state = _LIST.read(request.GET)
    span = _span(state, state.one("entity"))
    found = pages.accounts(words=state.one("q"), entity=state.one("entity"), show=state.one("show"))
    page = page_at(found, state, order=_ORDER)
    more = {
        "rows": pages.rows(page.rows, span),
        "span": span,
        "period": label(span),
        "figures": pages.figures(span),
        "may_cases": may(request.user, "cases.view"),
        "at": clock.now(),
    }
    return render_list(
        request, "usage/accounts.html", state, page, noun="accounts", form=("q", "show"), more=more
    )


@screen("usage.view")
@require_GET
def account(request: HttpRequest, id: int) -> HttpResponse:
    """One meter of one subscription: its days, its lines, what is amiss."""
    one = pages.account(id)
    if one is None:
        raise Http404("There is no such account.")
    state = _PLAIN.read(request.GET)
    entity = one.subscription.legal_entity
    span = _span(state, entity.code if entity else "")
    found = pages.lines_of(one)
    page = page_at(found, state, order=("-used_from", "-pk"))
    (row,) = pages.rows([one], span)
    days = pages.days_of(one, span)
    context = {
        "state": state,
        "account": one,
        "row": row,
        "page": page,
        "noun": "lines",
        "period": label(span),
        "days": [_point(day.strftime("%-d %b"), quantity) for day, quantity in days],
        "words": Words("days", f"{one.meter} used on each day of {label(span)}.", "Day", "Used"),
        "policy": Policies().of(entity.pk if entity else None, one.meter, span.start),
        "may_close": may(request.user, "usage.close"),
        "today": _today(one),
    }
    return render_page(request, "usage/account.html", context)


@screen("usage.close")
@require_POST
def rate_now(request: HttpRequest, id: int) -> HttpResponse:
    """Rate the running period for good, before it is over."""
    by = authorize(request.user, "usage.close")
    one = pages.account(id)
    if one is None:
        raise Http404("There is no such account.")
    turn = rate_for_good(account=one, day=_today(one), by=by)
    count = len(turn.published)
    said = (
        f"{count} line{'' if count == 1 else 's'} rated for good."
        if count
        else ("There was nothing new to rate.")
    )
    messages.success(request, said)
    return redirect(reverse("usage:account", args=[one.pk]))


@screen("usage.view")
@require_GET
def line(request: HttpRequest, id: int) -> HttpResponse:
    """How the amount came: the table of tiers, the price as it was, every revision."""
    one = pages.line(id)
    if one is None:
        raise Http404("There is no such line.")
    found = pages.revisions(one)
    context = {
        "line": one,
        "account": pages.account_of(one),
        "revisions": found,
        "whole": sum(revision.line.amount for revision in found),
        "billed": any(revision.billed for revision in found if revision.line == one),
        "steps": [
            {"label": label, "units": units, "unit_price": unit_price, "exact": exact}
            for label, units, unit_price, exact in one.steps
        ],
        "terms": _terms(one.terms),
        "late_words": one.get_late_policy_display() if one.late_policy else "",
    }
    return render_page(request, "usage/line.html", context)


@screen("usage.view")
@require_GET
def records(request: HttpRequest, id: int) -> HttpResponse:
    """The raw records of a line's days, oldest first."""
    one = pages.line(id)
    if one is None:
        raise Http404("There is no such line.")
    state = _PLAIN.read(request.GET)
    found = pages.records_of(one)
    page = page_at(found, state, order=("used_at", "pk"))
    context = {
        "state": state, "line": one, "page": page, "noun": "records",
        "rows": [(record, plain(record.quantity)) for record in page.rows],
    }  # fmt: skip
    return render_page(request, "usage/records.html", context)


def _span(state: State, entity: str = "") -> Span:
    """The month of the period switch; when it names none, this month where the books are."""
    year, _, number_ = state.one("period").partition("-")
    if year.isdigit() and number_.isdigit() and 1 <= int(number_) <= 12 and len(year) == 4:
        return month(max(2000, int(year)), int(number_))
    day = today(clock.now(), entity=entity).first
    return month(day.year, day.month)


def _today(one: Account) -> Any:
    entity = one.subscription.legal_entity
    return local_date(clock.now(), entity.zone if entity else "UTC")


def _point(day: str, quantity: Decimal) -> Point:
    whole = max(0, int(quantity))
    return Point(day, whole, str(number(int(quantity))))


def _terms(terms: dict[str, Any]) -> list[tuple[str, str]]:
    """The price as it was, in words; what does not apply is left out."""
    if not terms:
        return []
    model = str(terms.get("model", "")).replace("_", " ")
    shown = [("Model", model), ("Included in each period", terms.get("included", "0"))]
    if model in ("flat", "per unit", "package"):
        shown.append(("Price, minor units", terms.get("unit_price", "0")))
    if model == "package":
        shown.append(("Package of", terms.get("package_size", "1")))
    return [(name, _short(value)) for name, value in shown]


def _short(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
