"""Pages of security keys: adding one and taking one away."""

from __future__ import annotations

from typing import cast

from allauth.account.internal.flows.login import record_authentication
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts import keys, second_factor
from accounts.models import User
from accounts.policy import for_everyone_signed_in
from accounts.queries import actor_of
from accounts.views.factors import ask_again, show_codes


@second_factor.before_it
@for_everyone_signed_in
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """
    Another key; then, once, the codes for paper if it is the first second factor. Who has one
    already proves it first, or a password alone would add what opens everything.
    """
    user = cast("User", request.user)
    if second_factor.has_one(user) and not second_factor.proved(request, user):
        return redirect("accounts:second-factor")
    if answer := ask_again(request, user):
        return answer
    problem = ""
    if request.method == "POST":
        try:
            codes = keys.add(
                user=user, by=actor_of(user), name=request.POST.get("name", ""),
                credential=request.POST.get("credential", ""),
            )  # fmt: skip
        except keys.KeyRefused as refused:
            problem = str(refused)
        else:
            record_authentication(request, user, "mfa", type="webauthn")
            if codes:
                return show_codes(request, codes)
            messages.success(request, "Added. The key opens your account from now on.")
            return redirect("me:settings")
    context = {
        "problem": problem,
        "options": keys.wanted_to_add(user),
        "required": second_factor.required() and not second_factor.has_one(user),
    }
    return render(request, "accounts/add_key.html", context, status=422 if problem else 200)


@for_everyone_signed_in
@require_POST
def remove(request: HttpRequest, id: int) -> HttpResponse:
    """Ask for that key no more."""
    user = cast("User", request.user)
    if not second_factor.has_one(user):
        return redirect("me:settings")
    if answer := ask_again(request, user):
        return answer
    try:
        if not keys.remove(user=user, by=user, key=id):
            raise Http404("There is no such key of yours.")
        messages.success(request, "That key opens nothing here any more.")
    except keys.KeyRefused as refused:
        messages.error(request, str(refused))
    return redirect("me:settings")
