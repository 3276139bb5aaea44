"""Who has one case, and when it comes back: at once, as it is undone as easily."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.queries import authorize
from exceptions import operations
from exceptions.models import Case, CaseState
from exceptions.operations import CaseRefused
from exceptions.views.bulk import options_of
from exceptions.views.working import go_on, on_from
from revops.web.htmx import refuse
from revops.web.policy import screen


@screen("cases.claim")
@require_POST
def handle(request: HttpRequest, number: int) -> HttpResponse:
    """``act`` is take, assign (``who``), snooze (``until``) or wake."""
    by = authorize(request.user, "cases.claim")
    case = Case.objects.filter(pk=number).first()
    if case is None:
        raise Http404(f"There is no case EXC-{number}.")
    act = request.POST.get("act", "")
    if act not in ("take", "assign", "snooze", "wake"):
        return refuse(request, "Choose what to do.", status=422, title="Nothing chosen")
    if case.state == CaseState.RESOLVED:
        return refuse(request, "The case is resolved: nobody has to look at it any more.")
    try:
        told = _done(request, case, act, by)
    except CaseRefused as refusal:
        return refuse(request, refusal, status=422, title="Not understood")
    messages.success(request, told)
    working = request.POST.get("work", "")
    if working:
        return go_on(request, f"{reverse('exceptions:work')}?{on_from(working, number)}")
    return HttpResponseRedirect(reverse("exceptions:case", args=[number]))


def _done(request: HttpRequest, case: Case, act: str, by: User) -> str:
    """The sentence of what was done. Raises CaseRefused."""
    if act == "take":
        operations.assign(case_ids=[case.pk], by=by, assignee_id=by.pk)
        return f"{case} is yours now."
    if act == "wake":
        operations.wake(case_ids=[case.pk], by=by)
        return f"{case} is back in the queue."
    options = options_of(request, act, [])
    if act == "assign":
        operations.assign(
            case_ids=[case.pk], by=by, assignee_id=options["assignee"], team=options["team"]
        )
        return f"{case} is assigned."
    until = datetime.fromisoformat(options["until"]) if options["until"] else None
    operations.snooze(case_ids=[case.pk], by=by, until=until)
    return f"{case} is snoozed. More money at stake brings it back before."
