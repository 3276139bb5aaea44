"""To the company's own sign-in and back."""

from __future__ import annotations

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import oidc
from accounts.policy import open_door


@open_door("leads to the company's own sign-in")
@require_POST
def sso(request: HttpRequest) -> HttpResponse:
    """By a form of ours only, so that no other site starts it."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    try:
        return oidc.begin(request, next_url=wanted if safe else "/")
    # What the network can do is an OSError, whichever library calls.
    except (OSError, OAuth2Error) as error:
        return oidc.answer(request, oidc.failed(error))


@open_door("comes back from the company's own sign-in, with what was given out on the way")
@never_cache
@require_GET
def sso_return(request: HttpRequest) -> HttpResponse:
    """Who did not come from the provider is where everybody begins."""
    if "state" not in request.GET:
        return redirect("accounts:sign-in")
    return oidc.finish(request)
