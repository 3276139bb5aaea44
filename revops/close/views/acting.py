"""What people do on the page of a close. A refusal is answered on the same page, in words."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.models import User
from approvals.operations import ApprovalRefused
from approvals.subjects import CannotApply
from exceptions.models import Case, CaseState
from revops.close.models import Task
from revops.close.models.late import LateWay
from revops.close.models.signing import SignRole
from revops.close.operations import late as lateness
from revops.close.operations import signing, tasks, waiving
from revops.close.queries.causes import LATE
from revops.close.queries.periods import Closing, closings
from revops.close.views.entity import address, page
from revops.pipeline.period_end import periods
from revops.web.policy import screen


@screen("close.view")
@require_POST
def sign(request: HttpRequest, period: str, entity: str) -> HttpResponse:
    """``role`` is preparer or reviewer; ``seen`` what the page said of the tests."""
    closing, by = _closing(period, entity), _person(request)
    role = request.POST.get("role", "")
    if role not in SignRole.values:
        return page(request, period, entity, problem="Say as whom you sign.", status=422)
    if request.POST.get("confirm") != "yes":
        what = "Confirm that nothing more is posted into it."
        return page(request, period, entity, problem=what, status=422)
    try:
        signing.sign(
            closing=closing, role=role, by=by, seen=request.POST.get("seen", ""),
            note=request.POST.get("note", ""),
        )  # fmt: skip
    except signing.SignRefused as refusal:
        return page(request, period, entity, problem=str(refusal), status=422)
    if role == SignRole.PREPARER:
        said = "You have prepared it. Nothing more is posted into it; a reviewer signs next."
    else:
        said = f"{closing.name} {closing.code} is closed."
    messages.success(request, said)
    return HttpResponseRedirect(address(period, entity))


@screen("close.prepare")
@require_POST
def begin(request: HttpRequest, period: str, entity: str) -> HttpResponse:
    """The tasks of this close, now."""
    made = tasks.begin(closing=_closing(period, entity), by=_person(request))
    word = "task" if made == 1 else "tasks"
    messages.success(request, f"{made} {word} made." if made else "Every task is there already.")
    return HttpResponseRedirect(address(period, entity) + "#tasks")


@screen("close.view")
@require_POST
def move(request: HttpRequest, period: str, entity: str, number: int) -> HttpResponse:
    """``to`` is the state that the task is brought to."""
    closing = _closing(period, entity)
    task = Task.objects.filter(
        pk=number, legal_entity=closing.entity_id, period_code=closing.code
    ).first()
    if task is None:
        raise Http404("There is no such task.")
    try:
        tasks.move(
            task_id=task.pk, to=request.POST.get("to", ""), by=_person(request),
            note=request.POST.get("note", ""),
        )  # fmt: skip
    except tasks.TaskRefused as refusal:
        return page(request, period, entity, problem=str(refusal), status=422)
    return HttpResponseRedirect(address(period, entity) + f"#task-{task.pk}")


@screen("close.prepare")
@require_POST
def waive(request: HttpRequest, period: str, entity: str) -> HttpResponse:
    """Ask for a waiver of ``test``, with a ``reason``."""
    closing = _closing(period, entity)
    try:
        asked = waiving.ask(
            closing=closing, test=request.POST.get("test", ""), by=_person(request),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
    except (waiving.WaiverRefused, ApprovalRefused, CannotApply) as refusal:
        return page(request, period, entity, problem=str(refusal), status=422)
    return HttpResponseRedirect(reverse("approvals:approval", args=[asked.pk]))


@screen("periods.reopen")
@require_POST
def late(request: HttpRequest, period: str, entity: str) -> HttpResponse:
    """Decide about everything that came late: ``way``, and a ``reason`` where others decide."""
    closing, way = _closing(period, entity), request.POST.get("way", "")
    waiting = Case.objects.filter(
        kind=LATE, legal_entity=closing.entity_id, period_code=closing.code
    ).exclude(state=CaseState.RESOLVED)
    if way in (LateWay.NEXT_OPEN, LateWay.ACCRUE):
        key = waiting.order_by("pk").values_list("cause_key", flat=True).first()
        if key is not None:
            # A job of its own, with its preview and somebody else's yes.
            chosen = "?fix-way=accrue" if way == LateWay.ACCRUE else ""
            return HttpResponseRedirect(reverse("exceptions:cause", args=[key]) + chosen)
    try:
        said = lateness.choose(
            closing=closing, way=way, by=_person(request), reason=request.POST.get("reason", ""),
            cases=list(waiting.values_list("pk", flat=True)),
        )  # fmt: skip
    except (lateness.LateRefused, periods.PeriodRefused, ApprovalRefused, CannotApply) as refusal:
        return page(request, period, entity, problem=str(refusal), status=422)
    messages.success(request, said)
    return HttpResponseRedirect(address(period, entity))


@screen("periods.reopen")
@require_POST
def reopen(request: HttpRequest, period: str, entity: str) -> HttpResponse:
    """Ask for a closed period to be opened again; one that is closed softly is opened at once."""
    closing, by = _closing(period, entity), _person(request)
    reason = request.POST.get("reason", "")
    try:
        if closing.soft:
            again = periods.let_in(period_id=closing.period_id, by=by)
            signing.suspend_changed(closing)
            waited = f" {again:,} that waited go on." if again else ""
            messages.success(request, f"{closing.code} is open again.{waited}")
            return HttpResponseRedirect(address(period, entity))
        asked = periods.ask_to_open(period_id=closing.period_id, by=by, reason=reason)
    except (periods.PeriodRefused, ApprovalRefused, CannotApply) as refusal:
        return page(request, period, entity, problem=str(refusal), status=422)
    return HttpResponseRedirect(reverse("approvals:approval", args=[asked.pk]))


def _closing(period: str, entity: str) -> Closing:
    found = closings(period, entity=entity)
    if not found:
        raise Http404("There is no such period of a legal entity that you see.")
    return found[0]


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
