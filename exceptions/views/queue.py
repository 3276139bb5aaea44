"""The queue, by cause or by case, and the same as a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.queries import authorize, may
from exceptions import export, filters
from exceptions.filing import FILE
from exceptions.queries.cases import every_case, page_of_cases
from exceptions.queries.causes import every_cause, page_of_causes
from exceptions.queries.choices import choices_for
from exceptions.queries.selection import Selection
from exceptions.queries.totals import Figures, figures
from exceptions.queries.working import next_case
from exceptions.views import saved
from exceptions.views.saved import read_state
from revops.jobs import operations as jobs
from revops.kernel import clock
from revops.web.csv_files import csv_file
from revops.web.exports import MOST_ROWS, file_of
from revops.web.filters import State
from revops.web.htmx import refuse, render_page, wants_fragment
from revops.web.pagination import Page, capped_count, page_size
from revops.web.policy import screen


@screen("cases.view")
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """What needs a person, the most costly first."""
    offered = choices_for(request.user.pk)
    state, view = read_state(request.GET, offered)
    by_case = filters.by_case(state)
    selection = _selection(request, state).looked_up(cases=by_case)
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
        "form": state.form(
            "q",
            "system",
            "kind",
            "owner",
            *(() if not selection.unresolved else (rank,)),
            "amount_min",
            "amount_max",
            "age_min",
        ),
        "oob": wants_fragment(request),
        "saved": saved.shown(offered, state, view),
        "may_claim": may(request.user, "cases.claim"),
        "may_close": may(request.user, "cases.close"),
        "workers": offered.people,
        "teams": filters.choices_of_teams(),
    }
    address = state.address(request.path)
    return render_page(
        request, "exceptions/queue.html", context, fragments={"list": "swap"}, address=address
    )


def _instant(text: str) -> datetime | None:
    """Whole seconds since 1970 and, after a point, microseconds: exact, as the list wrote it."""
    seconds, _, rest = text.partition(".")
    try:
        start = datetime.fromtimestamp(int(seconds), tz=UTC)
        return start + timedelta(microseconds=int(rest or 0))
    except (ValueError, OverflowError, OSError):
        return None


@screen("cases.view")
@require_GET
def arrivals(request: HttpRequest) -> HttpResponse:
    """How many cases came into the view since a moment: a bar that says so, and moves no row."""
    state = _state(request)
    then = _instant(request.GET.get("since", "")) or clock.now()
    selection = _selection(request, state).looked_up(cases=True)
    came = capped_count(selection.cases().filter(opened_at__gt=then))
    # The address of the list is what counts: where it asks is its own business.
    context = {"came": came, "since": then, "address": state.address(reverse("exceptions:queue")),
               "poll": state.query}  # fmt: skip
    return render(request, "exceptions/_arrivals.html", context)


@screen("cases.view")
@require_GET
def work(request: HttpRequest) -> HttpResponse:
    """
    The next case to work on: of the dearest cause of the view, the oldest that nobody else has.
    ``after`` is the case that was just decided, or skipped.
    """
    state = _state(request)
    selection = _selection(request, state).looked_up(cases=True)
    skipped = request.GET.get("skip", "")
    found = next_case(
        selection, sort=state.one("sort"),
        skip=int(skipped) if skipped.isascii() and skipped.isdigit() and len(skipped) < 18 else 0,
    )  # fmt: skip
    if found is None:
        messages.success(request, "Nothing is left to work on in this view.")
        return HttpResponseRedirect(state.address(reverse("exceptions:queue")))
    query = urlencode([("work", state.query or "all")])
    return HttpResponseRedirect(f"{reverse('exceptions:case', args=[found])}?{query}")


@screen("cases.view")
@file_of("cases")
def queue_csv(request: HttpRequest) -> HttpResponseBase:
    """
    The current filter as CSV: what the list shows, every page of it. More cases than a file holds
    at once are a job, with a reason; its page gives the file.
    """
    state = _state(request)
    by_case = filters.by_case(state)
    selection = _selection(request, state).looked_up(cases=by_case)
    if not by_case:
        rows = every_cause(selection, sort=state.one("sort"))
        return csv_file("causes", export.CAUSE_COLUMNS, export.cause_cells(rows), at=selection.at)
    if capped_count(selection.cases(), cap=MOST_ROWS).capped:
        return _as_job(request, state, selection)
    cells = export.case_cells(every_case(selection), at=selection.at)
    return csv_file("cases", export.CASE_COLUMNS, cells, at=selection.at)


def _as_job(request: HttpRequest, state: State, selection: Selection) -> HttpResponseBase:
    if not may(request.user, "jobs.run"):
        words = (
            f"This is more than {MOST_ROWS:,} cases. Narrow the list, or ask somebody of finance."
        )
        return refuse(request, words, status=422, title="Too many rows")
    ids = selection.cases().order_by("opened_at", "pk").values_list("pk", flat=True)
    job = jobs.draft(
        kind=FILE, ids=ids[: jobs.MOST], by=authorize(request.user, "cases.view"),
        scope_text=filters.words_of(state),
    )  # fmt: skip
    messages.info(request, f"More than {MOST_ROWS:,} cases are a job: say why, and take the file.")
    return HttpResponseRedirect(reverse("jobs:job", args=[job.pk]))


def _selection(request: HttpRequest, state: State) -> Selection:
    return filters.selection_of(state, at=clock.now(), person=request.user.pk)


def _state(request: HttpRequest) -> State:
    return read_state(request.GET, choices_for(request.user.pk))[0]


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
        known=len(selection.ids) if selection.counted else found.shown.cases if counted else None,
    )


def _tabs(state: State, found: Figures) -> list[dict[str, object]]:
    counts: dict[str, object] = {status: f"{count:,}" for status, count in found.by_tab.items()} | {
        "in_doubt": f"{found.by_state.get('in_doubt', 0):,}",
        "new": found.new or "",
        "retrying": f"{found.by_state.get('retrying', 0):,}",
        "resolved": "",
    }
    if state.one("q"):
        counts |= {"blocks": "", "escalating": ""}
        if state.one("status") == "new":
            counts = dict.fromkeys(counts, "")
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
        # Passing states have a tab while there is something in them.
        if status not in ("in_doubt", "retrying") or found.by_state.get(status) or status == here
    ]
