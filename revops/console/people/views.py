"""Users and roles: the list, one person, and what changes for them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import identities, operations, second_factor
from accounts.models import Assignment, User
from accounts.operations import PeopleRefused
from accounts.queries import may
from accounts.roles import Role, who_may
from approvals.operations import ApprovalRefused
from revops.console.people import reading, subject
from revops.console.people.forms import GrantForm, InviteForm
from revops.kernel import clock
from revops.web import revealing
from revops.web.csv_files import csv_file
from revops.web.exports import file_of
from revops.web.htmx import render_page
from revops.web.policy import screen

_REFUSALS = (PeopleRefused, ApprovalRefused)


@screen("people.view")
@require_GET
def users(request: HttpRequest) -> HttpResponse:
    """Everybody, with what they may do where."""
    return _users(request)


@screen("people.change")
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Somebody new; what they may do follows on their page."""
    assert isinstance(request.user, User)
    form, problem = InviteForm(request.POST), "Some of it is missing or not right."
    if form.is_valid():
        try:
            made = operations.invite(by=request.user, **form.cleaned_data)
            messages.success(request, f"{made.name} is here. Ask for a role for them now.")
            return HttpResponseRedirect(reverse("console:user", args=[made.pk]))
        except PeopleRefused as refusal:
            problem = str(refusal)
    return _users(request, form=form, problem=problem)


@screen("people.view")
@file_of("access-review")
def review(request: HttpRequest) -> StreamingHttpResponse:
    """The access review as a file."""
    return csv_file("access-review", reading.COLUMNS, reading.review_rows(), at=clock.now())


@screen("people.reveal")
@require_POST
def reveal(request: HttpRequest, id: int) -> HttpResponse:
    """Show how to reach this person for a minute, with a reason."""
    return revealing.answer(
        request, reverse("console:user", args=[person_of(id).pk]), action="people.reveal",
        kind="person", reference=f"user:{id}",
    )  # fmt: skip


@screen("people.view")
@require_GET
@revealing.revealable("people.reveal")
def user(request: HttpRequest, id: int) -> HttpResponse:
    return page_of(request, id)


@screen("people.change")
@require_POST
def ask(request: HttpRequest, id: int) -> HttpResponse:
    """Ask another administrator to give this person a role."""
    assert isinstance(request.user, User)
    form, problem = GrantForm(request.POST), "Some of it is missing or not right."
    if form.is_valid():
        entity, group = form.scope
        try:
            asked = subject.ask_to_grant(
                user=person_of(id), role=Role(form.cleaned_data["role"]), by=request.user,
                entity=entity, group=group, until=form.until_instant,
                reason=form.cleaned_data["reason"],
            )  # fmt: skip
            messages.success(request, f"Asked as {asked}. Another administrator decides.")
            return HttpResponseRedirect(reverse("console:user", args=[id]))
        except _REFUSALS as refusal:
            problem = str(refusal)
    return page_of(request, id, form=form, problem=problem)


@screen("people.change")
@require_http_methods(["POST"])
def end(request: HttpRequest, id: int, assignment: int) -> HttpResponse:
    """Ask another administrator to end a role of this person."""
    assert isinstance(request.user, User)
    found = (
        Assignment.objects.select_related("user", "group").filter(pk=assignment, user=id).first()
    )
    if found is None:
        raise Http404("There is no such role.")
    try:
        asked = subject.ask_to_end(
            assignment=found, by=request.user, reason=request.POST.get("reason", "")
        )
    except _REFUSALS as refusal:
        return page_of(request, id, problem=str(refusal))
    messages.success(request, f"Asked as {asked}. Another administrator decides.")
    return HttpResponseRedirect(reverse("console:user", args=[id]))


@screen("people.change")
@require_POST
def deactivate(request: HttpRequest, id: int) -> HttpResponse:
    """Somebody left: everything of theirs ends now."""
    assert isinstance(request.user, User)
    try:
        gone = operations.deactivate(
            user_id=person_of(id).pk, by=request.user, reason=request.POST.get("reason", "")
        )
    except PeopleRefused as refusal:
        return page_of(request, id, problem=str(refusal))
    messages.success(request, f"{gone.name} can no longer sign in.")
    return HttpResponseRedirect(reverse("console:user", args=[id]))


def person_of(id: int) -> User:
    """Raises Http404."""
    found = User.objects.filter(pk=id).first()
    if found is None:
        raise Http404("There is nobody with that number.")
    return found


def _users(
    request: HttpRequest, *, form: InviteForm | None = None, problem: str = ""
) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:100]
    context = {
        "lines": reading.lines(words),
        "words": words,
        "form": form or InviteForm(),
        "problem": problem,
        "may_change": may(request.user, "people.change"),
        "who_changes": who_may("people.change"),
        "now": clock.now(),
    }
    return render_page(request, "people/users.html", context, status=422 if problem else 200)


def page_of(
    request: HttpRequest, id: int, *, form: GrantForm | None = None, problem: str = ""
) -> HttpResponse:
    """The person's page, with what was wrong."""
    person = person_of(id)
    (line,) = reading.lines(only=id)
    context: dict[str, Any] = {
        "line": line,
        "person": person,
        "past": person.assignments.filter(valid_to__lte=clock.now())
        .select_related("group", "ended_by")
        .order_by("-valid_to")[:20],
        "form": form or GrantForm(),
        "problem": problem,
        "is_self": request.user.pk in line.accounts,
        "resemblances": identities.resemblances([person])[id],
        "has_second_factor": second_factor.has_one(person),
        "may_change": may(request.user, "people.change"),
        "who_changes": who_may("people.change"),
        "now": clock.now(),
    }
    return render_page(request, "people/user.html", context, status=422 if problem else 200)
