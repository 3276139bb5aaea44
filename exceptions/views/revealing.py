"""Showing a case's payloads unmasked for a minute, to one session."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.queries import authorize
from exceptions.models import Case
from exceptions.operations import CaseRefused, revealing
from revops.web.htmx import refuse
from revops.web.policy import screen
from revops.web.revealing import open_page, open_until


@screen("payload.reveal")
@require_POST
def reveal(request: HttpRequest, number: int) -> HttpResponse:
    """Reveal, with a reason. One case at a time: a second one ends the first."""
    by = authorize(request.user, "payload.reveal")
    try:
        until = revealing.reveal(case_id=number, by=by, reason=request.POST.get("reason", ""))
    except Case.DoesNotExist as error:
        raise Http404(str(error)) from None
    except CaseRefused as refusal:
        return refuse(request, refusal, status=422, title="A reason is needed")
    open_page(request, _page(number), until)
    return HttpResponseRedirect(f"{reverse('exceptions:case', args=[number])}#evidence")


def revealed_until(request: HttpRequest, number: int) -> datetime | None:
    """Until when the person may read this case unmasked; None when they may not, or no longer."""
    return open_until(request, _page(number), "payload.reveal")


def _page(number: int) -> str:
    return reverse("exceptions:case", args=[number])
