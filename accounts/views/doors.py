"""Signing in and out."""

from __future__ import annotations

from typing import Any

import structlog
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse

from accounts import demo
from accounts.forms import SignInForm
from accounts.models import User
from accounts.operations import sessions
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
        sessions.signed_in(by=form.get_user())
        return super().form_valid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        log.info("accounts.sign_in_failed", address=self.request.META.get("REMOTE_ADDR", ""))
        sessions.sign_in_failed(email=form.data.get("username", ""), wait=form.wait)
        response = self.render_to_response(self.get_context_data(form=form))
        if form.wait:
            response.status_code = 429
            response.headers["Retry-After"] = str(form.wait)
        return response


class SignOut(LogoutView):
    """Ends one's own session, which is an act."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if isinstance(request.user, User):
            sessions.signed_out(by=request.user)
        return super().post(request, *args, **kwargs)


sign_in = open_door("asks who you are")(SignIn.as_view())
sign_out = open_door("ends one's own session")(SignOut.as_view())
