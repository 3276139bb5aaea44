"""
How often a password may be guessed.

Counted for each pair of email and address, so that nobody can lock somebody else out by guessing
for them: the owner signs in from elsewhere. Counted for each address too, so that nobody tries one
password on everybody. Counts live in Django's cache (for each web process, unless ``CACHES`` names
a shared one).
"""

from __future__ import annotations

import time
from typing import Final

from django.core.cache import cache

from revops.kernel.keys import sha256

TRIES: Final = 5
# Of one address, whomever they are for: an office has many people behind one.
TRIES_OF_ADDRESS: Final = 40
WAIT: Final = 300


def seconds_to_wait(*, email: str, address: str) -> int:
    """0 while there are tries left; then until the wait is over, whatever is typed."""
    return max(_wait(_pair(email, address), TRIES), _wait(_from(address), TRIES_OF_ADDRESS))


def failed(*, email: str, address: str) -> None:
    """One more wrong password; the wait starts again with each until it is reached."""
    for key in (_pair(email, address), _from(address)):
        failures, _ = _read(key)
        cache.set(key, (failures + 1, time.time() + WAIT), timeout=WAIT)


def succeeded(*, email: str, address: str) -> None:
    """The right one: forget the wrong ones for this person, not those for others."""
    cache.delete(_pair(email, address))


def _wait(key: str, tries: int) -> int:
    failures, until = _read(key)
    return max(0, round(until - time.time())) if failures >= tries else 0


def _read(key: str) -> tuple[int, float]:
    found: tuple[int, float] | None = cache.get(key)
    return found or (0, 0.0)


def _pair(email: str, address: str) -> str:
    # The key may be listed by whoever runs the cache; the email need not be in it.
    return f"accounts:tries:{sha256(f'{email}|{address}')}"


def _from(address: str) -> str:
    return f"accounts:tries-from:{sha256(address)}"
