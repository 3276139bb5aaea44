"""
Signing in through an OpenID Connect provider.

Authorization code with PKCE, ``state`` and ``nonce``; the ID token's signature, issuer, audience
and times are checked although it comes over TLS. The provider says who somebody is and nothing
else: a person must be known here by the verified e-mail address, and holds the roles that they
hold here. From the first time on they are known by the provider's own id of them, so an address
that the provider gives to somebody else opens nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt
import structlog
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.authority import in_force
from accounts.models import User
from accounts.queries import actor_of
from accounts.roles import Role
from revops.audit.operations import record

log = structlog.get_logger(__name__)

SLUG: Final = "openid_connect"
# Those with a key pair; one that is told in the token, “none” among them, is never believed.
_ALGORITHMS: Final = ["RS256", "PS256", "ES256", "EdDSA"]
_REQUIRED: Final = ["iss", "sub", "aud", "exp", "iat"]
_LEEWAY: Final = 60
_CLAIMS: Final = ("sub", "iss", "nonce", "email", "email_verified", "name")


@dataclass(frozen=True)
class NotAdmitted(Exception):
    """Somebody came from the provider and is not let in. ``kind`` names the sentence."""

    kind: str
    email: str = ""


def offered() -> bool:
    return bool(settings.REVOPS_OIDC_ISSUER and settings.REVOPS_OIDC_CLIENT_ID)


def apps() -> list[SocialApp]:
    """The provider of the settings, as allauth wants it; the database holds none."""
    if not offered():
        return []
    return [
        SocialApp(
            provider=SLUG, provider_id=SLUG, name=settings.REVOPS_OIDC_NAME,
            client_id=settings.REVOPS_OIDC_CLIENT_ID, secret=settings.REVOPS_OIDC_SECRET,
            settings={
                "server_url": settings.REVOPS_OIDC_ISSUER.rstrip("/"),
                "oauth_pkce_enabled": True, "fetch_userinfo": True,
            },
        )
    ]  # fmt: skip


class _Adapter(OpenIDConnectOAuth2Adapter):
    @property
    def openid_config(self) -> Any:
        found = super().openid_config
        if str(found.get("issuer", "")).rstrip("/") != settings.REVOPS_OIDC_ISSUER.rstrip("/"):
            raise OAuth2Error("The provider calls itself by another name.")
        return found

    def _decode_id_token(self, app: SocialApp, id_token: str) -> Any:
        try:
            kid = jwt.get_unverified_header(id_token).get("kid")
            keys = jwt.PyJWKSet.from_dict(self._keys()).keys
            # A provider with one key need not name it.
            (key,) = [one for one in keys if kid is None or one.key_id == kid]
            return jwt.decode(
                id_token, key, algorithms=_ALGORITHMS, issuer=self.openid_config["issuer"],
                audience=app.client_id, leeway=_LEEWAY, options={"require": _REQUIRED},
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError, KeyError) as error:
            raise OAuth2Error("The ID token is not one of the provider's for us.") from error

    def _keys(self) -> Any:
        with get_adapter().get_requests_session() as calls:
            answer = calls.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            return answer.json()

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("The provider sent no ID token.")
        return super().complete_login(request, app, token, **kwargs)

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("accounts:sso-return"))


class _Provider(OpenIDConnectProvider):
    oauth2_adapter_class = _Adapter

    def sociallogin_from_response(self, request: HttpRequest, response: Any) -> SocialLogin:
        token, info = response["id_token"], response.get("userinfo") or {}
        if info and info.get("sub") != token.get("sub"):
            raise OAuth2Error("The provider speaks of two people.")
        made: SocialLogin = super().sociallogin_from_response(request, response)
        merged = {**info, **token}
        made.account.extra_data = {name: merged[name] for name in _CLAIMS if name in merged}
        return made


def provider(request: HttpRequest) -> _Provider:
    """Raises Http404 when none is configured."""
    for app in apps():
        return _Provider(request, app=app)
    raise Http404("Nobody signs in through a provider here.")


def begin(request: HttpRequest, *, next_url: str) -> HttpResponse:
    """Off to the provider."""
    nonce = secrets.token_urlsafe(24)
    answer: HttpResponse = provider(request).redirect(
        request, AuthProcess.LOGIN, next_url=next_url, auth_params={"nonce": nonce}, nonce=nonce
    )
    return answer


def finish(request: HttpRequest) -> HttpResponse:
    """Back from the provider: signed in, on to the second factor, or a page that says why not."""
    provider(request)
    answer: HttpResponse = OAuth2CallbackView.adapter_view(_Adapter(request, SLUG))(request)
    return answer


def admit(request: HttpRequest, login: SocialLogin) -> None:
    """Find whose sign-in this is. Raises NotAdmitted."""
    claims: Mapping[str, Any] = login.account.extra_data
    email = str(claims.get("email", "")).strip().lower()
    nonce = str((login.state or {}).get("nonce", ""))
    if not nonce or not secrets.compare_digest(nonce, str(claims.get("nonce", ""))):
        raise NotAdmitted("failed")
    if claims.get("email_verified") is not True:
        raise NotAdmitted("unverified", email)
    if email.rpartition("@")[2] not in {one.lower() for one in settings.REVOPS_OIDC_DOMAINS}:
        raise NotAdmitted("domain", email)
    if login.is_existing:
        if not login.user.is_active:
            raise NotAdmitted("unknown", email)
        return
    person = User.objects.filter(email=email, is_active=True, sealed_at=None).first()
    if person is None:
        raise NotAdmitted("unknown", email)
    if SocialAccount.objects.filter(user=person, provider=SLUG).exists():
        raise NotAdmitted("other", email)
    with transaction.atomic():
        login.connect(request, person)
        record(
            "person.provider_linked", by=actor_of(person), kind="person",
            reference=f"user:{person.pk}", label=person.name,
            after={"provider": settings.REVOPS_OIDC_NAME},
        )  # fmt: skip


def failed(exception: Exception | None) -> NotAdmitted:
    """Something between us and the provider; what it was is for the log alone."""
    cause = exception and (exception.__cause__ or exception)
    log.warning("accounts.sso_failed", problem=type(cause).__name__ if cause else "state")
    return NotAdmitted("failed")


def answer(request: HttpRequest, refused: NotAdmitted) -> HttpResponse:
    """The page that says why somebody is not signed in, and whom to ask."""
    log.info("accounts.sso_refused", kind=refused.kind)
    known = refused.kind == "unknown"
    context = {
        "kind": refused.kind,
        "email": refused.email,
        "provider": settings.REVOPS_OIDC_NAME,
        # They have proved to be of this company, so they may know who administers the console.
        "ask": _administrators() if known else [],
    }
    return render(request, "accounts/sso.html", context, status=403)


def _administrators() -> list[str]:
    found = in_force().filter(role=Role.ADMIN.value, legal_entity="", group__isnull=True)
    return sorted(set(found.values_list("user__name", flat=True)))
