"""Break-glass: ask, answer, and look at it afterwards."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import operations
from accounts.authority import ALL, scope_of
from accounts.models import BreakGlass, User
from accounts.operations import PeopleRefused
from accounts.queries import explain
from accounts.roles import LENT_IN_EMERGENCY
from revops.console.people.forms import EmergencyForm
from revops.kernel import clock
from revops.web.htmx import render_page
from revops.web.policy import screen

_NEWEST = 50


@screen("break_glass.ask")
@require_http_methods(["GET", "HEAD", "POST"])
def emergencies(request: HttpRequest) -> HttpResponse:
    """What was asked for lately, and the form to ask."""
    assert isinstance(request.user, User)
    form = EmergencyForm(request.POST if request.method == "POST" else None)
    problem = ""
    if request.method == "POST":
        problem = "Some of it is missing or not right."
        if form.is_valid():
            try:
                made = operations.ask_for_emergency(by=request.user, **form.cleaned_data)
                messages.success(request, f"Asked as {made}. Somebody else has to grant it.")
                return HttpResponseRedirect(reverse("console:emergencies"))
            except PeopleRefused as refusal:
                problem = str(refusal)
    return _page(request, form=form, problem=problem)


@screen("break_glass.ask")
@require_POST
def answer(request: HttpRequest, number: int) -> HttpResponse:
    """Grant it or refuse it."""
    assert isinstance(request.user, User)
    act = (
        operations.grant_emergency
        if request.POST.get("choice") == "grant"
        else operations.refuse_emergency
    )
    try:
        glass = act(glass_id=number, by=request.user)
    except BreakGlass.DoesNotExist as error:
        raise Http404("There is no such request.") from error
    except PeopleRefused as refusal:
        return _page(request, form=EmergencyForm(), problem=str(refusal))
    said = "is granted" if glass.granted_at else "is refused"
    messages.success(request, f"{glass} {said}.")
    return HttpResponseRedirect(reverse("console:emergencies"))


@screen("break_glass.ask")
@require_POST
def review(request: HttpRequest, number: int) -> HttpResponse:
    """Say what was found afterwards."""
    assert isinstance(request.user, User)
    try:
        operations.review_emergency(
            glass_id=number, by=request.user, review=request.POST.get("review", "")
        )
    except BreakGlass.DoesNotExist as error:
        raise Http404("There is no such request.") from error
    except PeopleRefused as refusal:
        return _page(request, form=EmergencyForm(), problem=str(refusal))
    messages.success(request, "Looked at. It is closed.")
    return HttpResponseRedirect(reverse("console:emergencies"))


def _page(request: HttpRequest, *, form: EmergencyForm, problem: str) -> HttpResponse:
    now = clock.now()
    rows = []
    found = BreakGlass.objects.select_related("asked_by", "granted_by", "reviewed_by")
    if scope_of(request.user) is not ALL:
        # Why somebody asked may tell of another entity; that it is in force, every page says.
        found = found.filter(asked_by__in=[request.user.pk])
    for glass in found.order_by("-pk")[:_NEWEST]:
        makers = [glass.asked_by_id]
        ended = glass.ends_at is not None and glass.ends_at <= now
        rows.append(
            {
                "glass": glass,
                "lends": [LENT_IN_EMERGENCY.get(one, one) for one in glass.actions]
                or ["a sign-in that opened nothing"],
                "state": _state(glass, ended=ended),
                "grant": explain(request.user, "break_glass.grant", makers=makers),
                "review": explain(request.user, "break_glass.review", makers=makers),
                "waits": glass.granted_at is None and glass.refused_at is None,
                "unseen": ended and glass.reviewed_at is None,
            }
        )
    context = {"form": form, "problem": problem, "rows": rows}
    return render_page(request, "people/emergencies.html", context, status=422 if problem else 200)


def _state(glass: BreakGlass, *, ended: bool) -> tuple[str, str]:
    """(status, word) of a tag."""
    if glass.refused_at is not None:
        return "cancelled", "Refused"
    if glass.granted_at is None:
        return "waiting_for_approval", "Waits for somebody else"
    if not ended:
        return "running", "In force"
    return ("done", "Looked at") if glass.reviewed_at else ("open", "To be looked at")
