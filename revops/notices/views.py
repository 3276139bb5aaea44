"""A person's notices, and how they want to be told. Everybody sees their own and no others."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from revops.notices import operations, queries
from revops.notices.kinds import KINDS, MAIL
from revops.web.htmx import render_page
from revops.web.pagination import keyset_page
from revops.web.policy import for_everyone_signed_in


@for_everyone_signed_in
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """The newest first; ``view=unread`` for those that are not read."""
    person = _person(request)
    view = queries.UNREAD if request.GET.get("view") == queries.UNREAD else ""
    unread = queries.unread_count(person)
    page = keyset_page(
        queries.notices_of(person, view=view),
        order=("-pk",),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {"page": page, "view": view, "unread": unread, "noun": "notices"}
    return render_page(request, "notices/notices.html", context, fragments={"list": "list"})


@for_everyone_signed_in
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """One (``notice``) or all; somebody else's are not there."""
    person, one = _person(request), request.POST.get("notice", "")
    ids = None if one == "all" else [int(one)] if one.isascii() and one.isdigit() else []
    done = operations.mark_read(by=person, ids=[i for i in ids if i < 2**63] if ids else ids)
    messages.success(request, f"Marked as read: {done}.")
    return HttpResponseRedirect(_back(request, reverse("notices:list")))


@for_everyone_signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def wishes(request: HttpRequest) -> HttpResponse:
    """How one wants to be told. ``next`` leads back to the page that the form stands on."""
    person = _person(request)
    problem = ""
    if request.method == "POST":
        mail = {slug: request.POST.get(f"mail-{slug}", "") for slug in KINDS}
        hour = request.POST.get("hour", "")
        try:
            operations.wish(
                by=person, mail=mail, chat=[s for s in KINDS if f"chat-{s}" in request.POST],
                hour=int(hour) if hour.isascii() and hour.isdigit() and len(hour) < 3 else -1,
            )  # fmt: skip
            messages.success(request, "Saved: how you want to be told.")
            return HttpResponseRedirect(_back(request, reverse("notices:settings")))
        except operations.WishRefused as refusal:
            problem = str(refusal)
    context = {"section": settings_context(person), "problem": problem}
    return render_page(request, "notices/settings.html", context, status=422 if problem else 200)


def settings_context(person: User) -> dict[str, Any]:
    """What ``notices/_settings.html`` takes, as ``section``, for any page."""
    return {
        "wishes": queries.wishes(person),
        "ways": MAIL,
        "hours": range(24),
        "summary_hour": queries.summary_hour(person),
        "zone": person.zone,
    }


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the sign-in middleware lets nobody else in
    return request.user


def _back(request: HttpRequest, usual: str) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else usual
