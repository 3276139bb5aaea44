"""A person's own way of seeing: theme, row height, keys. Settings, not state of a page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.models import User
from revops.web.context import DENSITIES, THEMES
from revops.web.policy import for_everyone_signed_in


@for_everyone_signed_in
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep what was chosen and go back to where it was; an unknown value changes nothing."""
    user = request.user
    assert isinstance(user, User)  # the sign-in middleware lets nobody else in
    theme, density = request.POST.get("theme", ""), request.POST.get("density", "")
    if theme in THEMES:
        user.theme = theme
    if density in DENSITIES:
        user.density = density
    user.shortcuts = request.POST.get("shortcuts") == "on"
    user.save(update_fields=["theme", "density", "shortcuts"])
    messages.success(request, "Saved: your theme, rows and keys.")
    return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else "/"
