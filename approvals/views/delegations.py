"""While somebody is away: who decides for them."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.queries import authorize, may
from approvals import operations
from approvals.forms import DelegationForm
from approvals.models import Delegation
from approvals.operations import ApprovalRefused
from approvals.operations.delegating import could_take
from revops.kernel import clock
from revops.web.htmx import refuse, render_page
from revops.web.policy import screen


@screen("approvals.view")
@require_http_methods(["GET", "HEAD", "POST"])
def delegations(request: HttpRequest) -> HttpResponse:
    """One's own, given and taken; and the form to hand one's right on."""
    assert isinstance(request.user, User)
    user, problem = request.user, ""
    if request.method == "POST":
        authorize(user, "approvals.delegate")
    people = could_take(user)
    form = DelegationForm(user, people, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if form.is_valid():
            starts_at, ends_at = form.span()
            try:
                made = operations.delegate(
                    giver=user,
                    taker=User.objects.get(pk=form.cleaned_data["taker"]),
                    starts_at=starts_at,
                    ends_at=ends_at,
                    reason=form.cleaned_data["reason"],
                )
                messages.success(request, f"{made.taker.name} decides for you on these days.")
                return HttpResponseRedirect(reverse("approvals:delegations"))
            except ApprovalRefused as refusal:
                problem = str(refusal)
        else:
            problem = "Some of it is missing or not right."
    rows = Delegation.objects.select_related("giver", "taker").order_by("-starts_at", "-pk")
    context = {
        "form": form,
        "problem": problem,
        "given": list(rows.filter(giver=user)[:50]),
        "taken": list(rows.filter(taker=user)[:50]),
        "at": clock.now(),
        "may_hand_on": may(user, "approvals.delegate"),
    }
    return render_page(
        request, "approvals/delegations.html", context, status=422 if problem else 200
    )


@screen("approvals.view")
@require_POST
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    """End one's own delegation."""
    assert isinstance(request.user, User)
    try:
        operations.take_back(delegation_id=number, by=request.user)
    except Delegation.DoesNotExist as error:
        raise Http404("There is no such delegation.") from error
    except ApprovalRefused as refusal:
        return refuse(request, refusal, status=409)
    messages.success(request, "You decide for yourself again.")
    return HttpResponseRedirect(reverse("approvals:delegations"))
