"""
That the person at the keyboard is who signed in: asked again before a decision of a high tier.

``accounts.stepup`` asks, for a password or a code of the second factor, and remembers for how long
it is fresh. Decisions take a ``Proof``, as they are made without a request too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest

from accounts import stepup
from accounts.models import User
from accounts.stepup import FRESH, NotProved

__all__ = ["NotProved", "Proof", "ask", "held"]


@dataclass(frozen=True, slots=True)
class Proof:
    """``user`` proved themselves at an instant."""

    user: int
    at: datetime

    def holds(self, user: User, now: datetime) -> bool:
        return self.user == user.pk and timedelta() <= now - self.at <= FRESH


def held(request: HttpRequest) -> Proof | None:
    """The session's proof while it is fresh."""
    at = stepup.proved_at(request) if stepup.fresh(request) else None
    return Proof(request.user.pk, at) if at is not None and isinstance(request.user, User) else None


def ask(request: HttpRequest, given: str) -> Proof:
    """
    Proof that the signed-in person is at the keyboard; good for five minutes of this session.

    Raises NotProved. Wrong passwords and codes count like those of the sign-in page.
    """
    fresh = held(request)
    if fresh is not None and not given:
        return fresh
    at = stepup.prove(request, given)
    assert isinstance(request.user, User)
    return Proof(request.user.pk, at)
