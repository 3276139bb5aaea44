"""Pages' acts on accounts: two that are one person's, and a second factor that is lost."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts import operations
from accounts.models import SamePerson, User
from accounts.operations import PeopleRefused
from approvals.operations import ApprovalRefused
from revops.console.people import recovery
from revops.console.people.views import page_of, person_of
from revops.web.policy import screen


@screen("people.change")
@require_POST
def tie(request: HttpRequest, id: int) -> HttpResponse:
    """Another account is this person's, too."""
    assert isinstance(request.user, User)
    person = person_of(id)
    chosen = request.POST.get("other", "").strip().lower()
    other = User.objects.filter(email=chosen).first()
    if other is None:
        return page_of(request, id, problem="There is no account with that e-mail address.")
    try:
        operations.tie_accounts(
            user=person, other=other, by=request.user, reason=request.POST.get("reason", "")
        )
    except PeopleRefused as refusal:
        return page_of(request, id, problem=str(refusal))
    messages.success(request, f"{person.email} and {other.email} count as one person now.")
    return HttpResponseRedirect(reverse("console:user", args=[id]))


@screen("people.change")
@require_POST
def untie(request: HttpRequest, id: int, tie: int) -> HttpResponse:
    """They are two people after all."""
    assert isinstance(request.user, User)
    person = person_of(id)
    try:
        found = SamePerson.objects.get(pk=tie)
        if person.pk not in (found.first_id, found.second_id):
            raise SamePerson.DoesNotExist
        operations.untie_accounts(
            tie_id=tie, by=request.user, reason=request.POST.get("reason", "")
        )
    except SamePerson.DoesNotExist as error:
        raise Http404("There is no such tie of this account.") from error
    except PeopleRefused as refusal:
        return page_of(request, id, problem=str(refusal))
    messages.success(request, "They count as two people from now on.")
    return HttpResponseRedirect(reverse("console:user", args=[id]))


@screen("people.change")
@require_POST
def reset(request: HttpRequest, id: int) -> HttpResponse:
    """Ask somebody else to agree that this person's second factor goes."""
    assert isinstance(request.user, User)
    try:
        asked = recovery.ask_to_reset(
            user=person_of(id), by=request.user, reason=request.POST.get("reason", "")
        )
    except (PeopleRefused, ApprovalRefused) as refusal:
        return page_of(request, id, problem=str(refusal))
    messages.success(request, f"Asked as {asked}. Somebody else decides.")
    return HttpResponseRedirect(reverse("console:user", args=[id]))
