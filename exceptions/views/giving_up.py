"""Asking for a case to be closed although it was not mended."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.queries import authorize
from exceptions.models import Case
from exceptions.operations import CaseRefused
from exceptions.operations.giving_up import ask_to_close
from revops.web.htmx import refuse
from revops.web.policy import screen


@screen("cases.close")
@require_POST
def give_up(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for the case to be closed without a fix; somebody else decides."""
    try:
        asked = ask_to_close(
            case_id=number,
            by=authorize(request.user, "cases.close"),
            reason=request.POST.get("reason", ""),
        )
    except Case.DoesNotExist as error:
        raise Http404(str(error)) from None
    except CaseRefused as refusal:
        return refuse(request, refusal, status=422)
    return HttpResponseRedirect(reverse("approvals:approval", args=[asked.pk]))
