"""What django-allauth asks of us: who may come in, and what is kept of it."""

from __future__ import annotations

from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from accounts import oidc, sessions
from accounts.models import User
from accounts.operations import sealed

_STAGES: Final = ["accounts.stages.SecondFactor"]


class People(DefaultAccountAdapter):
    """Nobody signs up; messages and mails are ours to send."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        return _STAGES

    def get_client_ip(self, request: HttpRequest) -> str:
        return str(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104  stands for a caller without an address; nothing listens there

    def login(self, request: HttpRequest, user: Any) -> None:
        if user.sealed_at is not None:
            sealed.opened(user=user, address=request.META.get("REMOTE_ADDR", ""))
        super().login(request, user)
        sessions.begin(request, user)

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        return HttpResponseRedirect(resolve_url(settings.LOGIN_URL))

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Pages say what happened themselves."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """What is told about an account goes through ``revops.notices``."""

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Views ask by ``accounts.stepup`` before they call."""
        return False


class Providers(DefaultSocialAccountAdapter):
    """The one OpenID Connect provider that the settings name, and who may come from it."""

    def list_apps(
        self, request: HttpRequest, provider: Any = None, client_id: Any = None
    ) -> list[SocialApp]:
        return oidc.apps()

    def get_provider(self, request: HttpRequest, provider: Any, client_id: Any = None) -> Any:
        return oidc.provider(request)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        try:
            oidc.admit(request, sociallogin)
        except oidc.NotAdmitted as refused:
            raise ImmediateHttpResponse(oidc.answer(request, refused)) from refused

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        raise ImmediateHttpResponse(oidc.answer(request, oidc.failed(kwargs.get("exception"))))


class SecondFactors(DefaultMFAAdapter):
    """Secrets of second factors are sealed with the keys that seal connection secrets."""

    def encrypt(self, text: str) -> str:
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _keys().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "RevOps Console"}

    def get_totp_label(self, user: Any) -> str:
        assert isinstance(user, User)
        return user.email


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.REVOPS_ENCRYPTION_KEYS])
