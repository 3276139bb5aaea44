"""Flows: what follows from each business event, how it goes, and taking a run back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.queries import may
from accounts.roles import who_may
from revops.console.flow_graph import drawing
from revops.console.views.contracts import rows_of
from revops.contracts.registry import CONTRACTS
from revops.lineage.kinds import KINDS
from revops.pipeline.flows import acts
from revops.pipeline.flows.base import POST, Flow, Kind, Step
from revops.pipeline.flows.catalogue import event_type, flows
from revops.pipeline.flows.queries import runs
from revops.pipeline.flows.queries.runs import Counts, Run, StepRow
from revops.pipeline.flows.undo import CannotUndo
from revops.pipeline.models import StepState, UndoState
from revops.web.htmx import render_page
from revops.web.policy import screen

_RECENT: Final = 25
_LOOK: Final = {
    "running": "running",
    "done": "done",
    "failed": "failed",
    "compensating": "retrying",
    "compensated": "compensated",
    "waiting": "waiting",
    "held": "waiting",
    "unready": "waiting",
    "queued": "sending",
    "skipped": "skipped",
    "superseded": "skipped",
    "withdrawn": "cancelled",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A flow in the list."""

    flow: Flow
    counts: Counts

    @property
    def status(self) -> str:
        counts = self.counts
        if counts.failed:
            return "failed"
        if counts.waiting:
            return "waiting"
        return "running" if counts.running else "done" if counts.week else "not_due"

    @property
    def word(self) -> str:
        """What the status says here, where its own word would say something else."""
        return "" if self.status != "not_due" else "None yet"


@screen("flows.view")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """All flows by their business event, with live counts."""
    found = runs.counts()
    lines = [Line(flow, found.get(flow.event, Counts())) for flow in flows().values()]
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.flow.event.partition(".")[0], []).append(line)
    context = {
        "groups": [(name.replace("_", " ").capitalize(), rows) for name, rows in groups.items()],
        "count": len(lines),
        "failed": sum(line.counts.failed for line in lines),
        "waiting": sum(line.counts.waiting for line in lines),
        "running": sum(line.counts.running for line in lines),
        "day": sum(line.counts.day for line in lines),
    }
    return render_page(request, "flows/flows.html", context)


@screen("flows.view")
@require_GET
def one(request: HttpRequest, event: str) -> HttpResponse:
    """One flow: its drawing, its steps as a list, and its newest runs."""
    flow = flows().get(event)
    if flow is None:
        raise Http404("There is no flow of that event.")
    counts = runs.step_counts(
        event, line=[step.name for step in flow.steps if step.kind is Kind.LINE], post=POST
    )
    found = runs.counts().get(event, Counts())
    context = {
        "flow": flow,
        "line": Line(flow, found),
        "drawing": drawing(flow, counts),
        "contracts": rows_of([name for name in CONTRACTS if event_type(name) == event]),
        "runs": [(run, _LOOK[run.state]) for run in runs.recent(event, most=_RECENT)],
    }
    return render_page(request, "flows/flow.html", context)


@dataclass(frozen=True, slots=True)
class Row:
    """A step of a run; ``rows`` are the systems that it went to."""

    step: Step
    status: str
    word: str
    note: str
    rows: tuple[tuple[StepRow, str, str, str], ...]


@screen("flows.view")
@require_GET
def run(request: HttpRequest, id: int) -> HttpResponse:
    return _run_page(request, id)


@screen("flows.compensate")
@require_POST
def compensate(request: HttpRequest, id: int) -> HttpResponse:
    """Take a run back; asks for a reason, and answers a refusal on the run's own page."""
    assert isinstance(request.user, User)
    reason = request.POST.get("reason", "")
    if request.POST.get("confirm") != "yes":
        problem = "Confirm that systems are told."
        return _run_page(request, id, problem=problem, reason=reason, status=422)
    try:
        acts.compensate(id, by=request.user, reason=reason)
    except CannotUndo as error:
        return _run_page(request, id, problem=str(error), reason=reason, status=422)
    return HttpResponseRedirect(reverse("console:flow-run", args=[id]))


def _run_page(
    request: HttpRequest, id: int, *, problem: str = "", reason: str = "", status: int = 200
) -> HttpResponse:
    found = runs.run(id)
    if found is None:
        raise Http404("There is no such run.")
    flow = flows()[found.flow]
    made = runs.steps_of(id)
    ended = found.state in ("compensating", "compensated")
    context = {
        "run": found,
        "flow": flow,
        "look": _LOOK[found.state],
        "thread": (
            reverse("console:lineage", args=[found.record_kind, found.record_id])
            if found.record_kind in KINDS
            else ""
        ),
        "rows": [_row(step, found, made) for step in flow.steps],
        "backwards": [
            (flow.step(row.step), row) for row in reversed(made) if row.state in ("done", "queued")
        ],
        "may_undo": may(request.user, "flows.compensate") and not ended,
        "who_undoes": who_may("flows.compensate"),
        "ended": ended,
        "problem": problem,
        "reason": reason,
    }
    return render_page(request, "flows/run.html", context, status=status)


def _row(step: Step, found: Run, made: list[StepRow]) -> Row:
    if step.kind is Kind.CHECK:
        check = next((one for one in found.checks if one["step"] == step.name), None)
        if check is None:
            return Row(step, "skipped", "Not needed", "", ())
        return Row(step, "done" if check["passed"] else "failed", "", check["sentence"], ())
    if step.kind is Kind.LINE:
        waits = step.name == POST and found.posting
        return Row(step, "waiting" if waits else "done", "", "", ())
    rows = tuple(
        (
            row,
            _LOOK[row.state],
            "" if row.state == "done" else StepState(row.state).label,
            UndoState(row.undo_state).label if row.undo_state else "",
        )
        for row in made
        if row.step == step.name
    )
    return Row(step, "skipped", "No system to tell", found.note, rows)
