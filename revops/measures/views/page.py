"""The page of measures, its file, and what people decide on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.queries import explain
from revops.kernel import clock
from revops.measures.forms import AssumptionForm, ObjectiveForm
from revops.measures.operations import objectives as operations
from revops.measures.promises import ESTIMATES, PROMISES
from revops.measures.queries.page import Kept, Line, read
from revops.measures.queries.standing import estimate
from revops.measures.views.drawing import ages_of, drawings
from revops.measures.words import burn_of, promise_of, share_of, time_of
from revops.web import formats
from revops.web.csv_files import csv_file
from revops.web.exports import file_of
from revops.web.filters import Filters
from revops.web.htmx import refuse, render_page
from revops.web.policy import screen

_LIST = Filters()
# As the schedule of the settings has it.
_EVERY: Final = timedelta(minutes=2)
COLUMNS: Final = (
    "measure", "window", "count", "good", "open", "bad", "seconds_mean",
    "seconds_p50_within", "seconds_p95_within",
)  # fmt: skip


@screen("measures.view")
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """How it goes, and what of every promise is left."""
    now = clock.now()
    entity = _LIST.read(request.GET).one("entity")
    shown = read(at=now, entity=entity)
    objectives = [_objective(one) for one in shown.objectives]
    context = {
        "shown": shown,
        "entity": entity,
        "objectives": objectives,
        "broken": [
            said
            for said, one in zip(objectives, shown.objectives, strict=True)
            if not one.budget.is_kept
        ],
        "drawings": drawings(shown),
        "lines": [_line(one) for one in shown.lines],
        "ages": ages_of(shown),
        "estimate": estimate("matching"),
        "verdict": explain(request.user, "measures.change"),
        "first": format_html(
            "The first are there by {}; a worker samples every two minutes.",
            formats.when(_first(now), "time"),
        ),
        "again": request.get_full_path(),
    }
    return render_page(request, "measures/page.html", context)


@screen("measures.view")
@file_of("measures")
def as_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The figures of the page, with times in seconds."""
    now = clock.now()
    shown = read(at=now, entity=_LIST.read(request.GET).one("entity"))
    return csv_file("measures", COLUMNS, _cells(shown.lines), at=now)


@screen("measures.change")
@require_POST
def objective(request: HttpRequest, slug: str) -> HttpResponse:
    """Another target, time or window."""
    assert isinstance(request.user, User)
    if slug not in PROMISES:
        raise Http404("There is no such objective.")
    form = ObjectiveForm(request.POST)
    if not form.is_valid() or (PROMISES[slug].within and not form.cleaned_data["within"]):
        return refuse(request, "Give a percentage under 100, a time and 1 to 90 days.", status=422)
    operations.change_objective(
        by=request.user, slug=slug, target=form.hundredths(),
        within=form.cleaned_data["within"] or None, days=form.cleaned_data["days"],
    )  # fmt: skip
    messages.success(request, f"“{PROMISES[slug].name}” is changed.")
    return HttpResponseRedirect(f"{reverse('measures:page')}#objectives")


@screen("measures.change")
@require_POST
def assumption(request: HttpRequest, slug: str) -> HttpResponse:
    """Another number for what nobody measures."""
    assert isinstance(request.user, User)
    if slug not in ESTIMATES:
        raise Http404("There is no such assumption.")
    form = AssumptionForm(request.POST)
    if not form.is_valid():
        return refuse(request, "Give a number of seconds from 1 to 86,400.", status=422)
    operations.assume(
        by=request.user, slug=slug, seconds=form.cleaned_data["seconds"],
        note=form.cleaned_data["note"],
    )  # fmt: skip
    messages.success(request, f"“{ESTIMATES[slug].name}” is changed.")
    return HttpResponseRedirect(f"{reverse('measures:page')}#saved")


def _objective(kept: Kept) -> dict[str, object]:
    promise, budget = kept.promise, kept.budget
    initial = {
        "target": f"{promise.target // 100}.{promise.target % 100:02}",
        "within": promise.within, "days": promise.days,
    }  # fmt: skip
    tone = "ok" if budget.is_kept and budget.left >= 25 else "warn" if budget.is_kept else "crit"
    return {
        "kept": kept,
        "promise": promise_of(promise),
        "share": share_of(budget.share),
        "short": burn_of(kept.short),
        "long": burn_of(kept.long),
        "tone": tone if budget.counted.due else "none",
        "form": ObjectiveForm(initial=initial, auto_id=f"{promise.slug}-%s"),
    }


def _first(at: datetime) -> datetime:
    """The minute by which the worker has sampled for the first time."""
    return (at + _EVERY).replace(second=0) + timedelta(minutes=1)


def _line(line: Line) -> dict[str, object]:
    return {
        "line": line,
        "half": time_of(line.month.quantile(50)) if any(line.month.spread) else "",
        "most": time_of(line.month.quantile(95)) if any(line.month.spread) else "",
        "mean": time_of(line.month.mean) if any(line.month.spread) else "",
    }


def _cells(lines: Sequence[Line]) -> Iterator[list[str]]:
    for line in lines:
        for window, sums in (("24 h", line.day), ("7 d", line.week), ("28 d", line.month)):
            times = (sums.mean, sums.quantile(50), sums.quantile(95))
            yield [
                line.slug, window, str(sums.count), str(sums.good), str(sums.open),
                str(sums.bad),
                *("" if one is None else str(one) for one in times),
            ]  # fmt: skip
