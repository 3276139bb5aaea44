"""A job as a page: the preview while it is a draft, then how far it is and what became of each."""

from __future__ import annotations

from typing import Any, Final, cast

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.authority import covers
from accounts.models import User
from accounts.queries import authorize, may, scope_of
from revops.jobs import kinds, operations, queries
from revops.jobs.models import ItemState, Job, JobState
from revops.jobs.operations import JobRefused
from revops.kernel import clock
from revops.kernel.money import Money
from revops.kernel.privacy import PII
from revops.web.csv_files import Column, csv_file, instant_cell, money_cells
from revops.web.exports import file_of
from revops.web.filters import Filters, Key
from revops.web.htmx import refuse, render_page, wants_fragment
from revops.web.pagination import numbered_page, page_size
from revops.web.policy import screen

STATES: Final = {state.value: state.label for state in ItemState}
_ITEMS: Final = Filters(Key("state", label="Outcome", choices=STATES))
_JOBS: Final = Filters(
    Key("of", default="mine", choices={"mine": "Mine", "all": "Everybody’s"}, chip=False)
)
_SAMPLES: Final = 3
_COLUMNS: Final = (
    "record", Column("label", PII), "state", Column("outcome", PII), "entity", "period",
    "currency", "amount", "done_at",
)  # fmt: skip


@screen("jobs.view")
@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    """Jobs, the newest first: one's own, or everybody's."""
    state = _JOBS.read(request.GET)
    mine = cast(User, request.user) if state.one("of") == "mine" else None
    page = numbered_page(queries.jobs(of=mine), number=state.one("page"))
    context = {
        "state": state, "page": page, "noun": "jobs", "of": state.one("of"), "at": clock.now(),
        "path": request.path,
    }  # fmt: skip
    return render_page(request, "jobs/list.html", context)


@screen("jobs.view")
@require_GET
def job(request: HttpRequest, number: int) -> HttpResponse:
    """The preview of a draft; the progress and outcomes of everything else."""
    found = _found(number)
    return render_page(
        request, "jobs/job.html", _context(request, found), fragments={"live": "live"}
    )


@screen("jobs.view")
@file_of("job")
def job_csv(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """Every record of the job with what became of it; or, where it was for one, its file."""
    found = _found(number)
    kind = _kind(found)
    if kind is not None and kind.file is not None and _may_take(kind, found, request):
        made = kind.file(found)
        return csv_file(f"{made.name}-{found}", made.columns, made.lines, at=clock.now())
    lines = (
        [
            row.reference, row.label, row.state, row.outcome, row.entity, row.period_code,
            *money_cells(Money(row.amount, row.currency) if row.currency else None),
            instant_cell(row.done_at),
        ]
        for row in queries.every_item(found)
    )  # fmt: skip
    return csv_file(str(found), _COLUMNS, lines, at=clock.now())


@screen("jobs.run")
@require_POST
def start(request: HttpRequest, number: int) -> HttpResponse:
    """Run the draft."""
    _found(number)
    reason = request.POST.get("reason", "")
    try:
        operations.start(job_id=number, by=authorize(request.user, "jobs.run"), reason=reason)
    except JobRefused as refusal:
        context = _context(request, _found(number)) | {"error": str(refusal), "said": reason}
        return render_page(request, "jobs/job.html", context, status=422)
    request.session[queries.IN_TRAY] = True
    return HttpResponseRedirect(_address(number))


@screen("jobs.run")
@require_POST
def steer(request: HttpRequest, number: int, what: str) -> HttpResponse:
    """Stop it, try again what failed, or take it back."""
    act = {"stop": operations.stop, "again": operations.retry_failed, "undo": operations.undo}
    _found(number)
    if what not in act:
        raise Http404("There is no such act.")
    try:
        done = act[what](job_id=number, by=authorize(request.user, "jobs.run"))
    except JobRefused as refusal:
        return refuse(request, refusal)
    request.session[queries.IN_TRAY] = True
    return HttpResponseRedirect(_address(done.pk))


def _address(number: int) -> str:
    return reverse("jobs:job", args=[number])


def _found(number: int) -> Job:
    job = Job.objects.select_related("by", "undoes").filter(pk=number).first()
    if job is None:
        raise Http404(f"There is no job BLK-{number}.")
    return job


def _context(request: HttpRequest, found: Job) -> dict[str, Any]:
    state = _ITEMS.read(request.GET)
    counted = queries.tally(found)
    page = queries.page_of_items(
        found, counted, state=state.one("state"), after=state.one("after"),
        before=state.one("before"), size=page_size(state.one("rows")),
    )  # fmt: skip
    kind = _kind(found)
    draft = found.state == JobState.DRAFT
    ids = [item.subject_id for item in page.rows]
    standing = kind.now(ids) if kind and not draft else {}
    mine = may(request.user, kind.action) if kind else False
    return {
        "job": found,
        "kind": kind,
        "path": _address(found.pk),
        "state": state,
        "tally": counted,
        "page": page,
        "noun": "records",
        "rows": [
            (
                item,
                Money(item.amount, item.currency) if item.amount is not None else None,
                kind.link(item.subject_id) if kind else "",
                standing.get(item.subject_id),
            )
            for item in page.rows
        ],
        "sums": queries.sums(found),
        "counted": kind.counted(counted.of("pending")) if kind else "",
        "samples": _preview(kind, found) if draft else (),
        "budgets": _budgets(kind, found) if draft else (),
        "minutes": -(-counted.of("pending") // found.rate),
        "may_start": draft and mine and found.by_id == request.user.pk,
        "may_act": mine,
        "has_file": bool(kind and kind.file and _may_take(kind, found, request)),
        "live": found.state in queries.LIVE,
        "may_undo": bool(
            mine and kind and kind.undo and found.undoes_id is None and counted.of("done")
        ),
        "undone_by": Job.objects.filter(undoes=found).first(),
        "at": clock.now(),
        "oob": wants_fragment(request),
    }


def _kind(found: Job) -> kinds.JobKind | None:
    """None for a job of an older version, whose kind is not known any more."""
    try:
        return kinds.get(found.kind)
    except kinds.JobKindUnknown:
        return None


def _may_take(kind: kinds.JobKind, found: Job, request: HttpRequest) -> bool:
    """Who asked for a file takes it when it is over, as long as they see all of its entities."""
    user = cast(User, request.user)
    if found.state != JobState.DONE or found.by_id != user.pk or not may(user, kind.action):
        return False
    return covers(scope_of(user, kind.action), found.entities)


def _preview(kind: kinds.JobKind | None, found: Job) -> Any:
    return kind.samples(queries.first_ids(found, _SAMPLES), found.options) if kind else ()


def _budgets(kind: kinds.JobKind | None, found: Job) -> Any:
    return kind.budget(queries.first_ids(found, operations.MOST), found.options) if kind else ()
