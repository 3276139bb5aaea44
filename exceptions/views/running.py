"""Running the playbook on a case."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.queries import authorize
from exceptions.models import Case, StepState
from exceptions.operations import CaseRefused, running
from revops.web.htmx import refuse
from revops.web.policy import screen


@screen("cases.claim")
@require_POST
def run(request: HttpRequest, number: int) -> HttpResponse:
    """``start``, or what became of the step: ``done``, ``skipped``, ``failed``."""
    by = authorize(request.user, "cases.claim")
    act, position = request.POST.get("act", ""), request.POST.get("position", "")
    try:
        if act == "start":
            running.start(case_id=number, by=by)
        elif not Case.objects.filter(pk=number).exists():
            raise Http404(f"There is no case EXC-{number}.")
        elif act in StepState.values and position.isascii() and position.isdigit():
            running.take(
                case_id=number, position=int(position[:4]), outcome=act,
                note=request.POST.get("note", ""), by=by,
            )  # fmt: skip
        else:
            return refuse(request, "Choose what became of the step.", status=422)
    except Case.DoesNotExist as error:
        raise Http404(str(error)) from None
    except CaseRefused as refusal:
        return refuse(request, refusal)
    return HttpResponseRedirect(f"{reverse('exceptions:case', args=[number])}#playbook")
