"""What stands between a right password and being signed in."""

from __future__ import annotations

from typing import Any

from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url


class SecondFactor(AuthenticateStage):
    """Asks for a code whoever has set a second factor up."""

    urlname = "accounts:second-factor"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        if not self._should_handle(self.request):
            return None, True
        self.state["authentication_required"] = True
        return HttpResponseRedirect(resolve_url(self.urlname)), True

    def _should_handle(self, request: HttpRequest) -> bool:
        return not self._asked_elsewhere() and bool(super()._should_handle(request))

    def _asked_elsewhere(self) -> bool:
        kwargs: dict[str, Any] = self.login.signal_kwargs or {}
        return "sociallogin" in kwargs and settings.REVOPS_OIDC_SECOND_FACTOR == "provider"
