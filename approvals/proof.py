"""
That the person at the keyboard is who signed in: asked again before a decision of a high tier.

``ask`` is the one place that asks. It takes the password; a second factor is another way in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest

from accounts import patience
from accounts.models import User
from revops.kernel import clock

FRESH: Final = timedelta(minutes=5)
_KEY: Final = "approvals.proved"


class NotProved(Exception):
    """The password was not right, or was tried too often; the message says which."""


@dataclass(frozen=True, slots=True)
class Proof:
    """``user`` proved themselves at an instant."""

    user: int
    at: datetime

    def holds(self, user: User, now: datetime) -> bool:
        return self.user == user.pk and timedelta() <= now - self.at <= FRESH


def held(request: HttpRequest) -> Proof | None:
    """The session's proof while it is fresh."""
    user, kept = request.user, request.session.get(_KEY)
    if not isinstance(user, User) or not isinstance(kept, list) or len(kept) != 2:
        return None
    found = Proof(int(kept[0]), datetime.fromisoformat(str(kept[1])))
    return found if found.holds(user, clock.now()) else None


def ask(request: HttpRequest, password: str) -> Proof:
    """
    Proof that the signed-in person is at the keyboard; good for five minutes of this session.

    Raises NotProved. Wrong passwords count like those of the sign-in page.
    """
    fresh = held(request)
    if fresh is not None and not password:
        return fresh
    user = request.user
    if not isinstance(user, User):
        raise NotProved("Sign in first.")
    address = request.META.get("REMOTE_ADDR", "")
    if wait := patience.seconds_to_wait(email=user.email, address=address):
        raise NotProved(f"Too many tries. Wait {wait} seconds.")
    if not password or not user.check_password(password):
        if password:
            patience.failed(email=user.email, address=address)
        raise NotProved("Type your password: this decision needs it again.")
    patience.succeeded(email=user.email, address=address)
    made = Proof(user.pk, clock.now())
    request.session[_KEY] = [made.user, made.at.isoformat()]
    return made
