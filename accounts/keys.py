"""
Security keys and passkeys as the second factor (WebAuthn): allauth keeps them, fido2 checks them.

A key belongs to the host name under which it was made (``REVOPS_URL``'s, behind a proxy that hands
the name on). What the browser is asked for and what it answers are JSON, as the standard writes
it; ``static/js/keys.js`` stands between. Needs a request under way: the challenge is its session's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import second_factor
from accounts.models import User
from accounts.queries import actor_of
from revops.audit.operations import nothing_to_record, record, recorded
from revops.kernel import clock
from revops.kernel.actor import Actor

MOST: Final = 10
_LONGEST: Final = 20_000
_LONGEST_NAME: Final = 60


class KeyRefused(ValueError):
    """The key cannot be added or taken away; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a person's; ``used`` is None while it was only added."""

    id: int
    name: str
    added: datetime
    used: datetime | None


def of(user: User) -> list[Key]:
    """The person's keys, the oldest first."""
    return [
        Key(one.pk, str(one.data.get("name", "")), one.created_at, one.last_used_at)
        for one in _mine(user).order_by("pk")
    ]


def wanted_to_add(user: User) -> str:
    """What the browser is asked to make, as JSON; the challenge waits in the session."""
    return json.dumps(auth.begin_registration(user, passwordless=False))


def wanted_to_prove(user: User) -> str:
    """What the browser is asked to show, as JSON; “” for somebody without a key."""
    return json.dumps(auth.begin_authentication(user)) if _mine(user).exists() else ""


@recorded
@transaction.atomic
def add(*, user: User, by: Actor, name: str, credential: str) -> list[str]:
    """
    Ask for this key too, from now on. The codes for paper, shown only now, when it is the first
    second factor. Raises KeyRefused.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    name = " ".join(name.replace("\x00", "").split())[:_LONGEST_NAME] or "Security key"
    if _mine(user).count() >= MOST:
        raise KeyRefused(f"You have {MOST} keys. Take one away first.")
    said = _said(credential)
    try:
        auth.parse_registration_response(said)
        auth.complete_registration(said)
    except (ValidationError, ValueError, TypeError, KeyError) as error:
        raise KeyRefused("That key did not answer as it should. Try again.") from error
    first = not second_factor.has_one(user)
    auth.WebAuthn.add(user, name, said)
    codes = second_factor.new_codes(user) if first else []
    record(
        "second_factor.key_added", by=by, kind="person", reference=f"user:{user.pk}",
        label=user.name, after={"key": name},
    )  # fmt: skip
    return codes


def check(user: User, credential: str) -> Authenticator | None:
    """Which key of the person's has answered; None when none has."""
    try:
        said = _said(credential)
        auth.parse_authentication_response(said)
        found: Authenticator = auth.complete_authentication(user, said)
    except (KeyRefused, ValidationError, ValueError, TypeError, KeyError):
        return None
    found.last_used_at = clock.now()
    found.save(update_fields=["last_used_at"])
    return found


@recorded
@transaction.atomic
def remove(*, user: User, by: User, key: int) -> bool:
    """
    Ask for this key no more; whether there was one. Codes for paper go with the last factor.

    Raises KeyRefused for the last one where everybody needs one.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    found = _mine(user).filter(pk=key).first()
    if found is None:
        nothing_to_record("no such key")
        return False
    rest = Authenticator.objects.filter(user=user).exclude(pk=key)
    last = not rest.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
    if last and second_factor.required():
        raise KeyRefused("It is your only second factor, and one is required. Add another first.")
    if last:
        rest.delete()
    found.delete()
    record(
        "second_factor.key_removed", by=actor_of(by), kind="person", reference=f"user:{user.pk}",
        label=user.name, before={"key": found.data.get("name", "")},
    )  # fmt: skip
    return True


def _mine(user: User) -> Any:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)


def _said(credential: str) -> dict[str, Any]:
    if not credential or len(credential) > _LONGEST:
        raise KeyRefused("Your browser sent no key. It needs JavaScript for that.")
    try:
        said = json.loads(credential)
    except ValueError as error:
        raise KeyRefused("That is no key.") from error
    if not isinstance(said, dict):
        raise KeyRefused("That is no key.")
    return said
