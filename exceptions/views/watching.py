"""“Tell me when it is settled or due.”"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.queries import authorize
from exceptions.models import Case
from exceptions.operations import CaseRefused, watching
from revops.web.htmx import refuse
from revops.web.policy import screen


@screen("cases.view")
@require_POST
def watch(request: HttpRequest, number: int) -> HttpResponse:
    """A notice, once: when the case is settled, or when its check is due."""
    try:
        held = watching.watch(case_id=number, by=authorize(request.user, "cases.view"))
    except Case.DoesNotExist:
        raise Http404(f"There is no case EXC-{number}.") from None
    except CaseRefused as refusal:
        return refuse(request, refusal)
    due = timezone.localtime(held.due_at)
    messages.success(request, f"You are told when it is settled, or at {due:%H:%M}.")
    return HttpResponseRedirect(reverse("exceptions:case", args=[number]))
