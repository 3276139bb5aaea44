"""A person's phone in the tests: it knows the secret and shows codes."""

from __future__ import annotations

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value

from accounts import second_factor
from accounts.models import User

STEP = 30


def code_of(secret: str, *, ahead: int = 0) -> str:
    """What the phone shows now, or ``ahead`` steps of 30 seconds from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // STEP + ahead))


def set_up(user: User) -> tuple[str, list[str]]:
    """A second factor for ``user``: the phone's secret, and the codes on paper."""
    secret = generate_totp_secret()
    codes = second_factor.set_up(user=user, secret=secret, code=code_of(secret, ahead=-1))
    assert codes is not None
    return secret, codes
