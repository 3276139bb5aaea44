"""
That the person at the keyboard is who signed in: asked again before what matters most.

A password or a second factor that was given at most five minutes ago, in this session, is enough;
signing in counts. ``prove`` takes either.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from accounts import keys, patience, second_factor
from accounts.models import User
from revops.kernel import clock

FRESH: Final = timedelta(minutes=5)


class NotProved(Exception):
    """It was not right, or tried too often; the message says which."""


def proved_at(request: HttpRequest) -> datetime | None:
    """When this session's person gave a password or a code last; None when never."""
    if not isinstance(request.user, User):
        return None
    ways = {"password", "mfa"}
    if settings.REVOPS_OIDC_SECOND_FACTOR == "provider":
        ways.add("socialaccount")
    given = [
        float(one["at"])
        for one in get_authentication_records(request, request.user)
        if one.get("method") in ways
    ]
    return datetime.fromtimestamp(max(given), UTC) if given else None


def fresh(request: HttpRequest) -> bool:
    """Whether that was at most five minutes ago."""
    at = proved_at(request)
    return at is not None and timedelta() <= clock.now() - at <= FRESH


def possible(user: User) -> bool:
    """Whether the person has anything to prove themselves with here."""
    return user.has_usable_password() or second_factor.has_one(user)


def prove(request: HttpRequest, given: str) -> datetime:
    """
    Take a password, or a code of the person's second factor; the instant from which it is fresh.

    Raises NotProved. Wrong ones count like those of the sign-in page.
    """
    user, address = _who(request)
    if not given:
        raise NotProved("Type your password, or a code of your second factor.")
    if user.has_usable_password() and user.check_password(given):
        record_authentication(request, user, "password", reauthenticated=True)
    elif found := second_factor.check(user, given):
        record_authentication(
            request, user, "mfa", reauthenticated=True, type=str(Authenticator.Type(found.type))
        )
    else:
        patience.failed(email=user.email, address=address)
        raise NotProved("That is not right. Type your password, or a code of your second factor.")
    return _proved(request, user, address)


def prove_by_key(request: HttpRequest, credential: str) -> datetime:
    """As ``prove``, by what a security key answered. Raises NotProved."""
    user, address = _who(request)
    found = keys.check(user, credential)
    if found is None:
        patience.failed(email=user.email, address=address)
        raise NotProved("That key did not answer as it should. Try again, or use another way.")
    record_authentication(request, user, "mfa", reauthenticated=True, type="webauthn")
    return _proved(request, user, address)


def _who(request: HttpRequest) -> tuple[User, str]:
    user, address = request.user, request.META.get("REMOTE_ADDR", "")
    if not isinstance(user, User):
        raise NotProved("Sign in first.")
    if wait := patience.seconds_to_wait(email=user.email, address=address):
        raise NotProved(f"Too many tries. Wait {wait} seconds.")
    return user, address


def _proved(request: HttpRequest, user: User, address: str) -> datetime:
    patience.succeeded(email=user.email, address=address)
    at = proved_at(request)
    assert at is not None
    return at
