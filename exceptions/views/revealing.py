"""Showing a case's payloads unmasked for a minute, to one session."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.queries import authorize, may
from exceptions.models import Case
from exceptions.operations import CaseRefused, revealing
from revops.kernel import clock
from revops.web.htmx import refuse
from revops.web.policy import screen

_KEY: Final = "revealed"


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
    request.session[_KEY] = {str(number): until.timestamp()}
    return HttpResponseRedirect(f"{reverse('exceptions:case', args=[number])}#evidence")


def revealed_until(request: HttpRequest, number: int) -> datetime | None:
    """Until when the person may read this case unmasked; None when they may not, or no longer."""
    held = request.session.get(_KEY, {}).get(str(number))
    until = datetime.fromtimestamp(held, tz=UTC) if isinstance(held, float) else None
    return until if until and until > clock.now() and may(request.user, "payload.reveal") else None
