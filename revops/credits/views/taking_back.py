"""Taking back: a request before it is decided, and a credit after it was issued."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse as address_of
from django.views.decorators.http import require_POST

from accounts.models import User
from approvals.operations import ApprovalRefused
from approvals.subjects import CannotApply
from revops.credits.forms import ReasonForm
from revops.credits.life import CannotChange
from revops.credits.operations import reversing, sending
from revops.credits.operations.drafting import CreditUnknown
from revops.credits.views.following import page_of, seen
from revops.web.policy import screen


@screen("credits.request")
@require_POST
def withdraw(request: HttpRequest, id: int) -> HttpResponse:
    """Take it back before it is decided; a refusal is answered on the request's own page."""

    def act(user: User, reason: str) -> str:
        credit = sending.withdraw(by=user, credit_id=id, reason=reason)
        return f"{credit.number} was taken back."

    return _with_reason(request, id, act)


@screen("credits.request")
@require_POST
def reverse(request: HttpRequest, id: int) -> HttpResponse:
    """Ask that an issued one is taken back; somebody else decides."""

    def act(user: User, reason: str) -> str:
        asked = reversing.ask(by=user, credit_id=id, reason=reason)
        return f"{asked} asks somebody else. Until then the credit stays as it is."

    return _with_reason(request, id, act)


def _with_reason(request: HttpRequest, id: int, act: Callable[[User, str], str]) -> HttpResponse:
    assert isinstance(request.user, User)
    credit = seen(request.user, id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return page_of(request, credit, problem="Say why it is taken back, in a few words.")
    try:
        said = act(request.user, form.cleaned_data["reason"])
    except CreditUnknown as error:
        raise Http404(str(error)) from error
    except (CannotChange, ApprovalRefused, CannotApply) as error:
        return page_of(request, seen(request.user, id), problem=str(error))
    messages.success(request, said)
    return HttpResponseRedirect(address_of("credits:one", args=[id]))
