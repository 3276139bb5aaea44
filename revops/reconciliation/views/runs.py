"""What was reconciled, and running it now."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.queries import may
from revops.kernel import clock
from revops.kernel.money import Money
from revops.mappings.models import AccountingPeriod, LegalEntity
from revops.mappings.queries import today
from revops.reconciliation.filters import RUNS
from revops.reconciliation.models import Pair, Run
from revops.reconciliation.operations import asking, watching
from revops.reconciliation.operations import pairs as places
from revops.reconciliation.queries import lines
from revops.reconciliation.queries.lines import Line
from revops.reconciliation.queries.naming import name_of
from revops.reconciliation.views.rates import Rate, rate_of
from revops.web import formats
from revops.web.csv_files import csv_file, instant_cell, money_cells
from revops.web.exports import MOST_ROWS, file_of
from revops.web.filters import State
from revops.web.lists import page_at, render_list
from revops.web.policy import screen

_COLUMNS = (
    "run", "reconciliation", "legal_entity", "period", "status", "rows", "agreed", "currency",
    "left", "to_decide", "carried", "preparer", "reviewer", "last_run",
)  # fmt: skip


@screen("reconciliation.view")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """The newest run of each pair, legal entity and period."""
    state = _state(request)
    page = page_at(_rows(state), state, order=lines.ORDER)
    pairs = _pairs()
    more = {
        "lines": [(one, _rate(one)) for one in lines.of(page.rows)],
        "last_at": lines.last_at(),
        "busy": any(getattr(run, "busy", False) for run in page.rows),
        "at": clock.now(),
        "pairs": [(one.pk, name_of(one)) for one in pairs],
        "entities": LegalEntity.objects.order_by("name"),
        "may_run": may(request.user, "reconciliation.run"),
        "period": state.one("period") or _current(state.one("entity")),
        "later": ""
        if page.rows or state.chips
        else _later(pairs, may(request.user, "connections.change")),
        "entity": state.one("entity"),
    }
    return render_list(
        request, "reconciliation/runs.html", state, page, noun="runs", form=("pair", "status"),
        more=more,
    )  # fmt: skip


@screen("reconciliation.view")
@file_of("runs of reconciliation")
def every_csv(request: HttpRequest) -> HttpResponseBase:
    """The list as it is narrowed, one line a currency."""
    rows = _rows(_state(request)).order_by(*lines.ORDER)[:MOST_ROWS]
    found = lines.of(list(rows))
    return csv_file("reconciliation", _COLUMNS, _cells(found), at=clock.now())


@screen("reconciliation.run")
@require_POST
def run_now(request: HttpRequest) -> HttpResponse:
    """Compare a pair anew, for one legal entity and period, by a worker."""
    assert isinstance(request.user, User)
    typed = request.POST
    pair = Pair.objects.filter(pk=_number(typed.get("pair", "")), enabled=True).first()
    entity = LegalEntity.objects.filter(code=typed.get("entity", "")).first()
    period = AccountingPeriod.objects.filter(legal_entity=entity, code=typed.get("period", ""))
    found = period.first()
    if pair is None or entity is None or found is None:
        raise Http404("There is no such reconciliation.")
    asking.run(pair=pair, entity=entity, period_code=found.code, by=request.user)
    messages.success(request, f"{name_of(pair)} runs for {entity.name}, {found.code}.")
    back = reverse("reconciliation:list")
    return HttpResponseRedirect(f"{back}?entity={entity.code}&period={found.code}")


def _state(request: HttpRequest) -> State:
    choices = {"pair": {str(one.pk): name_of(one) for one in _pairs()}}
    return RUNS.read(request.GET, choices=choices)


def _rows(state: State) -> QuerySet[Run]:
    return lines.newest(
        entity=state.one("entity"), period=state.one("period"), pair=state.one("pair"),
        state=state.one("status"),
    )  # fmt: skip


def _pairs() -> list[Pair]:
    rows = Pair.objects.filter(enabled=True).select_related("left", "right")
    return sorted(rows, key=lambda one: (name_of(one), one.pk))


def _later(pairs: list[Pair], may_connect: bool) -> str:
    """Why no run is there yet, and what comes next."""
    if pairs or places.possible():
        by = formats.when(watching.next_look(), "time")
        return format_html("The first runs begin by themselves at about {}.", by)
    said = "Two systems that hold the same are compared: billing and an ERP, say, or a bank."
    return f"{said} Connect them first." if may_connect else f"{said} None are connected."


def _current(entity: str) -> str:
    """The period of today where its books are, of the legal entity or any."""
    day = today(clock.now(), entity=entity).first
    rows = AccountingPeriod.objects.filter(starts__lte=day, ends__gte=day)
    rows = rows.filter(legal_entity__code=entity) if entity else rows
    return rows.order_by("legal_entity_id").values_list("code", flat=True).first() or ""


def _rate(line: Line) -> Rate:
    return rate_of(line.segments, line.rows, line.check.noun)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _cells(found: list[Line]) -> Iterator[tuple[str, ...]]:
    for one in found:
        run = one.run
        signed = [one.signed[role].by.name if role in one.signed else "" for role in _ROLES]
        amounts: list[Money | None] = [*one.amounts] or [None]
        for money in amounts:
            yield (
                str(run), one.name, run.legal_entity.code, run.period_code, one.status[1],
                str(one.rows), str(_rate(one).agreed), *money_cells(money), str(one.open_count),
                str(one.carried_count), *signed, instant_cell(run.ended_at),
            )  # fmt: skip


_ROLES = ("preparer", "reviewer")
