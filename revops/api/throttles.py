"""
How many calls a token may make in a minute.

Counts live in Django's cache, which all web processes share; while Valkey is away, each counts for
itself (``revops.store.shared_cache``). The base view turns ``Rate`` into headers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from accounts.models import ServiceToken

if TYPE_CHECKING:
    from rest_framework.views import APIView  # as in authentication.py

WINDOW: Final = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """What is left in this minute; ``reset`` in seconds."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class CountedRequest(Request):
    """A request after its throttle; for annotations."""

    rate: Rate


class TokenThrottle(BaseThrottle):
    """``DEFAULT_THROTTLE_RATES["token"]`` (``"6000/min"``) calls a minute for each token."""

    rate: Rate | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        token = request.auth
        if not isinstance(token, ServiceToken):
            return True
        limit = _limit()
        window, passed = divmod(int(time.time()), WINDOW)
        key = f"api:rate:{token.pk}:{window}"
        cache.add(key, 0, timeout=WINDOW)
        try:
            used = cache.incr(key)
        except ValueError:
            # The window ended between the two calls.
            used = 1
        self.rate = Rate(limit=limit, remaining=max(0, limit - used), reset=WINDOW - passed)
        cast(CountedRequest, request).rate = self.rate
        return used <= limit

    def wait(self) -> float | None:
        return self.rate.reset if self.rate else None


def _limit() -> int:
    rate = api_settings.DEFAULT_THROTTLE_RATES["token"]
    number, _, period = str(rate).partition("/")
    if period != "min":
        raise ValueError(f"The rate of tokens is per minute, not “{rate}”.")
    return int(number)
