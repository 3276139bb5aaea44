"""The queue, by cause or by case, and the same as a file."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from connectors.models import Connection
from exceptions import export, filters
from exceptions.queries.cases import every_case, page_of_cases
from exceptions.queries.causes import every_cause, page_of_causes
from exceptions.queries.selection import Selection
from exceptions.queries.totals import Figures, figures
from revops.kernel import clock
from revops.web.csv_files import csv_file
from revops.web.exports import file_of
from revops.web.filters import State
from revops.web.htmx import render_page, wants_fragment
from revops.web.pagination import Page, page_size
from revops.web.policy import screen


@screen("cases.view")
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """What needs a person, the most costly first."""
    state = _state(request)
    by_case = filters.by_case(state)
    selection = filters.selection_of(state, at=clock.now()).looked_up(cases=by_case)
    found = figures(selection)
    page = _page(state, selection, found, by_case=by_case)
    rank = "order" if by_case else "sort"
    context: dict[str, Any] = {
        "state": state,
        "path": request.path,
        "at": selection.at,
        "figures": found,
        "tabs": _tabs(state, found),
        "page": page,
        "by_case": by_case,
        "order": state.one("order"),
        "resolved": not selection.unresolved,
        "view": filters.STATUSES[selection.status],
        "entity": selection.entity,
        "noun": "cases" if by_case else "causes",
        "form": state.form("q", "system", "kind", *(() if not selection.unresolved else (rank,))),
        "oob": wants_fragment(request),
    }
    address = state.address(request.path)
    return render_page(
        request, "exceptions/queue.html", context, fragments={"list": "swap"}, address=address
    )


@screen("cases.view")
@file_of("cases")
def queue_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The current filter as CSV: what the list shows, every page of it."""
    state = _state(request)
    selection = filters.selection_of(state, at=clock.now()).looked_up()
    if not filters.by_case(state):
        rows = every_cause(selection, sort=state.one("sort"))
        return csv_file("causes", export.CAUSE_COLUMNS, export.cause_cells(rows), at=selection.at)
    cells = export.case_cells(every_case(selection), at=selection.at)
    return csv_file("cases", export.CASE_COLUMNS, cells, at=selection.at)


def _state(request: HttpRequest) -> State:
    systems = dict(Connection.objects.order_by("label").values_list("slug", "label"))
    choices = {"system": systems, "kind": filters.choices_of_kinds()}
    return filters.QUEUE.read(request.GET, choices=choices)


def _page(state: State, selection: Selection, found: Figures, *, by_case: bool) -> Page[Any]:
    size = page_size(state.one("rows"))
    if not by_case:
        return page_of_causes(
            selection, sort=state.one("sort"), number=state.one("page"), size=size
        )
    counted = selection.unresolved and selection.status != "new" and not selection.words
    return page_of_cases(
        selection,
        sort=state.one("order"),
        after=state.one("after"),
        before=state.one("before"),
        size=size,
        known=found.shown.cases if counted else None,
    )


def _tabs(state: State, found: Figures) -> list[dict[str, object]]:
    counts: dict[str, object] = {
        "": f"{found.open:,}",
        "in_doubt": f"{found.by_state.get('in_doubt', 0):,}",
        "new": found.new or "",
        "retrying": f"{found.by_state.get('retrying', 0):,}",
        "resolved": "",
    }
    here = state.one("status")
    return [
        {
            "status": status,
            "label": label,
            "count": counts[status],
            "current": status == here,
            "query": state.changed({"status": status}).query,
        }
        for status, label in filters.STATUSES.items()
    ]
