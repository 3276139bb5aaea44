"""Screen 16: the close of a period. Where are we, whom to chase, what blocks, are we on track."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from revops.close.areas import AREAS
from revops.close.board import Board, board, current
from revops.kernel import clock
from revops.kernel.money import Money
from revops.mappings.models import AccountingPeriod
from revops.web.csv_files import csv_file, money_cells
from revops.web.exports import file_of
from revops.web.filters import Filters, State
from revops.web.htmx import render_page
from revops.web.policy import screen

_PAGE = Filters()
_AROUND = 1
COLUMNS = (
    "Legal entity", "Period", "State", "Area", "Area state", "Checked", "Open", "Amount",
    "Currency",
)  # fmt: skip


@screen("close.view")
@require_GET
def period(request: HttpRequest) -> HttpResponse:
    """The period of the address, or the one that people close now."""
    state, now = _PAGE.read(request.GET), clock.now()
    held = _board(state)
    context: dict[str, Any] = {
        "board": held,
        "areas": AREAS,
        "at": now,
        "state": state,
        "neighbours": _neighbours(held.code, state.one("entity")) if held else [],
        "burn": held.burning() if held else None,
        "aged": held.aged() if held and held.blockers else None,
    }
    return render_page(request, "close/period.html", context)


@screen("close.view")
@file_of("close")
def period_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The matrix as a file: a line for each legal entity, area and currency."""
    held = _board(_PAGE.read(request.GET))
    rows = []
    for found in held.found if held else ():
        for area in found.areas:
            sums: Sequence[Money | None] = area.amounts or [None]
            for money in sums:
                amount, currency = money_cells(money)
                rows.append([
                    found.closing.name, found.closing.code, found.closing.state, area.label,
                    area.state, str(area.checked), str(area.open), amount, currency,
                ])  # fmt: skip
    return csv_file("close", COLUMNS, rows, at=clock.now())


def _board(state: State) -> Board | None:
    now = clock.now()
    entity = state.one("entity")
    code = state.one("period") or current(now, entity=entity)
    held = board(code, entity=entity, at=now) if code else None
    return held if held and held.found else None


def _neighbours(code: str, entity: str) -> list[tuple[str, str]]:
    """The period before and the one after, by name and code."""
    rows = AccountingPeriod.objects.filter(**({"legal_entity__code": entity} if entity else {}))
    before = rows.filter(code__lt=code).order_by("-code").values_list("code", flat=True).first()
    after = rows.filter(code__gt=code).order_by("code").values_list("code", flat=True).first()
    return [(word, one) for word, one in (("Before", before), ("After", after)) if one]
