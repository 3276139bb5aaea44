"""Setting a password by a link that an operator made, and changing one's own."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.tokens import default_token_generator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import sessions
from accounts.forms import ChangePasswordForm, NewPasswordForm
from accounts.models import User
from accounts.operations.passwords import set_password
from accounts.policy import for_everyone_signed_in, open_door


@open_door("the link is the proof: made for one person, for three days, for one use")
@require_http_methods(["GET", "POST"])
def set_by_link(request: HttpRequest, id: int, token: str) -> HttpResponse:
    """Choose a password; every session of the person ends."""
    user = User.objects.filter(pk=id, is_active=True).first()
    if user is None or not default_token_generator.check_token(user, token):
        raise Http404("This link was used, or is too old.")
    form = NewPasswordForm(user, request.POST or None)
    if form.is_valid():
        set_password(user=user, password=form.cleaned_data["password"])
        sessions.end_all(user=user)
        return redirect("accounts:sign-in")
    context = {"form": form, "person": user}
    return render(request, "accounts/password.html", context, status=422 if form.errors else 200)


@for_everyone_signed_in
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Another password; every other session of the person ends."""
    user = cast("User", request.user)
    form = ChangePasswordForm(user, request.POST or None, address=request.META["REMOTE_ADDR"])
    if form.is_valid():
        changed = set_password(user=user, password=form.cleaned_data["password"])
        before = request.session.session_key or ""
        sessions.end_all(user=user, but=before)
        update_session_auth_hash(request, changed)
        sessions.renamed(before, request)
        messages.success(request, "Your password is changed. Your other sessions have ended.")
        return redirect("me:settings")
    context = {"form": form, "person": user, "own": True}
    return render(request, "accounts/password.html", context, status=422 if form.errors else 200)
