"""
How often a password may be guessed.

Counted for each pair of email and address, so that nobody can lock somebody else out by guessing
for them: the owner signs in from elsewhere. Counts live in Django's cache (for each web process,
unless ``CACHES`` names a shared one).
"""

from __future__ import annotations

import time
from typing import Final

from django.core.cache import cache

from revops.kernel.keys import sha256

TRIES: Final = 5
WAIT: Final = 300


def seconds_to_wait(*, email: str, address: str) -> int:
    """0 while there are tries left; then until the wait is over, whatever is typed."""
    failures, until = _read(email, address)
    return max(0, round(until - time.time())) if failures >= TRIES else 0


def failed(*, email: str, address: str) -> None:
    """One more wrong password; the wait starts again with each until it is reached."""
    failures, _ = _read(email, address)
    cache.set(_key(email, address), (failures + 1, time.time() + WAIT), timeout=WAIT)


def succeeded(*, email: str, address: str) -> None:
    """The right one: forget the wrong ones."""
    cache.delete(_key(email, address))


def _read(email: str, address: str) -> tuple[int, float]:
    found: tuple[int, float] | None = cache.get(_key(email, address))
    return found or (0, 0.0)


def _key(email: str, address: str) -> str:
    # The key may be listed by whoever runs the cache; the email need not be in it.
    return f"accounts:tries:{sha256(f'{email}|{address}')}"
