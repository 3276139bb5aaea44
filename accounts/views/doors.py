"""Signing in by e-mail and password, and signing out."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from accounts import demo, oidc, second_factor, sessions
from accounts.forms import SignInForm
from accounts.models import User
from accounts.operations import sealed
from accounts.policy import open_door
from accounts.queries import actor_of
from revops.audit.operations import record
from revops.kernel.actor import system

log = structlog.get_logger(__name__)


class SignIn(LoginView):
    """
    ``/sign-in/?next=…``. Django checks that ``next`` stays on this host; allauth asks for the
    second factor and gives the session a new key. After too many tries: 429 with Retry-After.
    """

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        provider = settings.REVOPS_OIDC_NAME if oidc.offered() else ""
        return super().get_context_data(**kwargs) | {
            "demo_people": demo.people(),
            "provider": provider,
        }

    def form_valid(self, form: Any) -> HttpResponse:
        user: User = form.get_user()
        log.info("accounts.password_right", user=user.pk)
        if user.sealed_at is not None and second_factor.has_one(user):
            # Whether they have that too is not known yet; that they have the password is news.
            sealed.tried(user=user, address=self.request.META.get("REMOTE_ADDR", ""))
        login = Login(user=user, redirect_url=self.get_success_url())
        answer = perform_password_login(self.request, {"email": user.email}, login)
        assert isinstance(answer, HttpResponse)
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        address = self.request.META.get("REMOTE_ADDR", "")
        log.info("accounts.sign_in_failed", address=address)
        if not form.wait:
            note_failure(str(form.data.get("username", "")), address)
        response = self.render_to_response(self.get_context_data(form=form))
        if form.wait:
            response.status_code = 429
            response.headers["Retry-After"] = str(form.wait)
        return response


def note_failure(email: str, address: str) -> None:
    """
    In the trail when it was tried for somebody who is here. What else was typed is not kept: it
    may be a password in the wrong field. Tries are few, so the trail cannot be flooded.
    """
    email = email.strip().lower()
    known = User.objects.filter(email=email).first() if "\x00" not in email else None
    if known is None:
        return
    with transaction.atomic():
        record(
            "session.refused", by=system("sign-in", "Sign-in page"), kind="person",
            reference=f"user:{known.pk}", label=known.name, after={"from": address},
        )  # fmt: skip
        if known.sealed_at is not None:
            sealed.tried(user=known, address=address)


class SignOut(LogoutView):
    """Ends the session of this browser."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if isinstance(request.user, User):
            UserSession.objects.filter(session_key=request.session.session_key).delete()
            with transaction.atomic():
                record(
                    "session.ended", by=actor_of(request.user), kind="session",
                    reference=sessions.name_of(request), label=request.user.name,
                )  # fmt: skip
        return super().post(request, *args, **kwargs)


sign_in = open_door("asks who you are")(SignIn.as_view())
sign_out = second_factor.before_it(open_door("ends one's own session")(SignOut.as_view()))
