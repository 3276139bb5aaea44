"""The settings page and what it changes."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from accounts import keys, second_factor, sessions
from accounts.models import User
from revops.console.me import sections
from revops.console.me.forms import SettingsForm
from revops.web.htmx import render_page
from revops.web.policy import for_everyone_signed_in


@for_everyone_signed_in
@require_GET
def settings(request: HttpRequest) -> HttpResponse:
    """What one sees and how, how one signs in, and where one is signed in."""
    return _page(request, SettingsForm(instance=cast("User", request.user)))


@for_everyone_signed_in
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    # A copy: what is wrong must not be shown as if it were kept.
    form = SettingsForm(request.POST, instance=User.objects.get(pk=user.pk))
    if not form.is_valid():
        return _page(request, form)
    form.instance.save(update_fields=form.Meta.fields)
    messages.success(request, "Saved: how you see things.")
    return redirect("me:settings")


@for_everyone_signed_in
@require_POST
def end(request: HttpRequest, id: int) -> HttpResponse:
    """End another session of one's own at once."""
    user = cast("User", request.user)
    current = {one.id for one in sessions.of(user, request) if one.current}
    if id in current:
        messages.error(request, "This is the session that you are in. Sign out instead.")
    elif not sessions.end(user=user, session=id, by=user):
        raise Http404("There is no such session of yours.")
    else:
        messages.success(request, "That session has ended.")
    return redirect("me:settings")


def _page(request: HttpRequest, form: SettingsForm) -> HttpResponse:
    user = cast("User", request.user)
    has_one = second_factor.has_one(user)
    context = {
        "form": form,
        "sessions": sessions.of(user, request),
        "has_second_factor": has_one,
        "has_app": second_factor.has_app(user),
        "keys": keys.of(user),
        "second_factor_required": second_factor.required(),
        "codes_left": second_factor.codes_left(user) if has_one else 0,
        "has_password": user.has_usable_password(),
        "tokens": user.tokens.filter(revoked_at__isnull=True).order_by("expires_at"),
        "sections": sections.of(user),
    }
    return render_page(request, "me/settings.html", context, status=422 if form.errors else 200)
