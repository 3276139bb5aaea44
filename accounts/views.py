"""Signing in and out."""

from __future__ import annotations

from typing import Any

import structlog
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse

from accounts import demo
from accounts.forms import SignInForm
from accounts.policy import open_door

log = structlog.get_logger(__name__)


class SignIn(LoginView):
    """
    ``/sign-in/?next=…``. Django checks that ``next`` stays on this host and gives the session a
    new key. After too many tries: 429 with Retry-After.
    """

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"demo_people": demo.people()}

    def form_valid(self, form: Any) -> HttpResponse:
        log.info("accounts.signed_in", user=form.get_user().pk)
        return super().form_valid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        log.info("accounts.sign_in_failed", address=self.request.META.get("REMOTE_ADDR", ""))
        response = self.render_to_response(self.get_context_data(form=form))
        if form.wait:
            response.status_code = 429
            response.headers["Retry-After"] = str(form.wait)
        return response


sign_in = open_door("asks who you are")(SignIn.as_view())
sign_out = open_door("ends one's own session")(LogoutView.as_view())
